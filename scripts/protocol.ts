import type { DeployConfig } from "@nomicfoundation/ignition-core";
import type { Provider } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import { CREATEX } from "./create3.js";
import type { Deployed } from "./modules/deployByCreate3.js";
import { protocolModule } from "./modules/Protocol.js";
import { type Parameters, requireFutureDates } from "./parameters.js";
import { moduleParameters, type Plan, type PlannedContract, planProtocol } from "./plan.js";

/** Thrown when a contract is not where all the others expect it. */
export class DeploymentMismatch extends Error {
  override readonly name = "DeploymentMismatch";

  constructor(contract: string, planned: string, deployed: readonly string[]) {
    super(
      `${contract} is not at ${planned}, where the other contracts expect it, but one of ${deployed.join(", ")}. ` +
        "Do not use this deployment: check that CreateX is the one at github.com/pcaversaccio/createx, and deploy anew.",
    );
  }
}

/** How Ignition sends a plan. */
export interface SendOptions {
  /** What is on the chain already, and is left alone. */
  deployed?: Deployed;
  /** The name of Ignition's journal, on a chain that outlives the process. */
  deploymentId?: string;
  config?: Partial<DeployConfig>;
  displayUi?: boolean;
}

/**
 * Deploys the protocol from the connection's first account, or finishes what Ignition's journal says was interrupted.
 * `scripts/deploy.ts` does more: it looks at the chain before, and needs no journal.
 *
 * CreateX must be on the chain. On chain 31337 Ignition puts it there; elsewhere its absence is an error of Ignition's.
 *
 * @throws {ParametersInvalid} before anything is sent, when the parameters do not fit together.
 * @throws {DeploymentMismatch} when a contract is not where the plan says.
 */
export async function deployProtocol(
  connection: NetworkConnection,
  artifacts: Pick<ArtifactManager, "readArtifact">,
  parameters: Parameters,
  { deploymentId }: { deploymentId?: string } = {},
) {
  const [deployer] = await connection.ethers.getSigners();
  const { chainId } = await connection.ethers.provider.getNetwork();
  const plan = await planProtocol(artifacts, deployer.address, parameters, chainId);
  await requireFutureDatesIfNew(connection.ethers.provider, plan.contracts[0].address, parameters);
  const contracts = await sendPlan(connection, plan, parameters, { deploymentId });

  return { plan: plan.contracts, claims: plan.claims, contracts };
}

/**
 * Sends what a plan asks for, and waits for it.
 *
 * @throws {DeploymentMismatch} when a contract is not where the plan says.
 */
export async function sendPlan(
  connection: NetworkConnection,
  plan: Plan,
  { genesis }: Pick<Parameters, "genesis">,
  { deployed, ...options }: SendOptions,
) {
  // The create2 strategy is asked for what it does first: make sure that CreateX is there, and is CreateX. The modules
  // themselves call it for CREATE3.
  const strategy =
    plan.createX === CREATEX
      ? ({ strategy: "create2", strategyConfig: { salt: "0x".padEnd(66, "0") } } as const)
      : ({ strategy: "basic" } as const);
  const contracts = await connection.ignition.deploy(protocolModule(genesis.founders.length, deployed), {
    parameters: moduleParameters(plan),
    ...strategy,
    ...options,
  });
  const addresses = await Promise.all(Object.values(contracts).map((contract) => contract.getAddress()));
  requireAsPlanned(plan.contracts, new Set(addresses));

  return contracts;
}

/** A deployment that was begun is finished whenever that is. */
export async function requireFutureDatesIfNew(
  provider: Pick<Provider, "getCode" | "getBlock">,
  first: string,
  parameters: Parameters,
): Promise<void> {
  if ((await provider.getCode(first)) !== "0x") return;

  requireFutureDates(parameters, (await provider.getBlock("latest"))?.timestamp ?? 0);
}

/** Constructors have named the planned addresses already. */
export function requireAsPlanned(plan: readonly PlannedContract[], deployed: ReadonlySet<string>): void {
  for (const { name, address } of plan) {
    if (!deployed.has(address)) throw new DeploymentMismatch(name, address, [...deployed]);
  }
}
