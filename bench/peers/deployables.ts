import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { InterfaceAbi } from "ethers";
import hre from "hardhat";

/** What it takes to deploy a contract of a peer. */
export interface Deployable {
  abi: InterfaceAbi;
  bytecode: string;
}

/** The parts of solc and of its JSON that are used here. */
interface Compiler {
  compile(input: string, callbacks: { import(file: string): { contents: string } }): string;
}
interface CompilerOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts: Record<string, Record<string, { abi: InterfaceAbi; evm: { bytecode: { object: string } } }>>;
}

const require = createRequire(import.meta.url);

/** Reads an artifact as its publisher compiled it, from an npm package. */
export function publishedArtifact(file: string): Deployable {
  return require(file) as Deployable;
}

/**
 * Compiles contracts of this folder with the project's compiler and settings. Apart from the project's build, so that
 * what is only compared with never gets into it, nor its dependencies' warnings.
 */
export function compilePeers(...names: string[]): Deployable[] {
  const { compile } = require("solc") as Compiler;
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(names.map((name) => [name, { content: read(`./${name}.sol`) }])),
    settings: {
      ...hre.config.solidity.profiles.default.compilers[0].settings,
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
    },
  };
  const output = JSON.parse(
    compile(JSON.stringify(input), { import: (file) => ({ contents: read(file) }) }),
  ) as CompilerOutput;
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(error.formattedMessage);

  return names.map((name) => {
    const { abi, evm } = output.contracts[name][name];

    return { abi, bytecode: `0x${evm.bytecode.object}` };
  });
}

function read(file: string): string {
  return readFileSync(file.startsWith(".") ? path.join(import.meta.dirname, file) : require.resolve(file), "utf8");
}
