import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployByCreate3 } from "./deployByCreate3.js";

/** The token that votes, the timelock that governs, and the governor that is the timelock's only proposer. */
export default buildModule("Governance", (m) => {
  const wealToken = deployByCreate3(m, "WealToken");
  const timelock = deployByCreate3(m, "TimelockController");
  // After the token: the governor asks it for its clock.
  const governor = deployByCreate3(m, "WealGovernor", { after: [wealToken] });

  return { wealToken, timelock, governor };
});
