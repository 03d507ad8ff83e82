import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Signer } from "ethers";
import hre from "hardhat";
import { type Commonweal, connect, type Deployment } from "../../sdk/src/index.js";
import { FundsMissing, KeyMissing, WrongUse } from "./errors.js";

/** A network as its first account sees it. */
export interface Session {
  network: string;
  chainId: bigint;
  account: string;
  signer: Signer;
  /** Finds the protocol there, by `deployments/<chainId>.json` or the file given. */
  protocol(): Promise<Commonweal>;
  say(line: string): void;
  close(): Promise<void>;
}

/**
 * Opens a network of hardhat.config.ts for its first account.
 *
 * @param options.rpc Where its node is, if not where the configuration says.
 * @param options.deployment The deployment file, if not `deployments/<chainId>.json`.
 * @throws {WrongUse} when the network is not known.
 * @throws {KeyMissing} when it has no account.
 * @throws {FundsMissing} when the account cannot pay gas.
 */
export async function openSession(
  network: string,
  { rpc, deployment }: { rpc?: string; deployment?: string } = {},
  say: Session["say"] = console.log,
): Promise<Session> {
  if (hre.config.networks[network] === undefined) {
    const known = Object.keys(hre.config.networks).join(", ");
    throw new WrongUse(`hardhat.config.ts knows no network "${network}", but ${known}.`);
  }
  const connection = await hre.network.create(rpc === undefined ? { network } : { network, override: { url: rpc } });
  try {
    const { provider } = connection.ethers;
    const signer = await signerOf(network, connection.ethers.getSigners);
    const account = await signer.getAddress();
    if ((await provider.getBalance(account)) === 0n) throw new FundsMissing(account, network);
    const { chainId } = await provider.getNetwork();
    const file = deployment ?? path.join("deployments", `${chainId}.json`);

    return {
      ...{ network, chainId, account, signer, say },
      protocol: async () => connect(signer, { deployment: await readJson<Deployment>(file, "--deployment") }),
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function signerOf(network: string, getSigners: () => Promise<Signer[]>): Promise<Signer> {
  let signers: Signer[];
  try {
    signers = await getSigners();
  } catch (error) {
    // Of a configuration variable that is not set, and of a key that is none.
    throw new KeyMissing(network, { cause: error });
  }
  if (signers.length === 0) throw new KeyMissing(network);

  return signers[0];
}

/**
 * Reads a JSON file; relative paths are the repository's.
 *
 * @throws {WrongUse} when it cannot be read.
 */
export async function readJson<T>(file: string, option: string): Promise<T> {
  try {
    return JSON.parse(await readFile(path.resolve(hre.config.paths.root, file), "utf8")) as T;
  } catch (error) {
    throw new WrongUse(`${file} cannot be read (${(error as Error).message}): give the right file with ${option}.`);
  }
}
