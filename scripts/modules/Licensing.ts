import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import { type Deployed, deployByCreate3 } from "./deployByCreate3.js";

/** Where models are licensed, and where their use is prepaid. The store asks the registry for what it needs to know. */
export function licensingModule(registry: IgnitionModule, deployed: Deployed) {
  return buildModule("Licensing", (m) => {
    m.useModule(registry);

    return {
      licenseStore: deployByCreate3(m, "LicenseStore", deployed, { after: [registry] }),
      usageChannels: deployByCreate3(m, "UsageChannels", deployed, { after: [registry] }),
    };
  });
}
