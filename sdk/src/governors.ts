import type { Context, Contracts } from "./context.js";
import type { TimelockController } from "./generated/types/TimelockController.js";
import type { WealGovernor } from "./generated/types/WealGovernor.js";

/** A governor and the timelock that carries out what it decides. */
export interface GovernorPair {
  governor: WealGovernor;
  timelock: TimelockController;
}

/** The governors, all of one code, by the names of their contracts. */
const GOVERNORS = {
  main: { governor: "WealGovernor", timelock: "TimelockController" },
  safety: { governor: "SafetyGovernor", timelock: "SafetyTimelock" },
} as const satisfies Record<string, Record<keyof GovernorPair, keyof Contracts>>;

export type GovernorName = keyof typeof GOVERNORS;

/** Returns a governor with its timelock. */
export function governorOf({ contracts }: Context, name: GovernorName): GovernorPair {
  const { governor, timelock } = GOVERNORS[name];

  return { governor: contracts[governor], timelock: contracts[timelock] };
}
