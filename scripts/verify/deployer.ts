import { getAddress, id, ZeroHash } from "ethers";
import type { Parameters } from "../parameters.js";
import type { ContractName, PlannedName } from "../plan.js";
import { check, type Check, type Findings } from "./report.js";
import { listOf } from "./roles.js";
import type { Subject } from "./subject.js";
import { expectedGenesis } from "./supply.js";

const ROLES = [ZeroHash, ...["PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"].map((name) => id(name))];

/**
 * Looks for what the deployer still has: a say, an office, WEAL, ownership, an allowance. What the parameters give to that
 * account, as to any other, is no finding.
 */
export async function checkDeployer(subject: Subject): Promise<Findings> {
  const parts = await Promise.all([ofOffices(subject), ofWeal(subject), ofAllowances(subject)]);

  return { checks: parts.flat() };
}

async function ofOffices(subject: Subject): Promise<Check[]> {
  const { deployer, parameters } = subject;
  const { governor, safetyGovernor, safetyBoard, sources, genesis } = parameters;
  const held = async (name: PlannedName, office: string, isNamed: boolean, holds: Promise<boolean>) =>
    check(
      "deployer",
      `${office} of ${name}`,
      isNamed ? "the deployer, or nobody" : "not the deployer",
      (await holds) ? "the deployer" : "not the deployer",
    );
  const hasRole = (timelock: ContractName) =>
    Promise.all(ROLES.map((role) => subject.read(timelock, "hasRole", role, deployer))).then((held) =>
      held.some((each) => each !== false),
    );
  const is = async (name: PlannedName, view: string) => isSame(await subject.read(name, view), deployer);

  const checks = await Promise.all([
    held("TimelockController", "a role", false, hasRole("TimelockController")),
    held("SafetyTimelock", "a role", false, hasRole("SafetyTimelock")),
    held("WealGovernor", "guardian", isGuardian(governor, deployer), is("WealGovernor", "proposalGuardian")),
    held("SafetyGovernor", "guardian", isGuardian(safetyGovernor, deployer), is("SafetyGovernor", "proposalGuardian")),
    held(
      "SafetyBoard",
      "member",
      safetyBoard.some((member) => isSame(member, deployer)),
      subject.read("SafetyBoard", "members").then((members) => listOf(members).some((each) => isSame(each, deployer))),
    ),
    held(
      "SourceRegistry",
      "verifier",
      sources.verifiers.some((verifier) => isSame(verifier, deployer)),
      subject.read("SourceRegistry", "isVerifier", deployer).then((answer) => answer !== false),
    ),
    ...genesis.founders.map(({ account }, index) =>
      held(`VestingWallet${index}`, "owner", isSame(account, deployer), is(`VestingWallet${index}`, "owner")),
    ),
  ]);

  return checks.map((each) => ({ ...each, ok: each.ok || each.expected === "the deployer, or nobody" }));
}

async function ofWeal(subject: Subject): Promise<Check[]> {
  const { deployer } = subject;
  const part = expectedGenesis(subject).get(getAddress(deployer)) ?? 0n;
  const held = await subject.read("WealToken", "balanceOf", deployer);
  const { expected, ...rest } = check("deployer", "WEAL of the deployer", part, held);

  return [
    { ...rest, expected: `at most ${expected}, its part of genesis`, ok: typeof held === "bigint" && held <= part },
  ];
}

/** By WEAL, by positions of the ledger, by models: nobody but the ledger may take from the protocol, nor the deployer from anyone. */
async function ofAllowances(subject: Subject): Promise<Check[]> {
  const { at, names, deployer } = subject;
  const ours = new Set(names.map((name) => getAddress(at(name))));
  const concerned = ({ args }: { args: unknown[] }) =>
    ours.has(getAddress(args[0] as string)) || isSame(args[1], deployer);
  const [approvals, operators, allowances, models] = await Promise.all([
    subject.events("WealToken", "Approval"),
    subject.events("RoyaltyLedger", "OperatorSet"),
    subject.events("RoyaltyLedger", "Approval"),
    subject.events("ModelRegistry", "ApprovalForAll"),
  ]);
  const stillHeld = async (name: ContractName, view: string, args: unknown[]) => {
    const value = await subject.read(name, view, ...args);

    return value === false || value === 0n ? [] : [`${args[0]} lets ${args[1]}`];
  };
  const found = async (name: ContractName, view: string, events: typeof approvals, count: number) => [
    ...new Set(
      (
        await Promise.all(events.filter(concerned).map(({ args }) => stillHeld(name, view, args.slice(0, count))))
      ).flat(),
    ),
  ];

  return [
    check(
      "deployer",
      "allowances of WEAL",
      [`${at("Stakeholding")} lets ${at("RoyaltyLedger")}`],
      await found("WealToken", "allowance", approvals, 2),
    ),
    check("deployer", "operators of shares", [], await found("RoyaltyLedger", "isOperator", operators, 2)),
    check("deployer", "allowances of shares", [], await found("RoyaltyLedger", "allowance", allowances, 3)),
    check("deployer", "operators of models", [], await found("ModelRegistry", "isApprovedForAll", models, 2)),
  ];
}

function isGuardian({ guardian }: Parameters["governor"], deployer: string): boolean {
  return guardian !== undefined && isSame(guardian.account, deployer);
}

function isSame(account: unknown, other: string): boolean {
  return String(account).toLowerCase() === other.toLowerCase();
}
