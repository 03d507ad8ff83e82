import type { Hashing } from "./sha256.js";

/** Of a hash, in bytes. */
export const HASH = 32;

/** What chunks of a file are long, in bytes, unless a manifest says otherwise. */
export const CHUNK_SIZE = 2 ** 20;

const LEAF = 0x00;
const NODE = 0x01;

type Once = Hashing["once"];

/** Tells whether a manifest may name this as the size of its chunks: powers of two from 1 KiB to 64 MiB. */
export function isChunkSize(size: unknown): size is number {
  return typeof size === "number" && Number.isInteger(Math.log2(size)) && size >= 2 ** 10 && size <= 2 ** 26;
}

/** Returns room for a chunk, after the byte that makes its hash one of a leaf. */
export function leafBuffer(chunkSize: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(1 + chunkSize).fill(LEAF, 0, 1);
}

/** Returns where the left part of `count` leaves ends: the largest power of two below it. */
export function splitOf(count: number): number {
  let split = 1;
  while (2 * split < count) split *= 2;

  return split;
}

export async function nodeHash(once: Once, left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  const bytes = new Uint8Array(1 + 2 * HASH);
  bytes[0] = NODE;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH);

  return await once(bytes);
}

/** Computes the root of a Merkle tree (RFC 6962, section 2.1) leaf by leaf; keeps one hash for each power of two. */
export function treeOf(once: Once): { push(leaf: Uint8Array): Promise<void>; root(): Promise<Uint8Array> } {
  const done: { hash: Uint8Array; leaves: number }[] = [];

  return {
    async push(leaf) {
      let top = { hash: leaf, leaves: 1 };
      while (done.at(-1)?.leaves === top.leaves) {
        const left = done.pop() as typeof top;
        top = { hash: await nodeHash(once, left.hash, top.hash), leaves: 2 * top.leaves };
      }
      done.push(top);
    },
    async root() {
      let hash = done.at(-1)?.hash;
      if (hash === undefined) return await once(new Uint8Array());
      for (const left of done.slice(0, -1).reverse()) hash = await nodeHash(once, left.hash, hash);

      return hash;
    },
  };
}
