import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { type Deployed, deployByCreate3 } from "./deployByCreate3.js";

/**
 * The token that votes; two governors, each the only proposer of a timelock; what the timelocks decide about: use policy,
 * safety board, rewards for fees; the community's part of genesis; and what sends signed votes in
 * batches.
 */
export function governanceModule(deployed: Deployed) {
  return buildModule("Governance", (m) => {
    const wealToken = deployByCreate3(m, "WealToken", deployed);
    const timelock = deployByCreate3(m, "TimelockController", deployed);
    // After the token: governors ask it for its clock, and the reserve approves it.
    const governor = deployByCreate3(m, "WealGovernor", deployed, { after: [wealToken] });
    const safetyTimelock = deployByCreate3(m, "SafetyTimelock", deployed, { artifact: "TimelockController" });
    const safetyGovernor = deployByCreate3(m, "SafetyGovernor", deployed, {
      artifact: "WealGovernor",
      after: [wealToken],
    });
    const usePolicy = deployByCreate3(m, "UsePolicy", deployed);
    const safetyBoard = deployByCreate3(m, "SafetyBoard", deployed);
    const stakeholding = deployByCreate3(m, "Stakeholding", deployed, { after: [wealToken] });
    const genesisClaim = deployByCreate3(m, "GenesisClaim", deployed);
    const ballotRelay = deployByCreate3(m, "BallotRelay", deployed);

    return {
      wealToken,
      timelock,
      governor,
      safetyTimelock,
      safetyGovernor,
      usePolicy,
      safetyBoard,
      stakeholding,
      genesisClaim,
      ballotRelay,
    };
  });
}
