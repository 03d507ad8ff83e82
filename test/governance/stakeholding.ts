import { expect } from "chai";
import { parseEther, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, registerModel, TOTAL_SHARES } from "../helpers/models.js";
import { deployStakeholding, EPOCH, ETH_RATE, paymentFor, SCALE, USDC_RATE } from "./stakeholding.support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const deploy = () => deployStakeholding(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("Stakeholding", () => {
  describe("deployment", () => {
    it("names timelock, WEAL and ledger, has its reserve and a cap, and no rate", async () => {
      const context = await fixture();
      const { stakeholding, stakeholdingAddress, weal, parameters } = context;
      const cap = parseEther(parameters.stakeholdingEpochCap);

      expect(await stakeholding.governance()).to.equal(context.treasury);
      expect(await stakeholding.weal()).to.equal(context.wealAddress);
      expect(await stakeholding.ledger()).to.equal(context.ledgerAddress);
      expect(await stakeholding.epochLength()).to.equal(EPOCH);
      expect(await stakeholding.epochCap()).to.equal(cap);
      expect(await stakeholding.available()).to.equal(cap);
      expect(await stakeholding.rateOf(context.unlisted)).to.equal(0n);
      expect(await weal.balanceOf(stakeholdingAddress)).to.equal(parseEther(parameters.genesis.stakeholding));
      const [first] = await stakeholding.queryFilter(stakeholding.filters.EpochCapUpdated());
      expect(Array.from(first.args)).to.deep.equal([0n, cap]);
    });
  });

  describe("award", () => {
    it("cascades a model, counts its fees, and pays it through the ledger", async () => {
      const { stakeholding, ledger, openWithFees, stakeholdingAddress, wealAddress, stranger, expectMoved, ...rest } =
        await fixture();
      const model = await openWithFees(1_234n);
      expect(await stakeholding.feesOf(model, ETH)).to.equal(0n);
      const award = stakeholding.connect(stranger).award([model], ETH);

      await expectMoved(award, wealAddress, [
        [stakeholdingAddress, -2_468_000n],
        [rest.ledgerAddress, 2_468_000n],
        [stranger.address, 0n],
      ]);
      await expect(award).to.emit(ledger, "Cascaded").withArgs(model, ETH, paymentFor(1_234n), 1_234n);
      await expect(award).to.emit(stakeholding, "FeesCounted").withArgs(model, ETH, 1_234n, 2_468_000n);
      await expect(award)
        .to.emit(ledger, "Paid")
        .withArgs(model, wealAddress, stakeholdingAddress, 2_468_000n, toBeHex(ZeroAddress, 32));
      expect(await stakeholding.feesOf(model, ETH)).to.equal(1_234n);
      expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(1_234n);
      expect(await rest.wealOf(model)).to.equal(2_468_000n);
    });

    it("has the currency as the payment's reference, and counts each by itself", async () => {
      const { stakeholding, ledger, openWithFees, bring, stakeholdingAddress, wealAddress, usdcAddress } =
        await fixture();
      const model = await openWithFees(7n, usdcAddress);
      await bring(model, 5n);

      await expect(stakeholding.award([model], usdcAddress))
        .to.emit(ledger, "Paid")
        .withArgs(model, wealAddress, stakeholdingAddress, 7n * 10n ** 12n, toBeHex(usdcAddress, 32));
      expect(await stakeholding.countedFeesOf(model, usdcAddress)).to.equal(7n);
      expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(0n);
      await expect(stakeholding.award([model], ETH))
        .to.emit(stakeholding, "FeesCounted")
        .withArgs(model, ETH, 5n, 10_000n);
    });

    it("pays several models at once, and tells how much in all", async () => {
      const { stakeholding, weal, openWithFees, stakeholdingAddress, ledgerAddress, wealOf } = await fixture();
      const models = [await openWithFees(1n), await openWithFees(20n), await openWithFees(300n)];
      expect(await stakeholding.award.staticCall(models, ETH)).to.equal(321n * 2_000n);
      const award = stakeholding.award(models, ETH);

      // In one transfer.
      await expect(award).to.emit(weal, "Transfer").withArgs(stakeholdingAddress, ledgerAddress, 642_000n);
      expect(await Promise.all(models.map(wealOf))).to.deep.equal([2_000n, 40_000n, 600_000n]);
      expect(await stakeholding.award.staticCall(models, ETH)).to.equal(0n);
    });

    it("passes over models without new fees", async () => {
      const { stakeholding, open, openWithFees, wealOf, awarded } = await fixture();
      const models = [await open(), await openWithFees(3n), await open(), await openWithFees(4n), await open()];

      expect(await awarded(models)).to.equal(14_000n);
      expect(await Promise.all(models.map(wealOf))).to.deep.equal([0n, 6_000n, 0n, 8_000n, 0n]);
      await expect(stakeholding.award(models, ETH)).not.to.emit(stakeholding, "FeesCounted");
    });

    it("counts a model once that is named twice", async () => {
      const { openWithFees, awarded, wealOf } = await fixture();
      const [one, other] = [await openWithFees(3n), await openWithFees(5n)];

      expect(await awarded([one, other, one, one])).to.equal(16_000n);
      expect(await wealOf(one)).to.equal(6_000n);
    });

    it("pays only for what is new the next time", async () => {
      const { stakeholding, openWithFees, bring } = await fixture();
      const model = await openWithFees(3n);
      await stakeholding.award([model], ETH);
      await bring(model, 4n);

      await expect(stakeholding.award([model], ETH))
        .to.emit(stakeholding, "FeesCounted")
        .withArgs(model, ETH, 4n, 8_000n);
      expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(7n);
    });

    it("does nothing for no models", async () => {
      const { stakeholding, weal, awarded } = await fixture();

      expect(await awarded([])).to.equal(0n);
      await expect(stakeholding.award([], ETH)).not.to.emit(weal, "Transfer");
    });

    it("pays the registry's models as those that somebody opened in the ledger alone", async () => {
      const { registry, ledger, openWithFees, bring, alice, registrar, awarded } = await fixture();
      const registered = await registerModel({ registry }, alice);
      await bring(registered, 2n);
      const opened = await openWithFees(2n);
      expect(await ledger.queryFilter(ledger.filters.ModelOpened(opened, registrar.address))).to.have.lengthOf(1);

      expect(await awarded([registered])).to.equal(4_000n);
      expect(await awarded([opened])).to.equal(4_000n);
    });

    it("has no part in a model that pays no fee", async () => {
      const { stakeholding, governed, open, pay } = await fixture();
      await governed.setProtocolFee(0);
      const model = await open();
      await pay(model, ETH, 10n ** 18n);

      await expect(stakeholding.award([model], ETH)).not.to.emit(stakeholding, "FeesCounted");
      expect(await stakeholding.feesOf(model, ETH)).to.equal(0n);
    });

    it("is refused without a rate: for WEAL, and for what governance named none for", async () => {
      const { stakeholding, open, wealAddress, unlisted, governedStakeholding } = await fixture();
      const model = await open();
      await governedStakeholding.setRate(ETH, 0n);

      for (const currency of [wealAddress, unlisted, ETH]) {
        await expect(stakeholding.award([model], currency))
          .to.be.revertedWithCustomError(stakeholding, "RateZero")
          .withArgs(currency);
      }
    });

    it("is refused for a model that is not open, and for a currency that is not listed", async () => {
      const { stakeholding, ledger, openWithFees, stranger, unlisted, governedStakeholding } = await fixture();
      const model = await openWithFees(1n);
      await governedStakeholding.setRate(unlisted, SCALE);

      await expect(stakeholding.award([model, stranger.address], ETH))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
      await expect(stakeholding.award([model], unlisted))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
      expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(0n);
    });
  });

  describe("lineage", () => {
    /** A child of Bob's that passes 20 % on to a parent of Carol's and brings fees on what stays: 800 of 100,000. */
    async function lineage() {
      const context = await fixture();
      const { open, pay, bob, carol } = context;
      const parent = await open({ holdings: [[carol.address, TOTAL_SHARES]] });
      const child = await open({ parents: [[parent, 2_000]], holdings: [[bob.address, TOTAL_SHARES]] });
      await pay(child, ETH, 100_000n);

      return { ...context, parent, child };
    }

    it("passes WEAL on to parents, where their holders claim it", async () => {
      const { stakeholding, ledger, wealAddress, child, parent, bob, carol, expectMoved } = await lineage();
      await stakeholding.award([child], ETH);
      await ledger.cascade([child, parent], wealAddress);

      // 800 · 2,000 units, of which each holder is charged the fee of 1 %.
      const [forParent, forChild] = [320_000n, 1_280_000n];
      await expectMoved(ledger.connect(carol).claim([parent], wealAddress, carol.address), wealAddress, [
        [carol.address, (forParent * 99n) / 100n],
      ]);
      await expectMoved(ledger.claimFor(bob.address, [child], wealAddress), wealAddress, [
        [bob.address, (forChild * 99n) / 100n],
      ]);
      expect(await ledger.collectableFees(wealAddress)).to.equal(16_000n);
    });

    it("counts what came to parents in the next call when parents come first", async () => {
      const { stakeholding, child, parent } = await lineage();
      const parentsFirst = stakeholding.award([parent, child], ETH);

      await expect(parentsFirst).to.emit(stakeholding, "FeesCounted").withArgs(child, ETH, 800n, 1_600_000n);
      expect(await stakeholding.countedFeesOf(parent, ETH)).to.equal(0n);
      await expect(stakeholding.award([child, parent], ETH))
        .to.emit(stakeholding, "FeesCounted")
        .withArgs(parent, ETH, 200n, 400_000n);
    });

    it("counts it in the same call when children come first", async () => {
      const { stakeholding, child, parent, awarded } = await lineage();

      expect(await awarded([child, parent])).to.equal(2_000_000n);
      expect(await stakeholding.countedFeesOf(parent, ETH)).to.equal(200n);
    });
  });

  describe("fractions", () => {
    it("are carried: with a third of a unit for a unit of fees, three earn none or one, as it was rounded", async () => {
      for (const [rate, expected] of [
        [SCALE / 3n, [0n, 0n, 0n, 1n, 0n, 0n, 1n, 0n, 0n, 1n]],
        [SCALE / 3n + 1n, [0n, 0n, 1n, 0n, 0n, 1n, 0n, 0n, 1n, 0n]],
      ] as const) {
        const { governedStakeholding, stakeholding, weal, open, bring, awarded } = await fixture();
        await governedStakeholding.setRate(ETH, rate);
        const model = await open();

        const paid: bigint[] = [];
        for (const _ of expected) {
          await bring(model, 1n);
          paid.push(await awarded([model]));
        }
        expect(paid).to.deep.equal(expected);
        expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(10n);

        // What earns less than a unit is counted, and nothing is paid.
        await bring(model, 1n);
        const award = stakeholding.award([model], ETH);
        await expect(award).to.emit(stakeholding, "FeesCounted").withArgs(model, ETH, 1n, 0n);
        await expect(award).not.to.emit(weal, "Transfer");
      }
    });

    it("are each model's own", async () => {
      const { governedStakeholding, openWithFees, awarded } = await fixture();
      await governedStakeholding.setRate(ETH, SCALE / 2n);
      const models = [await openWithFees(1n), await openWithFees(1n)];

      expect(await awarded(models)).to.equal(0n);
    });

    it("are each currency's own", async () => {
      const { governedStakeholding, openWithFees, bring, usdcAddress, awarded } = await fixture();
      await governedStakeholding.setRate(ETH, SCALE / 2n);
      await governedStakeholding.setRate(usdcAddress, SCALE / 2n);
      const model = await openWithFees(1n);
      await bring(model, 1n, usdcAddress);

      expect(await awarded([model])).to.equal(0n);
      expect(await awarded([model], usdcAddress)).to.equal(0n);
    });
  });

  describe("rates", () => {
    it("are those of the moment in which fees are counted", async () => {
      const { governedStakeholding, openWithFees, bring, awarded } = await fixture();
      const model = await openWithFees(10n);
      expect(await awarded([model])).to.equal(20_000n);

      await bring(model, 10n);
      await governedStakeholding.setRate(ETH, 3n * ETH_RATE);
      await bring(model, 10n);

      expect(await awarded([model])).to.equal(120_000n);
    });

    it("lose nothing while they are 0", async () => {
      const { stakeholding, governedStakeholding, ledger, openWithFees, bring, awarded } = await fixture();
      const model = await openWithFees(10n);
      await governedStakeholding.setRate(ETH, 0n);
      await ledger.cascade([model], ETH);
      await bring(model, 5n);
      await expect(stakeholding.award([model], ETH))
        .to.be.revertedWithCustomError(stakeholding, "RateZero")
        .withArgs(ETH);

      await governedStakeholding.setRate(ETH, ETH_RATE);
      expect(await awarded([model])).to.equal(30_000n);
    });

    it("leave a fraction as it was earned", async () => {
      const { governedStakeholding, openWithFees, bring, usdcAddress, awarded } = await fixture();
      await governedStakeholding.setRate(usdcAddress, (SCALE * 3n) / 4n);
      const model = await openWithFees(1n, usdcAddress);
      expect(await awarded([model], usdcAddress)).to.equal(0n);

      await governedStakeholding.setRate(usdcAddress, SCALE / 4n);
      await bring(model, 1n, usdcAddress);
      expect(await awarded([model], usdcAddress)).to.equal(1n);
    });

    it("fit currencies of few decimals: one WEAL for one USDC", async () => {
      const { governedStakeholding, openWithFees, usdcAddress, awarded } = await fixture();
      await governedStakeholding.setRate(usdcAddress, USDC_RATE);
      const model = await openWithFees(3_500_000n, usdcAddress);

      expect(await awarded([model], usdcAddress)).to.equal(parseEther("3.5"));
    });
  });
});
