import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import Protocol from "./modules/Protocol.js";
import { moduleParameters, type Parameters, planProtocol } from "./plan.js";

/**
 * Deploys the protocol from the connection's first account, or finishes a deployment that was interrupted.
 *
 * CreateX must be on the chain. On chain 31337 Ignition puts it there; elsewhere its absence is an error of Ignition's.
 */
export async function deployProtocol(
  connection: NetworkConnection,
  artifacts: Pick<ArtifactManager, "readArtifact">,
  parameters: Parameters,
  { deploymentId }: { deploymentId?: string } = {},
) {
  const [deployer] = await connection.ethers.getSigners();
  const plan = await planProtocol(artifacts, deployer.address, parameters);

  // The create2 strategy is asked for what it does first: make sure that CreateX is there, and is CreateX. The modules
  // themselves call it for CREATE3.
  const contracts = await connection.ignition.deploy(Protocol, {
    parameters: moduleParameters(plan),
    strategy: "create2",
    strategyConfig: { salt: "0x".padEnd(66, "0") },
    deploymentId,
  });
  return { plan, contracts };
}
