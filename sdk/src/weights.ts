import type { AllocationShare } from "./trees.js";
import { unitsOf } from "./arguments.js";
import { InvalidArgument } from "./errors.js";

/**
 * Divides units in proportion to weights, such as contributions, by largest remainder: everybody gets their part rounded
 * down, and what is left goes one by one to whom rounding took most from, the earlier in the list first.
 *
 * @param weights Positive bigints of any size.
 * @param units What to divide, 1 to 1,000,000.
 * @returns `shares`, which sum to `units` exactly, and `left`: those whose part comes to nothing, in order.
 * @throws {InvalidArgument} when the list is empty, a weight is not a positive bigint, or units are out of range.
 * @example
 * const weights = [{ account: alice, weight: 2n }, { account: bob, weight: 1n }];
 * const { shares, left } = sharesFromWeights(weights, 100_000); // 66,667 and 33,333; nobody is left out
 */
export function sharesFromWeights<Weight extends { account: string; weight: bigint }>(
  weights: readonly Weight[],
  units: number,
): { shares: AllocationShare[]; left: Weight[] } {
  unitsOf(units, "units");
  if (weights.length === 0) throw new InvalidArgument("weights", "empty", "at least one account with its weight");

  let total = 0n;
  for (const [index, { weight }] of weights.entries()) {
    if (typeof weight !== "bigint" || weight <= 0n) {
      throw new InvalidArgument(`weights[${index}].weight`, weight, "a positive bigint");
    }
    total += weight;
  }

  const parts = weights.map(({ weight }) => Number((weight * BigInt(units)) / total));
  const remainders = weights.map(({ weight }) => (weight * BigInt(units)) % total);
  const rest = units - parts.reduce((sum, part) => sum + part, 0);
  const byRemainder = [...weights.keys()].sort((a, b) =>
    remainders[a] === remainders[b] ? a - b : remainders[a] > remainders[b] ? -1 : 1,
  );
  for (const index of byRemainder.slice(0, rest)) parts[index] += 1;

  return {
    shares: weights.map(({ account }, index) => ({ account, units: parts[index] })).filter((share) => share.units > 0),
    left: weights.filter((_, index) => parts[index] === 0),
  };
}
