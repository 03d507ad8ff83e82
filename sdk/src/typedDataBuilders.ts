/** What the contracts take signed (EIP-712), each with its domain: for `signTypedData` of ethers, viem or any wallet. */
export * from "./generated/typedData.js";
export type { Message, TypedDataBuilder, TypedDataDescriptor, TypedDataOptions } from "./typedData.js";
