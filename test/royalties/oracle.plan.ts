import fc from "fast-check";
import { RECEIVED_CAP } from "../helpers/oracle.js";

/** What courses are played in: ETH, and tokens of these decimals. */
export const CURRENCIES = ["ETH", "0", "2", "6", "18"] as const;

/** How many accounts there are to hold shares; the last one never calls, so that others claim for it. */
export const HOLDERS = 6;

/* Numbers that pick a model, an account, an allocation or a leaf are any numbers: they count round. */

const pick = fc.nat(1_000);
const currency = fc.oneof(fc.constantFrom(...CURRENCIES), fc.constantFrom(...CURRENCIES.slice(0, 2)));
/** A few units, where rounding shows, as often as a fortune; now and then all that there can be. */
const amount = fc.oneof(
  { weight: 5, arbitrary: fc.bigInt(1n, 30n) },
  { weight: 5, arbitrary: fc.bigInt(1n, 10n ** 24n) },
  { weight: 1, arbitrary: fc.bigInt(1n, RECEIVED_CAP) },
);
const modestAmount = fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10n ** 24n));
/** When something is tried that has a time: whenever it is its turn, in the last second before, in the first second. */
const moment = fc.constantFrom("now", "before", "first");

/** Who can take shares out of an allocation: whoever has a leaf, a steward, or both, one after the other. */
const allocation = fc.record({
  takers: fc.constantFrom("leaves", "steward", "both"),
  steward: pick,
  /** Seconds from its making until the steward's time begins. */
  lasts: fc.integer({ min: 2, max: 400 }),
  /** Parts in percent of what is set aside: together they can be too many. */
  leaves: fc.array(fc.record({ account: pick, percent: fc.nat(60) }), { minLength: 1, maxLength: 6 }),
});

const model = fc.record({
  feeBps: fc.integer({ min: 0, max: 250 }),
  /** The most that the edges' rates sum to. */
  totalBps: fc.integer({ min: 0, max: 5_000 }),
  edges: fc.array(
    fc.record({
      parent: pick,
      weight: fc.nat(100),
      /** Seconds from its making until the edge ends; none: never. */
      lasts: fc.option(fc.integer({ min: 1, max: 2_000 })),
    }),
    { maxLength: 30, size: "max" },
  ),
  /** Where the 1,000,000 shares are cut, and who gets each of the pieces: an account, or an allocation. */
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: 999_999 }), { maxLength: 5 }),
  pieces: fc.array(fc.oneof({ weight: 3, arbitrary: pick }, { weight: 1, arbitrary: allocation }), {
    minLength: 6,
    maxLength: 6,
  }),
});

/** Large lineages, and small ones, in which every call meets what others have left. */
const models = fc.oneof(
  fc.array(model, { minLength: 1, maxLength: 40, size: "max" }),
  fc.array(model, { minLength: 2, maxLength: 6, size: "max" }),
);
const some = fc.array(pick, { minLength: 1, maxLength: 12 });

function payments(units: fc.Arbitrary<bigint>) {
  return [
    fc.record({ kind: fc.constant("pay" as const), model: pick, currency, amount: units }),
    fc.record({
      kind: fc.constant("payMany" as const),
      currency,
      payments: fc.array(fc.record({ model: pick, amount: units }), { minLength: 1, maxLength: 6 }),
    }),
  ];
}

/** What changes neither shares nor rates. */
const passing = [
  fc.record({ kind: fc.constant("cascade" as const), models: some, currency }),
  fc.record({ kind: fc.constant("cascadeAll" as const), childrenFirst: fc.boolean(), currency }),
  fc.record({ kind: fc.constant("claim" as const), holder: pick, models: some, currency }),
];

const changing = [
  /** Pays a model up to its cap, or almost. */
  fc.record({ kind: fc.constant("fill" as const), model: pick, currency, less: fc.bigInt(0n, 30n) }),
  fc.record({ kind: fc.constant("transfer" as const), model: pick, from: pick, to: pick, percent: fc.nat(100) }),
  fc.record({ kind: fc.constant("handOver" as const), model: pick, from: pick, to: pick }),
  fc.record({ kind: fc.constant("allocate" as const), model: pick, from: pick, percent: fc.nat(100), allocation }),
  fc.record({ kind: fc.constant("claimShares" as const), allocation: pick, leaf: pick, moment }),
  fc.record({ kind: fc.constant("claimShares" as const), allocation: pick, leaf: pick, moment }),
  fc.record({ kind: fc.constant("reclaimShares" as const), allocation: pick, to: pick, moment }),
  fc.record({ kind: fc.constant("retire" as const), model: pick, moment }),
  /** Retires whichever edge ends next, in its first second, so that books are closed again and again. */
  fc.record({ kind: fc.constant("retireNext" as const) }),
  fc.record({ kind: fc.constant("retireNext" as const) }),
  fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 200 }) }),
];

/** Any lineage, and any course of calls. */
export const course = fc.record({
  models,
  actions: fc.array(fc.oneof(...payments(amount), ...payments(amount), ...passing, ...passing, ...changing), {
    maxLength: 140,
    size: "max",
  }),
});

/** Any lineage, and a course in which no share moves, no edge is retired and no books get full. */
export const calmCourse = fc.record({
  models,
  actions: fc.array(fc.oneof(...payments(modestAmount), ...passing), { maxLength: 60, size: "max" }),
});

export type Course = typeof course extends fc.Arbitrary<infer Value> ? Value : never;
export type ModelPlan = Course["models"][number];
export type AllocationPlan = typeof allocation extends fc.Arbitrary<infer Value> ? Value : never;
export type Action = Course["actions"][number];
export type CurrencyName = (typeof CURRENCIES)[number];
