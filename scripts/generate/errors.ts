import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ErrorFragment, Interface, type ParamType } from "ethers";
import type { Described } from "./abis.js";
import { ROOT } from "./compilation.js";
import { GenerationFailed } from "./failure.js";
import { comment, commentOf, type Docs } from "./natspec.js";

/** What Solidity itself reverts with, declared by nobody. They have no class: `Error` is JavaScript's. */
const BUILT_IN = [
  { error: "error Error(string reason)", text: "What a contract reverts with that gives a reason in words." },
  { error: "error Panic(uint256 code)", text: "A failed assertion of the compiler's, such as an overflow." },
];

/** A custom error, with the contracts that declare it. */
interface CustomError {
  fragment: ErrorFragment;
  docs: Docs;
  contracts: string[];
}

/** Arguments, classes and table of all custom errors: a call may fail in any contract, whichever was called. */
export async function errorSources(described: readonly Described[]): Promise<[string, string][]> {
  const errors = errorsOf(described);
  const taken = await takenNames();
  for (const { fragment } of errors) {
    if (taken.has(fragment.name)) {
      throw new GenerationFailed(`The SDK has a ${fragment.name} of its own: rename that, or the contracts' error.`);
    }
  }

  return [
    ["errors.ts", argumentsSource(errors)],
    ["errors/classes.ts", classesSource(errors)],
    ["errors/table.ts", tableSource(errors)],
  ];
}

/** Returns the custom errors by name, each once. */
export function errorsOf(described: readonly Described[]): CustomError[] {
  const errors = new Map<string, CustomError>();
  for (const { name: contract, abi, docs } of described) {
    new Interface(abi).forEachError((fragment) => {
      const known = errors.get(fragment.name);
      if (known === undefined) {
        const of = docs.errors.get(fragment.format("sighash")) as Docs;
        errors.set(fragment.name, { fragment, docs: of, contracts: [contract] });
      } else if (known.fragment.selector === fragment.selector) {
        known.contracts.push(contract);
      } else {
        throw new GenerationFailed(`Two custom errors are named ${fragment.name}: rename one.`);
      }
    });
  }

  return [...errors.values()].sort((a, b) => (a.fragment.name < b.fragment.name ? -1 : 1));
}

/** The names that the SDK's entry point and its errors have already, generated ones left out. */
async function takenNames(): Promise<Set<string>> {
  const read = (file: string) => readFile(join(ROOT, "sdk", "src", file), "utf8");
  const lists = [...(await read("index.ts")).matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list]) =>
    list.split(","),
  );
  const exported = lists.map((entry) => entry.replace(/^.*\bas\b|\btype\b/g, "").trim());
  const declared = [...(await read("errors.ts")).matchAll(/^export (?:abstract )?\w+ (\w+)/gm)].map(([, name]) => name);

  return new Set([...exported, ...declared, "Error"]);
}

/* ARGUMENTS */

function argumentsSource(errors: readonly CustomError[]): string {
  const builtIn = BUILT_IN.map(({ error, text }) => ({
    fragment: ErrorFragment.from(error),
    docs: { text, params: new Map(), returns: new Map() },
  }));

  return `
/** The arguments of each error, by its name. */
export interface ContractErrors {
  ${[...builtIn, ...errors]
    .map(({ fragment, docs }) => `${summaryOf(docs)}${fragment.name}: ${argumentsType(fragment, docs)};`)
    .join("\n")}
}
`;
}

function argumentsType({ name, inputs }: ErrorFragment, docs: Docs): string {
  if (inputs.length === 0) return "Record<string, never>";

  return `{\n${inputs
    .map((input) => {
      if (input.name === "") throw new GenerationFailed(`An argument of ${name} has no name: give it one.`);
      return `${commentOf(docs, input.name)}readonly ${input.name}: ${typeOf(input)};`;
    })
    .join("\n")}\n}`;
}

/** What ethers decodes a value of this type to. */
function typeOf({ type }: ParamType): string {
  if (/^u?int\d+$/.test(type)) return "bigint";
  if (/^(address|string|bytes\d*)$/.test(type)) return "string";

  throw new GenerationFailed(
    `Custom errors with an argument of type ${type} are not known to scripts/generate/errors.ts.`,
  );
}

/* CLASSES AND TABLE */

function classesSource(errors: readonly CustomError[]): string {
  return `
import { ContractError } from "../../errors.js";

${errors
  .map(({ fragment: { name }, docs }) => `${summaryOf(docs)}export class ${name} extends ContractError<"${name}"> {}\n`)
  .join("\n")}`;
}

/** A class's own comment; what its arguments are stands with them. */
function summaryOf(docs: Docs): string {
  return comment({ text: docs.text, params: new Map(), returns: new Map() });
}

/**
 * Each name once in text and once as a class, and no selectors, which would not compress: they are hashed when the first
 * error comes. Most errors are of one contract, and of the rest most are a standard's: so the contracts stand once a group.
 */
function tableSource(errors: readonly CustomError[]): string {
  const groups = new Map<string, string[]>();
  for (const { fragment, contracts } of errors) {
    const text = fragment.format("full").replace(/^error /, "");
    const entry = `[classes.${fragment.name}, "${text}"],`;
    groups.set(contracts.join(" "), [...(groups.get(contracts.join(" ")) ?? []), entry]);
  }
  const rows = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));

  return `
import type { ErrorGroup } from "../../errorIndex.js";
import * as classes from "./classes.js";

/** All custom errors, by the contracts that declare them. */
export const errorTable: readonly ErrorGroup[] = [
  ${rows
    .map(
      ([contracts, entries]) =>
        `{ contracts: ${JSON.stringify(contracts.split(" "))}, errors: [${entries.join("\n")}] },`,
    )
    .join("\n")}
];
`;
}
