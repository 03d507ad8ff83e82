import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { DEPLOYER_KEY, rpcUrlVariable, TEST_NETWORKS, type TestNetworkName } from "../networks.js";
import { CannotDeploy } from "./problems.js";

/** The chain to deploy to, and who deploys. */
export interface Target {
  network: string;
  chainId: number;
  deployer: string;
  connection: NetworkConnection;
}

/** The names that `--network` takes. */
export const NETWORKS = ["localhost", ...Object.keys(TEST_NETWORKS)];

/**
 * Connects to a network by its name.
 *
 * @throws {CannotDeploy} when there is no such network, its RPC URL or the key are not set, or another chain answers.
 */
export async function openTarget(network: string): Promise<Target> {
  if (!NETWORKS.includes(network)) {
    throw new CannotDeploy(`There is no network "${network}"; name one of ${NETWORKS.join(", ")}.`);
  }
  const expected = TEST_NETWORKS[network as TestNetworkName];
  if (expected !== undefined) await requireVariables(network);

  const connection = await hre.network.create({ network });
  const chainId = await chainIdOf(connection, network);
  if (expected !== undefined && chainId !== expected.chainId) {
    await connection.close();
    throw new CannotDeploy(
      `The node at ${rpcUrlVariable(network)} serves chain ${chainId}, and ${network} is chain ${expected.chainId}; ` +
        "change the URL or the network.",
    );
  }
  const [deployer] = await connection.ethers.getSigners();

  return { network, chainId, deployer: deployer.address, connection };
}

async function requireVariables(network: string): Promise<void> {
  const config = hre.config.networks[network];
  if (config.type !== "http" || !Array.isArray(config.accounts)) return;

  const variables = { [rpcUrlVariable(network)]: config.url, [DEPLOYER_KEY]: config.accounts[0] };
  for (const [name, variable] of Object.entries(variables)) {
    await variable.get().catch((error: unknown) => {
      throw new CannotDeploy(
        `${name} is not set. Keep it in Hardhat's keystore, which is encrypted:\n\n` +
          `  npx pnpm@12 exec hardhat keystore set ${name}\n\nor give it in the environment, as ${name}=…`,
        { cause: error },
      );
    });
  }
}

async function chainIdOf({ provider }: NetworkConnection, network: string): Promise<number> {
  try {
    // By the node itself: Hardhat answers eth_chainId from its configuration.
    return Number(await provider.request({ method: "net_version" }));
  } catch (error) {
    const variable = network === "localhost" ? "port 8545 of this machine" : rpcUrlVariable(network);
    throw new CannotDeploy(`No node answers at ${variable}: ${(error as Error).message}`, { cause: error });
  }
}
