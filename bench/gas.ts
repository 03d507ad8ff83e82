/**
 * Measures gas, and simulates who comes to vote.
 *
 *   pnpm bench            writes `bench/gas.md`, curves, and figures into the README and other pages
 *   pnpm bench --check    compares with what is committed, and fails if a figure has moved
 *   pnpm bench --time     times payments instead, and writes `bench/throughput.md`
 *   pnpm bench --gateway  times calls through a gateway instead, and writes `bench/gateway.md`
 *
 * The first two fail when a figure passes its bound.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import hre from "hardhat";
import { format } from "prettier";
import { measureChains } from "./chains.js";
import { chartsOf } from "./charts.js";
import { curveOfAncestors, curveOfHolders, curveOfParents, type Point } from "./curves.js";
import { measureEconomics } from "./economics.js";
import { draw } from "./draw.js";
import { driftOf, driftOfDrawing } from "./drift.js";
import { gatewayPage } from "./gateway.js";
import { dearerThanPeers, measureGovernance } from "./governance.js";
import { measureLicenses } from "./licensing.js";
import {
  type Measure,
  measureCascades,
  measureClaims,
  measurePayments,
  measureRegistrations,
  measureSweeps,
  measureTransfers,
} from "./measures.js";
import { measureDoors } from "./doors.js";
import { measurePeers } from "./peers.js";
import { comparisonTable, type Figures, gasPage, measureTable, withFigures } from "./report.js";
import { measureRounds } from "./rounds.js";
import { openScenario, type Scenario } from "./scenario.js";
import { measureAllocations } from "./shares.js";
import { throughputPage } from "./throughput.js";
import { measureUsage } from "./usage.js";
import { measureWorstCases } from "./worst.js";

/** How far a figure may be from the committed one, so that a change of cost is seen and noise is not. */
const TOLERANCE = 0.005;
/** How far pay and claim may move along a curve: the bytes of addresses and amounts are not all the same price. */
const FLAT = 100;

if (process.argv.includes("--time")) {
  await writePage("bench/throughput.md", await throughputPage(await openScenario()));
} else if (process.argv.includes("--gateway")) {
  await writePage("bench/gateway.md", await gatewayPage());
} else {
  const figures = await measureAll(await openScenario());
  const failures = [...brokenBounds(figures), ...bends(figures), ...dearerThanPeers(figures.governance)];
  if (process.argv.includes("--check")) failures.push(...(await drifts(figures)));
  else await write(figures);

  console.log(measureTable([...figures.measures, ...figures.chains, ...figures.peers]));
  console.log(comparisonTable(figures.governance));
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
}

async function measureAll(scenario: Scenario): Promise<Figures> {
  const measures: Measure[] = [];
  for (const measure of [
    measurePayments,
    measureClaims,
    measureCascades,
    measureTransfers,
    measureRegistrations,
    measureSweeps,
    measureDoors,
    measureAllocations,
    measureLicenses,
    measureUsage,
    measureRounds,
    measureWorstCases,
  ]) {
    measures.push(...(await measure(scenario)));
  }

  return {
    measures,
    governance: await measureGovernance(scenario),
    peers: await measurePeers(scenario),
    chains: await measureChains(scenario),
    curves: {
      "share holders": await curveOfHolders(scenario),
      ancestors: await curveOfAncestors(scenario),
      parents: await curveOfParents(scenario),
    },
    economics: measureEconomics(),
  };
}

async function write(figures: Figures): Promise<void> {
  for (const [file, page] of await pagesOf(figures)) await writeFile(inRoot(file), page);
  for (const [file, chart] of chartsOf(figures)) await writeFile(inRoot(file), draw(chart));
}

async function writePage(file: string, text: string): Promise<void> {
  const page = await formatted(text);
  await writeFile(inRoot(file), page);
  console.log(page);
}

async function drifts(figures: Figures): Promise<string[]> {
  const found: string[] = [];
  for (const [file, page] of await pagesOf(figures)) {
    found.push(...driftOf(file, await readFile(inRoot(file), "utf8"), page, TOLERANCE));
  }
  for (const [file, chart] of chartsOf(figures)) {
    found.push(...driftOfDrawing(file, await readFile(inRoot(file), "utf8"), chart, TOLERANCE));
  }

  return found;
}

async function pagesOf(figures: Figures): Promise<[file: string, page: string][]> {
  const pages: [string, string][] = [["bench/gas.md", await formatted(gasPage(figures))]];
  for (const file of ["bench/peers.md", "docs/economics.md", "README.md"]) {
    pages.push([file, await formatted(withFigures(await readFile(inRoot(file), "utf8"), figures))]);
  }

  return pages;
}

function formatted(page: string): Promise<string> {
  return format(page, { parser: "markdown", printWidth: 120 });
}

function inRoot(file: string): string {
  return path.join(hre.config.paths.root, file);
}

function brokenBounds({ measures, chains }: Figures): string[] {
  return [...measures, ...chains]
    .filter(({ gas, bound }) => bound !== undefined && gas > bound)
    .map(({ operation, gas, bound }) => `${operation}: ${gas} gas, over its bound of ${bound}`);
}

function bends({ curves }: Figures): string[] {
  return Object.entries(curves).flatMap(([name, points]) =>
    (["payEth", "payToken", "claim"] as const).flatMap((key) => {
      const gas = points.map((point: Point) => Number(point[key]));
      const spread = Math.max(...gas) - Math.min(...gas);

      return spread > FLAT ? [`${key} moves by ${spread} gas with the number of ${name}, more than ${FLAT}`] : [];
    }),
  );
}
