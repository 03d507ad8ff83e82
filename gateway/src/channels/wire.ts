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
  /** Calls that were paid since the channel began: the next voucher says one more. */
  calls: number;
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

/** Returns a payment as this scheme has it, or undefined. What its addresses are is looked at later. */
export function readPayload(payload: unknown): ChannelPayload | undefined {
  if (!isObject(payload) || !isVoucher(payload.voucher) || !isChannel(payload.channelConfig)) return undefined;
  const { type, channelConfig, voucher, deposit } = payload;
  if (type === "voucher") return { type, channelConfig, voucher };
  if (type === "deposit" && isDeposit(deposit)) return { type, channelConfig, voucher, deposit };

  return undefined;
}

/** Returns the state of a channel in a 402 or in a settlement, or undefined. */
export function readChannelState(state: unknown): ChannelStateExtra | undefined {
  const isState =
    isObject(state) &&
    typeof state.channelId === "string" &&
    [state.balance, state.totalClaimed, state.chargedCumulativeAmount].every(isUnits) &&
    isWhole(state.withdrawableFrom) &&
    isCount(state.calls);

  return isState ? (state as unknown as ChannelStateExtra) : undefined;
}

/** Returns the newest voucher in a 402, or undefined. */
export function readVoucherState(state: unknown): VoucherStateExtra | undefined {
  const isState =
    isObject(state) && isUnits(state.signedMaxClaimable) && isCount(state.calls) && typeof state.signature === "string";

  return isState ? (state as unknown as VoucherStateExtra) : undefined;
}

function isVoucher(value: unknown): value is VoucherFields {
  return (
    isObject(value) &&
    typeof value.channelId === "string" &&
    isUnits(value.maxClaimableAmount) &&
    isCount(value.calls) &&
    isSignature(value.signature)
  );
}

function isChannel(value: unknown): value is Channel {
  return (
    isObject(value) &&
    [value.payer, value.signer, value.model, value.host, value.currency, value.salt].every(isText) &&
    [value.hostBps, value.notice].every(isCount)
  );
}

function isDeposit(value: unknown): value is DepositFields {
  if (!isObject(value) || !isUnits(value.amount) || !isObject(value.authorization)) return false;
  const { from, validAfter, validBefore, salt, signature } = value.authorization;

  return [from, salt].every(isText) && [validAfter, validBefore].every(isWhole) && isSignature(signature);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Below 2¹¹², in decimal and without leading zeros, so that one amount has one form. */
function isUnits(value: unknown): value is string {
  return isText(value) && /^(0|[1-9]\d{0,33})$/.test(value) && BigInt(value) < 2n ** 112n;
}

function isCount(value: unknown): value is number {
  return isWhole(value) && value < 2 ** 32;
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Of a key or of a wallet; a wallet's is as long as a few keys'. */
function isSignature(value: unknown): value is string {
  return isText(value) && /^0x([0-9a-fA-F]{2}){0,2048}$/.test(value);
}
