import type { Commonweal } from "@commonweal/sdk";
import type { Log } from "ethers";
import type { Book } from "./book.js";
import type { Observer } from "./observer.js";
import { shared } from "./turns.js";

/** Blocks that are asked for at once: nodes refuse to look through many. */
const SPAN = 1_000;
/**
 * Blocks that are read again: one of several nodes behind an address may not have had them, and blocks may change. The
 * deepest change that is seen on public chains is shorter.
 */
const OVERLAP = 32;

export interface WatcherOptions {
  channels: Commonweal["contracts"]["UsageChannels"];
  book: Book;
  observer: Observer;
  seconds: number;
  /** A channel's payer gave notice. */
  onNotice(): void;
}

export type Watcher = Awaited<ReturnType<typeof watchChannels>>;

/** Reads the chain from now on, and from it again each channel that something happened to. */
export async function watchChannels({ channels, book, observer, seconds, onNotice }: WatcherOptions) {
  const provider = channels.runner?.provider;
  const address = await channels.getAddress();
  const notice = channels.getEvent("NoticeGiven").fragment.topicHash;
  const others = [
    channels.getEvent("NoticeCancelled").fragment.topicHash,
    channels.getEvent("ChannelDeposited").fragment.topicHash,
    channels.getEvent("VoucherRedeemed").fragment.topicHash,
    channels.getEvent("ChannelWithdrawn").fragment.topicHash,
  ];
  const topics = [[notice, ...others]];
  const first = 1 + (await blockNumber());
  let next = first;
  let readAt = Date.now();
  /** Logs of the blocks that are read again. */
  const seen = new Map<string, Log>();
  const polling = new Map<string, Promise<void>>();

  async function blockNumber(): Promise<number> {
    return Number(await provider?.getBlockNumber());
  }

  async function read(): Promise<void> {
    const latest = await blockNumber();
    do {
      const toBlock = Math.min(latest, next + SPAN - 1);
      await readTo(toBlock);
      next = Math.max(next, toBlock + 1);
    } while (next <= latest);
    for (const [name, { blockNumber }] of seen) if (blockNumber < next - OVERLAP) seen.delete(name);
    readAt = Date.now();
  }

  async function readTo(toBlock: number): Promise<void> {
    const fromBlock = Math.max(first, next - OVERLAP);
    if (fromBlock > toBlock) return;
    const found = new Map(
      ((await provider?.getLogs({ address, topics, fromBlock, toBlock })) ?? []).map((log) => [nameOf(log), log]),
    );
    // What is not there any more was undone with its block, such as a deposit.
    const gone = [...seen].filter(([name, log]) => log.blockNumber >= fromBlock && !found.has(name));
    const logs = [...found].filter(([name]) => !seen.has(name)).map(([, log]) => log);
    const changed = [...logs, ...gone.map(([, log]) => log)].map(({ topics: [, channelId] }) => channelId);
    const known = new Set(changed.filter((channelId) => book.known(channelId)));
    for (const channelId of known) {
      const entry = book.known(channelId);
      if (entry !== undefined) await book.refresh(entry);
    }
    for (const [name] of gone) seen.delete(name);
    for (const log of logs) seen.set(nameOf(log), log);
    if (logs.some(({ topics: [event, channelId] }) => event === notice && known.has(channelId))) onNotice();
  }

  /** Reads what happened since the last time. */
  function poll(): Promise<void> {
    return shared(polling, "poll", () => read().catch((error: unknown) => observer.failed?.("watch", error)));
  }

  const timer = setInterval(() => void poll(), seconds * 1_000);
  timer.unref();

  return {
    poll,
    /** Seconds since the chain was read. */
    age: () => (Date.now() - readAt) / 1_000,
    stop: () => clearInterval(timer),
  };
}

function nameOf({ blockHash, index }: Log): string {
  return `${blockHash}:${index}`;
}
