import { ModelHeaderInvalid } from "./errors.js";
import type { RandomAccess } from "./sources.js";

/** Reads a header from its start, by ranges that grow, and stops where a header cannot reach. */
export interface Cursor {
  /** In the file, in bytes. */
  position(): number;
  /** Returns the next bytes. They are valid until the next call. */
  take(length: number): Promise<DataView<ArrayBuffer>>;
  skip(length: number): void;
  /** Counts what is kept in memory, and throws when it is too much. */
  count(items: number): void;
  fail(problem: string): never;
}

const SMALLEST_READ = 2 ** 16;
const LARGEST_READ = 2 ** 22;

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function cursorOf(
  source: RandomAccess,
  format: ModelHeaderInvalid["format"],
  { maxBytes, maxItems }: { maxBytes: number; maxItems: number },
): Cursor {
  let page: Uint8Array<ArrayBuffer> = new Uint8Array();
  let pageStart = 0;
  let position = 0;
  let read = 0;
  let items = 0;
  let ahead = SMALLEST_READ;

  const fail = (problem: string): never => {
    throw new ModelHeaderInvalid(format, problem);
  };

  return {
    position: () => position,
    async take(length) {
      if (length > source.size - position) fail(`it ends at byte ${source.size}, in the middle of something`);
      const end = position + length;
      if (position < pageStart || end > pageStart + page.length) {
        if (read + length > maxBytes) fail(`it has more than ${maxBytes} bytes`);
        // What was jumped over was long: what follows may be short.
        ahead = position > pageStart + page.length ? SMALLEST_READ : Math.min(2 * ahead, LARGEST_READ);
        const wanted = Math.min(Math.max(length, ahead), source.size - position, maxBytes - read);
        pageStart = position;
        page = await source.read(position, wanted);
        read += wanted;
      }
      const view = new DataView(page.buffer, page.byteOffset + position - pageStart, length);
      position = end;

      return view;
    },
    skip(length) {
      if (length > source.size - position) fail(`it ends at byte ${source.size}, in the middle of something`);
      position += length;
    },
    count(more) {
      items += more;
      if (items > maxItems) fail(`it has more than ${maxItems} entries`);
    },
    fail,
  };
}

/** Reads a length or count of 64 bits, little-endian. */
export async function takeLength(cursor: Cursor): Promise<number> {
  const value = (await cursor.take(8)).getBigUint64(0, true);

  return value > BigInt(Number.MAX_SAFE_INTEGER) ? cursor.fail(`it has a length of ${value}`) : Number(value);
}

/** Reads text of a given length. */
export async function takeText(cursor: Cursor, length: number): Promise<string> {
  const bytes = await cursor.take(length);
  try {
    return text.decode(bytes);
  } catch {
    return cursor.fail("it has a text that is no UTF-8");
  }
}

/** Throws when two tensors share bytes, or one ends behind the file. */
export function checkPlaces(
  places: readonly { name: string; offset: number; length: number }[],
  end: number,
  fail: (problem: string) => never,
): void {
  let previous = { name: "", end: 0 };
  for (const { name, offset, length } of [...places].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    if (offset < previous.end) fail(`its tensors ${short(previous.name)} and ${short(name)} overlap`);
    if (length > end - offset) fail(`its tensor ${short(name)} ends behind the file`);
    previous = { name, end: offset + length };
  }
}

/** Multiplies lengths; fails where the product cannot be exact. */
export function productOf(shape: readonly number[], fail: (problem: string) => never): number {
  let product = 1;
  for (const length of shape) {
    product *= length;
    if (!Number.isSafeInteger(product)) fail(`it has a tensor of the shape ${shape.slice(0, 16).join(" × ")}`);
  }

  return product;
}

/** Names may be of any length. */
export function short(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}
