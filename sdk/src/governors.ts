import type { Context } from "./context.js";
import type { Contracts } from "./contracts.js";
import { TimelockController } from "./generated/fragments/TimelockController.js";
import { WealGovernor } from "./generated/fragments/WealGovernor.js";
import { type GovernorName, GOVERNORS } from "./governorNames.js";

/** A governor and the timelock that carries out what it decides. */
export interface GovernorPair {
  governor: Contracts["WealGovernor"];
  timelock: Contracts["TimelockController"];
}

/** Returns a governor with its timelock. */
export function governorOf({ at }: Context, name: GovernorName): GovernorPair {
  const { governor, timelock } = GOVERNORS[name];

  return { governor: at(WealGovernor, governor), timelock: at(TimelockController, timelock) };
}
