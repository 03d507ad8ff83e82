import { sha256 } from "ethers";
import { manifestUri } from "../cid.js";
import { InvalidArgument } from "../errors.js";
import { canonicalise } from "./canonical.js";
import { compareFiles, type FileDifferences } from "./differences.js";
import { DigestMismatch, ManifestInvalid } from "./errors.js";
import { parseLicense, refsOf } from "./licenses.js";
import { byCodePoint } from "./paths.js";
import { CHUNK_SIZE } from "./tree.js";
import {
  type FileList,
  LIST_FORMAT,
  MANIFEST_FORMAT,
  type Manifest,
  type ManifestFacts,
  type ManifestFile,
  MAX_INLINE_FILES,
} from "./types.js";
import { checkFile, checkFileList, checkManifest, MAX_FILES } from "./validate.js";

export { canonicalise } from "./canonical.js";

/** A document in its canonical form. */
export interface SealedDocument {
  /** Canonical JSON (RFC 8785). */
  readonly text: string;
  /** The text in UTF-8: what is stored and served. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The sha-256 of the bytes: what `registry.register` and `registry.publish` take. */
  readonly digest: string;
  /** `ipfs://` and the CIDv1 of the digest. */
  readonly uri: string;
}

/** A manifest, sealed. */
export interface CreatedManifest extends SealedDocument {
  readonly manifest: Manifest;
  /** The list of the files, when there are too many for the manifest itself. Store both. */
  readonly list?: SealedDocument;
}

/** What {@link create} makes a manifest of. */
export interface ManifestDraft extends ManifestFacts {
  /** In any order. */
  readonly files: readonly ManifestFile[];
  /** What the files were hashed with, in bytes; 1 MiB if left out. */
  readonly chunkSize?: number;
}

/** A manifest that has the digest it should have. */
export interface VerifiedManifest {
  readonly manifest: Manifest;
  /** All of its files, those of the list too. */
  readonly files: readonly ManifestFile[];
  /** How the files that were passed differ from these; undefined if none were. */
  readonly differences?: FileDifferences;
}

// Larger documents are neither made nor read.
const MAX_MANIFEST_BYTES = 32 * 2 ** 20;
const MAX_LIST_BYTES = 256 * 2 ** 20;

/**
 * Makes a version's manifest. With more than 2,000 files, their list becomes a second document that the manifest names.
 *
 * @throws {ManifestInvalid} when something in it is not what it has to be.
 * @throws {FilePathInvalid} when a file's path cannot stand in it, or two cannot stand there together.
 * @throws {LicenseInvalid} when a licence is no SPDX expression.
 * @example
 * const file = await hashBlob(new Blob(["hello"]), { path: "hello.txt" });
 * const { digest, bytes } = await manifest.create({ name: "Hello", description: "", license: "MIT", files: [file] });
 */
export async function create({ files, chunkSize = CHUNK_SIZE, ...facts }: ManifestDraft): Promise<CreatedManifest> {
  if (files.length > MAX_FILES) {
    const expected = `at most ${MAX_FILES.toLocaleString("en")} files; pack them into archives or shards`;
    throw new ManifestInvalid("manifest.files", files, expected);
  }
  // What else the entries have, such as the hashes of chunks, is left out. They are checked in the order of who passed them.
  const entries = files.map((file, i) => {
    const { path, size, sha256, chunkRoot, header } = { ...file };
    const entry = { path, size, sha256, chunkRoot, ...(header && { header }) };
    checkFile(entry, `files[${i}]`);

    return entry;
  });
  entries.sort((a, b) => byCodePoint(a.path, b.path));
  const head = { ...facts, format: MANIFEST_FORMAT, chunkSize } as const;

  if (entries.length <= MAX_INLINE_FILES) {
    const manifest = await checked(compact({ ...head, files: entries }));

    return { manifest, ...seal("manifest", manifest, MAX_MANIFEST_BYTES) };
  }
  const content: FileList = compact({ format: LIST_FORMAT, files: entries });
  checkFileList(content);
  const list = seal("list", content, MAX_LIST_BYTES);
  const reference = { sha256: list.digest.slice(2), size: list.bytes.length, count: entries.length };
  const manifest = await checked(compact({ ...head, list: reference }));

  return { manifest, ...seal("manifest", manifest, MAX_MANIFEST_BYTES), list };
}

/**
 * Reads a manifest that came from anywhere, and returns it only if it is the one that was registered.
 *
 * @param claim.manifest Its bytes, or their text.
 * @param claim.digest What the registry has for the version.
 * @param claim.list The list of the files, if the manifest names one: its bytes, or their text.
 * @param claim.files What was found, to be compared with what is listed.
 * @throws {DigestMismatch} when a document has another digest.
 * @throws {ManifestInvalid} when it has the digest, and is no manifest or not in its canonical form.
 * @throws {FilePathInvalid} when a path in it could mean another file.
 * @throws {LicenseInvalid} when a licence in it is no SPDX expression.
 * @example
 * const { files } = await manifest.verify({ manifest: await response.text(), digest: version.manifestDigest });
 */
export async function verify(claim: {
  manifest: string | Uint8Array;
  digest: string;
  list?: string | Uint8Array;
  files?: Iterable<ManifestFile>;
}): Promise<VerifiedManifest> {
  if (!/^0x[0-9a-f]{64}$/i.test(claim.digest))
    throw new InvalidArgument("digest", claim.digest, "32 bytes in hexadecimal");
  const manifest = await checked(open("manifest", claim.manifest, claim.digest.toLowerCase(), MAX_MANIFEST_BYTES));
  requireCanonical("manifest", claim.manifest, manifest);
  const files = manifest.files ?? listedIn(manifest, claim.list);

  return { manifest, files, ...(claim.files && { differences: compareFiles(files, byPath(claim.files)) }) };
}

/**
 * Returns the digest of a document: the sha-256 of its bytes, `0x` before it.
 *
 * @param document Bytes, or their text.
 * @example
 * digestOf('{"a":1}'); // "0x015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
 */
export function digestOf(document: string | Uint8Array): string {
  return sha256(bytesOf(document));
}

/** Two files of one path would hide each other. */
function byPath(files: Iterable<ManifestFile>): Map<string, ManifestFile> {
  const found = new Map<string, ManifestFile>();
  for (const file of files) {
    if (found.has(file.path)) throw new InvalidArgument("files", file.path, "each path once");
    found.set(file.path, file);
  }

  return found;
}

/** Returns a value if it is a manifest. */
async function checked(value: unknown): Promise<Manifest> {
  checkManifest(value);
  const { license, licenseTexts = {}, parents = [] } = value;
  const refs = refsOf(await parseLicense(license));
  for (const ref of refs) {
    if (Object.hasOwn(licenseTexts, ref)) continue;
    throw new ManifestInvalid(`manifest.licenseTexts.${ref}`, undefined, "the sha-256 of the licence's text");
  }
  const unused = Object.keys(licenseTexts).find((name) => !refs.includes(name));
  if (unused !== undefined) {
    throw new ManifestInvalid("a name in manifest.licenseTexts", unused, "one that the licence has");
  }
  for (const parent of parents) await parseLicense(parent.license);

  return value;
}

function listedIn({ list }: Manifest, given: string | Uint8Array | undefined): readonly ManifestFile[] {
  const reference = list as NonNullable<typeof list>;
  if (given === undefined) {
    throw new InvalidArgument(
      "list",
      given,
      `the document with the digest 0x${reference.sha256}, which lists the files`,
    );
  }
  const content = open("list of files", given, `0x${reference.sha256}`, MAX_LIST_BYTES);
  checkFileList(content);
  requireCanonical("list", given, content);
  const facts = { size: bytesOf(given).length, count: content.files.length };
  for (const name of ["size", "count"] as const) {
    if (reference[name] !== facts[name]) {
      throw new ManifestInvalid(`manifest.list.${name}`, reference[name], `${facts[name]}, which the list has`);
    }
  }

  return content.files;
}

/** Reads a document's JSON once it has its digest. */
function open(document: DigestMismatch["document"], given: string | Uint8Array, digest: string, most: number): unknown {
  const bytes = bytesOf(given);
  if (bytes.length > most) throw new InvalidArgument(document, `${bytes.length} bytes`, `one of at most ${most} bytes`);
  const actual = sha256(bytes);
  if (actual !== digest) throw new DigestMismatch(document, digest, actual);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new ManifestInvalid(document, "no JSON in UTF-8", "one that is", { cause: error });
  }
}

/** Members that are there twice, white space and other ways to write a number would go unnoticed otherwise. */
function requireCanonical(location: string, given: string | Uint8Array, value: unknown): void {
  const written = bytesOf(canonicalise(value));
  const bytes = bytesOf(given);
  if (written.length !== bytes.length || written.some((byte, i) => byte !== bytes[i])) {
    throw new ManifestInvalid(location, "not in its canonical form", "it as RFC 8785 says (canonicalise)");
  }
}

function seal(location: string, value: unknown, most: number): SealedDocument {
  const text = canonicalise(value);
  const bytes = bytesOf(text);
  if (bytes.length > most) throw new ManifestInvalid(location, `${bytes.length} bytes`, `at most ${most} bytes`);
  const digest = sha256(bytes);

  return { text, bytes, digest, uri: manifestUri(digest) };
}

/** Leaves out what is undefined, as its text does. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

function bytesOf(document: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return (typeof document === "string" ? new TextEncoder().encode(document) : document) as Uint8Array<ArrayBuffer>;
}
