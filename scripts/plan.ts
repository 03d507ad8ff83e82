import { AbiCoder, concat, Interface, parseUnits, ZeroAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import { create3Address, saltOf } from "./create3.js";

/** What a deployer decides, one file a network in `scripts/parameters/`. Times are in seconds. */
export interface Parameters {
  /** Protocol fee for the first models, in basis points, 0 to 250. */
  protocolFeeBps: number;
  /** ERC-20s to list from the start, besides ETH and WEAL. */
  currencies: string[];
  /** Seconds between a decision and its execution. */
  timelockDelay: number;
  /** Who may cancel proposals; the zero address for nobody but proposers. */
  guardian: string;
  governor: {
    votingDelay: number;
    votingPeriod: number;
    lateQuorumExtension: number;
    /** Votes needed to propose, in WEAL. */
    proposalThreshold: string;
    /** Part of the supply that must take part, in percent, 1 to 100. */
    quorumPercent: number;
  };
  /** Who says which author a source belongs to: `threshold` of the verifiers must attest it. */
  sources: {
    threshold: number;
    verifiers: string[];
  };
  /** Who gets the supply, in WEAL; "timelock" is the treasury. */
  genesis: { account: string; weal: string }[];
}

/** A contract of the protocol, before it is deployed. */
export interface PlannedContract {
  name: ContractName;
  address: string;
  salt: string;
  constructorArguments: unknown[];
  initCode: string;
}

/** The contracts of the protocol, in the order in which they are deployed, with the Ignition module of each. */
const CONTRACTS = {
  WealToken: "Governance",
  TimelockController: "Governance",
  WealGovernor: "Governance",
  RoyaltyLedger: "Royalties",
  RoyaltyLens: "Royalties",
  ModelRegistry: "Registry",
  SourceRegistry: "Registry",
} as const;

export type ContractName = keyof typeof CONTRACTS;

/** Returns what will be deployed where, and with which arguments: all of it follows from deployer and parameters. */
export async function planProtocol(
  artifacts: Pick<ArtifactManager, "readArtifact">,
  deployer: string,
  parameters: Parameters,
): Promise<PlannedContract[]> {
  const at = (name: ContractName) => create3Address(deployer, name);
  const timelock = at("TimelockController");
  const { governor } = parameters;

  const constructorArguments: Record<ContractName, unknown[]> = {
    WealToken: [
      parameters.genesis.map(({ account, weal }) => ({
        account: account === "timelock" ? timelock : account,
        amount: parseUnits(weal, 18),
      })),
    ],
    // The governor alone proposes, cancels and executes; no admin but the timelock itself.
    TimelockController: [parameters.timelockDelay, [at("WealGovernor")], [at("WealGovernor")], ZeroAddress],
    WealGovernor: [
      at("WealToken"),
      timelock,
      parameters.guardian,
      { ...governor, proposalThreshold: parseUnits(governor.proposalThreshold, 18) },
    ],
    RoyaltyLedger: [timelock, parameters.protocolFeeBps, [at("WealToken"), ...parameters.currencies]],
    RoyaltyLens: [at("RoyaltyLedger")],
    ModelRegistry: [at("RoyaltyLedger")],
    SourceRegistry: [at("ModelRegistry"), timelock, parameters.sources.threshold, parameters.sources.verifiers],
  };

  return Promise.all(
    (Object.keys(CONTRACTS) as ContractName[]).map(async (name) => {
      const { abi, bytecode } = await artifacts.readArtifact(name);
      const inputs = new Interface(abi).deploy.inputs;

      return {
        name,
        address: at(name),
        salt: saltOf(deployer, name),
        constructorArguments: constructorArguments[name],
        initCode: concat([bytecode, AbiCoder.defaultAbiCoder().encode(inputs, constructorArguments[name])]),
      };
    }),
  );
}

/** Returns the parameters of the Ignition modules for a plan. */
export function moduleParameters(plan: PlannedContract[]): Record<string, Record<string, string>> {
  const parameters: Record<string, Record<string, string>> = {};
  for (const { name, salt, initCode } of plan) {
    const module = CONTRACTS[name];
    parameters[module] = { ...parameters[module], [`${name}Salt`]: salt, [`${name}InitCode`]: initCode };
  }

  return parameters;
}
