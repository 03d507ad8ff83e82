import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { SYMBOLS } from "../royalties/support.js";
import { partOf, State } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("TrainingRounds", () => {
  describe("fund", () => {
    for (const symbol of SYMBOLS) {
      it(`takes ${symbol}, and knows each funding by what was raised before`, async () => {
        const { rounds, roundsAddress, bob, carol, currencyOf, opened, expectMoved } = await fixture();
        const { roundId, fund, record } = await opened({ currency: currencyOf(symbol) });
        const currency = currencyOf(symbol);

        const first = fund(700n, bob);
        await expect(first).to.emit(rounds, "RoundFunded").withArgs(roundId, bob.address, 0, 700);
        await expectMoved(first, currency, [
          [bob.address, -700n],
          [roundsAddress, 700n],
        ]);
        await expect(fund(1n, carol)).to.emit(rounds, "RoundFunded").withArgs(roundId, carol.address, 700, 1);
        await expect(fund(299n, bob)).to.emit(rounds, "RoundFunded").withArgs(roundId, bob.address, 701, 299);

        expect((await record()).raised).to.equal(1_000n);
        expect(await rounds.fundingOf(roundId, 0)).to.deep.equal([bob.address, 700n]);
        expect(await rounds.fundingOf(roundId, 700)).to.deep.equal([carol.address, 1n]);
        expect(await rounds.fundingOf(roundId, 701)).to.deep.equal([bob.address, 299n]);
        expect(await rounds.fundingOf(roundId, 1)).to.deep.equal([ZeroAddress, 0n]);
      });
    }

    it("returns the offset", async () => {
      const { rounds, bob, opened } = await fixture();
      const { roundId, fund } = await opened();
      await fund(5n);

      expect(await rounds.connect(bob).fund.staticCall(roundId, 1n)).to.equal(5n);
    });

    it("takes money in the last second, and none after it", async () => {
      const { rounds, opened } = await fixture();
      const { roundId, fund, schedule, stateOf } = await opened();

      await time.setNextBlockTimestamp(schedule.fundingUntil);
      await fund(1_000n);
      expect(await stateOf()).to.equal(State.Open);
      await time.setNextBlockTimestamp(schedule.fundingUntil + 1);
      await expect(fund(1n))
        .to.be.revertedWithCustomError(rounds, "RoundTooLate")
        .withArgs(roundId, schedule.fundingUntil);
    });

    it("takes the cap, and not a unit more", async () => {
      const { rounds, opened } = await fixture();
      const { fund } = await opened();

      await expect(fund(3_001n)).to.be.revertedWithCustomError(rounds, "FundingInvalid").withArgs(3_001, 3_000);
      await fund(2_999n);
      for (const amount of [0n, 2n, 2n ** 96n + 1n]) {
        await expect(fund(amount)).to.be.revertedWithCustomError(rounds, "FundingInvalid").withArgs(amount, 1);
      }
      await fund(1n);
      await expect(fund(1n)).to.be.revertedWithCustomError(rounds, "FundingInvalid").withArgs(1, 0);
    });

    it("refuses ETH that is not the amount, and any for an ERC-20", async () => {
      const { rounds, opened } = await fixture();
      const inEth = await opened({ currency: ETH });
      const inToken = await opened();

      for (const value of [0n, 9n, 11n]) {
        await expect(rounds.fund(inEth.roundId, 10n, { value }))
          .to.be.revertedWithCustomError(rounds, "RoundValueMismatch")
          .withArgs(10, value);
      }
      await expect(rounds.fund(inToken.roundId, 10n, { value: 10n }))
        .to.be.revertedWithCustomError(rounds, "RoundValueMismatch")
        .withArgs(0, 10);
    });

    it("refuses a round that does not exist", async () => {
      const { rounds } = await fixture();
      const unknown = ethers.id("unknown");

      await expect(rounds.fund(unknown, 1n))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(unknown, State.None, State.Open);
    });
  });

  describe("refund", () => {
    for (const symbol of SYMBOLS) {
      it(`pays ${symbol} back when the target is missed by one unit`, async () => {
        const { rounds, roundsAddress, bob, currencyOf, failed, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const { roundId, stateOf } = await failed({ currency });
        expect(await stateOf()).to.equal(State.Refunding);

        const refund = rounds.connect(bob).refund(roundId, [0], bob);
        await expect(refund).to.emit(rounds, "FundingRefunded").withArgs(roundId, bob.address, 0, bob.address, 700);
        await expectMoved(refund, currency, [
          [roundsAddress, -700n],
          [bob.address, 700n],
        ]);
      });
    }

    it("pays each funding once", async () => {
      const { rounds, bob, carol, failed, balanceOf, usdcAddress } = await fixture();
      const { roundId } = await failed();
      await rounds.connect(bob).refund(roundId, [0], bob);

      for (const offset of [0, 1, 999]) {
        await expect(rounds.connect(bob).refund(roundId, [offset], bob))
          .to.be.revertedWithCustomError(rounds, "FundingNotFound")
          .withArgs(roundId, offset);
      }
      await expect(rounds.connect(carol).refund(roundId, [700, 700], carol))
        .to.be.revertedWithCustomError(rounds, "FundingNotFound")
        .withArgs(roundId, 700);
      await rounds.connect(carol).refund(roundId, [700], carol);
      expect(await balanceOf(usdcAddress)).to.equal(0n);
    });

    it("goes where the funder says, and for anybody else to the funder", async () => {
      const { rounds, bob, stranger, usdc, failed } = await fixture();
      const { roundId } = await failed();

      await expect(rounds.connect(stranger).refund(roundId, [0], stranger))
        .to.be.revertedWithCustomError(rounds, "NotRoundPayee")
        .withArgs(bob.address, stranger.address);
      await expect(rounds.connect(bob).refund(roundId, [0], stranger)).to.changeTokenBalances(
        ethers,
        usdc,
        [bob, stranger],
        [0n, 700n],
      );
    });

    it("lets anybody pay one funder's back, and not another's with it", async () => {
      const { rounds, bob, carol, stranger, failed, usdc } = await fixture();
      const { roundId } = await failed();

      await expect(rounds.connect(stranger).refund(roundId, [0, 700], bob))
        .to.be.revertedWithCustomError(rounds, "NotRoundPayee")
        .withArgs(carol.address, stranger.address);
      await expect(rounds.connect(stranger).refund(roundId, [0], bob)).to.changeTokenBalance(ethers, usdc, bob, 700n);
    });

    it("pays neither nobody nor itself", async () => {
      const { rounds, roundsAddress, bob, failed } = await fixture();
      const { roundId } = await failed();

      for (const to of [ZeroAddress, roundsAddress]) {
        await expect(rounds.connect(bob).refund(roundId, [0], to))
          .to.be.revertedWithCustomError(rounds, "RoundRecipientInvalid")
          .withArgs(to);
      }
    });

    it("begins in the second after the last for funding", async () => {
      const { rounds, bob, opened } = await fixture();
      const { roundId, fund, schedule } = await opened();
      await fund(999n);

      await time.setNextBlockTimestamp(schedule.fundingUntil);
      await expect(rounds.refund(roundId, [0], bob))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Open, State.Refunding);
      await time.setNextBlockTimestamp(schedule.fundingUntil + 1);
      await rounds.refund(roundId, [0], bob);
    });

    it("shares out a bond that was lost, to the unit", async () => {
      const { rounds, bob, carol, dave, opened, balanceOf, usdcAddress } = await fixture();
      const round = await opened({ schedule: { maxAttempts: 1 } });
      const { roundId, fund } = round;
      const amounts = [401n, 7n, 599n];
      const funders = [bob, carol, dave];
      for (const [i, amount] of amounts.entries()) await fund(amount, funders[i]);
      await round.toResults();
      await round.post();
      await round.challenge();
      await round.pastChallenges();
      await round.resolve(true);
      expect(await round.stateOf()).to.equal(State.Refunding);

      let offset = 0n;
      let sum = 0n;
      for (const [i, amount] of amounts.entries()) {
        const part = amount + partOf(50n, offset, amount, 1_007n);
        await expect(rounds.refund(roundId, [offset], funders[i]))
          .to.emit(rounds, "FundingRefunded")
          .withArgs(roundId, funders[i].address, offset, funders[i].address, part);
        [offset, sum] = [offset + amount, sum + part];
      }
      expect(sum).to.equal(1_057n);
      // The challenger's own bond is still here.
      expect(await balanceOf(usdcAddress)).to.equal(20n);
    });
  });

  describe("claimFundings", () => {
    it("gives shares by what was paid, all of them, whatever was paid in pieces", async () => {
      const { rounds, ledger, bob, carol, dave, opened } = await fixture();
      const round = await opened();
      const amounts = [333n, 1n, 1n, 334n, 331n];
      const funders = [bob, carol, bob, dave, carol];
      for (const [i, amount] of amounts.entries()) await round.fund(amount, funders[i]);
      await round.toResults();
      await round.post();
      await round.pastChallenges();
      await round.finalise();

      const offsets = [0n, 333n, 334n, 335n, 669n];
      let sum = 0n;
      for (const i of [3, 0, 4, 2, 1]) {
        const shares = partOf(333_333n, offsets[i], amounts[i], 1_000n);
        const part = partOf(50n, offsets[i], amounts[i], 1_000n);
        await expect(rounds.claimFundings(round.roundId, [offsets[i]], funders[i]))
          .to.emit(rounds, "FundingClaimed")
          .withArgs(round.roundId, funders[i].address, offsets[i], shares, funders[i].address, part);
        sum += shares;
      }
      expect(sum).to.equal(333_333n);
      const held = await Promise.all([bob, carol, dave].map((funder) => ledger.balanceOf(funder, round.model)));
      expect(held.reduce((a, b) => a + b)).to.equal(333_333n);
    });

    it("returns what the result does not spend, and excludes refunds", async () => {
      const { rounds, bob, finalised, usdc } = await fixture();
      const { roundId } = await finalised();

      await expect(rounds.refund(roundId, [0], bob))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(roundId, State.Finalised, State.Refunding);
      // Raised 1,000, of which the coordinator has 100 and the leaves 850.
      await expect(rounds.connect(bob).claimFundings(roundId, [0], bob)).to.changeTokenBalance(ethers, usdc, bob, 35n);
      await expect(rounds.connect(bob).claimFundings(roundId, [0], bob))
        .to.be.revertedWithCustomError(rounds, "FundingNotFound")
        .withArgs(roundId, 0);
    });

    it("is refused to who sends it elsewhere, and while the round refunds", async () => {
      const { rounds, bob, stranger, finalised, failed } = await fixture();
      const { roundId } = await finalised();
      await expect(rounds.connect(stranger).claimFundings(roundId, [0], stranger))
        .to.be.revertedWithCustomError(rounds, "NotRoundPayee")
        .withArgs(bob.address, stranger.address);

      const other = await failed();
      await expect(rounds.connect(bob).claimFundings(other.roundId, [0], bob))
        .to.be.revertedWithCustomError(rounds, "RoundNotInState")
        .withArgs(other.roundId, State.Refunding, State.Finalised);
    });

    it("gives money only, where funders have no shares", async () => {
      const { rounds, ledger, bob, finalised } = await fixture();
      const round = await finalised({ split: { contributors: 1_000_000, funders: 0, coordinator: 0 } });
      expect((await round.record()).pool).to.equal(ZeroAddress);

      await expect(rounds.connect(bob).claimFundings(round.roundId, [0], bob))
        .to.emit(rounds, "FundingClaimed")
        .withArgs(round.roundId, bob.address, 0, 0, bob.address, 35);
      expect(await ledger.balanceOf(bob, round.model)).to.equal(0n);
    });
  });
});
