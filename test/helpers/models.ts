import { type ContractTransactionResponse, hexlify, id, type Signer, ZeroAddress } from "ethers";
import type { TestProtocol } from "./protocol.js";

export const ETH = ZeroAddress;
export const TOTAL_SHARES = 1_000_000n;
export const NO_REF = `0x${"00".repeat(32)}`;

/** Shares to be set aside, as the ledger takes them. */
export interface Allocation {
  root: string;
  units: bigint | number;
  uri: string;
  steward: string;
  reclaimableFrom: bigint | number;
}

export interface ModelOptions {
  salt?: string;
  owner?: string;
  kind?: number;
  maxHostBps?: number;
  derivatives?: { mode: number; rateBps: number; duration?: number };
  manifestDigest?: string;
  mirrorURI?: string;
  parents?: { model: string; rateBps: number; until?: number; relation?: number }[];
  grants?: { rateBps: number; until: number; deadline: number; signature: string }[];
  holdings?: { holder: string; units: number }[];
  allocations?: Allocation[];
}

let lastSalt = 0;

/** Returns a salt that no other call returned: a counter, so that a run can be repeated to the byte. */
export function freshSalt(): string {
  lastSalt += 1;

  return id(`salt ${lastSalt}`);
}

/** Fills in what a test does not care about. Parents are put in the order that the registry asks for. */
export async function registrationOf(publisher: Signer, options: ModelOptions = {}) {
  const address = await publisher.getAddress();
  const parents = (options.parents ?? []).map((parent) => ({ until: 0, relation: 0, ...parent }));

  return {
    salt: options.salt ?? freshSalt(),
    owner: options.owner ?? address,
    kind: options.kind ?? 0,
    maxHostBps: options.maxHostBps ?? 9_000,
    derivatives: { mode: 0, rateBps: 0, duration: 0, ...options.derivatives },
    manifestDigest: options.manifestDigest ?? id("manifest"),
    mirrorURI: options.mirrorURI ?? "",
    parents: parents.sort((a, b) => (BigInt(a.model) < BigInt(b.model) ? -1 : 1)),
    grants: options.grants ?? [],
    holdings: options.holdings ?? [{ holder: address, units: Number(TOTAL_SHARES) }],
    allocations: options.allocations ?? [],
  };
}

/** Registers a model as `publisher` and returns its id. */
export async function registerModel(
  { registry }: Pick<TestProtocol, "registry">,
  publisher: Signer,
  options: ModelOptions = {},
): Promise<string> {
  const registration = await registrationOf(publisher, options);
  const model = await registry.modelIdOf(await publisher.getAddress(), registration.salt);
  await (await registry.connect(publisher).register(registration)).wait();

  return model;
}

/** Sorts model ids as the ledger asks for them. */
export function ascending(models: string[]): string[] {
  return [...models].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

/** Returns the gas that a transaction used. */
export async function gasOf(transaction: Promise<ContractTransactionResponse>): Promise<bigint> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("The transaction was not mined");

  return receipt.gasUsed;
}

/** Returns the bytes of a reference, as a payer would write one. */
export function ref(text: string): string {
  return hexlify(id(text));
}
