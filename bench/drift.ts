import { type Chart, chartIn, draw } from "./draw.js";

const ADVICE = "run `pnpm bench` and commit what it writes, if that is meant";
const NUMBERS = /\d[\d,]*(\.\d+)?/g;

/**
 * Compares a page with the committed one, number by number.
 *
 * @param tolerance How far a number may be off, as a part of the committed one.
 * @returns A sentence for each number that is off, or one if the text around the numbers differs.
 */
export function driftOf(file: string, committed: string, measured: string, tolerance: number): string[] {
  // Padding follows the width of the numbers, so white space and rulers say nothing.
  const frame = (page: string) => page.replaceAll(NUMBERS, "#").replaceAll(/[\s-]+/g, " ");
  if (frame(committed) !== frame(measured)) return [`${file} has other rows or other words than this run; ${ADVICE}`];

  const values = (page: string) =>
    page.split("\n").flatMap((line) =>
      [...line.matchAll(NUMBERS)].map(([text]) => ({
        line: line.replaceAll(/\s+/g, " "),
        value: Number(text.replaceAll(",", "")),
      })),
    );
  const after = values(measured);
  return values(committed).flatMap(({ line, value }, i) =>
    Math.abs(after[i].value - value) > tolerance * value
      ? [`${file}: ${after[i].value} where ${value} is committed, in "${line}"; ${ADVICE}`]
      : [],
  );
}

/** Compares the figures of a committed drawing, and makes sure that the drawing shows them. */
export function driftOfDrawing(file: string, committed: string, measured: Chart, tolerance: number): string[] {
  const drawn = chartIn(committed);
  if (draw(drawn) !== committed) return [`${file} is not what \`pnpm bench\` draws from its figures; ${ADVICE}`];

  const lines = (chart: Chart) => JSON.stringify(chart, null, 1);
  return driftOf(file, lines(drawn), lines(measured), tolerance);
}
