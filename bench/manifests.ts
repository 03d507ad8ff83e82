/**
 * Times manifests, in Node and in Chromium, and writes `bench/manifests.md`. Times differ from machine to machine, so
 * nothing compares them.
 *
 *   node --import tsx bench/manifests.ts
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { format } from "prettier";
import type { Page } from "playwright-core";
import { blobSource, hashBlob, manifest, proveRange, verifyRange } from "../sdk/src/manifest/index.js";
import { hashDirectory, hashFile, verifyDirectory } from "../sdk/src/manifest/node.js";
import { startBrowser } from "../test/sdk/manifest.browser.support.js";
import { pattern } from "../test/sdk/manifest.support.js";
import { median } from "./gateway/figures.js";

const MIB = 2 ** 20;
const LARGE = 256;
const FILES = 10_000;
const FILE_BYTES = 4_096;
/** Of which the first warms everything up, and is not counted. */
const ROUNDS = 6;

/** Figures of one row: what was done, how often a second, and of what. */
interface Row {
  what: string;
  figure: number;
  unit: string;
}

async function timeNode(large: string): Promise<Row[]> {
  const unit = "MiB a second";
  const bytes = new Uint8Array(MIB);
  const alone = await perSecond(LARGE, async () => {
    const hash = createHash("sha256");
    for (let i = 0; i < LARGE; i++) hash.update(bytes);
    hash.digest();
  });
  const whole = await perSecond(LARGE, () => hashFile(large, { path: "large" }));

  const content = pattern(64 * MIB);
  const source = blobSource(new Blob([content]));
  const { leaves, chunkRoot: root } = await hashBlob(new Blob([content]), { path: "content" });
  const range = await proveRange({ source, offset: 20 * MIB + 1, length: MIB, leaves });
  const proved = await perSecond(20, async () => {
    for (let i = 0; i < 20; i++) await verifyRange({ root, size: content.length, ...range });
  });

  return [
    { what: "Node: sha-256 alone, of bytes in memory", figure: alone, unit },
    { what: `Node: hashFile, of a file of ${LARGE} MiB`, figure: whole, unit },
    { what: "Node: verifyRange, of 1 MiB within a file of 64 MiB", figure: proved, unit },
  ];
}

async function timeSmall(small: string): Promise<Row[]> {
  const files = await hashDirectory(small);
  const draft = { name: "Small", description: "", license: "MIT", files };
  const made = await manifest.create(draft);
  const claim = { manifest: made.text, digest: made.digest, list: made.list?.text };
  const unit = "files a second";

  return [
    {
      what: `Node: hashDirectory, of ${FILES} files`,
      figure: await perSecond(FILES, () => hashDirectory(small)),
      unit,
    },
    { what: "Node: manifest.create of them", figure: await perSecond(FILES, () => manifest.create(draft)), unit },
    { what: "Node: manifest.verify of them", figure: await perSecond(FILES, () => manifest.verify(claim)), unit },
    {
      what: "Node: verifyDirectory of them",
      figure: await perSecond(FILES, () => verifyDirectory(small, claim)),
      unit,
    },
  ];
}

async function timeBrowser(large: string): Promise<Row[]> {
  const { browser, urls, close } = await startBrowser();
  try {
    const tab = await browser.newPage();
    await tab.goto(urls.secure);
    await tab.setInputFiles("input", large);
    const { outputFiles } = await build({
      stdin: { contents: COMPARED, resolveDir: process.cwd() },
      ...{ bundle: true, format: "iife", write: false, platform: "browser" },
    });
    await tab.addScriptTag({ content: outputFiles[0].text });
    const unit = "MiB a second";

    return [
      { what: "Chromium: sha-256 alone in WebAssembly (hash-wasm)", figure: await inTab(tab, "wasm()", 64), unit },
      {
        what: "Chromium: sha-256 alone in JavaScript (noble, as ethers has it)",
        figure: await inTab(tab, "noble()", 64),
        unit,
      },
      { what: "Chromium: sha-256 alone, chunk by chunk, by WebCrypto", figure: await inTab(tab, "subtle()", 64), unit },
      { what: `Chromium: hashInWorker, of a file of ${LARGE} MiB`, figure: await inTab(tab, HASH_FILE, LARGE), unit },
    ];
  } finally {
    await close();
  }
}

const HASH_FILE = `sdk.hashInWorker(globalThis.kept ??= worker(), document.querySelector("input").files[0], { path: "large" })`;

/** What the choice of a sha-256 for browsers was made between: 64 MiB each. */
const COMPARED = `
  import { createSHA256 } from "hash-wasm";
  import { sha256 } from "ethers";
  const chunk = new Uint8Array(2 ** 20);
  globalThis.wasm = async () => {
    const hash = await createSHA256();
    for (let i = 0; i < 64; i++) hash.update(chunk);
    hash.digest();
  };
  globalThis.noble = () => { for (let i = 0; i < 64; i++) sha256(chunk); };
  globalThis.subtle = async () => { for (let i = 0; i < 64; i++) await crypto.subtle.digest("SHA-256", chunk); };
`;

function inTab(tab: Page, work: string, amount: number): Promise<number> {
  return perSecond(amount, () => tab.evaluate(`(async () => void (await ${work}))()`));
}

async function perSecond(amount: number, work: () => Promise<unknown>): Promise<number> {
  const figures: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await work();
    figures.push((amount / (performance.now() - start)) * 1_000);
  }

  return median(figures.slice(1));
}

/** Returns what each adds to a page, in bytes: minified and compressed. */
async function sizes(): Promise<[what: string, bytes: number][]> {
  const module = (name: string): BuildOptions => ({
    stdin: { contents: `export { ${name} } from "./sdk/src/manifest/index.ts";`, resolveDir: process.cwd() },
  });
  const measured: [string, BuildOptions][] = [
    ["the worker, sha-256 in WebAssembly included", { entryPoints: ["sdk/src/manifest/worker.ts"] }],
    ["`hashInWorker`", module("hashInWorker")],
    ["`verifyRange`, with sha-256 for pages without WebCrypto", module("verifyRange")],
    ["`readHeader`", module("readHeader")],
    ["`manifest`, without ethers and without SPDX's list, which is loaded when it is needed", module("manifest")],
  ];

  return Promise.all(
    measured.map(async ([what, entry]): Promise<[string, number]> => {
      const { outputFiles } = await build({
        ...entry,
        ...({ bundle: true, minify: true, format: "esm", write: false, platform: "browser" } as const),
        external: ["ethers", "spdx-expression-parse"],
      });

      return [what, gzipSync(outputFiles[0].contents, { level: 9 }).length];
    }),
  );
}

function page(rows: Row[], bundled: [string, number][], load: number): string {
  return [
    "# Manifests",
    "",
    "Written by `node --import tsx bench/manifests.ts`, and compared by nobody: times differ from machine to machine and from run to run.",
    "",
    `A run on ${availableParallelism()} cores (${cpus()[0].model.trim()}), Node ${process.version}, with a load of ${load.toFixed(1)} before it began: ` +
      "with a load above the number of cores, others took their turns, and an idle machine is faster. " +
      `Each figure is the median of ${ROUNDS - 1} rounds, after one that warms up. ` +
      "Hashing a file for a manifest takes two sha-256 of each byte, one of the file and one of its chunk; on two threads where there are two. " +
      `The small files have ${FILE_BYTES.toLocaleString("en")} bytes each. Files are in the system's cache.`,
    "",
    "| what | figure | of what |",
    "| --- | ---: | --- |",
    ...rows.map(
      ({ what, figure, unit }) =>
        `| ${what.replace("10000", "10,000")} | ${Math.round(figure).toLocaleString("en")} | ${unit} |`,
    ),
    "",
    "## What it adds to a page",
    "",
    "Minified and compressed by gzip, each alone.",
    "",
    "| what | bytes |",
    "| --- | ---: |",
    ...bundled.map(([what, bytes]) => `| ${what} | ${bytes.toLocaleString("en")} |`),
    "",
  ].join("\n");
}

async function writeLarge(file: string): Promise<void> {
  const piece = pattern(MIB);
  const handle = await open(file, "w");
  for (let i = 0; i < LARGE; i++) await handle.write(piece);
  await handle.close();
}

async function writeSmall(directory: string): Promise<void> {
  const content = pattern(FILE_BYTES + FILES);
  for (let i = 0; i < FILES; i++) {
    const within = path.join(directory, String(i % 100));
    if (i < 100) await mkdir(within, { recursive: true });
    await writeFile(path.join(within, `${i}.bin`), content.subarray(i, i + FILE_BYTES));
  }
}

const folder = await mkdtemp(path.join(tmpdir(), "commonweal-bench-"));
const [load] = loadavg();
try {
  const large = path.join(folder, "large");
  const small = path.join(folder, "small");
  await writeLarge(large);
  await writeSmall(small);
  const rows = [...(await timeNode(large)), ...(await timeSmall(small)), ...(await timeBrowser(large))];
  await writeFile(
    "bench/manifests.md",
    await format(page(rows, await sizes(), load), { parser: "markdown", printWidth: 120 }),
  );
} finally {
  await rm(folder, { recursive: true });
}
