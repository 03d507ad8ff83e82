/**
 * What to make of a request that a node did not answer: ask for less, ask again after a while, or give up. Nodes say it in
 * many words; those of the large providers are known here.
 */

import { orAborted } from "./aborts.js";
import { NetworkFailure } from "./errors.js";

/** How a node refused. */
export type Refusal =
  /** It is more than the node gives at once; `blocks` is the most that it says it takes, if it says so. */
  | { kind: "tooMuch"; blocks?: number }
  /** It was asked too often. */
  | { kind: "tooOften" }
  /** The connection broke, or what stands before the node failed. */
  | { kind: "broken" }
  | { kind: "other" };

/** How often something is asked for at most, and the pauses between, in milliseconds: each is drawn from 0 to its bound. */
const TRIES = { tooOften: 8, broken: 4, tooMuch: 1, other: 1 };
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 8_000;

const TOO_MUCH =
  /more than \d+ (results|logs)|(block|blocks) range|range (is|of)|response size|too many (results|logs|blocks)|exceed\w* max(?!imum retry)|limited to|timeout|timed? ?out|too (large|big|wide)|max(imum)? (results|logs)|up to/i;
const TOO_OFTEN =
  /rate.?limit|request rate|too many requests|requests? (per|limit)|(?<!gas )limit exceeded|maximum retry limit|daily (request|quota)|throughput|capacity|\b429\b|slow down/i;
/** Of JSON-RPC: EIP-1474's, which nodes also give for {@link TOO_MUCH}, and that of HTTP. */
const LIMITED: readonly unknown[] = [-32_005, 429];
const BROKEN =
  /^(NETWORK_ERROR|SERVER_ERROR|ECONN\w+|ENOTFOUND|EPIPE|EAI_AGAIN|E\w+UNREACH|UND_ERR\w*)$|socket hang up|fetch failed|bad gateway|unavailable/i;

/** Says in which way a node refused. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof NetworkFailure) return { kind: "broken" };
  const { code, rpcCode, status, text } = detailsOf(error);
  if (status === 413) return { kind: "tooMuch" };
  if (status === 429) return { kind: "tooOften" };
  if (TOO_MUCH.test(text) || code === "TIMEOUT") return { kind: "tooMuch", ...blocksIn(text) };
  if (TOO_OFTEN.test(text) || LIMITED.includes(rpcCode)) return { kind: "tooOften" };
  if (BROKEN.test(code) || BROKEN.test(text)) return { kind: "broken" };

  return { kind: "other" };
}

/**
 * Asks until there is an answer: again, after pauses that grow, when it was too often or the connection broke.
 *
 * @param tries How often it asks at most, whatever the node says: for what is to be found out even so.
 * @param onPause Called when it has to wait.
 * @throws What the node said at last; the signal's reason when it is aborted, at once.
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  { signal, tries, onPause }: { signal?: AbortSignal; tries?: number; onPause?(): void } = {},
): Promise<T> {
  for (let asked = 1; ; ++asked) {
    signal?.throwIfAborted();
    try {
      return await orAborted(ask(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (asked >= (tries ?? TRIES[refusalOf(error).kind])) throw error;
    }
    onPause?.();
    await pause(Math.min(FIRST_PAUSE * 2 ** (asked - 1), LONGEST_PAUSE), signal);
  }
}

/** Waits for a time drawn from 0 to `longest` milliseconds: many that were refused at once do not come back at once. */
export function pause(longest: number, signal?: AbortSignal): Promise<void> {
  return orAborted(new Promise((resolve) => setTimeout(resolve, Math.random() * longest)), signal);
}

/** Where ethers and nodes put what they know, each in its own way. */
const NESTED = ["error", "info", "cause", "response", "responseBody", "data"] as const;

interface Details {
  code: string;
  rpcCode?: number;
  status?: number;
  text: string;
}

/** Gathers what is known of a failure. */
export function detailsOf(error: unknown, depth = 0): Details {
  if (typeof error === "string") return { code: "", text: error };
  if (typeof error !== "object" || error === null || depth > 4) return { code: "", text: "" };

  const { code, status, statusCode, message, shortMessage } = error as Record<string, unknown>;
  const nested = NESTED.map((key) => detailsOf(fieldOf(error, key), depth + 1));
  const own = Number(status ?? statusCode);

  return {
    code: typeof code === "string" ? code : (nested.find((inner) => inner.code !== "")?.code ?? ""),
    rpcCode: typeof code === "number" ? code : nested.find((inner) => inner.rpcCode !== undefined)?.rpcCode,
    status: own > 0 ? own : nested.find((inner) => inner.status !== undefined)?.status,
    // Ethers' long messages repeat the request, which says nothing about the answer.
    text: [shortMessage ?? message, ...nested.map(({ text }) => text)].filter(Boolean).join(" "),
  };
}

/** A response's body may be read once only, and then its getter throws. */
function fieldOf(error: object, key: string): unknown {
  try {
    return (error as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Finds the number of blocks that a node says it takes: "up to a 2K block range", "[0x1, 0x7d0]", "range: 5000". */
function blocksIn(text: string): { blocks?: number } {
  const suggested = /\[(0x[0-9a-f]+), ?(0x[0-9a-f]+)\]/i.exec(text);
  if (suggested !== null) return atLeastOne(Number(suggested[2]) - Number(suggested[1]) + 1);

  const [, number, thousands] =
    /(\d[\d,_]*)(k?)[ -]blocks? ?range|(?:limited|up) to (?:a )?(\d[\d,_]*)(k?) blocks?/i.exec(text)?.filter(Boolean) ??
    /range[^\d]{0,20}(\d[\d,_]*)(k?)\b/i.exec(text) ??
    [];

  return number === undefined
    ? {}
    : atLeastOne(Number(number.replace(/[,_]/g, "")) * (thousands?.toLowerCase() === "k" ? 1_000 : 1));
}

function atLeastOne(blocks: number): { blocks?: number } {
  return blocks >= 1 ? { blocks } : {};
}
