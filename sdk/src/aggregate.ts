import { addressOf, byAddress, bytes32Of } from "./arguments.js";
import { largestRemainder } from "./arithmetic.js";
import { InvalidArgument } from "./errors.js";
import { ContributionKind } from "./generated/enums.js";
import { cashOf, readBudget, type RoundBudget, votesOf } from "./roundBudgets.js";
import { type Contribution, FORMAT, type ResultLeaf, type ResultReview, type RoundResult } from "./roundResults.js";
import { lowerCaseOpening, type RoundOpening, type RoundPlace, roundIdOf } from "./roundTerms.js";
import { rootOf } from "./roundTrees.js";
import { ascendingContributions, keyOf, type SignedScores } from "./scores.js";

/** What a result is made of. */
export interface AggregateInputs extends RoundPlace {
  /** The address of the `RoyaltyLedger`. */
  ledger: string;
  /** The id that the round's model will have. */
  model: string;
  opening: RoundOpening;
  /** The budget's text, of which the opening has the digest. */
  budget: string;
  /** What funders paid in, in units of the round's currency. */
  raised: bigint;
  manifestDigest: string;
  /** All that was revealed in the round, in any order. */
  contributions: readonly Contribution[];
  /** The scores of as many reviewers as the terms ask for at least, in any order. */
  reviews: readonly SignedScores[];
}

/**
 * Makes a round's result of its reviewers' scores. It depends on nothing but what is passed, and not on its order:
 *
 * 1. Each reviewer's score of a contribution is clipped to what lies between the lower and the upper median of all
 *    reviewers' scores of it, weighted by their votes (1 each, unless the budget says otherwise). With one median that is
 *    the median; with two, half of the votes come to lie on either. So whoever has less than half of the votes cannot move
 *    a score out of the range of the others' scores, neither up nor down. A contribution's points are the sum of both
 *    medians, which is twice the mean of the clipped scores; times its units, where the budget says `perUnit`.
 * 2. Shares are divided between the kinds of contributions as the budget has it, leaving out those without points, and
 *    then in each kind by points; cash in the same way. Both by largest remainder, the earlier first when remainders are
 *    equal, so that every unit goes to somebody.
 * 3. What a contributor has of all of its contributions is its leaf. There is no leaf for nothing.
 *
 * The weighted median is Edgeworth's (1888), whose breakdown point is a half. Yuma Consensus clips scores in the same
 * manner, but only from above: there a minority cannot raise a score, and here it cannot lower it either.
 *
 * Signatures are not looked at: see `verifyScores` and `verifyResult`.
 *
 * @throws {InvalidArgument} when a review is not of this round, by one of its reviewers, and of exactly what was revealed;
 * there are too few of them; the target was missed; or nobody is left for the shares.
 * @example
 * const result = aggregateScores({ chainId, contract, ledger, model, opening, budget, raised, manifestDigest, contributions, reviews });
 */
export function aggregateScores(inputs: AggregateInputs): RoundResult {
  const { chainId, raised } = inputs;
  const opening = lowerCaseOpening(inputs.opening);
  const contributions = checkedContributions(inputs.contributions);
  const place = {
    chainId: String(chainId),
    contract: lowerCase(inputs.contract, "contract"),
    ledger: lowerCase(inputs.ledger, "ledger"),
    roundId: roundIdOf(opening, inputs),
    model: lowerCase(inputs.model, "model"),
  };
  const manifestDigest = bytes32Of(inputs.manifestDigest, "manifestDigest").toLowerCase();
  const budget = readBudget(inputs.budget, opening.budgetDigest);
  const reviews = resultReviewsOf(inputs.reviews, opening, contributions, { roundId: place.roundId, manifestDigest });
  const { leaves, cash } = divide({ opening, budget, raised, contributions, reviews });

  return {
    ...{ format: FORMAT, ...place, opening, budget: inputs.budget, raised: String(raised), manifestDigest },
    ...{ contributions, reviews, leaves, cash: String(cash), root: rootOf(place, leaves) },
  };
}

/** Divides shares and cash between contributors; contributions and reviews are in order. */
export function divide({
  opening,
  budget,
  raised,
  contributions,
  reviews,
}: {
  opening: RoundOpening;
  budget: RoundBudget;
  raised: bigint;
  contributions: readonly Contribution[];
  reviews: readonly ResultReview[];
}): { leaves: ResultLeaf[]; cash: bigint } {
  if (raised < BigInt(opening.money.target)) {
    throw new InvalidArgument("raised", raised, `at least the target, ${opening.money.target} units`);
  }
  const points = pointsOf(budget, contributions, reviews);
  const available = cashOf(budget, raised - BigInt(opening.money.coordinatorCash));
  const cash = partsOf("cash", available, budget, contributions, points);
  const units = BigInt(opening.split.contributors);
  const shares = partsOf("shares", units, budget, contributions, points);
  if (shares === undefined && units > 0n) {
    const expected = "at least one with points, of a kind that the budget gives shares";
    throw new InvalidArgument("contributions", contributions, expected);
  }

  const leaves = new Map<string, { shares: bigint; cash: bigint }>();
  for (const [i, { contributor }] of contributions.entries()) {
    const leaf = leaves.get(contributor) ?? { shares: 0n, cash: 0n };
    leaves.set(contributor, {
      shares: leaf.shares + (shares?.[i] ?? 0n),
      cash: leaf.cash + (cash?.[i] ?? 0n),
    });
  }

  return {
    // In the order of contributions, and so of accounts.
    leaves: [...leaves].flatMap(([account, leaf]) =>
      leaf.shares + leaf.cash > 0n ? [{ account, shares: Number(leaf.shares), cash: String(leaf.cash) }] : [],
    ),
    cash: cash === undefined ? 0n : available,
  };
}

/** Divides a whole between kinds and then between contributions; undefined if nobody has points for it. */
function partsOf(
  what: "cash" | "shares",
  whole: bigint,
  { kinds }: RoundBudget,
  contributions: readonly Contribution[],
  points: readonly bigint[],
): bigint[] | undefined {
  const groups = ContributionKind.flatMap((kind) => {
    const weight = BigInt(kinds[kind]?.[what] ?? 0);
    const members = [...contributions.keys()].filter((i) => contributions[i].kind === kind && points[i] > 0n);

    return weight > 0n && members.length > 0 ? [{ weight, members }] : [];
  });
  if (groups.length === 0) return undefined;

  const parts = contributions.map(() => 0n);
  const wholes = largestRemainder(
    groups.map(({ weight }) => weight),
    whole,
  );
  for (const [g, { members }] of groups.entries()) {
    const divided = largestRemainder(
      members.map((i) => points[i]),
      wholes[g],
    );
    for (const [m, i] of members.entries()) parts[i] = divided[m];
  }

  return parts;
}

/* POINTS */

function pointsOf(
  budget: RoundBudget,
  contributions: readonly Contribution[],
  reviews: readonly ResultReview[],
): bigint[] {
  const votes = reviews.map(({ reviewer }) => votesOf(budget, reviewer));

  return contributions.map(({ kind, units }, i) => {
    const [lower, upper] = weightedMedians(reviews.map(({ scores }, r) => ({ value: scores[i], weight: votes[r] })));

    return BigInt(lower + upper) * (budget.kinds[kind]?.perUnit === true ? BigInt(units) : 1n);
  });
}

/**
 * Returns the lower and the upper weighted median: the least value at which half of all weight is not above, and the
 * greatest at which half is not below.
 */
export function weightedMedians(values: readonly { value: number; weight: number }[]): [lower: number, upper: number] {
  const sorted = [...values].sort((a, b) => a.value - b.value);
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const [i, { value, weight }] of sorted.entries()) {
    below += weight;
    if (below * 2 > total) return [value, value];
    if (below * 2 === total) return [value, sorted[i + 1].value];
  }

  throw new InvalidArgument("values", values, "at least one value with a weight");
}

/* INPUTS */

function checkedContributions(contributions: readonly Contribution[]): Contribution[] {
  const sorted = ascendingContributions(contributions).map(({ contributor, contentDigest, kind, units }, i) => {
    if (!ContributionKind.includes(kind)) {
      throw new InvalidArgument(`contributions[${i}].kind`, kind, `one of ${ContributionKind.join(", ")}`);
    }
    if (!/^(0|[1-9]\d*)$/.test(units)) {
      throw new InvalidArgument(`contributions[${i}].units`, units, "a whole number in decimal, as text");
    }

    return { contributor, contentDigest, kind, units };
  });
  const twice = sorted.find((each, i) => i > 0 && keyOf(each) === keyOf(sorted[i - 1]));
  if (twice !== undefined) throw new InvalidArgument("contributions", keyOf(twice), "each contribution once");

  return sorted;
}

function resultReviewsOf(
  reviews: readonly SignedScores[],
  opening: RoundOpening,
  contributions: readonly Contribution[],
  expected: { roundId: string; manifestDigest: string },
): ResultReview[] {
  const checked = reviews.map(({ reviewer, scores, signature, ...review }, r) => {
    const at = `reviews[${r}]`;
    const account = lowerCase(reviewer, `${at}.reviewer`);
    if (!opening.reviewers.includes(account)) {
      throw new InvalidArgument(`${at}.reviewer`, reviewer, "one of the round's reviewers");
    }
    for (const name of ["roundId", "manifestDigest"] as const) {
      if (String(review[name]).toLowerCase() === expected[name]) continue;
      throw new InvalidArgument(`${at}.${name}`, review[name], expected[name]);
    }
    const isComplete = scores.length === contributions.length;
    if (!isComplete || scores.some((score, i) => keyOf(score) !== keyOf(contributions[i]))) {
      const order = "one score for each contribution that was revealed, in the order of completeScores";
      throw new InvalidArgument(`${at}.scores`, scores, order);
    }

    return { reviewer: account, scores: scores.map(({ score }) => score), signature: signature.toLowerCase() };
  });
  const ascending = checked.sort((a, b) => byAddress(a.reviewer, b.reviewer));
  const distinct = new Set(ascending.map(({ reviewer }) => reviewer)).size;
  if (distinct < ascending.length) throw new InvalidArgument("reviews", reviews, "one review of each reviewer");
  if (distinct < opening.minReviews) {
    throw new InvalidArgument("reviews", reviews, `the scores of ${opening.minReviews} reviewers at least`);
  }

  return ascending;
}

function lowerCase(value: string, argument: string): string {
  return addressOf(value, argument).toLowerCase();
}
