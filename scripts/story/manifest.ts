import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import canonicalize from "canonicalize";

/** A file as a manifest lists it. */
export interface ManifestFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal, without a prefix. */
  sha256: string;
}

/** What a version's digest stands for. It doubles as ERC-721 metadata: `name` and `description` are its own fields. */
export interface Manifest {
  name: string;
  description: string;
  /** SPDX identifier. */
  license: string;
  /** Where the files come from. */
  source: string;
  files: ManifestFile[];
}

/** A manifest with its canonical bytes and their digest. */
export interface SealedManifest {
  manifest: Manifest;
  digest: string;
  /** The manifest itself as a data URI: who reads the event needs no server. */
  mirrorURI: string;
}

/** Thrown when a file that the story tells of, or the package that has it, is not on the disk. */
export class MissingFile extends Error {
  override readonly name = "MissingFile";

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is missing. Run \`npx pnpm@12 install\` to put it back, then start again.`, options);
  }
}

/** Hashes a file by stream, whatever its size. */
export async function describeFile(file: string): Promise<ManifestFile> {
  const size = await stat(file).then(
    (stats) => stats.size,
    () => Promise.reject(new MissingFile(file)),
  );
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);

  return { path: path.basename(file), size, sha256: hash.digest("hex") };
}

/** Writes a manifest as RFC 8785 canonical JSON and takes the sha-256 of its bytes. */
export function seal(manifest: Manifest): SealedManifest {
  const bytes = Buffer.from(canonicalize(manifest) as string);

  return { manifest, digest: digestOf(bytes), mirrorURI: `data:application/json;base64,${bytes.toString("base64")}` };
}

/** Reads a manifest back from a mirror, and returns it only if it has the digest that it should have. */
export function unseal(mirrorURI: string, digest: string): Manifest | undefined {
  const bytes = Buffer.from(mirrorURI.replace("data:application/json;base64,", ""), "base64");

  return digestOf(bytes) === digest ? (JSON.parse(bytes.toString()) as Manifest) : undefined;
}

function digestOf(bytes: Buffer): string {
  return `0x${createHash("sha256").update(bytes).digest("hex")}`;
}
