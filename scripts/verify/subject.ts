import { Contract, getCreateAddress, type Provider } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import { type LogQuery, readLogs } from "../../sdk/src/logs.js";
import { CREATEX, creationFilter } from "../create3.js";
import type { DeployedContract as Recorded } from "../deployments.js";
import type { Parameters } from "../parameters.js";
import type { ContractName, PlannedName } from "../plan.js";
import { DeploymentIncomplete, LogsMissing } from "./errors.js";

/** What of `deployments/<chainId>.json` is read here: a contract's place, and what else the file tells of it. */
export type DeployedContract = Pick<Recorded, "address" | "block"> &
  Partial<Pick<Recorded, "bytecodeHash" | "constructorArguments">>;

/** The contracts of `deployments/<chainId>.json`, by their names. */
export type DeployedContracts = Readonly<Record<string, DeployedContract>>;

/** The transaction in which a contract came to be. */
export interface Creation {
  from: string;
  to: string | null;
  data: string;
}

/** A deployment that is looked at: where it is, what it should be, and how it was at a block. */
export interface Subject {
  provider: Provider;
  artifacts: Pick<ArtifactManager, "readArtifact" | "getBuildInfoOutputPath">;
  chainId: bigint;
  parameters: Parameters;
  /** Who sent what created WealToken. */
  deployer: string;
  /** Who that is by the file, if it says so. */
  saidDeployer?: string;
  /** What deployed it: CreateX, or the deployer's copy of it. */
  createX: string;
  creations: ReadonlyMap<PlannedName, Creation>;
  block: number;
  deployment: DeployedContracts;
  /** The contracts that the parameters ask for. */
  names: readonly PlannedName[];
  at(name: PlannedName): string;
  /** Calls a view, at the block. */
  read(name: PlannedName, view: string, ...args: unknown[]): Promise<unknown>;
  /** Returns all that a contract has ever emitted under a name, up to the block. */
  events(name: PlannedName, event: string): Promise<EmittedEvent[]>;
}

export interface EmittedEvent {
  block: number;
  args: unknown[];
}

/** Contracts of the protocol, with the contract that each is made of. */
const ARTIFACTS: Record<ContractName, string> = {
  WealToken: "WealToken",
  TimelockController: "TimelockController",
  WealGovernor: "WealGovernor",
  SafetyTimelock: "TimelockController",
  SafetyGovernor: "WealGovernor",
  UsePolicy: "UsePolicy",
  SafetyBoard: "SafetyBoard",
  Stakeholding: "Stakeholding",
  GenesisClaim: "GenesisClaim",
  BallotRelay: "BallotRelay",
  RoyaltyLedger: "RoyaltyLedger",
  RoyaltyLens: "RoyaltyLens",
  SafetyLens: "SafetyLens",
  ModelRegistry: "ModelRegistry",
  SourceRegistry: "SourceRegistry",
  LicenseStore: "LicenseStore",
  UsageChannels: "UsageChannels",
  TrainingRounds: "TrainingRounds",
};

/** Returns the contract that a contract of a deployment is made of. */
export function artifactOf(name: PlannedName): string {
  return name in ARTIFACTS ? ARTIFACTS[name as ContractName] : "VestingWallet";
}

/** Contracts that another one deploys: in its constructor, so by its first nonces. */
export const CHILDREN = [
  { name: "RoundTerms", creator: "TrainingRounds", nonce: 1 },
  { name: "FunderPool", creator: "TrainingRounds", nonce: 2 },
] as const satisfies { name: string; creator: ContractName; nonce: number }[];

/** Returns the addresses of the contracts that others deployed. */
export function childrenOf(at: Subject["at"]): Record<string, string> {
  return Object.fromEntries(
    CHILDREN.map(({ name, creator, nonce }) => [name, getCreateAddress({ from: at(creator), nonce })]),
  );
}

/** What to look at, and with what. */
export interface SubjectOptions {
  provider: Provider;
  artifacts: Subject["artifacts"];
  deployment: DeployedContracts;
  parameters: Parameters;
  parametersDigest?: { given: string; deployed?: string };
  /** Who deployed, as the file says; the node is asked anyway. */
  deployer?: string;
  /** What deployed it; CreateX by default. */
  createX?: string;
  /** The block whose state is looked at; the latest by default. */
  block?: number;
}

/**
 * Finds out what is to be looked at.
 *
 * @throws {DeploymentIncomplete} when the deployment lacks a contract.
 * @throws {LogsMissing} when the node does not know of a contract's creation in the block that the deployment names. Logs
 * are read from there on, so a later block would hide the first ones.
 */
export async function subjectOf(options: SubjectOptions): Promise<Subject> {
  const { provider, artifacts, parameters, deployment, createX = CREATEX } = options;
  const names: PlannedName[] = [
    ...(Object.keys(ARTIFACTS) as ContractName[]),
    ...parameters.genesis.founders.map((_, index) => `VestingWallet${index}` as const),
  ];
  const missing = names.filter((name) => deployment[name] === undefined);
  if (missing.length > 0) throw new DeploymentIncomplete(missing);

  const { chainId } = await provider.getNetwork();
  const block = options.block ?? (await provider.getBlockNumber());
  const at = (name: PlannedName) => deployment[name].address;
  const creations = new Map(
    await Promise.all(
      names.map(async (name) => [name, await creationOf(provider, name, deployment[name], createX)] as const),
    ),
  );
  const contractOf = async (name: PlannedName) =>
    new Contract(at(name), (await artifacts.readArtifact(artifactOf(name))).abi as never, provider);

  return {
    ...{ provider, artifacts, parameters, deployment, chainId, createX, creations, block, names, at },
    ...{ deployer: (creations.get("WealToken") as Creation).from, saidDeployer: options.deployer },
    async read(name, view, ...args) {
      const contract = await contractOf(name);
      try {
        return await contract.getFunction(view).staticCall(...args, { blockTag: block });
      } catch {
        // What is there does not answer as ours does: a finding, and no end of the others.
        return "no answer";
      }
    },
    async events(name, event) {
      const contract = await contractOf(name);
      const topics = await contract.filters[event]().getTopicFilter();
      const logs = await logsOf(provider, {
        address: at(name),
        topics,
        fromBlock: deployment[name].block,
        toBlock: block,
      });

      return logs.map((log) => ({
        block: log.blockNumber,
        args: [...contract.interface.decodeEventLog(event, log.data, log.topics)],
      }));
    },
  };
}

async function creationOf(
  provider: Provider,
  name: PlannedName,
  { address, block }: DeployedContract,
  createX: string,
): Promise<Creation> {
  const [log] = await logsOf(provider, { ...creationFilter(address, createX), fromBlock: block, toBlock: block });
  const transaction = log && (await provider.getTransaction(log.transactionHash));
  if (!transaction) throw new LogsMissing(block, `the creation of ${name} through CreateX in that block`);

  return transaction;
}

async function logsOf(provider: Provider, query: LogQuery) {
  try {
    return await readLogs(provider, query);
  } catch (error) {
    throw new LogsMissing(query.fromBlock, "an answer to eth_getLogs", { cause: error });
  }
}
