import { readFile } from "node:fs/promises";
import hre from "hardhat";
import type { CompilerOutput, CompilerOutputError, SolidityBuildInfoOutput } from "hardhat/types/solidity";

/** How the compiler names files of this repository; others come from `npm/`. */
export const PROJECT = "project/";

/** What Hardhat's type leaves out. */
export type CompilerMessage = CompilerOutputError & { sourceLocation?: { file: string } };

/**
 * Returns what the compiler said in each compilation that the present artifacts come from. Of a file that was compiled
 * again since, what an earlier compilation said of its contracts is left out.
 */
export async function compilerOutputs(): Promise<CompilerOutput[]> {
  const idsOf = new Map<string, Set<string>>();
  for (const name of await hre.artifacts.getAllFullyQualifiedNames()) {
    const id = await hre.artifacts.getBuildInfoId(name);
    if (id === undefined) continue;

    const source = `${PROJECT}${name.slice(0, name.lastIndexOf(":"))}`;
    idsOf.set(source, (idsOf.get(source) ?? new Set()).add(id));
  }
  const ids = new Set([...idsOf.values()].flatMap((ofSource) => [...ofSource]));

  return Promise.all(
    [...ids].map(async (id) => {
      const path = (await hre.artifacts.getBuildInfoOutputPath(id)) as string;
      const { output } = JSON.parse(await readFile(path, "utf8")) as SolidityBuildInfoOutput;
      const contracts = Object.entries(output.contracts ?? {}).filter(([source]) => idsOf.get(source)?.has(id) ?? true);

      return { ...output, contracts: Object.fromEntries(contracts) };
    }),
  );
}
