import type { Address, ModelId } from "./brands.js";
import { AbiCoder, keccak256 } from "ethers";
import { addressOf, bytes32Of, TOTAL_SHARES, unitsOf } from "./arguments.js";
import { AllocationSumMismatch, InvalidArgument } from "./errors.js";
import { isMerkleTree, merkleProofAt, merkleTreeOf, placeOf } from "./merkle.js";

/** Addresses below are the ledger's own numbers for allocations, which can hold nothing. */
const FIRST_ACCOUNT = 2n ** 64n;

const FORMAT = "standard-v1";

/** The types of a leaf: chain id, ledger, model, index, account, units. */
const LEAF_ENCODING = ["uint256", "address", "address", "uint256", "address", "uint256"];

/** Whom an allocation gives shares to. */
export interface AllocationShare {
  account: Address;
  /** 1 to 1,000,000. */
  units: number;
}

/** The model whose shares are set aside, and where. */
export interface AllocationPlace {
  chainId: bigint;
  /** The address of the `RoyaltyLedger`. */
  ledger: Address;
  model: ModelId;
}

/** A leaf as the tree has it: chain id, ledger, model, index, account, units; numbers in decimal. */
export type AllocationLeaf = [
  chainId: string,
  ledger: string,
  model: string,
  index: string,
  account: string,
  units: string,
];

/** The tree as plain JSON: what `StandardMerkleTree` of `@openzeppelin/merkle-tree` dumps and loads. */
export interface AllocationDump {
  format: typeof FORMAT;
  leafEncoding: string[];
  tree: string[];
  values: { value: AllocationLeaf; treeIndex: number }[];
}

/** A part of a model's 1,000,000 shares that is set aside for many accounts under one root. */
export interface AllocationTree extends Readonly<AllocationPlace> {
  /** The root of the Merkle tree, 32 bytes in hex. */
  readonly root: string;
  /** The shares in it: what its leaves sum to. */
  readonly units: number;
  /** The number of its leaves. */
  readonly count: number;
  /** The whole tree, to be published as JSON at the allocation's URI. Accounts are in lower case. */
  readonly tree: AllocationDump;
}

/** What an account needs in order to take shares out of an allocation. */
export interface AllocationProof {
  /** The number of the leaf. */
  index: number;
  account: Address;
  units: number;
  /** The siblings on the way to the root, from the leaf up; each 32 bytes in hex. */
  proof: string[];
}

/** What turns leaves into proofs, for each allocation that was built or read here. */
const lookups = new WeakMap<AllocationTree, Map<string, number[]>>();

/**
 * Builds the Merkle tree of an allocation. A leaf's index is its position in the list; an account may be there more
 * than once. A million shares take a minute or two, so a browser does that in a worker.
 *
 * @param units What the shares must sum to, 1 to 1,000,000.
 * @throws {InvalidArgument} when the list is empty, units are not from 1 to 1,000,000, or an account cannot hold shares.
 * @throws {AllocationSumMismatch} when the shares do not sum to `units`.
 * @example
 * const shares = [{ account: alice, units: 60_000 }, { account: bob, units: 40_000 }];
 * const allocation = buildAllocation({ chainId: 8453n, ledger, model, units: 100_000, shares });
 * await writeFile("allocation.json", JSON.stringify(allocation.tree));
 */
export function buildAllocation({
  units,
  shares,
  ...where
}: AllocationPlace & { units: number; shares: readonly AllocationShare[] }): AllocationTree {
  const place = checkedPlace(where);
  const expected = unitsOf(units, "units");
  if (shares.length === 0) throw new InvalidArgument("shares", "empty", "at least one account with its units");

  const leaves = shares.map((share, index) => ({
    index,
    account: checkedAccount(share.account, `shares[${index}].account`),
    units: unitsOf(share.units, `shares[${index}].units`),
  }));
  checkSum(leaves, expected);

  // In the order that StandardMerkleTree gives them, which has the same root but takes several minutes for a million.
  const hashes = leafHashesOf(place, leaves);
  const order = [...hashes.keys()].sort((a, b) => (hashes[a] < hashes[b] ? -1 : 1));
  const tree = merkleTreeOf(order.map((position) => hashes[position]));
  const treeIndices = new Uint32Array(order.length);
  for (const [rank, position] of order.entries()) treeIndices[position] = placeOf(tree, rank);

  return allocationOf(place, leaves, treeIndices, tree);
}

/**
 * Reads the tree of an allocation, whoever built it, and checks all of it: the hashes up to the root, that every leaf is
 * of this chain, ledger and model, that indices count from 0, and the sum. It may come from anywhere.
 *
 * @param json The tree, as text or parsed: what `StandardMerkleTree.dump()` gives.
 * @param expected What the allocation has to be; what is left out is taken from the tree.
 * @throws {InvalidArgument} when it is not the tree of an allocation, or of another one.
 * @throws {AllocationSumMismatch} when the leaves do not sum to the expected units.
 * @example
 * const response = await fetch(uri);
 * const allocation = readAllocation(await response.text(), { root, chainId: 8453n, ledger, model, units: 100_000 });
 */
export function readAllocation(
  json: unknown,
  expected: Partial<AllocationPlace> & { root?: string; units?: number } = {},
): AllocationTree {
  const { tree, values } = treeOf(typeof json === "string" ? parsed(json) : json);
  const root = expected.root === undefined ? tree[0] : bytes32Of(expected.root, "root").toLowerCase();
  if (tree[0] !== root) throw new InvalidArgument("allocation.tree[0]", tree[0], `the tree with the root ${root}`);

  const first = leafOf(values[0], 0).value;
  const place = checkedPlace({
    chainId: expected.chainId ?? first.chainId,
    ledger: expected.ledger ?? first.ledger,
    model: expected.model ?? first.model,
  });
  const wanted = Object.entries(place).map(([key, value]) => ({ key, value: String(value).toLowerCase() }));
  const seen = new Uint8Array(values.length);
  const treeIndices: number[] = [];
  const leaves = values.map((item, position) => {
    const { at, value, treeIndex } = leafOf(item, position);
    const found = [value.chainId, value.ledger, value.model].map(String);
    const odd = wanted.findIndex((want, key) => found[key].toLowerCase() !== want.value);
    if (odd !== -1) {
      const { key, value: want } = wanted[odd];
      throw new InvalidArgument(`${at}.value[${odd}]`, found[odd], `${want}, the ${key} of all leaves`);
    }
    const index = Number(value.index);
    if (index >= values.length || seen[index] === 1) {
      throw new InvalidArgument(`${at}.value[3]`, index, `each number from 0 to ${values.length - 1} once`);
    }
    seen[index] = 1;
    treeIndices.push(treeIndex);

    return {
      index,
      account: checkedAccount(value.account, `${at}.value[4]`),
      units: unitsOf(Number(value.units), `${at}.value[5]`),
    };
  });
  checkSum(leaves, expected.units === undefined ? undefined : unitsOf(expected.units, "units"));

  return allocationOf(place, leaves, treeIndices, checkedTree(tree, leafHashesOf(place, leaves), treeIndices));
}

/**
 * Returns what an account can claim from an allocation, with proofs; nothing for an account that is not in it.
 *
 * @param allocation As {@link buildAllocation} or {@link readAllocation} returned it.
 * @throws {InvalidArgument} when the account is not an address, or the allocation comes from elsewhere.
 * @example
 * const [{ index, units, proof }] = proofsOf(allocation, alice);
 */
export function proofsOf(allocation: AllocationTree, account: string): AllocationProof[] {
  const positions = lookups.get(allocation);
  if (positions === undefined) {
    throw new InvalidArgument("allocation", allocation, "what buildAllocation or readAllocation returned");
  }
  const holder = addressOf(account, "account");
  const { tree, values } = allocation.tree;

  return (positions.get(holder.toLowerCase()) ?? []).map((position) => {
    const { value, treeIndex } = values[position];

    return {
      index: Number(value[3]),
      account: holder,
      units: Number(value[5]),
      proof: merkleProofAt(tree, treeIndex),
    };
  });
}

/* LEAVES */

interface Leaf extends AllocationShare {
  index: number;
}

/** Hashes leaves twice, each encoded as Solidity does; by hand, since a coder takes minutes for a million. */
export function leafHashesOf({ chainId, ledger, model }: AllocationPlace, leaves: readonly Leaf[]): string[] {
  const place = AbiCoder.defaultAbiCoder().encode(LEAF_ENCODING.slice(0, 3), [chainId, ledger, model]);
  const word = (hex: string) => hex.padStart(64, "0");

  return leaves.map(({ index, account, units }) => {
    const leaf = place + word(index.toString(16)) + word(account.slice(2)) + word(units.toString(16));

    // Ethers puts a hash together from so many pieces that it takes 1.5 kB; to lower it makes one text of them.
    return keccak256(keccak256(leaf)).toLowerCase();
  });
}

function allocationOf(
  place: AllocationPlace,
  leaves: readonly Leaf[],
  treeIndices: ArrayLike<number>,
  tree: string[],
): AllocationTree {
  const chainId = String(place.chainId);
  const values = leaves.map(({ index, account, units }, position) => ({
    value: [chainId, place.ledger, place.model, String(index), account, String(units)] satisfies AllocationLeaf,
    treeIndex: treeIndices[position],
  }));
  const positions = new Map<string, number[]>();
  for (const [position, { account }] of leaves.entries()) {
    const known = positions.get(account);
    if (known === undefined) positions.set(account, [position]);
    else known.push(position);
  }
  const allocation: AllocationTree = {
    ...place,
    root: tree[0],
    units: leaves.reduce((sum, leaf) => sum + leaf.units, 0),
    count: leaves.length,
    tree: { format: FORMAT, leafEncoding: LEAF_ENCODING.slice(), tree, values },
  };
  lookups.set(allocation, positions);

  return allocation;
}

/* CHECKS */

function checkedPlace({ chainId, ledger, model }: AllocationPlace): AllocationPlace {
  if (typeof chainId !== "bigint" || chainId <= 0n || chainId >= 2n ** 256n) {
    throw new InvalidArgument("chainId", chainId, "a positive bigint of at most 256 bits");
  }

  return { chainId, ledger: addressOf(ledger, "ledger"), model: addressOf(model, "model") };
}

/** Returns an account in lower case. Computing a checksum costs as much as a leaf, so it is left out where none is given. */
function checkedAccount(account: string, argument: string): string {
  const address = /^0x[0-9a-f]{40}$/.test(account) ? account : addressOf(account, argument).toLowerCase();
  if (BigInt(address) >= FIRST_ACCOUNT) return address;

  throw new InvalidArgument(argument, account, "an address that can hold shares, which begin at 2^64");
}

function checkSum(leaves: readonly Leaf[], expected: number | undefined) {
  const sum = leaves.reduce((total, { units }) => total + units, 0);
  if (expected !== undefined && sum !== expected) throw new AllocationSumMismatch(sum, expected);
  unitsOf(sum, "units");
}

/* JSON THAT MAY COME FROM ANYWHERE */

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument("allocation", text, "the tree as JSON", { cause: error });
  }
}

/** Returns a dumped tree, of which everything but the leaves was checked to be of the right type. */
function treeOf(json: unknown) {
  if (!isRecord(json)) throw new InvalidArgument("allocation", json, "an object: what StandardMerkleTree dumps");
  const { format, leafEncoding, tree, values } = json;
  if (format !== FORMAT) throw new InvalidArgument("allocation.format", format, `"${FORMAT}"`);
  const known = Array.isArray(leafEncoding) && leafEncoding.length === LEAF_ENCODING.length;
  if (!known || LEAF_ENCODING.some((type, key) => leafEncoding[key] !== type)) {
    throw new InvalidArgument("allocation.leafEncoding", leafEncoding, `["${LEAF_ENCODING.join('", "')}"]`);
  }
  // A leaf has a share at least.
  if (!Array.isArray(values) || values.length === 0 || values.length > TOTAL_SHARES) {
    throw new InvalidArgument("allocation.values", values, "a list of 1 to 1,000,000 leaves");
  }
  // Otherwise it could have leaves that are not among the values.
  if (!Array.isArray(tree) || tree.length !== 2 * values.length - 1) {
    throw new InvalidArgument("allocation.tree", tree, "a list of twice as many hashes as there are leaves, less one");
  }
  const odd = tree.findIndex((node) => typeof node !== "string" || !/^0x[0-9a-f]{64}$/.test(node));
  if (odd !== -1) throw new InvalidArgument(`allocation.tree[${odd}]`, tree[odd], "32 bytes, 0x… in lower-case hex");

  return { tree: tree as string[], values: values as unknown[] };
}

/** Returns a leaf of a dumped tree with its types checked. */
function leafOf(item: unknown, position: number) {
  const at = `allocation.values[${position}]`;
  if (!isRecord(item)) throw new InvalidArgument(at, item, "a leaf with its value and treeIndex");
  const { value, treeIndex } = item;
  if (!Array.isArray(value) || value.length !== LEAF_ENCODING.length) {
    throw new InvalidArgument(`${at}.value`, value, "a list of chain id, ledger, model, index, account, units");
  }
  if (!Number.isSafeInteger(treeIndex)) throw new InvalidArgument(`${at}.treeIndex`, treeIndex, "a whole number");
  const number = (key: number) => uintOf(value[key], `${at}.value[${key}]`);
  const address = (key: number) => hexAddressOf(value[key], `${at}.value[${key}]`);

  return {
    at,
    treeIndex: treeIndex as number,
    value: {
      chainId: number(0),
      ledger: address(1),
      model: address(2),
      index: number(3),
      account: address(4),
      units: number(5),
    },
  };
}

/** Returns a tree of which every leaf is where it is said to be, and every hash above is right. */
function checkedTree(tree: string[], hashes: string[], treeIndices: number[]): string[] {
  if (isMerkleTree(tree, hashes, treeIndices)) return tree;

  throw new InvalidArgument("allocation.tree", tree, "a tree whose hashes follow from its leaves: build it again");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function uintOf(value: unknown, argument: string): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)) return BigInt(value);

  throw new InvalidArgument(argument, value, "a whole number, as digits");
}

function hexAddressOf(value: unknown, argument: string): string {
  if (typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value)) return value;

  throw new InvalidArgument(argument, value, "an address of 20 bytes, 0x… in hex");
}
