import path from "node:path";
import {
  FileUnreadable,
  type Manifest,
  type ManifestDraft,
  type ManifestFile,
  manifest,
} from "../../sdk/src/manifest/index.js";
import { hashFile } from "../../sdk/src/manifest/node.js";

/** A manifest with its digest. */
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

const DATA_URI = "data:application/json;base64,";

/** Hashes a file by stream, whatever its size. */
export async function describeFile(file: string): Promise<ManifestFile> {
  try {
    return await hashFile(file, { path: path.basename(file) });
  } catch (error) {
    throw error instanceof FileUnreadable ? new MissingFile(file, { cause: error }) : error;
  }
}

/** Makes a manifest whose mirror is itself. */
export async function seal(draft: ManifestDraft): Promise<SealedManifest> {
  const { manifest: made, digest, bytes } = await manifest.create(draft);

  return { manifest: made, digest, mirrorURI: `${DATA_URI}${Buffer.from(bytes).toString("base64")}` };
}

/**
 * Reads a manifest back from a mirror.
 *
 * @throws {DigestMismatch} when it does not have the digest that it should have.
 */
export async function unseal(mirrorURI: string, digest: string): Promise<Manifest> {
  const bytes = Buffer.from(mirrorURI.replace(DATA_URI, ""), "base64");

  return (await manifest.verify({ manifest: bytes, digest })).manifest;
}
