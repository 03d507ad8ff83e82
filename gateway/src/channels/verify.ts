import { type Channel, type ChannelPlace, channelIdOf, CommonwealError, type Currency } from "@commonweal/sdk";
import { getAddress, ZeroAddress } from "ethers";
import { baseOf, type Entry } from "./book.js";
import { ChannelRefusal, type ChannelRefusalCode } from "./refusals.js";
import type { VoucherFields } from "./wire.js";

/** What a gateway asks of a channel. */
export interface Terms {
  model: string;
  host: string;
  hostBps: number;
  currency: Currency;
  minNotice: number;
}

/** What a voucher says, with its sums as numbers. */
export interface ReadVoucher {
  amount: bigint;
  calls: number;
  signature: string;
}

/** Returns a voucher with its sums as numbers. */
export function readVoucher({ maxClaimableAmount, calls, signature }: VoucherFields): ReadVoucher {
  return { amount: BigInt(maxClaimableAmount), calls, signature };
}

/**
 * Returns a channel with its addresses in one form, if it is what the gateway asks for and its id is right: on this chain,
 * in this contract.
 *
 * @throws {ChannelRefusal} that says which term is not.
 */
export function checkTerms(config: Channel, channelId: string, terms: Terms, place: ChannelPlace): Channel {
  const channel = normalised(config);
  requireTerms(channel, terms);
  if (idOf(channel, place) !== channelId) {
    throw refusal(
      "id_mismatch",
      `${channelId} is not the id of this channel on chain ${place.chainId} in ${place.contract}; sign for that one`,
    );
  }

  return channel;
}

/** Requires that a channel is what the gateway asks for now; a store may know channels of other times. */
export function requireTerms(channel: Channel, terms: Terms): void {
  if (channel.model !== terms.model) {
    throw refusal("model_mismatch", `the channel is for the model ${channel.model}; open one for ${terms.model}`);
  }
  if (channel.host !== terms.host) {
    throw refusal("host_mismatch", `the channel is for the host ${channel.host}; open one for ${terms.host}`);
  }
  if (channel.currency !== terms.currency) {
    throw refusal("currency_mismatch", `the channel is in ${channel.currency}; open one in ${terms.currency}`);
  }
  if (channel.hostBps < terms.hostBps) {
    throw refusal(
      "host_part_too_low",
      `the channel gives the host ${channel.hostBps} basis points; open one that gives at least ${terms.hostBps}`,
    );
  }
  if (channel.notice < terms.minNotice) {
    throw refusal(
      "notice_too_short",
      `the channel's notice is ${channel.notice} seconds; open one with at least ${terms.minNotice}`,
    );
  }
}

/**
 * Checks a voucher against the newest one that was stored, and the price.
 *
 * @throws {ChannelRefusal} that says what the next voucher must say.
 */
export function checkVoucher(entry: Entry, { amount, calls }: ReadVoucher, price: bigint): void {
  if (entry.taking !== undefined) {
    throw refusal("busy", "another call of this channel is being served; wait for it, or use a second channel");
  }
  const base = baseOf(entry);
  if (calls !== base.calls + 1) {
    throw refusal("calls_mismatch", `the voucher is for call ${calls}; sign for call ${base.calls + 1}`);
  }
  if (amount < base.amount) {
    throw refusal("amount_lowered", `the voucher is for ${amount} units; sign for at least ${base.amount}, as before`);
  }
  if (amount - base.charged < price) {
    const least = base.charged + price;
    throw refusal(
      "amount_too_low",
      `the voucher is for ${amount} units; sign for at least ${least}: ${base.charged} were charged, and this costs ${price}`,
    );
  }
}

/**
 * Checks that a channel's deposit covers a voucher, and that nothing of it can be taken away.
 *
 * @param more What a deposit that comes with the voucher will add.
 * @throws {ChannelRefusal} that says what to do about it.
 */
export function checkCover({ deposited, withdrawableFrom }: Entry, { amount }: ReadVoucher, more = 0n): void {
  if (deposited + more === 0n) throw refusal("not_opened", "nothing is deposited in this channel; deposit first");
  if (withdrawableFrom !== undefined) {
    throw refusal("notice_given", "the payer gave notice, so the channel takes no more calls; open another one");
  }
  if (amount > deposited + more) {
    throw refusal(
      "deposit_exceeded",
      `the voucher is for ${amount} units, and ${deposited + more} are deposited; top the channel up`,
    );
  }
}

/** Returns a refusal in a sentence. */
export function refusal(code: Suffix, text: string, options?: ErrorOptions): ChannelRefusal {
  return new ChannelRefusal(`usage_channel_${code}`, `${text[0].toUpperCase()}${text.slice(1)}.`, options);
}

type Suffix = ChannelRefusalCode extends `usage_channel_${infer Code}` ? Code : never;

/** Returns a currency as the SDK names it; x402 knows ETH as the zero address. */
export function currencyOf(asset: string): Currency {
  if (asset === "ETH" || asset === ZeroAddress) return "ETH";

  return getAddress(asset);
}

function normalised(config: Channel): Channel {
  const { hostBps, notice, salt } = config;
  try {
    const [payer, signer, model, host] = [config.payer, config.signer, config.model, config.host].map(getAddress);

    return { payer, signer, model, host, hostBps, currency: currencyOf(config.currency), notice, salt };
  } catch (error) {
    throw refusal("payload_invalid", "the channel has an address that is none; give 20 bytes, 0x… in hex", {
      cause: error,
    });
  }
}

function idOf(channel: Channel, place: ChannelPlace): string {
  try {
    return channelIdOf(channel, place);
  } catch (error) {
    if (!(error instanceof CommonwealError)) throw error;
    throw refusal("payload_invalid", `the channel cannot be meant: ${error.message.replace(/\.$/, "")}`, {
      cause: error,
    });
  }
}
