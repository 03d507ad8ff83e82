import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { parseUnits, ZeroHash } from "ethers";
import { ParametersInvalid, secondsOf } from "./parameters.js";

/** The whole supply of WEAL, in units of 10⁻¹⁸, as `WealToken` has it. */
export const SUPPLY = parseUnits("1000000000", 18);

/** An account and its part, in WEAL. */
export interface Part {
  account: string;
  weal: string;
}

/** Who gets the supply. Amounts are decimal strings in WEAL, dates are ISO 8601. */
export interface Genesis {
  /** What governance spends. */
  treasury: string;
  /** The reserve from which models are paid for the fees that they bring. */
  stakeholding: string;
  /** Set aside under a Merkle root; until the date each account claims its own, then the rest goes to the treasury. */
  community: { until: string; claims: Part[] };
  /** Paid out evenly from start to end. */
  founders: (Part & { start: string; end: string })[];
  /** What can vote from the first day, once it is delegated. */
  holders: Part[];
}

/** Where the parts of the supply that contracts hold will be. */
export interface GenesisAddresses {
  treasury: string;
  stakeholding: string;
  claim: string;
  vesting: (index: number) => string;
}

/** A leaf of the community's tree: chain id, claim contract, index, account, units of 10⁻¹⁸ WEAL. */
export type ClaimLeaf = [chainId: string, claim: string, index: string, account: string, amount: string];

/** The community's tree, as OpenZeppelin's library dumps it. */
export type ClaimTree = ReturnType<StandardMerkleTree<ClaimLeaf>["dump"]>;

const LEAF_ENCODING = ["uint256", "address", "uint256", "address", "uint256"];

/**
 * Returns who is minted how much.
 *
 * @throws {ParametersInvalid} when the parts do not sum to the supply, or those that can vote are below the quorum.
 */
export function distributionOf(genesis: Genesis, addresses: GenesisAddresses, quorumPercent: number) {
  const { treasury, stakeholding, community, founders, holders } = genesis;
  const distribution = [
    { account: addresses.treasury, amount: wealOf(treasury) },
    { account: addresses.stakeholding, amount: wealOf(stakeholding) },
    { account: addresses.claim, amount: sumOf(community.claims) },
    ...founders.map(({ weal }, index) => ({ account: addresses.vesting(index), amount: wealOf(weal) })),
    ...holders.map(({ account, weal }) => ({ account, amount: wealOf(weal) })),
  ];
  const sum = distribution.reduce((total, { amount }) => total + amount, 0n);
  if (sum !== SUPPLY) {
    throw new ParametersInvalid(
      "genesis",
      `its parts sum to ${sum} units of WEAL instead of ${SUPPLY}; change one of them by ${SUPPLY - sum}`,
    );
  }
  // Treasury, reserve, what is unclaimed and what is vesting delegate to nobody.
  const votes = sumOf(holders);
  const quorum = (SUPPLY * BigInt(quorumPercent)) / 100n;
  if (votes < quorum) {
    throw new ParametersInvalid(
      "genesis.holders",
      `they hold ${votes} units of WEAL, below the quorum of ${quorum}: nothing could be decided; ` +
        "give them more, or lower governor.quorumPercent",
    );
  }

  return distribution;
}

/** Returns the community's tree, or nothing if there are no claims. */
export function claimTree({ community }: Genesis, chainId: bigint, claim: string): ClaimTree | undefined {
  if (community.claims.length === 0) return undefined;

  const leaves = community.claims.map(({ account, weal }, index): ClaimLeaf => [
    chainId.toString(),
    claim,
    String(index),
    account,
    wealOf(weal).toString(),
  ]);

  return StandardMerkleTree.of(leaves, LEAF_ENCODING).dump();
}

/** Returns the root of the community's tree; zero, under which nothing is, if there are no claims. */
export function rootOf(tree: ClaimTree | undefined): string {
  return tree === undefined ? ZeroHash : StandardMerkleTree.load(tree).root;
}

/** Returns a founder's constructor arguments of OpenZeppelin's VestingWallet: beneficiary, start, seconds. */
export function vestingArguments({ account, start, end }: Genesis["founders"][number]): [string, number, number] {
  const from = secondsOf(start, "genesis.founders.start");
  const duration = secondsOf(end, "genesis.founders.end") - from;
  if (duration <= 0) throw new ParametersInvalid("genesis.founders.end", `${end} is not after ${start}`);

  return [account, from, duration];
}

function wealOf(weal: string): bigint {
  return parseUnits(weal, 18);
}

function sumOf(parts: readonly Part[]): bigint {
  return parts.reduce((sum, { weal }) => sum + wealOf(weal), 0n);
}
