/**
 * The fields that are bigints, wherever they stand in an answer: in JSON they are decimal strings. All other fields are what
 * JSON has. No other field has one of these names.
 */
const BIGINTS = new Set([
  "allocation",
  "amount",
  "carriedIn",
  "carriedOut",
  "claimed",
  "closing",
  "distributed",
  "fee",
  "hostPart",
  "income",
  "index",
  "license",
  "opening",
  "price",
  "received",
  "redeemed",
]);

/** Writes and reads answers of a {@link HistoryReader} as JSON: what is written and read is what was there before. */
export const historyJson = {
  /**
   * Writes an answer, or a question, as JSON: bigints as decimal strings, dates as seconds of Unix time.
   *
   * @example
   * await writeFile("statement.json", historyJson.stringify(statement));
   */
  stringify(answer: unknown): string {
    return JSON.stringify(answer, function (this: Record<string, unknown>, key, value: unknown) {
      const written = this[key];
      if (written instanceof Date) return Math.ceil(written.getTime() / 1_000);

      return typeof value === "bigint" ? String(value) : value;
    });
  },

  /**
   * Reads an answer that was written so.
   *
   * @throws {SyntaxError} when it is no JSON.
   * @example
   * const statement: Statement = historyJson.parse(await readFile("statement.json", "utf8"));
   */
  parse<Answer>(text: string): Answer {
    return JSON.parse(text, (key, value: unknown) =>
      BIGINTS.has(key) && typeof value === "string" && /^\d+$/.test(value) ? BigInt(value) : value,
    ) as Answer;
  },
};
