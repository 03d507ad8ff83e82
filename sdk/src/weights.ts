import type { Address } from "./brands.js";
import type { AllocationShare } from "./trees.js";
import { unitsOf } from "./arguments.js";
import { largestRemainder } from "./arithmetic.js";
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
export function sharesFromWeights<Weight extends { account: Address; weight: bigint }>(
  weights: readonly Weight[],
  units: number,
): { shares: AllocationShare[]; left: Weight[] } {
  unitsOf(units, "units");
  if (weights.length === 0) throw new InvalidArgument("weights", "empty", "at least one account with its weight");

  for (const [index, { weight }] of weights.entries()) {
    if (typeof weight !== "bigint" || weight <= 0n) {
      throw new InvalidArgument(`weights[${index}].weight`, weight, "a positive bigint");
    }
  }

  const parts = largestRemainder(
    weights.map(({ weight }) => weight),
    BigInt(units),
  ).map(Number);

  return {
    shares: weights.map(({ account }, index) => ({ account, units: parts[index] })).filter((share) => share.units > 0),
    left: weights.filter((_, index) => parts[index] === 0),
  };
}
