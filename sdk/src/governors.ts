import type { Context } from "./context.js";
import type { Contracts, DeploymentName } from "./contracts.js";
import { TimelockController } from "./generated/fragments/TimelockController.js";
import { WealGovernor } from "./generated/fragments/WealGovernor.js";

/** A governor and the timelock that carries out what it decides. */
export interface GovernorPair {
  governor: Contracts["WealGovernor"];
  timelock: Contracts["TimelockController"];
}

/** The governors, all of one code, by the names of their contracts. */
const GOVERNORS = {
  main: { governor: "WealGovernor", timelock: "TimelockController" },
  safety: { governor: "SafetyGovernor", timelock: "SafetyTimelock" },
} as const satisfies Record<string, Record<keyof GovernorPair, DeploymentName>>;

export type GovernorName = keyof typeof GOVERNORS;

/** Returns a governor with its timelock. */
export function governorOf({ at }: Context, name: GovernorName): GovernorPair {
  const { governor, timelock } = GOVERNORS[name];

  return { governor: at(WealGovernor, governor), timelock: at(TimelockController, timelock) };
}
