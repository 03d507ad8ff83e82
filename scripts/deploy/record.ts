import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Provider } from "ethers";
import hre from "hardhat";
import { format } from "prettier";
import { CREATEX } from "../create3.js";
import { type DeploymentFile, type DeploymentMeta, deploymentOf } from "../deployments.js";
import type { ClaimTree } from "../genesis.js";
import { parametersDigest } from "../parameters.js";
import type { PlannedContract } from "../plan.js";

const run = promisify(execFile);

/** What a deployment's files are written from. */
export interface Recorded {
  network: string;
  chainId: number;
  deployer: string;
  plan: { contracts: readonly PlannedContract[]; claims: ClaimTree | undefined; createX: string };
  /** The text of the file of parameters. */
  parameters: string;
  /** Where the files go. */
  output: string;
  /** Transactions that are known to have deployed it. */
  transactions?: readonly string[];
}

/**
 * Writes `<chainId>.json`, and the tree of the community's claims beside it, from what is on the chain.
 * Returns the paths of what it wrote.
 *
 * @throws {CreationNotFound} when the node gives no log of a contract's creation.
 */
export async function record(provider: Provider, deployment: Recorded): Promise<string[]> {
  const { plan, chainId, output } = deployment;
  const contracts = await deploymentOf(provider, plan.contracts, {
    createX: plan.createX,
    transactions: deployment.transactions,
  });
  const content: DeploymentFile = { meta: await metaOf(deployment), ...contracts };
  const written = [await write(output, `${chainId}.json`, content)];
  if (plan.claims !== undefined) written.push(await write(output, `${chainId}.claims.json`, plan.claims));

  return written;
}

async function write(folder: string, file: string, content: unknown): Promise<string> {
  const target = path.join(folder, file);
  await writeFile(target, await format(JSON.stringify(content), { parser: "json", printWidth: 120 }));

  return target;
}

async function metaOf({ network, chainId, deployer, plan, parameters }: Recorded): Promise<DeploymentMeta> {
  // Whoever commits the file of a local chain would make its commit out of date by that.
  const commit = chainId === 31_337 ? undefined : await commitOf();

  return {
    network,
    chainId,
    deployer,
    strategy: plan.createX === CREATEX ? "create3" : "plain",
    createX: plan.createX,
    compiler: await compilerOf(),
    profile: "production",
    ...(commit === undefined ? {} : { commit }),
    parameters: parametersDigest(parameters),
  };
}

/** The compiler's long version, as the build of the ledger has it. */
async function compilerOf(): Promise<string> {
  const id = await hre.artifacts.getBuildInfoId("RoyaltyLedger");
  const file = id === undefined ? undefined : await hre.artifacts.getBuildInfoPath(id);
  if (file === undefined) return hre.config.solidity.profiles.production.compilers[0].version;

  return (JSON.parse(await readFile(file, "utf8")) as { solcLongVersion: string }).solcLongVersion;
}

/** What a contract's code depends on: sources, settings, and the versions of compiler and libraries. */
const BUILT_FROM = ["contracts", "hardhat.config.ts", "package.json", "pnpm-lock.yaml"];

/** Returns the repository's commit, marked if what they are built from differs from it; nothing where there is no repository. */
async function commitOf(): Promise<string | undefined> {
  const git = async (...args: string[]) => (await run("git", args, { cwd: hre.config.paths.root })).stdout.trim();
  try {
    const changed = await git("status", "--porcelain", "--", ...BUILT_FROM);

    return `${await git("rev-parse", "HEAD")}${changed === "" ? "" : " with changes"}`;
  } catch {
    return undefined;
  }
}
