/**
 * Deploys the protocol to a network, or finishes a deployment that was begun. `docs/deploying.md` says how.
 *
 *   npx pnpm@12 run deploy --network sepolia --dry-run
 */
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { formatEther } from "ethers";
import hre from "hardhat";
import { type Arguments, readArguments } from "./deploy/arguments.js";
import { factoryOf } from "./deploy/factory.js";
import { journaledTransactions } from "./deploy/journal.js";
import { type Preflight, preflight } from "./deploy/preflight.js";
import { CannotDeploy } from "./deploy/problems.js";
import { record } from "./deploy/record.js";
import { rehearse } from "./deploy/rehearsal.js";
import { sendMissing } from "./deploy/send.js";
import { patienceFor, settle } from "./deploy/settle.js";
import { openTarget, type Target } from "./deploy/target.js";
import { CreationNotFound } from "./deployments.js";
import { ParametersInvalid, readParameters } from "./parameters.js";
import { planProtocol } from "./plan.js";

const say = (line: string) => console.log(line);

try {
  const options = readArguments();
  const { parameters, text } = await readParameters(options.parameters);
  const target = await openTarget(options.network);
  try {
    await deploy(target, options, parameters, text);
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

async function deploy(
  target: Target,
  { strategy, output, dryRun, yes, ...options }: Arguments,
  parameters: Awaited<ReturnType<typeof readParameters>>["parameters"],
  text: string,
): Promise<void> {
  const { connection, deployer, chainId } = target;
  const { provider } = connection.ethers;
  const [signer] = await connection.ethers.getSigners();
  const patience = await patienceFor(connection, options.patience);
  // What an earlier run sent may still be on its way. A look sends nothing, and so waits for nothing.
  if (!dryRun) await settle(signer, patience, say);

  const factory = await factoryOf(strategy, provider, deployer);
  const plan = await planProtocol(hre.artifacts, deployer, parameters, BigInt(chainId), factory.address);
  const rehearsal = await rehearse(plan, factory, deployer, chainId, parameters);
  const deployment = { target, plan, factory, parameters, rehearsal };
  const looked = await preflight(deployment);
  for (const line of looked.lines) say(line);
  if (looked.problems.length > 0) {
    throw new CannotDeploy(`Nothing was sent:\n${looked.problems.map((problem) => `  - ${problem}`).join("\n")}`);
  }
  if (dryRun) return say("\nAll checks passed. Nothing was sent.");

  if (looked.missing === 0) {
    say("\nAll of it is deployed. Nothing was sent.");
  } else {
    await confirm(target, looked, yes);
    await sendMissing(deployment, patience, say);
  }

  const transactions = await journaledTransactions(target);
  const written = await record(provider, { ...target, plan, parameters: text, output, transactions });
  say(`\nDeployed. Wrote ${written.map((file) => path.relative("", file)).join(" and ")}.`);
}

async function confirm({ network, deployer }: Target, { missing, cost }: Preflight, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new CannotDeploy("Nobody is there to ask: add --yes to send. Nothing was sent.");

  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const question = `\nDeploy ${missing} contracts to ${network} from ${deployer}, for about ${formatEther(cost)} ETH? [y/N] `;
  const answer = await terminal.question(question);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CannotDeploy("Nothing was sent.");
}
