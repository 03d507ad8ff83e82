import { addressOf, ascending } from "./arguments.js";
import { send, type Transaction } from "./calls.js";
import { type Claims, claimsOf } from "./claims.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress, type ListedCurrency } from "./currencies.js";
import { withTypedErrors } from "./failures.js";
import { type Lineage, lineageOf } from "./lineage.js";
import { type Payments, paymentsOf } from "./payments.js";

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
  cascade(options: { models: readonly string[]; currency: Currency }): Promise<Transaction>;

  /**
   * Retires a model's edges whose agreed end has passed: they earn nothing from now on. Anyone may call it.
   *
   * What waits in the model's descendants arrives under the new rates: a parent who wants its part cascades them first.
   *
   * @throws {ContractError} `NothingToRetire`.
   * @example
   * await royalties.retire({ model });
   */
  retire(options: { model: string }): Promise<Transaction>;

  /**
   * Returns what {@link cascade} would credit to the model's parents, all together.
   *
   * @example
   * const pending = await royalties.pendingUpstream({ model, currency: "ETH" });
   */
  pendingUpstream(options: { model: string; currency: Currency }): Promise<bigint>;

  /**
   * Returns a model's books in one currency; all zero if it never got any.
   *
   * @example
   * const { received } = await royalties.booksOf({ model, currency: "ETH" });
   */
  booksOf(options: { model: string; currency: Currency }): Promise<Books>;

  /**
   * Returns how many of the model's 1,000,000 shares somebody holds.
   *
   * @example
   * const units = await royalties.sharesOf({ holder, model });
   */
  sharesOf(options: { holder: string; model: string }): Promise<bigint>;

  /**
   * Sends shares of the signer to another account. What they earned so far stays the signer's.
   *
   * @throws {ContractError} such as `ERC6909InsufficientBalance`.
   * @example
   * await royalties.transferShares({ model, to: bob, units: 10_000 });
   */
  transferShares(options: { model: string; to: string; units: bigint | number }): Promise<Transaction>;

  /**
   * Hands the signer's whole position in a model to another account: all shares, with everything owed for them.
   *
   * @throws {ContractError} such as `ERC6909InvalidReceiver`.
   * @example
   * await royalties.handOverPosition({ model, to: bob });
   */
  handOverPosition(options: { model: string; to: string }): Promise<Transaction>;

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
  const { RoyaltyLedger: ledger, RoyaltyLens: lens } = context.contracts;
  const { listed } = currenciesOf(context);

  /** Orders models by their registration numbers, the newest first. */
  async function childrenFirst(models: readonly string[]): Promise<string[]> {
    const numbered = await Promise.all(
      ascending(models).map(async (model) => ({ model, number: (await ledger.modelTermsOf(model)).number })),
    );

    return numbered.sort((a, b) => Number(b.number - a.number)).map(({ model }) => model);
  }

  const own = withTypedErrors<Omit<Royalties, keyof (Payments & Claims & Lineage)>>({
    async cascade({ models, currency }) {
      const token = currencyAddress(currency);

      return send(ledger.cascade(await childrenFirst(models), token));
    },

    async retire({ model }) {
      return send(ledger.retire(addressOf(model, "model")));
    },

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

    async transferShares({ model, to, units }) {
      return send(ledger.transfer(addressOf(to, "to"), addressOf(model, "model"), units));
    },

    async handOverPosition({ model, to }) {
      return send(ledger.handOverPosition(addressOf(model, "model"), addressOf(to, "to")));
    },

    currencies: listed,
  });

  return { ...paymentsOf(context), ...claimsOf(context), ...lineageOf(context), ...own };
}
