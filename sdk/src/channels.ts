import type { Address, ModelId } from "./brands.js";
import { AbiCoder, Interface, keccak256, recoverAddress, Signature, TypedDataEncoder } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { type Currency, currencyAddress, currencyOf } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { UsageChannels } from "./generated/fragments/UsageChannels.js";
import * as typedData from "./generated/typedData.js";

/** The terms of a channel; plain JSON. */
export interface Channel {
  /** Who takes out what is left. */
  payer: Address;
  /** Who signs vouchers: the payer, or a key that it gave to a program. */
  signer: string;
  model: ModelId;
  host: Address;
  /** The host's part, in basis points: at most what the model allows. */
  hostBps: number;
  currency: Currency;
  /** For how many seconds the host can still redeem after the payer gave notice: 1 to 30 days. */
  notice: number;
  salt: string;
}

/** The terms of a channel that is to be opened, and its first deposit. */
export interface ChannelOptions {
  model: ModelId;
  host: Address;
  hostBps: number;
  currency: Currency;
  amount: Amount;
  /** For how many seconds the host can still redeem after notice: 1 to 30 days. */
  notice: number;
  /** Who signs vouchers; the payer by default. */
  signer?: string;
  /** Who takes out what is left; this SDK's signer by default. */
  payer?: Address;
  /** 32 bytes in hex, so that a payer can have several; random by default. */
  salt?: string;
}

/** A channel with its id. */
export interface OpenChannel {
  channelId: string;
  channel: Channel;
}

/** What has become of a channel. Sums are in the currency's smallest units. */
export interface ChannelState {
  /** Ever deposited, less what was withdrawn. */
  deposited: bigint;
  /** Ever redeemed. */
  redeemed: bigint;
  /** What vouchers can still be redeemed for. */
  left: bigint;
  /** Calls of the voucher that was redeemed last. */
  calls: number;
  /** From when the payer can take out what is left, in Unix time; undefined without a notice. Take no vouchers then. */
  withdrawableFrom: number | undefined;
}

/** What a payer owes since its channel began, signed; plain JSON. */
export interface Voucher {
  channel: Channel;
  channelId: string;
  /** In the currency's smallest units, of all calls together. */
  amount: string;
  /** Calls since the channel began. */
  calls: number;
  signature: string;
}

/** A deposit that was signed and that anyone can send; plain JSON. Who pays needs no ETH. */
export interface SignedDeposit {
  channel: Channel;
  /** In the currency's smallest units. */
  amount: string;
  /** Who pays. */
  from: Address;
  /** It serves after this time and before that one, in Unix time. */
  validAfter: number;
  validBefore: number;
  /** Of this deposit, so that the same can be deposited twice. */
  salt: string;
  signature: string;
}

/** Where channels are. */
export interface ChannelPlace {
  chainId: bigint | number;
  /** The address of `UsageChannels`. */
  contract: string;
}

const CHANNEL_WORDS = ["address", "address", "address", "address", "uint16", "address", "uint32", "bytes32"];
const MAX_AMOUNT = 2n ** 112n - 1n;
const MAX_CALLS = 2 ** 32 - 1;

/**
 * Returns a channel's id, which commits to all of its terms, and to where it is.
 *
 * @throws {InvalidArgument} when a term cannot be meant.
 * @example
 * const channelId = channelIdOf(channel, { chainId: 8453, contract });
 */
export function channelIdOf(channel: Channel, { chainId, contract }: ChannelPlace): string {
  const { payer, signer, model, host, hostBps, currency, notice, salt } = solidityChannel(channel);
  const words = [chainId, contract, payer, signer, model, host, hostBps, currency, notice, salt];

  return keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", ...CHANNEL_WORDS], words));
}

/**
 * Returns what a channel's signer signs by EIP-712, as wallets and libraries take it.
 *
 * @throws {InvalidArgument} when it is more than a channel can count.
 * @example
 * const { domain, types, message } = voucherTypedData({ channelId, amount: 1_500n, calls: 3 }, { chainId: 8453, contract });
 * const signature = await wallet.signTypedData(domain, types, message);
 */
export function voucherTypedData(
  {
    channelId,
    amount,
    calls,
  }: {
    channelId: string;
    /** Units owed since the channel began. */
    amount: bigint | string;
    /** Since the channel began. */
    calls: number;
  },
  { chainId, contract }: ChannelPlace,
) {
  const units = typeof amount === "bigint" ? amount : wholeUnits(amount);
  if (units < 0n || units > MAX_AMOUNT) throw new InvalidArgument("amount", amount, "0 to 2¹¹² − 1 units");
  if (!Number.isInteger(calls) || calls < 0 || calls > MAX_CALLS) {
    throw new InvalidArgument("calls", calls, "a whole number of calls, at most 2³² − 1");
  }

  return typedData.voucher({
    ...{ chainId, verifyingContract: contract },
    message: { channel: bytes32Of(channelId, "channelId"), amount: String(units), calls },
  });
}

/** Returns whether a voucher carries its signer's own ECDSA signature, as the contract takes it. */
export function isSignedByKey(voucher: Voucher, place: ChannelPlace): boolean {
  const { domain, types, message } = voucherTypedData(voucher, place);
  // Short signatures (EIP-2098) and malleable ones are none to the contract.
  if (!/^0x[0-9a-fA-F]{128}1[bcBC]$/.test(voucher.signature)) return false;
  try {
    const hash = TypedDataEncoder.hash(domain, types, message);

    return recoverAddress(hash, Signature.from(voucher.signature)) === addressOf(voucher.channel.signer, "signer");
  } catch (error) {
    if (error instanceof InvalidArgument) throw error;
    return false;
  }
}

/** The nonce of a deposit by authorization (ERC-3009), which commits to every argument. */
export function depositNonceOf(
  { channel, amount, from, validAfter, validBefore, salt }: Omit<SignedDeposit, "signature">,
  place: ChannelPlace,
): string {
  const selector = new Interface(UsageChannels.fragments).getFunction("depositWithAuthorization")?.selector;

  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "bytes4", "bytes32", "uint256", "address", "uint256", "uint256", "bytes32"],
      [
        ...[place.chainId, place.contract, selector, channelIdOf(channel, place), amount],
        ...[from, validAfter, validBefore, salt],
      ],
    ),
  );
}

/** Returns a channel as the contract takes it. */
export function solidityChannel(channel: Channel): Channel {
  return {
    payer: addressOf(channel.payer, "channel.payer"),
    signer: addressOf(channel.signer, "channel.signer"),
    model: addressOf(channel.model, "channel.model"),
    host: addressOf(channel.host, "channel.host"),
    hostBps: whole(channel.hostBps, 10_000, "channel.hostBps", "whole basis points, at most 10,000"),
    currency: currencyAddress(channel.currency),
    notice: whole(channel.notice, MAX_CALLS, "channel.notice", "whole seconds, 1 to 30 days"),
    salt: bytes32Of(channel.salt, "channel.salt"),
  };
}

/** Returns a channel of an event as this SDK gives it. */
export function channelOf(channel: {
  [Term in keyof Channel]: Channel[Term] extends number ? bigint : string;
}): Channel {
  const { payer, signer, model, host, hostBps, currency, notice, salt } = channel;

  return {
    ...{ payer, signer, model, host, hostBps: Number(hostBps) },
    ...{ currency: currencyOf(currency), notice: Number(notice), salt },
  };
}

/** Returns units that stand in JSON. */
export function wholeUnits(amount: string): bigint {
  if (!/^\d+$/.test(amount)) throw new InvalidArgument("amount", amount, "units in decimal, as this SDK signs them");

  return BigInt(amount);
}

function whole(value: number, max: number, argument: string, expected: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;

  throw new InvalidArgument(argument, value, expected);
}
