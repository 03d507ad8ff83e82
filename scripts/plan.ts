import { AbiCoder, concat, Interface, parseUnits, ZeroAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import { CREATEX, create3Address, saltOf } from "./create3.js";
import { type ClaimTree, claimTree, distributionOf, rootOf, vestingArguments } from "./genesis.js";
import { governorArguments, type Parameters, requireValid, secondsOf } from "./parameters.js";

/** A contract of the protocol, before it is deployed. */
export interface PlannedContract {
  name: PlannedName;
  /** The Ignition module that deploys it. */
  module: string;
  address: string;
  salt: string;
  constructorArguments: unknown[];
  initCode: string;
}

/** What will be deployed, and the tree under which the community claims its part of genesis, if it has one. */
export interface Plan {
  contracts: PlannedContract[];
  claims: ClaimTree | undefined;
  /** What deploys it: CreateX, or a copy of it. */
  createX: string;
}

/** A contract of the protocol, or the vesting wallet of the founder with this index. */
export type PlannedName = ContractName | `VestingWallet${number}`;

interface PlanEntry {
  module: string;
  artifact?: string;
}

/**
 * The contracts of the protocol, in the order in which they are deployed, with the Ignition module of each and its
 * artifact, if that has another name.
 */
const CONTRACTS = {
  WealToken: { module: "Governance" },
  TimelockController: { module: "Governance" },
  WealGovernor: { module: "Governance" },
  SafetyTimelock: { module: "Governance", artifact: "TimelockController" },
  SafetyGovernor: { module: "Governance", artifact: "WealGovernor" },
  UsePolicy: { module: "Governance" },
  SafetyBoard: { module: "Governance" },
  Stakeholding: { module: "Governance" },
  GenesisClaim: { module: "Governance" },
  BallotRelay: { module: "Governance" },
  RoyaltyLedger: { module: "Royalties" },
  RoyaltyLens: { module: "Royalties" },
  SafetyLens: { module: "Royalties" },
  ModelRegistry: { module: "Registry" },
  SourceRegistry: { module: "Registry" },
  LicenseStore: { module: "Licensing" },
  UsageChannels: { module: "Licensing" },
  TrainingRounds: { module: "Rounds" },
} as const satisfies Record<string, PlanEntry>;

export type ContractName = keyof typeof CONTRACTS;

/** The names of the protocol's contracts, without the founders' wallets. */
export const CONTRACT_NAMES = Object.keys(CONTRACTS) as ContractName[];

/**
 * Returns what will be deployed where, and with which arguments: all of it follows from deployer, chain and parameters.
 *
 * @throws {ParametersInvalid} when the parameters do not fit together.
 */
export async function planProtocol(
  artifacts: Pick<ArtifactManager, "readArtifact">,
  deployer: string,
  parameters: Parameters,
  chainId: bigint,
  createX = CREATEX,
): Promise<Plan> {
  requireValid(parameters);
  const { governor, safetyGovernor, usePolicy, sources, genesis } = parameters;
  const at = (name: PlannedName) => create3Address(deployer, name, createX);
  const [timelock, safetyTimelock, weal, ledger] = [
    at("TimelockController"),
    at("SafetyTimelock"),
    at("WealToken"),
    at("RoyaltyLedger"),
  ];
  const addresses = {
    treasury: timelock,
    stakeholding: at("Stakeholding"),
    claim: at("GenesisClaim"),
    vesting: (index: number) => at(`VestingWallet${index}`),
  };
  const claims = claimTree(genesis, chainId, addresses.claim);

  const constructorArguments: Record<ContractName, unknown[]> = {
    WealToken: [distributionOf(parameters, addresses)],
    // The governor alone proposes, cancels and executes; no admin but the timelock itself.
    TimelockController: [governor.timelockDelay, [at("WealGovernor")], [at("WealGovernor")], ZeroAddress],
    WealGovernor: governorArguments("Commonweal Governor", weal, timelock, governor),
    SafetyTimelock: [safetyGovernor.timelockDelay, [at("SafetyGovernor")], [at("SafetyGovernor")], ZeroAddress],
    SafetyGovernor: governorArguments("Commonweal Safety Governor", weal, safetyTimelock, safetyGovernor),
    UsePolicy: [timelock, usePolicy.digest, usePolicy.clauseCount, usePolicy.uri],
    SafetyBoard: [timelock, safetyTimelock, at("UsePolicy"), parameters.safetyBoard],
    Stakeholding: [timelock, weal, ledger, parseUnits(parameters.stakeholdingEpochCap, 18)],
    GenesisClaim: [weal, timelock, rootOf(claims), secondsOf(genesis.community.until)],
    BallotRelay: [],
    RoyaltyLedger: [
      timelock,
      parameters.protocolFeeBps,
      [weal, ...parameters.currencies.map(({ address }) => address)],
    ],
    RoyaltyLens: [ledger],
    SafetyLens: [at("SafetyBoard"), at("RoyaltyLens")],
    ModelRegistry: [ledger, at("SafetyBoard")],
    SourceRegistry: [at("ModelRegistry"), timelock, sources.threshold, sources.verifiers],
    LicenseStore: [at("ModelRegistry")],
    UsageChannels: [ledger],
    TrainingRounds: [at("ModelRegistry"), at("WealGovernor")],
  };
  const plan = async (name: PlannedName, artifact: string, module: string, args: unknown[]) => {
    const { abi, bytecode } = await artifacts.readArtifact(artifact);
    const initCode = concat([bytecode, AbiCoder.defaultAbiCoder().encode(new Interface(abi).deploy.inputs, args)]);

    return { name, module, address: at(name), salt: saltOf(deployer, name), constructorArguments: args, initCode };
  };
  const contracts = await Promise.all([
    ...Object.entries(CONTRACTS).map(([name, { module, artifact = name }]: [string, PlanEntry]) =>
      plan(name as ContractName, artifact, module, constructorArguments[name as ContractName]),
    ),
    ...genesis.founders.map((founder, index) =>
      plan(`VestingWallet${index}`, "VestingWallet", "Vesting", vestingArguments(founder)),
    ),
  ]);

  return { contracts, claims, createX };
}

/** Returns the parameters of the Ignition modules for a plan. */
export function moduleParameters({ contracts, createX }: Plan): Record<string, Record<string, string>> {
  const parameters: Record<string, Record<string, string>> = {};
  for (const { name, module, address, salt, initCode } of contracts) {
    parameters[module] = {
      ...parameters[module],
      createX,
      [`${name}Address`]: address,
      [`${name}Salt`]: salt,
      [`${name}InitCode`]: initCode,
    };
  }

  return parameters;
}
