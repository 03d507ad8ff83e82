import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { create3 } from "./create3.js";
import Royalties from "./Royalties.js";

/** The registry of models. */
export default buildModule("Registry", (m) => {
  m.useModule(Royalties);

  return { registry: create3(m, "ModelRegistry", { after: [Royalties] }) };
});
