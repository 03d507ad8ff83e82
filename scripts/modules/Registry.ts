import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployByCreate3 } from "./deployByCreate3.js";
import Royalties from "./Royalties.js";

/** The registry of models, and the one of sources, which asks it for its ledger. */
export default buildModule("Registry", (m) => {
  m.useModule(Royalties);

  const registry = deployByCreate3(m, "ModelRegistry", { after: [Royalties] });
  const sources = deployByCreate3(m, "SourceRegistry", { after: [registry] });

  return { registry, sources };
});
