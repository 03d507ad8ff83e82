import { verifyContract } from "@nomicfoundation/hardhat-verify/verify";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Submission } from "./submissions.js";

/** Where sources can be published. */
export const EXPLORERS = ["etherscan", "blockscout", "sourcify"] as const;
export type Explorer = (typeof EXPLORERS)[number];

/** What has become of a contract on an explorer. */
export interface Published {
  name: string;
  explorer: Explorer;
  /** Why it was not verified, if so. */
  failure?: string;
}

/**
 * Has explorers verify contracts, one after the other; those that they have verified are left as they are. One that fails
 * does not keep the others.
 *
 * @param hre With the network as its default, since the plugin asks for it there.
 */
export async function publish(
  hre: HardhatRuntimeEnvironment,
  submissions: readonly Submission[],
  explorers: readonly Explorer[],
): Promise<Published[]> {
  const published: Published[] = [];
  for (const explorer of explorers) {
    for (const { name, address, contract, constructorArguments: constructorArgs } of submissions) {
      try {
        await verifyContract({ address, contract, constructorArgs, provider: explorer }, hre);
        published.push({ name, explorer });
      } catch (error) {
        published.push({ name, explorer, failure: (error as Error).message });
      }
    }
  }

  return published;
}
