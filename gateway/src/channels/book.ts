import { type Channel, type ChannelPlace, channelIdOf, type ChannelState, type Voucher } from "@commonweal/sdk";
import type { ChannelRecord, ChannelStore } from "./store.js";
import { shared } from "./turns.js";
import type { ChannelStateExtra, VoucherStateExtra } from "./wire.js";

/** A call that is being served: its voucher is good, and not stored yet. */
export interface Taking {
  amount: bigint;
  calls: number;
  signature: string;
  /** What the call may cost at most. */
  price: bigint;
  /** The call was served, and its voucher is being stored: it can no longer be let go of. */
  isSettling: boolean;
}

/** A channel as the gateway knows it. Sums are in the currency's smallest units. */
export interface Entry {
  readonly channelId: string;
  readonly channel: Channel;
  /** The newest voucher that was stored; undefined before the first, or if the store was lost. */
  readonly voucher: { readonly amount: bigint; readonly calls: number; readonly signature: string } | undefined;
  /** What calls have really cost. */
  readonly charged: bigint;
  readonly deposited: bigint;
  readonly redeemed: bigint;
  /** Calls of the voucher that was redeemed last. */
  readonly redeemedCalls: number;
  readonly withdrawableFrom: number | undefined;
  taking: Taking | undefined;
  /** The store failed: whether the last voucher was stored is not known, and it is asked again. */
  isStale: boolean;
}

export type Book = ReturnType<typeof openBook>;

/**
 * What is known of channels: vouchers from the store, deposits from the chain, calls that are being served from memory
 * alone. Channels that were never opened are not remembered.
 *
 * @param stateOf Reads a channel's state from the chain.
 */
export function openBook(store: ChannelStore, stateOf: (channel: Channel) => Promise<ChannelState>) {
  const entries = new Map<string, Entry>();
  const loading = new Map<string, Promise<Entry>>();
  const refreshing = new Map<string, Promise<Entry>>();
  let unredeemed = 0n;
  let taken = 0;

  function keep(entry: Entry): Entry {
    const before = entries.get(entry.channelId);
    if (before !== undefined) unredeemed -= unredeemedOf(before);
    entries.set(entry.channelId, entry);
    unredeemed += unredeemedOf(entry);

    return entry;
  }

  /** Changes what is known, in place: whoever holds the entry sees it. */
  function change(entry: Entry, changes: Partial<Entry>): void {
    const isKept = entries.get(entry.channelId) === entry;
    if (isKept) unredeemed -= unredeemedOf(entry);
    Object.assign(entry, changes);
    if (isKept) unredeemed += unredeemedOf(entry);
  }

  async function load(channel: Channel, channelId: string): Promise<Entry> {
    const [record, state] = await Promise.all([store.get(channelId), stateOf(channel)]);
    // It may have come, and even been used, while an answer was slow: what is known is newer than what the store said.
    const known = entries.get(channelId);
    if (known !== undefined && (!known.isStale || known.taking !== undefined)) return known;
    const entry = { ...voucherOf(record), ...viewOf(state), channelId, channel, taking: undefined, isStale: false };

    return isNothing(entry) ? entry : keep(entry);
  }

  function release(entry: Entry): void {
    if (entry.taking !== undefined) taken -= 1;
    entry.taking = undefined;
    if (isNothing(entry)) entries.delete(entry.channelId);
  }

  return {
    /** Reads the store and, of each of its channels, the chain. */
    async restore(place: ChannelPlace): Promise<void> {
      for (const record of await store.all()) {
        // A store may have served another chain before.
        if (channelIdOf(record.channel, place) !== record.channelId) continue;
        keep({
          ...{ ...voucherOf(record), channelId: record.channelId, channel: record.channel },
          ...{ deposited: 0n, redeemed: 0n, redeemedCalls: 0, withdrawableFrom: undefined },
          ...{ taking: undefined, isStale: false },
        });
      }
      for (const batch of batchesOf([...entries.values()], 100)) {
        await Promise.all(batch.map(async (entry) => change(entry, viewOf(await stateOf(entry.channel)))));
      }
    },

    known: (channelId: string): Entry | undefined => entries.get(channelId),
    all: (): Entry[] => [...entries.values()],

    /** Returns a channel, from the store and the chain if need be. Several that ask at once share the answer. */
    async entryOf(channel: Channel, channelId: string): Promise<Entry> {
      const entry = entries.get(channelId);
      if (entry !== undefined && !entry.isStale) return entry;

      return shared(loading, channelId, () => load(channel, channelId));
    },

    /** Reads a channel's state from the chain again, and returns the channel as it is known now. */
    refresh(entry: Entry): Promise<Entry> {
      return shared(refreshing, entry.channelId, async () => {
        const view = viewOf(await stateOf(entry.channel));
        const current = entries.get(entry.channelId) ?? entry;
        change(current, view);

        return isNothing(current) ? current : keep(current);
      });
    },

    /** Takes a channel for a call that is to be served. */
    take(entry: Entry, taking: Taking): void {
      keep(entry).taking = taking;
      taken += 1;
    },

    /** Lets go of a channel: the call failed, and nothing is stored. */
    release,

    /** Stores the voucher of the call that was served, and what it cost, and lets go of the channel. */
    async settle(entry: Entry, taking: Taking, cost: bigint): Promise<void> {
      const { channel, channelId } = entry;
      const { amount, calls, signature } = taking;
      taking.isSettling = true;
      const charged = baseOf(entry).charged + cost;
      try {
        const voucher = { channel, channelId, amount: String(amount), calls, signature };
        await store.put({ ...voucher, charged: String(charged) });
        change(entry, { voucher: { amount, calls, signature }, charged });
      } catch (error) {
        entry.isStale = true;
        throw error;
      } finally {
        release(entry);
      }
    },

    unredeemed: () => unredeemed,
    taken: () => taken,
    size: () => entries.size,
  };
}

type Redeemable = Pick<Entry, "deposited" | "redeemed"> & { voucher: { amount: bigint } | undefined };

/** What a voucher can still be redeemed for. */
export function unredeemedOf({ voucher, deposited, redeemed }: Redeemable): bigint {
  const redeemable = min(voucher?.amount ?? 0n, deposited);

  return redeemable > redeemed ? redeemable - redeemed : 0n;
}

/** Returns the newest voucher as the SDK redeems it. */
export function redeemableOf({ channel, channelId, voucher }: Entry): Voucher | undefined {
  return voucher && { ...{ channel, channelId }, ...voucher, amount: String(voucher.amount) };
}

/** What the next voucher follows: what was stored or, if the store was lost, what was redeemed. */
export function baseOf({ voucher, charged, redeemed, redeemedCalls }: Entry) {
  return {
    amount: max(voucher?.amount ?? 0n, redeemed),
    calls: Math.max(voucher?.calls ?? 0, redeemedCalls),
    // Of a lost store nobody knows what was charged less than what was redeemed.
    charged: voucher === undefined || voucher.amount < redeemed ? redeemed : charged,
  };
}

/** What a payer is told of its channel. */
export function channelStateOf(entry: Entry): ChannelStateExtra {
  const { calls, charged } = baseOf(entry);

  return {
    channelId: entry.channelId,
    balance: String(entry.deposited),
    totalClaimed: String(entry.redeemed),
    withdrawableFrom: entry.withdrawableFrom ?? 0,
    chargedCumulativeAmount: String(charged),
    calls,
  };
}

/** The newest voucher, with which a payer can check what it is told. */
export function voucherStateOf({ voucher }: Entry): VoucherStateExtra | undefined {
  return (
    voucher && { ...{ signedMaxClaimable: String(voucher.amount) }, calls: voucher.calls, signature: voucher.signature }
  );
}

/** Whether a channel was neither opened nor used. */
function isNothing({ voucher, deposited, taking }: Entry): boolean {
  return voucher === undefined && deposited === 0n && taking === undefined;
}

function voucherOf(record: ChannelRecord | undefined) {
  if (record === undefined) return { voucher: undefined, charged: 0n };
  const { amount, calls, signature, charged } = record;

  return { voucher: { amount: BigInt(amount), calls, signature }, charged: BigInt(charged) };
}

function viewOf({ deposited, redeemed, calls, withdrawableFrom }: ChannelState) {
  return { deposited, redeemed, redeemedCalls: calls, withdrawableFrom };
}

function* batchesOf<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
