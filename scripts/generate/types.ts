import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Interface } from "ethers";
import { runTypeChain } from "typechain";
import { outputTransformers } from "typechain/dist/codegen/outputTransformers/index.js";
import { prettierOutputTransformer } from "typechain/dist/codegen/outputTransformers/prettier.js";
import type { Described } from "./abis.js";
import { ROOT } from "./compilation.js";
import { GenerationFailed } from "./failure.js";
import { comment, commentOf, type Docs } from "./natspec.js";

/** TypeChain's contract types with NatSpec as TSDoc, without its factories: those carry bytecode. */
export async function typeSources(described: readonly Described[]): Promise<[string, string][]> {
  const directory = await mkdtemp(join(tmpdir(), "commonweal-types-"));
  try {
    await mkdir(join(directory, "abis"));
    const inputs = await Promise.all(
      described.map(async ({ name, abi }) => {
        const input = join(directory, "abis", `${name}.json`);
        await writeFile(input, JSON.stringify(abi));
        return input;
      }),
    );
    const outDir = join(directory, "types");
    // Hardhat's plugin takes it from TypeChain when it compiles in the same process.
    if (!outputTransformers.includes(prettierOutputTransformer)) outputTransformers.push(prettierOutputTransformer);
    await runTypeChain({
      cwd: directory,
      target: join(ROOT, "node_modules", "@typechain", "ethers-v6"),
      outDir,
      filesToProcess: inputs,
      allFiles: inputs,
      // One line for each member: they are read by line below.
      prettier: { printWidth: Number.MAX_SAFE_INTEGER },
      flags: {
        alwaysGenerateOverloads: false,
        discriminateTypes: false,
        environment: undefined,
        node16Modules: true,
      },
    });
    const read = async (name: string) =>
      (await readFile(join(outDir, `${name}.ts`), "utf8")).replace(/^(\/[/*].*\n)+/, "");

    return [
      ["types/common.ts", await read("common")],
      ...(await Promise.all(
        described.map(async (each): Promise<[string, string]> => [
          `types/${each.name}.ts`,
          documentTypes(await read(each.name), each),
        ]),
      )),
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Puts NatSpec above every function, event, argument of an event, struct and member of one in TypeChain's text. */
export function documentTypes(source: string, { name, abi, docs }: Described): string {
  const documented = new Set<string>();
  /** Where a line stands: in a namespace of structs, of an event, or in an interface. */
  let scope = "";
  let eventDocs: Docs | undefined;
  const abiInterface = new Interface(abi);

  const lines = source.split("\n").map((line) => {
    const [, namespace] = /^export (?:declare )?namespace (\w+) \{$/.exec(line) ?? [];
    if (namespace !== undefined) {
      scope = namespace;
      const event = namespace.endsWith("Event") ? abiInterface.getEvent(namespace.slice(0, -"Event".length)) : null;
      eventDocs = event === null ? undefined : docs.events.get(event.format("sighash"));
      return eventDocs === undefined ? line : comment({ ...eventDocs, params: new Map() }) + line;
    }
    if (/^\}/.test(line)) scope = "";
    if (line.startsWith(`export interface ${name} `)) return comment(docs) + line;

    const [, struct] = /^\s*export type (\w+?)Struct(?:Output)? =/.exec(line) ?? [];
    if (struct !== undefined) {
      const structDocs = docs.structs.get(scope === "" ? struct : `${scope}.${struct}`);
      return structDocs === undefined
        ? line
        : comment({ ...structDocs, params: new Map() }) + withFields(line, structDocs);
    }
    if (/^\s*export interface OutputObject \{/.test(line))
      return eventDocs === undefined ? line : withFields(line, eventDocs);
    const [, argument] = /^ {4}(\w+): /.exec(line) ?? [];
    if (argument !== undefined && scope.endsWith("Event")) return commentOf(eventDocs, argument) + line;

    const [, member, kind] = /^\s*("?[\w(),[\]]+"?): (TypedContractMethod|TypedContractEvent)</.exec(line) ?? [];
    if (member === undefined) return line;
    const key = member.replaceAll('"', "");
    // TypeChain's signatures of events have "tuple" for a struct; of one name there is one event.
    const fragment =
      kind === "TypedContractMethod" ? abiInterface.getFunction(key) : abiInterface.getEvent(key.replace(/\(.*/, ""));
    const signature = fragment?.format("sighash") ?? key;
    const memberDocs = (kind === "TypedContractMethod" ? docs.functions : docs.events).get(signature);
    if (memberDocs === undefined) return line;
    documented.add(signature);

    return comment(memberDocs) + line;
  });

  const check = (signature: string) => {
    if (!documented.has(signature)) throw new GenerationFailed(`TypeChain has written no ${signature} of ${name}.`);
  };
  abiInterface.forEachFunction((fragment) => check(fragment.format("sighash")));
  abiInterface.forEachEvent((fragment) => check(fragment.format("sighash")));

  return lines.join("\n");
}

/** Puts docs above the fields of the object at the end of a line: `{ parent: string; rateBps: bigint }`. */
function withFields(line: string, docs: Docs): string {
  return line.replace(/\{ ([^{}]+?);? \}(?=;?$)/, (_, fields: string) => {
    const documented = fields
      .split("; ")
      .map((field) => `${commentOf(docs, field.slice(0, field.indexOf(":")))}${field};`);

    return `{\n${documented.join("\n")}\n}`;
  });
}
