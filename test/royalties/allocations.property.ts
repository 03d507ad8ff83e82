import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { TOTAL_SHARES } from "../helpers/models.js";
import { accountOf, deployAllocations, type Entry, holderOf, keptOf, type ShareTree } from "./allocations.support.js";
import { SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/* What may happen. Indices are any numbers: they count round. */

const symbol = fc.constantFrom(...SYMBOLS);
const amount = fc.oneof(fc.bigInt(1n, 20n), fc.bigInt(1n, 10n ** 12n));

const plan = fc.record({
  /** Where the million is cut into leaves; each is then for one of few accounts. */
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: Number(TOTAL_SHARES) - 1 }), { maxLength: 7 }),
  accounts: fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
  /** Payments before the shares are set aside, which stay with the holder. */
  early: fc.array(fc.record({ symbol, amount }), { maxLength: 3 }),
  steps: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("pay" as const), symbol, amount }),
      fc.record({ kind: fc.constant("claim" as const), leaf: fc.nat() }),
      fc.record({ kind: fc.constant("withdraw" as const), account: fc.nat(3), symbol }),
    ),
    { maxLength: 20 },
  ),
  /** Leaves that are claimed in the end; those that are left are the steward's. */
  lastClaims: fc.oneof(fc.constant(Array.from({ length: 8 }, (_, i) => i)), fc.array(fc.nat(), { maxLength: 8 })),
});

const fixture = () => networkHelpers.loadFixture(deploy);

/** A model of Alice's whose shares are to be set aside, with Carol as steward, and one to hold directly. */
async function deploy() {
  const context = await deployAllocations(connection);
  const reclaimableFrom = (await networkHelpers.time.latest()) + 10_000_000;

  return { ...context, model: await context.open(), twin: await context.open(), reclaimableFrom };
}

/** Cuts the million into leaves. */
function entriesOf(cuts: number[], accounts: number[]): Entry[] {
  const ends = [0, ...cuts.toSorted((a, b) => a - b), Number(TOTAL_SHARES)];

  return ends.slice(1).map((end, i) => [accountOf(accounts[i]), BigInt(end - ends[i])]);
}

describe("RoyaltyLedger", () => {
  describe("any allocation, order of payments and claims", () => {
    it("gives everybody what direct holding would have, to the millionth of a unit", async function () {
      this.timeout(120_000);

      await fc.assert(
        fc.asyncProperty(plan, async ({ cuts, accounts, early, steps, lastClaims }) => {
          const context = await fixture();
          const { ledger, alice, carol, model, twin, treeOf, allocationOf, claimLeaf, pay, currencyOf } = context;
          const entries = entriesOf(cuts, accounts);
          const tree: ShareTree = treeOf(model, entries);
          const received = { ETH: 0n, USDC: 0n };
          const withdrawn = { ETH: new Map<string, bigint>(), USDC: new Map<string, bigint>() };
          const claimed = new Set<number>();

          for (const payment of early) {
            for (const paid of [model, twin]) await pay(paid, currencyOf(payment.symbol), payment.amount);
            received[payment.symbol] += payment.amount;
          }
          const before = { ETH: keptOf(received.ETH), USDC: keptOf(received.USDC) };
          const { reclaimableFrom } = context;
          const aside = allocationOf(tree.root, TOTAL_SHARES, { steward: carol.address, reclaimableFrom });
          await ledger.connect(alice).allocate(model, aside);
          // Directly: at the same time, to the same accounts.
          for (const [account, units] of entries) await ledger.connect(alice).transfer(account, twin, units);

          async function claim(leaf: number): Promise<void> {
            if (claimed.has(leaf)) return;
            await claimLeaf({ model, tree, allocation: 1n }, leaf);
            claimed.add(leaf);
          }

          /** What was distributed since the shares were set aside, on all leaves of an account that were claimed. */
          function earnedBy(account: string, name: (typeof SYMBOLS)[number]): bigint {
            const units = entries.reduce(
              (sum, [of, part], i) => (of === account && claimed.has(i) ? sum + part : sum),
              0n,
            );

            return units * (keptOf(received[name]) - before[name]);
          }

          for (const step of steps) {
            if (step.kind === "pay") {
              for (const paid of [model, twin]) await pay(paid, currencyOf(step.symbol), step.amount);
              received[step.symbol] += step.amount;
            } else if (step.kind === "claim") {
              await claim(step.leaf % entries.length);
            } else {
              const account = accountOf(step.account);
              const paidOut = withdrawn[step.symbol].get(account) ?? 0n;
              const owed = earnedBy(account, step.symbol) / TOTAL_SHARES - paidOut;
              if (owed > 0n) {
                const currency = currencyOf(step.symbol);
                await context.expectMoved(ledger.claimFor(account, [model], currency), currency, [[account, owed]]);
                withdrawn[step.symbol].set(account, paidOut + owed);
              }
            }
          }
          for (const leaf of lastClaims) await claim(leaf % entries.length);

          const people = [...new Set(entries.map(([account]) => account))];
          const left = entries.reduce((sum, [, units], i) => (claimed.has(i) ? sum : sum + units), 0n);
          expect(await ledger.balanceOf(holderOf(1), model)).to.equal(left);
          for (const name of SYMBOLS) {
            const currency = currencyOf(name);
            const since = keptOf(received[name]) - before[name];
            for (const account of people) {
              const owed = earnedBy(account, name) / TOTAL_SHARES - (withdrawn[name].get(account) ?? 0n);
              expect(await ledger.claimable(account, model, currency)).to.equal(owed);
            }
            expect(await ledger.claimable(alice.address, model, currency)).to.equal(before[name]);
            expect(await ledger.claimable(holderOf(1), model, currency)).to.equal((left * since) / TOTAL_SHARES);
          }

          // The steward takes the rest. Where there is none, all is as if it had been held directly.
          if (left > 0n) {
            await networkHelpers.time.increaseTo(reclaimableFrom);
            await ledger.connect(carol).reclaimShares(model, 1, carol.address);
          }
          for (const name of SYMBOLS) {
            const currency = currencyOf(name);
            const since = keptOf(received[name]) - before[name];
            expect(await ledger.claimable(carol.address, model, currency)).to.equal((left * since) / TOTAL_SHARES);
            if (left > 0n) continue;
            for (const account of people) {
              const paidOut = withdrawn[name].get(account) ?? 0n;
              const direct = await ledger.claimable(account, twin, currency);
              expect((await ledger.claimable(account, model, currency)) + paidOut).to.equal(direct);
            }
          }
        }),
        { numRuns: 40 },
      );
    });

    it("splits among any holders what sums to all, when their positions are brought together", async function () {
      this.timeout(120_000);

      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 249_999 }), { minLength: 4, maxLength: 4 }),
          fc.array(fc.record({ leaf: fc.nat(4), amount: fc.bigInt(1n, 50n) }), { minLength: 5, maxLength: 12 }),
          async (parts, steps) => {
            const { ledger, signers, stranger, open, treeOf, allocationOf, alice, claimLeaf, pay, currencyOf } =
              await fixture();
            const people = signers.slice(10, 15);
            const rest = 1_000_000 - parts.reduce((sum, part) => sum + part, 0);
            const entries = [...parts, rest].map((part, i): Entry => [people[i].address, BigInt(part)]);
            const model = await open();
            const tree = treeOf(model, entries);
            await ledger.connect(alice).allocate(model, allocationOf(tree.root, TOTAL_SHARES));
            const claimed = new Set<number>();
            const currency = currencyOf("USDC");
            let received = 0n;

            for (const { leaf, amount } of [...steps, ...people.map((_, leaf) => ({ leaf, amount: 1n }))]) {
              await pay(model, currency, amount);
              received += amount;
              if (!claimed.has(leaf)) await claimLeaf({ model, tree, allocation: 1n }, leaf);
              claimed.add(leaf);
            }
            // Only all fractions together make whole units.
            for (const person of people) await ledger.connect(person).handOverPosition(model, stranger.address);

            expect(await ledger.claimable(stranger.address, model, currency)).to.equal(keptOf(received));
            expect(await ledger.balanceOf(stranger.address, model)).to.equal(TOTAL_SHARES);
          },
        ),
        { numRuns: 30 },
      );
    });
  });
});
