import { readFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Interface } from "ethers";
import type { ArtifactManager, BuildInfo } from "hardhat/types/artifacts";
import { planProtocol } from "../plan.js";
import { BuildMissing, WrongUse } from "./errors.js";
import { artifactOf, childrenOf, type Subject } from "./subject.js";

/** What an explorer needs to know of a contract. */
export interface Submission {
  name: string;
  address: string;
  /** As Hardhat calls the contract: `contracts/rounds/RoundTerms.sol:RoundTerms`. */
  contract: string;
  /** As the compiler's input calls it. */
  compiled: string;
  compiler: string;
  constructorArguments: unknown[];
  /** The constructor's arguments, encoded, in hex without 0x. */
  encodedArguments: string;
  /** The compilation that it comes from. */
  buildInfoId: string;
}

type Artifacts = Subject["artifacts"] & Pick<ArtifactManager, "getBuildInfoPath">;

/**
 * Returns what explorers need to know of a deployment's contracts, those too that other contracts deployed.
 *
 * @throws {WrongUse} when the file does not say with which arguments a contract was deployed, and it is not where
 * deployer and parameters put it.
 */
export async function submissionsOf(subject: Subject, artifacts: Artifacts): Promise<Submission[]> {
  const { at, deployer, parameters, chainId, names, deployment, createX } = subject;
  const { contracts } = await planProtocol(artifacts, deployer, parameters, chainId, createX);
  const children = childrenOf(at);

  return Promise.all([
    ...names.map((name) => {
      const planned = contracts.find((each) => each.name === name);
      const isAsPlanned = planned?.address.toLowerCase() === at(name).toLowerCase();
      const args = deployment[name].constructorArguments ?? (isAsPlanned ? planned?.constructorArguments : undefined);
      if (args === undefined) {
        throw new WrongUse(
          `The deployment file does not say with which arguments ${name} was deployed, and ${deployer} would deploy it ` +
            "elsewhere: give the file that `deploy` wrote, and the parameters that it was given.",
        );
      }

      return submissionOf(artifacts, name, artifactOf(name), at(name), args);
    }),
    submissionOf(artifacts, "RoundTerms", "RoundTerms", children.RoundTerms, [at("ModelRegistry"), at("WealGovernor")]),
    submissionOf(artifacts, "FunderPool", "FunderPool", children.FunderPool, [at("RoyaltyLedger")]),
  ]);
}

async function submissionOf(
  artifacts: Artifacts,
  name: string,
  artifact: string,
  address: string,
  constructorArguments: readonly unknown[],
): Promise<Submission> {
  const { abi, sourceName, inputSourceName, contractName, buildInfoId } = await artifacts.readArtifact(artifact);
  if (buildInfoId === undefined) throw new BuildMissing(artifact);
  const { solcLongVersion } = await buildInfoOf(artifacts, buildInfoId);

  return {
    ...{ name, address, buildInfoId, constructorArguments: [...constructorArguments] },
    contract: `${sourceName}:${contractName}`,
    compiled: `${inputSourceName}:${contractName}`,
    compiler: `v${solcLongVersion}`,
    encodedArguments: new Interface(abi).encodeDeploy(constructorArguments).slice(2),
  };
}

/**
 * Writes what explorers' forms ask for: the standard JSON input of each compilation, and `contracts.json`, which says
 * for each contract which of them, which compiler and which constructor arguments.
 *
 * @returns The files' names.
 */
export async function writeInputs(
  artifacts: Artifacts,
  submissions: readonly Submission[],
  folder: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const ids = [...new Set(submissions.map(({ buildInfoId }) => buildInfoId))];
  for (const id of ids) {
    const { input } = await buildInfoOf(artifacts, id);
    await writeFile(path.join(folder, `${id}.json`), JSON.stringify(input));
  }
  const list = submissions.map(({ name, address, compiled, compiler, encodedArguments, buildInfoId }) => ({
    ...{ name, address, contract: compiled, compiler, input: `${buildInfoId}.json` },
    constructorArguments: encodedArguments,
  }));
  await writeFile(path.join(folder, "contracts.json"), `${JSON.stringify(list, null, 2)}\n`);

  return [...ids.map((id) => `${id}.json`), "contracts.json"];
}

async function buildInfoOf(artifacts: Artifacts, id: string): Promise<BuildInfo> {
  const file = await artifacts.getBuildInfoPath(id);
  if (file === undefined) throw new BuildMissing(id);

  return JSON.parse(await readFile(file, "utf8")) as BuildInfo;
}
