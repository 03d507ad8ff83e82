import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { JsonRpcProvider, type Provider } from "ethers";
import hre from "hardhat";
import { type Parameters, requireValid } from "../parameters.js";
import { WrongUse } from "./errors.js";
import type { DeployedContract, DeployedContracts } from "./subject.js";

const USAGE = `Usage: npx pnpm@12 run verify-deployment --network sepolia
       npx pnpm@12 run verify-deployment --rpc URL --deployment FILE --parameters FILE
Also:  --block N   the state to look at; the latest by default
       --json      the report for programs`;

/** What of `deployments/<chainId>.json` is read here. */
type DeploymentFile = { meta?: { deployer?: string } } & { [contract: string]: DeployedContract | object | undefined };

/** What the command line asks for. */
export interface VerificationInputs {
  provider: Provider;
  deployment: DeployedContracts;
  deployer?: string;
  parameters: Parameters;
  block?: number;
  json: boolean;
  close(): Promise<void>;
}

/**
 * Reads what is to be verified, and with what.
 *
 * @throws {WrongUse} when options are missing or files are not there.
 * @throws {ParametersInvalid} when the parameters are none.
 */
export async function readInputs(args: readonly string[]): Promise<VerificationInputs> {
  const values = optionsIn(args);
  const { network, rpc, json = false } = values;
  if ((network === undefined) === (rpc === undefined)) throw new WrongUse(`Give --network or --rpc.\n${USAGE}`);
  const parametersFile = values.parameters ?? (network && path.join("scripts", "parameters", `${network}.json`));
  if (parametersFile === undefined) throw new WrongUse(`With --rpc, give --parameters too.\n${USAGE}`);
  const block = values.block === undefined ? undefined : Number(values.block);
  if (block !== undefined && !Number.isSafeInteger(block)) {
    throw new WrongUse(`--block takes a number, not "${values.block}".\n${USAGE}`);
  }

  const parameters = await readJson<Parameters>(parametersFile, "--parameters");
  requireValid(parameters);
  const { provider, close } = await open(network, rpc);
  try {
    const { chainId } = await provider.getNetwork();
    const deploymentFile = values.deployment ?? path.join("deployments", `${chainId}.json`);
    const { meta, ...deployment } = await readJson<DeploymentFile>(deploymentFile, "--deployment");

    return {
      ...{ provider, parameters, block, json, close },
      ...{ deployment: deployment as DeployedContracts, deployer: meta?.deployer },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function optionsIn(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ network: text, rpc: text, deployment: text, parameters: text, block: text },
        json: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new WrongUse(`${(error as Error).message}\n${USAGE}`);
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
  const connection = await hre.network.create({ network });

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
