import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployByCreate3 } from "./deployByCreate3.js";
import Registry from "./Registry.js";

/** Where models are licensed, and where their use is prepaid. The store asks the registry for what it needs to know. */
export default buildModule("Licensing", (m) => {
  m.useModule(Registry);

  return {
    licenseStore: deployByCreate3(m, "LicenseStore", { after: [Registry] }),
    usageChannels: deployByCreate3(m, "UsageChannels", { after: [Registry] }),
  };
});
