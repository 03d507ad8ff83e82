import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import { type Deployed, deployByCreate3 } from "./deployByCreate3.js";

/** The registry of models, and the one of sources, which asks it for its ledger. */
export function registryModule(royalties: IgnitionModule, deployed: Deployed) {
  return buildModule("Registry", (m) => {
    m.useModule(royalties);

    const registry = deployByCreate3(m, "ModelRegistry", deployed, { after: [royalties] });
    const sources = deployByCreate3(m, "SourceRegistry", deployed, { after: [registry] });

    return { registry, sources };
  });
}
