/**
 * A program that claims everything and is killed on the way, for tests. It prints the state of each progress on a line,
 * and "done" at the end. Its only argument is JSON.
 */

import { fileURLToPath } from "node:url";
import { JsonRpcProvider, Wallet } from "ethers";
import { connect, type Deployment } from "../../sdk/src/index.js";

/** What the program is told. */
export interface ClaimantOptions {
  url: string;
  deployment: Deployment;
  privateKey: string;
  to: string;
  maxGas: string;
  /** After how many lines it is killed: at once, before it can do anything else. */
  lines: number;
}

/** Where it is. */
export const CLAIMANT = fileURLToPath(import.meta.url);

async function main({ url, deployment, privateKey, to, maxGas, lines }: ClaimantOptions) {
  const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = 20;
  const { royalties } = await connect(new Wallet(privateKey, provider), { deployment });
  let printed = 0;
  await royalties.claimAll({
    ...{ to, maxGas: BigInt(maxGas), gasPrice: 0n },
    onProgress({ state }) {
      console.log(state);
      printed += 1;
      if (printed === lines) process.kill(process.pid, "SIGKILL");
    },
  });
  console.log("done");
  provider.destroy();
}

// Mocha imports every file below test/.
if (process.argv[1] === CLAIMANT) await main(JSON.parse(process.argv[2]));
