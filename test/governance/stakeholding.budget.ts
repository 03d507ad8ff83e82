import { expect } from "chai";
import { MaxUint256, parseEther } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { MAX_RECEIVED } from "../royalties/support.js";
import { deployStakeholding, EPOCH, ETH_RATE, SCALE } from "./stakeholding.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const deploy = () => deployStakeholding(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** What a unit of ETH earns, in units of WEAL. */
const UNIT = ETH_RATE / SCALE;

/** Calculates by trial how many of `fees` a budget pays, and what they earn, on top of a fraction. */
function payable(fees: bigint, rate: bigint, budget: bigint, remainder: bigint) {
  let counted = 0n;
  while (counted < fees && ((counted + 1n) * rate + remainder) / SCALE <= budget) counted += 1n;
  const earned = counted * rate + remainder;

  return { counted, amount: earned / SCALE, remainder: earned % SCALE };
}

describe("Stakeholding", () => {
  describe("an epoch's budget", () => {
    it("is spent by awards, and is full again in the first second of the next epoch", async () => {
      const { stakeholding, governedStakeholding, openWithFees, bring, awarded } = await fixture();
      await governedStakeholding.setEpochCap(10n * UNIT);
      const model = await openWithFees(7n);
      await stakeholding.award([model], ETH);
      expect(await stakeholding.available()).to.equal(3n * UNIT);

      await bring(model, 8n);
      expect(await awarded([model])).to.equal(3n * UNIT);
      expect(await stakeholding.available()).to.equal(0n);

      const next = (Math.floor((await time.latest()) / EPOCH) + 1) * EPOCH;
      await time.setNextBlockTimestamp(next - 1);
      await expect(stakeholding.award([model], ETH)).not.to.emit(stakeholding, "FeesCounted");
      expect(await stakeholding.available()).to.equal(0n);
      await time.setNextBlockTimestamp(next);
      await expect(stakeholding.award([model], ETH))
        .to.emit(stakeholding, "FeesCounted")
        .withArgs(model, ETH, 5n, 5n * UNIT);
      expect(await stakeholding.available()).to.equal(5n * UNIT);
    });

    it("is told for the moment: in a new epoch it is full before anybody was paid", async () => {
      const { stakeholding, governedStakeholding, openWithFees, toNextEpoch } = await fixture();
      await governedStakeholding.setEpochCap(10n * UNIT);
      await stakeholding.award([await openWithFees(10n)], ETH);
      expect(await stakeholding.available()).to.equal(0n);

      await toNextEpoch();
      expect(await stakeholding.available()).to.equal(10n * UNIT);
    });

    it("may end in the middle of a list: what waits counts in the next epoch", async () => {
      const { stakeholding, governedStakeholding, openWithFees, toNextEpoch, awarded, wealOf } = await fixture();
      await governedStakeholding.setEpochCap(10n * UNIT);
      const models = [await openWithFees(6n), await openWithFees(7n), await openWithFees(8n)];

      expect(await awarded(models)).to.equal(10n * UNIT);
      expect(await Promise.all(models.map(wealOf))).to.deep.equal([6n * UNIT, 4n * UNIT, 0n]);
      expect(await stakeholding.countedFeesOf(models[1], ETH)).to.equal(4n);
      expect(await stakeholding.feesOf(models[1], ETH)).to.equal(7n);

      await toNextEpoch();
      expect(await awarded(models)).to.equal(10n * UNIT);
      await toNextEpoch();
      expect(await awarded(models)).to.equal(1n * UNIT);
      expect(await Promise.all(models.map(wealOf))).to.deep.equal([6n * UNIT, 7n * UNIT, 8n * UNIT]);
    });

    it("is not saved up over epochs in which nobody came", async () => {
      const { governedStakeholding, openWithFees, toNextEpoch, awarded } = await fixture();
      await governedStakeholding.setEpochCap(10n * UNIT);
      const model = await openWithFees(100n);
      expect(await awarded([model])).to.equal(10n * UNIT);

      await toNextEpoch(7);
      expect(await awarded([model])).to.equal(10n * UNIT);
      expect(await awarded([model])).to.equal(0n);
    });

    it("is one for all currencies", async () => {
      const { governedStakeholding, openWithFees, bring, usdcAddress, awarded } = await fixture();
      await governedStakeholding.setEpochCap(10n * UNIT);
      await governedStakeholding.setRate(usdcAddress, ETH_RATE);
      const model = await openWithFees(6n);
      await bring(model, 6n, usdcAddress);

      expect(await awarded([model], usdcAddress)).to.equal(6n * UNIT);
      expect(await awarded([model])).to.equal(4n * UNIT);
    });

    it("pays no part of what a unit of fees earns", async () => {
      const { stakeholding, governedStakeholding, openWithFees, awarded } = await fixture();
      await governedStakeholding.setEpochCap(10n * UNIT - 1n);
      const model = await openWithFees(10n);

      expect(await awarded([model])).to.equal(9n * UNIT);
      expect(await stakeholding.available()).to.equal(UNIT - 1n);
      expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(9n);
    });

    it("waits for more where a unit of fees earns more than an epoch may pay", async () => {
      const { governedStakeholding, openWithFees, toNextEpoch, awarded } = await fixture();
      await governedStakeholding.setEpochCap(UNIT - 1n);
      const model = await openWithFees(2n);
      expect(await awarded([model])).to.equal(0n);
      await toNextEpoch();
      expect(await awarded([model])).to.equal(0n);

      await governedStakeholding.setEpochCap(UNIT);
      expect(await awarded([model])).to.equal(UNIT);
    });

    it("counts as many fees as it can pay, to the unit, with the fraction that was carried", async () => {
      const { stakeholding, governedStakeholding, bring, open, toNextEpoch } = await fixture();
      for (const rate of [1n, SCALE / 3n, SCALE / 3n + 1n, SCALE - 1n, SCALE, (SCALE * 17n) / 7n]) {
        await governedStakeholding.setRate(ETH, rate);
        const model = await open();
        let [waiting, remainder] = [0n, 0n];
        for (const budget of [0n, 1n, 0n, 2n, 3n, 5n]) {
          await toNextEpoch();
          await governedStakeholding.setEpochCap(budget);
          await bring(model, 9n);
          waiting += 9n;
          const expected = payable(waiting, rate, budget, remainder);
          const award = stakeholding.award([model], ETH);
          if (expected.counted === 0n) {
            await expect(award).not.to.emit(stakeholding, "FeesCounted");
          } else {
            await expect(award)
              .to.emit(stakeholding, "FeesCounted")
              .withArgs(model, ETH, expected.counted, expected.amount);
          }
          expect(await stakeholding.available()).to.equal(budget - expected.amount);
          waiting -= expected.counted;
          remainder = expected.remainder;
        }
      }
    });

    it("follows its cap within an epoch: lowered below what was spent it is 0, raised it has the rest", async () => {
      const { stakeholding, governedStakeholding, openWithFees, awarded } = await fixture();
      await governedStakeholding.setEpochCap(10n * UNIT);
      const model = await openWithFees(100n);
      expect(await awarded([model])).to.equal(10n * UNIT);

      await governedStakeholding.setEpochCap(9n * UNIT);
      expect(await stakeholding.available()).to.equal(0n);
      expect(await awarded([model])).to.equal(0n);
      await governedStakeholding.setEpochCap(12n * UNIT);
      expect(await awarded([model])).to.equal(2n * UNIT);
    });

    it("is nothing with a cap of 0", async () => {
      const { stakeholding, governedStakeholding, openWithFees, awarded } = await fixture();
      await governedStakeholding.setEpochCap(0n);
      const model = await openWithFees(100n);

      expect(await awarded([model])).to.equal(0n);
      expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(0n);
    });
  });

  describe("the reserve", () => {
    it("pays what it has, to the unit; then what is sent to it", async () => {
      const { stakeholding, weal, openWithFees, leaveInReserve, stakeholdingAddress, deployer, awarded } =
        await fixture();
      await leaveInReserve(5n * UNIT);
      const models = [await openWithFees(3n), await openWithFees(9n)];
      expect(await stakeholding.available()).to.equal(5n * UNIT);

      expect(await awarded(models)).to.equal(5n * UNIT);
      expect(await weal.balanceOf(stakeholdingAddress)).to.equal(0n);
      expect(await awarded(models)).to.equal(0n);

      await weal.connect(deployer).transfer(stakeholdingAddress, 6n * UNIT);
      expect(await awarded(models)).to.equal(6n * UNIT);
      await weal.connect(deployer).transfer(stakeholdingAddress, 6n * UNIT);
      expect(await awarded(models)).to.equal(1n * UNIT);
      expect(await stakeholding.countedFeesOf(models[1], ETH)).to.equal(9n);
    });

    it("is paid out whole at the largest rate, cap and fees that there can be; nothing overflows", async () => {
      const { stakeholding, governedStakeholding, governed, weal, stakeholdingAddress, ...rest } = await fixture();
      const { payer, ledger, ledgerAddress, usdc, usdcAddress, open, pay, wealOf } = rest;
      await usdc.mint(payer.address, MAX_RECEIVED);
      await usdc.connect(payer).approve(ledgerAddress, MaxUint256);
      await governed.setProtocolFee(250);
      await governedStakeholding.setEpochCap(2n ** 128n - 1n);
      const models = [await open(), await open()];
      await pay(models[0], usdcAddress, MAX_RECEIVED);
      const fees = (MAX_RECEIVED * 250n) / 10_000n;

      // The largest rate: less than that in all, and no part of a unit of fees.
      const most = 2n ** 128n - 1n;
      await governedStakeholding.setRate(usdcAddress, most);
      const reserve = await weal.balanceOf(stakeholdingAddress);
      const counted = ((reserve + 1n) * SCALE - 1n) / most;
      await expect(stakeholding.award(models, usdcAddress))
        .to.emit(stakeholding, "FeesCounted")
        .withArgs(models[0], usdcAddress, counted, (counted * most) / SCALE);
      expect(await stakeholding.feesOf(models[0], usdcAddress)).to.equal(fees);
      expect(await ledger.collectableFees(usdcAddress)).to.equal(fees);

      // A unit for a unit: the rest, to the last.
      await governedStakeholding.setRate(usdcAddress, SCALE);
      await stakeholding.award(models, usdcAddress);
      expect(await weal.balanceOf(stakeholdingAddress)).to.equal(0n);
      expect(await wealOf(models[0])).to.equal(reserve);
      expect(await stakeholding.available()).to.equal(0n);

      // All that there is of fees, at the smallest rate.
      await weal.connect(rest.deployer).transfer(stakeholdingAddress, parseEther("1"));
      await governedStakeholding.setRate(usdcAddress, 1n);
      await stakeholding.award(models, usdcAddress);
      expect(await stakeholding.countedFeesOf(models[0], usdcAddress)).to.equal(fees);
      expect(await ethers.provider.getBalance(stakeholdingAddress)).to.equal(0n);
    });
  });
});
