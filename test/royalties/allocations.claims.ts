import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, TOTAL_SHARES } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { accountOf, deployAllocations, type Entry, holderOf, keptOf, leafHash } from "./allocations.support.js";
import { SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const fixture = () => networkHelpers.loadFixture(deploy);

async function deploy() {
  const context = await deployAllocations(connection);
  const { weal, deployer, ledger, ledgerAddress } = context;
  const wealAddress = await weal.getAddress();
  await weal.connect(deployer).approve(ledgerAddress, 10n ** 18n);

  /** Pays in WEAL, which is listed behind the others. */
  const payWeal = (model: string, amount: bigint) => ledger.connect(deployer).pay(model, wealAddress, amount, ZeroHash);

  return { ...context, wealAddress, payWeal };
}

/** Sevenths, so that nothing comes out even. */
const THREE: Entry[] = [
  [accountOf(1), 142_857n],
  [accountOf(2), 285_714n],
  [accountOf(3), 571_429n],
];

describe("RoyaltyLedger", () => {
  describe("claimShares", () => {
    it("takes the proofs of OpenZeppelin's StandardMerkleTree, whose root is that of a tree built by hand", async () => {
      const { ledger, openFor, claimLeaf } = await fixture();

      for (const size of [1, 2, 3, 7, 8]) {
        const entries = Array.from({ length: size }, (_, i): Entry => [accountOf(i), BigInt(100 + i)]);
        const granted = await openFor(entries);
        const { tree, model } = granted;

        expect(tree.standard.root).to.equal(tree.root);
        for (const [i, [account, units]] of entries.entries()) {
          const proof = tree.standard.getProof(i);
          expect(proof).to.deep.equal(tree.proofOf(i));
          await claimLeaf(granted, i, { proof });
          expect(await ledger.balanceOf(account, model)).to.equal(units);
        }
        expect(await ledger.balanceOf(holderOf(granted.allocation), model)).to.equal(0n);
      }
    });

    it("gives the leaf's account its shares, whoever calls", async () => {
      const { ledger, stranger, openFor, claimLeaf, eventsOf } = await fixture();
      const granted = await openFor(THREE);
      const { model } = granted;

      const transaction = claimLeaf(granted, 1);
      await expect(transaction)
        .to.emit(ledger, "SharesClaimed")
        .withArgs(1, 1)
        .and.to.emit(ledger, "Transfer")
        .withArgs(stranger.address, holderOf(1), accountOf(2), model, 285_714);
      expect((await eventsOf(transaction)).map(([name]) => name)).to.deep.equal(["SharesClaimed", "Transfer"]);

      expect(await ledger.balanceOf(accountOf(2), model)).to.equal(285_714n);
      expect(await ledger.balanceOf(holderOf(1), model)).to.equal(714_286n);
      expect(await Promise.all([0, 1, 2].map((index) => ledger.isShareClaimed(1, index)))).to.deep.equal([
        false,
        true,
        false,
      ]);
      expect(await ledger.isShareClaimed(2, 1)).to.equal(false);
    });

    for (const symbol of SYMBOLS) {
      for (const order of [
        [0, 1, 2],
        [2, 0, 1],
        [1, 2, 0],
      ]) {
        it(`gives with them all that they earned in ${symbol}, in the order ${order}`, async () => {
          const { ledger, openFor, claimLeaf, pay, currencyOf } = await fixture();
          const currency = currencyOf(symbol);
          const granted = await openFor(THREE);
          const { model } = granted;

          // Before, between and after the claims: 10,007 in all, of which 9,907 are the holders'.
          await pay(model, currency, 1_003n);
          for (const [i, leaf] of order.entries()) {
            await claimLeaf(granted, leaf);
            await pay(model, currency, [2_001n, 3_001n, 4_002n][i]);
          }

          expect(keptOf(10_007n)).to.equal(9_907n);
          for (const [account, units] of THREE) {
            expect(await ledger.claimable(account, model, currency)).to.equal((9_907n * units) / TOTAL_SHARES);
          }
          expect(await ledger.claimable(holderOf(1), model, currency)).to.equal(0n);
        });
      }
    }

    it("pays it out to the account, once", async () => {
      const { ledger, openFor, claimLeaf, pay, currencyOf, expectMoved } = await fixture();
      const granted = await openFor([[accountOf(1), TOTAL_SHARES]]);
      const { model } = granted;

      for (const currency of SYMBOLS.map(currencyOf)) await pay(model, currency, 1_000n);
      await claimLeaf(granted, 0);
      for (const currency of SYMBOLS.map(currencyOf)) {
        await expectMoved(ledger.claimFor(accountOf(1), [model], currency), currency, [[accountOf(1), 990n]]);
        await expect(ledger.claimFor(accountOf(1), [model], currency))
          .to.be.revertedWithCustomError(ledger, "NothingToClaim")
          .withArgs(accountOf(1), currency);
      }
    });

    it("counts from when the allocation was made, in currencies that came before, since, and after the claim", async () => {
      const { ledger, alice, open, treeOf, allocationOf, claimLeaf, pay, payWeal, usdcAddress, wealAddress } =
        await fixture();
      const model = await open();
      const tree = treeOf(model, [
        [accountOf(1), 250_000n],
        [accountOf(2), 250_000n],
      ]);
      const claimables = (holder: string) =>
        Promise.all([ETH, usdcAddress, wealAddress].map((currency) => ledger.claimable(holder, model, currency)));

      await pay(model, ETH, 1_000n);
      await ledger.connect(alice).allocate(model, allocationOf(tree.root, 500_000n));
      await pay(model, ETH, 2_000n);
      await pay(model, usdcAddress, 4_000n);
      await claimLeaf({ model, tree, allocation: 1n }, 0);
      await pay(model, ETH, 4_000n);
      await payWeal(model, 8_000n);
      await claimLeaf({ model, tree, allocation: 1n }, 1);

      // A quarter of 99 % of what came since: 6,000, 4,000 and 8,000. The first 990 in ETH stay Alice's.
      for (const account of [accountOf(1), accountOf(2)]) {
        expect(await claimables(account)).to.deep.equal([1_485n, 990n, 1_980n]);
      }
      expect(await claimables(alice.address)).to.deep.equal([990n + 2_970n, 1_980n, 3_960n]);
    });

    it("adds to what the account holds and is owed, with fractions", async () => {
      const { ledger, alice, openFor, claimLeaf, pay } = await fixture();
      // Alice holds the other half.
      const granted = await openFor([[alice.address, 500_000n]]);
      const { model } = granted;

      // D = 1: half a unit each, and no whole one until they meet.
      await pay(model, ETH, 1n);
      await ledger.connect(alice).transfer(alice.address, model, 1n);
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(0n);
      await claimLeaf(granted, 0);

      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(1n);
      expect(await ledger.balanceOf(alice.address, model)).to.equal(TOTAL_SHARES);
      await pay(model, ETH, 2n);
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(3n);
    });

    it("adds up several leaves of one account", async () => {
      const { ledger, openFor, claimLeaf, pay } = await fixture();
      const account = accountOf(1);
      const granted = await openFor([
        [account, 1n],
        [account, 499_999n],
        [accountOf(2), 400_000n],
        // Equal to the first but for the index.
        [account, 1n],
      ]);
      const { model } = granted;

      for (const leaf of [3, 1, 0]) {
        await pay(model, ETH, 3n);
        await claimLeaf(granted, leaf);
      }

      // ⌊9 · 0.500001⌋
      expect(await ledger.claimable(account, model, ETH)).to.equal(4n);
      expect(await ledger.balanceOf(account, model)).to.equal(500_001n);
      await claimLeaf(granted, 2);
      expect(await ledger.claimable(accountOf(2), model, ETH)).to.equal(3n);
    });

    it("loses nothing: claimants have, to the millionth of a unit, what direct holders have", async () => {
      const { ledger, alice, bob, stranger, open, openFor, claimLeaf, pay, currencyOf } = await fixture();
      const entries: Entry[] = [
        [alice.address, 333_333n],
        [bob.address, 333_333n],
        [stranger.address, 333_334n],
      ];
      const granted = await openFor(entries);
      const direct = await open({ holdings: entries });
      const collector = accountOf(9);

      for (const currency of SYMBOLS.map(currencyOf)) {
        for (const model of [granted.model, direct]) await pay(model, currency, 101n);
      }
      await claimLeaf(granted, 2);
      for (const currency of SYMBOLS.map(currencyOf)) {
        for (const model of [granted.model, direct]) await pay(model, currency, 202n);
      }
      await claimLeaf(granted, 0);
      await claimLeaf(granted, 1);

      for (const currency of SYMBOLS.map(currencyOf)) {
        for (const [account] of entries) {
          // 300 of 303, in thirds.
          expect(await ledger.claimable(account, granted.model, currency))
            .to.equal(await ledger.claimable(account, direct, currency))
            .and.to.equal(account === stranger.address ? 100n : 99n);
        }
      }
      // Their fractions sum to what was distributed: only all of them together make a whole number.
      for (const signer of [alice, bob, stranger]) {
        for (const model of [granted.model, direct]) await ledger.connect(signer).handOverPosition(model, collector);
      }
      for (const currency of SYMBOLS.map(currencyOf)) {
        expect(await ledger.claimable(collector, granted.model, currency)).to.equal(300n);
        expect(await ledger.claimable(collector, direct, currency)).to.equal(300n);
      }
    });

    it("knows the leaves of a thousand apart", async () => {
      const { ledger, openFor, claimLeaf, pay } = await fixture();
      const entries = Array.from({ length: 1_000 }, (_, i): Entry => [accountOf(i), 1_000n]);
      const granted = await openFor(entries);
      const { model, tree } = granted;
      await pay(model, ETH, 100_000n);

      expect(tree.standard.root).to.equal(tree.root);
      // Words of the bitmap begin at 0, 256, 512 and 768.
      const leaves = [0, 255, 256, 999];
      for (const leaf of leaves) {
        await claimLeaf(granted, leaf);
        expect(await ledger.balanceOf(accountOf(leaf), model)).to.equal(1_000n);
        expect(await ledger.claimable(accountOf(leaf), model, ETH)).to.equal(99n);
      }
      const looked = [0, 1, 254, 255, 256, 257, 511, 512, 743, 744, 998, 999, 1_000];
      const claimed = await Promise.all(looked.map((index) => ledger.isShareClaimed(1, index)));
      expect(looked.filter((_, i) => claimed[i])).to.deep.equal(leaves);
      expect(await ledger.balanceOf(holderOf(1), model)).to.equal(996_000n);
    });

    it("takes indices of any size, and keeps allocations apart", async () => {
      const { ledger, open, ledgerAddress, chainId, allocationOf, alice, stranger } = await fixture();
      const model = await open();
      const index = 2n ** 256n - 1n;
      const leaf = leafHash([chainId, ledgerAddress, model, index, accountOf(1), 5n]);
      // The same tree twice: of one leaf, whose proof is empty.
      for (let i = 0; i < 2; ++i) await ledger.connect(alice).allocate(model, allocationOf(leaf, 5n));

      for (const allocation of [2n, 1n]) {
        await ledger.connect(stranger).claimShares(model, allocation, index, accountOf(1), 5n, []);
        expect(await ledger.isShareClaimed(allocation, index)).to.equal(true);
      }
      expect(await ledger.balanceOf(accountOf(1), model)).to.equal(10n);
    });

    it("works for ever where there is no steward, whatever the time says", async () => {
      const { ledger, openFor, claimLeaf } = await fixture();
      const granted = await openFor(THREE, { reclaimableFrom: (await networkHelpers.time.latest()) + 100 });

      await networkHelpers.time.increase(10_000 * DAY);
      await claimLeaf(granted, 0);

      expect(await ledger.balanceOf(accountOf(1), granted.model)).to.equal(142_857n);
    });

    it("gives nothing for a leaf of nothing, and does not touch the rest", async () => {
      const { ledger, openFor, claimLeaf, pay } = await fixture();
      const granted = await openFor([
        [accountOf(1), 0n],
        [accountOf(2), TOTAL_SHARES],
      ]);
      await pay(granted.model, ETH, 1_000n);

      await claimLeaf(granted, 0);
      await claimLeaf(granted, 1);

      expect(await ledger.claimable(accountOf(1), granted.model, ETH)).to.equal(0n);
      expect(await ledger.claimable(accountOf(2), granted.model, ETH)).to.equal(990n);
    });

    it("is not touched by claims for the same account in other allocations of other models", async () => {
      const { ledger, openFor, claimLeaf, pay } = await fixture();
      const [first, second] = [await openFor(THREE), await openFor(THREE)];
      await pay(first.model, ETH, 1_000n);
      await claimLeaf(second, 0);

      expect(await ledger.isShareClaimed(first.allocation, 0)).to.equal(false);
      await claimLeaf(first, 0);
      expect(await ledger.claimable(accountOf(1), first.model, ETH)).to.equal(141n);
      expect(await ledger.claimable(accountOf(1), second.model, ETH)).to.equal(0n);
    });
  });
});
