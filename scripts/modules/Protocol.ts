import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Governance from "./Governance.js";
import Registry from "./Registry.js";
import Royalties from "./Royalties.js";

/** Everything. Each contract's address is known before the first is deployed, and no contract needs a later call. */
export default buildModule("Protocol", (m) => ({
  ...m.useModule(Governance),
  ...m.useModule(Royalties),
  ...m.useModule(Registry),
}));
