/**
 * Proves from an RPC alone that a deployment is what its parameters say. Ends with 1 if anything is not.
 *
 *   npx pnpm@12 run verify-deployment --network sepolia
 *   npx pnpm@12 run verify-deployment --rpc URL --deployment FILE --parameters FILE [--block N] [--json]
 */
import hre from "hardhat";
import { ParametersInvalid } from "../parameters.js";
import { VerificationImpossible } from "./errors.js";
import { optionsIn, readInputs } from "./inputs.js";
import { linesOf } from "./report.js";
import { verifyDeployment } from "./verify.js";

try {
  const { json, ...options } = optionsIn(process.argv.slice(2), { json: { type: "boolean" } });
  const { close, ...inputs } = await readInputs(options);
  try {
    const report = await verifyDeployment({ ...inputs, artifacts: hre.artifacts });
    console.log(json ? JSON.stringify(report, null, 2) : linesOf(report).join("\n"));
    if (!report.ok) process.exitCode = 1;
  } finally {
    await close();
  }
} catch (error) {
  if (!(error instanceof VerificationImpossible || error instanceof ParametersInvalid)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
