import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { expect } from "chai";
import { AbiCoder, concat, getAddress, keccak256, toBeHex } from "ethers";
import fc from "fast-check";
import { type AllocationTree, type AllocationShare, buildAllocation, InvalidArgument } from "../../sdk/src/index.js";

export const TYPES = ["uint256", "address", "address", "uint256", "address", "uint256"];
export const place = { chainId: 8453n, ledger: account(0xed6e5n << 140n), model: account(0x3de1n << 144n) };
export const [alice, bob, carol] = [0xa11cen, 0xb0bn, 0xca401n].map((number) => account((number << 140n) + 0xabcdefn));
export const NO_SHARES = "an address that can hold shares, which begin at 2^64";
export const WHOLE = "a whole number of shares from 1 to 1,000,000";

/** Three leaves, of which Alice has two. */
export const shares = [
  { account: alice, units: 60_000 },
  { account: bob, units: 30_000 },
  { account: alice, units: 10_000 },
];

export const accounts = fc.bigInt({ min: 2n ** 64n, max: 2n ** 160n - 1n }).map(account);
export const lists = fc.array(fc.record({ account: accounts, units: fc.integer({ min: 1, max: 1_000 }) }), {
  minLength: 1,
  maxLength: 40,
});

export function account(number: bigint): string {
  return getAddress(toBeHex(number, 20));
}

export function wrongChecksum(address: string): string {
  return address.replace(/[a-f]/, (letter) => letter.toUpperCase());
}

export function sumOf(list: readonly AllocationShare[]): number {
  return list.reduce((sum, { units }) => sum + units, 0);
}

export function build(list: readonly AllocationShare[]): AllocationTree {
  return buildAllocation({ ...place, units: sumOf(list), shares: list });
}

export function leavesOf(list: readonly AllocationShare[]): string[][] {
  return list.map(({ account, units }, index) => [
    String(place.chainId),
    place.ledger,
    place.model,
    String(index),
    account.toLowerCase(),
    String(units),
  ]);
}

export function standardTree(list: readonly AllocationShare[]): StandardMerkleTree<string[]> {
  return StandardMerkleTree.of(leavesOf(list), TYPES);
}

export function leafHash(index: number, account: string, units: number): string {
  const { chainId, ledger, model } = place;

  return keccak256(
    keccak256(AbiCoder.defaultAbiCoder().encode(TYPES, [chainId, ledger, model, index, account, units])),
  );
}

/** What a contract computes: the leaf, hashed in sorted pairs with each of the proof. */
export function rootFrom(index: number, account: string, units: number, proof: readonly string[]): string {
  return proof.reduce(
    (node, sibling) => keccak256(BigInt(node) < BigInt(sibling) ? concat([node, sibling]) : concat([sibling, node])),
    leafHash(index, account, units),
  );
}

/** Asserts that a call is refused for this argument with this value, and that the message says what to give. */
export function expectInvalid(call: () => unknown, argument: string, value: unknown, expected = "") {
  let error: unknown;
  try {
    call();
  } catch (reason) {
    error = reason;
  }
  expect(error).to.be.instanceOf(InvalidArgument);
  const invalid = error as InvalidArgument;

  expect(invalid.argument).to.equal(argument);
  expect(invalid.value).to.deep.equal(value);
  expect(invalid.message).to.include(expected);
}
