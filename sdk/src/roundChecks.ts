import type { Address } from "./brands.js";
import { type AggregateInputs, aggregateScores } from "./aggregate.js";
import { canonicalJson, type Json } from "./canonicalJson.js";
import { CommonwealError, InvalidArgument } from "./errors.js";
import {
  type Contribution,
  readResult,
  type ResultLeaf,
  type RoundResult,
  scoresOf,
  writeResult,
} from "./roundResults.js";
import { roundIdOf } from "./roundTerms.js";
import { ascendingContributions, keyOf, scoresHashOf, verifyScores } from "./scores.js";

/** Why a result is not what it has to be. */
export type ResultDiscrepancy = {
  /** What differs, in a sentence. */
  message: string;
} &
  /** The JSON, or what it says that the result is made of, is not what that can be. */
  (
    | { code: "Malformed"; path: string; expected: string }
    /** The text is not the one that RFC 8785 has for what it says. */
    | { code: "NotCanonical" }
    /** The terms are those of another round. */
    | { code: "RoundIdMismatch"; stated: string; computed: string }
    /** A reviewer did not sign these scores with its key; a smart wallet (ERC-1271) may have. */
    | { code: "SignatureInvalid"; reviewer: Address }
    /** The scores give an account something else, or nothing (`computed` is undefined), or it was left out. */
    | { code: "LeafMismatch"; index: number; stated: ResultLeaf | undefined; computed: ResultLeaf | undefined }
    /** What all leaves have together, or their root, does not follow from the scores. */
    | { code: "CashMismatch" | "RootMismatch"; stated: string; computed: string }
    /** The result says something else than is known of the round. */
    | { code: "FactMismatch"; fact: keyof ResultFacts; stated: string; expected: string }
  );

/** What is known of a round from elsewhere, best from the chain. */
export interface ResultFacts
  extends
    Partial<Pick<RoundResult, "chainId" | "contract" | "ledger" | "roundId" | "model" | "raised">>,
    Partial<Pick<RoundResult, "manifestDigest" | "root" | "cash">> {
  /** All that was revealed, in any order. */
  contributions?: readonly Contribution[];
  /** The reviews that were posted with the result, ascending by reviewer. */
  reviews?: readonly { reviewer: Address; scoresHash: string }[];
}

const PLAIN_FACTS = [
  ...(["chainId", "contract", "ledger", "roundId", "model", "raised"] as const),
  ...(["manifestDigest", "root", "cash"] as const),
];

/**
 * Makes a result again from the scores in it, and returns all that is not right: nothing if it is. Trust nothing that it
 * says; what funders paid, what was revealed and which root was posted only the chain can tell: pass it, or use
 * `rounds.verify`, which reads it.
 *
 * @param json The result, as text or parsed. As text it has to be canonical too.
 * @param facts What it is compared with; what is left out is taken from the result.
 * @example
 * const mismatches = verifyResult(await response.text(), { roundId, root, cash, manifestDigest, raised, contributions });
 * for (const { code, message } of mismatches) console.log(code, message);
 */
export function verifyResult(json: unknown, facts: ResultFacts = {}): ResultDiscrepancy[] {
  const mismatches: ResultDiscrepancy[] = [];
  const result = attempt(mismatches, () => readResult(json));
  if (result === undefined) return mismatches;

  const text = attempt(mismatches, () => writeResult(result));
  if (typeof json === "string" && text !== undefined && text !== json) {
    mismatches.push({ code: "NotCanonical", message: "The text is not in its canonical form (RFC 8785)." });
  }
  mismatches.push(...factMismatches(result, facts));
  const inputs = attempt(mismatches, () => inputsOf(result));
  if (inputs === undefined) return mismatches;

  if (inputs.roundId !== result.roundId) {
    const message = `The terms are those of the round ${inputs.roundId}, not of ${result.roundId}.`;
    mismatches.push({ code: "RoundIdMismatch", stated: result.roundId, computed: inputs.roundId, message });
  }
  for (const review of inputs.reviews) {
    if (verifyScores(review, inputs)) continue;
    const message = `${review.reviewer} did not sign these scores by its own key for this round and manifest.`;
    mismatches.push({ code: "SignatureInvalid", reviewer: review.reviewer, message });
  }
  const computed = attempt(mismatches, () => aggregateScores(inputs));

  // As many as there are leaves, which are more than a call takes arguments.
  return computed === undefined ? mismatches : [...mismatches, ...outcomeMismatches(result, computed)];
}

/** Returns what a result was made of, as it says. */
function inputsOf(result: RoundResult): AggregateInputs & { roundId: string } {
  const { contributions } = result;
  const chainId = BigInt(result.chainId);
  const roundId = roundIdOf(result.opening, { chainId, contract: result.contract });
  requireAscending("result.contributions", contributions.map(keyOf));
  requireAscending(
    "result.reviews",
    result.reviews.map(({ reviewer }) => reviewer),
  );

  return {
    ...result,
    ...{ chainId, roundId, raised: BigInt(result.raised), reviews: scoresOf({ ...result, roundId }) },
  };
}

function requireAscending(argument: string, keys: readonly string[]): void {
  const odd = keys.findIndex((key, i) => i > 0 && keys[i - 1] >= key);
  if (odd !== -1) throw new InvalidArgument(`${argument}[${odd}]`, keys[odd], "a list that ascends, each once");
}

/** Returns undefined, and notes why, for what an argument was wrong for. */
function attempt<T>(mismatches: ResultDiscrepancy[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CommonwealError)) throw error;
    const { argument: path, expected } =
      error instanceof InvalidArgument ? error : { argument: "result", expected: "what can be computed" };
    mismatches.push({ code: "Malformed", path, expected, message: error.message });

    return undefined;
  }
}

/* COMPARISONS */

function outcomeMismatches(result: RoundResult, computed: RoundResult): ResultDiscrepancy[] {
  const mismatches: ResultDiscrepancy[] = [];
  // What is made of an odd opening is an even one.
  const [stated, expected] = [result.opening, computed.opening].map((terms) => canonicalJson(terms as unknown as Json));
  if (stated !== expected) {
    const path = "result.opening";
    mismatches.push({ code: "Malformed", path, expected, message: `${path} is written in another way than it is.` });
  }
  const count = Math.max(result.leaves.length, computed.leaves.length);
  for (let index = 0; index < count; index++) {
    const [stated, found] = [result.leaves[index], computed.leaves[index]];
    const isSame =
      stated?.account === found?.account && stated?.shares === found?.shares && stated?.cash === found?.cash;
    if (isSame) continue;
    const message = `Leaf ${index} is ${inWords(stated)}; by the scores it is ${inWords(found)}.`;
    mismatches.push({ code: "LeafMismatch", index, stated, computed: found, message });
  }
  if (result.cash !== computed.cash) {
    const message = `All leaves have ${result.cash} units; by the scores they have ${computed.cash}.`;
    mismatches.push({ code: "CashMismatch", stated: result.cash, computed: computed.cash, message });
  }
  if (result.root !== computed.root) {
    const message = `The root is ${result.root}; by the scores it is ${computed.root}.`;
    mismatches.push({ code: "RootMismatch", stated: result.root, computed: computed.root, message });
  }

  return mismatches;
}

function inWords(leaf: ResultLeaf | undefined): string {
  return leaf === undefined ? "none" : `${leaf.shares} shares and ${leaf.cash} units for ${leaf.account}`;
}

function factMismatches(result: RoundResult, facts: ResultFacts): ResultDiscrepancy[] {
  const compared: [keyof ResultFacts, string, string | undefined][] = [
    ...PLAIN_FACTS.map(
      (fact) => [fact, result[fact], facts[fact]?.toLowerCase()] as [keyof ResultFacts, string, string],
    ),
    ["contributions", listed(result.contributions), facts.contributions && listed(facts.contributions)],
    ["reviews", reviewsIn(result), facts.reviews && postedReviews(facts.reviews)],
  ];

  return compared.flatMap(([fact, stated, expected]): ResultDiscrepancy[] => {
    if (expected === undefined || stated === expected) return [];
    const message = `The result's ${fact} ${fact.endsWith("s") ? "are" : "is"} not what is known of the round.`;

    return [{ code: "FactMismatch", fact, stated, expected, message }];
  });
}

function listed(contributions: readonly Contribution[]): string {
  return ascendingContributions(contributions)
    .map(({ contributor, contentDigest, kind, units }) => `${contributor} ${contentDigest} ${kind} ${units}`)
    .join("\n");
}

function reviewsIn({ contributions, reviews }: RoundResult): string {
  return postedReviews(
    reviews.map(({ reviewer, scores }) => ({
      reviewer,
      scoresHash: scoresHashOf(
        scores.flatMap((score, i) => (i < contributions.length ? { ...contributions[i], score } : [])),
      ),
    })),
  );
}

function postedReviews(reviews: readonly { reviewer: Address; scoresHash: string }[]): string {
  return reviews.map(({ reviewer, scoresHash }) => `${reviewer} ${scoresHash}`.toLowerCase()).join("\n");
}
