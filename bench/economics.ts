import {
  CLAIMED_PERCENT,
  CLAIMING_MONTHS,
  EARLY_ATTACK,
  FIRST_REVENUE,
  GENESIS_PERCENT,
  GROWTH_PERCENT,
  LATE_ATTACK,
  MAX_CONTRIBUTORS,
  MAX_PARENTS,
  MAX_RATE_BPS,
  MIN_RATE_BPS,
  MODELS_AT_START,
  MONTHS,
  NEW_CONTRIBUTOR_PERCENT,
  NEW_MODELS_PER_MONTH,
  PARETO_SHAPE,
  PROTOCOL_FEE_BPS,
  QUORUM_PERCENT,
  SCENARIOS,
  type ScenarioName,
  SUPPLY,
  VESTING_MONTHS,
} from "./economics/assumptions.js";
import { type Concentration, concentrationOf } from "./economics/concentration.js";
import { type Attack, monthsToQuorum, QUORUM, type Run, simulate } from "./economics/simulation.js";

/** Under each scenario: contributors alone, and beside somebody who buys a quorum. */
export type Economics = Record<ScenarioName, { alone: Run; concentration: Concentration; attacks: Attacked[] }>;

interface Attacked {
  attack: Attack;
  run: Run;
}

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];

const ATTACKS: Attack[] = [
  { from: EARLY_ATTACK, served: "first" },
  { from: EARLY_ATTACK, served: "last" },
  { from: LATE_ATTACK, served: "last" },
];

/** Simulates every scenario. What comes out follows from `economics/assumptions.ts` alone. */
export function measureEconomics(): Economics {
  const economics = SCENARIO_NAMES.map((name) => {
    const alone = simulate(name);
    const attacks = ATTACKS.map((attack) => ({ attack, run: simulate(name, attack) }));

    return [name, { alone, concentration: concentrationOf(alone.balances, QUORUM), attacks }];
  });

  return Object.fromEntries(economics) as Economics;
}

/** Returns the tables of `docs/economics.md`, and each of their cells by its row and scenario. */
export function economicFigures(economics: Economics): Map<string, string> {
  const figures = new Map([
    ["assumptions", assumptionTable()],
    ["fee on WEAL", percent(PROTOCOL_FEE_BPS / 10_000)],
    ["years", number(MONTHS / 12)],
  ]);
  for (const [table, rows] of [
    ["votes for sale", saleRows(economics)],
    ["contributors", contributorRows(economics)],
  ] as const) {
    figures.set(table, tableOf(["", ...SCENARIO_NAMES], rows));
    for (const [row, ...cells] of rows) {
      for (const [i, name] of SCENARIO_NAMES.entries()) figures.set(`${row}, ${name}`, cells[i]);
    }
  }

  return figures;
}

function assumptionTable(): string {
  const { treasury, reserve, community, founders, holders } = GENESIS_PERCENT;

  return tableOf(
    ["assumption", "value"],
    [
      ["supply; quorum", `${number(SUPPLY)} WEAL; ${QUORUM_PERCENT} % of it, which is ${number(QUORUM)}`],
      ["at genesis, without votes", `treasury ${treasury} %, Stakeholding's reserve ${reserve} %`],
      ["at genesis, holders", `${holders} %`],
      [
        "at genesis, the community",
        `${community} %, of which ${CLAIMED_PERCENT} % are claimed within ${CLAIMING_MONTHS} months`,
      ],
      ["at genesis, founders", `${founders} %, which vest over ${VESTING_MONTHS} months`],
      ["protocol fee", `${PROTOCOL_FEE_BPS / 100} % of what a model keeps`],
      ["models", `${MODELS_AT_START}, and ${NEW_MODELS_PER_MONTH} more each month`],
      [
        "sales of all models",
        `${dollars(FIRST_REVENUE)} in the first month, ${GROWTH_PERCENT} % more each month, for ${MONTHS} months`,
      ],
      ["sales of a model, compared with others", `Pareto distributed, shape ${PARETO_SHAPE}`],
      [
        "lineage",
        `0 to ${MAX_PARENTS} parents, rather those with many children, at ${MIN_RATE_BPS / 100} to ${MAX_RATE_BPS / 100} % each`,
      ],
      [
        "contributors of a model",
        `1 to ${MAX_CONTRIBUTORS} with uneven shares; of each ${NEW_CONTRIBUTOR_PERCENT} % are new`,
      ],
      ["who has votes", "delegates them, keeps the WEAL and sells none"],
    ],
  );
}

function saleRows(economics: Economics): string[][] {
  return [
    row("rate: WEAL for a dollar of fees", ({ rate }) => number(rate)),
    row("cap: WEAL in a month", ({ cap }) => number(cap)),
    row("price of a vote, 1/rate", ({ rate }) => `$${(1 / rate).toFixed(4)}`),
    row("price of a quorum, quorum/rate", ({ rate }) => dollars(QUORUM / rate)),
    row("most votes in a month, of the supply", ({ cap }) => percent(cap / SUPPLY)),
    ...ATTACKS.map((attack, i) =>
      row(`months to a quorum, begun after ${attack.from}, served ${attack.served}`, (_, name) =>
        months(economics[name].attacks[i]),
      ),
    ),
    row("paid by who was served first, fee on WEAL included", (_, name) =>
      dollars(economics[name].attacks[0].run.months[MONTHS - 1].cost),
    ),
    row("moved through a model of one's own for it", (_, name) =>
      dollars((economics[name].attacks[0].run.months[MONTHS - 1].cost * 10_000) / PROTOCOL_FEE_BPS),
    ),
    row("most gained in a month, were a WEAL worth 2/rate", ({ rate, cap }) => dollars(cap / rate)),
    row("months in which the reserve can be emptied", ({ cap }) => number(reserve() / cap)),
  ];
}

function contributorRows(economics: Economics): string[][] {
  const end = (name: ScenarioName) => economics[name].alone.months[MONTHS - 1];
  const held = (name: ScenarioName) => economics[name].concentration;

  return [
    row("WEAL earned, of the supply", (_, name) => percent(end(name).contributors / SUPPLY)),
    row("of all votes that can be cast", (_, name) =>
      percent(end(name).contributors / (end(name).contributors + genesisVotes())),
    ),
    row("part of the cap that their fees use, first year", (_, name) => percent(used(economics[name].alone, 0))),
    row("part of the cap that their fees use, last year", (_, name) =>
      percent(used(economics[name].alone, MONTHS - 12)),
    ),
    row("WEAL that waits for later epochs", (_, name) => number(Math.round(end(name).waiting))),
    row("contributors with WEAL", (_, name) => number(held(name).holders)),
    row("part of the ten largest", (_, name) => percent(held(name).topTen)),
    row("Gini coefficient", (_, name) => held(name).gini.toFixed(2)),
    row("contributors who make a quorum together", (_, name) => {
      const { enough } = held(name);

      return enough === undefined ? "all are too few" : number(enough);
    }),
  ];
}

function row(name: string, cell: (terms: { rate: number; cap: number }, scenario: ScenarioName) => string): string[] {
  return [name, ...SCENARIO_NAMES.map((scenario) => cell(SCENARIOS[scenario], scenario))];
}

/** Votes of WEAL that others than contributors can cast in the end. */
function genesisVotes(): number {
  const { community, founders, holders } = GENESIS_PERCENT;
  const claimed = (community * CLAIMED_PERCENT * Math.min(1, MONTHS / CLAIMING_MONTHS)) / 100;
  const vested = founders * Math.min(1, MONTHS / VESTING_MONTHS);

  return (SUPPLY * (holders + vested + claimed)) / 100;
}

/** Returns the part of a year's budget that contributors' fees use. */
function used({ months }: Run, from: number): number {
  return months.slice(from, from + 12).reduce((sum, month) => sum + month.used, 0) / 12;
}

function months({ attack, run }: Attacked): string {
  return number(monthsToQuorum(run, attack) ?? `more than ${MONTHS - attack.from}`);
}

function reserve(): number {
  return (SUPPLY * GENESIS_PERCENT.reserve) / 100;
}

function tableOf(head: string[], rows: string[][]): string {
  const ruler = ["---", ...head.slice(1).map(() => "---:")];

  return [head, ruler, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function number(value: number | string): string {
  return value.toLocaleString("en");
}

function dollars(value: number): string {
  return `$${number(Math.round(value))}`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
