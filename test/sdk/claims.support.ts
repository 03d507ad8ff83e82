import { buildAllocation, type Commonweal, type Currency, proofsOf } from "../../sdk/src/index.js";
import { ascending } from "../helpers/models.js";
import { createOracle, type Oracle, type OracleModel } from "../helpers/oracle.js";
import { registerFor } from "./helpers.js";

/** How many models the lineage has. */
export const SIZE = 60;

/** From here on nothing was built on Alice's models, and she has no shares: none of her business. */
export const UNRELATED = 55;

/** Of which models Alice has a part from the start. */
export const isAlices = (i: number) => i % 4 === 0 && i < UNRELATED;

const ALICES = 300_001;
const ALLOCATED = 400_000;

/** Somebody with the SDK in hand. */
export interface Person {
  address: string;
  sdk: Commonweal;
}

/** The parents of the i-th model, by number, with rates: chains and diamonds of two families that are linked. */
export function parentsOf(i: number): { parent: number; rateBps: number }[] {
  const parents = [
    ...(i === 0 || i === 20 || i === UNRELATED ? [] : [i - 1]),
    ...(i > 2 && i < 20 && i % 3 === 0 ? [i - 3] : []),
    ...(i >= 20 && i < UNRELATED ? [i - 20] : []),
    ...(i > 20 && i < UNRELATED && i % 7 === 0 ? [i - 10] : []),
  ];

  return [...new Set(parents)].map((parent) => ({ parent, rateBps: 500 + ((i * 131 + parent * 37) % 900) }));
}

/** What the i-th model is paid in each round, in units. */
const amountOf = (i: number, currency: Currency) => (currency === "ETH" ? 10n ** 15n + 7n : 1_000_003n) * BigInt(i + 1);

/**
 * Registers a lineage of 60 models, pays each in every currency, and gives Alice shares by all ways that there are. Bob
 * has the others, Carol pays. An oracle for each currency follows all of it.
 */
export async function buildLineage(alice: Person, bob: Person, carol: Person, currencies: readonly Currency[]) {
  const { chainId, contracts } = bob.sdk;
  const ledger = await contracts.RoyaltyLedger.getAddress();
  const feeBps = await contracts.RoyaltyLedger.protocolFeeBps();
  const salts = Array.from({ length: SIZE }, (_, i) => `0x${(i + 1).toString(16).padStart(64, "0")}`);
  const models = await Promise.all(salts.map((salt) => bob.sdk.registry.modelIdOf({ salt })));

  const tree = buildAllocation({
    ...{ chainId, ledger, model: models[17], units: ALLOCATED },
    shares: [
      { account: alice.address, units: 150_000 },
      { account: bob.address, units: 250_000 },
    ],
  });
  const described: OracleModel[] = [];
  for (const [i, salt] of salts.entries()) {
    const allocated = i === 17 ? ALLOCATED : 0;
    const alices = isAlices(i) ? ALICES : 0;
    const holdings = [
      ...(alices > 0 ? [{ holder: alice.address, units: alices }] : []),
      { holder: bob.address, units: 1_000_000 - alices - allocated },
    ];
    await registerFor(bob.address, bob.sdk, {
      ...{ salt, holdings, allocations: allocated > 0 ? [tree] : [] },
      parents: parentsOf(i).map(({ parent, rateBps }) => ({ model: models[parent], rateBps, relation: "merge" })),
    });
    described.push({
      ...{ id: models[i], feeBps },
      edges: parentsOf(i).map(({ parent, rateBps }) => ({ parent: models[parent], rateBps: BigInt(rateBps) })),
      shares: new Map(holdings.map(({ holder, units }) => [holder, BigInt(units)])),
      allocations: new Map(allocated > 0 ? [["1", BigInt(allocated)]] : []),
    });
  }

  const oracles = currencies.map(() => createOracle(described));
  const follow = (action: (oracle: Oracle, place: number) => void) => oracles.forEach(action);

  async function payAll() {
    for (const currency of currencies) {
      const payments = models.map((model, i) => ({ model, amount: amountOf(i, currency) }));
      await carol.sdk.royalties.payMany({ currency, payments });
    }
    follow((oracle, place) => {
      for (const [i, model] of models.entries()) oracle.pay(model, amountOf(i, currencies[place]));
    });
  }

  async function transfer(from: Person, to: Person, i: number, units: number) {
    await from.sdk.royalties.transferShares({ model: models[i], to: to.address, units });
    follow((oracle) => oracle.transfer(models[i], from.address, to.address, BigInt(units)));
  }

  async function handOver(from: Person, to: Person, i: number) {
    await from.sdk.royalties.handOverPosition({ model: models[i], to: to.address });
    follow((oracle) => oracle.handOver(models[i], from.address, to.address));
  }

  await payAll();
  // A part has been cascaded, so that shares and handed-over positions have something behind them.
  const newest = models.slice(30, UNRELATED).reverse();
  for (const currency of currencies) await carol.sdk.royalties.cascade({ models: newest, currency });
  follow((oracle) => {
    for (const model of newest) oracle.cascade(model);
  });

  await transfer(bob, alice, 5, 10_000);
  await transfer(bob, alice, 22, 123);
  await handOver(bob, alice, 9);
  await handOver(bob, alice, 33);
  const [leaf] = proofsOf(tree, alice.address);
  await carol.sdk.allocations.claim({ allocation: 1, model: models[17], leaf });
  follow((oracle) => oracle.claimShares(models[17], "1", alice.address, 150_000n));
  // Of this one she is owed something and has nothing left, of that one neither.
  await transfer(alice, bob, 12, ALICES);
  await handOver(alice, bob, 16);
  // And of these she has had all that there was, but for fractions.
  const claimed = ascending([models[8], models[9]]);
  for (const currency of currencies) await alice.sdk.royalties.claim({ models: claimed, currency });
  follow((oracle) => oracle.claim(claimed, alice.address));
  await payAll();

  /** Returns what is Alice's in each currency once everything is cascaded, by the oracle. */
  function expected(): { currency: Currency; amount: bigint }[] {
    return currencies.map((currency, place) => {
      for (const model of models.toReversed()) oracles[place].cascade(model);

      return {
        currency,
        amount: models.reduce((sum, model) => sum + oracles[place].claimable(model, alice.address), 0n),
      };
    });
  }

  return { models, expected: expected() };
}
