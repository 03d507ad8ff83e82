/**
 * Measures what the tree of an allocation takes, in time and memory, and writes `bench/allocations.md`.
 *
 *   node --import tsx bench/allocations.ts
 *
 * Takes some five minutes on cores of its own.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { toBeHex } from "ethers";
import { format } from "prettier";
import { type AllocationLeaf, buildAllocation, proofsOf, readAllocation } from "../sdk/src/trees.js";

const SCRIPT = fileURLToPath(import.meta.url);
const COUNTS = [1_000, 100_000, 1_000_000];
const CLAIMS = 1_000;
/** Beyond, `StandardMerkleTree` would take twice as long as all the rest; it grows in proportion. */
const STANDARD_MAX = 100_000;
/** The most that a process may have on its heap. */
const HEAP_MB = 4_096;
const LEAF_ENCODING = ["uint256", "address", "address", "uint256", "address", "uint256"];

const place = { chainId: 8453n, ledger: toBeHex(1n << 150n, 20), model: toBeHex(3n << 150n, 20) };
const accountAt = (index: number) => toBeHex((BigInt(index) << 96n) + (1n << 150n), 20);

/** What one process measured: seconds, megabytes. */
interface Figures {
  root: string;
  seconds: number;
  memory: number;
  /** Of building: what 1,000 proofs take. */
  claims?: number;
}

/** Each takes a number of leaves, and the file with the tree: to be written, or to be read. */
const measures = {
  buildAllocation: { build: buildOurs, read: readOurs },
  StandardMerkleTree: { build: buildStandard, read: readStandard },
};
type Builder = keyof typeof measures;
type Step = "build" | "read";

const [builder, step, count, treeFile] = process.argv.slice(2);
if (builder === undefined) await measureAll();
else console.log(JSON.stringify(measures[builder as Builder][step as Step](Number(count), treeFile)));

async function measureAll() {
  const folder = await mkdtemp(path.join(tmpdir(), "allocations-"));
  const file = path.join(folder, "tree.json");
  const rows: string[] = [];
  try {
    for (const leaves of COUNTS) {
      const roots = new Set<string>();
      for (const name of Object.keys(measures)) {
        if (name === "StandardMerkleTree" && leaves > STANDARD_MAX) continue;
        const built = measured(name, "build", leaves, file);
        const read = measured(name, "read", leaves, file);
        roots.add(built.root).add(read.root);
        const { size } = await stat(file);
        const claims = (built.claims ?? 0) * 1_000;
        const cells = [built.seconds, built.memory, claims, size / 1e6, read.seconds, read.memory].map(number);
        rows.push(`| ${leaves.toLocaleString("en")} | \`${name}\` | ${cells.join(" | ")} |`);
        console.log(rows[rows.length - 1]);
      }
      if (roots.size !== 1) throw new Error(`The roots of ${leaves} leaves differ: ${[...roots].join(", ")}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }

  const page = path.join(import.meta.dirname, "allocations.md");
  await writeFile(page, await format(pageOf(rows), { parser: "markdown", printWidth: 120 }));
}

/** Measures in a process of its own, since the peak of memory only ever grows. */
function measured(name: string, what: Step, leaves: number, file: string): Figures {
  const flags = [`--max-old-space-size=${HEAP_MB}`, "--import", "tsx", SCRIPT, name, what, String(leaves), file];

  return JSON.parse(execFileSync(process.execPath, flags, { encoding: "utf8" }));
}

function buildOurs(leaves: number, file: string): Figures {
  const shares = Array.from({ length: leaves }, (_, index) => ({ account: accountAt(index), units: 1 }));
  const [seconds, allocation] = timed(() => buildAllocation({ ...place, units: leaves, shares }));
  const memory = peakMemory();
  const [claims] = timed(() => {
    for (let n = 0; n < CLAIMS; n++) proofsOf(allocation, accountAt((n * 37) % leaves));
  });
  writeFileSync(file, JSON.stringify(allocation.tree));

  return { root: allocation.root, seconds, memory, claims };
}

function readOurs(leaves: number, file: string): Figures {
  const text = readFileSync(file, "utf8");
  const [seconds, { root }] = timed(() => readAllocation(text, { ...place, units: leaves }));

  return { root, seconds, memory: peakMemory() };
}

function buildStandard(leaves: number, file: string): Figures {
  const { chainId, ledger, model } = place;
  const values = Array.from({ length: leaves }, (_, index): AllocationLeaf => [
    String(chainId),
    ledger,
    model,
    String(index),
    accountAt(index),
    "1",
  ]);
  const [seconds, tree] = timed(() => StandardMerkleTree.of(values, LEAF_ENCODING));
  const memory = peakMemory();
  const [claims] = timed(() => {
    for (let n = 0; n < CLAIMS; n++) tree.getProof((n * 37) % leaves);
  });
  writeFileSync(file, JSON.stringify(tree.dump()));

  return { root: tree.root, seconds, memory, claims };
}

function readStandard(_leaves: number, file: string): Figures {
  const text = readFileSync(file, "utf8");
  const [seconds, { root }] = timed(() => StandardMerkleTree.load(JSON.parse(text)));

  return { root, seconds, memory: peakMemory() };
}

/** Measures in seconds of a processor, so that what else the machine does changes little. */
function timed<T>(work: () => T): [seconds: number, result: T] {
  const start = process.cpuUsage();
  const result = work();
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
    "# Trees of allocations",
    "",
    "Written by `node --import tsx bench/allocations.ts`: one run on two cores with Node " +
      `${process.versions.node.split(".")[0]}, each figure from a process`,
    `of its own with a heap of ${HEAP_MB / 1_024} GB at most, of which a process takes more than it needs. Times are those of the processor,`,
    "all threads together. Others used the machine too: what to take from the figures is their proportion, and that a million",
    "leaves can be built and read.",
    "",
    `“Build” goes from the list to the root, “claims” are ${CLAIMS.toLocaleString("en")} proofs by account (ours) or by position`,
    "(StandardMerkleTree), “JSON” is the dumped tree, “read” goes from its text to a tree of which everything was checked.",
    "Peaks are of all memory of the process. StandardMerkleTree is left out at a million: when it was tried once, on",
    "the same machine with Node 20, it took 259 s and 1.8 GB to build and 279 s to read, by the clock.",
    "",
    "| leaves | by | build, s | peak, MB | claims, ms | JSON, MB | read, s | peak, MB |",
    "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
    "`buildAllocation` makes the same tree as OpenZeppelin's `StandardMerkleTree`, and either reads what the other writes.",
    "It hashes the leaves itself and leaves the tree to `SimpleMerkleTree` of the same library: the difference comes from there, where",
    "`StandardMerkleTree` encodes six values with a general coder, and compares hashes as bigints while it sorts them.",
    "",
  ].join("\n");
}
