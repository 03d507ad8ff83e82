import {
  type Channel,
  type ChannelPlace,
  channelIdOf,
  isSignedByKey,
  solidityChannel,
  type Voucher,
  wholeUnits,
} from "./channels.js";
import type { Currency } from "./currencies.js";
import { InvalidArgument } from "./errors.js";

/** What a voucher was worth. Sums are in the currency's smallest units. */
export interface RedeemedVoucher {
  channelId: string;
  currency: Currency;
  amount: bigint;
  /** The part of `amount` that is the host's; the rest is the model's. */
  hostPart: bigint;
}

/** A voucher as the contract takes it, with the gas that it may take. */
export interface Redemption {
  call: { channel: Channel; amount: bigint; calls: number; signature: string };
  /** Whether a smart wallet is to be asked about the signature. */
  isWallet: boolean;
  gas: bigint;
}

/** What a smart wallet may take to say whether it signed, as in the contract. */
export const WALLET_GAS = 400_000n;

/** What a transaction may take, and each voucher: the first of a channel, of a host and of a model is the dearest. */
const BASE_GAS = 150_000n;
const VOUCHER_GAS = 150_000n;

/**
 * Returns a voucher as the contract takes it.
 *
 * @throws {InvalidArgument} when its id is not its channel's.
 */
export function redemptionOf(voucher: Voucher, place: ChannelPlace): Redemption {
  const { channel, channelId, amount, calls, signature } = voucher;
  if (channelIdOf(channel, place) !== channelId) {
    throw new InvalidArgument("channelId", channelId, "the id of the voucher's channel, on this chain");
  }
  const isWallet = !isSignedByKey(voucher, place);

  return {
    call: { channel: solidityChannel(channel), amount: wholeUnits(amount), calls, signature },
    isWallet,
    gas: VOUCHER_GAS + (isWallet ? WALLET_GAS : 0n),
  };
}

/** Returns what the redemption of a batch may take. */
export function gasOf(batch: readonly Redemption[]): bigint {
  return batch.reduce((sum, { gas }) => sum + gas, BASE_GAS);
}

/** Cuts what is to be redeemed into batches of one currency within a limit of gas; at least one in each. */
export function batchesOf(redemptions: readonly Redemption[], maxGas: bigint): Redemption[][] {
  const batches: Redemption[][] = [];
  const open = new Map<string, Redemption[]>();
  for (const redemption of redemptions) {
    const { currency } = redemption.call.channel;
    const batch = open.get(currency);
    if (batch !== undefined && gasOf([...batch, redemption]) <= maxGas) {
      batch.push(redemption);
    } else {
      const fresh = [redemption];
      batches.push(fresh);
      open.set(currency, fresh);
    }
  }

  return batches;
}
