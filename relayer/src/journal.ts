import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Posted } from "./ballots.js";
import type { Entry } from "./queue.js";

/** A ballot as the journal keeps it. */
export type Kept = Posted & Pick<Entry, "id" | "block">;

/** A file that knows, line by line, what was taken and what came to an end. */
export interface Journal {
  /** What was taken and had not come to an end when the journal was opened. */
  readonly kept: readonly Kept[];
  add(entry: Kept): void;
  finish(id: string): void;
}

/** For a relayer without a file. */
export const noJournal: Journal = { kept: [], add: () => {}, finish: () => {} };

/** Opens a journal, or begins one, and drops from it what has come to an end. */
export function openJournal(path: string): Journal {
  const kept = new Map<string, Kept>();
  for (const line of existsSync(path) ? readFileSync(path, "utf8").split("\n") : []) {
    const record = parse(line);
    if (record === undefined) continue;
    if ("finished" in record) kept.delete(record.finished);
    else kept.set(record.id, record);
  }

  const write = (record: object) => appendFileSync(path, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  writeFileSync(`${path}.new`, [...kept.values()].map((record) => `${JSON.stringify(record)}\n`).join(""), {
    mode: 0o600,
  });
  renameSync(`${path}.new`, path);

  return {
    kept: [...kept.values()],
    add: ({ id, block, governor, ballot }) => write({ id, block, governor, ballot }),
    finish: (finished) => write({ finished }),
  };
}

/** The last line may be half a line, if the power went. */
function parse(line: string): Kept | { finished: string } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
