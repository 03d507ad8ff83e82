/**
 * Deploys the protocol to a network, or finishes a deployment that was begun. `docs/deploying.md` says how.
 *
 *   npx pnpm@12 run deploy --network sepolia --dry-run
 */
import { readArguments } from "./deploy/arguments.js";
import { deploy } from "./deploy/deploy.js";
import { CannotDeploy } from "./deploy/problems.js";
import { openTarget } from "./deploy/target.js";
import { CreationNotFound } from "./deployments.js";
import { ParametersInvalid, readParameters } from "./parameters.js";

try {
  const options = readArguments();
  const given = await readParameters(options.parameters);
  const target = await openTarget(options.network);
  try {
    await deploy(target, given, options, console.log);
  } finally {
    await target.connection.close();
  }
} catch (error) {
  if (!(error instanceof CannotDeploy || error instanceof ParametersInvalid || error instanceof CreationNotFound)) {
    throw error;
  }
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
