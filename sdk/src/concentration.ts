import type { Address } from "./brands.js";
import { getAddress, ZeroAddress } from "ethers";
import { type Context, firstBlockOf } from "./context.js";
import { contractsToRead } from "./contracts.js";
import { LogsIncomplete } from "./errors.js";
import { WealToken } from "./generated/fragments/WealToken.js";
import type { GovernorPair } from "./governors.js";
import { readLogs } from "./logs.js";

/** What one account has, in units of 10⁻¹⁸ WEAL. */
export interface Stake {
  account: Address;
  /** The contract's name if it is one of the protocol's, such as `TimelockController`, which is the treasury. */
  name?: string;
  units: bigint;
}

/** How WEAL and its votes are spread. Parts are in basis points of the whole supply, rounded down. */
export interface Concentration {
  /** The block as of which all of this is. */
  block: number;
  supply: bigint;
  /** Votes that are needed for or abstaining. */
  quorum: bigint;
  /** WEAL that is delegated and can vote. */
  delegated: bigint;
  /** Accounts that hold WEAL. */
  holders: number;
  /** Accounts that have votes. */
  delegates: number;
  /** At most ten, the largest first; of equals, by address. */
  topHolders: Stake[];
  topHoldersBps: number;
  topDelegates: Stake[];
  topDelegatesBps: number;
  /** The smallest number of delegates who reach the quorum by themselves; null if all together do not. */
  quorumDelegates: number | null;
}

const TOP = 10;
const BPS = 10_000n;

/** Computes how WEAL and its votes are spread, from the token's logs. */
export async function concentration(context: Context, governor: GovernorPair["governor"]): Promise<Concentration> {
  const { provider } = context;
  const weal = context.at(WealToken);
  const block = await provider.getBlockNumber();
  const timestamp = (await provider.getBlock(block))?.timestamp ?? 0;
  const fromBlock = firstBlockOf(context, "WealToken");
  const [logs, supply, quorum] = await Promise.all([
    readStakes(context, fromBlock, block),
    weal.totalSupply({ blockTag: block }),
    governor.quorum(timestamp - 1, { blockTag: block }),
  ]);
  const held = descending(logs.held);
  const delegated = descending(logs.delegated);
  if (sumOf(held) !== supply) throw new LogsIncomplete(String(weal.target), fromBlock);

  const names = new Map(Object.entries(contractsToRead(context)).map(([name, { target }]) => [String(target), name]));
  const stakes = (entries: readonly Entry[]): Stake[] =>
    entries.slice(0, TOP).map(([key, units]) => {
      const account = getAddress(key);
      return { account, name: names.get(account), units };
    });
  const topBps = (entries: readonly Entry[]) => Number((sumOf(entries.slice(0, TOP)) * BPS) / supply);

  return {
    block,
    supply,
    quorum,
    delegated: sumOf(delegated),
    holders: held.length,
    delegates: delegated.length,
    topHolders: stakes(held),
    topHoldersBps: topBps(held),
    topDelegates: stakes(delegated),
    topDelegatesBps: topBps(delegated),
    quorumDelegates: countToReach(delegated, quorum),
  };
}

/** An account in lower case, and what it has. */
type Entry = [account: string, units: bigint];

/** Adds up transfers, and takes the last of each delegate's votes. By hand: ethers would take a second for 10,000 logs. */
async function readStakes({ provider, at }: Context, fromBlock: number, toBlock: number) {
  const weal = at(WealToken);
  const [transfer, votesChanged] = [weal.getEvent("Transfer"), weal.getEvent("DelegateVotesChanged")].map(
    ({ fragment }) => fragment.topicHash,
  );
  const held = new Map<string, bigint>();
  const delegated = new Map<string, bigint>();
  const topics = [[transfer, votesChanged]];

  for (const log of await readLogs(provider, { address: String(weal.target), topics, fromBlock, toBlock })) {
    const [topic, first, second] = log.topics;
    if (topic === votesChanged) {
      // After the votes before come the votes now.
      delegated.set(accountOf(first), BigInt(`0x${log.data.slice(66)}`));
      continue;
    }
    const [from, to, units] = [accountOf(first), accountOf(second), BigInt(log.data)];
    held.set(from, (held.get(from) ?? 0n) - units);
    held.set(to, (held.get(to) ?? 0n) + units);
  }
  // The supply was minted from there.
  held.delete(ZeroAddress);

  return { held, delegated };
}

function accountOf(topic: string): string {
  return `0x${topic.slice(26)}`;
}

function descending(stakes: ReadonlyMap<string, bigint>): Entry[] {
  return [...stakes]
    .filter(([, units]) => units !== 0n)
    .sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1));
}

function sumOf(entries: readonly Entry[]): bigint {
  return entries.reduce((sum, [, units]) => sum + units, 0n);
}

function countToReach(entries: readonly Entry[], quorum: bigint): number | null {
  let sum = 0n;
  for (const [index, [, units]] of entries.entries()) {
    sum += units;
    if (sum >= quorum) return index + 1;
  }

  return null;
}
