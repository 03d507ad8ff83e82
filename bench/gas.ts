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
  measureTransfers,
} from "./measures.js";
import { openScenario } from "./scenario.js";

const FILE = path.join(hre.config.paths.root, "bench", "gas.md");
/** How far a figure may be from the committed one, so that a change of cost is seen and noise is not. */
const TOLERANCE = 0.005;
/** How far pay and claim may move along a curve: the bytes of addresses and amounts are not all the same price. */
const FLAT = 100;

const check = process.argv.includes("--check");
const scenario = await openScenario();
const measures: Measure[] = [];
for (const measure of [
  measurePayments,
  measureClaims,
  measureCascades,
  measureTransfers,
  measureRegistrations,
  measureGovernance,
]) {
  measures.push(...(await measure(scenario)));
}
const curves = {
  "share holders": await curveOfHolders(scenario),
  ancestors: await curveOfAncestors(scenario),
};

const failures = [
  ...brokenBounds(measures),
  ...Object.entries(curves).flatMap(([name, points]) => bends(name, points)),
];
if (check) failures.push(...(await driftFrom(measures)));
else await writeFile(FILE, await format(report(), { parser: "markdown", printWidth: 120 }));

console.log(table(measures));
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exitCode = 1;

function brokenBounds(all: Measure[]): string[] {
  return all
    .filter(({ gas, bound }) => bound !== undefined && gas > bound)
    .map(({ operation, gas, bound }) => `${operation}: ${gas} gas, over its bound of ${bound}`);
}

function bends(name: string, points: Point[]): string[] {
  return (["payEth", "payToken", "claim"] as const).flatMap((key) => {
    const figures = points.map((point) => Number(point[key]));
    const spread = Math.max(...figures) - Math.min(...figures);

    return spread > FLAT ? [`${key} moves by ${spread} gas with the number of ${name}, more than ${FLAT}`] : [];
  });
}

/** Compares with the committed table; a row that is missing on either side counts too. */
async function driftFrom(all: Measure[]): Promise<string[]> {
  const committed = new Map(
    [...(await readFile(FILE, "utf8")).matchAll(/^\| ([^|]+?) +\| +([\d,]+) \|/gm)].map(([, operation, gas]) => [
      operation,
      Number(gas.replaceAll(",", "")),
    ]),
  );

  return all.flatMap(({ operation, gas }) => {
    const before = committed.get(operation);
    if (before === undefined) return [`${operation}: not in bench/gas.md; run \`pnpm bench\` and commit it`];
    const drift = Number(gas) / before - 1;

    return Math.abs(drift) > TOLERANCE
      ? [
          `${operation}: ${gas} gas, ${(100 * drift).toFixed(2)} % from the committed ${before}; run \`pnpm bench\` if that is meant`,
        ]
      : [];
  });
}

function report(): string {
  return [
    "# Gas",
    "",
    "Written by `pnpm bench`; CI fails when a figure moves by more than 0.5 % or passes its bound.",
    "",
    "Each figure is `receipt.gasUsed` of one transaction from an ordinary account in a block of its own, intrinsic gas and",
    "calldata included. Models have two parents at odd rates, a fee of 1 % and two holders with odd shares; amounts are odd,",
    "the holder carries a remainder and has income since the last claim, references are 32 random bytes, the ERC-20 is",
    "OpenZeppelin's and approved without limit. What peers use is in [peers.md](peers.md), how the compiler was chosen in",
    "[compiler.md](compiler.md).",
    "",
    table(measures),
    "",
    "## Flat by design",
    "",
    "The cost of paying and claiming depends neither on how many hold shares nor on how long the lineage is.",
    ...Object.entries(curves).flatMap(([name, points]) => ["", curveTable(name, points)]),
    "",
  ].join("\n");
}

function table(all: Measure[]): string {
  const rows = all.map(
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
