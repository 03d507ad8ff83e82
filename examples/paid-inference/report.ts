import { formatUnits } from "ethers";
import local from "../../scripts/parameters/local.json" with { type: "json" };
import type { Role } from "../../scripts/story/cast.js";
import { expect, hostPartOf } from "../../scripts/story/expected.js";
import type { Purse } from "./money.js";

/** What was done, and what came of it. Sums are in units of a dollar with six decimals. */
export interface Result {
  roles: Role[];
  /** The model that was paid for. */
  served: string;
  purses: Pick<Purse, "exactCalls" | "calls">[];
  price: bigint;
  hostBps: number;
  /** What is gone from the agents' wallets and channels. */
  spent: bigint;
  /** What everybody's wallet gained, with the treasury and the ledger. */
  earned: Map<string, bigint>;
}

/** Compares what wallets show with a calculation from the rules alone, and what was earned with what was spent. */
export function comparison({ roles, served, purses, price, hostBps, spent, earned }: Result) {
  const priceOf = (calls: number) => price * BigInt(calls);
  // Paid one by one: all to one address. By channel: each agent has one.
  const ways = [
    purses.reduce((sum, { exactCalls }) => sum + priceOf(exactCalls), 0n),
    ...purses.map(({ calls }) => priceOf(calls)),
  ];
  const paid = ways.reduce((sum, way) => sum + way, 0n);
  const hostPart = ways.reduce((sum, way) => sum + hostPartOf(way, BigInt(hostBps)), 0n);
  const models = roles.map(({ key, parents, holdings }) => ({
    ...{ key, feeBps: BigInt(local.protocolFeeBps), holdings },
    parents: parents.map(({ key, rateBps }) => ({ key, rateBps: BigInt(rateBps) })),
  }));
  const expected = expect(models, new Map([[served, paid - hostPart]]));
  const due = new Map([
    ["Host", hostPart],
    ...expected.earned,
    ["treasury", expected.fees],
    // Fractions of units that nobody can be paid.
    ["ledger", expected.dust],
  ]);
  const names = new Set([...due.keys(), ...[...earned].filter(([, units]) => units !== 0n).map(([name]) => name)]);
  const total = [...earned.values()].reduce((sum, units) => sum + units, 0n);
  const rows = [
    ...[...names].map((name) => ({ name, got: earned.get(name) ?? 0n, should: due.get(name) ?? 0n })),
    { name: "earned in all", got: total, should: spent },
    { name: "spent in all", got: spent, should: paid },
  ];
  const equal = rows.every(({ got, should }) => got === should);

  return {
    equal,
    lines: [
      ...rows.map(({ name, got, should }) => {
        const verdict = got === should ? "=" : `but ${formatUnits(should, 6)} was due`;
        return `  ${name.padEnd(16)}${formatUnits(got, 6).padStart(12)} USDC  ${verdict}`;
      }),
      "",
      equal ? "What was earned is what was spent, to the unit." : "Some figures are off.",
    ],
  };
}
