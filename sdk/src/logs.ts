import type { Log, Provider, TopicFilter } from "ethers";
import { patiently, refusalOf } from "./patience.js";

/** Which logs, and from where to where. */
export interface LogQuery {
  address: string | string[];
  topics: TopicFilter;
  fromBlock: number;
  toBlock: number;
}

/** A part of a scan that is done. */
export interface LogChunk<Entry> {
  fromBlock: number;
  toBlock: number;
  logs: Entry[];
}

/** What to scan, and how. */
export interface ScanOptions {
  fromBlock: number;
  toBlock: number;
  signal?: AbortSignal;
  /** About how many logs a request should bring, where there are many: large answers take memory, and time. */
  atOnce?: number;
}

/** Where many logs are awaited, this many blocks are asked for first; by what they bring it becomes more or less. */
const FIRST_SPAN = 2_000;
/** So many requests are under way at once, as long as the node refuses none. */
const IN_FLIGHT = 4;
/** After so many answers in a row a size that was refused is tried again: logs may lie less densely there. */
const PROBE_AFTER = 4;
/** By this factor a request differs from the one before at most. */
const MOST_CHANGE = 4;

/** What is known of a node's limits. */
interface Limits {
  /** How many blocks to ask for. */
  span: number;
  /** What it refused last, not to be tried for a while. */
  refused: number;
  /** What it says it takes at most. */
  most: number;
  /** Answers since it last refused or was too busy. */
  calm: number;
}

/** What was found out about each node, so that the next scan does not begin with refusals. */
const known = new WeakMap<Provider, Limits>();

/**
 * Reads logs in as few requests as the node allows: the whole range first, or what it allowed last time; less where it
 * refuses, and more again where it does not.
 *
 * @param signal Ends it between two requests.
 */
export async function readLogs(provider: Provider, query: LogQuery, signal?: AbortSignal): Promise<Log[]> {
  const { fromBlock, toBlock, ...filter } = query;
  const fetch = (from: number, to: number) => provider.getLogs({ ...filter, fromBlock: from, toBlock: to });
  const logs: Log[] = [];
  for await (const chunk of scanLogs(provider, fetch, { fromBlock, toBlock, signal })) {
    for (const log of chunk.logs) logs.push(log);
  }

  return logs;
}

/**
 * Scans a range of blocks, piece by piece and in order, with a few requests under way at once.
 *
 * @param fetch Asks the node for the logs of a range of blocks.
 * @throws What the node says of a single block, which is never too much.
 */
export async function* scanLogs<Entry>(
  provider: Provider,
  fetch: (fromBlock: number, toBlock: number) => Promise<Entry[]>,
  { fromBlock, toBlock, signal, atOnce }: ScanOptions,
): AsyncGenerator<LogChunk<Entry>> {
  const limits = limitsOf(provider);
  if (atOnce !== undefined && limits.span === Infinity) limits.span = FIRST_SPAN;

  function start(from: number) {
    const to = Math.min(from + Math.floor(limits.span) - 1, toBlock);
    const onPause = () => {
      limits.calm = 0;
    };
    const answer = patiently(() => fetch(from, to), { signal, onPause }).then(
      (logs) => ({ logs, error: undefined }),
      (error: unknown) => ({ logs: undefined, error }),
    );

    return { from, to, answer };
  }

  const underWay: ReturnType<typeof start>[] = [];
  for (let next = fromBlock; next <= toBlock || underWay.length > 0;) {
    while (next <= toBlock && underWay.length < (limits.calm > 0 ? IN_FLIGHT : 1)) {
      signal?.throwIfAborted();
      underWay.push(start(next));
      next = (underWay.at(-1)?.to ?? toBlock) + 1;
    }
    const { from, to, answer } = underWay.shift() as ReturnType<typeof start>;
    const { logs, error } = await answer;
    signal?.throwIfAborted();
    if (logs !== undefined) {
      widen(limits, to - from + 1, atOnce === undefined ? 2 : atOnce / logs.length);
      yield { fromBlock: from, toBlock: to, logs };
      continue;
    }

    // Nodes say in many ways that it is too much; of one block it never is.
    const refusal = refusalOf(error);
    if (from === to || refusal.kind === "tooOften" || refusal.kind === "broken") throw error;
    narrow(limits, to - from + 1, refusal.kind === "tooMuch" ? refusal.blocks : undefined);
    yield* scanLogs(provider, fetch, { fromBlock: from, toBlock: to, signal, atOnce });
  }
}

function limitsOf(provider: Provider): Limits {
  const limits = known.get(provider) ?? { span: Infinity, refused: Infinity, most: Infinity, calm: 0 };
  known.set(provider, limits);

  return limits;
}

function narrow(limits: Limits, refused: number, most = Infinity): void {
  const half = Math.ceil(refused / 2);
  // A limit that is told is only believed when it is one: less was refused, too.
  const span = most < refused ? most : half;
  if (most < refused) limits.most = Math.min(limits.most, most);
  limits.span = Math.min(limits.span, span);
  limits.refused = refused;
  limits.calm = 0;
}

/** @param factor By how much more could have been asked for. */
function widen(limits: Limits, answered: number, factor: number): void {
  limits.calm += 1;
  // The last piece of a range says nothing about longer ones.
  if (answered < limits.span) return;
  if (limits.calm % PROBE_AFTER === 0) limits.refused = Infinity;
  const wider = Math.ceil(answered * Math.max(1 / MOST_CHANGE, Math.min(factor, MOST_CHANGE)));
  limits.span = Math.min(wider < limits.refused ? wider : limits.span, limits.most);
}
