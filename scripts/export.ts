/**
 * Writes `deployments/31337.json`, where the protocol is on a local chain, and `deployments/31337.claims.json`, the tree
 * under which the community claims its part of genesis there: deploys to a fresh chain and looks.
 *
 *   pnpm export
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { JsonRpcProvider } from "ethers";
import hre from "hardhat";
import { deploymentOf } from "./deployments.js";
import { startLocalChain } from "./local.js";

const chain = await startLocalChain(0);
const provider = new JsonRpcProvider(chain.url);
try {
  const { chainId } = await provider.getNetwork();
  const write = (file: string, content: unknown) =>
    writeFile(path.join(hre.config.paths.root, "deployments", file), `${JSON.stringify(content, null, 2)}\n`);
  await write(`${chainId}.json`, await deploymentOf(provider, chain.plan));
  await write(`${chainId}.claims.json`, chain.claims);
} finally {
  provider.destroy();
  await chain.close();
}
