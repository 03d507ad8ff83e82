import type { Address, ModelId } from "./brands.js";
import { AbiCoder, keccak256, type TransactionReceipt } from "ethers";
import { addressOf, ascending } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currencyAddress, currencyOf } from "./currencies.js";
import { withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { readLogs } from "./logs.js";
import { type Write, writeOf } from "./writes.js";

/** A host and a model that are paid together at an address of their own. */
export interface Hosting {
  model: ModelId;
  host: Address;
  /** The host's part, in basis points. Above the model's largest host part, all goes to the model. */
  hostBps: number;
}

/** What a sweep found: money that is now credited. Sums are in the currency's smallest units. */
export interface SweptDeposit {
  model: ModelId;
  /** The address that was swept: the model's id, or the address that it shares with a host. */
  deposit: string;
  currency: Currency;
  amount: bigint;
  /** The part of `amount` that belongs to the host. */
  hostPart: bigint;
}

/** Money that is sent to an address instead of through the ledger, by any wallet, exchange or payment standard. */
export interface Deposits {
  /**
   * Returns the address at which a host and a model are paid together. A model alone is paid at its id.
   *
   * @throws {InvalidArgument} when an address is not one.
   * @example
   * const payTo = await deposits.addressOf({ model, host, hostBps: 2_000 });
   */
  addressOf(hosting: Hosting): Promise<string>;

  /**
   * Credits models with what was sent to their ids. Anyone may call it. Models that are not registered yet are skipped,
   * and their money waits; so does a currency that a model does not have there.
   *
   * @throws {InvalidArgument} when there are no models.
   * @throws {ContractError} `CurrencyNotListed`.
   * @example
   * const { swept } = await deposits.sweep({ models: [model], currencies: ["ETH", usdc] });
   */
  readonly sweep: Write<
    {
      models: readonly ModelId[];
      currencies: readonly Currency[];
    },
    { swept: SweptDeposit[] },
    object
  >;

  /**
   * As {@link sweep}, for addresses that hosts share with models.
   *
   * @throws {ContractError} `CurrencyNotListed`.
   * @example
   * await deposits.sweepHosted({ hostings: [{ model, host, hostBps: 2_000 }], currencies: ["ETH"] });
   */
  readonly sweepHosted: Write<
    {
      hostings: readonly Hosting[];
      currencies: readonly Currency[];
    },
    { swept: SweptDeposit[] },
    object
  >;

  /**
   * Sends hosts' parts in one transfer: one's own to anywhere, or another host's to that host.
   *
   * @throws {ContractError} such as `NothingToClaimAsHost`, `NotHost`.
   * @example
   * const { amount } = await deposits.claimHostPart({ hostings: [hosting], currency: "ETH" });
   */
  readonly claimHostPart: Write<
    {
      hostings: readonly Hosting[];
      currency: Currency;
      /** The signer by default. */
      to?: Address;
    },
    { amount: bigint }
  >;

  /**
   * Returns what {@link claimHostPart} would send for one address.
   *
   * @example
   * const waiting = await deposits.claimableByHost({ hosting, currency: "ETH" });
   */
  claimableByHost(options: { hosting: Hosting; currency: Currency }): Promise<bigint>;
}

/** Binds the ledger's deposits to a runner. */
export function depositsOf(context: Context): Deposits {
  const { firstBlock, provider, signer } = context;
  const ledger = context.at(RoyaltyLedger);

  /** The CREATE2 salts of models' own addresses, from the events that announced them; none for those not registered. */
  async function saltsOf(models: readonly string[]): Promise<string[]> {
    const coder = AbiCoder.defaultAbiCoder();
    const topics = ledger.interface.encodeFilterTopics("ModelOpened", [ascending(models)]);
    const toBlock = await provider.getBlockNumber();
    const logs = await readLogs(provider, { address: String(ledger.target), topics, fromBlock: firstBlock, toBlock });

    return logs.map(({ data, topics: indexed }) => {
      const { registrar, salt } = ledger.interface.decodeEventLog("ModelOpened", data, indexed);

      return keccak256(coder.encode(["address", "bytes32"], [registrar, salt]));
    });
  }

  /** Reads what a sweep has found. */
  function outcome(receipt: TransactionReceipt) {
    const events = eventsOf(receipt, ledger, ledger.getEvent("Swept"));

    return { swept: events.map(({ currency, ...found }) => ({ ...found, currency: currencyOf(currency) })) };
  }

  return withTypedErrors<Deposits>({
    async addressOf(hosting) {
      return ledger.depositOf(checked(hosting));
    },

    sweep: writeOf(context, async ({ models, currencies }) => {
      const tokens = currencies.map(currencyAddress);

      return { call: await callOf(ledger.sweep, [await saltsOf(models), tokens]), outcome, preview: () => ({}) };
    }),

    sweepHosted: writeOf(context, async ({ hostings, currencies }) => ({
      call: await callOf(ledger.sweepHosted, [hostings.map(checked), currencies.map(currencyAddress)]),
      outcome,
      preview: () => ({}),
    })),

    claimHostPart: writeOf(context, async ({ hostings, currency, to }) => {
      const recipient = addressOf(to ?? (await signer().getAddress()), "to");

      return {
        call: await callOf(ledger.claimHostPart, [hostings.map(checked), currencyAddress(currency), recipient]),
        outcome(receipt) {
          const events = eventsOf(receipt, ledger, ledger.getEvent("HostClaimed"));

          return { amount: events.reduce((sum, { amount }) => sum + amount, 0n) };
        },
        preview: (amount: bigint) => ({ amount }),
      };
    }),

    async claimableByHost({ hosting, currency }) {
      return ledger.claimableByHost(checked(hosting), currencyAddress(currency));
    },
  });
}

function checked({ model, host, hostBps }: Hosting): Hosting {
  return { model: addressOf(model, "hosting.model"), host: addressOf(host, "hosting.host"), hostBps };
}
