import { formatAmount } from "../amounts.js";
import type { Statement, StatementEntry } from "./statements.js";

const COLUMNS = [
  "time",
  "kind",
  "model",
  "currency",
  "symbol",
  "amount",
  "fee",
  "amount units",
  "fee units",
  "shares",
  "source",
  "counterparty",
  "block",
  "log",
  "transaction",
];

/**
 * Writes a statement's entries as CSV (RFC 4180): a header, and a line for each entry, in order. Amounts are exact, once as
 * people write them and once in the currency's smallest units. What a token calls itself can make no formula of a cell.
 *
 * @example
 * await writeFile("2026.csv", statementCsv(await history.statementOf({ account, from, to })));
 */
export function statementCsv({ entries, currencies }: Statement): string {
  const known = new Map(currencies.map((currency) => [currency.currency, currency]));
  const rows = entries.map((entry) => rowOf(entry, known));

  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function rowOf(entry: StatementEntry, currencies: ReadonlyMap<string, Statement["currencies"][number]>): string[] {
  const currency = "currency" in entry ? currencies.get(entry.currency) : undefined;
  const written = (units: bigint) => (currency === undefined ? "" : formatAmount(units, currency.decimals));
  const amount = "amount" in entry ? entry.amount : undefined;
  const fee = "fee" in entry ? entry.fee : undefined;
  const source = "source" in entry ? entry.source : "place" in entry ? entry.place : "";

  return [
    new Date(entry.time * 1_000).toISOString(),
    entry.kind,
    "model" in entry ? entry.model : "",
    currency?.currency ?? "",
    currency?.symbol ?? "",
    amount === undefined ? "" : written(amount),
    fee === undefined ? "" : written(fee),
    String(amount ?? ""),
    String(fee ?? ""),
    "units" in entry ? String(entry.units) : "",
    source,
    entry.counterparty,
    String(entry.block),
    String(entry.logIndex),
    entry.transaction,
  ];
}

/** Spreadsheets take what begins so for a formula, and some skip spaces before it. */
const FORMULA = /^[\s]*[=+\-@\t\r\n|%]/;

function cell(value: string): string {
  const harmless = FORMULA.test(value) ? `'${value}` : value;

  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
