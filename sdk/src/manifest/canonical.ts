import { canonicalJson, type Json } from "../canonicalJson.js";
import { InvalidArgument } from "../errors.js";

/** How deep values may be nested; a manifest needs five levels. */
const MAX_DEPTH = 64;

/**
 * Writes a value as canonical JSON (RFC 8785): the one text that this value has, so that it has one digest. Members that are
 * undefined are left out.
 *
 * @throws {InvalidArgument} when the value is not one of JSON: a number that is not finite, a bigint, a date, half of a
 * surrogate pair, or one that is nested more than 64 deep.
 * @example
 * canonicalise({ b: 1, a: [true, "x"] }); // '{"a":[true,"x"],"b":1}'
 */
export function canonicalise(value: unknown): string {
  checkJson(value, 0);

  return canonicalJson(value as Json);
}

function checkJson(value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new InvalidArgument("json", value, `values that are nested at most ${MAX_DEPTH} deep`);
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return;
  if (Array.isArray(value)) {
    // Holes are visited too, as undefined.
    for (const item of value) checkJson(item, depth + 1);

    return;
  }
  const prototype = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  // Plain objects of other realms, such as those that a worker sent, have a prototype of their own without a prototype.
  if (prototype !== null && (prototype === undefined || Object.getPrototypeOf(prototype) !== null)) {
    throw new InvalidArgument("json", value, "objects, lists, texts, numbers, true, false and null");
  }
  for (const member of Object.values(value as object)) if (member !== undefined) checkJson(member, depth + 1);
}
