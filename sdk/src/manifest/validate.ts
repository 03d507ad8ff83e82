import { getAddress } from "ethers";
import { type Check, exactly, fail, list, members, optional, record, safeInteger, text } from "./checks.js";
import { headerFactsCheck } from "./headerFacts.js";
import { byCodePoint, checkPath, checkTogether } from "./paths.js";
import { isChunkSize } from "./tree.js";
import {
  type FileList,
  LIST_FORMAT,
  MANIFEST_FORMAT,
  type Manifest,
  type ManifestFile,
  MAX_INLINE_FILES,
} from "./types.js";

/** More files than this belong into archives or shards: who verifies reads the whole list. */
export const MAX_FILES = 250_000;

const MAX_TEXT = 10_000;

const words = (least: number): Check =>
  text(
    `text of ${least} to ${MAX_TEXT.toLocaleString("en")} characters, without halves of surrogate pairs`,
    (value) => value.length >= least && value.length <= MAX_TEXT && !/\p{Surrogate}/u.test(value),
  );

const hash = text("64 hexadecimal digits in lower case", (value) => /^[0-9a-f]{64}$/.test(value));

const uri = text("an address with its scheme, such as https://… or ipfs://…, of at most 2,048 characters", (value) =>
  /^[a-z][a-z0-9+.-]*:[\x21-\x7e]{1,2040}$/.test(value),
);

const address = text("an address with the checksum of EIP-55", (value) => {
  try {
    return getAddress(value) === value;
  } catch {
    return false;
  }
});

const chunkSize: Check = (value, location) => {
  if (!isChunkSize(value)) fail(location, value, "a power of two from 1,024 to 67,108,864");
};

/** Throws unless a value is a {@link ManifestFile}. */
export const checkFile: Check = members({
  path: checkPath,
  size: safeInteger(0),
  sha256: hash,
  chunkRoot: hash,
  header: optional(headerFactsCheck),
});

const model = members({ id: address, chainId: safeInteger(1) });

const attribute = members({
  trait_type: words(1),
  value: (value, location) => {
    if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return;
    words(0)(value, location);
  },
  display_type: optional(words(1)),
});

const manifest = members({
  format: exactly(MANIFEST_FORMAT),
  name: words(1),
  description: words(0),
  image: optional(uri),
  external_url: optional(uri),
  attributes: optional(list(attribute, 0, 1_000)),
  model: optional(model),
  license: words(1),
  licenseTexts: optional(
    record(
      (name) => /^LicenseRef-[A-Za-z0-9.-]{1,100}$/.test(name),
      '"LicenseRef-" with a name of letters, digits, "." and "-"',
      members({ sha256: hash, url: optional(uri) }),
    ),
  ),
  source: optional(words(1)),
  parents: optional(list(members({ model: optional(model), source: optional(words(1)), license: words(1) }), 0, 1_000)),
  fingerprintsRoot: optional(hash),
  chunkSize,
  files: optional(list(checkFile, 1, MAX_INLINE_FILES)),
  list: optional(members({ sha256: hash, size: safeInteger(1), count: safeInteger(MAX_INLINE_FILES + 1) })),
});

const fileList = members({ format: exactly(LIST_FORMAT), files: list(checkFile, MAX_INLINE_FILES + 1, MAX_FILES) });

/**
 * Throws unless a value is a manifest, but for its licences.
 *
 * @throws {ManifestInvalid} when it is not.
 * @throws {FilePathInvalid} when a path cannot stand in one.
 */
export function checkManifest(value: unknown): asserts value is Manifest {
  manifest(value, "manifest");
  const { files, list } = value as Manifest;
  if ((files === undefined) === (list === undefined)) {
    fail("manifest", value, `either files, or for more than ${MAX_INLINE_FILES.toLocaleString("en")} a list`);
  }
  if (files !== undefined) checkFiles(files, "manifest.files");
}

/**
 * Throws unless a value is a list of a manifest's files.
 *
 * @throws {ManifestInvalid} when it is not.
 * @throws {FilePathInvalid} when a path cannot stand in one.
 */
export function checkFileList(value: unknown): asserts value is FileList {
  fileList(value, "list");
  checkFiles((value as FileList).files, "list.files");
}

function checkFiles(files: readonly ManifestFile[], location: string): void {
  checkTogether(files.map(({ path }) => path));
  const odd = files.findIndex(({ path }, i) => i > 0 && byCodePoint(files[i - 1].path, path) > 0);
  if (odd !== -1)
    fail(`${location}[${odd}].path`, files[odd].path, "the files in the order of their paths' code points");
}
