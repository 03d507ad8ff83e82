/**
 * Writes `deployments/31337.json`, where the protocol is on a local chain: deploys to a fresh one and looks.
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
  const file = path.join(hre.config.paths.root, "deployments", `${chainId}.json`);
  await writeFile(file, `${JSON.stringify(await deploymentOf(provider, chain.plan), null, 2)}\n`);
} finally {
  provider.destroy();
  await chain.close();
}
