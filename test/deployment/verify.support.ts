import { rm } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { type Contract, type Provider, toBeHex } from "ethers";
import hre, { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { creationFilter } from "../../scripts/create3.js";
import type { Parameters } from "../../scripts/parameters.js";
import type { PlannedContract } from "../../scripts/plan.js";
import { deployProtocol } from "../../scripts/protocol.js";
import type { Report } from "../../scripts/verify/report.js";
import { artifactOf, type DeployedContracts, type SubjectOptions } from "../../scripts/verify/subject.js";
import { verifyDeployment } from "../../scripts/verify/verify.js";
import { DAY, testParameters } from "../helpers/protocol.js";

export const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** Who has no part in what is deployed here but what the parameters say. */
export const STRANGER = "0x5000000000000000000000000000000000000005";

/** Of the tokens that are listed here. */
const DECIMALS = [6, 18];

/** Parameters that make use of everything: a guardian, currencies, two founders, several of each. */
export function fullParameters(signers: { address: string }[], currencies: string[]): Parameters {
  const [, first, second, third] = signers.map(({ address }) => address);
  const parameters = testParameters(first, currencies);
  const founder = { start: "2030-01-01T00:00:00Z", end: "2034-01-01T00:00:00Z" };

  return {
    ...parameters,
    currencies: currencies.map((address, index) => ({ symbol: "USD", address, decimals: DECIMALS[index] })),
    governor: { ...parameters.governor, guardian: { account: second, until: "2090-01-01T00:00:00Z" } },
    safetyGovernor: { ...parameters.safetyGovernor, guardian: { account: third, until: "2091-01-01T00:00:00Z" } },
    safetyBoard: [second, third],
    genesis: {
      ...parameters.genesis,
      founders: [second, third].map((account) => ({ ...founder, account, weal: "25000000" })),
      holders: [
        { account: first, weal: "400000000" },
        { account: second, weal: "200000000" },
      ],
    },
  };
}

/** Reads from the chain where and when a plan was deployed. */
export async function deploymentOf(provider: Provider, plan: readonly PlannedContract[]): Promise<DeployedContracts> {
  const entries = plan.map(async ({ name, address }) => {
    const [creation] = await provider.getLogs({ ...creationFilter(address), fromBlock: 0 });

    return [name, { address, block: creation.blockNumber }] as const;
  });

  return Object.fromEntries(await Promise.all(entries));
}

/** Deploys over HTTP. Ignition keeps a journal of it, which has to end with the chain. */
export async function deployOverHttp(to: NetworkConnection, parameters: Parameters) {
  const deploymentId = `test-${process.pid}-${++deploymentCount}`;
  try {
    return await deployProtocol(to, hre.artifacts, parameters, { deploymentId });
  } finally {
    await rm(path.join(hre.config.paths.ignition, "deployments", deploymentId), { recursive: true, force: true });
  }
}

let deploymentCount = 0;

export async function deploy() {
  const signers = await ethers.getSigners();
  const tokens = DECIMALS.map((decimals) =>
    ethers.deployContract("TestToken", ["Dollar", "USD", decimals], signers[9]),
  );
  const currencies = await Promise.all((await Promise.all(tokens)).map((token) => token.getAddress()));
  const parameters = fullParameters(signers, currencies);
  const { plan } = await deployProtocol(connection, hre.artifacts, parameters);
  const deployment = await deploymentOf(ethers.provider, plan);
  const at = Object.fromEntries(plan.map(({ name, address }) => [name, address]));

  return {
    ...{ signers, deployer: signers[0].address, parameters, plan, deployment, at, currencies },
    /** Verifies, against what is given instead of what is so. */
    verify: (changes: Partial<Pick<SubjectOptions, "parameters" | "deployment" | "deployer" | "block">> = {}) =>
      verifyDeployment({ provider: ethers.provider, artifacts: hre.artifacts, parameters, deployment, ...changes }),
    /** A contract, as one of its own kind or as anybody sees it. */
    async as(caller: string, name: string): Promise<Contract> {
      await networkHelpers.impersonateAccount(caller);
      await networkHelpers.setBalance(caller, 10n ** 20n);
      const contract = await ethers.getContractAt(artifactOf(name as never), at[name], await ethers.getSigner(caller));

      return contract as unknown as Contract;
    },
  };
}

export type Deployed = Awaited<ReturnType<typeof deploy>>;

export const fixture = (): Promise<Deployed> => networkHelpers.loadFixture(deploy);

/** Everything that was ever found, so that a test can tell which checks have never failed. */
export const seen = new Set<string>();

/** Returns what a report finds wrong. */
export function findingsOf({ ok, checks }: Report): string[] {
  const found = checks.filter((each) => !each.ok).map(({ area, subject }) => `${area}: ${subject}`);
  expect(ok).to.equal(found.length === 0);
  for (const each of found) seen.add(each);

  return found;
}

/** Asserts that exactly these things are found, in whatever order. */
export function expectFound(report: Report, expected: readonly string[]): void {
  expect(findingsOf(report).sort()).to.deep.equal([...expected].sort());
}

/** Puts another word into a contract's storage, where the one given is now. */
export async function replaceInStorage(address: string, from: string, to: string): Promise<void> {
  for (let slot = 0; slot < 40; ++slot) {
    const word = await ethers.provider.getStorage(address, slot);
    const changed = word.replace(from.slice(2).toLowerCase(), to.slice(2).toLowerCase());
    if (changed !== word) return networkHelpers.setStorageAt(address, slot, changed);
  }
  expect.fail(`${from} is not in the first slots of ${address}.`);
}

/** The slot of a mapping's entry. */
export function slotOf(key: string, slot: string | number): string {
  return ethers.keccak256(
    ethers.concat([ethers.zeroPadValue(key, 32), typeof slot === "number" ? toBeHex(slot, 32) : slot]),
  );
}

export { DAY };
