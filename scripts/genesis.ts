import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { parseUnits, ZeroHash } from "ethers";
import { type Genesis, type Parameters, ParametersInvalid, type Part, secondsOf } from "./parameters.js";

/** The whole supply of WEAL, in units of 10⁻¹⁸, as `WealToken` has it. */
export const SUPPLY = parseUnits("1000000000", 18);

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
 * @throws {ParametersInvalid} when the parts do not sum to the supply, or those that can vote can decide nothing.
 */
export function distributionOf(parameters: Parameters, addresses: GenesisAddresses) {
  const { treasury, stakeholding, community, founders, holders } = parameters.genesis;
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
  requireVotes(parameters, sumOf(holders));

  return distribution;
}

/** Treasury, reserve, what is unclaimed and what is vesting delegate to nobody: holders must suffice. */
function requireVotes(parameters: Parameters, votes: bigint): void {
  for (const name of ["governor", "safetyGovernor"] as const) {
    const { quorumPercent, proposalThreshold } = parameters[name];
    const needs = {
      quorumPercent: (SUPPLY * BigInt(quorumPercent)) / 100n,
      proposalThreshold: wealOf(proposalThreshold),
    };
    for (const [parameter, needed] of Object.entries(needs)) {
      if (votes >= needed) continue;

      throw new ParametersInvalid(
        "genesis.holders",
        `they hold ${votes} units of WEAL, below the ${needed} of ${name}.${parameter}: nothing could be decided; ` +
          "give them more, or lower that",
      );
    }
  }
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
  return [account, secondsOf(start), secondsOf(end) - secondsOf(start)];
}

function wealOf(weal: string): bigint {
  return parseUnits(weal, 18);
}

function sumOf(parts: readonly Part[]): bigint {
  return parts.reduce((sum, { weal }) => sum + wealOf(weal), 0n);
}
