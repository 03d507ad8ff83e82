import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { deployEnding, splitOf } from "./retire.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const amount = fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10n ** 15n));
/** Payments of one period, each with a cascade behind it or not. */
const payments = fc.array(fc.record({ amount, cascaded: fc.boolean() }), { maxLength: 5 });

const plan = fc.record({
  /** In basis points, with the period at whose end the edge ends; the fourth has no end. */
  edges: fc.array(fc.record({ rateBps: fc.nat(1_250), period: fc.nat(3) }), { minLength: 1, maxLength: 4 }),
  periods: fc.tuple(payments, payments, payments, payments),
});

/** Parents for up to four edges. */
async function deploy() {
  const context = await deployEnding(connection);

  return { ...context, parents: await context.openMany(4) };
}

const fixture = () => networkHelpers.loadFixture(deploy);

const sum = (values: bigint[]) => values.reduce((total, value) => total + value, 0n);

describe("RoyaltyLedger", () => {
  describe("any edges, ends, payments and cascades", () => {
    it("bring everybody what the totals between two retirements give, however they came", async function () {
      this.timeout(120_000);

      await fc.assert(
        fc.asyncProperty(plan, async ({ edges, periods }) => {
          const { ledger, lens, alice, bob, holdings, parents, open, retire, letPass, pay } = await fixture();
          const start = await networkHelpers.time.latest();
          const endOf = (period: number) => (period < 3 ? start + 10_000 * (period + 1) : 0);
          const model = await open({
            parents: edges.map(({ rateBps, period }, i) => [parents[i], rateBps, endOf(period)]),
            holdings,
          });

          const epochs: ReturnType<typeof splitOf>[] = [];
          let received = 0n;
          for (const [period, payments] of periods.entries()) {
            for (const { amount, cascaded } of payments) {
              await pay(model, ETH, amount);
              if (cascaded) await ledger.cascade([model], ETH);
              received += amount;
            }
            const rates = edges.map((edge) => (edge.period < period ? 0n : BigInt(edge.rateBps)));
            // Where nothing ends, the epoch goes on.
            const ending = period < 3 && edges.some((edge) => edge.period === period && edge.rateBps > 0);
            if (period < 3) await letPass(endOf(period));
            if (ending) await retire(model);
            if (ending || period === 3) {
              epochs.push(splitOf(received, rates));
              received = 0n;
            }
          }
          const last = epochs[epochs.length - 1];
          const closed = epochs.slice(0, -1);
          await ledger.cascade([model], ETH);

          for (const i of edges.keys()) {
            const { received } = await ledger.booksOf(parents[i], ETH);
            expect(received).to.equal(sum(epochs.map((epoch) => epoch.parents[i])));
          }
          // What flooring leaves between the parents is the holders' once an edge was retired.
          const distributed = sum(epochs.map(({ holders }) => holders)) + sum(closed.map(({ left }) => left));
          expect((await ledger.booksOf(model, ETH)).distributed).to.equal(distributed);
          expect(await ledger.claimable(alice.address, model, ETH)).to.equal((distributed * 7n) / 10n);
          expect(await ledger.claimable(bob.address, model, ETH)).to.equal((distributed * 3n) / 10n);
          expect(await ledger.collectableFees(ETH)).to.equal(sum(epochs.map(({ fee }) => fee)));
          expect(await lens.pendingUpstream(model, ETH)).to.equal(0n);

          // Nothing is lost but what the last epoch leaves, until it ends too.
          const paid = sum(periods.flat().map((payment) => payment.amount));
          const atParents = sum(epochs.flatMap((epoch) => epoch.parents));
          expect(distributed + atParents + sum(epochs.map(({ fee }) => fee)) + last.left).to.equal(paid);
        }),
        { numRuns: 40 },
      );
    });
  });
});
