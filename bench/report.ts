import type { Chain } from "./chains.js";
import type { Point } from "./curves.js";
import { type Economics, economicFigures } from "./economics.js";
import type { Comparison } from "./governance.js";
import type { Measure } from "./measures.js";
import { QUOTED } from "./quoted.js";
import { capacityTable } from "./throughput.js";

/** What one run measured. */
export interface Figures {
  measures: Measure[];
  peers: Measure[];
  governance: Comparison[];
  chains: Chain[];
  /** By what changes along them. */
  curves: Record<"share holders" | "ancestors" | "parents", Point[]>;
  economics: Economics;
}

/** Writes the page of all figures, in Markdown. */
export function gasPage({ measures, governance, chains, curves }: Figures): string {
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
    "## Governance beside OpenZeppelin",
    "",
    "WEAL and its governor are made of OpenZeppelin 5.7's extensions. Beside them, in the same run, the same extensions as they",
    "come ([token](peers/OpenZeppelinToken.sol), [governor](peers/OpenZeppelinGovernor.sol)) with the same settings, compiled as",
    "ours are, before a TimelockController of their own. Both decide on the same proposal, a grant in an ERC-20, by the same",
    "calldata. `pnpm bench` fails when an operation of ours takes over 5 % more. “First” is the delegation of an account that never",
    "delegated, and the vote that opens the tally and reaches the quorum. Votes by signature use the voter's nonces for the",
    "proposal.",
    "",
    comparisonTable(governance),
    "",
    "## Flat by design",
    "",
    "The cost of paying and claiming depends neither on how many hold shares nor on how long or wide the lineage is.",
    "",
    "Peers distribute a payment to all recipients in a transaction of its own, and each withdraws its part after that;",
    "PaymentSplitter writes out all of them when it is created. Here there is nothing to distribute: whoever wants its",
    "money claims it.",
    "",
    "![Gas of paying, claiming, and of peers' distributions, against the number of contributors](curves/contributors.svg)",
    "",
    curveTable("share holders", curves["share holders"]),
    "",
    "![Gas of paying and claiming against the number of ancestors](curves/ancestors.svg)",
    "",
    curveTable("ancestors", curves.ancestors),
    "",
    "![Gas of paying and claiming against the number of parents](curves/parents.svg)",
    "",
    curveTable("parents", curves.parents),
    "",
    "## Until everybody is paid",
    "",
    "What does grow with the lineage is the work of moving a payment up and of claiming it. Here a chain of models is paid",
    "once, one transaction cascades all of them, and the holder of each model claims in a transaction of its own; everybody",
    "was paid before. The bound is 140,000 and 70,000 more for each ancestor. Figures of peers are quoted from",
    "[peers.md](peers.md); with Drips, 111,543 for each who then collects come on top.",
    "",
    "![Gas of all transactions until everybody along a chain is paid](curves/chains.svg)",
    "",
    chainTable(chains),
    "",
    "## Payments a second",
    "",
    "What fits into blocks that hold nothing else, by the figures above and by gas alone. The limits are assumptions:",
    "chains change theirs, and other limits, such as a rollup's data, may bind first. How fast the simulated chain is stands",
    "in [throughput.md](throughput.md).",
    "",
    capacityTable(measures),
    "",
  ].join("\n");
}

/**
 * Writes figures into a page at the places that name them: `<!-- gas: operation -->figure<!-- / -->`, and likewise
 * `economics: row, scenario`. A figure may be a table.
 */
export function withFigures(page: string, figures: Figures): string {
  const named = { gas: gasFigures(figures), economics: economicFigures(figures.economics) };

  return page.replaceAll(
    /<!-- (gas|economics): (.+?) -->.*?<!-- \/ -->/gs,
    (_, domain: keyof typeof named, name: string) => {
      const figure = named[domain].get(name);
      if (figure === undefined) throw new Error(`A page names "${domain}: ${name}", which is not measured`);
      const text = figure.includes("\n") ? `\n\n${figure}\n\n` : figure;

      return `<!-- ${domain}: ${name} -->${text}<!-- / -->`;
    },
  );
}

function gasFigures({ measures, governance, peers, chains }: Figures): Map<string, string> {
  const figures = new Map([...measures, ...peers, ...chains].map(({ operation, gas }) => [operation, number(gas)]));
  for (const { operation, ours } of governance) figures.set(operation, number(ours));
  for (const [operation, quoted] of Object.entries(QUOTED)) {
    for (const [at, gas] of Object.entries(quoted)) figures.set(`${operation}, ${at}`, number(gas));
  }

  return figures;
}

export function measureTable(measures: Measure[]): string {
  const rows = measures.map(
    ({ operation, gas, bound }) => `| ${operation} | ${number(gas)} | ${bound === undefined ? "" : number(bound)} |`,
  );

  return ["| operation | gas | bound |", "| --- | ---: | ---: |", ...rows].join("\n");
}

export function comparisonTable(comparisons: Comparison[]): string {
  const rows = comparisons.map(
    ({ operation, ours, openZeppelin }) =>
      `| ${operation} | ${number(ours)} | ${number(openZeppelin)} | ${(Number(ours) / Number(openZeppelin)).toFixed(3)} |`,
  );

  return ["| operation | ours | OpenZeppelin | ratio |", "| --- | ---: | ---: | ---: |", ...rows].join("\n");
}

function curveTable(name: string, points: Point[]): string {
  const rows = points.map(
    ({ at, payEth, payToken, claim }) =>
      `| ${number(at)} | ${number(payEth)} | ${number(payToken)} | ${number(claim)} |`,
  );

  return [`| ${name} | pay ETH | pay ERC-20 | claim ERC-20 |`, "| ---: | ---: | ---: | ---: |", ...rows].join("\n");
}

function chainTable(chains: Chain[]): string {
  const peers: Record<number, number>[] = [QUOTED["Story: pay, move up and claim"], QUOTED["Drips: pay and move up"]];
  const rows = chains.map(({ ancestors, pay, cascade, claims, gas, bound }) =>
    [ancestors, pay, cascade, claims, gas, bound, ...peers.map((peer) => peer[ancestors])].map(number).join(" | "),
  );

  return [
    "| ancestors | pay | cascade | claims | together | bound | Story | Drips, not collected |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

function number(value: bigint | number): string {
  return value.toLocaleString("en");
}
