/**
 * Measures gas.
 *
 *   pnpm bench            writes `bench/gas.md`, and our figures into the README and `bench/peers.md`
 *   pnpm bench --check    compares with what is committed, and fails if a figure has moved
 *
 * Either fails when a figure passes its bound.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import hre from "hardhat";
import { format } from "prettier";
import { curveOfAncestors, curveOfHolders, type Point } from "./curves.js";
import {
  type Measure,
  measureCascades,
  measureClaims,
  measureGovernance,
  measurePayments,
  measureRegistrations,
  measureSweeps,
  measureTransfers,
} from "./measures.js";
import { driftOf, type Figures, gasPage, measureTable, withFigures } from "./report.js";
import { openScenario } from "./scenario.js";

/** How far a figure may be from the committed one, so that a change of cost is seen and noise is not. */
const TOLERANCE = 0.005;
/** How far pay and claim may move along a curve: the bytes of addresses and amounts are not all the same price. */
const FLAT = 100;

const figures = await measureAll();
const failures = [
  ...brokenBounds(figures.measures),
  ...Object.entries(figures.curves).flatMap(([name, points]) => bends(name, points)),
];
for (const [file, page] of await pagesOf(figures)) {
  if (process.argv.includes("--check")) {
    failures.push(...driftOf(file, await readFile(inRoot(file), "utf8"), page, TOLERANCE));
  } else {
    await writeFile(inRoot(file), page);
  }
}

console.log(measureTable(figures.measures));
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exitCode = 1;

async function measureAll(): Promise<Figures> {
  const scenario = await openScenario();
  const measures: Measure[] = [];
  for (const measure of [
    measurePayments,
    measureClaims,
    measureCascades,
    measureTransfers,
    measureRegistrations,
    measureSweeps,
    measureGovernance,
  ]) {
    measures.push(...(await measure(scenario)));
  }

  return {
    measures,
    curves: { "share holders": await curveOfHolders(scenario), ancestors: await curveOfAncestors(scenario) },
  };
}

async function pagesOf(all: Figures): Promise<[file: string, page: string][]> {
  const pages: [string, string][] = [["bench/gas.md", gasPage(all)]];
  for (const file of ["bench/peers.md", "README.md"]) {
    pages.push([file, withFigures(await readFile(inRoot(file), "utf8"), all)]);
  }

  return Promise.all(
    pages.map(async ([file, page]) => [file, await format(page, { parser: "markdown", printWidth: 120 })]),
  );
}

function inRoot(file: string): string {
  return path.join(hre.config.paths.root, file);
}

function brokenBounds(measures: Measure[]): string[] {
  return measures
    .filter(({ gas, bound }) => bound !== undefined && gas > bound)
    .map(({ operation, gas, bound }) => `${operation}: ${gas} gas, over its bound of ${bound}`);
}

function bends(name: string, points: Point[]): string[] {
  return (["payEth", "payToken", "claim"] as const).flatMap((key) => {
    const gas = points.map((point) => Number(point[key]));
    const spread = Math.max(...gas) - Math.min(...gas);

    return spread > FLAT ? [`${key} moves by ${spread} gas with the number of ${name}, more than ${FLAT}`] : [];
  });
}
