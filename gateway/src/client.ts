export { ChannelRefusal, type ChannelRefusalCode } from "./channels/refusals.js";
export { CHANNEL_SCHEME, type ChannelPayload, type ChannelRequirementsExtra } from "./channels/wire.js";
export { LimitReached, PaymentNotTaken, StateUnproven, TermsRefused } from "./client/errors.js";
export { type ChannelFetchOptions, channelFetch, channelScheme } from "./client/fetch.js";
export { type ChannelStorage, memoryStorage } from "./client/storage.js";
