import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import { type Deployed, deployByCreate3 } from "./deployByCreate3.js";

/** Where many make one model together. It asks the registry for its ledger, and deploys what it needs beside itself. */
export function roundsModule(registry: IgnitionModule, deployed: Deployed) {
  return buildModule("Rounds", (m) => {
    m.useModule(registry);

    return { trainingRounds: deployByCreate3(m, "TrainingRounds", deployed, { after: [registry] }) };
  });
}
