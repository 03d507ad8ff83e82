import path from "node:path";
import { createInterface } from "node:readline/promises";
import { formatEther } from "ethers";
import hre from "hardhat";
import { coinOf } from "../networks.js";
import type { Parameters } from "../parameters.js";
import { planProtocol } from "../plan.js";
import type { Arguments } from "./arguments.js";
import { factoryOf } from "./factory.js";
import { journaledTransactions } from "./journal.js";
import { type Preflight, preflight } from "./preflight.js";
import { CannotDeploy } from "./problems.js";
import { record } from "./record.js";
import { rehearse } from "./rehearsal.js";
import { sendMissing } from "./send.js";
import { patienceFor, settle } from "./settle.js";
import type { Target } from "./target.js";

/** How to deploy, whatever is deployed where. */
export type DeployOptions = Omit<Arguments, "network" | "parameters">;

/**
 * Looks, asks, sends what is missing and records it.
 *
 * @param given The parameters, and the text of their file.
 * @throws {CannotDeploy} when it cannot begin or go on.
 * @throws {CreationNotFound} when the node does not say how what is there was deployed.
 */
export async function deploy(
  target: Target,
  { parameters, text }: { parameters: Parameters; text: string },
  { strategy, output, dryRun, yes, ...options }: DeployOptions,
  say: (line: string) => void,
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
  const question = `\nDeploy ${missing} contracts to ${network} from ${deployer}, for about ${formatEther(cost)} ${coinOf(network)}? [y/N] `;
  const answer = await terminal.question(question);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CannotDeploy("Nothing was sent.");
}
