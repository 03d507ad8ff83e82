import { ZeroHash } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, ascending, bytes32Of } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import type { Context } from "./context.js";
import { withTypedErrors } from "./failures.js";
import { type Currency, currenciesOf, currencyAddress, type ListedCurrency } from "./currencies.js";

/** What a payment is made with. */
interface PaymentOptions {
  currency: Currency;
  /** 32 bytes of the payer's own in hex, for bookkeeping; zero by default. */
  ref?: string;
  /** False: do not approve an ERC-20 first, it was done elsewhere. */
  approve?: boolean;
}

/** A model's books in one currency, in its smallest units; all cumulative. */
export interface Books {
  /** Everything ever credited to the model. */
  received: bigint;
  /** `received` when the model was last cascaded. */
  cascaded: bigint;
  /** The part of `received` that belongs to the holders of shares. */
  distributed: bigint;
}

/** Payments, what they earn, and the shares that earn it. Sums are bigints in the currency's smallest units. */
export interface Royalties {
  /**
   * Pays a model. An ERC-20 is approved first if its allowance is too small: for this amount, in a transaction of its own.
   *
   * @throws {InvalidAmount} when the amount is neither a bigint nor a decimal string.
   * @throws {TooManyDecimals} when the amount has more decimals than the currency.
   * @throws {ContractError} such as `ModelNotOpened`, `CurrencyNotListed`, `ERC20InsufficientBalance`.
   * @throws {InsufficientFunds} when there is too little ETH.
   * @example
   * await royalties.pay({ model, currency: usdc, amount: "12.5" });
   */
  pay(options: PaymentOptions & { model: string; amount: Amount }): Promise<Transaction & { amount: bigint }>;

  /**
   * Pays several models in one currency, with a single transfer; otherwise as {@link pay}.
   *
   * @throws {ContractError} such as `PaymentsLengthMismatch` when there are no payments.
   * @example
   * await royalties.payMany({ currency: "ETH", payments: [{ model, amount: "0.1" }, { model: other, amount: "0.2" }] });
   */
  payMany(
    options: PaymentOptions & { payments: readonly { model: string; amount: Amount }[] },
  ): Promise<Transaction & { amount: bigint }>;

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
   * Sends what the signer's shares in the models have earned to `to`, the signer by default.
   *
   * What waits in descendants counts once it was cascaded.
   *
   * @throws {ContractError} such as `NothingToClaim`, `ModelNotOpened`.
   * @example
   * const { amount } = await royalties.claim({ models: [model, parent], currency: "ETH" });
   */
  claim(options: {
    models: readonly string[];
    currency: Currency;
    to?: string;
  }): Promise<Transaction & { amount: bigint }>;

  /**
   * Sends what a holder's shares in the models have earned to that holder. Anyone may call it, and pays the gas.
   *
   * @throws {ContractError} such as `NothingToClaim`.
   * @example
   * await royalties.claimFor({ holder, models: [model], currency: "ETH" });
   */
  claimFor(options: {
    holder: string;
    models: readonly string[];
    currency: Currency;
  }): Promise<Transaction & { amount: bigint }>;

  /**
   * Returns what {@link claim} would send, for each model and in total.
   *
   * @example
   * const { total } = await royalties.claimable({ holder, models: [model], currency: "ETH" });
   */
  claimable(options: {
    holder: string;
    models: readonly string[];
    currency: Currency;
  }): Promise<{ total: bigint; models: { model: string; amount: bigint }[] }>;

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
   * Returns the currencies that models can be paid in.
   *
   * @example
   * const usdc = (await royalties.currencies()).find(({ symbol }) => symbol === "USDC");
   */
  currencies(): Promise<ListedCurrency[]>;
}

/** Binds the ledger's functions to a runner. */
export function royaltiesOf(context: Context): Royalties {
  const { RoyaltyLedger: ledger } = context.contracts;
  const { unitsOf, provide, listed } = currenciesOf(context);

  /** Adds the sum that was sent to the transaction of a claim. */
  function claimed(transaction: Transaction) {
    const events = eventsOf(transaction.receipt, ledger, ledger.getEvent("Claimed"));

    return { ...transaction, amount: events.reduce((sum, { amount }) => sum + amount, 0n) };
  }

  /** Orders models by their registration numbers, the newest first. */
  async function childrenFirst(models: readonly string[]): Promise<string[]> {
    const numbered = await Promise.all(
      ascending(models).map(async (model) => ({ model, number: (await ledger.termsOf(model)).number })),
    );

    return numbered.sort((a, b) => Number(b.number - a.number)).map(({ model }) => model);
  }

  return withTypedErrors<Royalties>({
    async pay({ model, currency, amount, ref = ZeroHash, approve = true }) {
      const [id, token, reference] = [addressOf(model, "model"), currencyAddress(currency), bytes32Of(ref, "ref")];
      const units = await unitsOf(token, amount);
      const overrides = await provide(token, units, approve);

      return { ...(await send(ledger.pay(id, token, units, reference, overrides))), amount: units };
    },

    async payMany({ payments, currency, ref = ZeroHash, approve = true }) {
      const ids = payments.map(({ model }) => addressOf(model, "payments.model"));
      const [token, reference] = [currencyAddress(currency), bytes32Of(ref, "ref")];
      const units = await Promise.all(payments.map(({ amount }) => unitsOf(token, amount)));
      const total = units.reduce((sum, amount) => sum + amount, 0n);
      const overrides = await provide(token, total, approve);

      return { ...(await send(ledger.payMany(ids, token, units, reference, overrides))), amount: total };
    },

    async cascade({ models, currency }) {
      const token = currencyAddress(currency);

      return send(ledger.cascade(await childrenFirst(models), token));
    },

    async claim({ models, currency, to }) {
      const recipient = addressOf(to ?? (await context.signer().getAddress()), "to");

      return claimed(await send(ledger.claim(ascending(models), currencyAddress(currency), recipient)));
    },

    async claimFor({ holder, models, currency }) {
      const account = addressOf(holder, "holder");

      return claimed(await send(ledger.claimFor(account, ascending(models), currencyAddress(currency))));
    },

    async claimable({ holder, models, currency }) {
      const [account, token] = [addressOf(holder, "holder"), currencyAddress(currency)];
      const amounts = await Promise.all(
        ascending(models).map(async (model) => ({
          model,
          amount: await ledger.claimable(account, model, token),
        })),
      );

      return { total: amounts.reduce((sum, { amount }) => sum + amount, 0n), models: amounts };
    },

    async pendingUpstream({ model, currency }) {
      return ledger.pendingUpstream(addressOf(model, "model"), currencyAddress(currency));
    },

    async booksOf({ model, currency }) {
      const { received, cascaded, distributed } = await ledger.booksOf(
        addressOf(model, "model"),
        currencyAddress(currency),
      );

      return { received, cascaded, distributed };
    },

    async sharesOf({ holder, model }) {
      return ledger.balanceOf(addressOf(holder, "holder"), addressOf(model, "model"));
    },

    async transferShares({ model, to, units }) {
      return send(ledger.transfer(addressOf(to, "to"), addressOf(model, "model"), units));
    },

    currencies: listed,
  });
}
