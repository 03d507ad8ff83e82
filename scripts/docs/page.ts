import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { inspect } from "node:util";

/** Thrown when a page's code does something else than the page says. */
export class PageWrong extends Error {
  override readonly name = "PageWrong";

  constructor(line: number, problem: string, expected: string, actual: string) {
    super(`line ${line}: ${problem}\n  it says  ${indented(expected)}\n  it is    ${indented(actual)}`);
  }
}

const ROOT = path.resolve(import.meta.dirname, "../..");
/** A program that says one of these has started and goes on. */
const STARTED = /^(Listening on |Health and metrics on |.*Ctrl-C ends it)/m;
const PROGRAM_LIMIT_MS = 420_000;

const running: ChildProcess[] = [];
let log = "";

console.log = (...values: unknown[]) => {
  log += `${textOf(values)}\n`;
};

// Also when a block fails.
process.once("exit", () => {
  for (const child of started()) process.kill(-(child.pid as number), "SIGTERM");
});

/** Returns what a page has started and has not ended by itself. */
function started(): ChildProcess[] {
  return running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
}

/** Forgets what earlier blocks have printed. */
export function begins(): void {
  log = "";
}

/** Returns a function that compares what it is given with what the page says, where "…" stands for anything. */
export function shows(line: number, expected: string) {
  return (...values: unknown[]): void => {
    const actual = textOf(values);
    if (!matches(actual, expected)) throw new PageWrong(line, "a value is not what the page says.", expected, actual);
  };
}

/**
 * Compares what the block above has printed with what the page shows.
 *
 * @param whole Whether it is to be all of it; otherwise lines of it, in their order.
 */
export function printed(line: number, expected: string, whole: boolean): void {
  const actual = log.trimEnd();
  log = "";
  let rest = actual.split("\n");
  const shown = expected.split("\n").filter((text) => text.trim() !== "" && text.trim() !== "…");
  const found = shown.every((text) => {
    const at = rest.findIndex((candidate) => matches(candidate.trimEnd(), text));
    rest = rest.slice(at + 1);

    return at !== -1;
  });
  if (whole ? !matches(actual, expected) : !found)
    throw new PageWrong(line, "what is printed is not what the page shows.", expected, actual);
}

/**
 * Runs commands of a page in a shell in which `npm` and `npx` know this repository instead of the registry.
 *
 * @param shown Whether the page shows what comes of it: then a command of this repository is run, not only looked up.
 */
export async function shell(line: number, script: string, shown: boolean): Promise<void> {
  const bin = path.join(ROOT, "scripts/docs/bin");
  const child = spawn("bash", ["-euc", script], {
    env: {
      ...process.env,
      PATH: [bin, path.dirname(process.execPath), process.env.PATH].join(":"),
      DOCS_RUN: shown ? "1" : "",
      // Whatever a page says to git, it is not said to this repository.
      GIT_DIR: "/dev/null",
    },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let output = "";
  const code = await new Promise<number | null>((resolve, reject) => {
    const timer = setTimeout(() => resolve(-1), PROGRAM_LIMIT_MS);
    const take = (chunk: Buffer) => {
      output += chunk;
      // What it says of its start comes in more than one piece.
      if (STARTED.test(output)) setTimeout(() => resolve(0), 500);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject);
    child.once("exit", (status) => {
      clearTimeout(timer);
      resolve(status);
    });
  });
  if (code !== 0) throw new PageWrong(line, `the command ends with ${code}.`, script, output);
  if (shown) log += output;
}

/** Ends what the page has started. */
export async function end(): Promise<void> {
  const ended = started().map((child) => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-(child.pid as number), "SIGTERM");

    return gone;
  });
  await Promise.race([Promise.all(ended), new Promise((resolve) => setTimeout(resolve, 10_000))]);
  // Servers of the page are still listening.
  process.exit(0);
}

function matches(actual: string, expected: string): boolean {
  const pattern = expected.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));

  return new RegExp(`^${pattern.join("[^]*?")}$`).test(actual);
}

function textOf(values: unknown[]): string {
  return values
    .map((value) => (typeof value === "string" ? value : inspect(value, { depth: 8, breakLength: 100 })))
    .join(" ");
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n           ");
}
