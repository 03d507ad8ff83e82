import type { ManifestFile } from "./types.js";

/** What a file is, but for its path. */
export type FileContent = Pick<ManifestFile, "size" | "sha256" | "chunkRoot">;

/** A file that is not what the manifest says. */
export interface AlteredFile {
  readonly path: string;
  readonly expected: FileContent;
  /** Undefined when what stands there is no file, but a folder or a link. */
  readonly actual: FileContent | undefined;
}

/** How files differ from those of a manifest. */
export interface FileDifferences {
  /** Whether they do not. */
  readonly equal: boolean;
  /** Paths that are listed and were not found. */
  readonly missing: readonly string[];
  /** Paths that were found and are not listed. */
  readonly extra: readonly string[];
  readonly altered: readonly AlteredFile[];
}

/**
 * Compares what was found with what is listed.
 *
 * @param found Files by path; undefined for what is no file.
 */
export function compareFiles(
  listed: readonly ManifestFile[],
  found: ReadonlyMap<string, FileContent | undefined>,
): FileDifferences {
  const paths = new Set(listed.map(({ path }) => path));
  const missing = [...paths].filter((path) => !found.has(path));
  const extra = [...found.keys()].filter((path) => !paths.has(path));
  const altered = listed.flatMap(({ path, size, sha256, chunkRoot }) => {
    const actual = found.get(path);
    if (!found.has(path)) return [];
    if (actual?.size === size && actual.sha256 === sha256 && actual.chunkRoot === chunkRoot) return [];

    return [{ path, expected: { size, sha256, chunkRoot }, actual: actual && contentOf(actual) }];
  });

  return { equal: missing.length + extra.length + altered.length === 0, missing, extra, altered };
}

/** Leaves out what else an entry has. */
function contentOf({ size, sha256, chunkRoot }: FileContent): FileContent {
  return { size, sha256, chunkRoot };
}
