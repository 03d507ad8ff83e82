import type { Address, Digest, ModelId } from "./brands.js";
import { canonicalJson, type Json } from "./canonicalJson.js";
import { InvalidArgument } from "./errors.js";
import { ContributionKind } from "./generated/enums.js";
import type { RoundOpening } from "./roundTerms.js";
import { MAX_SCORE, type SignedScores } from "./scores.js";

/** Something that was brought to a round and revealed there. */
export interface Contribution {
  contributor: string;
  /** The sha-256 of what was brought. */
  contentDigest: Digest;
  kind: ContributionKind;
  /** How much of it, as the contributor says, in decimal. */
  units: string;
}

/** A reviewer's signed scores, one for each contribution of the result, in their order. */
export interface ResultReview {
  reviewer: Address;
  scores: number[];
  signature: string;
}

/** What a result gives to one contributor; its index is its place in the list. */
export interface ResultLeaf {
  account: Address;
  /** Of the model's 1,000,000. */
  shares: number;
  /** In units of the round's currency, in decimal. */
  cash: string;
}

/**
 * A round's result, with everything that it was made of, so that anyone can make it again; plain JSON. Addresses and
 * digests are in lower case, sums in units of the round's currency, in decimal.
 */
export interface RoundResult {
  format: typeof FORMAT;
  chainId: string;
  /** The address of `TrainingRounds`. */
  contract: string;
  /** The address of the `RoyaltyLedger`. */
  ledger: Address;
  roundId: string;
  opening: RoundOpening;
  /** The budget's text, of which the opening has the digest. */
  budget: string;
  /** What funders paid in. */
  raised: string;
  /** The id that the round's model will have. */
  model: ModelId;
  /** The sha-256 of the model's manifest. */
  manifestDigest: Digest;
  /** Ascending by contributor and digest. */
  contributions: Contribution[];
  /** Ascending by reviewer. */
  reviews: ResultReview[];
  /** Ascending by account. */
  leaves: ResultLeaf[];
  /** What all leaves have together. */
  cash: string;
  /** The root of the leaves' Merkle tree. */
  root: string;
}

export const FORMAT = "commonweal-result-v1";

const ADDRESS = /^0x[0-9a-f]{40}$/;
const DIGEST = /^0x[0-9a-f]{64}$/;
const SIGNATURE = /^0x([0-9a-f]{2})*$/;
/** Of at most 78 digits, as many as a word of the chain has. */
const DECIMAL = /^(0|[1-9]\d{0,77})$/;

/**
 * Writes a result as the text to be published at its URI: the one that RFC 8785 has for it.
 *
 * @example
 * await writeFile("result.json", writeResult(result));
 */
export function writeResult(result: RoundResult): string {
  return canonicalJson(result as unknown as Json);
}

/**
 * Reads a result, which may come from anywhere. That it is well-formed says nothing of whether it is right: see
 * `verifyResult`.
 *
 * @param json The result, as text or parsed.
 * @throws {InvalidArgument} when it is not a result, or says something more.
 * @example
 * const result = readResult(await response.text());
 */
export function readResult(json: unknown): RoundResult {
  const value = typeof json === "string" ? parsed(json) : json;
  requireShape(value, RESULT, "result");

  return value as RoundResult;
}

/**
 * Returns what the reviewers of a result signed, as they signed it: to look at one alone, or to aggregate again.
 *
 * @throws {InvalidArgument} when a review has not one score for each contribution.
 * @example
 * const reviews = scoresOf(readResult(text));
 */
export function scoresOf({ roundId, manifestDigest, contributions, reviews }: RoundResult): SignedScores[] {
  return reviews.map(({ reviewer, scores, signature }, r) => {
    if (scores.length !== contributions.length) {
      throw new InvalidArgument(`result.reviews[${r}].scores`, scores, "one score for each contribution");
    }
    const keyed = contributions.map(({ contributor, contentDigest }, i) => ({
      ...{ contributor, contentDigest, score: scores[i] },
    }));

    return { roundId, manifestDigest, reviewer, scores: keyed, signature };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument("result", text, "a result as JSON", { cause: error });
  }
}

/* SHAPES */

/** What a value has to be: of an expression, a type or a word; a list of one shape; or an object of shapes. */
type Shape =
  | { expected: string; matches: (value: unknown) => boolean }
  | { each: Shape }
  | { members: { readonly [name: string]: Shape } };

const text = (expected: string, pattern: RegExp): Shape => ({
  expected,
  matches: (value) => typeof value === "string" && pattern.test(value),
});
const word = (...words: readonly string[]): Shape => ({
  expected: words.map((each) => `"${each}"`).join(" or "),
  matches: (value) => words.includes(value as string),
});
const members = (shapes: { readonly [name: string]: Shape }): Shape => ({ members: shapes });
const list = (each: Shape): Shape => ({ each });

const address = text("an address, 0x… in lower-case hex", ADDRESS);
const digest = text("32 bytes, 0x… in lower-case hex", DIGEST);
const decimal = text("a whole number in decimal, as text", DECIMAL);
const chain = text("the number of a chain in decimal, as text", /^[1-9]\d{0,14}$/);
const whole: Shape = {
  expected: "a whole number",
  matches: (value) => Number.isSafeInteger(value) && Number(value) >= 0 && !Object.is(value, -0),
};
const score: Shape = {
  expected: "a whole number from 0 to 2³² − 1",
  matches: (value) => whole.matches(value) && Number(value) <= MAX_SCORE,
};
/** What the terms have beyond that is checked where they are hashed. */
const anyText = text("a text", /^/);
const all = <Name extends string>(names: readonly Name[], shape: Shape) =>
  members(Object.fromEntries(names.map((name) => [name, shape])));

const OPENING = members({
  ...{ coordinator: address, arbiter: address, currency: text('"ETH" or an address', /^(ETH|0x[0-9a-f]{40})$/) },
  money: all(["target", "cap", "coordinatorCash", "submissionBond", "resultBond", "challengeBond"], decimal),
  schedule: all(
    [
      ...["fundingUntil", "submissionUntil", "revealUntil", "reviewPeriod"],
      ...["challengePeriod", "arbitrationPeriod", "maxAttempts"],
    ],
    whole,
  ),
  split: all(["contributors", "funders", "coordinator"], whole),
  ...{ minReviews: whole, reviewers: list(address) },
  model: members({
    ...{ owner: address, kind: anyText, maxHostBps: whole, maxFeeBps: whole },
    derivatives: members({ mode: anyText, rateBps: whole, duration: whole }),
    parents: list(members({ model: address, rateBps: whole, until: whole, relation: anyText })),
  }),
  ...{ licenseDigest: digest, budgetDigest: digest, salt: digest },
});

const RESULT = members({
  ...{ format: word(FORMAT), chainId: chain, contract: address, ledger: address, roundId: digest, opening: OPENING },
  ...{ budget: anyText, raised: decimal, model: address, manifestDigest: digest, cash: decimal, root: digest },
  contributions: list(
    members({ contributor: address, contentDigest: digest, kind: word(...ContributionKind), units: decimal }),
  ),
  reviews: list(
    members({ reviewer: address, scores: list(score), signature: text("bytes, 0x… in lower-case hex", SIGNATURE) }),
  ),
  leaves: list(members({ account: address, shares: whole, cash: decimal })),
});

function requireShape(value: unknown, shape: Shape, at: string): void {
  if ("each" in shape) {
    if (!Array.isArray(value)) throw new InvalidArgument(at, value, "a list");
    for (const [index, element] of value.entries()) requireShape(element, shape.each, `${at}[${index}]`);
  } else if ("members" in shape) {
    const names = Object.keys(shape.members);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const given = isObject ? Object.keys(value) : [];
    if (given.length !== names.length || names.some((name) => !given.includes(name))) {
      throw new InvalidArgument(at, value, `an object of ${names.join(", ")} and nothing else`);
    }
    const record = value as Record<string, unknown>;
    for (const name of names) requireShape(record[name], shape.members[name], `${at}.${name}`);
  } else if (!shape.matches(value)) {
    throw new InvalidArgument(at, value, shape.expected);
  }
}
