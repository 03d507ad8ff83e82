import { formatUnits } from "ethers";
import type { Action, Commonweal, Governance } from "../../sdk/src/index.js";
import { VotesMissing, WrongUse } from "./errors.js";
import type { Session } from "./session.js";

/** What is to be proposed: calls and why, as a file has it. Values are decimal strings, in wei. */
export interface ProposalFile {
  description: string;
  actions: { target: string; value?: string; data: string }[];
}

/** How to propose. */
export interface ProposeOptions {
  /** Whether it is the safety governor's. */
  safety?: boolean;
  /** Sends it; otherwise what it would do is shown, and nothing else. */
  send?: boolean;
}

/**
 * Shows what a proposal would do, in words and by simulation, and proposes it if `send` is set.
 *
 * @returns The proposal's id, if it was sent.
 * @throws {WrongUse} when the file has no actions, or the simulation fails.
 * @throws {VotesMissing} when the account may not propose.
 */
export async function propose(
  { account, say }: Session,
  commonweal: Commonweal,
  { description, actions: written }: ProposalFile,
  { safety = false, send = false }: ProposeOptions = {},
): Promise<bigint | undefined> {
  if (!description || !Array.isArray(written) || written.length === 0) {
    throw new WrongUse('A proposal needs a "description" and "actions" with "target" and "data".');
  }
  const actions = written.map(({ target, value = "0", data }, index): Action => {
    if (!/^\d+$/.test(String(value)))
      throw new WrongUse(`actions[${index}].value takes wei as "0" or "1000", not "${value}".`);

    return { target, value: BigInt(value), data };
  });
  const governance: Governance<unknown> = safety ? commonweal.governance.safety : commonweal.governance;
  const { calls, warnings } = await governance.explain({ actions, description });
  say(`“${description}”`);
  for (const { sentence } of calls) say(`  ${sentence}`);
  for (const warning of warnings) say(`  ! ${warning.message}`);

  const { succeeded, error, balances, parameters } = await governance.simulate({ actions, description });
  if (!succeeded) throw new WrongUse(`Executed now, it would fail: ${error?.message ?? "for no known reason"}`);
  for (const { contract, name, before, after } of parameters.filter(({ changed }) => changed)) {
    say(`  ${contract}.${name}: ${before} → ${after}`);
  }
  for (const { account, currency, before, after } of balances.filter(({ changed }) => changed)) {
    say(`  ${currency} of ${account}: ${before} → ${after}`);
  }
  if (!send) {
    say("Nothing was sent: add --yes to propose it.");
    return undefined;
  }

  await requireVotes(commonweal, account, safety);
  const { proposalId } = await governance.propose({ actions, description });
  say(`\nProposed as ${proposalId}.`);
  await sayNext(commonweal, proposalId, safety, say);

  return proposalId;
}

async function requireVotes({ contracts }: Commonweal, account: string, safety: boolean): Promise<void> {
  const governor = safety ? contracts.SafetyGovernor : contracts.WealGovernor;
  const [threshold, votes] = await Promise.all([
    governor.proposalThreshold(),
    // As the governor counts them: those of the moment before.
    contracts.WealToken.getVotes(account),
  ]);
  if (votes < threshold) throw new VotesMissing(account, formatUnits(votes, 18), formatUnits(threshold, 18));
}

/** Says what is to be done when. */
async function sayNext({ contracts }: Commonweal, proposalId: bigint, safety: boolean, say: Session["say"]) {
  const governor = safety ? contracts.SafetyGovernor : contracts.WealGovernor;
  const timelock = safety ? contracts.SafetyTimelock : contracts.TimelockController;
  const [opens, closes, delay] = await Promise.all([
    governor.proposalSnapshot(proposalId),
    governor.proposalDeadline(proposalId),
    timelock.getMinDelay(),
  ]);
  const governance = safety ? "governance.safety" : "governance";
  say(`  ${dateOf(opens)}  the vote opens: ${governance}.vote({ proposalId, support: "for" })`);
  say(`  ${dateOf(closes)}  it closes, later if quorum comes late; then ${governance}.queue({ proposalId })`);
  say(
    `  ${dateOf(closes + delay)}  the timelock's ${delay} seconds are over at the earliest; then ${governance}.execute({ proposalId })`,
  );
}

/** Returns a time as people and programs read it. */
function dateOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString().replace(".000", "");
}
