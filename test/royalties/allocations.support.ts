import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { AbiCoder, concat, getAddress, keccak256, toBeHex, ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { type Allocation, freshSalt, TOTAL_SHARES } from "../helpers/models.js";
import { deployLedger, type OpenOptions } from "./support.js";

/** The types of a leaf's values: what it is of, then its index, its account and its units. */
export const LEAF_TYPES = ["uint256", "address", "address", "uint256", "address", "uint256"];

/** Says what leaves are of. */
export interface LeafDomain {
  chainId: bigint;
  ledger: string;
  model: string;
}

/** Names who gets how many shares. */
export type Entry = [account: string, units: bigint];

export type ShareTree = ReturnType<typeof shareTree>;

/** Returns the account under which an allocation holds its shares. */
export function holderOf(allocation: bigint | number): string {
  return getAddress(toBeHex(allocation, 20));
}

/** Returns an account that has no code, no money and no key: it only holds. */
export function accountOf(index: number): string {
  return getAddress(toBeHex(0xacc0n * 2n ** 144n + BigInt(index), 20));
}

/** Returns what `received` units leave to the holders of a model without parents, at the tests' fee of 1 %. */
export function keptOf(received: bigint): bigint {
  return received - received / 100n;
}

/**
 * Builds the tree of an allocation, written from the text of OpenZeppelin's standard alone: leaves hashed twice and
 * sorted, pairs hashed in ascending order, the nodes of a complete binary tree in an array with the root first.
 */
export function shareTree({ chainId, ledger, model }: LeafDomain, entries: Entry[]) {
  const values = entries.map(([account, units], index) => [chainId, ledger, model, BigInt(index), account, units]);
  const hashes = values.map(leafHash);
  const nodes = [...Array<string>(hashes.length - 1), ...sorted(hashes).reverse()];
  for (let i = hashes.length - 2; i >= 0; --i)
    nodes[i] = keccak256(concat(sorted([nodes[2 * i + 1], nodes[2 * i + 2]])));

  /** Returns the siblings on the way from a node to the root. */
  function siblingsOf(node: number): string[] {
    if (node === 0) return [];

    return [nodes[node % 2 === 0 ? node - 1 : node + 1], ...siblingsOf((node - 1) >> 1)];
  }

  return {
    root: nodes[0],
    nodes,
    hashes,
    entries,
    siblingsOf,
    proofOf: (index: number) => siblingsOf(nodes.indexOf(hashes[index])),
    /** The same by OpenZeppelin's package. */
    standard: StandardMerkleTree.of(values, LEAF_TYPES),
  };
}

/** Returns the hash of a leaf. */
export function leafHash(values: unknown[]): string {
  return keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(LEAF_TYPES, values)));
}

function sorted(hashes: string[]): string[] {
  return [...hashes].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

/** Deploys the ledger, and returns it with what tests of allocations do again and again. */
export async function deployAllocations(connection: NetworkConnection) {
  const context = await deployLedger(connection);
  const { ledger, ledgerAddress, registrar, alice, stranger, open } = context;
  const { chainId } = await connection.ethers.provider.getNetwork();

  /** Returns the tree of leaves in a model, with indices from 0. */
  function treeOf(model: string, entries: Entry[]): ShareTree {
    return shareTree({ chainId, ledger: ledgerAddress, model }, entries);
  }

  /** Returns shares to be set aside, with what a test does not care about filled in. */
  function allocationOf(root: string, units: bigint, options: Partial<Allocation> = {}): Allocation {
    return { root, units, uri: "", steward: ZeroAddress, reclaimableFrom: 0, ...options };
  }

  /** Opens a model whose shares wait for `entries` in one allocation; what they leave is Alice's. */
  async function openFor(entries: Entry[], options: Partial<Allocation> = {}, parents: OpenOptions["parents"] = []) {
    const salt = freshSalt();
    const tree = treeOf(await ledger.modelIdOf(registrar.address, salt), entries);
    const units = entries.reduce((sum, [, part]) => sum + part, 0n);
    const model = await open({
      salt,
      parents,
      holdings: units < TOTAL_SHARES ? [[alice.address, TOTAL_SHARES - units]] : [],
      allocations: [allocationOf(tree.root, units, options)],
    });

    return { model, tree, allocation: await ledger.allocationCount() };
  }

  /** Claims a leaf as a stranger, with what a test wants to be different. */
  function claimLeaf(
    { model, tree, allocation }: { model: string; tree: ShareTree; allocation: bigint },
    leaf: number,
    wrong: Partial<{
      allocation: bigint;
      model: string;
      index: bigint;
      account: string;
      units: bigint;
      proof: string[];
    }> = {},
  ) {
    const [account, units] = tree.entries[leaf];
    const right = { allocation, model, index: BigInt(leaf), account, units, proof: tree.proofOf(leaf) };
    const claim = { ...right, ...wrong };

    return ledger
      .connect(stranger)
      .claimShares(claim.model, claim.allocation, claim.index, claim.account, claim.units, claim.proof);
  }

  return { ...context, chainId, treeOf, allocationOf, openFor, claimLeaf };
}
