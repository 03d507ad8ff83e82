import { ContractFactory, JsonRpcProvider, type Provider } from "ethers";
import hre from "hardhat";
import { startLocalChain } from "../../scripts/local.js";
import { type Commonweal, connect, type Deployment } from "../../sdk/src/index.js";
import { deploymentOf, deploySdk } from "./helpers.js";

/** A chain with the protocol, as somebody with a quorum of votes sees it. */
export interface World {
  commonweal: Commonweal;
  deployment: Deployment;
  provider: Provider & { send(method: string, params: unknown[]): Promise<unknown> };
  usdc: string;
  /** An ERC-20 that is not listed. */
  newToken: string;
  /** Whether the node gives calls more gas than a transaction may have; from Osaka on, Hardhat's does not. */
  givesMoreGas: boolean;
  close(): Promise<void>;
}

async function inProcess(): Promise<World> {
  const { deployer, deployment, connection, usdcAddress } = await deploySdk();
  const token = await connection.ethers.deployContract("TestToken", ["Another", "OTHER", 8]);

  return {
    commonweal: deployer,
    deployment,
    provider: connection.ethers.provider,
    usdc: usdcAddress,
    newToken: await token.getAddress(),
    givesMoreGas: process.env.HARDFORK !== "osaka",
    close: () => connection.close(),
  };
}

async function overHttp(): Promise<World> {
  const chain = await startLocalChain(0);
  const provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = 20;
  const deployment = deploymentOf(chain.plan);
  const signer = await provider.getSigner(1);
  const { abi, bytecode } = await hre.artifacts.readArtifact("TestToken");
  const token = await new ContractFactory(abi, bytecode, signer).deploy("Another", "OTHER", 8);
  await token.waitForDeployment();

  return {
    commonweal: await connect(signer, { deployment }),
    deployment,
    provider,
    usdc: chain.usdc,
    newToken: await token.getAddress(),
    givesMoreGas: false,
    async close() {
      provider.destroy();
      await chain.close();
    },
  };
}

/** Where simulations are tried: each opens a chain. */
export const WORLDS = [
  ["in this process", inProcess],
  ["over HTTP", overHttp],
] as const;
