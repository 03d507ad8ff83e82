import { type ActionLike, completed, type ProposalId, type ProposalLike, ready } from "./actions.js";
import { callOf, eventsOf } from "./calls.js";
import type { Concentration } from "./concentration.js";
import type { Context } from "./context.js";
import type { Explanation } from "./explain.js";
import { withTypedErrors } from "./failures.js";
import { ProposalState } from "./generated/enums.js";
import { WealGovernor } from "./generated/fragments/WealGovernor.js";
import { type GovernorName, GOVERNORS } from "./governorNames.js";
import { loadedWhenCalled } from "./lazy.js";
import type { Proposals, SafetyProposals } from "./proposals.js";
import type { Simulation } from "./simulate.js";
import { type Votes, votesOf } from "./votes.js";
import { known, type Write, writeOf } from "./writes.js";

/** Proposals, votes, and what is done about them. */
export interface Governance<Actions = Proposals> extends Votes {
  /**
   * Proposes that the timelock makes calls. The signer needs the proposal threshold in votes.
   *
   * The description gets a last line `#proposer=0x…`, unless it has one: otherwise somebody who sees the transaction
   * could make the same proposal first, and cancel it when it has been carried.
   *
   * @throws {ContractError} such as `GovernorInsufficientProposerVotes`.
   * @example
   * const { proposalId } = await governance.propose({
   *   actions: [governance.proposals.setProtocolFee({ feeBps: 50 })],
   *   description: "Halve the fee of future models",
   * });
   */
  readonly propose: Write<{ actions: readonly ActionLike[]; description: string }, { proposalId: bigint }>;

  /**
   * Explains what a proposal, or actions that are not proposed yet, would do: each call in words and as data, and
   * warnings of what it calls and of how much of the treasury it takes.
   *
   * Calls that a timelock or a governor is asked to make in turn are explained too; what other contracts call is not, but
   * {@link simulate} shows what comes of it. Comparing
   * code with what it was when the proposal was made takes a node that has the state of that time.
   *
   * @throws {ContractError} `GovernorNonexistentProposal`.
   * @example
   * const { calls, warnings } = await governance.explain(proposalId);
   * for (const { sentence } of calls) console.log(sentence); // Set the protocol fee of future models to 0.5 %
   */
  explain(proposal: ProposalLike): Promise<Explanation>;

  /**
   * Shows what a proposal, or actions that are not proposed yet, would change if it were executed now: balances of the
   * treasury and of everybody whom it pays, and the protocol's parameters.
   *
   * One `eth_call` on a changed copy of the latest state, whatever has become of the proposal, with the gas that a
   * transaction may have; one that fails is asked again without that bound, to tell why. Nothing is sent. The
   * runner's provider must have `send`, as JsonRpcProvider and BrowserProvider do.
   *
   * @throws {StateOverridesUnsupported} when the node or the provider cannot do that.
   * @throws {ContractError} `GovernorNonexistentProposal`.
   * @example
   * const { succeeded, error, balances, parameters } = await governance.simulate(proposalId);
   * for (const { name, before, after } of parameters.filter(({ changed }) => changed)) console.log(name, before, after);
   */
  simulate(proposal: ProposalLike): Promise<Simulation>;

  /**
   * Hands a proposal that was carried to the timelock, whose delay then begins.
   *
   * @throws {ContractError} such as `GovernorUnexpectedProposalState`.
   * @example
   * await governance.queue({ proposalId });
   */
  readonly queue: Write<{ proposalId: ProposalId }, object>;

  /**
   * Carries out a queued proposal once the timelock's delay has passed.
   *
   * @throws {ContractError} such as `TimelockUnexpectedOperationState`, or the error of one of its calls.
   * @example
   * await governance.execute({ proposalId });
   */
  readonly execute: Write<{ proposalId: ProposalId }, object>;

  /**
   * Cancels a proposal, for good: as its proposer while it is pending, or at any time if there is no guardian; or as the
   * guardian.
   *
   * @throws {ContractError} such as `GovernorUnableToCancel`, `GovernorUnexpectedProposalState`.
   * @example
   * await governance.cancel({ proposalId });
   */
  readonly cancel: Write<{ proposalId: ProposalId }, object>;

  /**
   * Returns where a proposal stands.
   *
   * @throws {ContractError} `GovernorNonexistentProposal`.
   * @example
   * if ((await governance.state({ proposalId })) === "succeeded") await governance.queue({ proposalId });
   */
  state(options: { proposalId: ProposalId }): Promise<ProposalState>;

  /**
   * Shows how WEAL and its votes are spread: how many hold and vote, the share of the ten largest, and how few reach a
   * quorum.
   *
   * Reads the token's logs since its deployment, so a node that has them is needed.
   *
   * @throws {LogsIncomplete} when the node has not.
   * @example
   * const { holders, topHoldersBps, quorumDelegates } = await governance.concentration();
   */
  concentration(): Promise<Concentration>;

  /** Actions to be proposed. */
  readonly proposals: Actions;
}

/** Binds the functions of both governors to a runner: of the main one, and as `safety` of the one for safety alone. */
export function governanceOf(context: Context): Governance & { readonly safety: Governance<SafetyProposals> } {
  return {
    ...functionsOf(context, "main", proposalsOf(context)),
    safety: functionsOf(context, "safety", safetyProposalsOf(context)),
  };
}

/* ACTIONS: they know most contracts, and those who vote need none of them */

function proposalsOf(context: Context): Proposals {
  return loadedWhenCalled(async () => (await import("./proposals.js")).proposalsOf(context), {
    ...{ grant: "read", fundRound: "read", resolveRound: "read", setProtocolFee: "read", addCurrency: "read" },
    ...{ setStakeholdingRate: "read", setStakeholdingCap: "read", publishPolicy: "read", setVerifier: "read" },
    ...{ setVerifierThreshold: "read", cancelSourceClaim: "read", setSafetyGovernance: "read" },
  });
}

function safetyProposalsOf(context: Context): SafetyProposals {
  return loadedWhenCalled(async () => (await import("./proposals.js")).safetyProposalsOf(context), {
    ...{ decideAdvisory: "read", liftAdvisory: "read", rearm: "read", setMember: "read" },
  });
}

function functionsOf<Actions>(context: Context, name: GovernorName, proposals: Actions): Governance<Actions> {
  const governor = context.at(WealGovernor, GOVERNORS[name].governor);
  const { signer } = context;

  const own = withTypedErrors<Omit<Governance, keyof Votes | "proposals">>({
    propose: writeOf(context, async ({ actions, description }) => {
      const calls = await completed(actions);
      const call = await callOf(governor.propose, [
        calls.map(({ target }) => target),
        calls.map(({ value }) => value),
        calls.map(({ data }) => data),
        guarded(description, await signer().getAddress()),
      ]);

      return {
        call,
        outcome(receipt) {
          const [{ proposalId }] = eventsOf(receipt, governor, governor.getEvent("ProposalCreated"));

          return { proposalId };
        },
        preview: (proposalId: bigint) => ({ proposalId }),
      };
    }),

    // Loaded when they are asked for: they know all contracts.
    async explain(proposal) {
      const given = await ready(proposal);
      const { explain } = await import("./explain.js");

      return explain(context, name, given);
    },

    async simulate(proposal) {
      const given = await ready(proposal);
      const { simulate } = await import("./simulate.js");

      return simulate(context, name, given);
    },

    async concentration() {
      const { concentration } = await import("./concentration.js");

      return concentration(context, governor);
    },

    queue: writeOf(context, async ({ proposalId }) => ({
      call: await callOf(governor["queue(uint256)"], [proposalId]),
      ...known({}),
    })),

    execute: writeOf(context, async ({ proposalId }) => ({
      call: await callOf(governor["execute(uint256)"], [proposalId]),
      ...known({}),
    })),

    cancel: writeOf(context, async ({ proposalId }) => ({
      call: await callOf(governor["cancel(uint256)"], [proposalId]),
      ...known({}),
    })),

    async state({ proposalId }) {
      return ProposalState[Number(await governor.state(proposalId))];
    },
  });

  return { ...votesOf(context, governor), ...own, proposals };
}

/** Where OpenZeppelin's governor looks for who alone may make a proposal: at the very end. */
const GUARD = /#proposer=0x[\da-f]{40}$/i;

function guarded(description: string, proposer: string): string {
  return GUARD.test(description) ? description : `${description}\n#proposer=${proposer.toLowerCase()}`;
}
