import { type BaseContract, Contract, type ContractRunner, type Provider, type Signer } from "ethers";
import { addressOf } from "./arguments.js";
import type { ContractDescriptor } from "./descriptors.js";
import { interfaceOf } from "./events.js";
import type { DeploymentName } from "./contracts.js";

/** Signs and sends, or only reads. */
export type Runner = Signer | Provider;

/** Where the contracts of the protocol are, as in `deployments/<chainId>.json`. */
export type Deployment = Readonly<
  Record<
    DeploymentName,
    { readonly address: string; /** In which it was deployed: logs begin there. */ readonly block?: number }
  >
>;

/** What the functions of all domains share. */
export interface Context {
  readonly chainId: bigint;
  readonly runner: Runner;
  readonly provider: Provider;
  /** The block in which the ledger was deployed, or 0: logs begin there. */
  readonly firstBlock: number;
  readonly deployment: Deployment;
  /** Makes the reads of one moment in one call. */
  readonly reads: ContractRunner;
  /** Returns a contract of the deployment, to read and to encode calls; two have the code of others, and their own names. */
  at<Type extends BaseContract>(descriptor: ContractDescriptor<DeploymentName, Type>, name?: DeploymentName): Type;
  /** Returns the runner as a signer, or throws {@link SignerRequired}. */
  signer(): Signer;
}

/** Returns a contract at an address. */
export function contractAt<Type extends BaseContract>(
  descriptor: ContractDescriptor<string, Type>,
  address: string,
  runner: ContractRunner,
): Type {
  // The types are generated from the same ABI.
  return new Contract(address, interfaceOf(descriptor), runner) as unknown as Type;
}

/** Returns where a contract of a deployment is. */
export function addressIn(deployment: Deployment, name: DeploymentName): string {
  return addressOf(deployment[name]?.address, `deployment.${name}`);
}

/** Returns the block in which a contract was deployed, or 0: its logs begin there. */
export function firstBlockOf({ deployment }: Pick<Context, "deployment">, contract: DeploymentName): number {
  return deployment[contract].block ?? 0;
}
