import { readFile } from "node:fs/promises";
import hre from "hardhat";
import type { CompilerOutput, CompilerOutputError, SolidityBuildInfoOutput } from "hardhat/types/solidity";

/** How the compiler names files of this repository; others come from `npm/`. */
export const PROJECT = "project/";

/** What Hardhat's type leaves out. */
export type CompilerMessage = CompilerOutputError & { sourceLocation?: { file: string } };

/** Returns what the compiler said in each compilation that the present artifacts come from. */
export async function compilerOutputs(): Promise<CompilerOutput[]> {
  const names = [...(await hre.artifacts.getAllFullyQualifiedNames())];
  const ids = await Promise.all(names.map((name) => hre.artifacts.getBuildInfoId(name)));
  const paths = await Promise.all(
    [...new Set(ids)].filter((id) => id !== undefined).map((id) => hre.artifacts.getBuildInfoOutputPath(id)),
  );

  return Promise.all(
    paths
      .filter((path) => path !== undefined)
      .map(async (path) => (JSON.parse(await readFile(path, "utf8")) as SolidityBuildInfoOutput).output),
  );
}
