import type { Channel, Currency } from "@commonweal/sdk";
import type { PaymentRequired, PaymentRequirements } from "@x402/core/types";
import { getAddress, id, isAddress, ZeroAddress } from "ethers";
import { CHANNEL_SCHEME } from "../channels/wire.js";
import { TermsRefused } from "./errors.js";

/** What a user allows, with sums in the currency's smallest units. */
export interface Allowed {
  network: string;
  contract: string;
  currency: Currency;
  maxPrice: bigint;
  deposit: bigint;
  limit: bigint;
  notice: number;
  model: string | undefined;
  hosts: readonly string[] | undefined;
  maxHostBps: number;
}

/** What a server asks for, read and allowed. */
export interface Asked {
  requirements: PaymentRequirements;
  price: bigint;
  minDeposit: bigint;
  /** The channel's terms but for who pays. */
  terms: Omit<Channel, "payer" | "signer" | "salt">;
}

/** Returns what a 402 asks for by this scheme in this currency, or undefined. */
export function optionOf(
  { accepts }: PaymentRequired,
  { network, currency }: Allowed,
): PaymentRequirements | undefined {
  const asset = currency === "ETH" ? ZeroAddress : currency;

  return accepts.find(
    (option) =>
      option.scheme === CHANNEL_SCHEME &&
      option.network === network &&
      option.asset.toLowerCase() === asset.toLowerCase(),
  );
}

/**
 * Compares what a server asks for with what the user allows.
 *
 * @throws {TermsRefused} that says which term is not.
 */
export function readAsked(requirements: PaymentRequirements, allowed: Allowed): Asked {
  const { amount, payTo, extra } = requirements;
  const { model, usageChannels, hostBps, minNotice, minDeposit } = extra;
  const isRead =
    [amount, minDeposit].every((units) => typeof units === "string" && /^\d{1,34}$/.test(units)) &&
    [payTo, model, usageChannels].every((address) => isAddress(address)) &&
    [hostBps, minNotice].every((count) => Number.isInteger(count));
  if (!isRead) throw new TermsRefused("form", JSON.stringify(extra), "that is not of this scheme");

  const price = BigInt(amount);
  const [host, asked] = [getAddress(payTo), getAddress(String(model))];
  if (getAddress(String(usageChannels)) !== allowed.contract) {
    throw new TermsRefused("contract", String(usageChannels), `the protocol's is ${allowed.contract}`);
  }
  if (price > allowed.maxPrice) {
    throw new TermsRefused("price", `${price} units`, `${allowed.maxPrice} are allowed`);
  }
  if (allowed.model !== undefined && asked !== getAddress(allowed.model)) {
    throw new TermsRefused("model", asked, `${allowed.model} is allowed`);
  }
  if (allowed.hosts !== undefined && !allowed.hosts.some((one) => getAddress(one) === host)) {
    throw new TermsRefused("host", host, `only ${allowed.hosts.join(", ")} is allowed`);
  }
  if (Number(hostBps) > allowed.maxHostBps) {
    throw new TermsRefused("hostBps", String(hostBps), `${allowed.maxHostBps} are allowed`);
  }
  if (Number(minNotice) > allowed.notice) {
    throw new TermsRefused("notice", `${minNotice} seconds`, `${allowed.notice} are allowed`);
  }
  const { currency, notice } = allowed;

  return {
    ...{ requirements, price, minDeposit: BigInt(String(minDeposit)) },
    terms: { model: asked, host, hostBps: Number(hostBps), currency, notice },
  };
}

/** Returns the salt of a client's channel: always the same, so that a channel is found again without storage. */
export function saltOf(name: string, index: number): string {
  return id(`commonweal gateway channel ${index} ${name}`);
}
