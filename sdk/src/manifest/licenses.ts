import { LicenseInvalid } from "./errors.js";

/** One licence of an expression, such as `Apache-2.0`, `GPL-2.0-only WITH Classpath-exception-2.0` or `LicenseRef-mine`. */
export interface LicenseTerm {
  readonly id: string;
  /** Written with a `+`: this version or any later one. */
  readonly orLater: boolean;
  readonly exception?: string;
}

type Tree =
  | { readonly license: string; readonly plus?: true; readonly exception?: string }
  | { readonly left: Tree; readonly conjunction: "and" | "or"; readonly right: Tree };

const MAX_LENGTH = 500;
const MAX_ALTERNATIVES = 256;

/**
 * Reads an SPDX expression: returns the ways in which it can be met, each as the licences that then hold together.
 * The list of licences is loaded when this is first called.
 *
 * @throws {LicenseInvalid} when it is no SPDX expression of licences that SPDX lists, or of `LicenseRef-…`.
 * @example
 * await parseLicense("MIT OR Apache-2.0"); // [[{ id: "MIT", orLater: false }], [{ id: "Apache-2.0", orLater: false }]]
 */
export async function parseLicense(license: string): Promise<LicenseTerm[][]> {
  if (typeof license !== "string" || license === "") throw new LicenseInvalid(license, "is missing");
  if (license.length > MAX_LENGTH) throw new LicenseInvalid(license, `is longer than ${MAX_LENGTH} characters`);
  const { default: parse } = await import("spdx-expression-parse");
  let tree: Tree;
  try {
    tree = parse(license) as Tree;
  } catch (error) {
    throw new LicenseInvalid(license, "is none that SPDX lists", { cause: error });
  }
  // The parser takes some texts that are none, such as "MIT orApache-2.0".
  const written = license.split(/[ ()]+/).filter((word) => !["", "AND", "OR", "WITH"].includes(word));
  if (written.join(" ") !== namesOf(tree).join(" ")) throw new LicenseInvalid(license, "is not well formed");

  const alternatives = alternativesOf(tree);
  if (alternatives.length > MAX_ALTERNATIVES) throw new LicenseInvalid(license, "can be met in too many ways");

  return alternatives;
}

/** Returns the names of the licences in an expression that SPDX does not list. */
export function refsOf(alternatives: readonly (readonly LicenseTerm[])[]): string[] {
  const ids = alternatives.flat().map(({ id }) => id);

  return [...new Set(ids.filter((id) => id.startsWith("LicenseRef-")))];
}

/** Returns the names in an expression in the order in which they are written. */
function namesOf(tree: Tree): string[] {
  if ("left" in tree) return [...namesOf(tree.left), ...namesOf(tree.right)];

  return [`${tree.license}${tree.plus ? "+" : ""}`, ...(tree.exception === undefined ? [] : [tree.exception])];
}

function alternativesOf(tree: Tree): LicenseTerm[][] {
  if ("license" in tree) {
    return [[{ id: tree.license, orLater: tree.plus ?? false, ...(tree.exception && { exception: tree.exception }) }]];
  }
  const [left, right] = [alternativesOf(tree.left), alternativesOf(tree.right)];
  if (tree.conjunction === "or") return [...left, ...right];
  // Before they are multiplied out: each "and" can square them.
  if (left.length * right.length > MAX_ALTERNATIVES) return new Array(MAX_ALTERNATIVES + 1).fill([]);

  return left.flatMap((one) => right.map((other) => [...one, ...other]));
}
