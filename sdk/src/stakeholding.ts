import { addressOf, ascending } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currencyAddress, currencyOf } from "./currencies.js";
import { withTypedErrors } from "./failures.js";

/** WEAL that a model was paid for the fees that it brought in. */
export interface Award {
  model: string;
  /** The fees that were counted, in the currency's smallest units. */
  fees: bigint;
  /** In units of 10⁻¹⁸ WEAL; nothing if the fees earned less than one. */
  weal: bigint;
}

/** Votes for those who build what is used: WEAL is paid to models in proportion to the fees that they bring in. */
export interface Stakeholding {
  /**
   * Passes on what waits in models, and pays them WEAL for the fees that they brought in. Anyone may call it. Fees for
   * which this epoch's budget does not suffice wait for the next.
   *
   * @throws {InvalidArgument} when there are no models.
   * @throws {ContractError} such as `RateZero`, `ModelNotOpened`, `CurrencyNotListed`.
   * @example
   * const { awards } = await stakeholding.award({ models: [model], currency: "ETH" });
   */
  award(options: { models: readonly string[]; currency: Currency }): Promise<Transaction & { awards: Award[] }>;

  /**
   * Returns the fees of a model that were not counted yet, of what was passed on, and the WEAL that they earn at today's
   * rate: what {@link award} pays if nothing else waits in the model and the budget suffices.
   *
   * @throws {ContractError} such as `ModelNotOpened`, `CurrencyNotListed`.
   * @example
   * const { weal } = await stakeholding.waiting({ model, currency: "ETH" });
   */
  waiting(options: { model: string; currency: Currency }): Promise<{ fees: bigint; weal: bigint }>;

  /**
   * Returns what can still be paid in this epoch, its cap, when the next begins (in Unix time), what is left of the
   * reserve, in units of 10⁻¹⁸ WEAL, and how much WEAL the fees of each currency earn: units of 10⁻¹⁸ WEAL for 10¹⁸ of
   * the currency's units.
   *
   * @example
   * const { available, epochEndsAt } = await stakeholding.budget();
   */
  budget(): Promise<{
    available: bigint;
    epochCap: bigint;
    epochEndsAt: number;
    reserve: bigint;
    rates: { currency: Currency; rate: bigint }[];
  }>;
}

const SCALE = 10n ** 18n;

/** Binds the rewards for fees to a runner. */
export function stakeholdingOf({ contracts, provider }: Context): Stakeholding {
  const { Stakeholding: stakeholding, RoyaltyLedger: ledger, WealToken: weal } = contracts;

  /** Orders models so that money moves furthest: children first. */
  async function childrenFirst(models: readonly string[]): Promise<string[]> {
    const numbered = await Promise.all(
      ascending(models).map(async (model) => ({ model, number: (await ledger.modelTermsOf(model)).number })),
    );

    return numbered.sort((a, b) => Number(b.number - a.number)).map(({ model }) => model);
  }

  return withTypedErrors<Stakeholding>({
    async award({ models, currency }) {
      const transaction = await send(stakeholding.award(await childrenFirst(models), currencyAddress(currency)));
      const events = eventsOf(transaction.receipt, stakeholding, stakeholding.getEvent("FeesCounted"));

      return { ...transaction, awards: events.map(({ model, fees, amount }) => ({ model, fees, weal: amount })) };
    },

    async waiting({ model, currency }) {
      const [id, token] = [addressOf(model, "model"), currencyAddress(currency)];
      const [fees, counted, rate] = await Promise.all([
        stakeholding.feesOf(id, token),
        stakeholding.countedFeesOf(id, token),
        stakeholding.rateOf(token),
      ]);
      const waiting = fees > counted ? fees - counted : 0n;

      return { fees: waiting, weal: (waiting * rate) / SCALE };
    },

    async budget() {
      const [available, epochCap, length, reserve, currencies, block] = await Promise.all([
        stakeholding.available(),
        stakeholding.epochCap(),
        stakeholding.epochLength(),
        weal.balanceOf(stakeholding),
        ledger.currencies(),
        provider.getBlock("latest"),
      ]);
      const now = BigInt(block?.timestamp ?? 0);
      const rates = await Promise.all(
        currencies.map(async (currency) => ({
          currency: currencyOf(currency),
          rate: await stakeholding.rateOf(currency),
        })),
      );

      return { available, epochCap, epochEndsAt: Number((now / length + 1n) * length), reserve, rates };
    },
  });
}
