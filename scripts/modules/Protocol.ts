import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Governance from "./Governance.js";
import Licensing from "./Licensing.js";
import Registry from "./Registry.js";
import Rounds from "./Rounds.js";
import Royalties from "./Royalties.js";
import { vestingModule } from "./Vesting.js";

/** Everything. Each contract's address is known before the first is deployed, and no contract needs a later call. */
export function protocolModule(founderCount: number) {
  return buildModule("Protocol", (m) => ({
    ...m.useModule(vestingModule(founderCount)),
    ...m.useModule(Governance),
    ...m.useModule(Royalties),
    ...m.useModule(Registry),
    ...m.useModule(Licensing),
    ...m.useModule(Rounds),
  }));
}
