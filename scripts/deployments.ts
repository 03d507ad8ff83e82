import { type Provider, zeroPadValue } from "ethers";
import { CREATEX, creationTopic } from "./create3.js";
import type { PlannedContract } from "./plan.js";

/** Where the contracts of one chain are, as `deployments/<chainId>.json` has it. */
export type DeploymentFile = Record<string, { address: string; block: number }>;

/** Reads from the chain at which block each planned contract was deployed. */
export async function deploymentOf(provider: Provider, plan: readonly PlannedContract[]): Promise<DeploymentFile> {
  const entries = plan.map(async ({ name, address }) => {
    const [creation] = await provider.getLogs({
      address: CREATEX,
      topics: [creationTopic, zeroPadValue(address, 32)],
      fromBlock: 0,
    });

    return [name, { address, block: creation.blockNumber }] as const;
  });

  return Object.fromEntries(await Promise.all(entries));
}
