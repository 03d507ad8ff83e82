import type { DeploymentName } from "./contracts.js";

/** The governors, all of one code, and their timelocks, by the names of their contracts. */
export const GOVERNORS = {
  main: { governor: "WealGovernor", timelock: "TimelockController" },
  safety: { governor: "SafetyGovernor", timelock: "SafetyTimelock" },
} as const satisfies Record<string, Record<"governor" | "timelock", DeploymentName>>;

export type GovernorName = keyof typeof GOVERNORS;
