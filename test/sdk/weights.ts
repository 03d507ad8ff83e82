import { expect } from "chai";
import fc from "fast-check";
import { buildAllocation, sharesFromWeights } from "../../sdk/src/index.js";
import { account, alice, bob, expectInvalid, place, sumOf } from "../helpers/allocations.js";

describe("SDK sharesFromWeights", () => {
  const weightLists = fc.array(fc.bigInt({ min: 1n, max: 2n ** 80n }), { minLength: 1, maxLength: 50 });
  const totals = fc.integer({ min: 1, max: 1_000_000 });
  const weighted = (weights: readonly bigint[]) =>
    weights.map((weight, n) => ({ account: account(2n ** 64n + BigInt(n)), weight }));

  it("gives out exactly the units, to each its part rounded up or down", () => {
    fc.assert(
      fc.property(weightLists, totals, (weights, units) => {
        const list = weighted(weights);
        const { shares: given, left } = sharesFromWeights(list, units);
        const total = weights.reduce((sum, weight) => sum + weight, 0n);

        expect(sumOf(given)).to.equal(units);
        expect(given.length + left.length).to.equal(weights.length);
        for (const { account, weight } of list) {
          const part = BigInt(given.find((share) => share.account === account)?.units ?? 0);
          const above = part * total - weight * BigInt(units);

          expect(above > -total && above < total, "within one unit").to.equal(true);
          expect(left.some((each) => each.account === account)).to.equal(part === 0n);
        }
      }),
    );
  });

  it("never gives less for more weight", () => {
    fc.assert(
      fc.property(weightLists, totals, (weights, units) => {
        const list = weighted(weights);
        const { shares: given } = sharesFromWeights(list, units);
        const unitsOf = new Map(given.map((share) => [share.account, share.units]));
        const byWeight = list.toSorted((a, b) => (a.weight < b.weight ? -1 : a.weight > b.weight ? 1 : 0));
        // Equal weights may differ by one; the earlier has it.
        for (const [n, { account, weight }] of byWeight.slice(1).entries()) {
          const before = byWeight[n];
          const [less, more] = [unitsOf.get(before.account) ?? 0, unitsOf.get(account) ?? 0];

          if (before.weight < weight) expect(more).to.be.at.least(less);
          else expect(less - more).to.be.oneOf([0, 1]);
        }
      }),
    );
  });

  it("gives what is left to the largest remainders, the earlier first", () => {
    // Parts of 10 of 16 units: 1.875, 1.25, 1.25, 1.25, 4.375.
    const { shares: given } = sharesFromWeights(weighted([3n, 2n, 2n, 2n, 7n]), 10);
    expect(given.map(({ units }) => units)).to.deep.equal([2, 1, 1, 1, 5]);

    // A third each of two units.
    const tied = sharesFromWeights(weighted([5n, 5n, 5n]), 2);
    expect(tied.shares.map(({ units }) => units)).to.deep.equal([1, 1]);
    expect(tied.left).to.deep.equal([weighted([5n, 5n, 5n])[2]]);
  });

  it("makes what buildAllocation takes", () => {
    const { shares: given, left } = sharesFromWeights(weighted([10n ** 30n, 1n, 10n ** 30n]), 999_999);

    expect(left.map(({ weight }) => weight)).to.deep.equal([1n]);
    expect(buildAllocation({ ...place, units: 999_999, shares: given }).count).to.equal(2);
  });

  it("refuses an empty list, weights that are no positive bigints, and units out of range", () => {
    expectInvalid(() => sharesFromWeights([], 1), "weights", "empty");
    for (const weight of [0n, -1n, 1, "1", undefined]) {
      const list = [
        { account: alice, weight: 1n },
        { account: bob, weight: weight as bigint },
      ];
      expectInvalid(() => sharesFromWeights(list, 1), "weights[1].weight", weight, "a positive bigint");
    }
    for (const units of [0, 1_000_001, 0.5])
      expectInvalid(() => sharesFromWeights(weighted([1n]), units), "units", units);
  });
});
