import type { Currency } from "../currencies.js";
import type { Ground, Kind, Level, Relation } from "../generated/enums.js";
import type { DerivativeTerms } from "../registry.js";

/** Where in the chain something happened. */
export interface Place {
  block: number;
  blockHash: string;
  /** The transaction's hash. */
  transaction: string;
  /** Its place among the logs of the block. */
  logIndex: number;
}

/** A parent as it was agreed when its child was opened. */
export interface OpenedEdge {
  parent: string;
  /** In basis points. */
  rateBps: number;
  /** The last second for which it was agreed, in Unix time; 0 is for ever. */
  until: number;
}

/** Why a report was filed or an advisory issued. */
export interface EventReason {
  ground: Ground;
  /** The clause of the use policy, and the version that has it; 0 if the ground is lineage. */
  clause: number;
  policyVersion: number;
  evidenceDigest: string;
}

/** What the ledger tells. Amounts are in the currency's smallest units. */
export type LedgerEvent =
  | {
      event: "modelOpened";
      model: string;
      registrar: string;
      number: number;
      feeBps: number;
      maxHostBps: number;
      edges: OpenedEdge[];
    }
  | { event: "paid"; model: string; currency: Currency; payer: string; amount: bigint; ref: string }
  | { event: "swept"; model: string; currency: Currency; deposit: string; amount: bigint; hostPart: bigint }
  | { event: "hostClaimed"; deposit: string; host: string; currency: Currency; to: string; amount: bigint }
  /** `received` is everything that the model ever received. */
  | { event: "cascaded"; model: string; currency: Currency; received: bigint; fee: bigint }
  | { event: "royaltyPassed"; model: string; parent: string; currency: Currency; amount: bigint }
  | { event: "royaltySpilled"; model: string; parent: string; currency: Currency; amount: bigint }
  | { event: "edgeRetired"; model: string; parent: string; rateBps: number }
  | { event: "booksClosed"; model: string; currency: Currency; received: bigint; distributed: bigint }
  | { event: "claimed"; model: string; holder: string; currency: Currency; to: string; amount: bigint }
  | {
      event: "sharesAllocated";
      model: string;
      allocation: bigint;
      creator: string;
      units: number;
      uri: string;
      /** The Merkle root of who gets them; none if only the steward takes them. */
      root?: string;
      steward?: string;
      /** In Unix time; given with a steward. */
      reclaimableFrom?: number;
    }
  | { event: "sharesClaimed"; model: string; allocation: bigint; index: bigint }
  | { event: "sharesReclaimed"; model: string; allocation: bigint; to: string; units: number }
  | { event: "positionHandedOver"; model: string; from: string; to: string; units: number }
  /** Without `from` they were made when the model was opened. */
  | { event: "sharesTransferred"; model: string; from?: string; to: string; units: number };

/** What the registry tells. */
export type RegistryEvent =
  | {
      event: "modelRegistered";
      model: string;
      publisher: string;
      owner: string;
      number: number;
      kind: Kind;
      derivatives: Required<DerivativeTerms>;
      /** In the order of the edges of `modelOpened`. */
      relations: Relation[];
    }
  | {
      event: "versionPublished";
      model: string;
      version: number;
      publisher: string;
      manifestDigest: string;
      mirrorURI: string;
    }
  | { event: "versionWithdrawn"; model: string; version: number }
  | { event: "derivativeTermsUpdated"; model: string; derivatives: Required<DerivativeTerms> }
  | { event: "maintainerUpdated"; model: string; owner: string; maintainer: string; allowed: boolean }
  /** The ERC-721 went to somebody; without `from` at the registration. */
  | { event: "ownerChanged"; model: string; from?: string; to: string };

/** What is told of licences and of channels. */
export type LicensingEvent =
  | {
      event: "offerPosted";
      model: string;
      offerId: string;
      currency: Currency;
      price: bigint;
      /** In seconds; 0 is for ever. */
      duration: number;
      /** 0 is any number. */
      supply: number;
      textDigest: string;
      textURI: string;
    }
  | { event: "offerClosed"; model: string; offerId: string }
  | {
      event: "licenseBought";
      model: string;
      offerId: string;
      recipient: string;
      payer: string;
      license: bigint;
      periods: number;
      price: bigint;
      /** In Unix time; a date beyond all calendars for one that never ends. */
      expiresAt: number;
      policyVersion: number;
    }
  | {
      event: "channelOpened";
      model: string;
      channelId: string;
      payer: string;
      host: string;
      hostBps: number;
      currency: Currency;
    }
  | {
      event: "voucherRedeemed";
      model: string;
      channelId: string;
      host: string;
      amount: bigint;
      hostPart: bigint;
      redeemed: bigint;
      calls: number;
    }
  | { event: "hostPaid"; host: string; currency: Currency; to: string; amount: bigint };

/** What the safety board tells; `version` 0 is all of the model. */
export type SafetyEvent =
  | {
      event: "reportFiled";
      model: string;
      version: number;
      reporter: string;
      reason: EventReason;
      evidenceURI: string;
    }
  | {
      event: "advisoryIssued";
      model: string;
      version: number;
      issuer: string;
      by: "vote" | "board";
      level: Level;
      reason: EventReason;
      /** In Unix time; 0 for one that lasts. */
      expiresAt: number;
      evidenceURI: string;
    }
  | { event: "advisoryWithdrawn"; model: string; version: number; member: string }
  | { event: "advisoryLifted"; model: string; version: number }
  | { event: "restrictionRearmed"; model: string };

/** Something that happened, without its time, which logs do not have. */
export type ProtocolEvent = (LedgerEvent | RegistryEvent | LicensingEvent | SafetyEvent) & Place;

/** An event of one kind. */
export type EventOf<Name extends ProtocolEvent["event"]> = Extract<ProtocolEvent, { event: Name }>;
