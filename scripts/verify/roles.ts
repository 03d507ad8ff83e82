import { id, ZeroAddress, ZeroHash } from "ethers";
import { secondsOf, type GovernorParameters } from "../parameters.js";
import type { ContractName } from "../plan.js";
import { LogsMissing } from "./errors.js";
import { check, checkSet, type Check, type Fact, type Findings } from "./report.js";
import type { Subject } from "./subject.js";

const ROLES: Record<string, string> = {
  DEFAULT_ADMIN_ROLE: ZeroHash,
  PROPOSER_ROLE: id("PROPOSER_ROLE"),
  EXECUTOR_ROLE: id("EXECUTOR_ROLE"),
  CANCELLER_ROLE: id("CANCELLER_ROLE"),
};

/** Lists who can do what, and compares it with the parameters. */
export async function checkRoles(subject: Subject): Promise<Findings> {
  const parts = await Promise.all([
    ofTimelock(subject, "TimelockController", "WealGovernor"),
    ofTimelock(subject, "SafetyTimelock", "SafetyGovernor"),
    ofGuardian(subject, "WealGovernor", subject.parameters.governor),
    ofGuardian(subject, "SafetyGovernor", subject.parameters.safetyGovernor),
    ofBoard(subject),
    ofVerifiers(subject),
    ofVesting(subject),
  ]);
  const checks = parts.flat();
  const facts = checks.map(({ subject, actual }): Fact => ({ area: "roles", subject, value: actual }));

  return { checks, facts };
}

/**
 * Everybody to whom the timelock's logs have ever given a role is asked for, and everybody else whom this deployment
 * names, since what is written into storage by other means leaves no log.
 */
async function ofTimelock(subject: Subject, timelock: ContractName, governor: ContractName): Promise<Check[]> {
  const granted = await subject.events(timelock, "RoleGranted");
  if (granted.length === 0) throw new LogsMissing(subject.deployment[timelock].block, `RoleGranted of ${timelock}`);

  const names = new Map([...Object.entries(ROLES)].map(([name, role]) => [role, name]));
  const roles = new Set([...Object.values(ROLES), ...granted.map(({ args: [role] }) => role as string)]);
  const accounts = new Set([...granted.map(({ args: [, account] }) => account as string), ...knownAccounts(subject)]);
  const checks = await Promise.all(
    [...roles].map(async (role) => {
      const holders = await Promise.all(
        [...accounts].map(async (account) =>
          (await subject.read(timelock, "hasRole", role, account)) === false ? [] : [account],
        ),
      );
      const expected = role === ZeroHash ? [timelock] : names.has(role) ? [governor] : [];

      return checkSet("roles", `${timelock}.${names.get(role) ?? role}`, expected.map(subject.at), holders.flat());
    }),
  );

  const admins = [...names].map(async ([role, name]) =>
    check("roles", `${timelock}.${name} admin`, ZeroHash, await subject.read(timelock, "getRoleAdmin", role)),
  );

  return [...checks, ...(await Promise.all(admins))];
}

async function ofGuardian(subject: Subject, governor: ContractName, parameters: GovernorParameters): Promise<Check[]> {
  const { guardian } = parameters;
  const until = guardian === undefined ? 0 : secondsOf(guardian.until);
  const now = (await subject.provider.getBlock(subject.block))?.timestamp ?? 0;
  const expected = guardian === undefined || now > until ? ZeroAddress : guardian.account;

  return [
    check("roles", `${governor}.proposalGuardian`, expected, await subject.read(governor, "proposalGuardian")),
    check("roles", `${governor}.guardianUntil`, until, await subject.read(governor, "guardianUntil")),
  ];
}

async function ofBoard(subject: Subject): Promise<Check[]> {
  const members = listOf(await subject.read("SafetyBoard", "members"));

  return [checkSet("roles", "SafetyBoard.members", subject.parameters.safetyBoard, members)];
}

async function ofVerifiers(subject: Subject): Promise<Check[]> {
  const { threshold, verifiers } = subject.parameters.sources;
  const updates = await subject.events("SourceRegistry", "VerifierUpdated");
  const { block } = subject.deployment.SourceRegistry;
  if (updates.length === 0 && subject.block >= block) throw new LogsMissing(block, "VerifierUpdated of SourceRegistry");
  const accounts = new Set([...updates.map(({ args: [verifier] }) => verifier as string), ...knownAccounts(subject)]);
  const found = await Promise.all(
    [...accounts].map(async (account) =>
      (await subject.read("SourceRegistry", "isVerifier", account)) === false ? [] : [account],
    ),
  );

  return [
    checkSet("roles", "SourceRegistry.verifiers", verifiers, found.flat()),
    check("roles", "SourceRegistry.threshold", threshold, await subject.read("SourceRegistry", "threshold")),
  ];
}

function ofVesting(subject: Subject): Promise<Check[]> {
  return Promise.all(
    subject.parameters.genesis.founders.map(async ({ account }, index) =>
      check("roles", `VestingWallet${index}.owner`, account, await subject.read(`VestingWallet${index}`, "owner")),
    ),
  );
}

/** Everybody whom deployment and parameters name. */
function knownAccounts({ parameters, deployer, names, at }: Subject): string[] {
  const { governor, safetyGovernor, safetyBoard, sources, genesis } = parameters;
  const guardians = [governor, safetyGovernor].flatMap(({ guardian }) => guardian?.account ?? []);
  const parts = [...genesis.community.claims, ...genesis.founders, ...genesis.holders].map(({ account }) => account);
  const accounts = [
    deployer,
    ZeroAddress,
    ...names.map(at),
    ...guardians,
    ...safetyBoard,
    ...sources.verifiers,
    ...parts,
  ];

  return [...new Set(accounts)];
}

/** A list that a contract returned, or why it did not. */
export function listOf(value: unknown): string[] {
  return Array.isArray(value) ? [...value] : [String(value)];
}
