import { expect } from "chai";
import fc from "fast-check";
import { CommonwealError, InvalidArgument } from "../../sdk/src/index.js";
import {
  blobSource,
  hashBlob,
  hashStream,
  proveRange,
  RangeUnproved,
  verifyRange,
} from "../../sdk/src/manifest/index.js";
import { chunksOf, merkleTreeHash, pattern, refusal, sha256, watched } from "./manifest.support.js";

const CHUNK = 1_024;

/** A file of some chunks, and a range within it. */
const ranges = fc
  .integer({ min: 1, max: 20 * CHUNK })
  .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1)))
  .chain(([size, offset]) =>
    fc.record({
      size: fc.constant(size),
      offset: fc.constant(offset),
      length: fc.integer({ min: 1, max: size - offset }),
    }),
  );

async function provedRange({ size, offset, length }: { size: number; offset: number; length: number }) {
  const bytes = pattern(size);
  const range = await proveRange({ source: watched(bytes), chunkSize: CHUNK, offset, length });
  const root = merkleTreeHash(chunksOf(bytes, CHUNK)).toString("hex");

  return { root, size, chunkSize: CHUNK, ...range };
}

/** Counts the largest subtrees without a chunk of the range, by their ends rather than from the root. */
function fewestHashes({ size, offset, length }: { size: number; offset: number; length: number }): number {
  const chunks = Math.ceil(size / CHUNK);
  const covered = (chunk: number) =>
    chunk >= Math.floor(offset / CHUNK) && chunk <= Math.floor((offset + length - 1) / CHUNK);
  let count = 0;
  let level: string[] = Array.from({ length: chunks }, (_, i) => (covered(i) ? "known" : "unknown"));
  while (level.length > 1) {
    const next: string[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const pair = level.slice(i, i + 2);
      if (pair.includes("known")) count += pair.filter((each) => each === "unknown").length;
      next.push(pair.includes("known") ? "known" : "unknown");
    }
    level = next;
  }

  return count;
}

describe("SDK hashes of chunks", () => {
  it("are those of RFC 6962, for each number of chunks up to 70 and around their ends", async () => {
    for (let chunks = 0; chunks <= 70; chunks++) {
      for (const size of [chunks * CHUNK - 1, chunks * CHUNK, chunks * CHUNK + 1].filter((each) => each >= 0)) {
        const bytes = pattern(size);
        const file = await hashBlob(new Blob([bytes]), { path: "x", chunkSize: CHUNK });
        const leaves = chunksOf(bytes, CHUNK).map((chunk) => sha256(Uint8Array.of(0), chunk));
        expect(file).to.deep.equal({
          ...{ path: "x", size, sha256: sha256(bytes).toString("hex") },
          ...{
            chunkRoot: merkleTreeHash(chunksOf(bytes, CHUNK)).toString("hex"),
            leaves: new Uint8Array(Buffer.concat(leaves)),
          },
        });
      }
    }
  });

  it("do not depend on how the bytes come", async () => {
    const bytes = pattern(10 * CHUNK + 7);
    const whole = await hashBlob(new Blob([bytes]), { path: "x", chunkSize: CHUNK });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 * CHUNK }), { maxLength: 20 }), async (lengths) => {
        const pieces: Uint8Array[] = [];
        let from = 0;
        for (const length of [...lengths, bytes.length]) {
          pieces.push(bytes.subarray(from, from + length));
          from += length;
        }
        expect(await hashStream(pieces, { path: "x", chunkSize: CHUNK })).to.deep.equal(whole);
      }),
      { numRuns: 50 },
    );
  });
});

describe("SDK ranges", () => {
  it("are proved by as few hashes as there can be", async () => {
    await fc.assert(
      fc.asyncProperty(ranges, async (range) => {
        const proved = await provedRange(range);
        await verifyRange(proved);

        expect(proved.bytes).to.deep.equal(pattern(range.size).slice(range.offset, range.offset + range.length));
        const start = Math.floor(range.offset / CHUNK) * CHUNK;
        const end = Math.min(range.size, Math.ceil((range.offset + range.length) / CHUNK) * CHUNK);
        expect(proved.proof).to.have.length(end - start - range.length + 32 * fewestHashes(range));
      }),
      { numRuns: 300 },
    );
  });

  it("are refused when any byte of the proof, of the bytes or of the root is another one", async () => {
    for (const range of [
      { size: 5 * CHUNK + 3, offset: CHUNK + 1_000, length: 60 },
      { size: 5 * CHUNK + 3, offset: 5 * CHUNK + 1, length: 1 },
      { size: 4 * CHUNK, offset: 0, length: 1_020 },
    ]) {
      const claim = await provedRange(range);
      for (const name of ["proof", "bytes"] as const) {
        for (let i = 0; i < claim[name].length; i++) {
          const altered = claim[name].slice();
          altered[i] ^= 1 << (i % 8);
          await refusal(() => verifyRange({ ...claim, [name]: altered }), RangeUnproved);
        }
      }
      for (let i = 0; i < 64; i++) {
        const root = `${claim.root.slice(0, i)}${claim.root[i] === "0" ? "1" : "0"}${claim.root.slice(i + 1)}`;
        await refusal(() => verifyRange({ ...claim, root }), RangeUnproved);
      }
    }
  });

  it("are refused at another offset, with a longer or a shorter proof", async () => {
    await fc.assert(
      fc.asyncProperty(ranges, fc.integer({ min: -2 * CHUNK, max: 2 * CHUNK }), async (range, by) => {
        const claim = await provedRange(range);
        const { proof } = claim;
        await refusal(() => verifyRange({ ...claim, proof: Uint8Array.of(...proof, 0) }), RangeUnproved);
        if (proof.length > 0) await refusal(() => verifyRange({ ...claim, proof: proof.subarray(1) }), RangeUnproved);
        const { offset, bytes } = { ...claim, offset: claim.offset + by };
        // A short range may be found elsewhere, too.
        const isThere =
          offset >= 0 && Buffer.from(pattern(range.size).subarray(offset, offset + bytes.length)).equals(bytes);
        if (!isThere) await refusal(() => verifyRange({ ...claim, offset }), CommonwealError);
      }),
      { numRuns: 300 },
    );
  });

  it("read what they cover, and all of the file only without its leaves", async () => {
    const bytes = pattern(64 * CHUNK);
    const { leaves, chunkRoot: root } = await hashBlob(new Blob([bytes]), { path: "x", chunkSize: CHUNK });
    const source = watched(bytes);
    const range = await proveRange({ source, chunkSize: CHUNK, offset: 10_000, length: 2_000, leaves });
    expect(source.bytesRead).to.equal(3 * CHUNK);
    await verifyRange({ root, size: bytes.length, chunkSize: CHUNK, ...range });

    const other = watched(bytes);
    expect(await proveRange({ source: other, chunkSize: CHUNK, offset: 10_000, length: 2_000 })).to.deep.equal(range);
    expect(other.bytesRead).to.equal(67 * CHUNK);
  });

  it("may be a whole file, also one without bytes", async () => {
    for (const size of [0, 1, CHUNK, 3 * CHUNK]) {
      const claim = await provedRange({ size, offset: 0, length: size });
      expect(claim.proof).to.have.length(0);
      await verifyRange(claim);
    }
    await refusal(
      () => verifyRange({ root: "0".repeat(64), size: 0, offset: 0, bytes: new Uint8Array(), proof: new Uint8Array() }),
      RangeUnproved,
    );
  });

  it("are refused when they are none", async () => {
    const source = blobSource(new Blob([pattern(3_000)]));
    const bad = [
      ["offset", { offset: -1, length: 1 }],
      ["offset", { offset: 3_001, length: 1 }],
      ["offset", { offset: 0.5, length: 1 }],
      ["length", { offset: 0, length: 0 }],
      ["length", { offset: 2_999, length: 2 }],
      ["length", { offset: 0, length: Number.NaN }],
      ["chunkSize", { offset: 0, length: 1, chunkSize: 1_000 }],
      ["leaves", { offset: 0, length: 1, leaves: new Uint8Array(64) }],
    ] as const;
    for (const [argument, range] of bad) {
      expect(await refusal(() => proveRange({ source, ...range }), InvalidArgument)).to.include({ argument });
    }
    const claim = { size: 1, offset: 0, bytes: new Uint8Array(1), proof: new Uint8Array() };
    expect(await refusal(() => verifyRange({ ...claim, root: "0xab" }), InvalidArgument)).to.include({
      argument: "root",
    });
  });
});
