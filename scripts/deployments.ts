import type { Provider } from "ethers";
import { creationFilter } from "./create3.js";
import type { PlannedContract } from "./plan.js";

/** Where the contracts of one chain are, as `deployments/<chainId>.json` has it. */
export type DeploymentFile = Record<string, { address: string; block: number }>;

/** Reads from the chain at which block each planned contract was deployed. */
export async function deploymentOf(provider: Provider, plan: readonly PlannedContract[]): Promise<DeploymentFile> {
  const entries = plan.map(async ({ name, address }) => {
    // From the first block: of use on a chain of one's own, which has few.
    const [creation] = await provider.getLogs({ ...creationFilter(address), fromBlock: 0 });

    return [name, { address, block: creation.blockNumber }] as const;
  });

  return Object.fromEntries(await Promise.all(entries));
}
