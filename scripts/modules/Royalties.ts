import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { create3 } from "./create3.js";
import Governance from "./Governance.js";

/** The ledger of royalties and shares. After governance: it looks at the currencies it lists, and WEAL is one. */
export default buildModule("Royalties", (m) => {
  m.useModule(Governance);

  return { ledger: create3(m, "RoyaltyLedger", { after: [Governance] }) };
});
