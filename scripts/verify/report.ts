/** What a check is about; a report is in this order. */
export const AREAS = ["creation", "code", "wiring", "roles", "deployer", "parameters", "supply"] as const;
export type Area = (typeof AREAS)[number];

/** Something that was looked at on the chain, beside what it has to be. */
export interface Check {
  area: Area;
  /** What was looked at, such as `RoyaltyLedger.governance`. */
  subject: string;
  expected: string;
  actual: string;
  ok: boolean;
}

/** What is so, and is for the reader to judge: who has which role, what an immutable holds. */
export interface Fact {
  area: Area;
  subject: string;
  value: string;
}

export interface Report {
  chainId: string;
  /** The block whose state was looked at. */
  block: number;
  deployer: string;
  ok: boolean;
  checks: Check[];
  facts: Fact[];
}

/** What an area adds to a report. */
export interface Findings {
  checks: Check[];
  facts?: Fact[];
}

/** Returns a check that two values are the same, however the digits of hex are cased. */
export function check(area: Area, subject: string, expected: unknown, actual: unknown): Check {
  const [wanted, found] = [textOf(expected), textOf(actual)];

  return { area, subject, expected: wanted, actual: found, ok: plain(wanted) === plain(found) };
}

/** Returns a check that two sets have the same members. */
export function checkSet(area: Area, subject: string, expected: readonly string[], actual: readonly string[]): Check {
  const sorted = (values: readonly string[]) => [...new Set(values.map(plain))].sort();

  return { ...check(area, subject, expected, actual), ok: textOf(sorted(expected)) === textOf(sorted(actual)) };
}

/** Returns the lines of a report for people: what is wrong comes last, where it is seen. */
export function linesOf({ chainId, block, deployer, ok, checks, facts }: Report): string[] {
  const wrong = checks.filter((each) => !each.ok);
  const lines = [`Chain ${chainId}, block ${block}. Deployed by ${deployer}.`];
  for (const area of AREAS) {
    const ofArea = checks.filter((each) => each.area === area);
    const right = ofArea.filter((each) => each.ok).length;
    lines.push(`\n${area}: ${right} of ${ofArea.length} checks hold`);
    for (const { subject, value } of facts.filter((fact) => fact.area === area)) lines.push(`  ${subject}  ${value}`);
  }
  for (const { area, subject, expected, actual } of wrong) {
    lines.push(`\n✗ ${area}: ${subject}`, `    is         ${actual}`, `    should be  ${expected}`);
  }
  lines.push(
    ok
      ? `\nAll ${checks.length} checks hold: this is the deployment that the parameters describe.`
      : `\n${wrong.length} of ${checks.length} checks fail: this is not the deployment that the parameters describe, ` +
          "or votes have changed it since. Compare the state of an earlier block with --block.",
  );

  return lines;
}

function plain(text: string): string {
  return text.replace(/0x[\da-f]+/gi, (hex) => hex.toLowerCase());
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "nobody" : value.map(textOf).join(", ");

  return String(value);
}
