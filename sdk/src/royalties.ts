import type { Address, ModelId } from "./brands.js";
import { addressOf } from "./arguments.js";
import { callOf } from "./calls.js";
import { type Claims, claimsOf } from "./claims.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress, type ListedCurrency } from "./currencies.js";
import { withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { RoyaltyLens } from "./generated/fragments/RoyaltyLens.js";
import { type Lineage, lineageOf, newestFirst } from "./lineage.js";
import { type Payments, paymentsOf } from "./payments.js";
import { known, type Write, writeOf } from "./writes.js";

/** A model's books in one currency, in its smallest units; all cumulative. */
export interface Books {
  /** Everything ever credited to the model. */
  received: bigint;
  /** `received` when the model was last cascaded. */
  cascaded: bigint;
  /** The part of `received` that belongs to the holders of shares. */
  distributed: bigint;
  /** `received` when an edge was last retired; 0 if none ever was. */
  closed: bigint;
}

/** Payments, what they earn, and the shares that earn it. Sums are bigints in the currency's smallest units. */
export interface Royalties extends Payments, Claims, Lineage {
  /**
   * Passes on to parents what belongs to them of all that the models received. Anyone may call it.
   *
   * Children go before their parents, whatever the order given, so that one call takes the money as far as it can.
   *
   * @throws {ContractError} such as `ModelNotOpened`, `CurrencyNotListed`.
   * @example
   * await royalties.cascade({ models: [model, parent], currency: "ETH" });
   */
  readonly cascade: Write<{ models: readonly ModelId[]; currency: Currency }, object>;

  /**
   * Retires a model's edges whose agreed end has passed: they earn nothing from now on. Anyone may call it.
   *
   * What waits in the model's descendants arrives under the new rates: a parent who wants its part cascades them first.
   *
   * @throws {ContractError} `NothingToRetire`.
   * @example
   * await royalties.retire({ model });
   */
  readonly retire: Write<{ model: ModelId }, object>;

  /**
   * Returns what {@link cascade} would credit to the model's parents, all together.
   *
   * @example
   * const pending = await royalties.pendingUpstream({ model, currency: "ETH" });
   */
  pendingUpstream(options: { model: ModelId; currency: Currency }): Promise<bigint>;

  /**
   * Returns a model's books in one currency; all zero if it never got any.
   *
   * @example
   * const { received } = await royalties.booksOf({ model, currency: "ETH" });
   */
  booksOf(options: { model: ModelId; currency: Currency }): Promise<Books>;

  /**
   * Returns how many of the model's 1,000,000 shares somebody holds.
   *
   * @example
   * const units = await royalties.sharesOf({ holder, model });
   */
  sharesOf(options: { holder: Address; model: ModelId }): Promise<bigint>;

  /**
   * Sends shares of the signer to another account. What they earned so far stays the signer's.
   *
   * @throws {ContractError} such as `ERC6909InsufficientBalance`.
   * @example
   * await royalties.transferShares({ model, to: bob, units: 10_000 });
   */
  readonly transferShares: Write<{ model: ModelId; to: Address; units: bigint | number }, object>;

  /**
   * Hands the signer's whole position in a model to another account: all shares, with everything owed for them.
   *
   * @throws {ContractError} such as `ERC6909InvalidReceiver`.
   * @example
   * await royalties.handOverPosition({ model, to: bob });
   */
  readonly handOverPosition: Write<{ model: ModelId; to: Address }, object>;

  /**
   * Returns the currencies that models can be paid in.
   *
   * @example
   * const usdc = (await royalties.currencies()).find(({ symbol }) => symbol === "USDC");
   */
  currencies(): Promise<ListedCurrency[]>;
}

/** Binds the ledger's functions to a runner. */
export function royaltiesOf(context: Context): Royalties {
  const [ledger, lens] = [context.at(RoyaltyLedger), context.at(RoyaltyLens)];
  const { listed } = currenciesOf(context);

  const own = withTypedErrors<Omit<Royalties, keyof (Payments & Claims & Lineage)>>({
    cascade: writeOf(context, async ({ models, currency }) => {
      const token = currencyAddress(currency);

      return { call: await callOf(ledger.cascade, [await newestFirst(ledger, models), token]), ...known({}) };
    }),

    retire: writeOf(context, async ({ model }) => ({
      call: await callOf(ledger.retire, [addressOf(model, "model")]),
      ...known({}),
    })),

    async pendingUpstream({ model, currency }) {
      return lens.pendingUpstream(addressOf(model, "model"), currencyAddress(currency));
    },

    async booksOf({ model, currency }) {
      const { received, cascaded, distributed, closed } = await ledger.booksOf(
        addressOf(model, "model"),
        currencyAddress(currency),
      );

      return { received, cascaded, distributed, closed };
    },

    async sharesOf({ holder, model }) {
      return ledger.balanceOf(addressOf(holder, "holder"), addressOf(model, "model"));
    },

    transferShares: writeOf(context, async ({ model, to, units }) => ({
      call: await callOf(ledger.transfer, [addressOf(to, "to"), addressOf(model, "model"), units]),
      ...known({}),
    })),

    handOverPosition: writeOf(context, async ({ model, to }) => ({
      call: await callOf(ledger.handOverPosition, [addressOf(model, "model"), addressOf(to, "to")]),
      ...known({}),
    })),

    currencies: listed,
  });

  return { ...paymentsOf(context), ...claimsOf(context), ...lineageOf(context), ...own };
}
