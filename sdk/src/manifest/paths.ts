import { FilePathInvalid } from "./errors.js";

/** Of a path and of one of its names, in bytes of UTF-8: what file systems take. */
const MAX_PATH_BYTES = 1_024;
const MAX_NAME_BYTES = 255;

// What moves the cursor, ends a line, or lets a name be read as another one.
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const LONE_SURROGATE = /\p{Surrogate}/u;

const utf8 = new TextEncoder();

/**
 * Throws unless a path means the same file, within the folder, on every system.
 *
 * @throws {FilePathInvalid} when it does not.
 */
export function checkPath(path: unknown): asserts path is string {
  const fail = (problem: string): never => {
    throw new FilePathInvalid(path, problem);
  };
  if (typeof path !== "string") return fail("is no text");
  if (path === "") return fail("is empty");
  if (LONE_SURROGATE.test(path)) return fail("has half of a surrogate pair");
  if (CONTROL.test(path)) return fail("has a control character");
  if (path.includes("\\")) return fail("has a backslash, which parts folders on Windows");
  if (/^[A-Za-z]:/.test(path)) return fail("begins like a drive of Windows");
  if (path.startsWith("/")) return fail("begins with a slash");
  if (path !== path.normalize("NFC")) return fail("is not in Unicode's normal form C");
  if (utf8.encode(path).length > MAX_PATH_BYTES) return fail(`is longer than ${MAX_PATH_BYTES} bytes`);

  for (const name of path.split("/")) {
    if (name === "") return fail("has an empty name between its slashes");
    if (name === "." || name === "..") return fail(`has "${name}" as a name`);
    if (utf8.encode(name).length > MAX_NAME_BYTES) return fail(`has a name longer than ${MAX_NAME_BYTES} bytes`);
  }
}

/**
 * Throws unless paths can be files of one folder together, also where case does not tell names apart.
 *
 * @param paths Each good by itself.
 * @throws {FilePathInvalid} when two are the same file, or one is a folder of another.
 */
export function checkTogether(paths: readonly string[]): void {
  const files = new Map<string, string>();
  for (const path of paths) {
    const key = withoutCase(path);
    const other = files.get(key);
    if (other !== undefined)
      throw new FilePathInvalid(path, `is there twice, or as "${other}", where case does not count`);
    files.set(key, path);
  }
  for (const [key, path] of files) {
    for (let slash = key.indexOf("/"); slash !== -1; slash = key.indexOf("/", slash + 1)) {
      const folder = files.get(key.slice(0, slash));
      if (folder !== undefined) throw new FilePathInvalid(path, `is in the folder "${folder}", which is a file too`);
    }
  }
}

/** Orders paths by their code points, as `LC_ALL=C sort` does. */
export function byCodePoint(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  if (i === a.length || i === b.length) return a.length - b.length;

  // Of a pair, the first half may be what both have in common; then the second halves decide.
  return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
}

/** Surrogates stand for what comes after all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Upper case first: so "ß" and "SS", or "ſ" and "s", are one. */
function withoutCase(path: string): string {
  return path.toUpperCase().toLowerCase().normalize("NFC");
}
