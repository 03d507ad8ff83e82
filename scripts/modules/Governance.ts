import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { create3 } from "./create3.js";

/** The token that votes, the timelock that governs, and the governor that is the timelock's only proposer. */
export default buildModule("Governance", (m) => {
  const wealToken = create3(m, "WealToken");
  const timelock = create3(m, "TimelockController");
  // After the token: the governor asks it for its clock.
  const governor = create3(m, "WealGovernor", { after: [wealToken] });

  return { wealToken, timelock, governor };
});
