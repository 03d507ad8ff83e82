import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { Deployed } from "./deployByCreate3.js";
import { governanceModule } from "./Governance.js";
import { licensingModule } from "./Licensing.js";
import { registryModule } from "./Registry.js";
import { roundsModule } from "./Rounds.js";
import { royaltiesModule } from "./Royalties.js";
import { vestingModule } from "./Vesting.js";

/**
 * Everything that is not deployed yet. Each contract's address is known before the first is deployed, and no contract
 * needs a later call.
 */
export function protocolModule(founderCount: number, deployed: Deployed = new Set()) {
  const governance = governanceModule(deployed);
  const royalties = royaltiesModule(governance, deployed);
  const registry = registryModule(royalties, deployed);

  return buildModule("Protocol", (m) => ({
    ...m.useModule(vestingModule(founderCount, deployed)),
    ...m.useModule(governance),
    ...m.useModule(royalties),
    ...m.useModule(registry),
    ...m.useModule(licensingModule(registry, deployed)),
    ...m.useModule(roundsModule(registry, deployed)),
  }));
}
