import { getAddress, ZeroAddress, ZeroHash } from "ethers";
import { currencyOf } from "../currencies.js";
import { DerivativeMode, Ground, Kind, Level, Relation } from "../generated/enums.js";
import type { TypedContractEvent } from "../generated/types/common.js";
import type { LicenseStore } from "../generated/types/LicenseStore.js";
import type { IModelRegistry, ModelRegistry } from "../generated/types/ModelRegistry.js";
import type { RoyaltyLedger } from "../generated/types/RoyaltyLedger.js";
import type { ISafetyBoard, SafetyBoard } from "../generated/types/SafetyBoard.js";
import type { UsageChannels } from "../generated/types/UsageChannels.js";
import type { EventReason, LedgerEvent, LicensingEvent, RegistryEvent, SafetyEvent } from "./events.js";

type Filters<Contract> = Contract extends { filters: infer Named } ? Named : never;
type Arguments<Event> =
  // biome-ignore lint/suspicious/noExplicitAny: as TypeChain declares it
  Event extends TypedContractEvent<any, any, infer Named> ? Named : never;

/** What becomes of a contract's events, by their names; those that are missing are not read. */
type Decoders<Contract, Event> = {
  [Name in keyof Filters<Contract>]?: (args: Arguments<Filters<Contract>[Name]>) => Event;
};

/** What the ledger emits. */
export const ledgerDecoders: Decoders<RoyaltyLedger, LedgerEvent> = {
  ModelOpened: ({ model, registrar, number, feeBps, maxHostBps, edges }) => ({
    event: "modelOpened",
    model,
    registrar,
    number: Number(number),
    feeBps: Number(feeBps),
    maxHostBps: Number(maxHostBps),
    edges: edges.map(({ parent, rateBps, until }) => ({ parent, rateBps: Number(rateBps), until: Number(until) })),
  }),
  Paid: ({ model, currency, payer, amount, ref }) => ({
    event: "paid",
    model,
    currency: currencyOf(currency),
    payer,
    amount,
    ref,
  }),
  Swept: ({ model, currency, deposit, amount, hostPart }) => ({
    event: "swept",
    model,
    currency: currencyOf(currency),
    deposit,
    amount,
    hostPart,
  }),
  HostClaimed: ({ deposit, host, currency, to, amount }) => ({
    event: "hostClaimed",
    deposit,
    host,
    currency: currencyOf(currency),
    to,
    amount,
  }),
  Cascaded: ({ model, currency, received, fee }) => ({
    event: "cascaded",
    model,
    currency: currencyOf(currency),
    received,
    fee,
  }),
  RoyaltyPassed: ({ model, parent, currency, amount }) => ({
    event: "royaltyPassed",
    model,
    parent,
    currency: currencyOf(currency),
    amount,
  }),
  RoyaltySpilled: ({ model, parent, currency, amount }) => ({
    event: "royaltySpilled",
    model,
    parent,
    currency: currencyOf(currency),
    amount,
  }),
  EdgeRetired: ({ model, parent, rateBps }) => ({ event: "edgeRetired", model, parent, rateBps: Number(rateBps) }),
  BooksClosed: ({ model, currency, received, distributed }) => ({
    event: "booksClosed",
    model,
    currency: currencyOf(currency),
    received,
    distributed,
  }),
  Claimed: ({ model, holder, currency, to, amount }) => ({
    event: "claimed",
    model,
    holder,
    currency: currencyOf(currency),
    to,
    amount,
  }),
  SharesAllocated: ({ allocation, model, creator, root, units, uri, steward, reclaimableFrom }) => ({
    event: "sharesAllocated",
    model,
    allocation,
    creator,
    units: Number(units),
    uri,
    ...(root === ZeroHash ? {} : { root }),
    ...(steward === ZeroAddress ? {} : { steward, reclaimableFrom: Number(reclaimableFrom) }),
  }),
  // Of which model, the allocation tells: it is filled in when all events are together.
  SharesClaimed: ({ allocation, index }) => ({ event: "sharesClaimed", model: ZeroAddress, allocation, index }),
  SharesReclaimed: ({ allocation, model, to, units }) => ({
    event: "sharesReclaimed",
    model,
    allocation,
    to,
    units: Number(units),
  }),
  PositionHandedOver: ({ model, from, to, units }) => ({
    event: "positionHandedOver",
    model,
    from,
    to,
    units: Number(units),
  }),
  Transfer: ({ sender, receiver, id, amount }) => ({
    event: "sharesTransferred",
    model: modelOf(id),
    ...(sender === ZeroAddress ? {} : { from: sender }),
    to: receiver,
    units: Number(amount),
  }),
};

/** What the registry emits. */
export const registryDecoders: Decoders<ModelRegistry, RegistryEvent> = {
  ModelRegistered: ({ model, publisher, owner, number, kind, derivatives, relations }) => ({
    event: "modelRegistered",
    model,
    publisher,
    owner,
    number: Number(number),
    kind: Kind[Number(kind)],
    derivatives: termsOf(derivatives),
    relations: relations.map((relation) => Relation[Number(relation)]),
  }),
  VersionPublished: ({ model, version, publisher, manifestDigest, mirrorURI }) => ({
    event: "versionPublished",
    model,
    version: Number(version),
    publisher,
    manifestDigest,
    mirrorURI,
  }),
  VersionWithdrawn: ({ model, version }) => ({ event: "versionWithdrawn", model, version: Number(version) }),
  DerivativeTermsUpdated: ({ model, derivatives }) => ({
    event: "derivativeTermsUpdated",
    model,
    derivatives: termsOf(derivatives),
  }),
  MaintainerUpdated: ({ model, owner, maintainer, allowed }) => ({
    event: "maintainerUpdated",
    model,
    owner,
    maintainer,
    allowed,
  }),
  Transfer: ({ from, to, tokenId }) => ({
    event: "ownerChanged",
    model: modelOf(tokenId),
    ...(from === ZeroAddress ? {} : { from }),
    to,
  }),
};

/** What the licence store emits. */
export const storeDecoders: Decoders<LicenseStore, LicensingEvent> = {
  OfferPosted: ({ model, offerId, offer, textURI }) => ({
    event: "offerPosted",
    model,
    offerId,
    currency: currencyOf(offer.currency),
    price: offer.price,
    duration: Number(offer.duration),
    supply: Number(offer.supply),
    textDigest: offer.textDigest,
    textURI,
  }),
  OfferClosed: ({ model, offerId }) => ({ event: "offerClosed", model, offerId }),
  LicenseBought: ({ tokenId, periods, expiresAt, policyVersion, ...bought }) => ({
    event: "licenseBought",
    ...bought,
    license: tokenId,
    periods: Number(periods),
    expiresAt: Number(expiresAt),
    policyVersion: Number(policyVersion),
  }),
};

/** What the channels emit. */
export const channelsDecoders: Decoders<UsageChannels, LicensingEvent> = {
  ChannelOpened: ({ channelId, payer, host, channel: { model, hostBps, currency } }) => ({
    event: "channelOpened",
    model,
    channelId,
    payer,
    host,
    hostBps: Number(hostBps),
    currency: currencyOf(currency),
  }),
  VoucherRedeemed: ({ calls, ...redeemed }) => ({ event: "voucherRedeemed", ...redeemed, calls: Number(calls) }),
  HostPaid: ({ host, currency, to, amount }) => ({
    event: "hostPaid",
    host,
    currency: currencyOf(currency),
    to,
    amount,
  }),
};

/** What the safety board emits. */
export const boardDecoders: Decoders<SafetyBoard, SafetyEvent> = {
  ReportFiled: ({ model, version, reporter, reason, evidenceURI }) => ({
    event: "reportFiled",
    model,
    version: Number(version),
    reporter,
    reason: reasonOf(reason),
    evidenceURI,
  }),
  AdvisoryIssued: ({ model, version, issuer, decided, advisory, evidenceURI }) => ({
    event: "advisoryIssued",
    model,
    version: Number(version),
    issuer,
    by: decided ? "vote" : "board",
    level: Level[Number(advisory.level)],
    reason: reasonOf(advisory),
    expiresAt: Number(advisory.expiresAt),
    evidenceURI,
  }),
  AdvisoryWithdrawn: ({ model, version, member }) => ({
    event: "advisoryWithdrawn",
    model,
    version: Number(version),
    member,
  }),
  AdvisoryLifted: ({ model, version }) => ({ event: "advisoryLifted", model, version: Number(version) }),
  RestrictionRearmed: ({ model }) => ({ event: "restrictionRearmed", model }),
};

/** A model's id as a number is the id of its shares and of its ERC-721. */
function modelOf(id: bigint): string {
  return getAddress(`0x${id.toString(16).padStart(40, "0")}`);
}

function termsOf({ mode, rateBps, duration }: IModelRegistry.DerivativeTermsStructOutput) {
  return { mode: DerivativeMode[Number(mode)], rateBps: Number(rateBps), duration: Number(duration) };
}

function reasonOf({
  ground,
  clause,
  policyVersion,
  evidenceDigest,
}: ISafetyBoard.ReasonStructOutput | ISafetyBoard.AdvisoryStructOutput): EventReason {
  return {
    ground: Ground[Number(ground)],
    clause: Number(clause),
    policyVersion: Number(policyVersion),
    evidenceDigest,
  };
}
