import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import fc from "fast-check";
import { InvalidArgument, roundIdOf } from "../../sdk/src/index.js";
import {
  type AggregateInputs,
  aggregateScores,
  type Contribution,
  leavesOf,
  readBudget,
  type RoundBudget,
  writeBudget,
} from "../../sdk/src/roundScoring.js";
import { halvesOf, pairOf, treeOf } from "../rounds/hashes.support.js";
import { failureOf } from "./helpers.js";
import {
  account,
  BUDGET,
  contribution,
  inputsOf,
  KINDS,
  ledger,
  manifestDigest,
  model,
  place,
  reviewers,
} from "./rounds.support.js";

/** The middle of a list in which each score stands as often as its reviewer has votes: both middles of an even one. */
function mediansOf(scores: readonly number[], votes: readonly number[]): [number, number] {
  const sorted = scores.flatMap((score, r) => Array<number>(votes[r]).fill(score)).sort((a, b) => a - b);

  return [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
}

/** Largest remainder by giving one unit at a time to whoever is furthest below its part, the first of equals. */
function divided(whole: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const parts = weights.map((weight) => (whole * weight) / total);
  while (parts.reduce((sum, part) => sum + part, 0n) < whole) {
    const missing = weights.map((weight, i) => whole * weight - parts[i] * total);
    const [most] = missing.toSorted((a, b) => (a > b ? -1 : a < b ? 1 : 0));
    parts[missing.indexOf(most)] += 1n;
  }

  return parts;
}

/** What each contributor gets, by a calculation of the tests' own. */
function expectedLeaves(
  contributions: readonly Contribution[],
  scores: readonly (readonly number[])[],
  { kinds, maxCash, votes = {} }: RoundBudget,
  available: bigint,
) {
  const weights = scores.map((_, r) => votes[reviewers[r].address] ?? 1);
  const sorted = contributions
    .map((each, i) => ({
      ...each,
      medians: mediansOf(
        scores.map((row) => row[i]),
        weights,
      ),
    }))
    .sort((a, b) => (a.contributor + a.contentDigest < b.contributor + b.contentDigest ? -1 : 1));
  const wholes = {
    shares: 600_000n,
    cash: maxCash === undefined || BigInt(maxCash) > available ? available : BigInt(maxCash),
  };
  const leaves = new Map<string, { shares: bigint; cash: bigint }>();
  for (const what of ["shares", "cash"] as const) {
    const groups = KINDS.flatMap((kind) => {
      const parts = kinds[kind]?.[what] ?? 0;
      const members = sorted.flatMap(({ contributor, medians: [low, high], units, ...each }) => {
        const points = BigInt(low + high) * (kinds[kind]?.perUnit ? BigInt(units) : 1n);

        return each.kind === kind && points > 0n ? [{ contributor, points }] : [];
      });

      return parts > 0 && members.length > 0 ? [{ parts: BigInt(parts), members }] : [];
    });
    if (groups.length === 0) continue;
    const ofKinds = divided(
      wholes[what],
      groups.map(({ parts }) => parts),
    );
    for (const [g, { members }] of groups.entries()) {
      for (const [m, part] of divided(
        ofKinds[g],
        members.map(({ points }) => points),
      ).entries()) {
        const { contributor } = members[m];
        const leaf = leaves.get(contributor) ?? { shares: 0n, cash: 0n };
        leaves.set(contributor, { ...leaf, [what]: leaf[what] + part });
      }
    }
  }

  return [...leaves]
    .filter(([, { shares, cash }]) => shares + cash > 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([holder, { shares, cash }]) => ({ account: holder, shares: Number(shares), cash: String(cash) }));
}

const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);

/** Contributions of some ten people, with the scores of up to five reviewers. */
const rounds = fc
  .record({
    brought: fc.array(
      fc.record({ kind: fc.constantFrom(...KINDS), by: fc.nat(9), units: fc.bigInt(0n, 2n ** 64n - 1n) }),
      {
        ...{ minLength: 1, maxLength: 12 },
      },
    ),
    rows: fc.array(fc.array(fc.oneof(fc.nat(100), fc.nat(2 ** 32 - 1)), { minLength: 12, maxLength: 12 }), {
      ...{ minLength: 1, maxLength: 5 },
    }),
    votes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 5 }),
    maxCash: fc.option(fc.bigInt(0n, 4_000n).map(String), { nil: undefined }),
  })
  .map(({ brought, rows, votes, maxCash }) => ({
    contributions: brought.map(({ kind, by, units }, n) => contribution(n, kind, account(100 + by), units)),
    scores: rows.map((row) => row.slice(0, brought.length)),
    budget: {
      ...BUDGET,
      kinds: { ...BUDGET.kinds, evaluation: { cash: 1, shares: 2 } },
      maxCash,
      votes: Object.fromEntries(reviewers.map(({ address }, r) => [address, votes[r]])),
    } satisfies RoundBudget,
  }));

/** Aggregates, or nothing where nobody has a point. */
async function aggregated(inputs: AggregateInputs) {
  try {
    return aggregateScores(inputs);
  } catch (error) {
    expect(error).to.be.instanceOf(InvalidArgument);
    return undefined;
  }
}

describe("SDK aggregateScores", () => {
  it("gives what the tests compute, all shares and all cash to the unit", async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async ({ contributions, scores, budget }) => {
        const expected = expectedLeaves(contributions, scores, budget, 1_900n);
        const result = await aggregated(await inputsOf(contributions, scores, { budget }));
        if (result === undefined) {
          expect(expected.every(({ shares }) => shares === 0)).to.equal(true);
          return;
        }

        expect(result.leaves).to.deep.equal(expected);
        expect(sumOf(result.leaves.map(({ shares }) => BigInt(shares)))).to.equal(600_000n);
        expect(sumOf(result.leaves.map(({ cash }) => BigInt(cash)))).to.equal(BigInt(result.cash));
        const noCash = !result.leaves.some(({ cash }) => cash !== "0");
        const most = BigInt(budget.maxCash ?? 1_900n);
        expect(BigInt(result.cash)).to.equal(noCash ? 0n : most < 1_900n ? most : 1_900n);
      }),
      { numRuns: 60 },
    );
  });

  it("does not depend on the order of contributions, of scores, or of reviews", async () => {
    await fc.assert(
      fc.asyncProperty(rounds, fc.infiniteStream(fc.nat()), async ({ contributions, scores, budget }, numbers) => {
        const shuffled = <T>(list: readonly T[]) =>
          list
            .map((element) => ({ element, at: numbers.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ element }) => element);
        const inputs = await inputsOf(contributions, scores, { budget });
        const result = await aggregated(inputs);

        expect(
          await aggregated({
            ...inputs,
            contributions: shuffled(contributions),
            reviews: shuffled(inputs.reviews),
          }),
        ).to.deep.equal(result);
      }),
      { numRuns: 30 },
    );
  });

  it("keeps a minority of the votes from moving a score out of the others' range", async () => {
    // Of three contributions the first is attacked; by its part of the shares its score can be seen.
    const people = [contribution(1, "data"), contribution(2, "data"), contribution(3, "data")];
    const honest = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 4 });
    const anyScore = fc.oneof(fc.constantFrom(0, 2 ** 32 - 1), fc.nat(2 ** 32 - 1));
    const budget = { text: "Shares alone.", kinds: { data: { cash: 0, shares: 1 } } };

    await fc.assert(
      fc.asyncProperty(honest, anyScore, async (firsts, bad) => {
        const rows = [...firsts.map((first) => [first, 500, 500]), [bad, 500, 500]];
        const { leaves } = aggregateScores(await inputsOf(people, rows, { budget }));
        const [low, high] = [Math.min(...firsts), Math.max(...firsts)];
        const part = leaves.find((leaf) => leaf.account === people[0].contributor)?.shares ?? 0;

        expect(part).to.be.at.least(Math.floor((600_000 * low) / (low + 1_000)));
        expect(part).to.be.at.most(Math.ceil((600_000 * high) / (high + 1_000)));
      }),
      { numRuns: 60 },
    );
  });

  it("lets one of three change nothing where the others agree", async () => {
    const people = [contribution(1, "data"), contribution(2, "data")];
    const [good, most] = [[80, 60], 2 ** 32 - 1];
    const agreed = aggregateScores(await inputsOf(people, [good, good, good]));

    for (const bad of [
      [0, 0],
      [0, most],
      [most, 0],
    ]) {
      const { leaves } = aggregateScores(await inputsOf(people, [good, bad, good]));
      expect(leaves).to.deep.equal(agreed.leaves);
    }
  });

  it("counts votes as the budget has them", async () => {
    const people = [contribution(1, "data"), contribution(2, "data")];
    const votes = { [reviewers[0].address]: 3 };
    const { leaves } = aggregateScores(
      await inputsOf(
        people,
        [
          [30, 10],
          [0, 10],
          [0, 10],
        ],
        { budget: { ...BUDGET, votes } },
      ),
    );

    // Three votes of five for 30 against 10.
    expect(leaves.map(({ shares }) => shares)).to.deep.equal([450_000, 150_000]);
  });

  it("gives equal remainders to the earlier", async () => {
    const people = [contribution(3, "data"), contribution(1, "data"), contribution(2, "data")];
    const split = { contributors: 599_999, funders: 300_001, coordinator: 100_000 };
    const { leaves } = aggregateScores(await inputsOf(people, [[1, 1, 1]], { split }));

    expect(leaves).to.deep.equal([
      { account: account(101), shares: 200_000, cash: "0" },
      { account: account(102), shares: 200_000, cash: "0" },
      { account: account(103), shares: 199_999, cash: "0" },
    ]);
  });

  it("builds the contract's tree, in which each leaf has a proof for the round and for the ledger", async () => {
    const people = KINDS.map((kind, n) => contribution(n, kind));
    const inputs = await inputsOf(people, [[5, 6, 7, 8]]);
    const result = aggregateScores(inputs);
    const where = { ...place, ledger, model, roundId: roundIdOf(inputs.opening, place) };
    const leaves = result.leaves.map((leaf, index) => ({ ...leaf, index, cash: BigInt(leaf.cash) }));
    expect(leaves).to.have.length(3);
    expect(result.root).to.equal(treeOf(where, leaves).root);

    for (const leaf of leaves) {
      const [claim, ...more] = leavesOf(result, leaf.account);
      const [own, ledgers] = halvesOf(where, leaf);

      expect(more).to.deep.equal([]);
      expect(claim).to.deep.include({ index: leaf.index, shares: leaf.shares, cash: leaf.cash });
      expect(claim.proof[0]).to.equal(own);
      expect(claim.proof.reduce(pairOf, ledgers)).to.equal(result.root);
    }
    expect(leavesOf(result, people[3].contributor)).to.deep.equal([]);
    expect(() => leavesOf({ ...result, root: id("other") }, people[0].contributor)).to.throw(InvalidArgument);
  });

  it("refuses what no result can be made of", async () => {
    const people = [contribution(1, "data"), contribution(2, "compute")];
    const inputs = await inputsOf(people, [
      [1, 1],
      [2, 2],
    ]);
    const [first, second] = inputs.reviews;
    const refused = async (changes: Partial<AggregateInputs>, argument: string) => {
      const error = await failureOf(InvalidArgument, (async () => aggregateScores({ ...inputs, ...changes }))());
      expect(error.argument).to.equal(argument);
    };

    await refused({ raised: 999n }, "raised");
    await refused({ budget: writeBudget({ ...BUDGET, text: "Another" }).text }, "budget");
    await refused({ reviews: [] }, "reviews");
    await refused({ reviews: [first, first] }, "reviews");
    await refused({ reviews: [{ ...first, reviewer: account(1) }] }, "reviews[0].reviewer");
    await refused({ reviews: [second, { ...first, roundId: id("another") }] }, "reviews[1].roundId");
    await refused({ reviews: [{ ...first, manifestDigest: id("another") }] }, "reviews[0].manifestDigest");
    await refused({ reviews: [{ ...first, scores: first.scores.slice(1) }] }, "reviews[0].scores");
    await refused({ reviews: [{ ...first, scores: first.scores.toReversed() }] }, "reviews[0].scores");
    await refused({ contributions: [people[0], people[0]] }, "contributions");
    await refused({ contributions: [{ ...people[0], units: "1.5" }] }, "contributions[0].units");
    await refused({ contributions: [{ ...people[0], kind: "love" as never }] }, "contributions[0].kind");
    // Nobody has a point for the shares.
    await refused(await inputsOf(people, [[0, 0]]), "contributions");
    await refused(await inputsOf([contribution(1, "evaluation")], [[9]]), "contributions");
  });

  it("leaves the cash to the funders where nobody has a point for it", async () => {
    const result = aggregateScores(await inputsOf([contribution(1, "data"), contribution(2, "compute")], [[1, 0]]));

    expect(result.cash).to.equal("0");
    expect(result.leaves).to.deep.equal([{ account: account(101), shares: 600_000, cash: "0" }]);
  });
});

describe("SDK budgets", () => {
  const written = writeBudget(BUDGET);

  it("are written in one way, and read by their digest", () => {
    expect(readBudget(written.text, written.digest)).to.deep.equal(BUDGET);
    expect(written.text.startsWith('{"format":"commonweal-budget-v1","kinds":{"code":')).to.equal(true);
    const votes = { [reviewers[0].address]: 2 };
    expect(readBudget(writeBudget({ ...BUDGET, votes }).text).votes).to.deep.equal({
      [reviewers[0].address.toLowerCase()]: 2,
    });
  });

  it("are refused where they cannot be meant", () => {
    const wrong: [Record<string, unknown>, string][] = [
      [{ ...BUDGET, text: 1 }, "budget.text"],
      [{ ...BUDGET, maxCash: "1.5" }, "budget.maxCash"],
      [{ ...BUDGET, maxCash: 5 }, "budget.maxCash"],
      [{ ...BUDGET, more: 1 }, "budget"],
      [{ ...BUDGET, kinds: { love: { cash: 1, shares: 1 } } }, "budget.kinds"],
      [{ ...BUDGET, kinds: { data: { cash: 1 } } }, "budget.kinds.data.shares"],
      [{ ...BUDGET, kinds: { data: { cash: -1, shares: 1 } } }, "budget.kinds.data.cash"],
      [{ ...BUDGET, kinds: { data: { cash: 1, shares: 1, perUnit: 1 } } }, "budget.kinds.data.perUnit"],
      [{ ...BUDGET, votes: null }, "budget.votes"],
      [{ ...BUDGET, votes: { [ZeroAddress]: 0 } }, `budget.votes.${ZeroAddress}`],
      [{ ...BUDGET, votes: { Rita: 1 } }, "budget.votes"],
      [{ ...BUDGET, votes: { [reviewers[0].address]: 1, [reviewers[0].address.toLowerCase()]: 1 } }, "budget.votes"],
    ];
    for (const [budget, argument] of wrong) {
      expect(() => writeBudget(budget as never), argument)
        .to.throw(InvalidArgument)
        .with.property("argument", argument);
    }
    for (const text of ["", "[]", "null", '{"format":"other"}', `{"format":"commonweal-budget-v1","text":"x"}`]) {
      expect(() => readBudget(text), text).to.throw(InvalidArgument);
    }
    expect(() => readBudget(written.text, id("other"))).to.throw(InvalidArgument);
    expect(manifestDigest).to.equal(id("manifest"));
  });
});
