import type { Point } from "./curves.js";
import type { Axis, Chart, Line } from "./draw.js";
import { QUOTED } from "./quoted.js";
import type { Figures } from "./report.js";

/** EIP-7825: gas of one transaction. */
const MAX_TRANSACTION_GAS = 16_777_216;

const GAS: Axis = { name: "gas", min: 0 };

/** Returns the charts of a run, by the file that each is drawn to. */
export function chartsOf(figures: Figures): [file: string, chart: Chart][] {
  const { curves } = figures;

  return [
    ["bench/curves/contributors.svg", contributors(figures)],
    ["bench/curves/ancestors.svg", flat("ancestors, in a chain", 64, curves.ancestors)],
    ["bench/curves/parents.svg", flat("parents", 16, curves.parents)],
    ["bench/curves/chains.svg", chains(figures)],
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
