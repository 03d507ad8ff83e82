import type { Address, ModelId } from "./brands.js";
import { getAddress, ZeroAddress, ZeroHash, zeroPadValue, toBeHex } from "ethers";
import { addressOf, bytes32Of } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currencyAddress } from "./currencies.js";
import { withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import type { AllocationProof } from "./trees.js";
import { known, type Write, writeOf } from "./writes.js";

/** Shares set aside, under a Merkle root that says who gets them, for a steward, or both. */
export interface Allocation {
  /** 32 bytes in hex, such as `buildAllocation` gives; none if only the steward is to take them. */
  root?: string;
  /** How many of the model's shares: what the tree's leaves sum to. */
  units: bigint | number;
  /** Where the tree can be fetched; readers check it against the root. */
  uri?: string;
  /** Who may take what is left; nobody by default. */
  steward?: Address;
  /** Time from which the steward may, and no leaf can be claimed any more, in Unix time. */
  reclaimableFrom?: number;
}

/** An allocation on the chain. */
export interface AllocationState {
  allocation: bigint;
  /** Undefined if only the steward is to take its shares. */
  root?: string;
  steward?: Address;
  /** In Unix time. */
  reclaimableFrom?: number;
  /** Shares that are left in it. */
  units: bigint;
}

/** Shares that are set aside for many, and how they are claimed. */
export interface Allocations {
  /**
   * Sets shares of the signer's aside; what they earned so far stays the signer's. A new model can have allocations from
   * the start: see `registry.register`.
   *
   * @throws {ContractError} such as `ERC6909InsufficientBalance`, `AllocationWithoutTaker`.
   * @example
   * const { root, units } = buildAllocation({ chainId, ledger, model, units: 100_000, shares });
   * const { allocation } = await allocations.create({ model, root, units, uri: "ipfs://…" });
   */
  readonly create: Write<Allocation & { model: ModelId }, { allocation: bigint }>;

  /**
   * Gives a leaf's account its shares, with everything that they earned since the allocation was made. Anyone may call it.
   *
   * @param options.leaf What `proofsOf` returned for the account.
   * @throws {ContractError} such as `SharesAlreadyClaimed`, `ShareProofInvalid`, `AllocationExpired`.
   * @example
   * for (const leaf of proofsOf(tree, alice)) await allocations.claim({ allocation, model, leaf });
   */
  readonly claim: Write<{ allocation: bigint | number; model: ModelId; leaf: AllocationProof }, object>;

  /**
   * Takes what is left of an allocation, with everything that it earned, as its steward.
   *
   * @param options.to Who gets it; the signer by default.
   * @throws {ContractError} such as `NotAllocationSteward`, `AllocationNotExpired`, `NothingToReclaim`.
   * @example
   * const { units } = await allocations.reclaim({ allocation, model });
   */
  readonly reclaim: Write<
    {
      allocation: bigint | number;
      model: ModelId;
      to?: Address;
    },
    { units: bigint }
  >;

  /**
   * Returns an allocation, with what is left of a model's shares in it.
   *
   * @example
   * const { units } = await allocations.get({ allocation, model });
   */
  get(options: { allocation: bigint | number; model: ModelId }): Promise<AllocationState>;

  /**
   * Returns whether a leaf was claimed.
   *
   * @example
   * const done = await allocations.isClaimed({ allocation, index: 7 });
   */
  isClaimed(options: { allocation: bigint | number; index: number }): Promise<boolean>;

  /**
   * Returns what an allocation's shares have earned since it was made, all that is left of them, in whole units.
   *
   * @example
   * const earned = await allocations.earned({ allocation, model, currency: "ETH" });
   */
  earned(options: { allocation: bigint | number; model: ModelId; currency: Currency }): Promise<bigint>;
}

/** Binds allocations to a runner. */
export function allocationsOf(context: Context): Allocations {
  const { signer } = context;
  const ledger = context.at(RoyaltyLedger);

  return withTypedErrors<Allocations>({
    create: writeOf(context, async ({ model, ...allocation }) => ({
      call: await callOf(ledger.allocate, [addressOf(model, "model"), solidityAllocation(allocation)]),
      outcome(receipt) {
        const [event] = eventsOf(receipt, ledger, ledger.getEvent("SharesAllocated"));

        return { allocation: event.allocation };
      },
      preview: (number: bigint) => ({ allocation: number }),
    })),

    claim: writeOf(context, async ({ allocation, model, leaf: { index, account, units, proof } }) => {
      const holder = addressOf(account, "leaf.account");
      const args = [addressOf(model, "model"), allocation, index, holder, units, proof] as const;

      return { call: await callOf(ledger.claimShares, [...args]), ...known({}) };
    }),

    reclaim: writeOf(context, async ({ allocation, model, to }) => {
      const id = addressOf(model, "model");
      const recipient = addressOf(to ?? (await signer().getAddress()), "to");
      const units = await ledger.balanceOf(holderOf(allocation), id);

      return {
        call: await callOf(ledger.reclaimShares, [id, allocation, recipient]),
        outcome(receipt) {
          const [event] = eventsOf(receipt, ledger, ledger.getEvent("SharesReclaimed"));

          return { units: event.units };
        },
        preview: () => ({ units }),
      };
    }),

    async get({ allocation, model }) {
      const [{ root, steward, reclaimableFrom }, units] = await Promise.all([
        ledger.allocationOf(allocation),
        ledger.balanceOf(holderOf(allocation), addressOf(model, "model")),
      ]);

      return {
        allocation: BigInt(allocation),
        root: root === ZeroHash ? undefined : root,
        steward: steward === ZeroAddress ? undefined : steward,
        reclaimableFrom: steward === ZeroAddress ? undefined : Number(reclaimableFrom),
        units,
      };
    },

    async isClaimed({ allocation, index }) {
      return ledger.isShareClaimed(allocation, index);
    },

    async earned({ allocation, model, currency }) {
      return ledger.claimable(holderOf(allocation), addressOf(model, "model"), currencyAddress(currency));
    },
  });
}

/** Returns an allocation as the ledger takes it. */
export function solidityAllocation({ root, units, uri = "", steward, reclaimableFrom = 0 }: Allocation) {
  return {
    root: root === undefined ? ZeroHash : bytes32Of(root, "allocation.root"),
    units,
    uri,
    steward: steward === undefined ? ZeroAddress : addressOf(steward, "allocation.steward"),
    reclaimableFrom,
  };
}

/** An allocation holds shares under its number as an address. */
function holderOf(allocation: bigint | number): string {
  return getAddress(zeroPadValue(toBeHex(allocation), 20));
}
