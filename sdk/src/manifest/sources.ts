import { InvalidArgument } from "../errors.js";
import { FileUnreadable, RangeRefused } from "./errors.js";

/** Something whose bytes can be read from anywhere: a file, a Blob, or a file on a server. */
export interface RandomAccess {
  /** Bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes from `offset` on; both lie within the size. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Reads a Blob's bytes from anywhere, such as those of a file that a person chose.
 *
 * @example
 * const header = await readHeader(blobSource(input.files[0]));
 */
export function blobSource(blob: Blob): RandomAccess {
  return {
    size: blob.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      if (bytes.length !== length) throw new FileUnreadable("The blob", "it ends before its size");

      return bytes;
    },
  };
}

/**
 * Reads a file on a server by ranges (RFC 9110). Never takes more than what it asked for.
 *
 * @param url Its address. Redirections are followed.
 * @throws {RangeRefused} when the server does not give ranges, or the file changes on the way.
 * @example
 * const header = await readHeader(await urlSource("https://example.org/model.safetensors"));
 */
export async function urlSource(
  url: string,
  options: { fetch?: typeof globalThis.fetch; signal?: AbortSignal } = {},
): Promise<RandomAccess> {
  const { fetch = globalThis.fetch, signal } = options;
  const request = async (from: number, to: number) => {
    // No other header: a page would have to ask the server first whether it may send it.
    const response = await fetch(url, { headers: { Range: `bytes=${from}-${to}` }, signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new RangeRefused(url, error instanceof Error ? error.message : String(error), { cause: error });
    });
    const stated = response.headers.get("content-range");
    const [, start, end, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(stated ?? "")?.map(Number) ?? [];
    if (response.status !== 206 || start !== from || end !== to) {
      await response.body?.cancel();
      throw new RangeRefused(url, `status ${response.status}, content-range ${stated}`);
    }

    return { response, size, etag: response.headers.get("etag") };
  };

  const first = await request(0, 0);
  await first.response.body?.cancel();

  return {
    size: first.size,
    read: async (offset, length) => {
      if (length === 0) return new Uint8Array();
      const { response, size, etag } = await request(offset, offset + length - 1);
      if (size !== first.size || etag !== first.etag) {
        await response.body?.cancel();
        throw new RangeRefused(url, "the file is another one than before");
      }

      return readExactly({ url, signal }, response, length);
    },
  };
}

/** Reads a body that has to be so long, and no further if it is longer. */
async function readExactly(
  { url, signal }: { url: string; signal: AbortSignal | undefined },
  response: Response,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  const reader = response.body?.getReader();
  const next = () =>
    reader?.read().catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new RangeRefused(url, "the connection was lost", { cause: error });
    });
  let filled = 0;
  for (let read = await next(); read !== undefined && !read.done; read = await next()) {
    if (filled + read.value.length > length) {
      await reader?.cancel();
      throw new RangeRefused(url, `the body is longer than ${length} bytes`);
    }
    bytes.set(read.value, filled);
    filled += read.value.length;
  }
  if (filled !== length) throw new RangeRefused(url, `the body ends after ${filled} of ${length} bytes`);

  return bytes;
}

/**
 * Throws unless a range has at least a byte and lies within a file; a file without bytes has one range, without bytes.
 *
 * @throws {InvalidArgument} when it does not.
 */
export function checkRange(size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new InvalidArgument("size", size, "a number of bytes");
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
    throw new InvalidArgument("offset", offset, `a number of bytes within the file's ${size}`);
  }
  if (!Number.isSafeInteger(length) || length < Math.min(1, size) || offset + length > size) {
    throw new InvalidArgument("length", length, `at least one byte, and at most the ${size - offset} that are left`);
  }
}
