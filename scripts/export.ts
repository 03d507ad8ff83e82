/**
 * Writes `deployments/31337.json`, where the protocol is on a local chain, and `deployments/31337.claims.json`, the tree
 * under which the community claims its part of genesis there: deploys to a fresh chain and looks. Writes
 * `scripts/parameters/schema.json` too, by which an editor checks what a deployer writes.
 *
 *   pnpm export
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { JsonRpcProvider } from "ethers";
import hre from "hardhat";
import { format } from "prettier";
import { CREATEX } from "./create3.js";
import { record } from "./deploy/record.js";
import { startLocalChain } from "./local.js";
import { jsonSchema } from "./parameters.js";

const folder = path.join(hre.config.paths.root, "scripts", "parameters");
const schema = await format(JSON.stringify(jsonSchema()), { parser: "json", printWidth: 120 });
await writeFile(path.join(folder, "schema.json"), schema);

const chain = await startLocalChain(0);
const provider = new JsonRpcProvider(chain.url);
try {
  const [deployer] = await provider.listAccounts();
  await record(provider, {
    network: "localhost",
    chainId: 31_337,
    deployer: deployer.address,
    plan: { contracts: chain.plan, claims: chain.claims, createX: CREATEX },
    parameters: await readFile(path.join(folder, "local.json"), "utf8"),
    output: path.join(hre.config.paths.root, "deployments"),
  });
} finally {
  provider.destroy();
  await chain.close();
}
