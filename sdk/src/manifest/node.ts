import { createHash, webcrypto } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareFiles, type FileContent, type FileDifferences } from "./differences.js";
import { FileChanged, FileUnreadable } from "./errors.js";
import { type ByteStream, type HashedFile, type HashOptions, hashWith } from "./hashing.js";
import { verify } from "./manifest.js";
import { byCodePoint, checkPath, checkTogether } from "./paths.js";
import type { Hashing } from "./sha256.js";
import type { RandomAccess } from "./sources.js";

export type { ByteStream, HashedFile, HashOptions, HashProgress } from "./hashing.js";

/** How many files are read at a time, and how much of each. */
const PARALLEL = 8;
const PIECE = 2 ** 20;

/** Bytes. */
const WORTH_A_THREAD = 2 ** 17;

/** What is left out of a folder, and what hashing takes. */
export interface DirectoryOptions extends Omit<HashOptions, "path"> {
  /** Paths within the folder, of files or folders. */
  ignore?: readonly string[];
}

/**
 * Hashes a file for a manifest, in one pass and with little memory, by Node's own sha-256.
 *
 * @param file Its path on the disk, or a handle, which stays open.
 * @throws {FileUnreadable} when it cannot be read, or is no file.
 * @throws {FileChanged} when it is written to meanwhile.
 * @throws {FilePathInvalid} when `path` cannot stand in a manifest.
 * @example
 * const file = await hashFile("/models/model.safetensors", { path: "model.safetensors" });
 */
export async function hashFile(file: string | FileHandle, options: HashOptions): Promise<HashedFile> {
  checkPath(options.path);
  if (typeof file !== "string") return hashHandle(file, options.path, options);
  const handle = await openForReading(file);
  try {
    return await hashHandle(handle, file, options);
  } finally {
    await handle.close();
  }
}

/**
 * Hashes a stream for a manifest by Node's own sha-256; `hashStream` of `@commonweal/sdk/manifest` is for browsers too.
 *
 * @throws {FilePathInvalid} when the path cannot stand in a manifest.
 * @example
 * const file = await hashStream(createReadStream("model.gguf"), { path: "model.gguf" });
 */
export async function hashStream(stream: ByteStream, options: HashOptions): Promise<HashedFile> {
  return hashWith(stream, options, nodeHashing());
}

/**
 * Hashes all files of a folder for a manifest, in the order of their paths. Paths are checked before anything is hashed.
 *
 * @throws {FilePathInvalid} when a path cannot stand in a manifest.
 * @throws {FileUnreadable} when something cannot be read, or is neither file nor folder, such as a link.
 * @example
 * const files = await hashDirectory("/models/mine", { ignore: [".git"] });
 */
export async function hashDirectory(folder: string, options: DirectoryOptions = {}): Promise<HashedFile[]> {
  const found = await entriesOf(folder, options);
  for (const [path, isFile] of found) {
    checkPath(path);
    if (!isFile) throw new FileUnreadable(join(folder, path), "it is neither a file nor a folder");
  }
  const paths = [...found.keys()].sort(byCodePoint);
  checkTogether(paths);

  return mapInParallel(paths, (path) => hashFile(join(folder, path), { ...options, path }));
}

/**
 * Compares a folder with a manifest, which is verified first.
 *
 * @param claim.digest What the registry has for the version.
 * @param claim.list The list of the files, if the manifest names one.
 * @returns What is missing, what is extra, and what was altered.
 * @throws {DigestMismatch} when manifest or list are not those that were registered.
 * @throws {ManifestInvalid} when they are no manifest, or no list.
 * @throws {FileUnreadable} when something listed is there and cannot be read.
 * @example
 * const { equal, missing, extra, altered } = await verifyDirectory("/models/mine", { manifest: text, digest });
 */
export async function verifyDirectory(
  folder: string,
  claim: { manifest: string | Uint8Array; digest: string; list?: string | Uint8Array } & Omit<
    DirectoryOptions,
    "chunkSize"
  >,
): Promise<FileDifferences> {
  const { signal, onProgress } = claim;
  const { manifest, files } = await verify(claim);
  const listed = new Set(files.map(({ path }) => path));
  const entries = await entriesOf(folder, claim);
  const options = { chunkSize: manifest.chunkSize, signal, onProgress };
  const found = await mapInParallel(
    [...entries],
    async ([path, isFile]): Promise<[string, FileContent | undefined]> => {
      // What is not listed need not be read.
      if (!isFile || !listed.has(path)) return [path, undefined];

      return [path, await hashFile(join(folder, path), { ...options, path })];
    },
  );

  return compareFiles(files, new Map(found));
}

/**
 * Opens a file to read its bytes from anywhere, such as its header. Close it when it is done with.
 *
 * @throws {FileUnreadable} when it cannot be read, or is no file.
 * @example
 * const file = await openFile("/models/model.gguf");
 * const { metadata } = await readHeader(file).finally(() => file.close());
 */
export async function openFile(path: string): Promise<RandomAccess & { close(): Promise<void> }> {
  const handle = await openForReading(path);
  const { size } = await handle.stat();

  return {
    size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) throw new FileChanged(path);
        filled += bytesRead;
      }

      return bytes;
    },
    close: () => handle.close(),
  };
}

async function openForReading(path: string): Promise<FileHandle> {
  // A pipe would wait for somebody to write to it.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw new FileUnreadable(path, reasonOf(error), { cause: error });
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();

  throw new FileUnreadable(path, "it is no file");
}

async function hashHandle(handle: FileHandle, name: string, options: HashOptions): Promise<HashedFile> {
  const before = await handle.stat({ bigint: true });
  const size = Number(before.size);
  const file = await hashWith(piecesOf(handle, name, size), options, nodeHashing(), size);
  const after = await handle.stat({ bigint: true });
  if (before.size !== after.size || before.mtimeNs !== after.mtimeNs) throw new FileChanged(options.path);

  return file;
}

/** Reads a file into the same memory again and again: who takes a piece is done with it before the next one. */
async function* piecesOf(handle: FileHandle, name: string, size: number): AsyncIterable<Uint8Array> {
  // With room for one byte more, the end shows at once.
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, size + 1));
  for (let position = 0; ;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position).catch((error: unknown) => {
      throw new FileUnreadable(name, reasonOf(error), { cause: error });
    });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

/** Large chunks are hashed on another thread, meanwhile this one does the file as a whole. */
function nodeHashing(): Hashing {
  return {
    whole: createHash("sha256"),
    once: (bytes) =>
      bytes.length < WORTH_A_THREAD
        ? createHash("sha256").update(bytes).digest()
        : webcrypto.subtle.digest("SHA-256", bytes).then((hash) => new Uint8Array(hash)),
  };
}

/** Returns what a folder has, by path with "/", and whether it is a file. Folders themselves are left out, links are not followed. */
async function entriesOf(folder: string, { ignore = [], signal }: DirectoryOptions): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  const ignored = new Set(ignore);
  const waiting = [""];
  for (let within = waiting.pop(); within !== undefined; within = waiting.pop()) {
    signal?.throwIfAborted();
    const path = join(folder, within);
    const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
      throw new FileUnreadable(path, reasonOf(error), { cause: error });
    });
    for (const entry of entries) {
      const name = within === "" ? entry.name : `${within}/${entry.name}`;
      if (ignored.has(name)) continue;
      if (entry.isDirectory()) waiting.push(name);
      else found.set(name, entry.isFile());
    }
  }

  return found;
}

/** Does some at a time; after a failure it begins no more. */
async function mapInParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      try {
        results[i] = await work(items[i]);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));

  return results;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
