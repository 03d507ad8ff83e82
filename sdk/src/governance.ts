import { solidityPacked } from "ethers";
import { type Amount, parseAmount } from "./amounts.js";
import { addressOf, numberOf } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import type { Context } from "./context.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { ProposalState } from "./generated/enums.js";

/** A call that the timelock makes once a proposal is carried. */
export interface Action {
  target: string;
  /** Wei to send with it, from the timelock; 0 by default. */
  value?: bigint;
  /** The call, in hex. */
  data: string;
}

/** A proposal's id; as a decimal string too, for JSON. */
export type ProposalId = bigint | string;

/** How to vote: with everything one way, or with parts in WEAL, which may leave a rest for another time. */
export type Support = SupportWord | { for?: Amount; against?: Amount; abstain?: Amount };

type SupportWord = (typeof SUPPORT_WORDS)[number];

/** A vote to be made. */
export interface Vote {
  proposalId: ProposalId;
  support: Support;
  /** Why, for all to read. */
  reason?: string;
}

/** A signed vote that anyone may send; plain JSON. */
export interface Ballot {
  proposalId: string;
  /** As the governor counts: 0 against, 1 for, 2 abstain, 255 by the parts in `params`. */
  support: number;
  voter: string;
  reason: string;
  params: string;
  signature: string;
}

/** Proposals, votes, and what is done about them. */
export interface Governance {
  /**
   * Proposes that the timelock makes calls. The signer needs the proposal threshold in votes.
   *
   * @throws {ContractError} such as `GovernorInsufficientProposerVotes`.
   * @example
   * const { proposalId } = await governance.propose({
   *   actions: [governance.proposals.setProtocolFee(50)],
   *   description: "Halve the fee of future models",
   * });
   */
  propose(options: { actions: readonly Action[]; description: string }): Promise<Transaction & { proposalId: bigint }>;

  /**
   * Votes with the signer's delegated WEAL.
   *
   * @throws {ContractError} such as `GovernorAlreadyCastVote`, `GovernorUnexpectedProposalState`.
   * @example
   * await governance.vote({ proposalId, support: "for" });
   * await governance.vote({ proposalId, support: { for: "600", against: "400" } });
   */
  vote(vote: Vote): Promise<Transaction>;

  /**
   * Signs a vote, which costs the voter nothing; {@link voteBySignature} sends it.
   *
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const ballot = await governance.signVote({ proposalId, support: "for" });
   */
  signVote(vote: Vote): Promise<Ballot>;

  /**
   * Sends somebody's signed vote. Anyone may, and pays the gas; it serves once.
   *
   * @throws {ContractError} such as `GovernorInvalidSignature`, `GovernorUnexpectedProposalState`.
   * @example
   * await governance.voteBySignature(ballot);
   */
  voteBySignature(ballot: Ballot): Promise<Transaction>;

  /**
   * Hands a proposal that was carried to the timelock, whose delay then begins.
   *
   * @throws {ContractError} such as `GovernorUnexpectedProposalState`.
   * @example
   * await governance.queue({ proposalId });
   */
  queue(options: { proposalId: ProposalId }): Promise<Transaction>;

  /**
   * Carries out a queued proposal once the timelock's delay has passed.
   *
   * @throws {ContractError} such as `TimelockUnexpectedOperationState`, or the error of one of its calls.
   * @example
   * await governance.execute({ proposalId });
   */
  execute(options: { proposalId: ProposalId }): Promise<Transaction>;

  /**
   * Gives the votes of the signer's WEAL to an account, itself by default. WEAL that nobody was given does not vote.
   *
   * @example
   * await governance.delegate();
   */
  delegate(options?: { to?: string }): Promise<Transaction>;

  /**
   * Returns where a proposal stands.
   *
   * @throws {ContractError} `GovernorNonexistentProposal`.
   * @example
   * if ((await governance.state(proposalId)) === "succeeded") await governance.queue({ proposalId });
   */
  state(proposalId: ProposalId): Promise<ProposalState>;

  /** Actions to be proposed. */
  readonly proposals: {
    /**
     * Sets the protocol fee of future models, in basis points, 0 to 250.
     *
     * @throws {InvalidArgument} when the fee is not that.
     */
    setProtocolFee(feeBps: number): Action;

    /** Lists an ERC-20, for ever. */
    addCurrency(address: string): Action;
  };
}

/** At the places of the governor's vote types. */
const SUPPORT_WORDS = ["against", "for", "abstain"] as const;
const FRACTIONAL_SUPPORT = 255;
const WEAL_DECIMALS = 18;
const MAX_PROTOCOL_FEE_BPS = 250;

/** EIP-712 types of the governor's ballots: the second is for a vote with a reason or in parts. */
const BALLOT_FIELDS = [
  { name: "proposalId", type: "uint256" },
  { name: "support", type: "uint8" },
  { name: "voter", type: "address" },
  { name: "nonce", type: "uint256" },
];
const BALLOT_TYPES = { Ballot: BALLOT_FIELDS };
const EXTENDED_BALLOT_TYPES = {
  ExtendedBallot: [...BALLOT_FIELDS, { name: "reason", type: "string" }, { name: "params", type: "bytes" }],
};

/** Binds the governor's functions to a runner. */
export function governanceOf({ chainId, contracts, signer }: Context): Governance {
  const { WealGovernor: governor, WealToken: weal, RoyaltyLedger: ledger } = contracts;
  const ledgerAddress = String(ledger.target);

  const functions = withTypedErrors<Omit<Governance, "proposals">>({
    async propose({ actions, description }) {
      const transaction = await send(
        governor.propose(
          actions.map(({ target }) => addressOf(target, "actions.target")),
          actions.map(({ value = 0n }) => value),
          actions.map(({ data }) => data),
          description,
        ),
      );
      const [{ proposalId }] = eventsOf(transaction.receipt, governor, governor.getEvent("ProposalCreated"));

      return { ...transaction, proposalId };
    },

    async vote({ proposalId, support, reason = "" }) {
      const { type, params } = countedSupport(support);

      return send(governor.castVoteWithReasonAndParams(proposalId, type, reason, params));
    },

    async signVote({ proposalId, support, reason = "" }) {
      const voter = await signer().getAddress();
      const { type, params } = countedSupport(support);
      const domain = {
        name: "Commonweal Governor",
        version: "1",
        chainId,
        verifyingContract: await governor.getAddress(),
      };
      const ballot = { proposalId: String(proposalId), support: type, voter, reason, params };
      const types = isPlain(ballot) ? BALLOT_TYPES : EXTENDED_BALLOT_TYPES;
      // Keyed by the proposal: who signs for several needs no order among them.
      const nonce = await governor["nonces(address,uint192)"](voter, BigInt.asUintN(192, BigInt(proposalId)));

      return { ...ballot, signature: await signer().signTypedData(domain, types, { ...ballot, nonce }) };
    },

    async voteBySignature(ballot) {
      const { proposalId, support, voter, reason, params, signature } = ballot;
      const account = addressOf(voter, "voter");

      return send(
        isPlain(ballot)
          ? governor.castVoteBySig(proposalId, support, account, signature)
          : governor.castVoteWithReasonAndParamsBySig(proposalId, support, account, reason, params, signature),
      );
    },

    async queue({ proposalId }) {
      return send(governor["queue(uint256)"](proposalId));
    },

    async execute({ proposalId }) {
      return send(governor["execute(uint256)"](proposalId));
    },

    async delegate({ to } = {}) {
      return send(weal.delegate(addressOf(to ?? (await signer().getAddress()), "to")));
    },

    async state(proposalId) {
      return ProposalState[Number(await governor.state(proposalId))];
    },
  });

  return {
    ...functions,
    proposals: {
      setProtocolFee(feeBps) {
        // The contract checks it at the very end: after the vote and the delay.
        if (!Number.isInteger(feeBps) || feeBps < 0 || feeBps > MAX_PROTOCOL_FEE_BPS) {
          throw new InvalidArgument("feeBps", feeBps, `whole basis points, 0 to ${MAX_PROTOCOL_FEE_BPS}`);
        }
        return { target: ledgerAddress, data: ledger.interface.encodeFunctionData("setProtocolFee", [feeBps]) };
      },

      addCurrency(address) {
        const currency = addressOf(address, "address");
        return { target: ledgerAddress, data: ledger.interface.encodeFunctionData("addCurrency", [currency]) };
      },
    },
  };
}

/** Returns a vote as the governor counts it. */
function countedSupport(support: Support): { type: number; params: string } {
  if (typeof support === "string") return { type: numberOf(SUPPORT_WORDS, support, "support"), params: "0x" };

  const parts = SUPPORT_WORDS.map((word) => parseAmount(support[word] ?? 0n, WEAL_DECIMALS));
  return { type: FRACTIONAL_SUPPORT, params: solidityPacked(["uint128", "uint128", "uint128"], parts) };
}

/** Whether the governor has the shorter form of ballot for it. */
function isPlain({ reason, params }: Pick<Ballot, "reason" | "params">): boolean {
  return reason === "" && params === "0x";
}
