import { AbiCoder, keccak256 } from "ethers";
import { addressOf, ascending } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currencyAddress, currencyOf } from "./currencies.js";
import { withTypedErrors } from "./failures.js";

/** A host and a model that are paid together at an address of their own. */
export interface Hosting {
  model: string;
  host: string;
  /** The host's part, in basis points. Above the model's largest host part, all goes to the model. */
  hostBps: number;
}

/** What a sweep found: money that is now credited. Sums are in the currency's smallest units. */
export interface SweptDeposit {
  model: string;
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
  sweep(options: {
    models: readonly string[];
    currencies: readonly Currency[];
  }): Promise<Transaction & { swept: SweptDeposit[] }>;

  /**
   * As {@link sweep}, for addresses that hosts share with models.
   *
   * @throws {ContractError} `CurrencyNotListed`.
   * @example
   * await deposits.sweepHosted({ hostings: [{ model, host, hostBps: 2_000 }], currencies: ["ETH"] });
   */
  sweepHosted(options: {
    hostings: readonly Hosting[];
    currencies: readonly Currency[];
  }): Promise<Transaction & { swept: SweptDeposit[] }>;

  /**
   * Sends hosts' parts in one transfer: one's own to anywhere, or another host's to that host.
   *
   * @throws {ContractError} such as `NothingToClaimAsHost`, `NotHost`.
   * @example
   * const { amount } = await deposits.claimHostPart({ hostings: [hosting], currency: "ETH" });
   */
  claimHostPart(options: {
    hostings: readonly Hosting[];
    currency: Currency;
    /** The signer by default. */
    to?: string;
  }): Promise<Transaction & { amount: bigint }>;

  /**
   * Returns what {@link claimHostPart} would send for one address.
   *
   * @example
   * const waiting = await deposits.claimableByHost({ hosting, currency: "ETH" });
   */
  claimableByHost(options: { hosting: Hosting; currency: Currency }): Promise<bigint>;
}

/** Binds the ledger's deposits to a runner. */
export function depositsOf({ contracts, signer }: Context): Deposits {
  const { RoyaltyLedger: ledger } = contracts;

  /** The CREATE2 salts of models' own addresses, from the events that announced them; none for those not registered. */
  async function saltsOf(models: readonly string[]): Promise<string[]> {
    const coder = AbiCoder.defaultAbiCoder();
    const events = await Promise.all(
      ascending(models).map((model) => ledger.queryFilter(ledger.filters.ModelOpened(model))),
    );

    return events
      .flat()
      .map(({ args: { registrar, salt } }) => keccak256(coder.encode(["address", "bytes32"], [registrar, salt])));
  }

  /** Adds what was found to the transaction of a sweep. */
  function swept(transaction: Transaction) {
    const events = eventsOf(transaction.receipt, ledger, ledger.getEvent("Swept"));

    return {
      ...transaction,
      swept: events.map(({ currency, ...found }) => ({ ...found, currency: currencyOf(currency) })),
    };
  }

  return withTypedErrors<Deposits>({
    async addressOf(hosting) {
      return ledger.depositOf(checked(hosting));
    },

    async sweep({ models, currencies }) {
      const tokens = currencies.map(currencyAddress);

      return swept(await send(ledger.sweep(await saltsOf(models), tokens)));
    },

    async sweepHosted({ hostings, currencies }) {
      return swept(await send(ledger.sweepHosted(hostings.map(checked), currencies.map(currencyAddress))));
    },

    async claimHostPart({ hostings, currency, to }) {
      const recipient = addressOf(to ?? (await signer().getAddress()), "to");
      const transaction = await send(ledger.claimHostPart(hostings.map(checked), currencyAddress(currency), recipient));
      const events = eventsOf(transaction.receipt, ledger, ledger.getEvent("HostClaimed"));

      return { ...transaction, amount: events.reduce((sum, { amount }) => sum + amount, 0n) };
    },

    async claimableByHost({ hosting, currency }) {
      return ledger.claimableByHost(checked(hosting), currencyAddress(currency));
    },
  });
}

function checked({ model, host, hostBps }: Hosting): Hosting {
  return { model: addressOf(model, "hosting.model"), host: addressOf(host, "hosting.host"), hostBps };
}
