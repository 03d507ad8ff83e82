import { expect } from "chai";
import { network } from "hardhat";
import { SYMBOLS } from "../royalties/support.js";
import { FINALISATION, State } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** A round whose first result is challenged, in the arbiter's time. */
async function disputed() {
  const context = await fixture();
  const round = await context.posted();
  await round.challenge();
  await round.pastChallenges();

  return { ...context, ...round };
}

describe("TrainingRounds", () => {
  describe("challenge", () => {
    for (const symbol of SYMBOLS) {
      it(`takes a bond in ${symbol}, from anyone`, async () => {
        const { rounds, roundsAddress, challenger, posted, currencyOf, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const round = await posted({ currency });

        const challenge = round.challenge();
        await expect(challenge)
          .to.emit(rounds, "ResultChallenged")
          .withArgs(round.roundId, 1, challenger.address, "ipfs://evidence");
        await expectMoved(challenge, currency, [
          [challenger.address, -20n],
          [roundsAddress, 20n],
        ]);
        expect(await rounds.isChallenger(round.roundId, 1, challenger)).to.equal(true);
        expect((await round.record()).challenges).to.equal(1n);
      });
    }

    it("takes one of each, and as many as come: none shields the result from another", async () => {
      const { rounds, challenger, dave, erin, posted } = await fixture();
      const { roundId, challenge, record } = await posted();
      for (const account of [challenger, dave, erin]) await challenge(1, account);

      expect((await record()).challenges).to.equal(3n);
      await expect(challenge(1, dave))
        .to.be.revertedWithCustomError(rounds, "AlreadyChallenged")
        .withArgs(roundId, dave.address);
    });

    it("has its last second", async () => {
      const { rounds, dave, posted } = await fixture();
      const { roundId, challenge, record } = await posted();
      const { challengeUntil } = await record();

      await time.setNextBlockTimestamp(challengeUntil);
      await challenge();
      await time.setNextBlockTimestamp(challengeUntil + 1n);
      await expect(challenge(1, dave))
        .to.be.revertedWithCustomError(rounds, "RoundTooLate")
        .withArgs(roundId, challengeUntil);
    });

    it("strikes the result that is meant, and no other", async () => {
      const { rounds, roundId, dave, resolve, post, challenge } = await disputed();
      await resolve(true);
      await post();

      await expect(challenge(1, dave)).to.be.revertedWithCustomError(rounds, "AttemptMismatch").withArgs(roundId, 1, 2);
      await challenge(2, dave);
    });
  });

  describe("resolve", () => {
    it("upholds: the result falls, its bond is the funders', and another can be posted", async () => {
      const { rounds, roundId, resolve, record, schedule, NO_RESULT } = await disputed();
      const at = (await time.latest()) + 5;
      const until = at + schedule.reviewPeriod;

      await time.setNextBlockTimestamp(at);
      await expect(resolve(true)).to.emit(rounds, "ChallengesResolved").withArgs(roundId, 1, true, 50, until);
      const after = await record();
      expect([after.state, after.reviewUntil]).to.deep.equal([BigInt(State.Review), BigInt(until)]);
      expect([after.result, after.forfeits, after.challenges]).to.deep.equal([NO_RESULT, 50n, 0n]);
    });

    it("rejects: the result stands, and the challengers' bonds are the funders'", async () => {
      const { rounds, dave, posted } = await fixture();
      const { roundId, challenge, pastChallenges, resolve, record } = await posted();
      await challenge();
      await challenge(1, dave);
      await pastChallenges();
      const at = (await time.latest()) + 5;

      await time.setNextBlockTimestamp(at);
      await expect(resolve(false))
        .to.emit(rounds, "ChallengesResolved")
        .withArgs(roundId, 1, false, 40, at + FINALISATION);
      const after = await record();
      expect([after.state, after.finaliseUntil]).to.deep.equal([BigInt(State.Challenge), BigInt(at + FINALISATION)]);
      expect([after.isRejected, after.forfeits]).to.deep.equal([true, 40n]);
    });

    it("is the arbiter's, once", async () => {
      const { rounds, roundId, alice, arbiter, resolve } = await disputed();

      await expect(resolve(true, 1, alice))
        .to.be.revertedWithCustomError(rounds, "NotRoundArbiter")
        .withArgs(arbiter.address, alice.address);
      await resolve(false);
      for (const isUpheld of [true, false]) {
        await expect(resolve(isUpheld)).to.be.revertedWithCustomError(rounds, "NothingToResolve").withArgs(roundId);
      }
    });

    it("has nothing to decide where nobody challenged", async () => {
      const { rounds, posted } = await fixture();
      const { roundId, resolve, pastChallenges } = await posted();
      await pastChallenges();

      await expect(resolve(true)).to.be.revertedWithCustomError(rounds, "NothingToResolve").withArgs(roundId);
    });

    it("waits until all challenges are in, and has its last second", async () => {
      const { rounds, posted } = await fixture();
      const { roundId, challenge, resolve, record } = await posted();
      await challenge();
      const { challengeUntil, arbitrationUntil } = await record();

      await time.setNextBlockTimestamp(challengeUntil);
      await expect(resolve(false))
        .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
        .withArgs(roundId, challengeUntil + 1n);
      await time.setNextBlockTimestamp(arbitrationUntil);
      await resolve(false);
    });

    it("decides in the first second after the last for challenges", async () => {
      const { posted } = await fixture();
      const { challenge, resolve, record } = await posted();
      await challenge();

      await time.setNextBlockTimestamp((await record()).challengeUntil + 1n);
      await resolve(true);
    });

    it("is too late a second after that: the round refunds", async () => {
      const { rounds, roundId, resolve, record } = await disputed();

      await time.setNextBlockTimestamp((await record()).arbitrationUntil + 1n);
      await expect(resolve(false))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Refunding, State.Challenge);
    });

    it("decides about the result that is meant, and no other", async () => {
      const { rounds, roundId, post, challenge, pastChallenges, resolve } = await disputed();
      await resolve(true);
      await post();
      await challenge(2);
      await pastChallenges();

      await expect(resolve(true, 1)).to.be.revertedWithCustomError(rounds, "AttemptMismatch").withArgs(roundId, 1, 2);
      await resolve(false, 2);
    });

    it("ends the round with its last attempt", async () => {
      const { rounds, roundId, post, challenge, pastChallenges, resolve, record, stateOf } = await disputed();
      await resolve(true);
      await post();
      await challenge(2);
      await pastChallenges();

      await expect(resolve(true, 2)).to.emit(rounds, "ChallengesResolved").withArgs(roundId, 2, true, 50, 0);
      expect(await stateOf()).to.equal(State.Refunding);
      expect((await record()).forfeits).to.equal(100n);
      await expect(post())
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Refunding, State.Review);
    });

    it("lets the coordinator's time run out after it", async () => {
      const { resolve, schedule, stateOf } = await disputed();
      await resolve(true);
      const at = await time.latest();

      await time.increaseTo(at + schedule.reviewPeriod);
      expect(await stateOf()).to.equal(State.Review);
      await time.increase(1);
      expect(await stateOf()).to.equal(State.Refunding);
    });
  });

  describe("takeChallengeBond", () => {
    it("returns it if the challenge was upheld, at once", async () => {
      const { rounds, roundId, opening, challenger, stranger, usdc, resolve } = await disputed();
      await resolve(true);

      const payment = rounds.connect(stranger).takeChallengeBond(opening, 1, challenger, challenger);
      await expect(payment)
        .to.emit(rounds, "ChallengeBondPaid")
        .withArgs(roundId, 1, challenger.address, challenger.address, 20);
      await expect(payment).to.changeTokenBalance(ethers, usdc, challenger, 20n);
      expect(await rounds.isChallenger(roundId, 1, challenger)).to.equal(false);
      await expect(rounds.takeChallengeBond(opening, 1, challenger, challenger))
        .to.be.revertedWithCustomError(rounds, "ChallengeBondNotDue")
        .withArgs(roundId, 1, challenger.address);
    });

    it("returns it later too, whatever becomes of the next result", async () => {
      const { rounds, roundId, opening, challenger, usdc, resolve, post, challenge, pastChallenges } = await disputed();
      await resolve(true);
      await post();
      await challenge(2);
      await pastChallenges();
      await resolve(false, 2);

      await expect(
        rounds.connect(challenger).takeChallengeBond(opening, 1, challenger, challenger),
      ).to.changeTokenBalance(ethers, usdc, challenger, 20n);
      await expect(rounds.connect(challenger).takeChallengeBond(opening, 2, challenger, challenger))
        .to.be.revertedWithCustomError(rounds, "ChallengeBondNotDue")
        .withArgs(roundId, 2, challenger.address);
    });

    it("returns both bonds if the arbiter is silent", async () => {
      const { rounds, opening, alice, challenger, usdc, pastArbitration, stateOf, record } = await disputed();
      await expect(rounds.takeChallengeBond(opening, 1, challenger, challenger)).to.be.revertedWithCustomError(
        rounds,
        "ChallengeBondNotDue",
      );
      await pastArbitration();
      await time.increase(1);
      expect(await stateOf()).to.equal(State.Refunding);

      await expect(rounds.takeChallengeBond(opening, 1, challenger, challenger)).to.changeTokenBalance(
        ethers,
        usdc,
        challenger,
        20n,
      );
      await expect(rounds.payCoordinator(opening, alice)).to.changeTokenBalance(ethers, usdc, alice, 50n);
      expect((await record()).forfeits).to.equal(0n);
    });

    it("keeps it if the challenge was rejected, to the end and if nobody finalises", async () => {
      const { rounds, roundId, opening, challenger, resolve } = await disputed();
      await resolve(false);

      for (const wait of [1, FINALISATION + 1]) {
        await time.increase(wait);
        await expect(rounds.takeChallengeBond(opening, 1, challenger, challenger))
          .to.be.revertedWithCustomError(rounds, "ChallengeBondNotDue")
          .withArgs(roundId, 1, challenger.address);
      }
    });

    it("sends it elsewhere for the challenger alone, and nothing to who did not challenge", async () => {
      const { rounds, roundId, opening, challenger, stranger, usdc, resolve } = await disputed();
      await resolve(true);

      await expect(rounds.connect(stranger).takeChallengeBond(opening, 1, challenger, stranger))
        .to.be.revertedWithCustomError(rounds, "NotRoundPayee")
        .withArgs(challenger.address, stranger.address);
      await expect(rounds.connect(stranger).takeChallengeBond(opening, 1, stranger, stranger))
        .to.be.revertedWithCustomError(rounds, "ChallengeBondNotDue")
        .withArgs(roundId, 1, stranger.address);
      await expect(
        rounds.connect(challenger).takeChallengeBond(opening, 1, challenger, stranger),
      ).to.changeTokenBalance(ethers, usdc, stranger, 20n);
    });
  });
});
