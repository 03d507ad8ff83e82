import { expect } from "chai";
import fc from "fast-check";
import {
  conserved,
  createOracle,
  distributeExactly,
  type Fraction,
  fraction,
  minus,
  type Oracle,
  type OracleModel,
  RECEIVED_CAP,
  SHARES_PER_MODEL,
} from "../helpers/oracle.js";

/** Describes a model that belongs to "own", unless told otherwise. */
function model(id: string, rest: Partial<OracleModel> = {}): OracleModel {
  return { id, feeBps: 0n, edges: [], shares: new Map([["own", SHARES_PER_MODEL]]), ...rest };
}

/** Gives shares to ann and bob. */
function holdings(ann: bigint, bob: bigint): Map<string, bigint> {
  return new Map([
    ["ann", ann],
    ["bob", bob],
  ]);
}

const halves = holdings(500_000n, 500_000n);

/**
 * Two parents with odd rates. For R = 10,031 and W = 1,333, by hand:
 *   U   = ⌊13,371,323 / 10,000⌋   = 1,337
 *   u_1 = ⌊1,337 ·   333 / 1,333⌋ = ⌊  445,221 / 1,333⌋ =   333 (rest 1,332; from R at once it would be 334)
 *   u_2 = ⌊1,337 · 1,000 / 1,333⌋ = ⌊1,337,000 / 1,333⌋ = 1,003 (rest     1), so 1 is dust
 *   H   = 10,031 − 1,337 = 8,694;  F = ⌊8,694 · 250 / 10,000⌋ = ⌊217.35⌋ = 217;  D = 8,477
 *   ann: 8,477 · 0.333333 = 2,825.663841;  bob: 8,477 · 0.666667 = 5,651.336159
 */
function twoParents(): OracleModel[] {
  const edges = [
    { parent: "first", rateBps: 333n, until: 100n },
    { parent: "second", rateBps: 1_000n },
  ];
  const shares = holdings(333_333n, 666_667n);
  return [model("first"), model("second"), model("child", { feeBps: 250n, edges, shares })];
}

/** Reads the figures of `twoParents` in one object. */
function figures(oracle: Oracle) {
  return {
    first: oracle.receivedOf("first"),
    second: oracle.receivedOf("second"),
    fees: oracle.fees(),
    distributed: oracle.distributedOf("child"),
    dust: oracle.dustOf("child"),
    ann: oracle.owedOf("child", "ann"),
    bob: oracle.owedOf("child", "bob"),
  };
}

const handCalculated = {
  ...{ first: 333n, second: 1_003n, fees: 217n, distributed: 8_477n, dust: 1n },
  ...{ ann: 2_825_663_841n, bob: 5_651_336_159n },
};

/** Cascades everything, children before their parents. */
function sweep(oracle: Oracle, models: OracleModel[]): void {
  for (const { id } of [...models].reverse()) oracle.cascade(id);
}

/* RANDOM LINEAGES */

const NAMES = ["ann", "bob", "cat", "dan"];
const parentArbitrary = fc.record({ pick: fc.nat(38), weight: fc.integer({ min: 1, max: 100 }), until: fc.nat(150) });
const seedArbitrary = fc.record({
  feeBps: fc.bigInt({ min: 0n, max: 250n }),
  total: fc.integer({ min: 16, max: 5_000 }),
  parents: fc.array(parentArbitrary, { maxLength: 30, size: "max" }),
  cuts: fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)),
});
type Seed = typeof seedArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** Builds a model on up to 16 of those before it; rates add up to `total` at most, the third part is an allocation. */
function modelOf({ feeBps, total, parents, cuts }: Seed, index: number): OracleModel {
  const chosen = [...new Map(parents.map((parent) => [parent.pick % Math.max(index, 1), parent]))].slice(
    0,
    Math.min(index, 16),
  );
  const weights = chosen.reduce((sum, [, { weight }]) => sum + weight, 0);
  const edges = chosen.map(([parent, { weight, until }]) => ({
    parent: `model ${parent}`,
    rateBps: BigInt(1 + Math.floor(((total - chosen.length) * weight) / weights)),
    ...(until < 100 ? { until: BigInt(until) } : {}),
  }));
  const [low, high] = [Math.min(...cuts), Math.max(...cuts)];
  const shares = holdings(BigInt(low), BigInt(high - low));
  const allocations = new Map([["tree", SHARES_PER_MODEL - BigInt(high)]]);
  return { id: `model ${index}`, feeBps, edges, shares, allocations };
}

const lineage = fc
  .array(seedArbitrary, { minLength: 1, maxLength: 40, size: "max" })
  .map((seeds) => seeds.map((seed, index) => modelOf(seed, index)));

const amount = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 30n }) },
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 24n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: RECEIVED_CAP }) },
);

const SHARES = ["transfer", "handOver", "allocate", "claimShares", "takeBack"] as const;
const action = fc.record({
  kind: fc.constantFrom("pay", "pay", "fill", "cascade", "cascade", "retire", "claim", ...SHARES),
  at: fc.nat(39),
  from: fc.constantFrom(...NAMES),
  to: fc.constantFrom(...NAMES),
  amount,
  percent: fc.bigInt({ min: 0n, max: 100n }),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** Notes what an oracle does not tell: what was claimed and which edges ended, by model; time passes by steps. */
interface Notes {
  claimed: Map<string, bigint>;
  ended: Map<string, number>;
  now: bigint;
}

/** Does one action; who has no shares, or finds nothing left, moves none. */
function act(oracle: Oracle, models: OracleModel[], notes: Notes, { kind, at, from, to, amount, percent }: Action) {
  const { id } = models[at % models.length];
  const partOf = (key: string) => (oracle.sharesOf(id, key) * percent) / 100n;
  const trees = oracle.holdersOf(id).filter((key) => key.startsWith("tree"));
  const tree = trees[at % trees.length];
  const room = RECEIVED_CAP - oracle.receivedOf(id);
  notes.now += 1n;

  if (kind === "pay") expect(oracle.pay(id, amount)).to.equal(amount <= room);
  if (kind === "fill" && at % 4 === 0) expect(oracle.pay(id, room - (percent % (room + 1n)))).to.equal(true);
  if (kind === "cascade") oracle.cascade(id);
  if (kind === "transfer") oracle.transfer(id, from, to, partOf(from));
  if (kind === "handOver") oracle.handOver(id, from, to);
  if (kind === "allocate") oracle.allocate(id, from, `tree ${notes.now}`, partOf(from));
  if (kind === "claimShares") oracle.claimShares(id, tree, to, partOf(tree));
  if (kind === "takeBack") oracle.takeBack(id, tree, to);
  if (kind === "retire") notes.ended.set(id, (notes.ended.get(id) ?? 0) + oracle.retire(id, notes.now));
  if (kind === "claim") {
    const claimable = oracle.claimable(id, from);
    expect(oracle.claim([id], from)).to.equal(claimable);
    notes.claimed.set(id, (notes.claimed.get(id) ?? 0n) + claimable);
  }
}

/** The bound of dust in one model: its parents, once more for every edge that ended, and all who ever held shares. */
function dustBound(parents: number, ended: number, holders: number): bigint {
  return BigInt(parents * (1 + ended) + holders);
}

/** Sums the dust bounds of each model and of all of its descendants: how far its figures may be from exact ones. */
function lineageBounds(models: OracleModel[]): Map<string, bigint> {
  const families = new Map(models.map(({ id }) => [id, new Set([id])]));
  for (const { id, edges } of [...models].reverse()) {
    for (const { parent } of edges) for (const member of families.get(id) ?? []) families.get(parent)?.add(member);
  }
  const own = new Map(models.map(({ id, edges }) => [id, dustBound(edges.length, 0, 3)]));
  const boundOf = (family: Set<string>) => [...family].reduce((sum, id) => sum + (own.get(id) ?? 0n), 0n);
  return new Map([...families].map(([id, family]) => [id, boundOf(family)]));
}

function expectWithin(bound: bigint, actual: bigint, exact: Fraction | undefined): void {
  const { num, den } = minus(exact ?? fraction(0n), fraction(actual));
  const isWithin = num < bound * den && num > -bound * den;
  expect(isWithin, `${actual} is ${num} / ${den} from exact, bound ${bound}`).to.equal(true);
}

describe("Oracle", () => {
  describe("cascade", () => {
    it("rounds as calculated by hand", () => {
      const oracle = createOracle(twoParents());
      oracle.pay("child", 10_031n);

      // Waiting: U + F = 1,337 + 217; nothing has moved, but holders have theirs.
      expect(oracle.waitingOf("child")).to.equal(1_554n);
      expect(oracle.claimable("child", "ann")).to.equal(2_825n);
      oracle.cascade("child");
      oracle.cascade("child");

      expect(figures(oracle)).to.deep.equal(handCalculated);
      expect(oracle.claim(["child"], "bob")).to.equal(5_651n);
      expect(oracle.owedOf("child", "bob")).to.equal(336_159n);
      expect(oracle.claim(["first", "second", "first"], "own")).to.equal(1_336n);
      expect(conserved(oracle)).to.equal(true);
    });

    it("does not depend on how a payment is split", () => {
      const oracle = createOracle(twoParents());
      for (const part of [1n, 2n, 6n, 990n, 4_000n, 5_032n]) {
        oracle.pay("child", part);
        oracle.cascade("child");
      }
      expect(figures(oracle)).to.deep.equal(handCalculated);
    });

    it("comes to the same in any order once all is cascaded", () => {
      // leaf → left, right at 10 % each; left → root at 50 %, right → root at 30 %.
      // leaf 1,005: U = ⌊201⌋ = 201, u = ⌊100.5⌋ = 100 each, dust 1. Root: ⌊100 · 0.5⌋ + ⌊100 · 0.3⌋ = 80.
      const edge = (parent: string, rateBps: bigint) => ({ parent, rateBps });
      const models = [
        model("root"),
        model("left", { edges: [edge("root", 5_000n)] }),
        model("right", { edges: [edge("root", 3_000n)] }),
        model("leaf", { edges: [edge("left", 1_000n), edge("right", 1_000n)] }),
      ];
      for (const order of ["leaf left right", "left leaf right left", "right left leaf leaf right left"]) {
        const oracle = createOracle(models);
        oracle.pay("leaf", 1_005n);
        for (const id of order.split(" ")) oracle.cascade(id);

        expect(["root", "left", "right"].map(oracle.receivedOf)).to.deep.equal([80n, 100n, 100n]);
        expect(["left", "right", "leaf"].map(oracle.distributedOf)).to.deep.equal([50n, 70n, 804n]);
        expect(oracle.dustOf("leaf")).to.equal(1n);
      }
    });

    it("fills a parent at its cap and spills the rest", () => {
      const oracle = createOracle(twoParents());
      expect(oracle.pay("first", RECEIVED_CAP - 5n)).to.equal(true);
      expect(oracle.pay("first", 6n)).to.equal(false);
      oracle.pay("child", 10_031n);
      oracle.cascade("child");

      // Of 333, 5 fit.
      expect(oracle.receivedOf("first")).to.equal(RECEIVED_CAP);
      expect(oracle.spilled()).to.equal(328n);
      expect(oracle.receivedOf("second")).to.equal(1_003n);
      expect(oracle.pay("child", RECEIVED_CAP - 10_031n)).to.equal(true);
      expect(conserved(oracle)).to.equal(true);
    });
  });

  describe("transfer", () => {
    it("leaves what was credited before, and gives what arrives later", () => {
      const oracle = createOracle([model("root"), model("leaf", { edges: [{ parent: "root", rateBps: 5_000n }] })]);
      oracle.pay("root", 10n);
      oracle.pay("leaf", 10n);
      oracle.transfer("root", "own", "own", SHARES_PER_MODEL);
      oracle.transfer("root", "own", "ann", SHARES_PER_MODEL);
      oracle.cascade("leaf");

      expect(oracle.claim(["root"], "own")).to.equal(10n);
      expect(oracle.claim(["root"], "ann")).to.equal(5n);
    });
  });

  describe("handOver", () => {
    it("carries fractions of a unit", () => {
      const oracle = createOracle([model("root", { shares: halves })]);
      oracle.pay("root", 1n);
      expect(oracle.claimable("root", "ann") + oracle.claimable("root", "bob")).to.equal(0n);
      oracle.handOver("root", "ann", "bob");

      // Half a unit and half a unit.
      expect(oracle.claim(["root"], "bob")).to.equal(1n);
      expect(oracle.sharesOf("root", "bob")).to.equal(SHARES_PER_MODEL);
    });
  });

  describe("allocate", () => {
    it("owes a claimant what it would owe a holder from the start", () => {
      const held = createOracle([model("root", { shares: halves })]);
      const [shares, allocations] = [holdings(500_000n, 0n), new Map([["tree", 500_000n]])];
      const allocated = createOracle([model("root", { shares, allocations })]);
      for (const oracle of [held, allocated]) oracle.pay("root", 7n);
      allocated.claimShares("root", "tree", "bob", 123_457n);
      for (const oracle of [held, allocated]) oracle.pay("root", 4n);
      allocated.claimShares("root", "tree", "bob", 376_543n);

      // Half of 11.
      expect(allocated.owedOf("root", "bob")).to.equal(5_500_000n);
      expect(held.owedOf("root", "bob")).to.equal(5_500_000n);
      expect(allocated.owedOf("root", "tree")).to.equal(0n);
    });

    it("counts from the moment that it was made, and goes back with what it earned", () => {
      const oracle = createOracle([model("root", { shares: halves })]);
      oracle.pay("root", 3n);
      oracle.allocate("root", "ann", "tree", 400_000n);
      oracle.pay("root", 5n);
      oracle.claimShares("root", "tree", "cat", 100_000n);
      expect(oracle.takeBack("root", "tree", "dan")).to.equal(300_000n);

      // ann: 3 · 0.5 + 5 · 0.1; cat: 5 · 0.1; dan: 5 · 0.3.
      const owed = ["ann", "cat", "dan"].map((name) => oracle.owedOf("root", name));
      expect(owed).to.deep.equal([2_000_000n, 500_000n, 1_500_000n]);
      expect(() => oracle.claimShares("root", "tree", "cat", 1n)).to.throw("cannot move 1 of 0 shares");
    });
  });

  describe("retire", () => {
    it("closes the epoch, gives its remainder to holders and counts from zero", () => {
      const oracle = createOracle(twoParents());
      oracle.pay("child", 10_031n);
      expect(oracle.retire("child", 100n)).to.equal(0);
      expect(oracle.cascadedOf("child")).to.equal(0n);
      expect(oracle.retire("child", 101n)).to.equal(1);
      expect(oracle.retire("child", 102n)).to.equal(0);

      // The unit between the parents: D = 8,477 + 1, of which ann gets 0.333333.
      const closed = { ...handCalculated, distributed: 8_478n, dust: 0n, ann: 2_825_997_174n, bob: 5_652_002_826n };
      expect(figures(oracle)).to.deep.equal(closed);
      oracle.pay("child", 10_031n);
      oracle.cascade("child");

      // W = 1,000: U = u_2 = ⌊1,003.1⌋ = 1,003; H = 9,028; F = ⌊225.7⌋ = 225; D = 8,803.
      expect(oracle.receivedOf("child")).to.equal(20_062n);
      expect(oracle.receivedOf("first")).to.equal(333n);
      expect(oracle.receivedOf("second")).to.equal(2_006n);
      expect(oracle.fees()).to.equal(442n);
      expect(oracle.distributedOf("child")).to.equal(17_281n);
      expect(conserved(oracle)).to.equal(true);
    });
  });

  describe("distributeExactly", () => {
    it("rounds nothing", () => {
      const { received, earned, fees } = distributeExactly(twoParents(), new Map([["child", 10_031n]]));

      // 10,031 · 0.0333 = 334.0323; 10,031 · 0.8667 = 8,693.8677, of which 2.5 % are 217.3466925.
      expect(received.get("first")).to.deep.equal(fraction(3_340_323n, 10_000n));
      expect(fees).to.deep.equal(fraction(2_173_466_925n, 10_000_000n));
      // (8,693.8677 − 217.3466925) · 0.333333 = 8,476.5210075 · 0.333333
      const ann = fraction(84_765_210_075n * 333_333n, 10_000_000n * 1_000_000n);
      expect(earned.get("child")?.get("ann")).to.deep.equal(ann);
    });
  });

  describe("properties", () => {
    it("conserves every unit, and keeps dust within its bound, in any course of actions", () => {
      const course = (models: OracleModel[], actions: Action[]) => {
        const oracle = createOracle(models);
        const notes: Notes = { claimed: new Map(), ended: new Map(), now: 0n };
        for (const one of actions) {
          act(oracle, models, notes, one);
          expect(conserved(oracle), one.kind).to.equal(true);
        }
        for (const { id, edges } of models) {
          const holders = oracle.holdersOf(id);
          const whole = holders.reduce(
            (sum, holder) => sum + oracle.claimable(id, holder),
            notes.claimed.get(id) ?? 0n,
          );
          const emptied = holders.filter((key) => key.startsWith("tree") && oracle.sharesOf(id, key) === 0n);
          expect(emptied.every((key) => oracle.owedOf(id, key) === 0n)).to.equal(true);
          const dust = oracle.distributedOf(id) - whole + oracle.dustOf(id);
          const bound = dustBound(edges.length, notes.ended.get(id) ?? 0, holders.length);
          expect(dust >= 0n && dust < bound, `${id}: dust ${dust}, bound ${bound}`).to.equal(true);
        }
      };
      fc.assert(fc.property(lineage, fc.array(action, { maxLength: 150, size: "max" }), course), { numRuns: 150 });
    }).timeout(120_000);

    it("depends neither on split nor on order, and is within the dust bound of exact rationals", () => {
      const modest = fc.bigInt({ min: 0n, max: 10n ** 24n });
      const payments = fc.array(fc.tuple(fc.nat(39), modest, fc.nat(39)), { maxLength: 60, size: "max" });
      const compare = (models: OracleModel[], chunks: [number, bigint, number][]) => {
        const [chunked, atOnce] = [createOracle(models), createOracle(models)];
        const paid = new Map<string, bigint>();
        for (const [at, units, cascaded] of chunks) {
          const { id } = models[at % models.length];
          chunked.pay(id, units);
          chunked.cascade(models[cascaded % models.length].id);
          paid.set(id, (paid.get(id) ?? 0n) + units);
        }
        for (const [id, units] of paid) atOnce.pay(id, units);
        sweep(chunked, models);
        sweep(atOnce, models);

        const exact = distributeExactly(models, paid);
        const bounds = lineageBounds(models);
        for (const { id } of models) {
          const bound = bounds.get(id) ?? 0n;
          expect(chunked.receivedOf(id)).to.equal(atOnce.receivedOf(id));
          expectWithin(bound, chunked.receivedOf(id), exact.received.get(id));
          for (const holder of chunked.holdersOf(id)) {
            expect(chunked.owedOf(id, holder)).to.equal(atOnce.owedOf(id, holder));
            expectWithin(bound, chunked.claimable(id, holder), exact.earned.get(id)?.get(holder));
          }
        }
        expect(chunked.fees()).to.equal(atOnce.fees());
        expectWithin(
          [...bounds.values()].reduce((sum, bound) => sum + bound, 0n),
          chunked.fees(),
          exact.fees,
        );
      };
      fc.assert(fc.property(lineage, payments, compare), { numRuns: 100 });
    }).timeout(120_000);
  });
});
