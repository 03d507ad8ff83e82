import { NetworkFailure } from "../errors.js";
import { patiently } from "../patience.js";
import type { Place } from "./events.js";
import type { AsOf } from "./reader.js";
import type { Header, HistorySource } from "./source.js";

/** So many blocks are asked for at once: providers put that many requests into one. */
const AT_ONCE = 100;

/** Looks up the times of blocks, and remembers them. */
export function timesOf(source: HistorySource) {
  /** By the hash of the block: a number may stand for another block tomorrow. */
  const known = new Map<string, number>();

  async function header(block: number, signal?: AbortSignal): Promise<Header> {
    const found = await patiently(() => source.header(block), { signal });
    if (found === undefined) throw new NetworkFailure(`it has no block ${block}`);
    known.set(found.hash, found.timestamp);

    return found;
  }

  return {
    /** Returns what tells the time of each of these events, in Unix time. */
    async of(places: readonly Pick<Place, "block" | "blockHash">[], signal?: AbortSignal) {
      const unknown = new Map(places.map(({ block, blockHash }) => [blockHash, block]));
      for (const hash of known.keys()) unknown.delete(hash);
      const blocks = [...unknown];
      for (let i = 0; i < blocks.length; i += AT_ONCE) {
        const found = blocks.slice(i, i + AT_ONCE).map(async ([hash, block]) => {
          if ((await header(block, signal)).hash !== hash) throw new NetworkFailure(`its block ${block} has changed`);
        });
        await Promise.all(found);
      }

      return ({ blockHash }: Pick<Place, "blockHash">) => known.get(blockHash) as number;
    },

    /** Returns the first block of that time or later; the one after the newest if there is none. */
    async firstBlockAt(time: number, asOf: AsOf, signal?: AbortSignal): Promise<number> {
      if (time > asOf.time) return asOf.block + 1;
      let [low, high] = [source.firstBlock, asOf.block];
      // The answer is never below `low` nor above `high`.
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if ((await header(middle, signal)).timestamp < time) low = middle + 1;
        else high = middle;
      }

      return low;
    },
  };
}

export type Times = ReturnType<typeof timesOf>;
