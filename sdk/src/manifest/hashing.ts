import { InvalidArgument } from "../errors.js";
import { FileChanged, FileUnreadable } from "./errors.js";
import { checkPath } from "./paths.js";
import { type Hashing, toHex, webHashing } from "./sha256.js";
import { CHUNK_SIZE, HASH, isChunkSize, leafBuffer, treeOf } from "./tree.js";
import type { ManifestFile } from "./types.js";

/** Of a Blob, in bytes: large enough for speed, small enough for memory. */
const SLICE = 2 ** 21;

/** How far a file is hashed. */
export interface HashProgress {
  readonly path: string;
  /** Hashed so far. */
  readonly bytes: number;
  /** Of the file; undefined if it is not known before its end. */
  readonly total: number | undefined;
}

export interface HashOptions {
  /** What the manifest calls the file. */
  path: string;
  /** Bytes: a power of two from 1 KiB to 64 MiB; 1 MiB if left out. All files of a manifest have the same. */
  chunkSize?: number;
  /** Stops the work, which then throws the signal's reason. */
  signal?: AbortSignal;
  /** Called after each chunk, and at the end. */
  onProgress?: (progress: HashProgress) => void;
}

/** A file's entry in a manifest, with the hashes of its chunks, of which proofs are made. */
export interface HashedFile extends ManifestFile {
  /** 32 bytes for each chunk. They are no part of the manifest. */
  readonly leaves: Uint8Array<ArrayBuffer>;
}

/** Bytes that come piece by piece. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

/**
 * Hashes a stream for a manifest: one pass gives its size, its sha-256 and the root over its chunks. Holds one chunk in memory.
 *
 * @param stream Bytes, in pieces of any size; of a Node stream, those that have no encoding set.
 * @throws {FilePathInvalid} when the path cannot stand in a manifest.
 * @throws {InvalidArgument} when the chunk size is none.
 * @example
 * const { size, sha256, chunkRoot } = await hashStream(response.body, { path: "model.safetensors" });
 */
export async function hashStream(stream: ByteStream, options: HashOptions): Promise<HashedFile> {
  return hashWith(stream, options, await webHashing());
}

/**
 * Hashes a file that a person chose, or any other Blob, for a manifest. Holds a few chunks in memory, whatever the file's size.
 * It keeps the thread busy: on a page, use {@link hashInWorker}.
 *
 * @throws {FilePathInvalid} when the path cannot stand in a manifest.
 * @throws {FileUnreadable} when the browser cannot read the file any more.
 * @example
 * const file = await hashBlob(new Blob(["hello"]), { path: "hello.txt" });
 */
export async function hashBlob(blob: Blob, options: HashOptions): Promise<HashedFile> {
  const hashing = await webHashing();
  try {
    return await hashWith(slicesOf(blob), options, hashing, blob.size);
  } catch (error) {
    const lost = error instanceof DOMException && (error.name === "NotReadableError" || error.name === "NotFoundError");
    throw lost ? new FileUnreadable(options.path, error.message, { cause: error }) : error;
  }
}

/** Reads a Blob by slices, each while the one before is hashed: several times as fast as its stream. */
async function* slicesOf(blob: Blob): AsyncIterable<Uint8Array> {
  const read = (offset: number) => {
    const bytes = blob.slice(offset, offset + SLICE).arrayBuffer();
    // Who waits for it sees the failure; nobody may.
    void bytes.catch(() => {});

    return bytes;
  };
  const reads = [read(0)];
  for (let offset = 0; offset < blob.size; offset += SLICE) {
    reads.push(read(offset + SLICE));
    yield new Uint8Array((await reads.shift()) as ArrayBuffer);
  }
}

/** Hashes a stream with a given sha-256. */
export async function hashWith(
  stream: ByteStream,
  { path, chunkSize = CHUNK_SIZE, signal, onProgress }: HashOptions,
  { whole, once }: Hashing,
  total?: number,
): Promise<HashedFile> {
  checkPath(path);
  if (!isChunkSize(chunkSize)) {
    throw new InvalidArgument("chunkSize", chunkSize, "a power of two from 1,024 to 67,108,864 bytes");
  }
  signal?.throwIfAborted();

  const tree = treeOf(once);
  const leaves: Uint8Array[] = [];
  // Small files need little room.
  const chunk = leafBuffer(total === undefined ? chunkSize : Math.min(chunkSize, total));
  let filled = 0;
  let size = 0;
  // One chunk may still be hashed, on another thread, while the next one is read.
  const pending: (Uint8Array | Promise<Uint8Array>)[] = [];

  const settle = async () => {
    for (const hash of pending.splice(0)) {
      const leaf = await hash;
      leaves.push(leaf);
      await tree.push(leaf);
    }
  };
  const endChunk = async () => {
    await settle();
    pending.push(once(chunk.subarray(0, 1 + filled)));
    filled = 0;
    onProgress?.({ path, bytes: size, total });
    signal?.throwIfAborted();
  };

  for await (const piece of piecesOf(stream, signal)) {
    if (total !== undefined && size + piece.length > total) throw new FileChanged(path);
    whole.update(piece);
    for (let from = 0; from < piece.length;) {
      const part = piece.subarray(from, from + chunkSize - filled);
      chunk.set(part, 1 + filled);
      filled += part.length;
      size += part.length;
      from += part.length;
      if (filled === chunkSize) await endChunk();
    }
  }
  signal?.throwIfAborted();
  if (filled > 0) await endChunk();
  await settle();
  if (total !== undefined && size !== total) throw new FileChanged(path);
  if (size === 0) onProgress?.({ path, bytes: 0, total });

  const chunkRoot = toHex(await tree.root());

  return { path, size, sha256: toHex(whole.digest()), chunkRoot, leaves: concatenate(leaves) };
}

/** Reads a stream's pieces, and cancels it when the reader stops early. Not every browser's streams can be iterated. */
async function* piecesOf(stream: ByteStream, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  if (!("getReader" in stream)) {
    yield* stream;
    return;
  }
  const reader = stream.getReader();
  // Ends a read that waits for bytes, too.
  const cancel = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", cancel);
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}

function concatenate(hashes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(HASH * hashes.length);
  for (const [i, hash] of hashes.entries()) all.set(hash, HASH * i);

  return all;
}
