import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { network } from "hardhat";
import { SYMBOLS } from "../royalties/support.js";
import { asEmitted, resultHashOf, State } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** A funded round in which results can be posted. */
async function inReview() {
  const context = await fixture();
  const round = await context.opened();
  await round.fund(1_000n);
  await round.toResults();
  const { result } = round.resultOf();

  /** Posts a result with these reviews, as Alice. */
  const postWith = (reviews: Parameters<typeof context.rounds.postResult>[2], what = result) =>
    context.rounds.connect(context.alice).postResult(round.opening, what, reviews);

  return { ...context, ...round, result, postWith };
}

describe("TrainingRounds", () => {
  describe("postResult", () => {
    for (const symbol of SYMBOLS) {
      it(`posts a result for a bond in ${symbol}, with the reviews that it was made of`, async () => {
        const { rounds, roundsAddress, alice, opened, currencyOf, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const round = await opened({ currency });
        const { roundId, opening, schedule, resultOf, reviewsOf, ethOf } = round;
        await round.fund(1_000n);
        await round.toResults();
        const { result } = resultOf();
        const reviews = await reviewsOf();
        const at = (await time.latest()) + 10;
        const challengeUntil = at + schedule.challengePeriod;

        await time.setNextBlockTimestamp(at);
        const posting = rounds.connect(alice).postResult(opening, result, reviews, { value: ethOf(50n) });
        await expect(posting)
          .to.emit(rounds, "ResultPosted")
          .withArgs(roundId, 1, asEmitted(result), asEmitted(reviews), challengeUntil);
        await expectMoved(posting, currency, [
          [alice.address, -50n],
          [roundsAddress, 50n],
        ]);
        const record = await round.record();
        expect(record.state).to.equal(State.Challenge);
        expect(record.result).to.equal(resultHashOf(result));
        expect([record.attempt, record.challengeUntil]).to.deep.equal([1n, BigInt(challengeUntil)]);
        expect(record.arbitrationUntil).to.equal(challengeUntil + schedule.arbitrationPeriod);
      });
    }

    it("is the coordinator's, once at a time", async () => {
      const { rounds, roundId, alice, stranger, post, resultOf } = await inReview();

      await expect(post(resultOf().result, stranger))
        .to.be.revertedWithCustomError(rounds, "NotRoundCoordinator")
        .withArgs(alice.address, stranger.address);
      await post();
      await expect(post())
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Challenge, State.Review);
    });

    it("waits until everybody had the time to reveal, and has its last second", async () => {
      const { rounds, opened } = await fixture();
      const early = await opened();
      const late = await opened();
      for (const round of [early, late]) await round.fund(1_000n);

      await time.setNextBlockTimestamp(early.schedule.revealUntil);
      await expect(early.post())
        .to.be.revertedWithCustomError(rounds, "RoundTooEarly")
        .withArgs(early.roundId, early.schedule.revealUntil + 1);
      await time.setNextBlockTimestamp(early.schedule.revealUntil + 1);
      await early.post();
      const last = late.schedule.revealUntil + late.schedule.reviewPeriod;
      await time.increaseTo(last - 1);
      await time.setNextBlockTimestamp(last);
      await late.post();
    });

    it("is over one second later: the round refunds", async () => {
      const { rounds, roundId, schedule, post, stateOf } = await inReview();
      const last = schedule.revealUntil + schedule.reviewPeriod;
      await time.increaseTo(last);
      expect(await stateOf()).to.equal(State.Review);

      await time.setNextBlockTimestamp(last + 1);
      await expect(post())
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Refunding, State.Review);
    });

    it("refuses no manifest and no root", async () => {
      const { rounds, roundId, post, resultOf } = await inReview();

      for (const missing of [{ manifestDigest: ZeroHash }, { root: ZeroHash }]) {
        await expect(post(resultOf(missing).result))
          .to.be.revertedWithCustomError(rounds, "ResultEmpty")
          .withArgs(roundId);
      }
    });

    it("gives leaves all but the coordinator's part, and not a unit more", async () => {
      const { rounds, post, resultOf } = await inReview();

      await expect(post(resultOf({ cash: 901n }).result))
        .to.be.revertedWithCustomError(rounds, "ResultCashTooHigh")
        .withArgs(901, 900);
      await post(resultOf({ cash: 900n }).result);
    });

    it("needs as many reviews as the terms say", async () => {
      const { rounds, reviewsOf, postWith } = await inReview();

      for (const count of [0, 1]) {
        await expect(postWith(await reviewsOf(count)))
          .to.be.revertedWithCustomError(rounds, "ReviewsMissing")
          .withArgs(count, 2);
      }
      await postWith(await reviewsOf(3));
    });

    it("takes any of the reviewers, by whichever scores", async () => {
      const { review, reviewers, postWith, dave, erin } = await inReview();
      const [first, , third] = reviewers;
      const scores = [
        { contributor: dave.address, contentDigest: id("a"), score: 0 },
        { contributor: erin.address, contentDigest: id("b"), score: 2 ** 32 - 1 },
      ];

      await postWith([await review(first, { scores: [] }), await review(third, { scores })]);
    });

    it("counts nobody twice, whatever was signed", async () => {
      const { rounds, review, reviewers, postWith } = await inReview();
      const [first, second] = reviewers;
      const both = [await review(first), await review(first, { scores: [] })];

      await expect(postWith(both))
        .to.be.revertedWithCustomError(rounds, "ReviewersNotAscending")
        .withArgs(first.address, first.address);
      await expect(postWith([await review(second), await review(first)]))
        .to.be.revertedWithCustomError(rounds, "ReviewersNotAscending")
        .withArgs(second.address, first.address);
    });

    it("counts no stranger, before, between or after the reviewers", async () => {
      const { rounds, review, reviewers, postWith, signers } = await inReview();
      const strangers = [...signers.slice(0, 3), ...signers.slice(15, 18)];

      for (const stranger of strangers) {
        const reviews = [await review(reviewers[0]), await review(reviewers[2]), await review(stranger)];
        reviews.sort((a, b) => (BigInt(a.reviewer) < BigInt(b.reviewer) ? -1 : 1));
        await expect(postWith(reviews))
          .to.be.revertedWithCustomError(rounds, "NotRoundReviewer")
          .withArgs(stranger.address);
      }
    });

    it("counts no signature of another round, chain, contract, manifest, score or key", async () => {
      const { rounds, review, reviewers, postWith, domain, stranger } = await inReview();
      const [first, second] = reviewers;
      const good = await review(first);
      const forged = await review(stranger);

      for (const bad of [
        await review(second, { round: id("other") }),
        await review(second, { of: { ...domain, chainId: 1n } }),
        await review(second, { of: { ...domain, verifyingContract: stranger.address } }),
        await review(second, { manifestDigest: id("other") }),
        { ...(await review(second)), scoresHash: id("other") },
        { ...forged, reviewer: second.address },
        { ...(await review(second)), signature: "0x" },
      ]) {
        await expect(postWith([good, bad]))
          .to.be.revertedWithCustomError(rounds, "ReviewInvalid")
          .withArgs(second.address);
      }
    });

    it("takes a smart wallet's review (ERC-1271)", async () => {
      const { rounds, alice, stranger, opened } = await fixture();
      const wallet = await ethers.deployContract("ERC1271Wallet", [stranger.address]);
      const reviewer = await wallet.getAddress();
      const round = await opened({ minReviews: 1, reviewers: [reviewer] });
      await round.fund(1_000n);
      await round.toResults();

      const review = { ...(await round.review(stranger)), reviewer };
      await rounds.connect(alice).postResult(round.opening, round.resultOf().result, [review]);
      expect(await round.stateOf()).to.equal(State.Challenge);
    });

    it("hashes what a reviewer signs as EIP-712 says", async () => {
      const { rounds, roundId, review, reviewers } = await inReview();
      const { scoresHash, signature } = await review(reviewers[0]);

      const hash = await rounds.reviewHashOf(roundId, id("manifest"), scoresHash);
      expect(ethers.recoverAddress(hash, signature)).to.equal(reviewers[0].address);
    });
  });
});
