import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { Level, REASON } from "../governance/safetyBoard.support.js";
import { registerModel } from "../helpers/models.js";
import { BOARD_MEMBER, DAY } from "../helpers/protocol.js";
import { signGrant } from "../registry/support.js";
import { SYMBOLS } from "../royalties/support.js";
import { FINALISATION, resultHashOf, State } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** A round on the data set, whose result nobody challenged. */
async function accepted() {
  const context = await fixture();
  const parents = [{ model: context.dataset, rateBps: 500, until: 0, relation: 6 }];
  const round = await context.posted({ model: { parents } });
  await round.pastChallenges();
  await time.increase(1);

  return { ...context, ...round, parents };
}

describe("TrainingRounds", () => {
  describe("finalise", () => {
    it("registers the model as the terms say, and lets everybody take what is theirs", async () => {
      const context = await accepted();
      const { rounds, roundsAddress, registry, ledger, roundId, model, alice, parents, finalise, resultOf } = context;
      const { result } = resultOf();
      expect(await rounds.connect(alice).finalise.staticCall(context.opening, result, [])).to.equal(model);

      const finalisation = finalise();
      const allocation = await finalisation.then(() => ledger.allocationCount());
      const { pool } = await context.record();
      await expect(finalisation)
        .to.emit(rounds, "RoundFinalised")
        .withArgs(roundId, model, result.root, 850, 50, allocation, pool);
      await expect(finalisation)
        .to.emit(registry, "ModelRegistered")
        .withArgs(model, roundsAddress, alice.address, 2, roundId, 0, [0n, 0n, 0n], [6n]);
      const registered = await registry.modelOf(model);
      expect(registered.owner).to.equal(alice.address);
      expect(await registry.versionOf(model, 1)).to.deep.equal([id("manifest"), false]);
      expect(await registry.parentsOf(model)).to.deep.equal(parents.map((parent) => Object.values(parent).map(big)));
      expect((await ledger.modelTermsOf(model)).maxHostBps).to.equal(9_000n);
      const record = await context.record();
      expect([record.state, record.model, record.root]).to.deep.equal([BigInt(State.Finalised), model, result.root]);
      expect([record.cashLeft, record.unspent]).to.deep.equal([850n, 50n]);
    });

    it("splits the shares: an allocation, a pool, and the coordinator's own", async () => {
      const { ledger, alice, model, finalise, record } = await accepted();
      await finalise();
      const { pool, allocation } = await record();

      expect(await ledger.balanceOf(ethers.toBeHex(allocation, 20), model)).to.equal(600_000n);
      expect(await ledger.balanceOf(pool, model)).to.equal(333_333n);
      expect(await ledger.balanceOf(alice, model)).to.equal(66_667n);
      expect((await ledger.allocationOf(allocation))[1]).to.equal(ZeroAddress);
    });

    for (const [who, split] of [
      ["contributors", { contributors: 1_000_000, funders: 0, coordinator: 0 }],
      ["funders", { contributors: 0, funders: 1_000_000, coordinator: 0 }],
      ["the coordinator", { contributors: 0, funders: 0, coordinator: 1_000_000 }],
    ] as const) {
      it(`gives all shares to ${who}, if the terms say so`, async () => {
        const { ledger, alice, finalised } = await fixture();
        const round = await finalised({ split });
        const { pool, allocation } = await round.record();

        expect(pool !== ZeroAddress).to.equal(split.funders > 0);
        expect(allocation > 0n).to.equal(split.contributors > 0);
        expect(await ledger.balanceOf(alice, round.model)).to.equal(split.coordinator);
        if (split.funders > 0) expect(await ledger.balanceOf(pool, round.model)).to.equal(split.funders);
      });
    }

    it("is anybody's, from the second after the last for challenges", async () => {
      const { rounds, posted } = await fixture();
      const { roundId, finalise, record, stateOf } = await posted();
      const { challengeUntil } = await record();

      await time.setNextBlockTimestamp(challengeUntil);
      await expect(finalise())
        .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
        .withArgs(roundId, challengeUntil + 1n);
      await time.setNextBlockTimestamp(challengeUntil + 1n);
      await finalise();
      expect(await stateOf()).to.equal(State.Finalised);
    });

    it("has 30 days; then the round refunds, and the bond of its result returns", async () => {
      const { rounds, alice, bob, usdc, posted } = await fixture();
      const last = await posted();
      const { finaliseUntil, challengeUntil } = await last.record();
      expect(finaliseUntil).to.equal(challengeUntil + BigInt(FINALISATION));
      await time.setNextBlockTimestamp(finaliseUntil);
      await last.finalise();

      const late = await posted();
      await time.setNextBlockTimestamp((await late.record()).finaliseUntil + 1n);
      await expect(late.finalise())
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(late.roundId, State.Refunding, State.Challenge);
      await expect(rounds.refund(late.roundId, [0], bob)).to.changeTokenBalance(ethers, usdc, bob, 700n);
      await expect(rounds.payCoordinator(late.opening, alice)).to.changeTokenBalance(ethers, usdc, alice, 50n);
    });

    it("waits for the arbiter", async () => {
      const { rounds, posted } = await fixture();
      const { roundId, challenge, pastChallenges, resolve, finalise, stateOf } = await posted();
      await challenge();
      await pastChallenges();

      await expect(finalise()).to.be.revertedWithCustomError(rounds, "ChallengesUnresolved").withArgs(roundId, 1);
      await resolve(false);
      await finalise();
      expect(await stateOf()).to.equal(State.Finalised);
    });

    it("takes the result that was posted, and no other", async () => {
      const { rounds, roundId, finalise, resultOf } = await accepted();
      const { result } = resultOf();

      for (const change of [
        { manifestDigest: id("other") },
        { root: id("other") },
        { cash: 849n },
        { mirrorURI: "ipfs://other" },
        { resultURI: "" },
      ]) {
        const other = { ...result, ...change };
        await expect(finalise(other))
          .to.be.revertedWithCustomError(rounds, "ResultMismatch")
          .withArgs(roundId, resultHashOf(other), resultHashOf(result));
      }
    });

    it("registers no model at a higher protocol fee than the terms allow", async () => {
      const { terms, governed, finalise, ledger, model } = await accepted();
      await governed.setProtocolFee(101);
      await expect(finalise()).to.be.revertedWithCustomError(terms, "RoundFeeTooHigh").withArgs(101, 100);
      await governed.setProtocolFee(99);

      await finalise();
      expect((await ledger.modelTermsOf(model)).feeBps).to.equal(99n);
    });

    it("waits while the board restricts a parent for 14 days, and loses nothing by it", async () => {
      const { registry, safetyBoard, dataset, finalise, stateOf } = await accepted();
      await networkHelpers.impersonateAccount(BOARD_MEMBER);
      await networkHelpers.setBalance(BOARD_MEMBER, 10n ** 18n);
      const board = safetyBoard.connect(await ethers.getSigner(BOARD_MEMBER));
      await board.restrict(dataset, REASON, "");

      await expect(finalise()).to.be.revertedWithCustomError(registry, "ParentRestricted").withArgs(dataset);
      await time.increase(14 * DAY);
      await finalise();
      expect(await stateOf()).to.equal(State.Finalised);
    });

    it("gives up when a vote restricts a parent for good: funders have their money back", async () => {
      const { rounds, registry, safetyBoard, safetyTimelock, dataset, bob, usdc, ...round } = await accepted();
      const safety = await safetyTimelock.getAddress();
      await networkHelpers.impersonateAccount(safety);
      await networkHelpers.setBalance(safety, 10n ** 18n);
      await safetyBoard.connect(await ethers.getSigner(safety)).decide(dataset, 0, Level.Restricted, REASON, "");

      await time.increase(FINALISATION - 10);
      await expect(round.finalise()).to.be.revertedWithCustomError(registry, "ParentRestricted").withArgs(dataset);
      await time.increase(10);
      expect(await round.stateOf()).to.equal(State.Refunding);
      await expect(rounds.refund(round.roundId, [0], bob)).to.changeTokenBalance(ethers, usdc, bob, 700n);
    });

    it("uses a grant of a parent's owner for the model to come", async () => {
      const context = await fixture();
      const { registry, chainId, signers, posted } = context;
      const owner = signers[15];
      const parent = await registerModel(context, owner, { derivatives: { mode: 1, rateBps: 0 } });
      const parents = [{ model: parent, rateBps: 700, until: 0, relation: 0 }];
      const round = await posted({ model: { parents } });
      await round.pastChallenges();
      const deadline = (await time.latest()) + 1_000;

      await expect(round.finalise()).to.be.revertedWithCustomError(registry, "GrantMissing").withArgs(parent);
      const registryDomain = { chainId, verifyingContract: await registry.getAddress() };
      const grant = { parent, child: round.model, rateBps: 700, deadline };
      await round.finalise(undefined, [await signGrant(owner, registryDomain, grant)]);
      expect(await round.stateOf()).to.equal(State.Finalised);
    });
  });

  describe("payCoordinator", () => {
    for (const symbol of SYMBOLS) {
      it(`pays its part and the bond in ${symbol}, once`, async () => {
        const { rounds, roundsAddress, alice, stranger, finalised, currencyOf, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const { opening, roundId } = await finalised({ currency });

        const payment = rounds.connect(stranger).payCoordinator(opening, alice);
        await expect(payment)
          .to.emit(rounds, "CoordinatorPaid")
          .withArgs(roundId, alice.address, alice.address, 100, 50);
        await expectMoved(payment, currency, [
          [alice.address, 150n],
          [roundsAddress, -150n],
        ]);
        await expect(rounds.payCoordinator(opening, alice))
          .to.be.revertedWithCustomError(rounds, "NothingForCoordinator")
          .withArgs(roundId);
      });
    }

    it("pays nothing before the end, and no bond that was lost", async () => {
      const { rounds, alice, posted } = await fixture();
      const { opening, roundId, challenge, pastChallenges, resolve } = await posted({ schedule: { maxAttempts: 1 } });
      const pay = () => rounds.connect(alice).payCoordinator(opening, alice);
      await expect(pay()).to.be.revertedWithCustomError(rounds, "NothingForCoordinator").withArgs(roundId);
      await challenge();
      await pastChallenges();
      await resolve(true);

      await expect(pay()).to.be.revertedWithCustomError(rounds, "NothingForCoordinator").withArgs(roundId);
    });

    it("sends it elsewhere for the coordinator alone", async () => {
      const { rounds, alice, stranger, usdc, finalised } = await fixture();
      const { opening } = await finalised();

      await expect(rounds.connect(stranger).payCoordinator(opening, stranger))
        .to.be.revertedWithCustomError(rounds, "NotRoundPayee")
        .withArgs(alice.address, stranger.address);
      await expect(rounds.connect(alice).payCoordinator(opening, stranger)).to.changeTokenBalance(
        ethers,
        usdc,
        stranger,
        150n,
      );
    });
  });
});

function big(value: string | number): string | bigint {
  return typeof value === "number" ? BigInt(value) : value;
}
