import type { Address } from "./brands.js";
import { AbiCoder, keccak256 } from "ethers";
import { addressOf } from "./arguments.js";
import { InvalidArgument } from "./errors.js";
import { hashPair, merkleProofAt, type MerkleTree, merkleTreeOf, placeOf } from "./merkle.js";
import type { ResultLeaf, RoundResult } from "./roundResults.js";
import { leafHashesOf } from "./trees.js";

/** Where a result's leaves count. */
export type LeafPlace = Pick<RoundResult, "chainId" | "contract" | "ledger" | "roundId" | "model">;

/** What an account needs in order to claim its leaf. */
export interface RoundLeaf {
  /** The number of the leaf. */
  index: number;
  account: Address;
  shares: number;
  cash: bigint;
  /** The round's half of the leaf, and the siblings on the way to the root; the ledger takes the same for the shares. */
  proof: string[];
}

/** A tree with the halves of its leaves that are the round's own. */
interface LeafTree {
  merkle: MerkleTree;
  /** By index. */
  own: string[];
  /** Where in the tree a leaf is, by index. */
  places: number[];
}

/** Trees of results that were asked for proofs: a hundred thousand leaves take seconds. */
const trees = new WeakMap<RoundResult, LeafTree>();

/** Returns the root of a result's leaves. */
export function rootOf(place: LeafPlace, leaves: readonly ResultLeaf[]): string {
  return treeOf(place, leaves).merkle[0];
}

/**
 * Returns what an account can claim of a result, with proofs; nothing for an account that is not in it.
 *
 * @param result As `aggregateScores` or `readResult` returned it.
 * @throws {InvalidArgument} when the account is not an address, or the leaves are not those of the root.
 * @example
 * for (const leaf of leavesOf(readResult(text), alice)) await rounds.claim({ roundId, leaf });
 */
export function leavesOf(result: RoundResult, account: string): RoundLeaf[] {
  const holder = addressOf(account, "account");
  const tree = trees.get(result) ?? treeOf(result, result.leaves);
  if (tree.merkle[0] !== result.root) {
    throw new InvalidArgument("result.root", result.root, `the root of its leaves, ${tree.merkle[0]}`);
  }
  trees.set(result, tree);

  return result.leaves.flatMap((leaf, index) => {
    if (leaf.account.toLowerCase() !== holder.toLowerCase()) return [];
    const proof = [tree.own[index], ...merkleProofAt(tree.merkle, tree.places[index])];

    return [{ index, account: holder, shares: leaf.shares, cash: BigInt(leaf.cash), proof }];
  });
}

function treeOf(place: LeafPlace, leaves: readonly ResultLeaf[]): LeafTree {
  if (leaves.length === 0) throw new InvalidArgument("leaves", "empty", "at least one leaf");
  const own = ownHashesOf(place, leaves);
  const ledgers = leafHashesOf(
    { chainId: BigInt(place.chainId), ledger: place.ledger, model: place.model },
    leaves.map(({ account, shares }, index) => ({ index, account, units: shares })),
  );
  const pairs = own.map((hash, index) => hashPair(hash, ledgers[index]));

  // In the order of @openzeppelin/merkle-tree.
  const order = [...pairs.keys()].sort((a, b) => (pairs[a] < pairs[b] ? -1 : 1));
  const places: number[] = [];
  const merkle = merkleTreeOf(order.map((index) => pairs[index]));
  for (const [rank, index] of order.entries()) places[index] = placeOf(merkle, rank);

  return { merkle, own, places };
}

/** Hashes the round's own halves of the leaves, twice each; by hand, as `leafHashesOf` does the ledger's. */
function ownHashesOf({ chainId, contract, roundId }: LeafPlace, leaves: readonly ResultLeaf[]): string[] {
  const place = AbiCoder.defaultAbiCoder().encode(["uint256", "address", "bytes32"], [chainId, contract, roundId]);
  const word = (hex: string) => hex.padStart(64, "0");

  return leaves.map(({ account, shares, cash }, index) => {
    const numbers = [index, shares, BigInt(cash)].map((number) => word(number.toString(16)));
    const leaf = place + numbers[0] + word(account.slice(2)) + numbers[1] + numbers[2];

    return keccak256(keccak256(leaf)).toLowerCase();
  });
}
