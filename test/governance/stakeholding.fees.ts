import { expect } from "chai";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { MAX_RECEIVED } from "../royalties/support.js";
import { closedFeesDown, closingOf, deployStakeholding } from "./stakeholding.support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const fixture = () => networkHelpers.loadFixture(deploy);

/** With sixteen parents, in the order of their ids. */
async function deploy() {
  const context = await deployStakeholding(connection);
  const { ledger, open } = context;
  const parents: string[] = [];
  for (let i = 0; i < 16; ++i) parents.push(await open());
  parents.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));

  /** Opens a model under a fee; its i-th edge ends i days from now, if it is among the first `ending`. */
  async function openChild(feeBps: number, rates: number[], ending: number) {
    await context.governed.setProtocolFee(feeBps);
    const start = await time.latest();
    const endOf = (edge: number) => start + (edge + 1) * 86_400;
    const model = await open({
      parents: rates.map((rate, i) => [parents[i], rate, i < ending ? endOf(i) : 0]),
    });

    /** Retires in the first second in which the i-th edge may be. */
    async function retire(edge: number): Promise<void> {
      await time.increaseTo(endOf(edge));
      await ledger.retire(model);
    }

    return { model, retire };
  }

  /** Returns the fees that the ledger charged a model, as its events tell them. */
  async function chargedFeesOf(model: string, currency: string): Promise<bigint> {
    const events = await ledger.queryFilter(ledger.filters.Cascaded(model));

    return events.filter(({ args }) => args.currency === currency).reduce((sum, { args }) => sum + args.fee, 0n);
  }

  return { ...context, openChild, chargedFeesOf };
}

/** Finds the first amount from `from` on that comes to what is asked for under rates and fee. */
function find(
  from: bigint,
  rates: bigint[],
  feeBps: bigint,
  isWanted: (closing: ReturnType<typeof closingOf>) => boolean,
) {
  let received = from;
  while (!isWanted(closingOf(received, rates, feeBps))) received += 1n;

  return received;
}

describe("Stakeholding", () => {
  describe("feesOf", () => {
    it("is refused for a model that is not open, and for a currency that is not listed", async () => {
      const { stakeholding, ledger, open, stranger, unlisted } = await fixture();

      await expect(stakeholding.feesOf(stranger.address, ETH))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
      await expect(stakeholding.feesOf(await open(), unlisted))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
    });

    it("is what was charged on income that was cascaded, in each currency", async () => {
      const { stakeholding, ledger, open, pay, usdcAddress } = await fixture();
      const parent = await open();
      const model = await open({ parents: [[parent, 3_333]] });
      await pay(model, ETH, 999_999n);
      expect(await stakeholding.feesOf(model, ETH)).to.equal(0n);

      await ledger.cascade([model], ETH);
      await pay(model, ETH, 12_345n);
      // 1 % of what stays of 999,999 units: 666,700.
      expect(await stakeholding.feesOf(model, ETH)).to.equal(6_667n);
      expect(await stakeholding.feesOf(model, usdcAddress)).to.equal(0n);
      expect(await stakeholding.feesOf(parent, ETH)).to.equal(0n);
      await ledger.cascade([parent], ETH);
      expect(await stakeholding.feesOf(parent, ETH)).to.equal(3_332n);
    });

    it("is exact at the cap of books", async () => {
      const { stakeholding, ledger, governed, usdc, usdcAddress, payer, open, pay, ledgerAddress } = await fixture();
      await usdc.mint(payer.address, MAX_RECEIVED);
      await usdc.connect(payer).approve(ledgerAddress, MAX_RECEIVED);
      await governed.setProtocolFee(250);
      const parent = await open();
      const model = await open({ parents: [[parent, 5_000]] });
      await pay(model, usdcAddress, MAX_RECEIVED);
      await ledger.cascade([model, parent], usdcAddress);

      const upstream = MAX_RECEIVED / 2n;
      expect(await stakeholding.feesOf(model, usdcAddress)).to.equal(((MAX_RECEIVED - upstream) * 250n) / 10_000n);
      expect(await stakeholding.feesOf(parent, usdcAddress)).to.equal((upstream * 250n) / 10_000n);
    });

    it("is exact after a retirement in a currency that comes later, and in books whose fee is 0", async () => {
      const { stakeholding, ledger, openChild, pay, usdcAddress, chargedFeesOf } = await fixture();
      const { model, retire } = await openChild(249, [1_000, 1_111], 1);
      const free = await openChild(0, [1_000], 1);
      await pay(model, ETH, 10n ** 9n);
      await pay(free.model, ETH, 10n ** 9n);
      await retire(0);
      await free.retire(0);

      await pay(model, usdcAddress, 999_999n);
      await ledger.cascade([model], usdcAddress);
      const expected = ((999_999n - (999_999n * 1_111n) / 10_000n) * 249n) / 10_000n;
      expect(await stakeholding.feesOf(model, usdcAddress)).to.equal(expected);
      expect(await chargedFeesOf(model, usdcAddress)).to.equal(expected);
      expect(await stakeholding.feesOf(free.model, ETH)).to.equal(0n);
    });

    it("goes on after a retirement from some units below, and counts what is new exactly", async () => {
      const { stakeholding, ledger, openChild, pay, chargedFeesOf } = await fixture();
      const { model, retire } = await openChild(100, [1_000, 500], 1);
      await pay(model, ETH, 1_000_003n);
      await ledger.cascade([model], ETH);
      const before = await stakeholding.feesOf(model, ETH);
      expect(before).to.equal(8_500n);
      await retire(0);

      const { distributed } = closingOf(1_000_003n, [1_000n, 500n], 100n);
      const closed = closedFeesDown(distributed, 100n, 2n);
      expect(closed).to.be.lessThan(before);
      expect(await stakeholding.feesOf(model, ETH)).to.equal(closed);

      await pay(model, ETH, 777_777n);
      expect(await stakeholding.feesOf(model, ETH)).to.equal(closed);
      await ledger.cascade([model], ETH);
      const since = ((777_777n - 38_888n) * 100n) / 10_000n;
      expect(await stakeholding.feesOf(model, ETH)).to.equal(closed + since);
      expect(await chargedFeesOf(model, ETH)).to.equal(before + since);
    });

    it("takes nothing back that was counted, and pays nothing twice, when it falls at a retirement", async () => {
      const { stakeholding, openChild, pay, awarded } = await fixture();
      const { model, retire } = await openChild(100, [1_000, 500], 1);
      await pay(model, ETH, 1_000_003n);
      expect(await awarded([model])).to.equal(8_500n * 2_000n);
      await retire(0);
      const fallen = await stakeholding.feesOf(model, ETH);

      expect(await awarded([model])).to.equal(0n);
      expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(8_500n);
      // What is new counts once it has made up for that.
      await pay(model, ETH, 100_000n);
      expect(await awarded([model])).to.equal((fallen + 950n - 8_500n) * 2_000n);
    });

    it("is 23 units below at the most: sixteen parents, one retirement, nothing rounded", async () => {
      const { stakeholding, openChild, pay, chargedFeesOf } = await fixture();
      const { model, retire } = await openChild(250, Array(16).fill(250), 1);
      await pay(model, ETH, 10_000n * 160_000n);
      await retire(0);

      // 40 % go to the parents, and of the rest 2.5 % are the fee.
      expect(await chargedFeesOf(model, ETH)).to.equal(24_000_000n);
      expect(await stakeholding.feesOf(model, ETH)).to.equal(24_000_000n - 23n);
    });

    it("is never above what was charged: sixteen retirements, each with all the dust and the loss there can be", async () => {
      const { stakeholding, openChild, pay, chargedFeesOf } = await fixture();
      const rates = Array.from({ length: 16 }, () => 7n);
      const { model, retire } = await openChild(249, rates.map(Number), 16);
      let [fees, distributed] = [0n, 0n];
      for (let i = 0; i < 16; ++i) {
        const received = find(
          10n ** 6n,
          rates.slice(i),
          249n,
          ({ dust, lost }) => dust === BigInt(15 - i) && lost > 9_900n,
        );
        await pay(model, ETH, received);
        await retire(i);
        const closing = closingOf(received, rates.slice(i), 249n);
        fees += closing.fee;
        distributed += closing.distributed;

        const closed = await stakeholding.feesOf(model, ETH);
        expect(await chargedFeesOf(model, ETH)).to.equal(fees);
        expect(closed).to.be.at.most(fees);
        expect(closed).to.equal(closedFeesDown(distributed, 249n, 16n));
      }
      // Without a term for dust, 7 units a parent and a half, this would be above.
      expect(await stakeholding.feesOf(model, ETH)).to.be.at.least(fees - 4n);
      expect((distributed * 249n - 16n * 10_000n) / 9_751n).to.be.greaterThan(fees);
    });
  });
});
