import { type Economics, SCENARIO_NAMES } from "./economics.js";
import { EARLY_ATTACK, MONTHS, QUORUM_PERCENT, SUPPLY } from "./economics/assumptions.js";
import type { Month } from "./economics/simulation.js";
import type { Point } from "./curves.js";
import type { Axis, Chart, Line } from "./draw.js";
import { QUOTED } from "./quoted.js";
import type { Figures } from "./report.js";

/** EIP-7825: gas of one transaction. */
const MAX_TRANSACTION_GAS = 16_777_216;

const GAS: Axis = { name: "gas", min: 0 };

/** Returns the charts of a run, by the file that each is drawn to. */
export function chartsOf(figures: Figures): [file: string, chart: Chart][] {
  const { curves, economics } = figures;

  return [
    ["bench/curves/contributors.svg", contributors(figures)],
    ["bench/curves/ancestors.svg", flat("ancestors, in a chain", 64, curves.ancestors)],
    ["bench/curves/parents.svg", flat("parents", 16, curves.parents)],
    ["bench/curves/chains.svg", chains(figures)],
    ["bench/curves/votes.svg", votes(economics)],
    ["bench/curves/quorum.svg", quorum(economics)],
  ];
}

function contributors({ curves, peers }: Figures): Chart {
  const created = [2, 100].map((count): [number, number] => [
    count,
    Number(peers.find(({ operation }) => operation === `PaymentSplitter: create for ${count}`)?.gas),
  ]);

  return {
    title: "Gas against contributors",
    subtitle: "One payment and one claim, and what peers do for all recipients before any can claim; repeat",
    x: { name: "contributors", log: true, min: 1, max: 1_000_000 },
    y: { name: "gas, one transaction", log: true, min: 10_000, max: 100_000_000 },
    lines: [
      ...linesOf(curves["share holders"]),
      { name: "PaymentSplitter: create", kind: "peer", points: created },
      ...(
        ["0xSplits v2: distribute ERC-20", "0xSplits v1: distribute ERC-20", "Drips: distribute ERC-20"] as const
      ).map(quoted),
      {
        name: "most for one transaction (EIP-7825)",
        kind: "limit",
        points: [
          [1, MAX_TRANSACTION_GAS],
          [1_000_000, MAX_TRANSACTION_GAS],
        ],
      },
    ],
  };
}

function flat(name: string, max: number, points: Point[]): Chart {
  return {
    title: `Gas against ${name}`,
    subtitle: "Each payment and each claim is one transaction, repeat",
    x: { name, min: 0, max, interval: max / 8 },
    y: GAS,
    lines: linesOf(points),
  };
}

function chains({ chains }: Figures): Chart {
  return {
    title: "One payment, until everybody along a chain is paid",
    subtitle: "Gas of all transactions: the payment, what moves it up, a claim for each model; repeat",
    x: { name: "ancestors, in a chain", min: 0, max: 8, interval: 1 },
    y: GAS,
    lines: [
      { name: "Commonweal", kind: "ours", points: chains.map(({ ancestors, gas }) => [ancestors, Number(gas)]) },
      quoted("Story: pay, move up and claim"),
      { ...quoted("Drips: pay and move up"), name: "Drips: pay and move up, not collected" },
      { name: "our bound", kind: "limit", points: chains.map(({ ancestors, bound }) => [ancestors, bound]) },
    ],
  };
}

function votes(economics: Economics): Chart {
  const [early, patient] = economics["middle rate"].attacks;
  // A point a quarter.
  const part = (key: "contributors" | "bought", months: Month[], from = 0) => [
    rounded(from, 0),
    ...months
      .map((month, i) => rounded(i + 1, (100 * month[key]) / SUPPLY))
      .filter(([month]) => month > from && month % 3 === 0),
  ];

  return {
    title: "Votes in contributors' hands",
    subtitle: `WEAL earned through fees; and who pays a model of their own from month ${EARLY_ATTACK} on, at the middle rate`,
    x: { name: "months", min: 0, max: MONTHS, interval: 12 },
    y: { name: "WEAL, % of the supply", min: 0, max: 5 * QUORUM_PERCENT, interval: QUORUM_PERCENT },
    lines: [
      ...SCENARIO_NAMES.toReversed().map((name): Line => ({
        name: `contributors, ${name}`,
        kind: "ours",
        points: part("contributors", economics[name].alone.months),
      })),
      { name: "a buyer who is served first", kind: "peer", points: part("bought", early.run.months, EARLY_ATTACK) },
      { name: "a buyer who is served last", kind: "peer", points: part("bought", patient.run.months, EARLY_ATTACK) },
      {
        name: "a quorum",
        kind: "limit",
        points: [
          [0, QUORUM_PERCENT],
          [MONTHS, QUORUM_PERCENT],
        ],
      },
    ],
  };
}

function quorum(economics: Economics): Chart {
  return {
    title: "What a quorum costs who buys it through fees",
    subtitle: "Fees paid until the buyer, who is served first in each epoch, has a quorum",
    x: { name: "months since it began", min: 0, max: MONTHS - EARLY_ATTACK, interval: 12 },
    y: { name: "fees paid, in million dollars", min: 0 },
    lines: SCENARIO_NAMES.map((name): Line => {
      const { attack, run } = economics[name].attacks[0];
      const costs = run.months.slice(attack.from).map(({ cost }) => cost);
      const last = costs.indexOf(costs[costs.length - 1]);

      return {
        name: `${name}, until a quorum`,
        kind: "peer",
        points: [[0, 0], ...costs.slice(0, last + 1).map((cost, i) => rounded(i + 1, cost / 1e6))],
      };
    }),
  };
}

/** Drawings carry their figures, and a few digits of them say enough. */
function rounded(x: number, y: number): [x: number, y: number] {
  return [x, Number(y.toFixed(4))];
}

function linesOf(points: Point[]): Line[] {
  const line = (name: string, key: "payEth" | "payToken" | "claim"): Line => ({
    name: `Commonweal: ${name}`,
    kind: "ours",
    points: points.map((point) => [point.at, Number(point[key])]),
  });

  return [line("claim ERC-20", "claim"), line("pay ERC-20", "payToken"), line("pay ETH", "payEth")];
}

function quoted(name: keyof typeof QUOTED): Line {
  return { name, kind: "peer", points: Object.entries(QUOTED[name]).map(([at, gas]) => [Number(at), gas]) };
}
