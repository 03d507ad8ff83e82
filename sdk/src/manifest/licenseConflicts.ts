import { type LicenseTraits, traitsOf } from "./licenseFamilies.js";
import { parseLicense } from "./licenses.js";
import { LICENSE_RULES, type LicenseRule, type RuleName } from "./licenseRules.js";

/** A reason to look at two licences before a model is published. It is no legal advice, and neither is its absence. */
export interface LicenseWarning {
  readonly rule: RuleName;
  /** Index of the parent. */
  readonly parent: number;
  /** The parent's licence that the rule is about; undefined if it has none. */
  readonly parentLicense: string | undefined;
  /** The model's licence that may not go with it. */
  readonly license: string;
  /** What the rule says, in a sentence or two. */
  readonly explanation: string;
  /** Address of the text that the rule follows. */
  readonly source: string;
}

/**
 * Compares a model's licence with those of what it was built from, by a table of well-known rules
 * ({@link LICENSE_RULES}), and returns what may not go together. Whether a model is a derivative of its parents' in the sense
 * of their licences is an open question in many places: these are warnings by the licences' words, not legal advice.
 *
 * Where a parent lets one choose between licences, the choice with the fewest warnings counts; where the model does, each
 * of its licences is looked at, since whoever uses it may choose any.
 *
 * @param request.license The model's licence, an SPDX expression. Licences that SPDX does not list are known by Hugging
 * Face's names for them, such as `LicenseRef-llama3.1`.
 * @param request.parents Licences of its parents; an empty text for a parent without one.
 * @throws {LicenseInvalid} when one is no SPDX expression.
 * @example
 * const [warning] = await licenseConflicts({ license: "MIT", parents: ["CC-BY-NC-4.0"] });
 * console.log(warning.rule, warning.explanation, warning.source);
 */
export async function licenseConflicts(request: {
  license: string;
  parents: readonly string[];
}): Promise<LicenseWarning[]> {
  const children = (await parseLicense(request.license)).map((terms) => terms.map(traitsOf));
  const warnings: LicenseWarning[] = [];
  for (const [parent, expression] of request.parents.entries()) {
    if (expression === "") {
      warnings.push(warningOf(LICENSE_RULES.missing, { parent, child: request.license }));
      continue;
    }
    const choices = (await parseLicense(expression)).map((terms) => terms.map(traitsOf));
    for (const child of children) warnings.push(...fewest(choices.map((choice) => compare(choice, child, parent))));
  }

  return unique(warnings);
}

function compare(terms: readonly LicenseTraits[], child: readonly LicenseTraits[], parent: number): LicenseWarning[] {
  const rules = Object.values(LICENSE_RULES);

  return terms.flatMap((term) =>
    rules
      .filter((rule) => rule.warns?.(term, child))
      .map((rule) => warningOf(rule, { parent, term, child: child.map(({ name }) => name).join(" AND ") })),
  );
}

function warningOf(
  { name, explanation, source }: LicenseRule,
  { parent, term, child }: { parent: number; term?: LicenseTraits; child: string },
): LicenseWarning {
  return { rule: name, parent, parentLicense: term?.name, license: child, explanation, source };
}

function fewest(choices: readonly LicenseWarning[][]): LicenseWarning[] {
  return choices.reduce((best, choice) => (choice.length < best.length ? choice : best));
}

function unique(warnings: readonly LicenseWarning[]): LicenseWarning[] {
  return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
}
