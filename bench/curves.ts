import { ETH, gasOf } from "../test/helpers/models.js";
import type { Scenario } from "./scenario.js";

/** Gas of one payment and one claim at a point of a curve. */
export interface Point {
  at: number;
  payEth: bigint;
  payToken: bigint;
  claim: bigint;
}

const HOLDERS = [1, 10, 100, 1_000, 10_000];
const ANCESTORS = [0, 1, 4, 16, 64];

/** The same model with more and more share holders. */
export async function curveOfHolders(scenario: Scenario): Promise<Point[]> {
  const { ledger, alice, register, connection } = scenario;
  const model = await register({ holdings: [{ holder: alice.address, units: 1_000_000 }] });

  const points: Point[] = [];
  let holders = 1;
  for (const at of HOLDERS) {
    for (; holders < at; holders++) {
      const stranger = connection.ethers.getAddress(
        `0x${(0x5eed_0000_0000n + BigInt(holders)).toString(16).padStart(40, "0")}`,
      );
      await ledger.connect(alice).transfer(stranger, model, 7n);
    }
    points.push({ at, ...(await measure(scenario, model)) });
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
    points.push({ at, ...(await measure(scenario, model)) });
  }
  return points;
}

async function measure({ pay, claim }: Scenario, model: string): Promise<Omit<Point, "at">> {
  await pay(model, ETH);
  await pay(model);
  await claim([model]);
  const payEth = await gasOf(pay(model, ETH));
  const payToken = await gasOf(pay(model));

  return { payEth, payToken, claim: await gasOf(claim([model])) };
}
