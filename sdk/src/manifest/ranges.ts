import { InvalidArgument } from "../errors.js";
import { RangeUnproved } from "./errors.js";
import { hashStream } from "./hashing.js";
import { fromHex, toHex, webOnce } from "./sha256.js";
import { checkRange, type RandomAccess } from "./sources.js";
import { CHUNK_SIZE, HASH, isChunkSize, leafBuffer, nodeHash, splitOf } from "./tree.js";

/** Bytes of a file with a proof that they are the file's. */
export interface ProvedRange {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * What the first chunk has before the bytes, what the last one has after them, and then the hashes of the largest subtrees
   * that have none of these chunks, from left to right. How long each part is follows from the range.
   */
  readonly proof: Uint8Array<ArrayBuffer>;
}

/**
 * Proves that a range of bytes is a file's, by as few hashes as there can be: at most two for each doubling of its chunks.
 *
 * @param request.source The file.
 * @param request.offset First byte; `request.length` how many, at least 1.
 * @param request.chunkSize As in the manifest.
 * @param request.leaves What hashing the file returned; without them all of the file is read.
 * @throws {InvalidArgument} when the range is not within the file, or the leaves are not those of so many chunks.
 * @example
 * const { bytes, proof } = await proveRange({ source: blobSource(blob), offset: 100, length: 50 });
 */
export async function proveRange(request: {
  source: RandomAccess;
  offset: number;
  length: number;
  chunkSize?: number;
  leaves?: Uint8Array<ArrayBuffer>;
  signal?: AbortSignal;
}): Promise<ProvedRange> {
  const { source, offset, length, chunkSize = CHUNK_SIZE, signal } = request;
  const cover = coverOf({ size: source.size, chunkSize, offset, length });
  const leaves = request.leaves ?? (await leavesOf(source, chunkSize, signal));
  if (leaves.length !== HASH * cover.chunks) {
    throw new InvalidArgument("leaves", leaves.length, `${HASH} bytes for each of ${cover.chunks} chunks`);
  }

  const once = await webOnce();
  const root = async (from: number, to: number): Promise<Uint8Array> => {
    if (to - from === 1) return leaves.subarray(HASH * from, HASH * to);
    const middle = from + splitOf(to - from);

    return nodeHash(once, await root(from, middle), await root(middle, to));
  };
  const hashes: Uint8Array[] = [];
  await walk(cover, {
    inside: async () => NOTHING,
    outside: async (from, to) => {
      hashes.push(await root(from, to));

      return NOTHING;
    },
    join: async () => NOTHING,
  });

  const covered = await source.read(cover.start, cover.end - cover.start);
  const [begin, end] = [offset - cover.start, offset - cover.start + length];

  return {
    offset,
    bytes: covered.slice(begin, end),
    proof: joined([covered.subarray(0, begin), covered.subarray(end), ...hashes]),
  };
}

/**
 * Checks that bytes are those that a file has at an offset: a few of them, or a whole shard. Returns if they are.
 *
 * @param claim.root The file's `chunkRoot` in the manifest. Take `claim.size` and `claim.chunkSize` from there too: a proof
 * need not show them.
 * @param claim.bytes What is checked; `claim.offset` where it begins in the file.
 * @param claim.proof What {@link proveRange} returned. It may come from anybody.
 * @throws {RangeUnproved} when the proof does not show it.
 * @throws {InvalidArgument} when the range is not within the file.
 * @example
 * await verifyRange({ root: file.chunkRoot, size: file.size, chunkSize: manifest.chunkSize, offset, bytes, proof });
 */
export async function verifyRange(claim: {
  root: string;
  size: number;
  chunkSize?: number;
  offset: number;
  bytes: Uint8Array;
  proof: Uint8Array;
}): Promise<void> {
  const { root, size, chunkSize = CHUNK_SIZE, offset, bytes, proof } = claim;
  if (!/^[0-9a-f]{64}$/.test(root)) throw new InvalidArgument("root", root, "64 hexadecimal digits in lower case");
  const cover = coverOf({ size, chunkSize, offset, length: bytes.length });
  const before = offset - cover.start;
  const after = cover.end - offset - bytes.length;
  const expected = before + after + HASH * hashesOf(cover);
  if (proof.length !== expected) {
    throw new RangeUnproved(`the proof has ${proof.length} bytes, and one of this range has ${expected}`);
  }

  const once = await webOnce();
  const parts = [proof.subarray(0, before), bytes, proof.subarray(before, before + after)];
  const buffer = leafBuffer(Math.min(chunkSize, cover.end - cover.start));
  let next = before + after;
  const computed = await walk(cover, {
    inside: async (chunk) => {
      const length = Math.min(chunkSize, size - chunk * chunkSize);
      fill(buffer.subarray(1, 1 + length), parts);

      return await once(buffer.subarray(0, 1 + length));
    },
    outside: async () => {
      next += HASH;

      return proof.subarray(next - HASH, next);
    },
    join: (left, right) => nodeHash(once, left, right),
  });
  const found = computed ?? (await once(new Uint8Array()));
  if (toHex(found) !== root) throw new RangeUnproved(`they lead to the root ${toHex(found)} and not to ${root}`);
}

/** The chunks that a range touches: those from `first` up to `last`, which is not one of them. */
interface Cover {
  readonly chunks: number;
  readonly first: number;
  readonly last: number;
  /** In bytes. */
  readonly start: number;
  readonly end: number;
}

interface Visitor {
  inside(chunk: number): Promise<Uint8Array>;
  outside(from: number, to: number): Promise<Uint8Array>;
  join(left: Uint8Array, right: Uint8Array): Promise<Uint8Array>;
}

const NOTHING = fromHex("");

function coverOf(range: { size: number; chunkSize: number; offset: number; length: number }): Cover {
  const { size, chunkSize, offset, length } = range;
  if (!isChunkSize(chunkSize)) throw new InvalidArgument("chunkSize", chunkSize, "the chunkSize of the manifest");
  checkRange(size, offset, length);
  const first = Math.floor(offset / chunkSize);
  const last = Math.ceil((offset + length) / chunkSize);

  return {
    ...{ chunks: Math.ceil(size / chunkSize), first, last },
    ...{ start: first * chunkSize, end: Math.min(last * chunkSize, size) },
  };
}

/** Goes through the tree from left to right, into no subtree without a chunk of the range. Returns undefined without leaves. */
async function walk(
  { chunks, first, last }: Cover,
  { inside, outside, join }: Visitor,
): Promise<Uint8Array | undefined> {
  const visit = async (from: number, to: number): Promise<Uint8Array> => {
    if (to <= first || from >= last) return outside(from, to);
    if (to - from === 1) return inside(from);
    const middle = from + splitOf(to - from);
    const left = await visit(from, middle);

    return join(left, await visit(middle, to));
  };

  return chunks === 0 ? undefined : visit(0, chunks);
}

/** Counts the hashes of a proof. */
function hashesOf({ chunks, first, last }: Cover): number {
  const count = (from: number, to: number): number => {
    if (to <= first || from >= last) return 1;
    if (from >= first && to <= last) return 0;
    const middle = from + splitOf(to - from);

    return count(from, middle) + count(middle, to);
  };

  return chunks === 0 ? 0 : count(0, chunks);
}

/** Fills a buffer from the first of the parts that have bytes, and takes these from them. */
function fill(buffer: Uint8Array, parts: Uint8Array[]): void {
  for (let filled = 0; filled < buffer.length;) {
    const part = parts[0].subarray(0, buffer.length - filled);
    buffer.set(part, filled);
    filled += part.length;
    parts[0] = parts[0].subarray(part.length);
    if (parts[0].length === 0) parts.shift();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }

  return all;
}

async function leavesOf(
  source: RandomAccess,
  chunkSize: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  async function* pieces() {
    for (let offset = 0; offset < source.size; offset += chunkSize) {
      yield await source.read(offset, Math.min(chunkSize, source.size - offset));
    }
  }

  return (await hashStream(pieces(), { path: "source", chunkSize, signal })).leaves;
}
