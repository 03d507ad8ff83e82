import type { Address } from "./brands.js";
import { AbiCoder, keccak256 } from "ethers";
import { addressOf } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { GenesisClaim } from "./generated/fragments/GenesisClaim.js";
import { isMerkleTree, merkleProofAt } from "./merkle.js";
import { sendCall, type Transaction } from "./writes.js";

/** A part of WEAL at genesis that is set aside for an account. */
export interface GenesisPart {
  index: number;
  account: Address;
  /** In units of 10⁻¹⁸ WEAL. */
  amount: bigint;
  claimed: boolean;
}

/** The community's part of WEAL at genesis. */
export interface Genesis {
  /**
   * Returns what is set aside for an account, and whether it was claimed.
   *
   * @param options.tree The deployment's tree, as JSON: what `StandardMerkleTree` dumps.
   * @param options.account The signer by default.
   * @throws {InvalidArgument} when the tree is not this deployment's.
   * @example
   * const parts = await genesis.partsOf({ tree: await response.json() });
   */
  partsOf(options: { tree: unknown; account?: Address }): Promise<GenesisPart[]>;

  /**
   * Claims what is set aside for an account and was not claimed yet. Anyone may send it; the account gets it. It has no
   * votes before it is delegated: see `governance.delegate`.
   *
   * @returns What was sent, one transaction a part; none if there is nothing to claim.
   * @throws {InvalidArgument} when the tree is not this deployment's.
   * @throws {ContractError} such as `GenesisClaimOver`.
   * @example
   * await genesis.claim({ tree });
   * await governance.delegate();
   */
  claim(options: { tree: unknown; account?: Address }): Promise<(Transaction & { amount: bigint })[]>;
}

type Leaf = [chainId: string, claim: string, index: string, account: string, amount: string];

/** Binds the claims of genesis to a runner. */
export function genesisOf(context: Context): Genesis {
  const { signer } = context;
  const claims = context.at(GenesisClaim);

  async function find(dump: unknown, account?: string) {
    const { tree, values } = treeOf(dump);
    const root = await claims.root();
    if (tree[0] !== root) throw new InvalidArgument("tree", tree[0], `the tree with the root ${root}`);

    const holder = addressOf(account ?? (await signer().getAddress()), "account");
    const leaves = values.filter(({ value: [, , , owner] }) => owner.toLowerCase() === holder.toLowerCase());

    return Promise.all(
      leaves.map(async ({ value: [, , index, , amount], treeIndex }) => ({
        proof: merkleProofAt(tree, treeIndex),
        part: {
          index: Number(index),
          account: holder,
          amount: BigInt(amount),
          claimed: await claims.isClaimed(index),
        },
      })),
    );
  }

  return withTypedErrors<Genesis>({
    async partsOf({ tree, account }) {
      return (await find(tree, account)).map(({ part }) => part);
    },

    async claim({ tree: dump, account }) {
      const sent: (Transaction & { amount: bigint })[] = [];
      for (const { proof, part } of await find(dump, account)) {
        if (part.claimed) continue;

        const args = [part.index, part.account, part.amount, proof] as const;
        const transaction = await sendCall(context, await callOf(claims.claim, [...args]));
        const [{ amount }] = eventsOf(transaction.receipt, claims, claims.getEvent("GenesisClaimed"));
        sent.push({ ...transaction, amount });
      }

      return sent;
    },
  });
}

/** The types of a leaf, as the contract encodes it. */
const LEAF_ENCODING = ["uint256", "address", "uint256", "address", "uint256"];

interface Tree {
  tree: string[];
  values: { value: Leaf; treeIndex: number }[];
}

function treeOf(dump: unknown): Tree {
  try {
    const { format, tree, values } = (typeof dump === "string" ? JSON.parse(dump) : dump) as Tree & { format: string };
    const leaves = values.map(({ value }) =>
      keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(LEAF_ENCODING, value))),
    );
    const places = values.map(({ treeIndex }) => treeIndex);
    if (format === "standard-v1" && isMerkleTree(tree, leaves, places)) return { tree, values };
  } catch (error) {
    throw new InvalidArgument("tree", dump, EXPECTED_TREE, { cause: error });
  }
  throw new InvalidArgument("tree", dump, EXPECTED_TREE);
}

const EXPECTED_TREE = "the deployment's tree, as StandardMerkleTree of @openzeppelin/merkle-tree dumps it";
