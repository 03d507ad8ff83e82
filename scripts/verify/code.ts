import { readFile } from "node:fs/promises";
import { dataSlice, dataLength, getAddress, getBytes, hexlify, keccak256, toBigInt } from "ethers";
import type { SolidityBuildInfoOutput } from "hardhat/types/solidity";
import { BuildMissing } from "./errors.js";
import { expectedImmutable } from "./immutables.js";
import { check, type Check, type Fact, type Findings } from "./report.js";
import { artifactOf, childrenOf, type Subject } from "./subject.js";

/** A contract as the locked compiler builds it here. */
export interface Build {
  /** Its code, with zeros where immutables are. */
  code: string;
  immutables: { name: string; type: string; places: { start: number; length: number }[] }[];
}

interface AstNode {
  id?: number;
  nodeType?: string;
  name?: string;
  typeDescriptions?: { typeString?: string };
  nodes?: AstNode[];
}

/**
 * Compares each contract's code on the chain with a build from the sources, the metadata's hash at its end too. Where the
 * build has immutables, these are cut out, compared with what the constructor's arguments imply, and listed.
 */
export async function checkCode(subject: Subject): Promise<Findings> {
  const contracts = [
    ...subject.names.map((name) => ({ name, artifact: artifactOf(name), address: subject.at(name) })),
    ...Object.entries(childrenOf(subject.at)).map(([name, address]) => ({ name, artifact: name, address })),
  ];
  const findings = await Promise.all(
    contracts.map(async ({ name, artifact, address }) => {
      const build = await buildOf(subject.artifacts, artifact);
      const code = await subject.provider.getCode(address, subject.block);
      const { bytecodeHash } = subject.deployment[name] ?? {};
      const { checks, facts } = compareCode(subject, name, build, code);
      if (bytecodeHash !== undefined) checks.push(check("code", `${name}.bytecodeHash`, bytecodeHash, keccak256(code)));

      return { checks, facts };
    }),
  );

  return { checks: findings.flatMap(({ checks }) => checks), facts: findings.flatMap(({ facts }) => facts) };
}

function compareCode(subject: Subject, name: string, build: Build, code: string): { checks: Check[]; facts: Fact[] } {
  const checks = [check("code", `${name}.code`, "the build", differenceOf(build, code))];
  const facts: Fact[] = [];
  // In code of another length, immutables are nowhere.
  if (dataLength(code) !== dataLength(build.code)) return { checks, facts };

  for (const { name: variable, type, places } of build.immutables) {
    const values = new Set(places.map(({ start, length }) => dataSlice(code, start, start + length)));
    const shown = [...values].map((value) => shownAs(type, value)).join(" and ");
    const expected = expectedImmutable(subject, name, variable);
    const wanted = expected === undefined ? "an immutable that verification knows" : shownAs(type, expected);
    checks.push(check("code", `${name}.${variable}`, wanted, shown));
    facts.push({ area: "code", subject: `${name}.${variable}`, value: shown });
  }

  return { checks, facts };
}

/** Returns in words how code differs from a build, immutables left out. */
function differenceOf(build: Build, code: string): string {
  if (code === "0x") return "nothing: there is no code";

  const [expected, actual] = [getBytes(build.code), withoutImmutables(build, getBytes(code))];
  if (expected.length !== actual.length) return `code of ${actual.length} bytes, not of ${expected.length}`;
  const first = expected.findIndex((byte, i) => byte !== actual[i]);
  if (first === -1) return "the build";

  return first >= expected.length - metadataLength(expected)
    ? "the build but for the metadata's hash: built from other sources or settings"
    : `other code, from byte ${first} on`;
}

function withoutImmutables({ immutables }: Build, code: Uint8Array): Uint8Array {
  const masked = Uint8Array.from(code);
  for (const { start, length } of immutables.flatMap(({ places }) => places)) masked.fill(0, start, start + length);

  return masked;
}

/** solc writes the length of the CBOR that ends the code into the last two bytes. */
function metadataLength(code: Uint8Array): number {
  return code[code.length - 2] * 256 + code[code.length - 1] + 2;
}

function shownAs(type: string, word: string): string {
  // Bytes before an address, which only code that is not solc's would have, are shown.
  if (/^(address|contract )/.test(type) && toBigInt(word) >> 160n === 0n) return getAddress(dataSlice(word, 12));
  if (/^uint/.test(type)) return toBigInt(word).toString();

  return hexlify(word);
}

/** Variables by compilation. Its output has some megabytes and never changes: its name is made of its hash. */
const variables = new Map<string, Promise<Map<string, AstNode>>>();

/**
 * Returns what the locked compiler made of a contract.
 *
 * @throws {BuildMissing} when it has not been built.
 */
export async function buildOf(artifacts: Subject["artifacts"], name: string): Promise<Build> {
  const { deployedBytecode, immutableReferences = {}, buildInfoId } = await artifacts.readArtifact(name);
  if (deployedBytecode === "0x" || buildInfoId === undefined) throw new BuildMissing(name);
  const path = await artifacts.getBuildInfoOutputPath(buildInfoId);
  if (path === undefined) throw new BuildMissing(name);
  const known = variables.get(path) ?? variablesIn(path);
  variables.set(path, known);
  const byId = await known;

  return {
    code: deployedBytecode,
    immutables: Object.entries(immutableReferences).map(([id, places]) => {
      const { name: variable = id, typeDescriptions } = byId.get(id) ?? {};

      return { name: variable, type: typeDescriptions?.typeString ?? "bytes32", places };
    }),
  };
}

/** Returns the variables of contracts in a compilation, by the ids of the syntax tree. */
async function variablesIn(path: string): Promise<Map<string, AstNode>> {
  const { output } = JSON.parse(await readFile(path, "utf8")) as SolidityBuildInfoOutput;
  const found = new Map<string, AstNode>();
  for (const { ast } of Object.values(output.sources ?? {}) as { ast: AstNode }[]) {
    for (const { nodes = [] } of ast.nodes ?? []) {
      for (const node of nodes) {
        if (node.nodeType === "VariableDeclaration") found.set(String(node.id), node);
      }
    }
  }

  return found;
}
