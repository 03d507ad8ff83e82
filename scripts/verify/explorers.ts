/**
 * Has explorers verify every contract of a deployment, and skips those that they have verified. Ends with 1 if one fails.
 *
 *   npx pnpm@12 run verify-explorers --network sepolia [--explorer etherscan]…   all three, unless some are named
 *   npx pnpm@12 run verify-explorers --network sepolia --write-input FOLDER      writes what explorers' forms ask for, instead
 */
import type { HardhatUserConfig } from "hardhat/config";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import config from "../../hardhat.config.js";
import { ParametersInvalid } from "../parameters.js";
import { VerificationImpossible, WrongUse } from "./errors.js";
import { optionsIn, readInputs } from "./inputs.js";
import { EXPLORERS, type Explorer, publish } from "./publish.js";
import { subjectOf } from "./subject.js";
import { submissionsOf, writeInputs } from "./submissions.js";

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof VerificationImpossible || error instanceof ParametersInvalid)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function run(args: readonly string[]): Promise<void> {
  const {
    explorer = [...EXPLORERS],
    "write-input": folder,
    ...options
  } = optionsIn(args, { explorer: { type: "string", multiple: true }, "write-input": { type: "string" } });
  const explorers = explorer.map(explorerOf);
  const { network, close, ...inputs } = await readInputs(options);
  try {
    const hre = await createHardhatRuntimeEnvironment({ ...config, networks: keyless() }, { network });
    const { artifacts } = hre;
    const submissions = await submissionsOf(await subjectOf({ ...inputs, artifacts }), artifacts);

    if (folder !== undefined) {
      const files = await writeInputs(artifacts, submissions, folder);
      console.log(`Wrote to ${folder}:\n${files.join("\n")}`);
      return;
    }
    if (network === undefined) throw new WrongUse("Explorers are known by network: give --network instead of --rpc.");
    const published = await publish(hre, submissions, explorers);
    const failed = published.filter(({ failure }) => failure !== undefined);
    for (const { name, explorer, failure } of failed) console.error(`✗ ${name} on ${explorer}: ${failure}`);
    console.log(`${published.length - failed.length} of ${published.length} are verified.`);
    if (failed.length > 0) process.exitCode = 1;
  } finally {
    await close();
  }
}

/** The networks without their accounts: nothing is signed here, so nobody needs a key. */
function keyless(): HardhatUserConfig["networks"] {
  const networks = Object.entries(config.networks ?? {}).map(([name, network]) => [
    name,
    network.type === "http" ? { ...network, accounts: "remote" as const } : network,
  ]);

  return Object.fromEntries(networks);
}

function explorerOf(name: string): Explorer {
  const known = EXPLORERS.find((explorer) => explorer === name);
  if (known === undefined) throw new WrongUse(`--explorer takes ${EXPLORERS.join(", ")}, not "${name}".`);

  return known;
}
