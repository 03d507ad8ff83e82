import { isHexString } from "ethers";
import { addressOf } from "./arguments.js";
import { InvalidArgument } from "./errors.js";
import type { GovernorPair } from "./governors.js";

/** A call that the timelock makes once a proposal is carried. */
export interface Action {
  target: string;
  /** Wei to send with it, from the timelock; 0 by default. */
  value?: bigint;
  /** The call, in hex. */
  data: string;
}

/** An action, or what the functions of `governance.proposals` return, whether it was waited for or not. */
export type ActionLike = Action | Promise<Action | readonly Action[]>;

/** A proposal's id; as a decimal string too, for JSON. */
export type ProposalId = bigint | string;

/** A proposal that was made, by its id, or what one would be made of. */
export type ProposalLike = ProposalId | { actions: readonly ActionLike[]; description?: string };

/** The same, with its actions there. */
export type ReadyProposal = ProposalId | { actions: readonly Required<Action>[]; description?: string };

/** An argument of a call as plain data: structs are objects, enums are numbers. */
export type ArgumentValue = bigint | string | boolean | ArgumentValue[] | { [name: string]: ArgumentValue };

/** Arguments of a call by name; those without a name by their place. */
export type Arguments = Readonly<Record<string, ArgumentValue>>;

/**
 * Waits for a proposal's actions. To be called before anything else is waited for: an action that fails meanwhile, and
 * that nobody waits for, ends the process in Node.
 */
export async function ready(proposal: ProposalLike): Promise<ReadyProposal> {
  return typeof proposal === "object" ? { ...proposal, actions: await completed(proposal.actions) } : proposal;
}

/** Returns the calls that a proposal makes. */
export async function actionsOf(
  { governor }: GovernorPair,
  proposal: ReadyProposal,
): Promise<readonly Required<Action>[]> {
  if (typeof proposal === "object") return proposal.actions;

  const [targets, values, calldatas] = await governor.proposalDetails(proposal);
  return targets.map((target, i) => ({ target, value: values[i], data: calldatas[i] }));
}

/** Returns all actions in order, each with its value; their addresses and calls are well-formed. */
export async function completed(actions: readonly ActionLike[]): Promise<Required<Action>[]> {
  return (await Promise.all(actions)).flat().map(({ target, value = 0n, data }) => {
    if (!isHexString(data) || data.length % 2 === 1)
      throw new InvalidArgument("actions.data", data, "a call, 0x… in hex");

    return { target: addressOf(target, "actions.target"), value, data };
  });
}
