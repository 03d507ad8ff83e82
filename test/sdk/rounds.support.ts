import { id, toBeHex, Wallet } from "ethers";
import { type RoundOpening, type RoundOptions, roundIdOf, type RoundSchedule } from "../../sdk/src/index.js";
import {
  type AggregateInputs,
  completeScores,
  type Contribution,
  type RoundBudget,
  signScores,
  writeBudget,
} from "../../sdk/src/roundScoring.js";
import { DAY } from "../helpers/protocol.js";
import type { deploySdk } from "./helpers.js";

export const place = { chainId: 31_337n, contract: toBeHex(1n << 157n, 20) };
export const ledger = toBeHex(1n << 156n, 20);
export const model = toBeHex(1n << 155n, 20);
export const manifestDigest = id("manifest");
export const KINDS = ["data", "compute", "code", "evaluation"] as const;

/** The number of an account that somebody has. */
export const account = (n: number) => toBeHex((1n << 150n) + BigInt(n), 20);

/** Reviewers, ascending. */
export const reviewers = ["Rita", "Ravi", "Rosa", "Remy", "Ruth"]
  .map((name) => new Wallet(id(`reviewer ${name}`)))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));

export const BUDGET: RoundBudget = {
  text: "A thousand for compute; data is paid in shares.",
  kinds: { data: { cash: 0, shares: 3 }, compute: { cash: 2, shares: 1 }, code: { cash: 1, shares: 1, perUnit: true } },
};

/** The terms of a round in which 1,000 units are wanted, of which the coordinator has 100. */
export function openingOf({
  budgetDigest,
  ...changes
}: Partial<RoundOpening> & { budgetDigest: string }): RoundOpening {
  return {
    ...{ coordinator: account(1), arbiter: account(2), currency: account(3) },
    money: {
      ...{ target: "1000", cap: "3000", coordinatorCash: "100" },
      ...{ submissionBond: "7", resultBond: "50", challengeBond: "20" },
    },
    schedule: {
      ...{ fundingUntil: 1_000_000, submissionUntil: 1_000_001, revealUntil: 2_000_000, reviewPeriod: 86_400 },
      ...{ challengePeriod: 86_401, arbitrationPeriod: 864_000, maxAttempts: 3 },
    },
    split: { contributors: 600_000, funders: 300_000, coordinator: 100_000 },
    minReviews: 1,
    reviewers: reviewers.map(({ address }) => address),
    model: {
      ...{ owner: account(1), kind: "model", maxHostBps: 9_000, maxFeeBps: 250 },
      derivatives: { mode: "open", rateBps: 701, duration: 0 },
      parents: [{ model: account(4), rateBps: 500, until: 3_000_000, relation: "trainedOn" }],
    },
    ...{ licenseDigest: id("licence"), budgetDigest, salt: id("salt") },
    ...changes,
  };
}

/** The terms of a round of 20 days in USDC or ETH, in which 10 are wanted, and whose bonds are 1, 2 and 3. */
export async function roundOptions(
  { usdcAddress, connection }: Awaited<ReturnType<typeof deploySdk>>,
  { schedule, ...changes }: Partial<Omit<RoundOptions, "schedule">> & { schedule?: Partial<RoundSchedule> } = {},
): Promise<RoundOptions> {
  const now = await connection.networkHelpers.time.latest();

  return {
    currency: usdcAddress,
    money: { target: "10", cap: "30", submissionBond: "1", resultBond: "2", challengeBond: "3" },
    schedule: {
      ...{ fundingUntil: now + 20 * DAY, submissionUntil: now + 20 * DAY, revealUntil: now + 22 * DAY },
      ...{ reviewPeriod: 5 * DAY, challengePeriod: 3 * DAY, arbitrationPeriod: 10 * DAY },
      ...schedule,
    },
    split: { contributors: 600_000, funders: 300_000, coordinator: 100_000 },
    reviewers: reviewers.slice(0, 1).map(({ address }) => address),
    model: { kind: "model", maxFeeBps: 100, derivatives: { mode: "closed" } },
    ...{ licenseDigest: id("licence"), budgetDigest: writeBudget(BUDGET).digest },
    ...changes,
  };
}

/** A contribution; each has a digest of its own. */
export const contribution = (n: number, kind: Contribution["kind"], contributor = account(100 + n), units = 1n) => ({
  ...{ contributor, contentDigest: id(`content ${n}`), kind, units: String(units) },
});

/** What a result is made of: what each reviewer, of whom there are as many as lists of scores, gives each contribution. */
export async function inputsOf(
  contributions: readonly Contribution[],
  scores: readonly (readonly number[])[],
  {
    budget = BUDGET,
    raised = 2_000n,
    ...changes
  }: { budget?: RoundBudget; raised?: bigint } & Partial<RoundOpening> = {},
): Promise<AggregateInputs> {
  const { text, digest } = writeBudget(budget);
  const opening = openingOf({ ...changes, budgetDigest: digest });
  const roundId = roundIdOf(opening, place);
  const reviews = scores.map((row, r) => {
    const given = contributions.map(({ contributor, contentDigest }, i) => ({
      ...{ contributor, contentDigest, score: row[i] },
    }));

    return signScores(reviewers[r], { roundId, manifestDigest, scores: completeScores(contributions, given) }, place);
  });

  return {
    ...{ ...place, ledger, model, opening, budget: text, raised, manifestDigest, contributions },
    reviews: await Promise.all(reviews),
  };
}
