import { addressOf } from "../arguments.js";
import { type Currency, currencyAddress } from "../currencies.js";
import { InvalidArgument } from "../errors.js";
import type { Hosting } from "../deposits.js";
import { hostingsOf } from "./hosts.js";
import { type Line, linesOf } from "./lines.js";
import type { StatementOptions } from "./reader.js";
import { type Claimed, compare, type HistoryState } from "./state.js";
import type { HostBalance, Statement, StatementBalance, StatementEntry } from "./statements.js";
import type { Times } from "./times.js";

/** See {@link HistoryReader.statementOf}. */
export async function statementOf(
  state: HistoryState,
  times: Times,
  { account: who, from, to, signal }: StatementOptions,
): Promise<Statement> {
  const { source, asOf, events } = state;
  const account = addressOf(who, "account");
  const begin = secondsOf(from ?? 0, "from");
  const end = secondsOf(to ?? asOf.time + 1, "to");
  if (end < begin) throw new InvalidArgument("to", end, `a time that is not before from (${begin})`);

  const first = await times.firstBlockAt(begin, asOf, signal);
  const next = await times.firstBlockAt(end, asOf, signal);
  const hostings = hostingsOf(events, source.addresses.RoyaltyLedger, account);
  const lines = linesOf(events, { account, addresses: source.addresses, hostings });
  const all = balancesOf(lines, 0, asOf.block + 1);
  await compare(state, () => viewsOf(state, account, all, hostings));

  const within = lines.filter(({ block }) => block >= first && block < next);
  const timeOf = await times.of(within, signal);
  const { balances, hostBalances } = balancesOf(lines, first, next);
  const occurring = new Set([...balances, ...hostBalances].map(({ currency }) => currency));

  return {
    account,
    from: begin,
    to: end,
    entries: within.map((line) => entryOf(line, timeOf(line))),
    balances,
    hostBalances,
    currencies: await Promise.all([...occurring].map(source.describe)),
    asOf,
  };
}

function secondsOf(time: Date | number, argument: string): number {
  const seconds = time instanceof Date ? Math.ceil(time.getTime() / 1_000) : time;
  if (!Number.isInteger(seconds) || seconds < 0) {
    throw new InvalidArgument(argument, time, "a date, or whole seconds of Unix time");
  }

  return seconds;
}

function entryOf({ blockHash: _, ...line }: Line, time: number): StatementEntry {
  return { ...line, time } as StatementEntry;
}

/* BALANCES */

type Balances = Pick<Statement, "balances" | "hostBalances">;

/** Adds up lines before `first`, and from there to before `next`. */
function balancesOf(lines: readonly Line[], first: number, next: number): Balances {
  const balances = new Map<string, StatementBalance>();
  const hostBalances = new Map<string, HostBalance>();
  for (const line of lines) {
    if (line.block >= next) break;
    if ("units" in line) continue;
    const begins = line.block < first;
    if (line.kind === "hostIncome" || line.kind === "hostClaim") addToHost(hostBalances, line, begins);
    else addToHolder(balances, line, begins);
  }

  return { balances: [...balances.values()], hostBalances: [...hostBalances.values()] };
}

type LineOf<Kind extends Line["kind"]> = Extract<Line, { kind: Kind }>;

/** In which sum a line goes. */
const SUMS = { income: "income", claim: "claimed", carriedIn: "carriedIn", carriedOut: "carriedOut" } as const;

function addToHolder(
  balances: Map<string, StatementBalance>,
  line: LineOf<keyof typeof SUMS>,
  isBefore: boolean,
): void {
  const { model, currency, kind, amount } = line;
  const key = model + currency;
  const none = { opening: 0n, income: 0n, fee: 0n, claimed: 0n, carriedIn: 0n, carriedOut: 0n, closing: 0n };
  const balance = balances.get(key) ?? { model, currency, ...none };
  balances.set(key, balance);

  const change = kind === "income" || kind === "carriedIn" ? amount : -amount;
  balance.closing += change;
  if (isBefore) {
    balance.opening += change;
    return;
  }
  balance[SUMS[kind]] += amount;
  if (kind === "income") balance.fee += line.fee;
}

function addToHost(
  balances: Map<string, HostBalance>,
  line: LineOf<"hostIncome" | "hostClaim">,
  isBefore: boolean,
): void {
  const { place, currency, amount } = line;
  const deposit = place === "channels" ? undefined : line.kind === "hostIncome" ? line.counterparty : line.deposit;
  const key = (deposit ?? place) + currency;
  const balance = balances.get(key) ?? {
    ...{ place, currency, opening: 0n, income: 0n, claimed: 0n, closing: 0n },
    ...(deposit === undefined ? {} : { deposit }),
  };
  balances.set(key, balance);

  const change = line.kind === "hostIncome" ? amount : -amount;
  balance.closing += change;
  if (isBefore) balance.opening += change;
  else balance[line.kind === "hostIncome" ? "income" : "claimed"] += amount;
}

/** What the contracts say can be claimed now, of all of which the account ever had shares, and as a host. */
function viewsOf(
  { source: { ledger, channels }, asOf, replay }: HistoryState,
  account: string,
  { balances, hostBalances }: Balances,
  hostings: ReadonlyMap<string, Hosting>,
): Claimed[] {
  const at = { blockTag: asOf.block };
  const closing = new Map(balances.map((balance) => [balance.model + balance.currency, balance.closing]));
  const held = [...replay.models.values()].filter(({ positions }) => positions.has(account));
  const ofHost = (deposit: string | undefined, currency: Currency) => {
    const hosting = hostings.get(deposit ?? "");

    return hosting === undefined
      ? channels.owedToHost(account, currencyAddress(currency), at)
      : ledger.claimableByHost(hosting, currencyAddress(currency), at);
  };

  return [
    ...held.flatMap(({ model, books }) =>
      [...books.keys()].map((currency) => ({
        what: `what ${account} can claim of model ${model} in ${currency}`,
        rebuilt: closing.get(model + currency) ?? 0n,
        view: ledger.claimable(account, model, currencyAddress(currency), at),
      })),
    ),
    ...hostBalances.map(({ deposit, currency, closing: rebuilt }) => ({
      what: `what ${account} can claim as a host in ${currency}`,
      rebuilt,
      view: ofHost(deposit, currency),
    })),
  ];
}
