import { InvalidArgument } from "../errors.js";
import type { AsOf, Page, PageOptions } from "./reader.js";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/**
 * Cuts a page out of a list.
 *
 * @param items In ascending order of their places.
 * @param placeOf Where an item stands in the order; no two stand at the same place.
 * @throws {InvalidArgument} when the cursor or the limit is not one.
 */
export function pageOf<Item>(
  items: readonly Item[],
  { after, limit = DEFAULT_LIMIT }: PageOptions,
  placeOf: (item: Item) => bigint,
  asOf: AsOf,
): Page<Item> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new InvalidArgument("limit", limit, "a whole number from 1 to 1,000");
  }
  if (after !== undefined && !/^\d{1,80}$/.test(after)) {
    throw new InvalidArgument("after", after, "the `next` of the page before");
  }

  const begin = after === undefined ? -1n : BigInt(after);
  const rest = items.filter((item) => placeOf(item) > begin);
  const page = rest.slice(0, limit);

  return { items: page, ...(rest.length > limit ? { next: String(placeOf(page[limit - 1])) } : {}), asOf };
}

/**
 * Goes through all pages of a list, one after the other.
 *
 * @param read Reads the page that it is told.
 * @example
 * for await (const { model } of everyItem((page) => history.listModels({ ...page, kind: "dataset" }))) console.log(model);
 */
export async function* everyItem<Item>(
  read: (page: { after?: string }) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  for (let after: string | undefined; ;) {
    const { items, next } = await read(after === undefined ? {} : { after });
    yield* items;
    if (next === undefined) return;
    after = next;
  }
}
