import { expect } from "chai";
import { id, type Signer } from "ethers";
import hre from "hardhat";
import type { PlannedContract } from "../../scripts/plan.js";
import {
  type ActionLike,
  type Commonweal,
  connect,
  ContractError,
  type CommonwealError,
  type Deployment,
  type Registration,
} from "../../sdk/src/index.js";
import { DAY, deployTestProtocol } from "../helpers/protocol.js";

/** Returns where a planned protocol is, as the SDK takes it. */
export function deploymentOf(plan: readonly PlannedContract[]): Deployment {
  return Object.fromEntries(plan.map(({ name, address }) => [name, { address }])) as Deployment;
}

/** A chain in this process with the protocol on it, and the protocol as three people see it. */
export async function deploySdk() {
  const connection = await hre.network.create();
  const protocol = await deployTestProtocol(connection);
  const deployment = deploymentOf(protocol.plan);
  const [deployer, alice, bob, carol] = protocol.signers;
  const as = (signer: Signer) => connect(signer, { deployment });

  return {
    connection,
    ...protocol,
    deployment,
    usdcAddress: await protocol.usdc.getAddress(),
    accounts: { deployer, alice, bob, carol },
    deployer: await as(deployer),
    alice: await as(alice),
    bob: await as(bob),
    carol: await as(carol),
    reader: await connect(connection.ethers.provider, { deployment }),
  };
}

/** Registers a model of which `holder` has all shares; whatever else a test cares about goes into `options`. */
export async function registerFor(
  holder: string,
  { registry }: Commonweal,
  options: Partial<Registration> = {},
): Promise<string> {
  const { model } = await registry.register({
    kind: "model",
    manifestDigest: id("manifest"),
    derivatives: { mode: "open" },
    holdings: [{ holder, units: 1_000_000 }],
    ...options,
  });

  return model;
}

/** Waits for a failure of the given class and returns it, so that its fields can be looked at. */
export async function failureOf<T extends CommonwealError>(
  type: new (...args: never[]) => T,
  call: Promise<unknown>,
): Promise<T> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(type);

  return error as T;
}

/** Asserts that a call was refused by a contract, with this error and these arguments. */
export async function expectRefusal(call: Promise<unknown>, errorName: string, args: Record<string, unknown>) {
  const error = await failureOf(ContractError, call);
  expect(error.errorName).to.equal(errorName);
  expect(error.args).to.deep.equal(args);
  expect(error.message).to.match(new RegExp(`^${errorName}: .+\\.$`));
}

/** Proposes actions with enough votes, carries them, and brings them to their execution. */
export async function carry(
  { governance }: { governance: Pick<Commonweal["governance"], "propose" | "vote" | "queue" | "execute"> },
  wait: (seconds: number) => Promise<unknown>,
  actions: readonly ActionLike[],
  description: string,
): Promise<{ proposalId: bigint; execute: () => Promise<unknown> }> {
  const { proposalId } = await governance.propose({ actions, description });
  await wait(DAY + 1);
  await governance.vote({ proposalId, support: "for" });
  await wait(7 * DAY + 1);
  await governance.queue({ proposalId });
  await wait(2 * DAY + 1);

  return { proposalId, execute: () => governance.execute({ proposalId }) };
}
