import type { ContractName } from "../plan.js";
import { check, type Findings } from "./report.js";
import { type CHILDREN, childrenOf, type Subject } from "./subject.js";

/** Whom each contract knows, by its own word. */
const WIRING: Partial<Record<ContractName, Record<string, ContractName | (typeof CHILDREN)[number]["name"]>>> = {
  WealGovernor: { token: "WealToken", timelock: "TimelockController" },
  SafetyGovernor: { token: "WealToken", timelock: "SafetyTimelock" },
  UsePolicy: { governance: "TimelockController" },
  SafetyBoard: { governance: "TimelockController", safetyGovernance: "SafetyTimelock", usePolicy: "UsePolicy" },
  Stakeholding: { governance: "TimelockController", weal: "WealToken", ledger: "RoyaltyLedger" },
  GenesisClaim: { weal: "WealToken", treasury: "TimelockController" },
  RoyaltyLedger: { governance: "TimelockController" },
  RoyaltyLens: { ledger: "RoyaltyLedger" },
  SafetyLens: { board: "SafetyBoard", royaltyLens: "RoyaltyLens" },
  ModelRegistry: { ledger: "RoyaltyLedger", safetyBoard: "SafetyBoard" },
  SourceRegistry: { registry: "ModelRegistry", governance: "TimelockController" },
  LicenseStore: { registry: "ModelRegistry", usePolicy: "UsePolicy" },
  UsageChannels: { ledger: "RoyaltyLedger" },
  TrainingRounds: { registry: "ModelRegistry", terms: "RoundTerms" },
};

/** Asks each contract whom it knows. */
export async function checkWiring(subject: Subject): Promise<Findings> {
  const children = childrenOf(subject.at);
  const edges = Object.entries(WIRING).flatMap(([name, views]) =>
    Object.entries(views).map(([view, known]) => ({ name: name as ContractName, view, known })),
  );
  const checks = await Promise.all(
    edges.map(async ({ name, view, known }) => {
      const expected = children[known] ?? subject.at(known as ContractName);

      return check("wiring", `${name}.${view}`, expected, await subject.read(name, view));
    }),
  );

  return { checks };
}
