import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { deployByCreate3 } from "./deployByCreate3.js";

/**
 * The token that votes; two governors, each the only proposer of a timelock; what the timelocks decide about: use policy,
 * safety board, rewards for fees; the community's part of genesis; and what sends signed votes in
 * batches.
 */
export default buildModule("Governance", (m) => {
  const wealToken = deployByCreate3(m, "WealToken");
  const timelock = deployByCreate3(m, "TimelockController");
  // After the token: governors ask it for its clock, and the reserve approves it.
  const governor = deployByCreate3(m, "WealGovernor", { after: [wealToken] });
  const safetyTimelock = deployByCreate3(m, "SafetyTimelock", { artifact: "TimelockController" });
  const safetyGovernor = deployByCreate3(m, "SafetyGovernor", { artifact: "WealGovernor", after: [wealToken] });
  const usePolicy = deployByCreate3(m, "UsePolicy");
  const safetyBoard = deployByCreate3(m, "SafetyBoard");
  const stakeholding = deployByCreate3(m, "Stakeholding", { after: [wealToken] });
  const genesisClaim = deployByCreate3(m, "GenesisClaim");
  const ballotRelay = deployByCreate3(m, "BallotRelay");

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
