import { expect } from "chai";
import { MONTHS, PROTOCOL_FEE_BPS, SCENARIOS } from "../../bench/economics/assumptions.js";
import { concentrationOf } from "../../bench/economics/concentration.js";
import { createMarket, modelsIn, randomOf, revenueIn, shuffled } from "../../bench/economics/market.js";
import { monthsToQuorum, QUORUM, simulate } from "../../bench/economics/simulation.js";
import { cascade, payEpoch, sum } from "../../bench/economics/stakeholding.js";

/** Hardhat's matchers know closeTo for whole numbers only. */
function expectNear(actual: number, expected: number, distance: number): void {
  expect(Math.abs(actual - expected) <= distance, `${actual} is not ${expected}`).to.equal(true);
}

describe("payEpoch", () => {
  const TERMS = { rate: 3n, cap: 1_000n };

  it("pays rate × fees while there is a budget", () => {
    const { paid, waiting, reserve } = payEpoch({ reserve: 5_000n, waiting: [] }, TERMS, [100n, 0n, 33n], [0, 1, 2]);

    expect(paid).to.deep.equal([300n, 0n, 99n]);
    expect(waiting).to.deep.equal([0n, 0n, 0n]);
    expect(reserve).to.equal(4_601n);
  });

  it("serves who comes first, and lets the rest wait for the next epoch", () => {
    const fees = [200n, 300n, 100n];
    const first = payEpoch({ reserve: 5_000n, waiting: [] }, TERMS, fees, [2, 1, 0]);

    expect(first.paid).to.deep.equal([0n, 700n, 300n]);
    expect(first.waiting).to.deep.equal([600n, 200n, 0n]);

    const next = payEpoch(first, TERMS, [0n, 0n, 10n], [0, 1, 2]);

    expect(next.paid).to.deep.equal([600n, 200n, 30n]);
    expect(next.waiting).to.deep.equal([0n, 0n, 0n]);
  });

  it("pays no more than the reserve has", () => {
    const { paid, waiting, reserve } = payEpoch({ reserve: 10n, waiting: [] }, TERMS, [100n], [0]);

    expect([paid, waiting, reserve]).to.deep.equal([[10n], [290n], 0n]);
  });

  it("does not change the books that it was given", () => {
    const books = { reserve: 5_000n, waiting: [7n] };
    payEpoch(books, TERMS, [100n], [0]);

    expect(books).to.deep.equal({ reserve: 5_000n, waiting: [7n] });
  });

  it("pays rate × fees in the end, whatever the order, and never more than the cap in an epoch", () => {
    for (const seed of [1, 2, 3]) {
      const random = randomOf(seed);
      const earned = [0n, 0n, 0n, 0n];
      const total = [0n, 0n, 0n, 0n];
      let books = { reserve: 10n ** 9n, waiting: [] as bigint[] };
      const epoch = (fees: bigint[]) => {
        const after = payEpoch(books, TERMS, fees, shuffled(fees.length, random));
        expect(sum(after.paid) <= TERMS.cap).to.equal(true);
        for (const [model, fee] of fees.entries()) {
          earned[model] += fee * TERMS.rate;
          total[model] += after.paid[model];
          expect(total[model] + after.waiting[model]).to.equal(earned[model]);
        }
        books = after;
      };
      for (let i = 0; i < 20; i++) epoch(earned.map(() => BigInt(Math.floor(random() * 200))));
      expect(sum(total) < sum(earned)).to.equal(true);
      for (let i = 0; i < 20; i++) epoch(earned.map(() => 0n));

      expect(total).to.deep.equal(earned);
    }
  });
});

describe("cascade", () => {
  it("passes the parents' parts up, and takes the fee of what each keeps", () => {
    // The third is paid 10,000 and passes 1,000 to the first and 2,000 to the second, which passes 10 % of it on.
    const edges = [
      [],
      [{ parent: 0, rateBps: 1_000 }],
      [
        { parent: 0, rateBps: 1_000 },
        { parent: 1, rateBps: 2_000 },
      ],
    ];

    expect(cascade([0n, 0n, 10_000n], edges, 100)).to.deep.equal({
      fees: [12n, 18n, 70n],
      holders: [1_188n, 1_782n, 6_930n],
    });
  });

  it("loses nothing", () => {
    const market = createMarket(randomOf(7));
    const income = revenueIn(MONTHS - 1, market);
    const { fees, holders } = cascade(income, market.edges, PROTOCOL_FEE_BPS);

    expect(sum(fees) + sum(holders)).to.equal(sum(income));
  });
});

describe("createMarket", () => {
  const market = createMarket(randomOf(7));

  it("is the same for the same seed alone", () => {
    expect(createMarket(randomOf(7))).to.deep.equal(market);
    expect(createMarket(randomOf(8))).to.not.deep.equal(market);
  });

  it("has parents before their children, no parent twice, and rates that the ledger accepts", () => {
    for (const [model, edges] of market.edges.entries()) {
      expect(new Set(edges.map(({ parent }) => parent)).size).to.equal(edges.length);
      for (const { parent } of edges) expect(parent).to.be.within(0, model - 1);
      expect(edges.reduce((total, { rateBps }) => total + rateBps, 0)).to.be.at.most(5_000);
    }
  });

  it("divides all of every model", () => {
    for (const holdings of market.holdings) {
      expectNear(
        holdings.reduce((total, { part }) => total + part, 0),
        1,
        1e-9,
      );
    }
  });

  it("lets as many models sell as there are", () => {
    expect(revenueIn(0, market)).to.have.lengthOf(modelsIn(0));
    expect(revenueIn(MONTHS - 1, market)).to.have.lengthOf(market.edges.length);
  });
});

describe("concentrationOf", () => {
  it("is 0 among equals, and counts who has enough together", () => {
    expect(concentrationOf([5, 5, 0, 5, 5], 11)).to.deep.equal({ holders: 4, topTen: 1, gini: 0, enough: 3 });
  });

  it("looks at the largest first", () => {
    // Twenty have 1 each, one has 80: the ten largest have 89 of 100.
    const { topTen, gini, enough } = concentrationOf([...new Array(20).fill(1), 80], 81);

    // Mean difference by its definition: 2 · 20 pairs of 79, over 21² pairs, in parts of twice the mean.
    expectNear(gini, (2 * 20 * 79) / 21 ** 2 / (2 * (100 / 21)), 1e-12);
    expect([topTen, enough]).to.deep.equal([0.89, 2]);
  });

  it("knows that nobody has anything, and that all have too little", () => {
    expect(concentrationOf([0, 0], 1)).to.deep.equal({ holders: 0, topTen: 0, gini: 0, enough: undefined });
    expect(concentrationOf([1, 1], 3).enough).to.equal(undefined);
  });
});

describe("simulate", () => {
  it("keeps to the cap each month, and gives contributors what arrived", () => {
    for (const name of Object.keys(SCENARIOS) as (keyof typeof SCENARIOS)[]) {
      const { months, balances } = simulate(name);
      const earned = months.map(({ contributors }, i) => contributors - (months[i - 1]?.contributors ?? 0));

      expect(Math.max(...earned)).to.be.at.most(SCENARIOS[name].cap);
      expectNear(
        balances.reduce((total, balance) => total + balance, 0),
        months[MONTHS - 1].contributors,
        1,
      );
    }
  });

  it("lets a buyer who is served first have a quorum as fast as the cap allows, for 1/rate a vote and the fee", () => {
    const { rate, cap } = SCENARIOS["high rate"];
    const attack = { from: 12, served: "first" } as const;
    const run = simulate("high rate", attack);
    const gross = QUORUM / (1 - PROTOCOL_FEE_BPS / 10_000);

    expect(monthsToQuorum(run, attack)).to.equal(Math.ceil(gross / cap));
    expectNear(run.months[MONTHS - 1].cost, gross / rate, 0.01);
    expectNear(run.months[MONTHS - 1].bought, QUORUM, 0.01);
    expect(run.months[11].bought).to.equal(0);
  });

  it("takes nothing from contributors whom a buyer waits for", () => {
    const alone = simulate("middle rate");
    const beside = simulate("middle rate", { from: 12, served: "last" });

    expect(beside.balances).to.deep.equal(alone.balances);
    expect(beside.months[MONTHS - 1].bought).to.be.greaterThan(0);
  });
});
