import { LogsIncomplete, NetworkFailure } from "../errors.js";
import { scanLogs } from "../logs.js";
import { patiently, pause } from "../patience.js";
import { type HistoryCache, segmentsOf } from "./cache.js";
import { decoderOf, type RawLog } from "./decode.js";
import type { ProtocolEvent } from "./events.js";
import type { AsOf, ReadOptions } from "./reader.js";
import type { Header, HistorySource } from "./source.js";

/** All that happened up to a block. */
export interface Scanned {
  asOf: AsOf;
  /** In the order of the chain. */
  events: readonly ProtocolEvent[];
}

/** How logs are read. */
export interface ScanSettings {
  cache?: HistoryCache;
  /** Blocks that lie deeper than this are taken for final. */
  confirmations: number;
}

/** A segment of the cache is written when so many logs have come together. */
const SEGMENT_LOGS = 5_000;
/** About how many logs one request should bring. */
const AT_ONCE = 5_000;
/** How often the newest blocks are read anew when they change meanwhile. */
const TRIES = 4;
/** How long to wait for a node that lags, at most, in milliseconds. */
const LAG = 1_000;

/**
 * Returns what reads all logs of a source, and goes on where it stopped. What is final is kept; newer blocks are read anew
 * each time, so that a reorganisation needs no undoing.
 */
export function scannerOf(source: HistorySource, { cache, confirmations }: ScanSettings) {
  const { firstBlock, addresses } = source;
  const decoder = decoderOf(addresses);
  const segments = segmentsOf(cache, source);
  const first = { number: firstBlock - 1, hash: "" };

  /** Events of final blocks, up to the one that is named. */
  let kept: ProtocolEvent[] = [];
  let keptTo: Omit<Header, "timestamp"> = first;
  /** Whether what the cache has may be believed. */
  let trustsCache = true;
  let newest: Scanned | undefined;

  function incomplete(problem: string, fromBlock = firstBlock, options?: ErrorOptions): LogsIncomplete {
    return new LogsIncomplete(addresses.RoyaltyLedger, fromBlock, problem, options);
  }

  /* WHAT A NODE GIVES */

  /** Leaves out what was not asked for, puts the rest in order, each once. */
  function soundLogs(logs: readonly RawLog[], fromBlock: number, toBlock: number): RawLog[] {
    const wanted = logs
      .filter((log) => log.block >= fromBlock && log.block <= toBlock && decoder.isKnown(log))
      .sort((a, b) => a.block - b.block || a.logIndex - b.logIndex);

    return wanted.filter((log, i) => {
      const before = wanted[i - 1];
      if (before?.block !== log.block) return true;
      if (before.blockHash !== log.blockHash) throw incomplete(`two different blocks ${log.block}`, log.block);
      if (before.logIndex !== log.logIndex) return true;
      if (before.data === log.data && before.topics.join() === log.topics.join()) return false;
      throw incomplete(`two different logs ${log.logIndex} in block ${log.block}`, log.block);
    });
  }

  function decode(log: RawLog): ProtocolEvent {
    try {
      return decoder.decode(log);
    } catch (error) {
      throw incomplete(`log ${log.logIndex} of block ${log.block} is malformed`, log.block, { cause: error });
    }
  }

  /**
   * Asks for logs together with the last block they are of: a node that has not got so far gives what it has, as if it were
   * all.
   */
  async function fetch(from: number, to: number): Promise<RawLog[]> {
    const [logs, last] = await Promise.all([source.logs(decoder.topics, from, to), source.header(to)]);
    if (last === undefined) throw new NetworkFailure(`it has no block ${to}`);

    return logs;
  }

  async function* pieces(fromBlock: number, toBlock: number, { signal, onProgress }: ReadOptions, head: number) {
    for await (const piece of scanLogs(source.provider, fetch, { fromBlock, toBlock, signal, atOnce: AT_ONCE })) {
      const logs = soundLogs(piece.logs, piece.fromBlock, piece.toBlock);
      yield { ...piece, logs };
      onProgress?.({ fromBlock: piece.fromBlock, toBlock: piece.toBlock, head, logs: logs.length });
    }
  }

  async function header(block: number | "latest", signal?: AbortSignal): Promise<Header> {
    for (let tries = 1; ; ++tries) {
      const found = await patiently(() => source.header(block), { signal });
      if (found !== undefined) return found;
      if (tries === TRIES) throw new NetworkFailure(`it has no block ${block}`);
      // One of several nodes behind an address may be behind the others.
      await pause(LAG, signal);
    }
  }

  /** Returns the newest block; waits for one that is not older than what was seen before. */
  async function latest(signal?: AbortSignal): Promise<Header> {
    for (let tries = 1; ; ++tries) {
      const head = await header("latest", signal);
      // A chain that was set back stays there: what a node says often enough is so.
      if (tries === TRIES || head.number >= (newest?.asOf.block ?? 0)) return head;
      await pause(LAG, signal);
    }
  }

  /** Not all nodes know which block is final. */
  async function finalBlock(head: Header, signal?: AbortSignal): Promise<number> {
    const deep = head.number - confirmations;
    const finalized = await patiently(() => source.header("finalized"), { signal }).catch(() => undefined);
    signal?.throwIfAborted();

    return Math.min(deep, finalized?.number ?? deep);
  }

  /* WHAT IS FINAL */

  /** Goes on from another chain's blocks as if nothing had been read. */
  async function forgetOtherChain(head: Header, signal?: AbortSignal): Promise<void> {
    if (keptTo === first) return;
    if (head.number >= keptTo.number && (await header(keptTo.number, signal)).hash === keptTo.hash) return;
    [kept, keptTo] = [[], first];
  }

  function keep(logs: readonly RawLog[], to: Omit<Header, "timestamp">): void {
    for (const log of logs) kept.push(decode(log));
    keptTo = to;
  }

  async function readCache(final: number, signal?: AbortSignal): Promise<void> {
    while (trustsCache && keptTo.number < final) {
      const segment = await segments.get(keptTo.number + 1);
      if (segment === undefined || segment.toBlock > final) return;
      const { number, hash } = await header(segment.toBlock, signal);
      if (hash !== segment.hash) return;
      keep(soundLogs(segment.logs, segment.fromBlock, segment.toBlock), { number, hash });
    }
  }

  /** Reads final blocks and keeps them, a segment at a time: what comes to be stopped has kept what it had. */
  async function readFinal(final: number, options: ReadOptions, head: number): Promise<void> {
    let logs: RawLog[] = [];
    let toBlock = keptTo.number;
    const keepSegment = async () => {
      if (toBlock === keptTo.number) return;
      const fromBlock = keptTo.number + 1;
      const { number, hash } = await header(toBlock);
      keep(logs, { number, hash });
      await segments.set({ fromBlock, toBlock, hash, logs });
      logs = [];
    };
    try {
      for await (const piece of pieces(keptTo.number + 1, final, options, head)) {
        logs = logs.concat(piece.logs);
        toBlock = piece.toBlock;
        if (logs.length >= SEGMENT_LOGS) await keepSegment();
      }
    } finally {
      await keepSegment();
    }
  }

  /* ALL OF IT */

  /** Returns undefined if the newest blocks changed while they were read. */
  async function tryRead(options: ReadOptions): Promise<Scanned | undefined> {
    const { signal } = options;
    const head = await latest(signal);
    if (head.hash === newest?.asOf.hash) return newest;

    await forgetOtherChain(head, signal);
    const final = await finalBlock(head, signal);
    await readCache(final, signal);
    await readFinal(final, options, head.number);

    const events = [...kept];
    for await (const { logs } of pieces(keptTo.number + 1, head.number, options, head.number)) {
      for (const log of logs) events.push(decode(log));
    }
    const still = await patiently(() => source.header(head.number), { signal });
    if (still?.hash !== head.hash) return undefined;

    const { number: block, hash, timestamp: time } = head;
    newest = { asOf: { block, hash, time }, events };
    return newest;
  }

  return {
    /**
     * Reads on to the newest block.
     *
     * @throws {LogsIncomplete} when the node gives logs that cannot be.
     * @throws {NetworkFailure} when the newest blocks do not stop changing.
     */
    async read(options: ReadOptions): Promise<Scanned> {
      for (let tries = 1; tries <= TRIES; ++tries) {
        const scanned = await tryRead(options);
        if (scanned !== undefined) return scanned;
      }
      throw new NetworkFailure("its newest blocks change all the time");
    },

    /** Begins anew at the next reading, and does not believe the cache: something was missing. */
    distrust(): void {
      [kept, keptTo, newest, trustsCache] = [[], first, undefined, false];
    },
  };
}

export type Scanner = ReturnType<typeof scannerOf>;
