import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployByCreate3 } from "./deployByCreate3.js";
import Royalties from "./Royalties.js";

/** The registry of models. */
export default buildModule("Registry", (m) => {
  m.useModule(Royalties);

  return { registry: deployByCreate3(m, "ModelRegistry", { after: [Royalties] }) };
});
