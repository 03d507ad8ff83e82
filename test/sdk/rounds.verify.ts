import { expect } from "chai";
import { id } from "ethers";
import { InvalidArgument } from "../../sdk/src/index.js";
import {
  type AggregateInputs,
  aggregateScores,
  readResult,
  type ResultFacts,
  type ResultDiscrepancy,
  type RoundResult,
  scoresOf,
  verifyResult,
  verifyScores,
  writeResult,
} from "../../sdk/src/roundScoring.js";
import { scoresHashOf } from "../../sdk/src/scores.js";
import { account, contribution, inputsOf } from "./rounds.support.js";

type Path = readonly (string | number)[];

/** Where the values of a JSON are: its texts, numbers and truths. */
function valuesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];

  return Object.entries(value).flatMap(([key, inner]) =>
    valuesIn(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Where the lists and objects of a JSON are. */
function structuresIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];

  return [path, ...Object.entries(value).flatMap(([key, inner]) => structuresIn(inner, [...path, key]))];
}

/** A copy in which one place is changed. */
function changed(json: RoundResult, path: Path, change: (value: never) => unknown): unknown {
  const copy = { root: structuredClone(json) as unknown };
  const [last, ...before] = ["root", ...path].toReversed();
  const parent = before.toReversed().reduce((value, key) => (value as Record<string, unknown>)[key], copy as unknown);
  (parent as Record<string, unknown>)[last] = change((parent as Record<string, unknown>)[last] as never);

  return copy.root;
}

/** Other values that are as near as can be, most of them of the same form. */
function othersOf(value: unknown): unknown[] {
  if (typeof value === "number") return [value + 1, value === 0 ? 2 : value - 1, String(value)];
  const text = String(value);
  const flipped = (digit: string) => (digit === "0" ? "1" : "0");
  if (/^0x/.test(text)) {
    const upper = text.toUpperCase().replace("0X", "0x");

    return [`0x${flipped(text[2])}${text.slice(3)}`, `${text.slice(0, -1)}${flipped(text.at(-1) as string)}`].concat(
      upper === text ? [] : upper,
    );
  }
  if (/^\d+$/.test(text)) return [String(BigInt(text) + 1n), `0${text}`, Number(text)];

  return [`${text} `, text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase(), ""];
}

describe("SDK verifyResult", () => {
  let inputs: AggregateInputs;
  let result: RoundResult;
  let text: string;
  let facts: ResultFacts;

  before(async () => {
    // Its cash is less than what was raised, so that no sum follows from that.
    const budget = {
      text: "Both.",
      maxCash: "700",
      kinds: { data: { cash: 1, shares: 1 }, code: { cash: 1, shares: 2 }, evaluation: { cash: 0, shares: 0 } },
    };
    const people = [contribution(1, "data"), contribution(2, "code"), contribution(3, "evaluation")];
    inputs = await inputsOf(
      people,
      [
        [9, 5, 1],
        [8, 6, 2],
        [70, 5, 0],
      ],
      { budget },
    );
    result = aggregateScores(inputs);
    text = writeResult(result);
    const { chainId, contract, ledger, roundId, model, raised, manifestDigest, root, cash } = result;
    facts = {
      ...{ chainId, contract, ledger, roundId, model, raised, manifestDigest, root, cash },
      contributions: inputs.contributions,
      reviews: result.reviews.map(({ reviewer }, r) => ({
        reviewer,
        scoresHash: scoresHashOf(inputs.reviews[r].scores),
      })),
    };
  });

  const only = (mismatches: readonly ResultDiscrepancy[]) => {
    expect(mismatches.map(({ code }) => code)).to.have.length(1);
    expect(mismatches[0].message).to.match(/\.$/);

    return mismatches[0];
  };
  const codesOf = (mismatches: readonly ResultDiscrepancy[]) => mismatches.map(({ code }) => code);

  it("finds nothing wrong with what was aggregated, as text and parsed, with and without facts", () => {
    for (const known of [{}, facts]) {
      expect(verifyResult(text, known)).to.deep.equal([]);
      expect(verifyResult(JSON.parse(text), known)).to.deep.equal([]);
    }
    expect(readResult(text)).to.deep.equal(result);
    // As they were signed, which makes the same again.
    expect(aggregateScores({ ...inputs, reviews: scoresOf(result) })).to.deep.equal(result);
    expect(scoresOf(result).every((signed) => verifyScores(signed, inputs))).to.equal(true);
  });

  it("finds every change of a single value", () => {
    const paths = valuesIn(result);
    expect(paths.length).to.be.greaterThan(70);
    for (const path of paths) {
      const value = path.reduce((inner, key) => (inner as Record<string, unknown>)[key], result as unknown);
      for (const other of othersOf(value)) {
        const mutant = changed(result, path, () => other);

        expect(verifyResult(mutant, facts), `${path.join(".")}: ${value} → ${other}`).to.not.deep.equal([]);
      }
    }
  });

  it("finds members and elements that are missing, too many or swapped", () => {
    for (const path of structuresIn(result)) {
      const mutants = [
        changed(result, path, (value: object) =>
          Array.isArray(value) ? [...value, value[0] ?? 0] : { ...value, more: 1 },
        ),
        changed(result, path, () => null),
        ...Object.keys(path.reduce((inner, key) => (inner as Record<string, object>)[key], result as object)).map(
          (key) =>
            changed(result, path, (value: object) =>
              Array.isArray(value)
                ? value.filter((_, i) => i !== Number(key))
                : Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)),
            ),
        ),
      ];
      for (const [m, mutant] of mutants.entries()) {
        expect(verifyResult(mutant, facts), `${path.join(".")} ${m}`).to.not.deep.equal([]);
      }
    }
    for (const list of ["contributions", "reviews", "leaves"] as const) {
      expect(verifyResult({ ...result, [list]: result[list].toReversed() }, facts), list).to.not.deep.equal([]);
    }
  });

  it("says why", () => {
    const { leaves, reviews, contributions } = result;
    expect(only(verifyResult({ ...result, format: "v2" }))).to.deep.include({
      ...{ code: "Malformed", path: "result.format", expected: '"commonweal-result-v1"' },
    });
    expect(only(verifyResult(`${text}\n`))).to.deep.include({ code: "NotCanonical" });
    expect(only(verifyResult("{"))).to.deep.include({ code: "Malformed", path: "result" });
    const [first, ...others] = leaves;
    const more = { ...first, cash: String(BigInt(first.cash) + 1n) };
    expect(only(verifyResult({ ...result, leaves: [more, ...others] }))).to.deep.include({
      ...{ code: "LeafMismatch", index: 0, stated: more, computed: first },
    });
    expect(only(verifyResult({ ...result, leaves: leaves.slice(0, 1) }))).to.deep.include({
      ...{ code: "LeafMismatch", index: 1, stated: undefined, computed: leaves[1] },
    });
    expect(only(verifyResult({ ...result, cash: "701" }))).to.deep.include({
      ...{ code: "CashMismatch", stated: "701", computed: "700" },
    });
    expect(only(verifyResult({ ...result, root: id("other") }))).to.deep.include({
      ...{ code: "RootMismatch", stated: id("other"), computed: result.root },
    });
    expect(only(verifyResult(result, { ...facts, root: id("other") }))).to.deep.include({
      ...{ code: "FactMismatch", fact: "root", stated: result.root, expected: id("other") },
    });
    expect(only(verifyResult(result, { ...facts, contributions: inputs.contributions.slice(1) }))).to.deep.include({
      ...{ code: "FactMismatch", fact: "contributions" },
    });
    expect(only(verifyResult(result, { ...facts, reviews: facts.reviews?.slice(1) }))).to.deep.include({
      ...{ code: "FactMismatch", fact: "reviews" },
    });

    const forged = reviews.with(1, { ...reviews[1], signature: reviews[0].signature });
    expect(only(verifyResult({ ...result, reviews: forged }))).to.deep.include({
      ...{ code: "SignatureInvalid", reviewer: reviews[1].reviewer },
    });
    const stranger = reviews.with(2, { ...reviews[2], reviewer: `0x${"f".repeat(40)}` });
    expect(codesOf(verifyResult({ ...result, reviews: stranger }))).to.deep.equal(["SignatureInvalid", "Malformed"]);
    const short = reviews.with(0, { ...reviews[0], scores: [9] });
    expect(only(verifyResult({ ...result, reviews: short }))).to.deep.include({
      ...{ code: "Malformed", path: "result.reviews[0].scores" },
    });
    expect(only(verifyResult({ ...result, contributions: contributions.toReversed() }))).to.deep.include({
      ...{ code: "Malformed", path: "result.contributions[1]" },
    });
    const terms = { ...result.opening, salt: id("other") };
    expect(verifyResult({ ...result, opening: terms })[0]).to.deep.include({
      ...{ code: "RoundIdMismatch", stated: result.roundId },
    });
    expect(verifyResult({ ...result, budget: `${result.budget} ` })[0]).to.deep.include({
      ...{ code: "Malformed", path: "budget" },
    });
  });

  it("reads what may come from anywhere, and fails in no other way", () => {
    for (const json of [
      undefined,
      null,
      1,
      "",
      "null",
      "[]",
      [],
      {},
      { ...result, opening: null },
      { __proto__: result },
    ]) {
      expect(only(verifyResult(json))).to.include({ code: "Malformed" });
      expect(() => readResult(json)).to.throw(InvalidArgument);
    }
    // What only looks like a result until it is hashed.
    const high = result.reviews.with(0, { ...result.reviews[0], scores: [2 ** 32, 1, 1] });
    expect(only(verifyResult({ ...result, reviews: high }, facts))).to.include({
      ...{ code: "Malformed", path: "result.reviews[0].scores[0]" },
    });
    const budgets = verifyResult({ ...result, budget: "\ud800" }, facts);
    expect(budgets.map((mismatch) => mismatch.code === "Malformed" && mismatch.path)).to.deep.equal(["json", "budget"]);
    const leaf = { account: account(1), shares: 1, cash: "1" };
    const many = verifyResult({ ...result, leaves: Array(200_000).fill(leaf) }, facts);
    expect(many).to.have.length(200_000);
    expect(many.every(({ code }) => code === "LeafMismatch")).to.equal(true);

    expect(verifyResult({ ...result, chainId: "9".repeat(78) })).to.not.deep.equal([]);
    expect(verifyResult({ ...result, opening: { ...result.opening, reviewers: [account(7)] } })).to.not.deep.equal([]);
  });
});
