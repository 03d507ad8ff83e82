import { ZeroAddress } from "ethers";
import type { Currency } from "../currencies.js";
import type { Hosting } from "../deposits.js";
import type { EventOf, Place, ProtocolEvent } from "./events.js";
import { createReplay, type Replay } from "./replay.js";
import type { HistorySource } from "./source.js";
import type { IncomeSource, StatementEntry } from "./statements.js";

const TOTAL_SHARES = 1_000_000n;

/** A line of a statement before its time is known. */
export type Line = Place & Details;
type Details = StatementEntry extends infer Entry
  ? Entry extends StatementEntry
    ? Omit<Entry, "block" | "time" | "transaction" | "logIndex">
    : never
  : never;

/** Whose lines are wanted. */
export interface LinesQuestion {
  account: string;
  addresses: HistorySource["addresses"];
  /** The account's own addresses as a host. */
  hostings: ReadonlyMap<string, Hosting>;
}

/**
 * Goes through all events and returns what each did to one account.
 *
 * The ledger counts in millionths of a unit and pays in units. A line has the units by which it changed what can be claimed,
 * so that lines sum to what the ledger says, whatever fractions they left.
 */
export function linesOf(events: readonly ProtocolEvent[], question: LinesQuestion): Line[] {
  const replay = createReplay();
  const lines: Line[] = [];
  const feeOf = feeMeter(replay, question.account);
  const hostLine = hostLinesOf(question);
  for (const event of events) {
    const { block, blockHash, transaction, logIndex } = event;
    const place = { block, blockHash, transaction, logIndex };
    for (const line of [...holderLines(event, question, replay, feeOf), ...hostLine(event)]) {
      lines.push({ ...place, ...line });
    }
  }

  return lines;
}

/* SHARES */

type FeeMeter = ReturnType<typeof feeMeter>;

/** Applies an event, and returns what it did to the account as a holder of shares. */
function holderLines(
  event: ProtocolEvent,
  { account, addresses }: LinesQuestion,
  replay: Replay,
  feeOf: FeeMeter,
): Details[] {
  const credited = creditOf(event, addresses);
  const model = credited?.model ?? ("model" in event ? event.model : ZeroAddress);
  const held = replay.models.get(model);
  const concerns =
    credited !== undefined
      ? held?.positions.has(account)
      : event.event === "claimed"
        ? event.holder === account
        : event.event === "sharesTransferred" && (event.from === account) !== (event.to === account);
  if (!concerns) {
    replay.apply(event);
    return [];
  }

  const currencies = "currency" in event ? [event.currency] : [...(held?.books.keys() ?? [])];
  const before = currencies.map((currency) => replay.claimable(account, model, currency));
  const fees = credited === undefined ? undefined : feeOf(model, credited.currency);
  replay.apply(event);
  const changes = currencies.map((currency, i) => ({
    currency,
    amount: replay.claimable(account, model, currency) - before[i],
  }));

  if (credited !== undefined) {
    const { currency, source, counterparty } = credited;
    const [{ amount }] = changes;
    const fee = fees?.() ?? 0n;

    return amount === 0n && fee === 0n ? [] : [{ kind: "income", model, currency, amount, fee, source, counterparty }];
  }
  if (event.event === "claimed") {
    return [{ kind: "claim", model, currency: event.currency, amount: event.amount, counterparty: event.to }];
  }

  return transferLines(event as EventOf<"sharesTransferred">, account, changes);
}

function transferLines(
  { model, from = ZeroAddress, to, units }: EventOf<"sharesTransferred">,
  account: string,
  changes: readonly { currency: Currency; amount: bigint }[],
): Details[] {
  const isIn = to === account;
  const counterparty = isIn ? from : to;
  const carried = changes
    .filter(({ amount }) => amount !== 0n)
    .map(({ currency, amount }) => ({
      ...{ kind: isIn ? ("carriedIn" as const) : ("carriedOut" as const), model, currency, counterparty },
      amount: isIn ? amount : -amount,
    }));

  return units === 0 ? carried : [{ kind: isIn ? "sharesIn" : "sharesOut", model, units, counterparty }, ...carried];
}

/** Returns which books an event adds to, and by which way. */
function creditOf(
  event: ProtocolEvent,
  { LicenseStore, UsageChannels, Stakeholding }: HistorySource["addresses"],
): { model: string; currency: Currency; source: IncomeSource; counterparty: string } | undefined {
  if (event.event === "paid") {
    const { model, currency, payer: counterparty } = event;
    const ways = new Map<string, IncomeSource>([
      [LicenseStore, "license"],
      [UsageChannels, "usage"],
      [Stakeholding, "reward"],
    ]);

    return { model, currency, source: ways.get(counterparty) ?? "payment", counterparty };
  }
  if (event.event === "swept") {
    return { model: event.model, currency: event.currency, source: "deposit", counterparty: event.deposit };
  }
  if (event.event === "royaltyPassed") {
    return { model: event.parent, currency: event.currency, source: "royalty", counterparty: event.model };
  }
  if (event.event === "booksClosed") {
    return { model: event.model, currency: event.currency, source: "retirement", counterparty: event.model };
  }

  return undefined;
}

/** Measures the protocol fee that an account's shares bear, in units whose fractions are carried. */
function feeMeter(replay: Replay, account: string) {
  const borne = new Map<string, bigint>();

  return (model: string, currency: Currency) => {
    const before = replay.feeOf(model, currency);

    return () => {
      const units = replay.models.get(model)?.positions.get(account)?.units ?? 0n;
      const key = model + currency;
      const millionths = borne.get(key) ?? 0n;
      const now = millionths + (replay.feeOf(model, currency) - before) * units;
      borne.set(key, now);

      return now / TOTAL_SHARES - millionths / TOTAL_SHARES;
    };
  };
}

/* HOSTS */

/** Returns what an event did to the account as a host. */
function hostLinesOf({ account, hostings }: LinesQuestion) {
  const currencyOf = new Map<string, Currency>();

  return (event: ProtocolEvent): Details[] => {
    if (event.event === "channelOpened") currencyOf.set(event.channelId, event.currency);
    if (event.event === "swept" && event.hostPart > 0n && hostings.has(event.deposit)) {
      const { model, currency, hostPart: amount, deposit: counterparty } = event;

      return [{ kind: "hostIncome", model, currency, amount, place: "deposit", counterparty }];
    }
    if (event.event === "voucherRedeemed" && event.host === account && event.hostPart > 0n) {
      const { model, hostPart: amount, channelId: counterparty } = event;
      // A channel is opened before it is redeemed.
      const currency = currencyOf.get(counterparty) as Currency;

      return [{ kind: "hostIncome", model, currency, amount, place: "channels", counterparty }];
    }
    if (event.event === "hostClaimed" && event.host === account) {
      const { currency, amount, to: counterparty, deposit } = event;

      return [{ kind: "hostClaim", currency, amount, place: "deposit", deposit, counterparty }];
    }
    if (event.event === "hostPaid" && event.host === account) {
      const { currency, amount, to: counterparty } = event;

      return [{ kind: "hostClaim", currency, amount, place: "channels", counterparty }];
    }

    return [];
  };
}
