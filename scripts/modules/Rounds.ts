import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployByCreate3 } from "./deployByCreate3.js";
import Registry from "./Registry.js";

/** Where many make one model together. It asks the registry for its ledger, and deploys what it needs beside itself. */
export default buildModule("Rounds", (m) => {
  m.useModule(Registry);

  return { trainingRounds: deployByCreate3(m, "TrainingRounds", { after: [Registry] }) };
});
