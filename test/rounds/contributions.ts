import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { SYMBOLS } from "../royalties/support.js";
import { commitmentOf, Kind, State, Status } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** A funded round with a submission of Dave's, in review. */
async function inReview() {
  const context = await fixture();
  const round = await context.opened();
  await round.fund(1_000n);
  await round.submit("data");
  await time.increaseTo(round.schedule.submissionUntil);

  return { ...context, ...round, commitment: commitmentOf(context.dave.address, id("data")) };
}

describe("TrainingRounds", () => {
  describe("submit", () => {
    for (const symbol of SYMBOLS) {
      it(`takes a commitment, and a bond in ${symbol}`, async () => {
        const { rounds, roundsAddress, dave, opened, currencyOf, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const { roundId, submit } = await opened({ currency });
        const commitment = commitmentOf(dave.address, id("data"));
        expect(await rounds.commitmentOf(dave.address, id("data"))).to.equal(commitment);

        const submission = submit("data");
        await expect(submission)
          .to.emit(rounds, "ContributionSubmitted")
          .withArgs(roundId, dave.address, commitment, Kind.Data, 12);
        await expectMoved(submission, currency, [
          [dave.address, -7n],
          [roundsAddress, 7n],
        ]);
        expect(await rounds.submissionOf(roundId, dave.address, commitment)).to.equal(Status.Sealed);
      });
    }

    it("takes none twice of the same contributor, and the same of several", async () => {
      const { rounds, dave, erin, opened } = await fixture();
      const { roundId, submit } = await opened();
      const commitment = commitmentOf(dave.address, id("data"));
      await rounds.connect(erin).submit(roundId, commitment, Kind.Code, 1);

      await submit("data");
      await expect(submit("data"))
        .to.be.revertedWithCustomError(rounds, "ContributionAlreadySubmitted")
        .withArgs(roundId, dave.address, commitment);
      await submit("data", erin);
    });

    it("takes them to the last second, of a round that has its target", async () => {
      const { rounds, erin, opened } = await fixture();
      const { roundId, fund, submit, schedule } = await opened();
      await fund(1_000n);

      await time.setNextBlockTimestamp(schedule.submissionUntil);
      await submit("data");
      await time.setNextBlockTimestamp(schedule.submissionUntil + 1);
      await expect(submit("data", erin))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Review, State.Open);
    });

    it("takes no bond where there is none", async () => {
      const { rounds, opened, dave, balanceOf, usdcAddress } = await fixture();
      const { roundId, submit } = await opened({ money: { submissionBond: 0n } });
      await submit("data");
      expect(await balanceOf(usdcAddress)).to.equal(0n);

      await expect(rounds.connect(dave).submit(roundId, id("other"), Kind.Data, 1, { value: 1n }))
        .to.be.revertedWithCustomError(rounds, "RoundValueMismatch")
        .withArgs(0, 1);
    });
  });

  describe("reveal", () => {
    it("tells the digest of what was submitted, once", async () => {
      const { rounds, dave, roundId, reveal, commitment } = await inReview();

      await expect(reveal("data"))
        .to.emit(rounds, "ContributionRevealed")
        .withArgs(roundId, dave.address, commitment, id("data"), "ipfs://data");
      expect(await rounds.submissionOf(roundId, dave.address, commitment)).to.equal(Status.Revealed);
      await expect(reveal("data"))
        .to.be.revertedWithCustomError(rounds, "ContributionNotSealed")
        .withArgs(roundId, dave.address, commitment);
    });

    it("is of no use to who copies another's digest, or commitment", async () => {
      const { rounds, dave, erin, opened } = await fixture();
      const round = await opened();
      const { roundId } = round;
      await round.fund(1_000n);
      await round.submit("data");
      // Erin saw what Dave submitted, and copies it; later she sees the digest before it is in a block.
      await rounds.connect(erin).submit(roundId, commitmentOf(dave.address, id("data")), Kind.Data, 12);
      await time.increaseTo(round.schedule.submissionUntil);

      await expect(round.reveal("data", erin))
        .to.be.revertedWithCustomError(rounds, "ContributionNotSealed")
        .withArgs(roundId, erin.address, commitmentOf(erin.address, id("data")));
      await expect(rounds.connect(erin).submit(roundId, commitmentOf(erin.address, id("data")), Kind.Data, 12))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Review, State.Open);
      await round.reveal("data", dave);
    });

    it("has its seconds: from the first of review to the last to reveal", async () => {
      const { rounds, opened, dave } = await fixture();
      const { roundId, fund, submit, reveal, schedule } = await opened();
      await fund(1_000n);
      for (const text of ["a", "b", "c"]) await submit(text, dave);

      await time.setNextBlockTimestamp(schedule.submissionUntil);
      await expect(reveal("a"))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Open, State.Review);
      await time.setNextBlockTimestamp(schedule.submissionUntil + 1);
      await reveal("a");
      await time.setNextBlockTimestamp(schedule.revealUntil);
      await reveal("b");
      await time.setNextBlockTimestamp(schedule.revealUntil + 1);
      await expect(reveal("c"))
        .to.be.revertedWithCustomError(rounds, "RoundTooLate")
        .withArgs(roundId, schedule.revealUntil);
    });
  });

  describe("takeSubmissionBond", () => {
    it("pays the bond back once the digest is told, and once only", async () => {
      const { rounds, roundId, dave, stranger, usdc, commitment, reveal } = await inReview();
      await expect(rounds.takeSubmissionBond(roundId, dave, commitment, dave))
        .to.be.revertedWithCustomError(rounds, "SubmissionBondNotDue")
        .withArgs(roundId, dave.address, commitment);
      await reveal("data");

      const payment = rounds.connect(stranger).takeSubmissionBond(roundId, dave, commitment, dave);
      await expect(payment)
        .to.emit(rounds, "SubmissionBondPaid")
        .withArgs(roundId, dave.address, commitment, dave.address, 7);
      await expect(payment).to.changeTokenBalance(ethers, usdc, dave, 7n);
      expect(await rounds.submissionOf(roundId, dave.address, commitment)).to.equal(Status.Settled);
      await expect(rounds.takeSubmissionBond(roundId, dave, commitment, dave))
        .to.be.revertedWithCustomError(rounds, "SubmissionBondNotDue")
        .withArgs(roundId, dave.address, commitment);
    });

    it("sends it elsewhere for the contributor alone", async () => {
      const { rounds, roundId, dave, stranger, usdc, commitment, reveal } = await inReview();
      await reveal("data");

      await expect(rounds.connect(stranger).takeSubmissionBond(roundId, dave, commitment, stranger))
        .to.be.revertedWithCustomError(rounds, "NotRoundPayee")
        .withArgs(dave.address, stranger.address);
      await expect(rounds.connect(dave).takeSubmissionBond(roundId, dave, commitment, stranger)).to.changeTokenBalance(
        ethers,
        usdc,
        stranger,
        7n,
      );
    });

    it("pays one that was never told back when the round has ended, either way", async () => {
      const { rounds, dave, opened, usdc } = await fixture();
      const commitment = commitmentOf(dave.address, id("data"));
      const refunding = await opened();
      await refunding.submit("data");
      const finalised = await opened();
      await finalised.submit("data");
      await finalised.fund(1_000n);

      await time.increaseTo(refunding.schedule.fundingUntil + 1);
      await expect(rounds.takeSubmissionBond(refunding.roundId, dave, commitment, dave)).to.changeTokenBalance(
        ethers,
        usdc,
        dave,
        7n,
      );
      await finalised.toResults();
      await finalised.post();
      await expect(rounds.takeSubmissionBond(finalised.roundId, dave, commitment, dave))
        .to.be.revertedWithCustomError(rounds, "SubmissionBondNotDue")
        .withArgs(finalised.roundId, dave.address, commitment);
      await finalised.pastChallenges();
      await finalised.finalise();
      await expect(rounds.takeSubmissionBond(finalised.roundId, dave, commitment, dave)).to.changeTokenBalance(
        ethers,
        usdc,
        dave,
        7n,
      );
    });

    it("knows nothing of what was not submitted", async () => {
      const { rounds, roundId, erin, commitment } = await inReview();
      await time.increase(100 * DAY);

      await expect(rounds.takeSubmissionBond(roundId, erin, commitment, erin))
        .to.be.revertedWithCustomError(rounds, "SubmissionBondNotDue")
        .withArgs(roundId, erin.address, commitment);
    });

    it("moves nothing where the bond is nothing", async () => {
      const { rounds, dave, opened } = await fixture();
      const round = await opened({ currency: ETH, money: { submissionBond: 0n } });
      await round.submit("data");
      await time.increaseTo(round.schedule.fundingUntil + 1);

      const commitment = commitmentOf(dave.address, id("data"));
      await expect(rounds.takeSubmissionBond(round.roundId, dave, commitment, dave))
        .to.emit(rounds, "SubmissionBondPaid")
        .withArgs(round.roundId, dave.address, commitment, dave.address, 0);
    });
  });
});
