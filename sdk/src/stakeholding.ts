import type { ModelId } from "./brands.js";
import { addressOf } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currencyAddress, currencyOf } from "./currencies.js";
import { withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { Stakeholding as StakeholdingContract } from "./generated/fragments/Stakeholding.js";
import { WealToken } from "./generated/fragments/WealToken.js";
import { newestFirst } from "./lineage.js";
import { type Write, writeOf } from "./writes.js";

/** WEAL that a model was paid for the fees that it brought in. */
export interface Award {
  model: ModelId;
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
  readonly award: Write<{ models: readonly ModelId[]; currency: Currency }, { awards: Award[] }, { weal: bigint }>;

  /**
   * Returns the fees of a model that were not counted yet, of what was passed on, and the WEAL that they earn at today's
   * rate: what {@link award} pays if nothing else waits in the model and the budget suffices.
   *
   * @throws {ContractError} such as `ModelNotOpened`, `CurrencyNotListed`.
   * @example
   * const { weal } = await stakeholding.waiting({ model, currency: "ETH" });
   */
  waiting(options: { model: ModelId; currency: Currency }): Promise<{ fees: bigint; weal: bigint }>;

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
export function stakeholdingOf(context: Context): Stakeholding {
  const { at, provider } = context;
  const [stakeholding, ledger, weal] = [at(StakeholdingContract), at(RoyaltyLedger), at(WealToken)];

  return withTypedErrors<Stakeholding>({
    // Children first, so that money moves furthest.
    award: writeOf(context, async ({ models, currency }) => ({
      call: await callOf(stakeholding.award, [await newestFirst(ledger, models), currencyAddress(currency)]),
      outcome(receipt) {
        const events = eventsOf(receipt, stakeholding, stakeholding.getEvent("FeesCounted"));

        return { awards: events.map(({ model, fees, amount }) => ({ model, fees, weal: amount })) };
      },
      preview: (weal: bigint) => ({ weal }),
    })),

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
