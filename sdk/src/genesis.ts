import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { addressOf } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import type { Context } from "./context.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";

/** A part of WEAL at genesis that is set aside for an account. */
export interface GenesisPart {
  index: number;
  account: string;
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
  partsOf(options: { tree: unknown; account?: string }): Promise<GenesisPart[]>;

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
  claim(options: { tree: unknown; account?: string }): Promise<(Transaction & { amount: bigint })[]>;
}

type Leaf = [chainId: string, claim: string, index: string, account: string, amount: string];

/** Binds the claims of genesis to a runner. */
export function genesisOf({ contracts, signer }: Context): Genesis {
  const { GenesisClaim: claims } = contracts;

  async function find(dump: unknown, account?: string) {
    const tree = treeOf(dump);
    const root = await claims.root();
    if (tree.root !== root) throw new InvalidArgument("tree", tree.root, `the tree with the root ${root}`);

    const holder = addressOf(account ?? (await signer().getAddress()), "account");
    const leaves = [...tree.entries()].filter(([, [, , , owner]]) => owner.toLowerCase() === holder.toLowerCase());

    return Promise.all(
      leaves.map(async ([place, [, , index, , amount]]) => ({
        place,
        tree,
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
      for (const { tree, place, part } of await find(dump, account)) {
        if (part.claimed) continue;

        const transaction = await send(claims.claim(part.index, part.account, part.amount, tree.getProof(place)));
        const [{ amount }] = eventsOf(transaction.receipt, claims, claims.getEvent("GenesisClaimed"));
        sent.push({ ...transaction, amount });
      }

      return sent;
    },
  });
}

function treeOf(dump: unknown): StandardMerkleTree<Leaf> {
  const expected = "the deployment's tree, as StandardMerkleTree of @openzeppelin/merkle-tree dumps it";
  try {
    return StandardMerkleTree.load<Leaf>((typeof dump === "string" ? JSON.parse(dump) : dump) as never);
  } catch (error) {
    throw new InvalidArgument("tree", dump, expected, { cause: error });
  }
}
