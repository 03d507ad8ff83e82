import { ManifestInvalid } from "./errors.js";

/** Throws unless a value is what has to stand at a location of a document. */
export type Check = (value: unknown, location: string) => void;

export const fail = (location: string, value: unknown, expected: string): never => {
  throw new ManifestInvalid(location, value, expected);
};

export const text =
  (expected: string, isGood: (value: string) => boolean): Check =>
  (value, location) => {
    if (typeof value !== "string" || !isGood(value)) fail(location, value, expected);
  };

export const exactly = (constant: string): Check => text(`"${constant}"`, (value) => value === constant);

export const safeInteger =
  (least: number): Check =>
  (value, location) => {
    if (!Number.isSafeInteger(value) || (value as number) < least) {
      fail(location, value, `a whole number from ${least} to ${Number.MAX_SAFE_INTEGER}`);
    }
  };

export const list =
  (item: Check, least: number, most: number): Check =>
  (value, location) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      fail(location, value, `a list of ${least} to ${most.toLocaleString("en")} items`);
    }
    for (const [i, each] of (value as unknown[]).entries()) item(each, `${location}[${i}]`);
  };

/** An object of any names. */
export const record =
  (name: (name: string) => boolean, expected: string, member: Check): Check =>
  (value, location) => {
    for (const [key, each] of Object.entries(plain(value, location, "an object"))) {
      if (!name(key)) fail(`a name in ${location}`, key, expected);
      member(each, `${location}.${key}`);
    }
  };

/** An object that has these members and no others; those marked by {@link optional} may be missing. */
export const members =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, location) => {
    const given = plain(value, location, `an object with ${Object.keys(checks).join(", ")}`);
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(checks, name)) {
        fail(`a name in ${location}`, name, `one of ${Object.keys(checks).join(", ")}, or nothing`);
      }
    }
    for (const [name, check] of Object.entries(checks)) check(given[name], `${location}.${name}`);
  };

export const optional =
  (check: Check): Check =>
  (value, location) => {
    if (value !== undefined) check(value, location);
  };

function plain(value: unknown, location: string, expected: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(location, value, expected);

  return value as Record<string, unknown>;
}
