import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Posted } from "./ballots.js";
import type { Use } from "./limits.js";
import type { Entry } from "./queue.js";

/** A ballot as the journal keeps it. */
export type Kept = Posted & Pick<Entry, "id" | "block">;

/** A file that knows, line by line, what was taken, what came to an end, and what was used of the day's limits. */
export interface Journal {
  /** What was taken and had not come to an end when the journal was opened. */
  readonly kept: readonly Kept[];
  /** What had been used on the last day that it knows of, once for each key. */
  readonly used: readonly Use[];
  add(entry: Kept): void;
  finish(id: string): void;
  use(use: Use): void;
}

/** For a relayer without a file. */
export const noJournal: Journal = { kept: [], used: [], add: () => {}, finish: () => {}, use: () => {} };

/** Opens a journal, or begins one, and drops from it what has come to an end, and the days before the last. */
export function openJournal(path: string): Journal {
  const kept = new Map<string, Kept>();
  const used = new Map<string, Use>();
  for (const line of existsSync(path) ? readFileSync(path, "utf8").split("\n") : []) {
    const record = parse(line);
    if (record === undefined) continue;
    if ("finished" in record) kept.delete(record.finished);
    else if ("day" in record) addUse(used, record);
    else kept.set(record.id, record);
  }

  const write = (record: object) => appendFileSync(path, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  const records = [...kept.values(), ...used.values()];
  writeFileSync(`${path}.new`, records.map((record) => `${JSON.stringify(record)}\n`).join(""), { mode: 0o600 });
  renameSync(`${path}.new`, path);

  return {
    kept: [...kept.values()],
    used: [...used.values()],
    add: ({ id, block, governor, ballot }) => write({ id, block, governor, ballot }),
    finish: (finished) => write({ finished }),
    use: ({ day, key, amount }) => write({ day, key, amount }),
  };
}

/** Keeps one day only, the last. */
function addUse(used: Map<string, Use>, { day, key, amount }: Use): void {
  const [first] = used.values();
  if (first !== undefined && day < first.day) return;
  if (first !== undefined && day > first.day) used.clear();
  used.set(key, { day, key, amount: String(BigInt(used.get(key)?.amount ?? 0) + BigInt(amount)) });
}

/** The last line may be half a line, if the power went. */
function parse(line: string): Kept | Use | { finished: string } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
