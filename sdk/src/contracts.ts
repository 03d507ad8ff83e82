import type { BaseContract, ContractRunner } from "ethers";
import { addressIn, type Context, contractAt, type Deployment } from "./context.js";
import { BallotRelay } from "./generated/fragments/BallotRelay.js";
import { GenesisClaim } from "./generated/fragments/GenesisClaim.js";
import { LicenseStore } from "./generated/fragments/LicenseStore.js";
import { ModelRegistry } from "./generated/fragments/ModelRegistry.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { RoyaltyLens } from "./generated/fragments/RoyaltyLens.js";
import { SafetyBoard } from "./generated/fragments/SafetyBoard.js";
import { SafetyLens } from "./generated/fragments/SafetyLens.js";
import { SourceRegistry } from "./generated/fragments/SourceRegistry.js";
import { Stakeholding } from "./generated/fragments/Stakeholding.js";
import { TimelockController } from "./generated/fragments/TimelockController.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import { UsageChannels } from "./generated/fragments/UsageChannels.js";
import { UsePolicy } from "./generated/fragments/UsePolicy.js";
import { WealGovernor } from "./generated/fragments/WealGovernor.js";
import { WealToken } from "./generated/fragments/WealToken.js";

/** Every contract of a deployment, by its name there. */
const DESCRIPTORS = {
  ModelRegistry,
  SourceRegistry,
  RoyaltyLedger,
  RoyaltyLens,
  WealToken,
  TimelockController,
  WealGovernor,
  SafetyTimelock: TimelockController,
  SafetyGovernor: WealGovernor,
  UsePolicy,
  SafetyBoard,
  SafetyLens,
  Stakeholding,
  GenesisClaim,
  BallotRelay,
  LicenseStore,
  UsageChannels,
  TrainingRounds,
};

/** The name of a contract in a deployment. */
export type DeploymentName = keyof typeof DESCRIPTORS;

/** The protocol's contracts with all that they can do, typed, for what this SDK has no function for. */
export type Contracts = {
  readonly [Name in DeploymentName]: NonNullable<(typeof DESCRIPTORS)[Name]["type"]>;
};

const NAMES = Object.keys(DESCRIPTORS) as DeploymentName[];

/**
 * Requires that a deployment names all contracts.
 *
 * @throws {InvalidArgument} when it does not, or an address is not one.
 */
export function requireComplete(deployment: Deployment): void {
  for (const name of NAMES) addressIn(deployment, name);
}

/** Returns all contracts of a deployment, as somebody uses them. */
export function contractsOf(deployment: Deployment, runner: ContractRunner): Contracts {
  return allContracts((name) => contractAt<BaseContract>(DESCRIPTORS[name], addressIn(deployment, name), runner));
}

/** Returns all contracts to read from: what explains or changes any of them needs them all. */
export function contractsToRead({ at }: Pick<Context, "at">): Contracts {
  return allContracts((name) => at<BaseContract>(DESCRIPTORS[name], name));
}

function allContracts(contractOf: (name: DeploymentName) => unknown): Contracts {
  return Object.fromEntries(NAMES.map((name) => [name, contractOf(name)])) as Contracts;
}
