import { ZeroAddress } from "ethers";
import type { ArgumentValue } from "./actions.js";
import type { Context } from "./context.js";
import { type DecodedAction, isToken } from "./decodedActions.js";
import type { GovernorName } from "./governorNames.js";
import { governorOf } from "./governors.js";

/** Money that a call moves, or lets somebody move, from who makes it. */
export interface Transfer {
  /** As the contracts know it: ETH is the zero address. */
  currency: string;
  from: string;
  to: string;
  units: bigint;
  /** By an `approval` money can be taken later; with a `pull` an approved contract takes it. */
  kind: "transfer" | "approval" | "pull";
}

/** Returns what a call moves, without what it carries. */
export function transfersOf(action: DecodedAction): Transfer[] {
  const { target, value, caller, args } = action;

  return [
    { currency: ZeroAddress, from: caller, to: target, units: value, kind: "transfer" as const },
    ...(isToken(action) ? tokenTransfers(action) : []),
    ...(action.contract === "RoyaltyLedger" ? payments(action) : []),
    ...(action.contract === "TrainingRounds" ? fundings(action) : []),
  ].filter(({ from, to, units }) => units > 0n && to !== from);

  function tokenTransfers({ function: name }: DecodedAction): Transfer[] {
    const ofToken = (kind: Transfer["kind"], from: ArgumentValue, to: ArgumentValue): Transfer => ({
      ...{ currency: target, from: String(from), to: String(to), units: BigInt(String(args.value)), kind },
    });
    if (name === "transfer") return [ofToken("transfer", caller, args.to)];
    if (name === "approve") return [ofToken("approval", caller, args.spender)];

    return name === "transferFrom" ? [ofToken("transfer", args.from, args.to)] : [];
  }

  /** Payments in ETH are the value of the call. */
  function payments({ function: name }: DecodedAction): Transfer[] {
    const currency = String(args.currency);
    const isPayment = name === "pay" || name === "payMany" || name === "payWithPermit";
    if (!isPayment || currency === ZeroAddress) return [];
    const units = name === "payMany" ? sum(args.amounts as bigint[]) : (args.amount as bigint);

    return [{ currency, from: caller, to: target, units, kind: "pull" }];
  }

  /** As payments: what is not ETH is pulled. */
  function fundings({ function: name, currency = ZeroAddress }: DecodedAction): Transfer[] {
    if (name !== "fund" || currency === ZeroAddress) return [];

    return [{ currency, from: caller, to: target, units: args.amount as bigint, kind: "pull" }];
  }
}

/** Returns how much leaves by transfers of one currency: what a contract takes was approved for it. */
export function totalOf(transfers: readonly Transfer[]): bigint {
  const unitsOf = (kind: Transfer["kind"], taker?: string) =>
    sum(transfers.flatMap((part) => (part.kind === kind && (taker ?? part.to) === part.to ? [part.units] : [])));
  const takers = new Set(transfers.flatMap(({ kind, to }) => (kind === "transfer" ? [] : [to])));
  const taken = [...takers].map((taker) => {
    const [approved, pulled] = [unitsOf("approval", taker), unitsOf("pull", taker)];
    if (approved > pulled) return approved;

    return pulled;
  });

  return unitsOf("transfer") + sum(taken);
}

/** A governor and its timelock hold money together: what one sends to the other has not left. */
export interface Purse {
  /** Of the timelock. */
  owner: string;
  accounts: readonly string[];
}

/** Returns the purses that proposals can spend. */
export function pursesOf(context: Context): Purse[] {
  return (["main", "safety"] satisfies GovernorName[]).map((name) => {
    const { governor, timelock } = governorOf(context, name);

    return { owner: String(timelock.target), accounts: [String(timelock.target), String(governor.target)] };
  });
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
