import type { Point } from "./curves.js";
import type { Measure } from "./measures.js";

/** What one run measured. */
export interface Figures {
  measures: Measure[];
  /** By what changes along them. */
  curves: Record<string, Point[]>;
}

/** Writes the page of all figures, in Markdown. */
export function gasPage({ measures, curves }: Figures): string {
  return [
    "# Gas",
    "",
    "Written by `pnpm bench`; CI fails when a figure moves by more than 0.5 % or passes its bound.",
    "",
    "Each figure is `receipt.gasUsed` of one transaction from an ordinary account in a block of its own, intrinsic gas and",
    "calldata included. Models have two parents at odd rates, a fee of 1 % and two holders with odd shares; amounts are odd,",
    "about 1.23 ETH or 7.65 USDC; the holder carries a remainder and has income since the last claim; references are 32",
    "random bytes, mirror URIs have 55; the ERC-20 is OpenZeppelin's and approved without limit. “First” writes a slot that",
    "was empty, “repeat” one that was not. What peers use is in [peers.md](peers.md), how the compiler was chosen in",
    "[compiler.md](compiler.md).",
    "",
    measureTable(measures),
    "",
    "## Flat by design",
    "",
    "The cost of paying and claiming depends neither on how many hold shares nor on how long the lineage is.",
    ...Object.entries(curves).flatMap(([name, points]) => ["", curveTable(name, points)]),
    "",
  ].join("\n");
}

/** Writes our figures into a page at the places that name an operation: `<!-- gas: operation -->figure<!-- / -->`. */
export function withFigures(page: string, { measures }: Figures): string {
  const gasOf = new Map(measures.map(({ operation, gas }) => [operation, gas]));

  return page.replaceAll(/<!-- gas: (.+?) -->.*?<!-- \/ -->/g, (_, operation: string) => {
    const gas = gasOf.get(operation);
    if (gas === undefined) throw new Error(`A page names the operation "${operation}", which is not measured`);

    return `<!-- gas: ${operation} -->${number(gas)}<!-- / -->`;
  });
}

/**
 * Compares a page with the committed one, number by number.
 *
 * @param tolerance How far a number may be off, as a part of the committed one.
 * @returns A sentence for each number that is off, or one if the text around the numbers differs.
 */
export function driftOf(file: string, committed: string, measured: string, tolerance: number): string[] {
  const advice = "run `pnpm bench` and commit what it writes, if that is meant";
  const numbers = /\d[\d,]*/g;
  // Padding follows the width of the numbers, so white space and rulers say nothing.
  const frame = (page: string) => page.replaceAll(numbers, "#").replaceAll(/[\s-]+/g, " ");
  if (frame(committed) !== frame(measured)) return [`${file} has other rows or other words than this run; ${advice}`];

  const values = (page: string) =>
    page.split("\n").flatMap((line) =>
      [...line.matchAll(numbers)].map(([text]) => ({
        line: line.replaceAll(/\s+/g, " "),
        value: Number(text.replaceAll(",", "")),
      })),
    );
  const after = values(measured);
  return values(committed).flatMap(({ line, value }, i) =>
    Math.abs(after[i].value - value) > tolerance * value
      ? [`${file}: ${after[i].value} where ${value} is committed, in "${line}"; ${advice}`]
      : [],
  );
}

export function measureTable(measures: Measure[]): string {
  const rows = measures.map(
    ({ operation, gas, bound }) => `| ${operation} | ${number(gas)} | ${bound === undefined ? "" : number(bound)} |`,
  );

  return ["| operation | gas | bound |", "| --- | ---: | ---: |", ...rows].join("\n");
}

function curveTable(name: string, points: Point[]): string {
  const rows = points.map(
    ({ at, payEth, payToken, claim }) =>
      `| ${number(at)} | ${number(payEth)} | ${number(payToken)} | ${number(claim)} |`,
  );

  return [`| ${name} | pay ETH | pay ERC-20 | claim ERC-20 |`, "| ---: | ---: | ---: | ---: |", ...rows].join("\n");
}

function number(value: bigint | number): string {
  return value.toLocaleString("en");
}
