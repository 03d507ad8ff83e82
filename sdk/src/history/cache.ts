import { id } from "ethers";
import { type HistoryContract, HISTORY_CONTRACTS, type RawLog } from "./decode.js";
import type { HistorySource } from "./source.js";

/**
 * Keeps what was read of a chain, so that another reader, or the next run, need not read it again: texts by their keys. What
 * is under a key may be replaced, or be missing at any time. A `Map`, a folder or a browser's database will do.
 */
export interface HistoryCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string): Promise<void>;
}

/** Logs of blocks that are final. */
export interface Segment {
  fromBlock: number;
  toBlock: number;
  /** The hash of `toBlock`: whoever finds another one on the chain has no use for the segment. */
  hash: string;
  logs: RawLog[];
}

/** Changes with what is written, so that an older or newer SDK does not stumble over it. */
const FORMAT = 1;

/**
 * Keeps segments in memory, for readers that come and go in one process.
 *
 * @example
 * const cache = memoryCache();
 * const history = logHistory({ provider, cache });
 */
export function memoryCache(): HistoryCache {
  const texts = new Map<string, string>();

  return {
    async get(key) {
      return texts.get(key);
    },
    async set(key, text) {
      texts.set(key, text);
    },
  };
}

/** Reads and writes segments of a source, each under the block that it begins with. */
export function segmentsOf(cache: HistoryCache | undefined, { chainId, addresses }: HistorySource) {
  const contracts = HISTORY_CONTRACTS.map((name: HistoryContract) => addresses[name]).join();
  const keyOf = (fromBlock: number) =>
    `commonweal-history-${FORMAT}-${chainId}-${id(contracts).slice(2, 18)}-${fromBlock}`;

  return {
    /** Returns undefined for what is not there, or is not a segment. */
    async get(fromBlock: number): Promise<Segment | undefined> {
      const text = await cache?.get(keyOf(fromBlock));
      const segment = text === undefined ? undefined : parsed(text);

      return segment?.fromBlock === fromBlock && segment.toBlock >= fromBlock ? segment : undefined;
    },

    async set(segment: Segment): Promise<void> {
      await cache?.set(keyOf(segment.fromBlock), JSON.stringify(segment));
    },
  };
}

/** A process may have ended while it was writing. */
function parsed(text: string): Segment | undefined {
  try {
    return JSON.parse(text) as Segment;
  } catch {
    return undefined;
  }
}
