/**
 * Measures what a round's result takes, in time and memory, and writes `bench/rounds-scale.md`.
 *
 *   node --import tsx bench/rounds-scale.ts
 *
 * Takes some ten minutes on cores of its own.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { id, toBeHex, Wallet } from "ethers";
import { format } from "prettier";
import { type RoundOpening, roundIdOf } from "../sdk/src/index.js";
import {
  aggregateScores,
  type Contribution,
  completeScores,
  leavesOf,
  readResult,
  signScores,
  verifyResult,
  writeBudget,
  writeResult,
} from "../sdk/src/roundScoring.js";

const SCRIPT = fileURLToPath(import.meta.url);
const COUNTS = [1_000, 10_000, 100_000];
/** The most that a process may have on its heap. */
const HEAP_MB = 4_096;

const accountAt = (index: number) => toBeHex((BigInt(index) << 96n) + (1n << 150n), 20);
const place = { chainId: 8453n, contract: accountAt(1) };
const manifestDigest = id("manifest");
const reviewers = ["first", "second", "third"]
  .map((name) => new Wallet(id(`reviewer ${name}`)))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
const budget = writeBudget({
  text: "Compute is paid in money, data in shares.",
  kinds: { data: { cash: 0, shares: 60 }, compute: { cash: 100, shares: 40, perUnit: true } },
});
const opening: RoundOpening = {
  ...{ coordinator: accountAt(2), arbiter: accountAt(3), currency: accountAt(4) },
  money: {
    ...{ target: "1000000000000", cap: "3000000000000", coordinatorCash: "1000000000" },
    ...{ submissionBond: "1000000", resultBond: "1000000000", challengeBond: "1000000000" },
  },
  schedule: {
    ...{
      fundingUntil: 1_800_000_000,
      submissionUntil: 1_800_000_000,
      revealUntil: 1_801_000_000,
      reviewPeriod: 864_000,
    },
    ...{ challengePeriod: 864_000, arbitrationPeriod: 2_592_000, maxAttempts: 3 },
  },
  split: { contributors: 600_000, funders: 300_000, coordinator: 100_000 },
  ...{ minReviews: 2, reviewers: reviewers.map(({ address }) => address) },
  model: {
    ...{ owner: accountAt(2), kind: "model", maxHostBps: 3_000, maxFeeBps: 250 },
    derivatives: { mode: "open", rateBps: 500, duration: 0 },
    parents: [],
  },
  ...{ licenseDigest: id("licence"), budgetDigest: budget.digest, salt: id("salt") },
};

/** What one process measured: seconds, megabytes. */
interface Figures {
  /** Of one reviewer's signature, or of one account's proof. */
  single: number;
  seconds: number;
  memory: number;
}

const measures = { build, check };

const [step, count, resultFile] = process.argv.slice(2);
if (step === undefined) await measureAll();
else console.log(JSON.stringify(await measures[step as "build" | "check"](Number(count), resultFile)));

async function measureAll() {
  const folder = await mkdtemp(path.join(tmpdir(), "rounds-"));
  const file = path.join(folder, "result.json");
  const rows: string[] = [];
  try {
    for (const leaves of COUNTS) {
      const [built, checked] = [measured("build", leaves, file), measured("check", leaves, file)];
      const { size } = await stat(file);
      const cells = [
        built.single,
        built.seconds,
        built.memory,
        size / 1e6,
        checked.seconds,
        checked.single,
        checked.memory,
      ];
      rows.push(`| ${[leaves.toLocaleString("en"), ...cells.map(number)].join(" | ")} |`);
      console.log(rows[rows.length - 1]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }

  const page = path.join(import.meta.dirname, "rounds-scale.md");
  await writeFile(page, await format(pageOf(rows), { parser: "markdown", printWidth: 120 }));
}

/** Measures in a process of its own, since the peak of memory only ever grows. */
function measured(what: keyof typeof measures, leaves: number, file: string): Figures {
  const flags = [`--max-old-space-size=${HEAP_MB}`, "--import", "tsx", SCRIPT, what, String(leaves), file];

  return JSON.parse(execFileSync(process.execPath, flags, { encoding: "utf8" }));
}

/** A contribution for each leaf, with scores of which none is 0. */
async function build(leaves: number, file: string): Promise<Figures> {
  const contributions = Array.from({ length: leaves }, (_, index): Contribution => ({
    contributor: accountAt(index),
    contentDigest: id(`content ${index}`),
    kind: index % 2 === 0 ? "data" : "compute",
    units: String(index + 1),
  }));
  const roundId = roundIdOf(opening, place);
  const scoresOf = (reviewer: number) =>
    completeScores(
      contributions,
      contributions.map((each, index) => ({ ...each, score: 1 + (((index + reviewer) * 37) % 100) })),
    );
  const sign = (reviewer: number) =>
    signScores(reviewers[reviewer], { roundId, manifestDigest, scores: scoresOf(reviewer) }, place);
  const [single, first] = await timed(() => sign(0));
  const reviews = [first, await sign(1), await sign(2)];
  const [seconds, text] = await timed(async () =>
    writeResult(
      aggregateScores({
        ...{ ...place, ledger: accountAt(5), model: accountAt(6), opening, budget: budget.text },
        ...{ raised: 2_000_000_000_000n, manifestDigest, contributions, reviews },
      }),
    ),
  );
  writeFileSync(file, text);

  return { single, seconds, memory: peakMemory() };
}

async function check(leaves: number, file: string): Promise<Figures> {
  const text = readFileSync(file, "utf8");
  const [seconds, mismatches] = await timed(async () => verifyResult(text));
  if (mismatches.length > 0) throw new Error(`The result of ${leaves} leaves is wrong: ${mismatches[0].message}`);
  const [single, [leaf]] = await timed(async () => leavesOf(readResult(text), accountAt(leaves - 1)));
  if (leaf?.index !== leaves - 1) throw new Error(`The last of ${leaves} leaves is missing`);

  return { single, seconds, memory: peakMemory() };
}

/** Measures in seconds of a processor, so that what else the machine does changes little. */
async function timed<T>(work: () => Promise<T>): Promise<[seconds: number, result: T]> {
  const start = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(start);

  return [(user + system) / 1e6, result];
}

/** The most that this process ever had in memory, in megabytes. */
function peakMemory(): number {
  return process.resourceUsage().maxRSS / 1024;
}

function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function pageOf(rows: readonly string[]): string {
  return [
    "# Results of rounds",
    "",
    "Written by `node --import tsx bench/rounds-scale.ts`: one run on two cores with Node " +
      `${process.versions.node.split(".")[0]}, each figure from a process`,
    `of its own with a heap of ${HEAP_MB / 1_024} GB at most. Times are those of the processor, all threads together. Others used the`,
    "machine too: what to take from the figures is their proportion, and that a hundred thousand leaves work.",
    "",
    "Each leaf is one contribution by an account of its own, scored by three reviewers. “Sign” is what one reviewer's signature",
    "takes, by ethers. “Aggregate” goes from the signed scores to the text of the result, which is “JSON”. “Verify” makes all of it",
    "again from the text, signatures included, and compares; “claim” goes from the text to one account's proof.",
    "Peaks are of all memory of the process.",
    "",
    "| leaves | sign, s | aggregate, s | peak, MB | JSON, MB | verify, s | claim, s | peak, MB |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
  ].join("\n");
}
