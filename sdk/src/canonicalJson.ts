import { InvalidArgument } from "./errors.js";

/** What JSON can say; members that are undefined are left out. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * Writes JSON in the one way that RFC 8785 (JSON Canonicalization Scheme) has for it: members by the UTF-16 units of their
 * names, numbers and strings as ECMAScript writes them, no white space. So the same value has the same digest everywhere.
 *
 * @throws {InvalidArgument} when a number is not finite, or a text has half of a surrogate pair.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value as { readonly [name: string]: Json | undefined });
    const written = members.flatMap(([name, member]) =>
      member === undefined ? [] : [[name, `${canonicalJson(name)}:${canonicalJson(member)}`] as const],
    );

    return `{${written
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, text]) => text)
      .join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new InvalidArgument("json", value, "finite numbers");
  // Pairs are no surrogates to a regular expression that knows Unicode.
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) {
    throw new InvalidArgument("json", value, "text without halves of surrogate pairs");
  }

  return JSON.stringify(value);
}
