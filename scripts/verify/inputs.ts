import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { JsonRpcProvider, type Provider } from "ethers";
import hre from "hardhat";
import type { DeploymentMeta } from "../deployments.js";
import { parametersFileOf } from "../networks.js";
import { type Parameters, parametersDigest, readParameters } from "../parameters.js";
import { WrongUse } from "./errors.js";
import type { DeployedContract, DeployedContracts } from "./subject.js";

/** What both commands take: which deployment, where. */
const OPTIONS = {
  network: { type: "string" },
  rpc: { type: "string" },
  deployment: { type: "string" },
  parameters: { type: "string" },
  block: { type: "string" },
} as const;

/** What the options above come to. */
type Options = { [Name in keyof typeof OPTIONS]?: string };

/** What of `deployments/<chainId>.json` is read here. */
type DeploymentFile = { meta?: Partial<DeploymentMeta> } & {
  [contract: string]: DeployedContract | object | undefined;
};

/** The deployment that the command line names. */
export interface VerificationInputs {
  /** Its network's name in hardhat.config.ts, unless it was given by URL. */
  network?: string;
  provider: Provider;
  deployment: DeployedContracts;
  deployer?: string;
  createX?: string;
  parameters: Parameters;
  /** sha-256 of the file of parameters that is given, and of the one that was deployed with, if the deployment says it. */
  parametersDigest: { given: string; deployed?: string };
  block?: number;
  close(): Promise<void>;
}

/**
 * Reads options: those that say which deployment, and a command's own.
 *
 * @throws {WrongUse} when there are others.
 */
export function optionsIn<Own extends ParseArgsOptionsConfig>(args: readonly string[], own: Own) {
  try {
    return parseArgs({ args: [...args], options: { ...OPTIONS, ...own } }).values;
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

/**
 * Reads what options name: parameters, deployment file, node.
 *
 * @throws {WrongUse} when options are missing or files are not there.
 * @throws {ParametersInvalid} when the parameters are none.
 */
export async function readInputs(options: Options): Promise<VerificationInputs> {
  const { network, rpc } = options;
  if ((network === undefined) === (rpc === undefined)) {
    throw new WrongUse("Say which deployment: --network NAME, or --rpc URL with --parameters FILE.");
  }
  const parametersFile = options.parameters ?? (network && parametersFileOf(network));
  if (parametersFile === undefined) throw new WrongUse("With --rpc, give --parameters FILE too.");
  const block = options.block === undefined ? undefined : Number(options.block);
  if (block !== undefined && !(Number.isSafeInteger(block) && block >= 0)) {
    throw new WrongUse(`--block takes a number, not "${options.block}".`);
  }

  const { parameters, text } = await readParameters(path.resolve(hre.config.paths.root, parametersFile));
  const { provider, close } = await open(network, rpc);
  try {
    const { chainId } = await provider.getNetwork();
    const deploymentFile = options.deployment ?? path.join("deployments", `${chainId}.json`);
    const { meta = {}, ...deployment } = await readJson<DeploymentFile>(deploymentFile, "--deployment");
    if (meta.chainId !== undefined && BigInt(meta.chainId) !== chainId) {
      throw new WrongUse(
        `${deploymentFile} is of chain ${meta.chainId}, and the node serves chain ${chainId}: give the other file or node.`,
      );
    }

    return {
      ...{ network, provider, parameters, block, close },
      parametersDigest: { given: parametersDigest(text), deployed: meta.parameters },
      ...{ deployment: deployment as DeployedContracts, deployer: meta.deployer, createX: meta.createX },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(network: string | undefined, rpc: string | undefined) {
  if (rpc !== undefined) {
    const provider = new JsonRpcProvider(rpc, undefined, { staticNetwork: true });

    return { provider, close: async () => provider.destroy() };
  }
  if (hre.config.networks[network as string] === undefined) {
    const known = Object.keys(hre.config.networks).join(", ");
    throw new WrongUse(`hardhat.config.ts knows no network "${network}", but ${known}: add it there, or use --rpc.`);
  }
  // Nothing is signed here, so nobody needs a key.
  const connection = await hre.network.create({ network, override: { accounts: "remote" } });

  return { provider: connection.ethers.provider, close: () => connection.close() };
}

/** Reads a JSON file; relative paths are the repository's. */
export async function readJson<T>(file: string, option: string): Promise<T> {
  try {
    return JSON.parse(await readFile(path.resolve(hre.config.paths.root, file), "utf8")) as T;
  } catch (error) {
    throw new WrongUse(`${file} cannot be read (${(error as Error).message}): give the right file with ${option}.`);
  }
}
