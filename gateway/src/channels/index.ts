import type { Commonweal, Currency } from "@commonweal/sdk";
import type { SchemeNetworkFacilitator, SchemeNetworkServer } from "@x402/core/types";
import type { ChannelsStatus, Observer } from "./observer.js";
import type { ChannelStore } from "./store.js";

/** When vouchers are redeemed. */
export interface RedeemOptions {
  /** As soon as this much is unredeemed, in units; by default only the other occasions count. */
  threshold?: bigint;
  /** Every so many seconds; 3,600 by default. */
  seconds?: number;
  /** Takes no vouchers while more than this is unredeemed, in units; no limit by default. */
  maxUnredeemed?: bigint;
  /** Also sends the host its parts, to this address; by default they wait in the contract. */
  payHostTo?: string;
  /** How often the chain is read for notices and deposits, in seconds; 5 by default. */
  pollSeconds?: number;
}

export interface ChannelsOptions {
  /** Connected as the account that sends transactions; usually the host. */
  commonweal: Commonweal;
  /** Whose use is paid for. */
  model: string;
  host: string;
  /** The host's part, in basis points: a channel must give at least this. */
  hostBps: number;
  currency: Currency;
  /** A channel's notice in seconds, at least: 1 day to 30; 1 day by default. */
  minNotice?: number;
  /** The smallest signed deposit that the gateway sends and pays the gas of, in units; 1 by default. */
  minDeposit?: bigint;
  store: ChannelStore;
  redeem?: RedeemOptions;
  observer?: Observer;
}

/** Prepaid channels as a scheme of x402, for `x402ResourceServer` and `x402Facilitator`. */
export interface Channels {
  /** In CAIP-2, such as `eip155:8453`; both are registered for it. */
  readonly network: `eip155:${string}`;
  readonly server: SchemeNetworkServer;
  readonly facilitator: SchemeNetworkFacilitator;
  status(): ChannelsStatus;
  /** Redeems what is owed now. */
  redeem(): Promise<void>;
  /** Takes no more vouchers, waits for calls that are served, redeems, and closes the store. */
  stop(): Promise<void>;
}

export { ChannelRefusal, type ChannelRefusalCode } from "./refusals.js";
export { type ChannelRecord, type ChannelStore, StoreFailed, StoreInUse } from "./store.js";
export {
  CHANNEL_SCHEME,
  type ChannelPayload,
  type ChannelRequirementsExtra,
  type ChannelResponseExtra,
} from "./wire.js";
export type { ChannelsStatus, Observer };

/**
 * Opens the store, reads where its channels stand on chain, and begins to watch and redeem.
 *
 * @throws {StoreInUse} when another gateway has the store open.
 * @example
 * const channels = await createChannels({ commonweal, model, host, hostBps: 2_000, currency: usdc, store });
 * server.register(channels.network, channels.server);
 * facilitator.register(channels.network, channels.facilitator);
 */
export declare function createChannels(options: ChannelsOptions): Promise<Channels>;

/** Opens a store by what names it: a file's path for SQLite, `postgres://…`, or `memory:`. */
export declare function storeAt(place: string): ChannelStore;
