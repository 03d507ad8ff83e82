import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";

import type { ManifestFile, RandomAccess } from "../../sdk/src/manifest/index.js";

export const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);

  return hash.digest();
};

/** The Merkle tree hash, written from the text of RFC 6962, section 2.1. */
export function merkleTreeHash(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256("");
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;

  return sha256(Uint8Array.of(1), merkleTreeHash(leaves.slice(0, k)), merkleTreeHash(leaves.slice(k)));
}

export function chunksOf(bytes: Uint8Array, chunkSize: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / chunkSize);

  return Array.from({ length: count }, (_, i) => bytes.subarray(i * chunkSize, (i + 1) * chunkSize));
}

/** A file's entry, by Node's sha-256 and the calculation above. */
export function entryOf(file: string, content: Uint8Array | string, chunkSize = 2 ** 20): ManifestFile {
  const bytes = Buffer.from(content as string);

  return {
    path: file,
    size: bytes.length,
    sha256: sha256(bytes).toString("hex"),
    chunkRoot: merkleTreeHash(chunksOf(bytes, chunkSize)).toString("hex"),
  };
}

/** Bytes that differ from place to place, and not from run to run. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }

  return bytes;
}

/** A source that tells what was read of it. */
export function watched(bytes: Uint8Array, size = bytes.length): RandomAccess & { bytesRead: number; reads: number } {
  const source = {
    size,
    bytesRead: 0,
    reads: 0,
    read: async (offset: number, length: number) => {
      expect(offset + length).to.be.at.most(size);
      source.bytesRead += length;
      source.reads += 1;
      const part = new Uint8Array(length);
      part.set(bytes.subarray(offset, offset + length));

      return part;
    },
  };

  return source;
}

/** Makes a folder for each test. */
export function useFolder(): () => string {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "commonweal-manifest-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  return () => folder;
}

type ErrorClass<E> = abstract new (...args: never[]) => E;

/** Returns what work throws, which has to be of the class. */
export async function refusal<E>(work: () => unknown, type: ErrorClass<E>): Promise<E> {
  try {
    await work();
  } catch (error) {
    expect(error, String(error)).to.be.instanceOf(type);

    return error as E;
  }
  throw new Error(`Nothing was thrown, and not ${type.name}`);
}
