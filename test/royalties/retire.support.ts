import type { NetworkConnection } from "hardhat/types/network";
import { ascending } from "../helpers/models.js";
import { deployLedger } from "./support.js";

/**
 * A child of Alice's (7/10) and Bob's with two parents, of which Carol has all shares: 3.33 % to the first until an end
 * that is near, 10 % to the second for ever.
 */
export async function deployEnding(connection: NetworkConnection) {
  const context = await deployLedger(connection);
  const { ledger, alice, bob, carol, stranger, open } = context;
  const { time } = connection.networkHelpers;
  const openForCarol = () => open({ holdings: [[carol.address, 1_000_000n]] });

  /** Opens models of Carol's; returns them in ascending order. */
  async function openMany(count: number): Promise<string[]> {
    const models: string[] = [];
    for (let i = 0; i < count; ++i) models.push(await openForCarol());

    return ascending(models);
  }

  const [first, second] = await openMany(2);
  const end = (await time.latest()) + 1_000;
  const holdings: [string, bigint][] = [
    [alice.address, 700_000n],
    [bob.address, 300_000n],
  ];
  const child = await open({
    parents: [
      [first, 333, end],
      [second, 1_000],
    ],
    holdings,
  });

  /** Retires a model's edges as a stranger, who has no part in it. */
  const retire = (model = child) => ledger.connect(stranger).retire(model);

  /** Lets an end pass: `retire` comes in the first second that it may, or later. */
  const letPass = (until = end) => time.increaseTo(until);

  /** Returns what holders can claim of a model in a currency. */
  const claimablesOf = (model: string, currency: string, ...holders: string[]) =>
    Promise.all(holders.map((holder) => ledger.claimable(holder, model, currency)));

  return { ...context, openMany, first, second, end, holdings, child, retire, letPass, claimablesOf };
}

/** Calculates what `received` units come to under rates in basis points, at the tests' fee of 1 %. */
export function splitOf(received: bigint, rates: bigint[]) {
  const total = rates.reduce((sum, rate) => sum + rate, 0n);
  const upstream = (received * total) / 10_000n;
  const parents = rates.map((rate) => (rate === 0n ? 0n : (upstream * rate) / total));
  const fee = (received - upstream) / 100n;

  return {
    parents,
    fee,
    holders: received - upstream - fee,
    /** What flooring leaves between the parents. */
    left: upstream - parents.reduce((sum, part) => sum + part, 0n),
  };
}
