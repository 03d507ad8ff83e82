import type { Currency } from "../currencies.js";
import type { AsOf, Moment } from "./reader.js";

/** By which way income came to a model. */
export type IncomeSource =
  /** Somebody paid the model. */
  | "payment"
  /** A licence was bought. */
  | "license"
  /** Vouchers of a channel were redeemed. */
  | "usage"
  /** A reward for the fees that the model brought in. */
  | "reward"
  /** Somebody sent money to the model's address, or to one that it shares with a host. */
  | "deposit"
  /** A child passed on the model's part. */
  | "royalty"
  /** An edge was retired: units that flooring had left between parents. */
  | "retirement";

/** Where a host earns. */
export type HostPlace =
  /** At an address that it shares with a model. */
  | "deposit"
  /** By channels, all of one currency together. */
  | "channels";

/** A line of a statement. Amounts are never negative; the kind says in which direction they go. */
export type StatementEntry = Moment & { logIndex: number } & (
    | {
        kind: "income";
        model: string;
        currency: Currency;
        /** By how much it raised what the account can claim. */
        amount: bigint;
        /** The protocol fee that the account's shares bore of it, which `amount` is without. */
        fee: bigint;
        source: IncomeSource;
        /** Who paid: the payer, the child, or the address that was swept. */
        counterparty: string;
      }
    /** What was claimed, to whoever it was sent. */
    | { kind: "claim"; model: string; currency: Currency; amount: bigint; counterparty: string }
    /** Shares that came or went. What they had earned stays with who held them, unless an entry says that it was carried. */
    | { kind: "sharesIn" | "sharesOut"; model: string; units: number; counterparty: string }
    /** What shares had earned and is carried with them: out of an allocation, or by handing over a position. */
    | { kind: "carriedIn" | "carriedOut"; model: string; currency: Currency; amount: bigint; counterparty: string }
    /** A host's part of what its users paid. */
    | {
        kind: "hostIncome";
        model: string;
        currency: Currency;
        amount: bigint;
        place: HostPlace;
        /** The shared address, or the channel's id. */
        counterparty: string;
      }
    /** What was claimed as a host; from a shared address, which is named, or of all channels. */
    | {
        kind: "hostClaim";
        currency: Currency;
        amount: bigint;
        place: HostPlace;
        deposit?: string;
        counterparty: string;
      }
  );

/**
 * A balance of the account in a model and currency. To the unit, at both ends:
 * opening + income + carriedIn − claimed − carriedOut = closing.
 */
export interface StatementBalance {
  model: string;
  currency: Currency;
  /** What could be claimed when the statement begins. */
  opening: bigint;
  income: bigint;
  /** The protocol fee that the account's shares bore. */
  fee: bigint;
  claimed: bigint;
  carriedIn: bigint;
  carriedOut: bigint;
  /** What could be claimed when it ends. */
  closing: bigint;
}

/** A host's balance: opening + income − claimed = closing. */
export interface HostBalance {
  place: HostPlace;
  /** The shared address; none for channels. */
  deposit?: string;
  currency: Currency;
  opening: bigint;
  income: bigint;
  claimed: bigint;
  closing: bigint;
}

/** What an account earned in a time. */
export interface Statement {
  account: string;
  /** The first second of it, in Unix time. */
  from: number;
  /** The first second after it. */
  to: number;
  /** In order. */
  entries: StatementEntry[];
  /** Of every model and currency in which the account ever had something to claim. */
  balances: StatementBalance[];
  hostBalances: HostBalance[];
  /**
   * The currencies that occur, with what is needed to write amounts as people do. A token that does not tell has its
   * address for a symbol, and 0 decimals: its amounts are in its smallest units.
   */
  currencies: { currency: Currency; symbol: string; decimals: number }[];
  asOf: AsOf;
}
