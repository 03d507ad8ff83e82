import { readFile, rename, writeFile } from "node:fs/promises";
import { turns } from "../channels/turns.js";
import type { ChannelStorage } from "./storage.js";

/**
 * Returns a storage in a file, for Node. One program uses it at a time.
 *
 * @param file Its path; another with `.new` is beside it while it is written.
 */
export function fileStorage(file: string): ChannelStorage {
  const inTurn = turns();
  let items: Record<string, string> | undefined;

  async function load(): Promise<Record<string, string>> {
    items ??= await readFile(file, "utf8").then(
      (text) => JSON.parse(text),
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return {};
        throw error;
      },
    );

    return items as Record<string, string>;
  }

  return {
    getItem: (key) => inTurn(async () => (await load())[key] ?? null),
    setItem: (key, value) =>
      inTurn(async () => {
        const all = await load();
        all[key] = value;
        await writeFile(`${file}.new`, JSON.stringify(all));
        await rename(`${file}.new`, file);
      }),
  };
}
