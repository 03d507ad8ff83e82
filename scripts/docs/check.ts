// Runs every code block of the documentation. Names of pages as arguments leave out the others.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { parseFragment } from "parse5";
import ts from "typescript";
import { parseAllDocuments } from "yaml";
import { fail } from "../checks/fail.js";
import { startLocalChain } from "../local.js";
import { type Block, BlockMalformed, blocksOf, isCode } from "./blocks.js";
import { moduleOf } from "./module.js";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** Of this run alone, at the depth that hidden blocks count on. */
const FOLDER = path.join(ROOT, `cache/docs-${process.pid}`);
const PAGES = [
  "README.md",
  "docs/**/*.md",
  "sdk/README.md",
  "gateway/README.md",
  "relayer/README.md",
  "examples/*/README.md",
];
/** The port at which pages have their chain. */
const CHAIN_PORT = "8545";
/** What the compiler says of a parameter without a type, for which JavaScript has no words. */
const UNTYPED_PARAMETER = 7006;
const PAGE_LIMIT_MS = 600_000;

interface Page {
  name: string;
  blocks: Block[];
  /** Starts a chain itself, because it shows what comes of it. */
  startsChain: boolean;
  file: string;
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BlockMalformed)) throw error;
  fail(error.message);
} finally {
  await rm(FOLDER, { recursive: true, force: true });
}
process.exit();

async function run(names: readonly string[]): Promise<void> {
  const pages = (await readPages()).filter(({ name }) => names.length === 0 || names.includes(name));
  for (const { name, blocks } of pages) for (const block of blocks) parse(name, block);

  for (const folder of ["types", "run"]) await mkdir(path.join(FOLDER, folder), { recursive: true });
  const coded = pages.filter(({ blocks }) => blocks.some(({ language }) => isCode(language) || language === "sh"));
  for (const { name, file, blocks } of coded)
    await writeFile(file, moduleOf(name, blocks, "../../../scripts/docs/page.js"));
  checkTypes(coded);

  const chain = await startLocalChain(0);
  const rpc = rpcOf(chain.url);
  try {
    let snapshot = await rpc("evm_snapshot");
    for (const page of coded) {
      const started = Date.now();
      const problem = await runPage(page, chain);
      const seconds = ((Date.now() - started) / 1_000).toFixed(1);
      console.log(`${problem === undefined ? "ok    " : "FAILS "} ${page.name} (${seconds} s)`);
      if (problem !== undefined) fail(problem);
      await rpc("evm_revert", snapshot);
      snapshot = await rpc("evm_snapshot");
    }
  } finally {
    await chain.close();
  }
  report(pages);
}

async function readPages(): Promise<Page[]> {
  const exclude = (name: string) => name.includes("node_modules") || name.startsWith("docs/reference");
  const names = globSync(PAGES, { cwd: ROOT, exclude }).sort();

  return Promise.all(
    names.map(async (name) => {
      const blocks = blocksOf(name, await readFile(path.join(ROOT, name), "utf8"));
      const startsChain = blocks.some(
        ({ language, code }, i) => language === "sh" && / start\b/.test(code) && blocks[i + 1]?.language === "text",
      );

      return { name, blocks, startsChain, file: path.join(FOLDER, "types", `${name.replaceAll("/", "__")}.ts`) };
    }),
  );
}

/** Parses what is data rather than code. */
function parse(page: string, { language, code, line }: Block): void {
  const problems: string[] = [];
  if (language === "json" || language === "jsonc") {
    const { error } =
      language === "jsonc"
        ? ts.parseConfigFileTextToJson(page, code)
        : ts.convertToObject(ts.parseJsonText(page, code), []);
    if (error !== undefined) problems.push(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  } else if (language === "yaml") {
    for (const { errors } of parseAllDocuments(code)) problems.push(...errors.map(({ message }) => message));
  } else if (language === "html") {
    parseFragment(code, { sourceCodeLocationInfo: true, onParseError: ({ code: problem }) => problems.push(problem) });
  }
  for (const problem of problems) fail(`${page}:${line}: this is no ${language}: ${problem}`);
}

/** Type-checks all pages as one program. */
function checkTypes(pages: readonly Page[]): void {
  const configFile = path.join(ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const byFile = new Map(pages.map((page) => [page.file, page]));
  // Some pages run in browsers too.
  const lib = ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"];
  const program = ts.createProgram([...byFile.keys()], { ...options, lib });
  const problems = ts.getPreEmitDiagnostics(program).flatMap(({ code, file, start, messageText }) => {
    const page = byFile.get(file?.fileName ?? "");
    if (file === undefined || page === undefined) return [];
    const line = file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    const block = page.blocks.findLast((candidate) => candidate.line <= line);
    if (code === UNTYPED_PARAMETER && block?.language === "js") return [];

    return [`${page.name}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`];
  });
  for (const problem of problems) fail(problem);
  console.log(`${pages.length} pages type-checked, ${problems.length} problems`);
}

/** Runs a page as a process of its own; returns what is wrong with it. */
async function runPage(page: Page, chain: { url: string; usdc: string }): Promise<string | undefined> {
  const file = path.join(FOLDER, "run", path.basename(page.file));
  const code = await readFile(page.file, "utf8");
  const ports = new Map<string, number>();
  if (!page.startsChain) ports.set(CHAIN_PORT, Number(new URL(chain.url).port));
  for (const [, port] of code.matchAll(/(?:127\.0\.0\.1:|port: |listen\()(\d{4,5})\b/g))
    if (!ports.has(port)) ports.set(port, await freePort());
  await writeFile(
    file,
    code.replaceAll(/\b\d{4,5}\b/g, (number) => String(ports.get(number) ?? number)),
  );

  // What a page writes stays in a folder of its own.
  const cwd = await mkdtemp(path.join(FOLDER, "folder-"));
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), file], {
    cwd,
    env: {
      ...process.env,
      TSX_TSCONFIG_PATH: path.join(ROOT, "tsconfig.json"),
      DOCS_RPC_URL: chain.url,
      DOCS_USDC: chain.usdc,
      DOCS_PORT: String(ports.get(CHAIN_PORT)),
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PAGE_LIMIT_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status === 0) return undefined;

  return `${page.name}: it ends with ${status}.\n${output.replaceAll(file, page.name)}`;
}

function report(pages: readonly Page[]): void {
  const blocks = pages.flatMap((page) => page.blocks.map((block) => ({ ...block, page: page.name })));
  const visible = blocks.filter(({ hidden, skip }) => !hidden && skip === undefined);
  const languages = [...new Set(visible.map(({ language }) => language))].sort();
  const counts = languages.map((name) => `${visible.filter(({ language }) => language === name).length} ${name}`);
  const skipped = blocks.filter(({ skip }) => skip !== undefined);
  console.log(`${visible.length} blocks of ${pages.length} pages: ${counts.join(", ")}; ${skipped.length} skipped`);
  for (const { page, line, skip } of skipped) console.log(`  skipped: ${page}:${line}: ${skip}`);
}

function rpcOf(url: string) {
  return async (method: string, ...params: unknown[]): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });

    return ((await answer.json()) as { result: unknown }).result;
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));

  return port;
}
