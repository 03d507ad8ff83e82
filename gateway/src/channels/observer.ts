import type { ChannelRefusalCode } from "./refusals.js";

/** What somebody who counts is told. Sums are in the currency's smallest units. */
export interface Observer {
  /** A call was paid: its voucher is stored. */
  charged?(call: { channelId: string; amount: bigint }): void;
  refused?(code: ChannelRefusalCode): void;
  /** A signed deposit was sent for a payer, and arrived. */
  deposited?(deposit: { channelId: string; amount: bigint }): void;
  /** Vouchers were redeemed on chain. */
  redeemed?(redemption: { vouchers: number; amount: bigint; hostPart: bigint }): void;
  /** The host was sent its parts. */
  hostPaid?(payment: { amount: bigint }): void;
  /** Something failed that is tried again by itself. */
  failed?(what: "redeem" | "payHost" | "watch" | "deposit" | "store", error: unknown): void;
}

/** Where the channels stand; for gauges and a health check. */
export interface ChannelsStatus {
  /** Channels with a voucher that was stored. */
  channels: number;
  /** Calls that are being served. */
  taken: number;
  /** Stored in vouchers but not yet redeemed, in units. */
  unredeemed: bigint;
  /** Seconds since the chain was last read. */
  chainAge: number;
  /** Whether vouchers are taken at all. */
  taking: boolean;
}
