import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JsonFragment } from "ethers";
import { CONTRACTS } from "./contracts.js";
import { GenerationFailed } from "./failure.js";

export const ROOT = dirname(dirname(import.meta.dirname));
const ARTIFACTS = join(ROOT, "artifacts");

/** How the compiler names files of this repository; others come from `npm/`. */
const PROJECT = "project/";

export interface Artifact {
  abi: JsonFragment[];
  deployedBytecode: string;
  buildInfoId: string;
}

/** The part of the compiler's output that is read here; sources by Hardhat's names for them. */
export interface CompilerOutput {
  sources: Record<string, { ast: AstNode }>;
  contracts: Record<string, Record<string, { storageLayout: { storage: { label: string; slot: string }[] } }>>;
}

/** The part of solc's syntax tree that is read here; which of it is there depends on the type of the node. */
export interface AstNode {
  nodeType: string;
  id: number;
  name?: string;
  kind?: string;
  value?: unknown;
  canonicalName?: string;
  documentation?: { text: string };
  nodes?: AstNode[];
  members?: AstNode[];
  parameters?: { parameters: AstNode[] };
  returnParameters?: { parameters: AstNode[] };
  body?: { statements: AstNode[] };
  modifiers?: AstNode[];
  modifierName?: { referencedDeclaration: number };
  arguments?: AstNode[] | null;
  expression?: AstNode;
  referencedDeclaration?: number;
  functionSelector?: string;
  eventSelector?: string;
  errorSelector?: string;
  baseFunctions?: number[];
  linearizedBaseContracts?: number[];
  usedErrors?: number[];
  usedEvents?: number[];
}

/** Something that a source declares. */
export interface Declaration {
  node: AstNode;
  /** The contract that it is declared in; undefined outside of contracts. */
  contract: AstNode | undefined;
  /** The path of the source from the root of this repository, or the path of an npm package's file. */
  source: string;
  isOurs: boolean;
}

/** A contract as it was compiled, with everything that was compiled with it. */
export interface Compiled {
  name: string;
  source: string;
  artifact: Artifact;
  output: CompilerOutput;
  /** By the compiler's number for each. */
  declarations: ReadonlyMap<number, Declaration>;
  /** The contract and its bases, the most derived first. */
  lineage: readonly AstNode[];
}

const outputs = new Map<string, Promise<CompilerOutput>>();

/** Reads a contract's artifact, and what the compiler said about it. */
export async function readCompiled(name: string, source = CONTRACTS[name]): Promise<Compiled> {
  const artifact = await readArtifact(name, source);
  const { buildInfoId } = artifact;
  // Contracts share a few compilations, each of which is tens of megabytes.
  const known = outputs.get(buildInfoId) ?? readOutput(buildInfoId);
  outputs.set(buildInfoId, known);

  return compiledOf(name, source, artifact, await known);
}

/** Puts together what is known of a contract. */
export function compiledOf(name: string, source: string, artifact: Artifact, output: CompilerOutput): Compiled {
  const declarations = declarationsOf(output);
  const contract = output.sources[pathOf(source, output.sources)].ast.nodes?.find((node) => node.name === name);
  if (contract === undefined) throw new GenerationFailed(`There is no ${name} in ${source}: compile the contracts.`);
  const lineage = (contract.linearizedBaseContracts ?? []).map((id) => declarationOf(declarations, id).node);

  return { name, source, artifact, output, declarations, lineage };
}

export function readArtifact(name: string, source: string): Promise<Artifact> {
  return readJson<Artifact>(join(ARTIFACTS, source, `${name}.json`));
}

async function readOutput(buildInfoId: string): Promise<CompilerOutput> {
  const { output } = await readJson<{ output: CompilerOutput }>(
    join(ARTIFACTS, "build-info", `${buildInfoId}.output.json`),
  );

  return output;
}

export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, "utf8")) as T;
}

/** Hardhat prefixes the name of a source with its package, and of an npm package with its version too. */
export function pathOf(source: string, sources: Record<string, unknown>): string {
  const found = Object.keys(sources).find((path) => sourceOf(path) === source);
  if (found === undefined) throw new GenerationFailed(`The compiler has seen no ${source}: compile the contracts.`);

  return found;
}

function sourceOf(path: string): string {
  return path.startsWith(PROJECT)
    ? path.slice(PROJECT.length)
    : path.replace(/^npm\//, "").replace(/(?<=[^/])@[\d.]+/, "");
}

/* DECLARATIONS */

const declarationsOfOutput = new WeakMap<CompilerOutput, ReadonlyMap<number, Declaration>>();

function declarationsOf(output: CompilerOutput): ReadonlyMap<number, Declaration> {
  const known = declarationsOfOutput.get(output);
  if (known !== undefined) return known;

  const declarations = new Map<number, Declaration>();
  for (const [path, { ast }] of Object.entries(output.sources)) {
    const place = { source: sourceOf(path), isOurs: path.startsWith(PROJECT) };
    for (const node of ast.nodes ?? []) {
      declarations.set(node.id, { node, contract: undefined, ...place });
      if (node.nodeType !== "ContractDefinition") continue;
      for (const member of node.nodes ?? []) declarations.set(member.id, { node: member, contract: node, ...place });
    }
  }
  declarationsOfOutput.set(output, declarations);

  return declarations;
}

export function declarationOf(declarations: ReadonlyMap<number, Declaration>, id: number): Declaration {
  const found = declarations.get(id);
  if (found === undefined) throw new GenerationFailed(`The compiler declares no ${id}: compile the contracts anew.`);

  return found;
}

/** Returns the declaration in a contract's source of what its ABI has under a selector, or under an event's topic. */
export function memberOf(compiled: Compiled, selector: string, from: AstNode = compiled.lineage[0]): Declaration {
  const { declarations } = compiled;
  const bare = selector.slice(2);
  const bases = (from.linearizedBaseContracts ?? []).map((id) => declarationOf(declarations, id).node);
  const node =
    bases.flatMap(({ nodes = [] }) => nodes).find(({ functionSelector }) => functionSelector === bare) ??
    // Of events and errors, those too that are declared elsewhere and used here.
    [...(from.usedErrors ?? []), ...(from.usedEvents ?? [])]
      .map((id) => declarationOf(declarations, id).node)
      .find(({ errorSelector, eventSelector }) => errorSelector === bare || eventSelector === bare);
  if (node === undefined)
    throw new GenerationFailed(`${compiled.name} declares no ${selector}: compile the contracts anew.`);

  return declarationOf(declarations, node.id);
}
