import { keccak256 } from "ethers";

/**
 * A Merkle tree as a list of hashes in lower-case hex: the root first, the children of the node at `i` at `2i + 1` and
 * `2i + 2`, and the leaves last, the first of them at the very end. Pairs are sorted before they are hashed.
 *
 * It is the list of `@openzeppelin/merkle-tree`, so each side reads the other's.
 */
export type MerkleTree = readonly string[];

/** Returns the tree over leaves, which are hashes, in the order that is given. */
export function merkleTreeOf(leaves: readonly string[]): string[] {
  const tree = new Array<string>(2 * leaves.length - 1);
  for (const [i, leaf] of leaves.entries()) tree[placeOf(tree, i)] = leaf;
  for (let i = leaves.length - 2; i >= 0; i--) tree[i] = hashPair(tree[2 * i + 1], tree[2 * i + 2]);

  return tree;
}

/** Returns where a tree has the leaf with this number. */
export function placeOf({ length }: { length: number }, leaf: number): number {
  return length - 1 - leaf;
}

/** Returns the siblings on the way from a node to the root: what OpenZeppelin's `MerkleProof` takes. */
export function merkleProofAt(tree: MerkleTree, place: number): string[] {
  const proof: string[] = [];
  for (let i = place; i > 0; i = (i - 1) >> 1) proof.push(tree[i % 2 === 1 ? i + 1 : i - 1]);

  return proof;
}

/** Tells whether a list is a tree, with each of the leaves at the place that is said, and all hashes that follow. */
export function isMerkleTree(tree: MerkleTree, leaves: readonly string[], places: readonly number[]): boolean {
  const inner = leaves.length - 1;
  const taken = new Uint8Array(tree.length);
  const isPlaced = leaves.every((leaf, i) => {
    const place = places[i];
    if (!(place >= inner && place < tree.length) || taken[place] === 1) return false;
    taken[place] = 1;

    return tree[place] === leaf;
  });
  if (!isPlaced || tree.length !== inner + leaves.length) return false;

  for (let i = 0; i < inner; i++) if (tree[i] !== hashPair(tree[2 * i + 1], tree[2 * i + 2])) return false;
  return true;
}

/** Hashes two nodes, of which the lower one comes first. */
export function hashPair(a: string, b: string): string {
  // Ethers puts a hash together from so many pieces that it takes 1.5 kB; to lower it makes one text of them.
  return keccak256(a < b ? a + b.slice(2) : b + a.slice(2)).toLowerCase();
}
