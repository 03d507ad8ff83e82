import { expect } from "chai";
import { toBeHex } from "ethers";
import { network } from "hardhat";
import { SYMBOLS } from "../royalties/support.js";
import { halvesOf, pairOf, type Leaf, State, treeOf } from "./hashes.support.js";
import { deployRounds, type Round } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** A finalised round with Dave's and Erin's leaves. */
async function claimable() {
  const context = await fixture();
  const round = await context.finalised();
  const { leaves, proofOf } = round.resultOf();

  return { ...context, ...round, leaves, proofOf };
}

describe("TrainingRounds", () => {
  describe("claim", () => {
    for (const symbol of SYMBOLS) {
      it(`gives shares and ${symbol}, to the account, whoever calls`, async () => {
        const { rounds, roundsAddress, ledger, dave, stranger, finalised, currencyOf, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const round = await finalised({ currency });
        const { leaves, proofOf } = round.resultOf();
        const [leaf] = leaves;

        const claim = rounds.connect(stranger).claim(round.roundId, leaf, proofOf(leaf), dave);
        await expect(claim)
          .to.emit(rounds, "LeafClaimed")
          .withArgs(round.roundId, dave.address, 0, 400_000, dave.address, 600);
        await expect(claim)
          .to.emit(ledger, "SharesClaimed")
          .withArgs((await round.record()).allocation, 0);
        await expectMoved(claim, currency, [
          [dave.address, 600n],
          [roundsAddress, -600n],
        ]);
        expect(await ledger.balanceOf(dave, round.model)).to.equal(400_000n);
        expect((await round.record()).cashLeft).to.equal(250n);
        expect(await rounds.isLeafClaimed(round.roundId, 0)).to.equal(true);
        expect(await rounds.isLeafClaimed(round.roundId, 1)).to.equal(false);
      });
    }

    it("gives what the model earned before", async () => {
      const { rounds, ledger, roundId, dave, leaves, proofOf, model, pay, usdcAddress } = await claimable();
      await pay(model, usdcAddress, 1_000_000n);

      await rounds.claim(roundId, leaves[0], proofOf(leaves[0]), dave);
      // 1 % is the protocol's.
      expect(await ledger.claimable(dave, model, usdcAddress)).to.equal(396_000n);
    });

    it("gives each leaf once", async () => {
      const { rounds, roundId, dave, leaves, proofOf } = await claimable();
      await rounds.claim(roundId, leaves[0], proofOf(leaves[0]), dave);

      await expect(rounds.claim(roundId, leaves[0], proofOf(leaves[0]), dave))
        .to.be.revertedWithCustomError(rounds, "LeafAlreadyClaimed")
        .withArgs(roundId, 0);
    });

    it("sends cash elsewhere for the account alone, and shares to the account", async () => {
      const { rounds, ledger, roundId, model, usdc, dave, stranger, leaves, proofOf } = await claimable();
      const [leaf] = leaves;

      await expect(rounds.connect(stranger).claim(roundId, leaf, proofOf(leaf), stranger))
        .to.be.revertedWithCustomError(rounds, "NotRoundPayee")
        .withArgs(dave.address, stranger.address);
      await expect(rounds.connect(dave).claim(roundId, leaf, proofOf(leaf), stranger)).to.changeTokenBalance(
        ethers,
        usdc,
        stranger,
        600n,
      );
      expect(await ledger.balanceOf(dave, model)).to.equal(400_000n);
    });

    it("gives the cash to whose shares were claimed in the ledger before, with the same proof", async () => {
      const { rounds, ledger, roundId, model, usdc, dave, stranger, leaves, proofOf, record } = await claimable();
      const [leaf] = leaves;
      const { allocation } = await record();
      await ledger
        .connect(stranger)
        .claimShares(model, allocation, leaf.index, leaf.account, leaf.shares, proofOf(leaf));
      expect(await ledger.balanceOf(dave, model)).to.equal(400_000n);

      await expect(rounds.claim(roundId, leaf, proofOf(leaf), dave)).to.changeTokenBalance(ethers, usdc, dave, 600n);
      expect(await ledger.balanceOf(dave, model)).to.equal(400_000n);
    });

    it("gives cash alone, shares alone, and nothing", async () => {
      const { rounds, ledger, usdc, dave, erin, carol, finalised } = await fixture();
      const leaves = [
        { index: 0, account: dave.address, shares: 0, cash: 900n },
        { index: 1, account: erin.address, shares: 600_000, cash: 0n },
        { index: 2, account: carol.address, shares: 0, cash: 0n },
      ];
      const round = await finalised({}, ({ resultOf }) => resultOf({ leaves }).result);
      const { proofOf } = round.resultOf({ leaves });

      await expect(rounds.claim(round.roundId, leaves[0], proofOf(leaves[0]), dave)).to.changeTokenBalance(
        ethers,
        usdc,
        dave,
        900n,
      );
      await expect(rounds.claim(round.roundId, leaves[1], proofOf(leaves[1]), erin)).to.changeTokenBalance(
        ethers,
        usdc,
        erin,
        0n,
      );
      expect(await ledger.balanceOf(erin, round.model)).to.equal(600_000n);
      await rounds.claim(round.roundId, leaves[2], proofOf(leaves[2]), carol);
      expect(await rounds.isLeafClaimed(round.roundId, 2)).to.equal(true);
    });

    it("gives the only leaf that there is, and those of an odd number", async () => {
      const { rounds, dave, erin, carol, finalised } = await fixture();
      for (const accounts of [[dave], [dave, erin, carol]]) {
        const leaves = accounts.map(({ address }, index) => ({ index, account: address, shares: 7, cash: 11n }));
        const round = await finalised({}, ({ resultOf }) => resultOf({ leaves }).result);
        const { proofOf } = round.resultOf({ leaves });

        for (const leaf of leaves) await rounds.claim(round.roundId, leaf, proofOf(leaf), leaf.account);
        expect((await round.record()).cashLeft).to.equal(0n);
      }
    });

    it("gives nothing that the tree does not: neither more cash, nor more shares, nor to others", async () => {
      const { rounds, ledger, roundId, dave, stranger, leaves, proofOf, record, place } = await claimable();
      const [leaf] = leaves;
      const proof = proofOf(leaf);

      for (const change of [{ cash: 601n }, { shares: 400_001 }, { account: stranger.address }, { index: 1 }]) {
        const changed = { ...leaf, ...change };
        await expect(rounds.claim(roundId, changed, proof, changed.account))
          .to.be.revertedWithCustomError(rounds, "LeafProofInvalid")
          .withArgs(roundId, changed.index, changed.account);
        // With its own half right, the ledger sees it.
        const forged = [halvesOf(place, changed)[0], ...proof.slice(1)];
        await expect(rounds.claim(roundId, changed, forged, changed.account))
          .to.be.revertedWithCustomError(ledger, "ShareProofInvalid")
          .withArgs((await record()).allocation, changed.index, changed.account);
      }
      await expect(rounds.claim(roundId, leaf, [], dave))
        .to.be.revertedWithCustomError(rounds, "LeafProofInvalid")
        .withArgs(roundId, 0, dave.address);
    });

    it("proves leaves without shares itself", async () => {
      const { rounds, dave, erin, stranger, finalised } = await fixture();
      const leaves: Leaf[] = [dave, erin].map(({ address }, index) => ({
        index,
        account: address,
        shares: 0,
        cash: 400n,
      }));
      const round = await finalised({}, ({ resultOf }) => resultOf({ leaves }).result);
      const { proofOf } = round.resultOf({ leaves });
      const stolen = { ...leaves[0], account: stranger.address };
      const forged = [halvesOf(round.place, stolen)[0], ...proofOf(leaves[0]).slice(1)];

      await expect(rounds.claim(round.roundId, stolen, forged, stranger))
        .to.be.revertedWithCustomError(rounds, "LeafProofInvalid")
        .withArgs(round.roundId, 0, stranger.address);
    });

    it("takes no leaf of another round or chain, or of another contract or model", async () => {
      const { rounds, ledger, stranger, dave, finalised } = await fixture();
      const other = await finalised();
      const leaf = { index: 0, account: dave.address, shares: 100, cash: 10n };
      const round = await finalised();

      for (const change of [{ roundId: other.roundId }, { chainId: 1n }, { contract: stranger.address }]) {
        const place = { ...round.place, ...change };
        const tree = treeOf(place, [leaf]);
        const target = await finalised({}, ({ resultOf }) => resultOf({ root: tree.root, leaves: [leaf] }).result);
        await expect(rounds.claim(target.roundId, leaf, [halvesOf(place, leaf)[0]], dave))
          .to.be.revertedWithCustomError(rounds, "LeafProofInvalid")
          .withArgs(target.roundId, 0, dave.address);
      }
      for (const change of [{ model: other.model }, { ledger: stranger.address }]) {
        let own = "";
        const target = await finalised({}, ({ resultOf, place }) => {
          const halves = halvesOf({ ...place, ...change }, leaf);
          own = halves[0];

          return resultOf({ root: pairOf(...halves), leaves: [leaf] }).result;
        });
        await expect(rounds.claim(target.roundId, leaf, [own], dave))
          .to.be.revertedWithCustomError(ledger, "ShareProofInvalid")
          .withArgs((await target.record()).allocation, 0, dave.address);
      }
    });

    it("takes no inner node for a leaf", async () => {
      const { rounds, roundId, dave, leaves, proofOf, place } = await claimable();
      const [own, ledgers] = halvesOf(place, leaves[0]);
      const pair = pairOf(own, ledgers);

      // What would have to be a leaf's preimage is 64 bytes of hashes; no leaf is encoded in so few.
      for (const proof of [proofOf(leaves[0]).slice(1), [pair], [ledgers, ...proofOf(leaves[0]).slice(1)]]) {
        await expect(rounds.claim(roundId, leaves[0], proof, dave))
          .to.be.revertedWithCustomError(rounds, "LeafProofInvalid")
          .withArgs(roundId, 0, dave.address);
      }
    });

    it("gives no more cash than the result said, and all of that, even if its root lies", async () => {
      const { rounds, roundsAddress, dave, erin, usdc, finalised } = await fixture();
      const leaves = [
        { index: 0, account: dave.address, shares: 0, cash: 600n },
        { index: 1, account: erin.address, shares: 0, cash: 301n },
      ];
      // The leaves sum to a unit more than there is; the total says otherwise.
      const round = await finalised({}, ({ resultOf }) => resultOf({ leaves, cash: 900n }).result);
      const { proofOf } = round.resultOf({ leaves });
      await rounds.claim(round.roundId, leaves[0], proofOf(leaves[0]), dave);

      const last = rounds.claim(round.roundId, leaves[1], proofOf(leaves[1]), erin);
      await expect(last).to.emit(rounds, "LeafClaimed").withArgs(round.roundId, erin.address, 1, 0, erin.address, 300);
      await expect(last).to.changeTokenBalance(ethers, usdc, erin, 300n);
      expect((await round.record()).cashLeft).to.equal(0n);
      // What is left: the coordinator's 100, and its bond of 50.
      expect(await usdc.balanceOf(roundsAddress)).to.equal(150n);
    });

    it("gives no more shares than contributors have, even if its root lies", async () => {
      const { rounds, ledger, dave, erin, finalised } = await fixture();
      const leaves = [
        { index: 0, account: dave.address, shares: 600_000, cash: 1n },
        { index: 1, account: erin.address, shares: 1, cash: 1n },
      ];
      const round = await finalised({}, ({ resultOf }) => resultOf({ leaves }).result);
      const { proofOf } = round.resultOf({ leaves });
      await rounds.claim(round.roundId, leaves[0], proofOf(leaves[0]), dave);

      await expect(rounds.claim(round.roundId, leaves[1], proofOf(leaves[1]), erin))
        .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientBalance")
        .withArgs(toBeHex((await round.record()).allocation, 20), 0, 1, round.model);
    });

    it("gives nothing before the end, or when the round refunds", async () => {
      const { rounds, dave, opened, posted, failed } = await fixture();

      for (const [make, state] of [
        [opened, State.Open],
        [posted, State.Challenge],
        [failed, State.Refunding],
      ] as [() => Promise<Round>, number][]) {
        const round = await make();
        const { leaves, proofOf } = round.resultOf();
        await expect(rounds.claim(round.roundId, leaves[0], proofOf(leaves[0]), dave))
          .to.be.revertedWithCustomError(rounds, "RoundNotInState")
          .withArgs(round.roundId, state, State.Finalised);
      }
    });
  });
});
