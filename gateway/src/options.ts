import type { Amount, Commonweal, Currency } from "@commonweal/sdk";
import type { ChannelStore, RedeemOptions } from "./channels/index.js";

/** An event of a stream, as the counter of units gets it. */
export interface StreamEvent {
  /** What stands after `event:`; "message" if nothing does. */
  event: string;
  /** The lines after `data:`, joined. */
  data: string;
}

/** A price per unit, such as a token of an answer. */
export interface PerUnit {
  /** What a unit is called, such as "token". */
  unit: string;
  /** The most units that a call can ask for, and what it is taken to ask for if it does not say. */
  max: number;
  /** Returns the units of an event of a stream; by default 1 for each that has data, but for `[DONE]`. */
  countEvent?(event: StreamEvent): number;
  /** Returns the units of an answer that is no stream; by default `max`. If it has more than were paid for, it is not sent. */
  countBody?(body: Uint8Array, contentType: string): number;
}

/** Prepaid channels: see `createChannels`. */
export interface ChannelsSettings {
  /** Where vouchers are kept: a file's path for SQLite, `postgres://…`, `memory:`, or a store. */
  store: string | ChannelStore;
  /** A channel's notice in seconds, at least: 1 day to 30; 1 day by default. */
  minNotice?: number;
  /** The smallest signed deposit that the gateway sends and pays the gas of, in units; what ten calls cost at most by default. */
  minDeposit?: bigint;
  /** Takes vouchers that smart wallets sign; not by default, since a wallet can disown them. */
  walletSigners?: boolean;
  /** When vouchers are redeemed. */
  redeem?: RedeemOptions;
}

/** Serves a folder instead of what comes after the paywall: each download is one call. */
export interface FilesOptions {
  /** The folder. Dot files, and links that lead out of it, are refused. */
  root: string;
  /** The part of the path that is not the file's, such as "/weights"; "/" by default. */
  prefix?: string;
  /** For how many seconds a payment lets the client resume that version of the file; a day by default. */
  passSeconds?: number;
}

/** Bounds, so that no call takes more than its part. */
export interface Limits {
  /** Answers that are no streams are settled before they are sent, and held in memory until then: 10 MiB at most. */
  maxAnswerBytes?: number;
  /** An event of a stream has at most so many bytes: 1 MiB by default. */
  maxEventBytes?: number;
  /** For how many seconds the upstream may be silent, before its answer or within it; 60 by default. */
  upstreamSeconds?: number;
}

/** What stands behind the paywall, what it costs, and who is paid. */
export interface PaywallOptions {
  /**
   * The protocol, connected as the account that settles payments and redeems vouchers. With a `facilitator` and without
   * `channels` a provider will do.
   */
  commonweal: Commonweal;
  /** The model that is served. */
  model: string;
  /** Of a call or a unit: a decimal text such as "0.001", or units of the currency as a bigint. */
  price: Amount;
  /** The address of an ERC-20 with ERC-3009, such as USDC; anything on the ledger's list if only channels pay. */
  currency: Currency;
  /** Who serves and gets the host's part; the connected account by default. */
  host?: string;
  /** The host's part, in basis points: at most what the model allows; 0 by default. */
  hostBps?: number;
  /** What the price is for; a call by default. */
  per?: "call" | PerUnit;
  /** Takes x402's scheme `exact`; true by default, unless the currency is ETH. */
  exact?: boolean;
  /** The URL of an x402 facilitator for `exact`; by default payments are settled here, and the account pays the gas. */
  facilitator?: string;
  /** Takes payments from prepaid channels; not by default. */
  channels?: ChannelsSettings;
  /**
   * Where clients find this server, such as "https://api.example". Holders of a licence pass free if it is given: what
   * they sign names it, so it must not come from a request.
   */
  origin?: string;
  /** For how many seconds a licence that was looked up counts; 30 by default. */
  licenseSeconds?: number;
  /** For how many seconds a licence holder need not sign again; 300 by default, 0 to sign each call. */
  sessionSeconds?: number;
  /** What the model is called; shown to clients. */
  name?: string;
  /** What is served; shown to clients. */
  description?: string;
  /** How often the model's version, policy and advisories are read, in seconds; 30 by default. */
  factsSeconds?: number;
  /** For how many seconds they serve while the chain cannot be reached; 600 by default. Then nothing is served. */
  factsStaleSeconds?: number;
  /** Serves a folder. */
  files?: FilesOptions;
  limits?: Limits;
  /** At least 32 characters that sign passes and challenges; by default random, so that a restart ends them all. */
  secret?: string;
  /** Told, line by line, what goes wrong. */
  log?(line: string): void;
}

/** How many units a call asks for: in this header, or in the query as `units`. */
export const UNITS_HEADER = "commonweal-units";

/** Shows that a call need not be paid: it was before, or its sender has a licence. */
export const PASS_HEADER = "commonweal-pass";

export const DEFAULT_LIMITS: Required<Limits> = {
  maxAnswerBytes: 10 * 1024 * 1024,
  maxEventBytes: 1024 * 1024,
  upstreamSeconds: 60,
};
