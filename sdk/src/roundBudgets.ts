import { sha256, toUtf8Bytes } from "ethers";
import { addressOf } from "./arguments.js";
import { canonicalJson } from "./canonicalJson.js";
import { wholeUnits } from "./channels.js";
import { InvalidArgument } from "./errors.js";
import { ContributionKind } from "./generated/enums.js";

/** What one kind of contribution gets: its parts of the whole, in proportion to those of the other kinds. */
export interface KindBudget {
  /** Parts of the contributors' money; a whole number, 0 to 1,000,000. */
  cash: number;
  /** Parts of the contributors' shares; a whole number, 0 to 1,000,000. */
  shares: number;
  /** Whether a score is for each unit, and so counts as often as the contribution has units; false by default. */
  perUnit?: boolean;
}

/** What is to be done with a round's money, and how scores become shares and cash. The round's terms pin its digest. */
export interface RoundBudget {
  /** For people: what is to be done with the money, how it is scored. */
  text: string;
  /** The most that contributors get in money together, in units, in decimal; by default all but the coordinator's part. */
  maxCash?: string;
  /** What each kind gets; of kinds that are not here nothing is paid. */
  kinds: { readonly [Kind in ContributionKind]?: KindBudget };
  /** How many votes a reviewer has, 1 to 1,000,000, for those that have more or less than others; 1 by default. */
  votes?: { readonly [reviewer: string]: number };
}

const FORMAT = "commonweal-budget-v1";
const MAX_PARTS = 1_000_000;

/**
 * Writes a budget as text to be published, with the digest that the round's terms name.
 *
 * @throws {InvalidArgument} when a part or a vote is not what it can be.
 * @example
 * const { text, digest } = writeBudget({
 *   text: "600 GPU hours and the data, scored from 0 to 100.",
 *   kinds: { data: { cash: 0, shares: 60 }, compute: { cash: 100, shares: 40, perUnit: true } },
 * });
 */
export function writeBudget(budget: RoundBudget): { text: string; digest: string } {
  const { text, maxCash, kinds, votes } = checkedBudget(budget);
  const written = canonicalJson({
    format: FORMAT,
    text,
    maxCash,
    kinds: Object.fromEntries(
      Object.entries(kinds).map(([kind, { cash, shares, perUnit }]) => [kind, { cash, shares, perUnit }]),
    ),
    votes,
  });

  return { text: written, digest: budgetDigestOf(written) };
}

/** Returns the sha-256 of a budget's text. */
export function budgetDigestOf(text: string): string {
  // It has no bytes of UTF-8, of which a digest could be made.
  if (/\p{Surrogate}/u.test(text)) {
    throw new InvalidArgument("budget", text, "text without halves of surrogate pairs");
  }

  return sha256(toUtf8Bytes(text));
}

/**
 * Reads a budget, which may come from anywhere.
 *
 * @param digest What its sha-256 has to be: `budgetDigest` of the round's terms.
 * @throws {InvalidArgument} when it is another one, or none that `writeBudget` writes.
 * @example
 * const budget = readBudget(await response.text(), opening.budgetDigest);
 */
export function readBudget(text: string, digest?: string): RoundBudget {
  const found = budgetDigestOf(text);
  if (digest !== undefined && found !== digest.toLowerCase()) {
    throw new InvalidArgument("budget", text, `the text with the sha-256 ${digest}, not ${found}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument("budget", text, "a budget as writeBudget writes it", { cause: error });
  }
  const { format, ...budget } = Object(json) as { format?: unknown };
  if (format !== FORMAT) throw new InvalidArgument("budget.format", format, `"${FORMAT}"`);

  return checkedBudget(budget as RoundBudget);
}

/** Checks all of a budget, whatever it is said to be. */
function checkedBudget(budget: RoundBudget): RoundBudget {
  const { text, maxCash, kinds, votes } = budget;
  knownKeys(budget, ["text", "maxCash", "kinds", "votes"], "budget");
  if (typeof text !== "string") throw new InvalidArgument("budget.text", text, "a text for people");
  if (maxCash !== undefined && (typeof maxCash !== "string" || !/^(0|[1-9]\d*)$/.test(maxCash))) {
    throw new InvalidArgument("budget.maxCash", maxCash, "units in decimal");
  }
  knownKeys(kinds, ContributionKind, "budget.kinds");
  for (const [kind, parts] of Object.entries(kinds)) {
    const at = `budget.kinds.${kind}`;
    knownKeys(parts, ["cash", "shares", "perUnit"], at);
    for (const what of ["cash", "shares"] as const) partsOf(parts[what], 0, `${at}.${what}`);
    if (parts.perUnit !== undefined && typeof parts.perUnit !== "boolean") {
      throw new InvalidArgument(`${at}.perUnit`, parts.perUnit, "true or false");
    }
  }
  if (votes === undefined) return budget;

  if (typeof votes !== "object" || votes === null) {
    throw new InvalidArgument("budget.votes", votes, "votes by reviewer");
  }
  const entries = Object.entries(votes).map(([reviewer, number]) => {
    partsOf(number, 1, `budget.votes.${reviewer}`);

    return [addressOf(reviewer, "budget.votes").toLowerCase(), number] as const;
  });
  if (new Set(entries.map(([reviewer]) => reviewer)).size < entries.length) {
    throw new InvalidArgument("budget.votes", votes, "each reviewer once");
  }

  return { ...budget, votes: Object.fromEntries(entries) };
}

/** What is not known here might be meant to change what somebody gets. */
function knownKeys(value: unknown, keys: readonly string[], argument: string): void {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject && Object.keys(value).every((key) => keys.includes(key))) return;

  throw new InvalidArgument(argument, value, `an object of ${keys.join(", ")} and nothing else`);
}

function partsOf(value: unknown, min: number, argument: string): void {
  if (Number.isInteger(value) && Number(value) >= min && Number(value) <= MAX_PARTS) return;

  throw new InvalidArgument(argument, value, `a whole number from ${min} to 1,000,000`);
}

/** Returns the most that contributors get in money, when so much is there. */
export function cashOf({ maxCash }: RoundBudget, available: bigint): bigint {
  const max = maxCash === undefined ? available : wholeUnits(maxCash);

  return max < available ? max : available;
}

/** Returns how many votes a reviewer has. */
export function votesOf({ votes = {} }: RoundBudget, reviewer: string): number {
  return Object.hasOwn(votes, reviewer.toLowerCase()) ? votes[reviewer.toLowerCase()] : 1;
}
