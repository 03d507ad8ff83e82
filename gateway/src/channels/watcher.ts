import type { Commonweal } from "@commonweal/sdk";
import type { Book } from "./book.js";
import type { Observer } from "./observer.js";
import { shared } from "./turns.js";

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
    channels.getEvent("ChannelDeposited").fragment.topicHash,
    channels.getEvent("VoucherRedeemed").fragment.topicHash,
    channels.getEvent("ChannelWithdrawn").fragment.topicHash,
  ];
  const topics = [[notice, ...others]];
  let next = 1 + (await blockNumber());
  let readAt = Date.now();
  const polling = new Map<string, Promise<void>>();

  async function blockNumber(): Promise<number> {
    return Number(await provider?.getBlockNumber());
  }

  async function read(): Promise<void> {
    const latest = await blockNumber();
    if (latest >= next) {
      const logs = (await provider?.getLogs({ address, topics, fromBlock: next, toBlock: latest })) ?? [];
      const known = new Set(logs.map(({ topics: [, channelId] }) => channelId).filter(book.known));
      for (const channelId of known) {
        const entry = book.known(channelId);
        if (entry !== undefined) await book.refresh(entry);
      }
      next = latest + 1;
      if (logs.some(({ topics: [event, channelId] }) => event === notice && known.has(channelId))) onNotice();
    }
    readAt = Date.now();
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
