import { pathToFileURL } from "node:url";
import { storeAt } from "../../../gateway/src/channels/index.js";

/** As a process of its own: puts a record into a store, says so, and keeps the store open until it is killed. */
async function main([place, record]: string[]): Promise<void> {
  const store = storeAt(place);
  await store.open();
  await store.put(JSON.parse(record));
  process.send?.("stored");
  setInterval(() => {}, 1_000);
}

// Mocha loads every file of the tests.
if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(process.argv.slice(2));
