import type { Channel, ChannelPlace, Usage } from "@commonweal/sdk";
import { reasonOf } from "../refusals.js";
import type { Book, Entry, Taking } from "./book.js";
import type { Observer } from "./observer.js";
import { ChannelRefusal } from "./refusals.js";
import type { VoucherCheck } from "./signatures.js";
import {
  checkCover,
  checkTerms,
  checkVoucher,
  type ReadVoucher,
  readVoucher,
  refusal,
  requireTerms,
  type Terms,
} from "./verify.js";
import { type ChannelPayload, type DepositPayload, readPayload, type VoucherFields } from "./wire.js";

export interface ServiceOptions {
  usage: Pick<Usage, "depositSigned" | "verifyVoucher">;
  place: ChannelPlace;
  terms: Terms;
  minDeposit: bigint;
  walletSigners: boolean;
  book: Book;
  check: VoucherCheck;
  observer: Observer;
  /** One transaction after another, since they are of one account. */
  inTurn: <T>(send: () => Promise<T>) => Promise<T>;
  /** Why no vouchers are taken now; undefined when they are. */
  closedFor: () => ChannelRefusal | undefined;
  /** Whether the last redemption could not have the channel's voucher. */
  hasPassedOver: (channelId: string) => boolean;
}

/** Reads of the chain at once for channels that need one: anybody can name channels that never were. */
const MAX_READS = 64;
/** Deposits that are sent or wait for it: what else the account sends waits behind them. */
const MAX_DEPOSITS = 16;

export type ChannelService = ReturnType<typeof serviceOf>;

/** Takes vouchers: checks one and takes its channel, and then settles what the call cost, or lets go. */
export function serviceOf({ usage, place, terms, minDeposit, book, check, observer, ...rest }: ServiceOptions) {
  const { walletSigners, inTurn, closedFor, hasPassedOver } = rest;
  let reads = 0;
  let deposits = 0;

  /** Reads the chain for whoever asks, as long as not too many do. */
  async function fromChain<T>(read: () => Promise<T>): Promise<T> {
    if (reads >= MAX_READS) {
      throw refusal("node_unavailable", "too many channels have to be looked up at once; try again in a while");
    }
    reads += 1;
    try {
      return await fromOutside("node_unavailable", read());
    } finally {
      reads -= 1;
    }
  }

  /** Returns the channel of a payload. An id that was checked once need not be checked again. */
  async function entryOf({ channelConfig, voucher: { channelId } }: ChannelPayload): Promise<Entry> {
    const known = book.known(channelId);
    const isKnown = known !== undefined && !known.isStale && isSame(known.channel, channelConfig);
    if (isKnown) {
      requireTerms(known.channel, terms);
      return known;
    }

    const channel = checkTerms(channelConfig, channelId, terms, place);

    return fromChain(() => book.entryOf(channel, channelId));
  }

  /** A key's signature is checked here; a wallet is asked each time, since it may change its mind. */
  async function checkSignature({ channel, channelId }: Entry, voucher: ReadVoucher): Promise<void> {
    if (check.isSignedByKey({ channelId, ...voucher }, channel.signer)) return;
    if (!walletSigners) {
      throw refusal(
        "signature_invalid",
        `the voucher is not signed by ${channel.signer}; sign it with that key; a smart wallet needs a channel that a key signs for`,
      );
    }
    if (hasPassedOver(channelId)) {
      throw refusal(
        "signature_invalid",
        `${channel.signer} did not stand by the voucher before, when it was redeemed; use a channel that a key signs for`,
      );
    }

    const full = { channel, channelId, ...voucher, amount: String(voucher.amount) };
    if (await fromChain(() => usage.verifyVoucher(full))) return;

    throw refusal(
      "signature_invalid",
      `the voucher is not signed by ${channel.signer}; sign it with that key or wallet`,
    );
  }

  /** Returns the channel as it is known now; the chain is asked before somebody is refused for what it says. */
  async function covered(entry: Entry, voucher: ReadVoucher, more: bigint): Promise<Entry> {
    try {
      checkCover(entry, voucher, more);
      return entry;
    } catch (error) {
      if (!(error instanceof ChannelRefusal)) throw error;
      const current = await fromChain(() => book.refresh(entry));
      checkCover(current, voucher, more);
      return current;
    }
  }

  function checkDeposit({ deposit }: DepositPayload): bigint {
    const amount = BigInt(deposit.amount);
    if (terms.currency === "ETH") {
      throw refusal("deposit_failed", "ETH takes no signed deposits; deposit by a transaction of your own");
    }
    if (amount < minDeposit) {
      throw refusal("deposit_too_small", `the deposit is ${amount} units; sign for at least ${minDeposit}`);
    }

    return amount;
  }

  /** Whether a voucher needs no deposit: the gas of one would be for nothing. */
  function isCovered(entry: Entry, voucher: ReadVoucher): boolean {
    return entry.withdrawableFrom === undefined && voucher.amount <= entry.deposited;
  }

  /** Sends a signed deposit. If somebody else sent it before, that is as good. */
  async function sendDeposit(entry: Entry, { deposit }: DepositPayload, voucher: ReadVoucher): Promise<void> {
    const { amount, authorization } = deposit;
    try {
      await inTurn(() => usage.depositSigned({ channel: entry.channel, amount, ...authorization }));
      observer.deposited?.({ channelId: entry.channelId, amount: BigInt(amount) });
    } catch (error) {
      observer.failed?.("deposit", error);
      const current = await fromOutside("node_unavailable", book.refresh(entry));
      try {
        checkCover(current, voucher);
        return;
      } catch {
        throw refusal("deposit_failed", `the deposit did not arrive (${reasonOf(error)}); sign another`, {
          cause: error,
        });
      }
    }
    checkCover(await fromOutside("node_unavailable", book.refresh(entry)), voucher);
  }

  function settledOf(voucher: VoucherFields): { entry: Entry; taking: Taking } {
    const entry = book.known(voucher.channelId);
    const taking = entry?.taking;
    const isTaken = taking?.signature === voucher.signature && taking.calls === voucher.calls;
    if (entry !== undefined && isTaken && !taking.isSettling) return { entry, taking };

    throw refusal("not_taken", "no call with this voucher is being served; send it with a call first");
  }

  return {
    /**
     * Checks a payment and takes its channel until {@link settle} or {@link cancel}.
     *
     * @param price What the call costs at most, in units.
     * @throws {ChannelRefusal} that says what to do.
     */
    async verify(payload: unknown, price: bigint): Promise<Entry> {
      const read = readPayload(payload);
      if (read === undefined) {
        throw refusal("payload_invalid", 'the payment is no "voucher" or "deposit" of this scheme; see its fields');
      }
      const closed = closedFor();
      if (closed !== undefined) throw closed;

      const voucher = readVoucher(read.voucher);
      const more = read.type === "deposit" ? checkDeposit(read) : 0n;
      let entry = await entryOf(read);
      checkVoucher(entry, voucher, price);
      await checkSignature(entry, voucher);
      entry = await covered(entry, voucher, more);

      // From here to the taking nothing waits: what came meanwhile is seen.
      entry = book.known(entry.channelId) ?? entry;
      if (entry.isStale) throw refusal("store_failed", "the gateway's store failed just now; try again in a while");
      checkVoucher(entry, voucher, price);
      const needsDeposit = read.type === "deposit" && !isCovered(entry, voucher);
      if (needsDeposit && deposits >= MAX_DEPOSITS) {
        throw refusal("busy", "other deposits are being sent; try again in a while, or send the deposit yourself");
      }
      book.take(entry, { ...voucher, price, isSettling: false });
      if (!needsDeposit) return entry;

      deposits += 1;
      try {
        await sendDeposit(entry, read, voucher);
        return entry;
      } catch (error) {
        book.release(entry);
        throw error;
      } finally {
        deposits -= 1;
      }
    },

    /**
     * Stores the voucher of a call that was served. It is durable when this returns.
     *
     * @param cost What the call really cost.
     * @throws {ChannelRefusal} when it cost more than was authorised, or the store failed.
     */
    async settle(voucher: VoucherFields, cost: bigint): Promise<Entry> {
      const { entry, taking } = settledOf(voucher);
      if (cost > taking.price) {
        throw refusal(
          "charge_too_high",
          `the call cost ${cost} units, and ${taking.price} were authorised; charge less`,
        );
      }
      await fromOutside("store_failed", book.settle(entry, taking, cost), observer);
      observer.charged?.({ channelId: entry.channelId, amount: cost });

      return entry;
    },

    /** Lets go of the channel of a call that failed. The payer may send the same voucher again. */
    cancel(voucher: VoucherFields): void {
      try {
        book.release(settledOf(voucher).entry);
      } catch (error) {
        // It was settled, or let go of, before.
        if (!(error instanceof ChannelRefusal)) throw error;
      }
    },
  };
}

/** Waits for a node or a store. That it fails is nobody's fault who pays. */
async function fromOutside<T>(code: "node_unavailable" | "store_failed", waiting: Promise<T>, observer?: Observer) {
  try {
    return await waiting;
  } catch (error) {
    if (code === "store_failed") observer?.failed?.("store", error);
    throw refusal(code, "the gateway cannot reach its chain or its store; try again in a while", { cause: error });
  }
}

function isSame(channel: Channel, config: Channel): boolean {
  return (Object.keys(channel) as (keyof Channel)[]).every((term) => channel[term] === config[term]);
}
