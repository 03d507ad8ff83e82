import { setTimeout as sleep } from "node:timers/promises";
import type { Parameters } from "../parameters.js";
import type { Plan, PlannedName } from "../plan.js";
import { sendPlan } from "../protocol.js";
import type { Factory } from "./factory.js";
import { newJournal } from "./journal.js";
import { CannotDeploy } from "./problems.js";
import type { Rehearsal } from "./rehearsal.js";
import { MAX_RAISES, type Patience, replaceStuck, settle } from "./settle.js";
import { namesOf, standingOf } from "./standing.js";
import type { Target } from "./target.js";

/** How many times in a row nothing may come of it. */
const MAX_VAIN_ATTEMPTS = 3;

/** What is deployed, and how. */
export interface Deployment {
  target: Target;
  plan: Plan;
  factory: Factory;
  parameters: Parameters;
  rehearsal: Rehearsal;
}

/**
 * Deploys what is missing until nothing is. The chain alone says what that is, so a run that was killed, a transaction
 * that was dropped and a block that was taken back are all the same: look again, send what is missing.
 *
 * @throws {CannotDeploy} when it comes no further.
 */
export async function sendMissing(
  { target, plan, factory, parameters, rehearsal }: Deployment,
  patience: Patience,
  say: (line: string) => void,
): Promise<void> {
  const { connection } = target;
  const { provider } = connection.ethers;
  const [signer] = await connection.ethers.getSigners();
  if (factory.missing !== undefined) await deployFactory({ target, factory }, patience, say);

  let before = -1;
  for (let vain = 0; ;) {
    await settle(signer, patience, say);
    const standings = await standingOf(provider, plan, rehearsal);
    const deployed = namesOf(standings, "deployed");
    if (deployed.size === plan.contracts.length) return;

    vain = deployed.size > before ? 0 : vain + 1;
    before = deployed.size;
    say(`Deploying ${missingOf(plan, deployed).join(", ")}`);
    try {
      await sendPlan(connection, plan, parameters, {
        deployed,
        deploymentId: newJournal(target),
        config: {
          requiredConfirmations: patience.confirmations,
          timeBeforeBumpingFees: patience.beforeRaising,
          blockPollingInterval: patience.polling,
          retryInterval: patience.polling,
          maxFeeBumps: MAX_RAISES,
        },
        displayUi: process.stdout.isTTY,
      });
    } catch (error) {
      const { message } = error as Error;
      if (/underpriced/i.test(message)) {
        await replaceStuck(signer, patience, say);
        // That is progress too.
        before = -1;
        continue;
      }
      if (vain + 1 >= MAX_VAIN_ATTEMPTS) {
        throw new CannotDeploy(
          `${deployed.size} of ${plan.contracts.length} contracts are deployed, and it comes no further: ${message}\n` +
            "Mend that and run the same command again: it goes on from there.",
          { cause: error },
        );
      }
      say(`Interrupted, looking again: ${message.split("\n").slice(0, 6).join(" ")}`);
    }
  }
}

/** Deploys the copy of CreateX, by the transaction on whose nonce its address hangs. */
async function deployFactory(
  { target: { connection }, factory }: Pick<Deployment, "target" | "factory">,
  patience: Patience,
  say: (line: string) => void,
): Promise<void> {
  const [signer] = await connection.ethers.getSigners();
  const { provider } = connection.ethers;
  const { nonce, initCode } = factory.missing as NonNullable<Factory["missing"]>;
  say(`Deploying a copy of CreateX to ${factory.address}`);
  await signer.sendTransaction({ data: initCode, nonce });
  await settle(signer, patience, say);
  // A node behind a balancer may be a block behind.
  for (let tries = 0; (await provider.getCode(factory.address)) !== factory.code; ++tries) {
    if (tries === 10) {
      throw new CannotDeploy(
        `The copy of CreateX is not at ${factory.address}: something else was sent from the deployer. ` +
          "Send nothing from it meanwhile, and run the same command again.",
      );
    }
    await sleep(patience.polling);
  }
}

function missingOf({ contracts }: Plan, deployed: ReadonlySet<PlannedName>): PlannedName[] {
  return contracts.map(({ name }) => name).filter((name) => !deployed.has(name));
}
