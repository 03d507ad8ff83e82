import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { MAX_RECEIVED } from "../royalties/support.js";
import { deployStakeholding, SCALE } from "./stakeholding.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const fixture = () => networkHelpers.loadFixture(deploy);

const DAY = 86_400;
const PARENTS = 16;

/** With sixteen models of no parents, and money of several kinds that has no end. */
async function deploy() {
  const context = await deployStakeholding(connection);
  const { ledgerAddress, payer, usdcAddress, introduce, open } = context;
  const currencies = [ETH, usdcAddress];
  for (const decimals of [0, 18]) {
    const token = await ethers.deployContract("TestToken", ["Test", "TEST", decimals], payer);
    currencies.push(await introduce(token, 1n));
  }
  for (const currency of currencies.slice(1)) {
    const token = await ethers.getContractAt("TestToken", currency, payer);
    await token.mint(payer.address, 2n ** 120n);
    await token.approve(ledgerAddress, 2n ** 120n);
  }
  await networkHelpers.setBalance(payer.address, 2n ** 120n);
  const parents: string[] = [];
  for (let i = 0; i < PARENTS; ++i) parents.push(await open());

  return { ...context, currencies, parents };
}

/* FEES */

const edge = fc.record({
  /** Of the sixteen parents and of those that were opened before. */
  parent: fc.nat(18),
  rateBps: fc.oneof(fc.nat(20), fc.nat(312)),
  /** The day that ends it; 0: it never ends. */
  day: fc.nat(8),
});

const child = fc.record({
  feeBps: fc.oneof(fc.constantFrom(0, 1, 100, 249, 250), fc.nat(250)),
  edges: fc.uniqueArray(edge, { selector: ({ parent }) => parent, maxLength: 16 }),
});

const amount = fc.oneof(
  fc.bigInt(1n, 40n),
  fc.bigInt(1n, 10n ** 6n),
  fc.bigInt(1n, 2n ** 108n),
  fc.constant(MAX_RECEIVED),
);

const step = fc.record({
  call: fc.constantFrom("pay", "pay", "cascade", "wait and retire"),
  model: fc.nat(18),
  currency: fc.nat(3),
  amount,
});

type Child = typeof child extends fc.Arbitrary<infer Value> ? Value : never;
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A parent is cascaded, then its child, and then the parent again, all in one transaction. */
const CASCADED_TWICE: { children: Child[]; steps: Step[] } = {
  children: [{ feeBps: 0, edges: [{ parent: 0, rateBps: 1, day: 0 }] }],
  steps: [
    { call: "pay", model: 0, currency: 2, amount: 1n },
    { call: "pay", model: 15, currency: 2, amount: 990_000n },
    { call: "cascade", model: 0, currency: 2, amount: 1n },
  ],
};

/* AWARDS */

/** A payment, and who calls for which models behind it, in any order and some twice. */
const award = fc.record({ models: fc.array(fc.nat(3), { maxLength: 6 }), caller: fc.nat(5) });
const payment = fc.record({
  model: fc.nat(3),
  amount: fc.bigInt(1n, 10n ** 6n),
  awards: fc.array(award, { maxLength: 2 }),
});

describe("Stakeholding", () => {
  describe("any models, payments, cascades and retirements", () => {
    it("bring fees that are told exactly, and after retirements up to 23 units below", async function () {
      this.timeout(240_000);

      await fc.assert(
        fc.asyncProperty(
          fc.array(child, { minLength: 1, maxLength: 3 }),
          fc.array(step, { maxLength: 30 }),
          async (children, steps) => {
            const { ledger, stakeholding, governed, open, pay, parents, currencies, eventsOf } = await fixture();
            const start = await time.latest();
            const models = [...parents];
            for (const { feeBps, edges } of children) {
              await governed.setProtocolFee(feeBps);
              const among = edges.filter(({ parent }) => parent < models.length);
              const model = await open({
                parents: among.map(({ parent, rateBps, day }) => [
                  models[parent],
                  rateBps,
                  day === 0 ? 0 : start + day * DAY,
                ]),
              });
              models.push(model);
            }
            /** Children more often than parents. */
            const at = (index: number) => models[index < PARENTS - 1 ? index : PARENTS + (index % children.length)];

            const charged = new Map<string, bigint>();
            const retired = new Set<string>();
            let days = 0;

            async function check(model: string, currency: string): Promise<void> {
              const expected = charged.get(model + currency) ?? 0n;
              const fees = await stakeholding.feesOf(model, currency);
              expect(fees).to.be.at.most(expected);
              expect(fees).to.be.at.least(expected - (retired.has(model) ? 23n : 0n));
            }

            /** Sends, and checks what was charged with it. */
            async function send(transaction: Promise<Awaited<ReturnType<typeof pay>>>): Promise<void> {
              const cascaded = (await eventsOf(transaction)).filter(([name]) => name === "Cascaded");
              for (const [, model, currency, , fee] of cascaded) {
                const key = `${model}${currency}`;
                charged.set(key, (charged.get(key) ?? 0n) + (fee as bigint));
              }
              // Once all is counted: a model may be cascaded twice in a transaction, and receive in between.
              for (const [, model, currency] of cascaded) await check(String(model), String(currency));
            }

            for (const { call, model: index, currency: place, amount } of steps) {
              const [model, currency] = [at(index), currencies[place]];
              if (call === "pay") {
                const { received } = await ledger.booksOf(model, currency);
                const room = MAX_RECEIVED - received;
                if (amount <= room) await send(pay(model, currency, amount));
                else if (room > 0n) await send(pay(model, currency, room));
              } else if (call === "cascade") {
                await send(ledger.cascade([model, models[models.length - 1], model], currency));
              } else {
                days += 1;
                await time.increaseTo(start + days * DAY);
                for (const each of models.slice(PARENTS)) {
                  const edges = await ledger.edgesOf(each);
                  if (!edges.some(({ until, rateBps }) => until > 0n && until <= start + days * DAY && rateBps > 0n))
                    continue;
                  retired.add(each);
                  await send(ledger.retire(each));
                }
              }
            }
            for (const currency of currencies) {
              await send(ledger.cascade([...models].reverse(), currency));
              for (const model of models) await check(model, currency);
            }
          },
        ),
        { numRuns: 25, examples: [[CASCADED_TWICE.children, CASCADED_TWICE.steps]] },
      );
    });
  });

  describe("any order of payments and awards, by anyone", () => {
    /** A diamond: D is built on B and C, and those on A. Whole percents, so that rates are easy to follow. */
    const RATES = { toA: [0n, 1_237n, 3_011n, 0n], fromD: [1_999n, 1_501n] };

    /** Calculates the fees of A, B, C and D of what each is paid in all, once everything was cascaded. */
    function feesOf(paid: bigint[]): bigint[] {
      const [a, b, c, d] = paid;
      const rateOfD = RATES.fromD[0] + RATES.fromD[1];
      const upstream = (d * rateOfD) / 10_000n;
      const receivedB = b + (upstream * RATES.fromD[0]) / rateOfD;
      const receivedC = c + (upstream * RATES.fromD[1]) / rateOfD;
      const [fromB, fromC] = [(receivedB * RATES.toA[1]) / 10_000n, (receivedC * RATES.toA[2]) / 10_000n];

      return [a + fromB + fromC, receivedB - fromB, receivedC - fromC, d - upstream].map((kept) => kept / 100n);
    }

    /** Opens A, B, C and D. */
    async function diamond() {
      const context = await fixture();
      const { open } = context;
      const a = await open();
      const b = await open({ parents: [[a, Number(RATES.toA[1])]] });
      const c = await open({ parents: [[a, Number(RATES.toA[2])]] });
      const parents: [string, number][] = [
        [b, Number(RATES.fromD[0])],
        [c, Number(RATES.fromD[1])],
      ];
      const d = await open({ parents });

      return { ...context, models: [a, b, c, d] };
    }

    const course = fc.record({
      payments: fc.array(payment, { minLength: 1, maxLength: 12 }),
      rate: fc.oneof(fc.bigInt(1n, SCALE), fc.bigInt(1n, 10n ** 22n)),
    });

    /** Plays a course; `settle` brings it to its end. Checks what each model was paid in all, to the unit. */
    async function play(
      {
        payments,
        rate,
      }: {
        payments: { model: number; amount: bigint; awards: { models: number[]; caller: number }[] }[];
        rate: bigint;
      },
      settle: (context: Awaited<ReturnType<typeof diamond>>) => Promise<void>,
      cap?: bigint,
    ): Promise<void> {
      const context = await diamond();
      const { stakeholding, governedStakeholding, models, pay, signers, wealOf } = context;
      await governedStakeholding.setRate(ETH, rate);
      if (cap !== undefined) await governedStakeholding.setEpochCap(cap);
      const paid = [0n, 0n, 0n, 0n];
      for (const { model, amount, awards } of payments) {
        await pay(models[model], ETH, amount);
        paid[model] += amount;
        for (const { models: named, caller } of awards) {
          const list = named.map((index) => models[index]);
          await stakeholding.connect(signers[caller]).award(list, ETH);
        }
      }
      await settle(context);

      const fees = feesOf(paid);
      for (const [i, model] of models.entries()) {
        expect(await stakeholding.countedFeesOf(model, ETH)).to.equal(fees[i]);
        // What the registrar's models have in WEAL came from the reserve.
        expect(await wealOf(model)).to.equal((fees[i] * rate) / SCALE);
      }
    }

    it("come to the same for each model, to the unit, and at once when children come first", async function () {
      this.timeout(120_000);
      const settle = async ({ stakeholding, models }: Awaited<ReturnType<typeof diamond>>) => {
        await stakeholding.award([...models].reverse(), ETH);
      };

      await fc.assert(
        fc.asyncProperty(course, (played) => play(played, settle)),
        { numRuns: 30 },
      );
    });

    it("come to the same when each is named by itself, parents first, as often as it takes", async function () {
      this.timeout(120_000);
      const settle = async ({ stakeholding, models }: Awaited<ReturnType<typeof diamond>>) => {
        for (const _ of [1, 2, 3]) for (const model of models) await stakeholding.award([model], ETH);
      };

      await fc.assert(
        fc.asyncProperty(course, (played) => play(played, settle)),
        { numRuns: 20 },
      );
    });

    it("come to the same under a cap once enough epochs have passed, none of which paid more", async function () {
      this.timeout(240_000);

      await fc.assert(
        fc.asyncProperty(course, fc.bigInt(2n, 9n), fc.boolean(), async (played, epochs, isReversed) => {
          const paid = [0n, 0n, 0n, 0n];
          for (const { model, amount } of played.payments) paid[model] += amount;
          const total = feesOf(paid).reduce((sum, fees) => sum + (fees * played.rate) / SCALE, 0n);
          // Enough for a unit of fees, or they wait for ever.
          const cap = total / epochs + played.rate / SCALE + 1n;

          const settle = async (context: Awaited<ReturnType<typeof diamond>>) => {
            const { toNextEpoch, models, awarded } = context;
            const list = isReversed ? [...models].reverse() : models;
            // A part of what a unit of fees earns can stay of each epoch's budget, and what moves on takes three calls.
            for (let i = 0n; i < 2n * epochs + 3n; ++i) {
              await toNextEpoch();
              expect((await awarded(list)) + (await awarded(list))).to.be.at.most(cap);
            }
          };
          await play(played, settle, cap);
        }),
        { numRuns: 20 },
      );
    });
  });
});
