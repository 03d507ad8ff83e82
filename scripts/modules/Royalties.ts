import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployByCreate3 } from "./deployByCreate3.js";
import Governance from "./Governance.js";

/**
 * The ledger of royalties and shares, and lenses to look at it and at what is inherited. After governance: the ledger looks at the currencies it
 * lists, and WEAL is one.
 */
export default buildModule("Royalties", (m) => {
  m.useModule(Governance);

  return {
    ledger: deployByCreate3(m, "RoyaltyLedger", { after: [Governance] }),
    lens: deployByCreate3(m, "RoyaltyLens", { after: [Governance] }),
    safetyLens: deployByCreate3(m, "SafetyLens", { after: [Governance] }),
  };
});
