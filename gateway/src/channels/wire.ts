import type { Channel } from "@commonweal/sdk";

/** The name of the scheme in x402. */
export const CHANNEL_SCHEME = "usage-channel";

/**
 * What a voucher says. The names are those of x402's `batch-settlement` where the meaning is the same; `calls` is ours, and
 * what keeps a voucher from serving twice.
 */
export interface VoucherFields {
  channelId: string;
  /** In the currency's smallest units, of all calls since the channel began. */
  maxClaimableAmount: string;
  /** Calls since the channel began. */
  calls: number;
  signature: string;
}

/** A deposit that the gateway sends, so that the payer needs no ETH: the SDK's `SignedDeposit` without the channel. */
export interface DepositFields {
  amount: string;
  authorization: { from: string; validAfter: number; validBefore: number; salt: string; signature: string };
}

/** Pays a call from a channel that is open. */
export interface VoucherPayload {
  type: "voucher";
  channelConfig: Channel;
  voucher: VoucherFields;
}

/** Opens a channel, or adds to it, and pays a call from it. */
export interface DepositPayload {
  type: "deposit";
  channelConfig: Channel;
  voucher: VoucherFields;
  deposit: DepositFields;
}

export type ChannelPayload = VoucherPayload | DepositPayload;

/** What the gateway knows of a channel. Sums are in the currency's smallest units, as decimal texts. */
export interface ChannelStateExtra {
  channelId: string;
  /** Ever deposited, less what was withdrawn. */
  balance: string;
  /** Ever redeemed. */
  totalClaimed: string;
  /** From when the payer can withdraw, in Unix time; 0 without a notice. */
  withdrawableFrom: number;
  /** What calls have really cost since the channel began; at most what was signed. */
  chargedCumulativeAmount: string;
}

/** The newest voucher that the gateway stored: the payer's own words, with its signature. */
export interface VoucherStateExtra {
  signedMaxClaimable: string;
  calls: number;
  signature: string;
}

/** `extra` of what a 402 asks for. `amount` is the price, `payTo` the host, `asset` the currency (ETH: the zero address). */
export interface ChannelRequirementsExtra {
  /** The contract `UsageChannels`. */
  usageChannels: string;
  model: string;
  /** The host's part, in basis points: a channel must give at least this. */
  hostBps: number;
  /** A channel's notice in seconds, at least. */
  minNotice: number;
  /** The smallest deposit that the gateway sends, in units. */
  minDeposit: string;
  /** In a 402 for a voucher: the channel, its newest voucher, and why not. */
  channelState?: ChannelStateExtra;
  voucherState?: VoucherStateExtra;
  refusal?: { code: string; message: string };
}

/** `extra` of a settlement, in the header PAYMENT-RESPONSE. */
export interface ChannelResponseExtra {
  /** What this call cost, in units. */
  chargedAmount: string;
  channelState: ChannelStateExtra;
}
