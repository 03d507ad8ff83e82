import { ETH, gasOf } from "../test/helpers/models.js";
import { type Scenario, stranger } from "./scenario.js";
import { registerAllocated } from "./shares.js";

/** Gas of one payment and one claim at a point of a curve. */
export interface Point {
  at: number;
  payEth: bigint;
  payToken: bigint;
  claim: bigint;
}

const HOLDERS = [1, 10, 100, 1_000, 10_000];
const LEAVES = [100_000, 1_000_000];
const ANCESTORS = [0, 1, 4, 16, 64];
const PARENTS = [0, 1, 2, 4, 8, 16];

/**
 * One model with more and more share holders, each of whom was sent some shares; then models with an allocation for more
 * contributors than anybody would send shares to, one of whom has claimed.
 */
export async function curveOfHolders(scenario: Scenario): Promise<Point[]> {
  const { ledger, alice, register } = scenario;
  const model = await register({ holdings: [{ holder: alice.address, units: 1_000_000 }] });

  const points: Point[] = [];
  let holders = 1;
  for (const at of HOLDERS) {
    for (; holders < at; holders++) await ledger.connect(alice).transfer(stranger(holders), model, 7n);
    points.push(await measureAt(at, scenario, model));
  }
  for (const at of LEAVES) {
    const { model: allocated, claim } = await registerAllocated(scenario, at, alice.address);
    await claim();
    points.push(await measureAt(at, scenario, allocated));
  }
  return points;
}

/** A model at the end of a longer and longer chain, each passing on 20.03 %. */
export async function curveOfAncestors(scenario: Scenario): Promise<Point[]> {
  const { register } = scenario;
  let model = await register({ parents: [] });

  const points: Point[] = [];
  let ancestors = 0;
  for (const at of ANCESTORS) {
    for (; ancestors < at; ancestors++) model = await register({ parents: [{ model, rateBps: 2_003 }] });
    points.push(await measureAt(at, scenario, model));
  }
  return points;
}

/** Models with more and more parents, to each of which they pass on 3.01 %. */
export async function curveOfParents(scenario: Scenario): Promise<Point[]> {
  const { register } = scenario;

  const points: Point[] = [];
  const parents: { model: string; rateBps: number }[] = [];
  for (const at of PARENTS) {
    while (parents.length < at) parents.push({ model: await register({ parents: [] }), rateBps: 301 });
    points.push(await measureAt(at, scenario, await register({ parents })));
  }
  return points;
}

/** Measures a model that alice holds shares of, once its slots and hers are written. */
async function measureAt(at: number, { pay, claim }: Scenario, model: string): Promise<Point> {
  await pay(model, ETH);
  await pay(model);
  await claim([model]);
  const payEth = await gasOf(pay(model, ETH));
  const payToken = await gasOf(pay(model));

  return { at, payEth, payToken, claim: await gasOf(claim([model])) };
}
