import { getAddress } from "ethers";
import type { Document, LineCounter, Node, YAMLMap } from "yaml";
import { addressOf } from "./arguments.js";
import {
  describe,
  FundingEntryInvalid,
  FundingEntryMissing,
  FundingRecipientMismatch,
  InvalidArgument,
} from "./errors.js";
import { MAX_README } from "./readmes.js";

/** What an author says in the README: which address the money for this source goes to, by which registry. */
export interface FundingEntry {
  chainId: bigint;
  /** The address of the `SourceRegistry` on that chain. */
  registry: string;
  recipient: string;
}

/** A piece of YAML in a README. */
interface Block {
  yaml: string;
  /** The line of the README in which it begins, from 1. */
  line: number;
  /** Whether it is a comment of our own, in which everything is meant for us. */
  ours: boolean;
}

const KEYS = ["chain", "registry", "recipient"] as const;

const YAML = "YAML, as docs/sources.md of Commonweal shows it";

const SHAPE = `"chain", "registry" and "recipient", once each and nothing else`;

/**
 * Reads the funding entries of a README. They are YAML:
 *
 * ```yaml
 * funding:
 *   commonweal:
 *     - chain: 8453
 *       registry: "0x…"  # the SourceRegistry on that chain
 *       recipient: "0x…"
 * ```
 *
 * A list, or a single mapping of `chain`, `registry` and `recipient`. It stands in the front matter, which begins in the
 * very first line with `---` and ends with the next line that is `---`, or in an HTML comment that begins a line with
 * `<!-- commonweal` and ends with `-->`; comments within fenced code are examples and do not count. Both may be there.
 * Other keys of the front matter and of `funding` are nobody's business here. Addresses may be without quotes, and with
 * a checksum or in one case. Keys are written out, without aliases or escapes.
 *
 * @param readme The text, of at most 1,000,000 characters. It may come from anywhere.
 * @returns The entries in order; none if the README has none.
 * @throws {FundingEntryInvalid} when there is an entry that is not as above, or two for one registry.
 * @throws {InvalidArgument} when the text is too long.
 * @example
 * const [{ chainId, registry, recipient }] = await readFunding(readme);
 */
export async function readFunding(readme: string): Promise<FundingEntry[]> {
  if (typeof readme !== "string" || readme.length > MAX_README) {
    throw new InvalidArgument("readme", readme, "a text of at most 1,000,000 characters");
  }
  const found: { entry: FundingEntry; line: number }[] = [];
  for (const block of blocksOf(readme)) found.push(...(await entriesOf(block)));

  const seen = new Set<string>();
  for (const { entry, line } of found) {
    const key = `${entry.chainId} ${entry.registry}`;
    if (seen.has(key)) {
      const problem = `the registry ${entry.registry} on chain ${entry.chainId} has an entry already`;
      throw new FundingEntryInvalid(line, problem, "one entry for each chain and registry");
    }
    seen.add(key);
  }

  return found.map(({ entry }) => entry);
}

/**
 * Returns the funding entry of a README for one chain and registry.
 *
 * @param expected.recipient Whom it has to name, if that is known.
 * @throws {FundingEntryMissing} when there is none; it says what to add.
 * @throws {FundingRecipientMismatch} when it names somebody else.
 * @throws {FundingEntryInvalid} when an entry is malformed.
 * @throws {InvalidArgument} when an address is not one, or the text is too long.
 * @example
 * const { recipient } = await checkFunding(readme, { chainId: 8453n, registry });
 */
export async function checkFunding(
  readme: string,
  expected: { chainId: bigint; registry: string; recipient?: string },
): Promise<FundingEntry> {
  const { chainId } = expected;
  const registry = addressOf(expected.registry, "registry");
  const recipient = expected.recipient === undefined ? undefined : addressOf(expected.recipient, "recipient");

  const entries = await readFunding(readme);
  const entry = entries.find((each) => each.chainId === chainId && each.registry === registry);
  if (entry === undefined) {
    const lines = formatFunding({ chainId, registry, recipient: recipient ?? "0x… (your address)" });
    throw new FundingEntryMissing(chainId, registry, lines);
  }
  if (recipient !== undefined && entry.recipient !== recipient) {
    throw new FundingRecipientMismatch(entry.recipient, recipient);
  }

  return entry;
}

/**
 * Writes a funding entry as the YAML that goes into a README.
 *
 * @example
 * formatFunding({ chainId: 8453n, registry, recipient }); // "funding:\n  commonweal:\n    - chain: 8453\n…"
 */
export function formatFunding({ chainId, registry, recipient }: FundingEntry): string {
  return [
    "funding:",
    "  commonweal:",
    `    - chain: ${chainId}`,
    `      registry: "${registry}"`,
    `      recipient: "${recipient}"`,
    "",
  ].join("\n");
}

/* FINDING */

/** Finds the pieces of YAML in which there may be an entry. Looks at each line once, whatever is in it. */
function blocksOf(readme: string): Block[] {
  const lines = readme.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const blocks: Block[] = [];
  const end = /^---[ \t]*$/.test(lines[0]) ? lines.findIndex((line, at) => at > 0 && /^---[ \t]*$/.test(line)) : -1;
  if (end !== -1) blocks.push({ yaml: lines.slice(1, end).join("\n"), line: 2, ours: false });

  let fence: string | undefined;
  for (let at = end + 1; at < lines.length; at++) {
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(lines[at]);
    if (fence !== undefined) {
      if (mark?.[1].startsWith(fence) && mark[2].trim() === "") fence = undefined;
      continue;
    }
    if (mark) {
      // A line such as ```code``` is no fence.
      if (!mark[1].startsWith("`") || !mark[2].includes("`")) fence = mark[1];
      continue;
    }
    const opening = /^ {0,3}<!--[ \t]*commonweal(?=\s|-->|$)/.exec(lines[at]);
    if (!opening) continue;

    const begin = at;
    const yaml = [lines[at].slice(opening[0].length)];
    while (!yaml[yaml.length - 1].includes("-->")) {
      at += 1;
      if (at === lines.length) {
        throw new FundingEntryInvalid(begin + 1, "the comment has no end", `"-->" in a line after the entry`);
      }
      yaml.push(lines[at]);
    }
    yaml.push(yaml.pop()?.split("-->")[0] ?? "");
    blocks.push({ yaml: yaml.join("\n"), line: begin + 1, ours: true });
  }

  // An entry has our name in it; so the YAML of others need not be parsed, nor be correct.
  return blocks.filter(({ yaml, ours }) => ours || /\bcommonweal\b["']?[ \t]*:/.test(yaml));
}

/* READING */

async function entriesOf(block: Block): Promise<{ entry: FundingEntry; line: number }[]> {
  const yaml = await import("yaml");
  const counter = new yaml.LineCounter();
  const document = parsed(yaml, block, counter);
  // Nodes are looked at as they are: nothing is made of them that an alias could multiply or a key could poison.
  const lineOf = (node: unknown) =>
    yaml.isNode(node) && node.range ? block.line + counter.linePos(node.range[0]).line - 1 : block.line;
  const nodeOf = (map: YAMLMap, key: string): Node | undefined => {
    const pairs = map.items.filter((pair) => yaml.isScalar(pair.key) && pair.key.value === key);
    if (pairs.length > 1) throw new FundingEntryInvalid(lineOf(pairs[1].key), `"${key}" is there twice`, "it once");

    return yaml.isNode(pairs[0]?.value) ? pairs[0].value : undefined;
  };

  const root = document.contents;
  const funding = yaml.isMap(root) ? nodeOf(root, "funding") : undefined;
  const entries = yaml.isMap(funding) ? nodeOf(funding, "commonweal") : undefined;
  if (entries === undefined) {
    if (!block.ours) return [];
    throw new FundingEntryInvalid(block.line, "the comment has no entry", `"funding:" and below it "commonweal:"`);
  }

  return (yaml.isSeq(entries) ? entries.items : [entries]).map((node) => {
    const line = lineOf(node);
    if (!yaml.isMap(node)) throw new FundingEntryInvalid(line, "an entry is no mapping", SHAPE);
    const known = node.items.every(({ key }) => yaml.isScalar(key) && KEYS.some((each) => each === key.value));
    if (!known || node.items.length !== KEYS.length) {
      throw new FundingEntryInvalid(line, "an entry has other keys than it should", SHAPE);
    }
    const [chain, registry, recipient] = KEYS.map((key) => {
      const value = nodeOf(node, key);
      const text = yaml.isScalar(value) ? value.value : undefined;

      return { key, line: lineOf(value ?? node), text: typeof text === "string" ? text : undefined };
    });

    return { line, entry: { chainId: chainOf(chain), registry: fundedOf(registry), recipient: fundedOf(recipient) } };
  });
}

/** Parses with every value as a text, so that an address is no number. The parser throws nothing: it lists errors. */
function parsed(yaml: typeof import("yaml"), { yaml: text, line }: Block, lineCounter: LineCounter): Document {
  // Looking for equal keys takes the square of their number; those that matter are compared later.
  const options = { schema: "failsafe", uniqueKeys: false, prettyErrors: false, logLevel: "silent" } as const;
  const document = yaml.parseDocument(text, { ...options, lineCounter });
  const [error] = document.errors;
  if (error === undefined) return document;

  const at = line + lineCounter.linePos(error.pos[0]).line - 1;
  throw new FundingEntryInvalid(at, `this is no YAML (${error.code})`, YAML, {
    cause: error,
  });
}

interface Value {
  key: string;
  line: number;
  text: string | undefined;
}

function chainOf(value: Value): bigint {
  const { line, text } = value;
  if (text !== undefined && /^[1-9]\d{0,19}$/.test(text)) return BigInt(text);

  throw new FundingEntryInvalid(line, problemOf(value), "the number of a chain, such as 8453");
}

function fundedOf(value: Value): string {
  const { line, text } = value;
  const problem = problemOf(value);
  if (text === undefined || !/^0x[0-9a-fA-F]{40}$/.test(text)) {
    throw new FundingEntryInvalid(line, problem, "an address, 0x and 40 digits in hex");
  }
  if (BigInt(text) === 0n) throw new FundingEntryInvalid(line, problem, "an address that is somebody's");
  try {
    return getAddress(text);
  } catch (error) {
    const expected = "it again from where it comes: its checksum says that a character is wrong";
    throw new FundingEntryInvalid(line, problem, expected, { cause: error });
  }
}

function problemOf({ key, text }: Value): string {
  return `the ${key} is ${text === undefined ? "no text" : describe(text)}`;
}
