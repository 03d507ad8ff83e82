import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import { type Deployed, deployByCreate3 } from "./deployByCreate3.js";

/**
 * The ledger of royalties and shares, and lenses to look at it and at what is inherited. After governance: the ledger looks at the currencies it
 * lists, and WEAL is one.
 */
export function royaltiesModule(governance: IgnitionModule, deployed: Deployed) {
  return buildModule("Royalties", (m) => {
    m.useModule(governance);

    return {
      ledger: deployByCreate3(m, "RoyaltyLedger", deployed, { after: [governance] }),
      lens: deployByCreate3(m, "RoyaltyLens", deployed, { after: [governance] }),
      safetyLens: deployByCreate3(m, "SafetyLens", deployed, { after: [governance] }),
    };
  });
}
