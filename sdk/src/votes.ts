import type { Address } from "./brands.js";
import { solidityPacked, ZeroAddress } from "ethers";
import type { ProposalId } from "./actions.js";
import { type Amount, parseAmount } from "./amounts.js";
import { addressOf, numberOf } from "./arguments.js";
import { callOf } from "./calls.js";
import type { Context } from "./context.js";
import { InvalidArgument, NotDelegated, NoVotes } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { ProposalState } from "./generated/enums.js";
import { WealToken } from "./generated/fragments/WealToken.js";
import * as typedData from "./generated/typedData.js";
import type { GovernorPair } from "./governors.js";
import { known, type Write, writeOf } from "./writes.js";

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
  voter: Address;
  reason: string;
  params: string;
  signature: string;
}

/** A signed delegation that anyone may send; plain JSON. */
export interface Delegation {
  delegator: Address;
  delegatee: Address;
  nonce: string;
  /** The last second at which it serves, in Unix time. */
  expiry: number;
  signature: string;
}

/** Votes, and who has them. */
export interface Votes {
  /**
   * Votes with the signer's delegated WEAL.
   *
   * @throws {NotDelegated} when the signer holds WEAL and never delegated it.
   * @throws {NoVotes} when the signer has no vote on the proposal for another reason.
   * @throws {ContractError} such as `GovernorAlreadyCastVote`, `GovernorUnexpectedProposalState`.
   * @example
   * await governance.vote({ proposalId, support: "for" });
   * await governance.vote({ proposalId, support: { for: "600", against: "400" } });
   */
  readonly vote: Write<Vote, object>;

  /**
   * Signs a vote, which costs the voter nothing; {@link voteBySignature} sends it. Ballots for several proposals can be
   * signed at once and sent in any order.
   *
   * @throws {NotDelegated} when the signer holds WEAL and never delegated it.
   * @throws {NoVotes} when the signer has no vote on the proposal for another reason.
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
  readonly voteBySignature: Write<Ballot, object>;

  /**
   * Gives the votes of the signer's WEAL to an account, itself by default. WEAL that nobody was given does not vote.
   *
   * @example
   * await governance.delegate();
   */
  readonly delegate: Write<{ to?: Address } | undefined, object>;

  /**
   * Signs what {@link delegate} does, which costs the signer nothing; {@link delegateBySignature} sends it.
   *
   * @param options.expiry The last second at which it serves, in Unix time; in a week by default.
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const delegation = await governance.signDelegation();
   */
  signDelegation(options?: { to?: Address; expiry?: number }): Promise<Delegation>;

  /**
   * Sends somebody's signed delegation, also that of a smart wallet. Anyone may, and pays the gas; it serves once.
   *
   * @throws {ContractError} such as `DelegationInvalid`, `VotesExpiredSignature`, `InvalidAccountNonce`.
   * @example
   * await governance.delegateBySignature(delegation);
   */
  readonly delegateBySignature: Write<Delegation, object>;

  /**
   * Returns the votes that an account has now, its own and those of others, in units of 10⁻¹⁸ WEAL.
   *
   * @example
   * const votes = await governance.votesOf({ account: alice });
   */
  votesOf(options: { account: Address }): Promise<bigint>;

  /**
   * Returns who votes with an account's WEAL; undefined if nobody does.
   *
   * @example
   * if ((await governance.delegateOf({ account: alice })) === undefined) await governance.delegate();
   */
  delegateOf(options: { account: Address }): Promise<string | undefined>;
}

/** At the places of the governor's vote types. */
const SUPPORT_WORDS = ["against", "for", "abstain"] as const;
const FRACTIONAL_SUPPORT = 255;
const WEAL_DECIMALS = 18;
const DELEGATION_TIME = 7 * 86_400;

/** Binds votes to a runner. */
export function votesOf(context: Context, governor: GovernorPair["governor"]): Votes {
  const { chainId, provider, signer } = context;
  const weal = context.at(WealToken);

  /** Says why an account has no vote, and what to do about it; whatever else is wrong is the governor's to say. */
  async function requireVotes(account: string, proposalId: ProposalId): Promise<void> {
    // 0 is what the governor says of no proposal.
    const snapshot = await governor.proposalSnapshot(proposalId);
    const state = snapshot === 0n ? undefined : ProposalState[Number(await governor.state(proposalId))];
    if (state !== "pending" && state !== "active") return;

    const isPending = state === "pending";
    const votes = await (isPending ? weal.getVotes(account) : governor.getVotes(account, snapshot));
    if (votes > 0n) return;

    const [balance, delegate] = await Promise.all([weal.balanceOf(account), weal.delegates(account)]);
    // Until the vote begins, whoever has no votes may still get some; delegating is what people forget.
    if (isPending && (balance === 0n || delegate !== ZeroAddress)) return;
    if (balance === 0n) throw new NoVotes(account, "noWeal", undefined);
    if (delegate === ZeroAddress) throw new NotDelegated(account, balance);

    throw new NoVotes(account, delegate === account ? "tooLate" : "delegatedAway", delegate);
  }

  return withTypedErrors<Votes>({
    vote: writeOf(context, async ({ proposalId, support, reason = "" }) => {
      const { type, params } = countedSupport(support);
      await requireVotes(await signer().getAddress(), proposalId);

      const call = await callOf(governor.castVoteWithReasonAndParams, [proposalId, type, reason, params]);

      return { call, ...known({}) };
    }),

    async signVote({ proposalId, support, reason = "" }) {
      const voter = await signer().getAddress();
      const { type, params } = countedSupport(support);
      await requireVotes(voter, proposalId);
      const domain = { name: await governor.name(), version: "1", chainId, verifyingContract: String(governor.target) };
      const ballot = { proposalId: String(proposalId), support: type, voter, reason, params };
      const types = isPlain(ballot) ? typedData.ballot.types : typedData.extendedBallot.types;
      // Keyed by the proposal: who signs for several needs no order among them.
      const nonce = await governor["nonces(address,uint192)"](voter, BigInt.asUintN(192, BigInt(proposalId)));

      return { ...ballot, signature: await signer().signTypedData(domain, types, { ...ballot, nonce }) };
    },

    voteBySignature: writeOf(context, async (ballot) => {
      const { proposalId, support, voter, reason, params, signature } = ballot;
      const account = addressOf(voter, "voter");
      const extended = [proposalId, support, account, reason, params, signature] as const;
      const call = isPlain(ballot)
        ? await callOf(governor.castVoteBySig, [proposalId, support, account, signature])
        : await callOf(governor.castVoteWithReasonAndParamsBySig, [...extended]);

      return { call, ...known({}) };
    }),

    delegate: writeOf(context, async ({ to }) => ({
      call: await callOf(weal.delegate, [addressOf(to ?? (await signer().getAddress()), "to")]),
      ...known({}),
    })),

    async signDelegation({ to, expiry } = {}) {
      const delegator = await signer().getAddress();
      const unsigned = {
        delegator,
        delegatee: addressOf(to ?? delegator, "to"),
        nonce: String(await weal.nonces(delegator)),
        expiry: expiry ?? ((await provider.getBlock("latest"))?.timestamp ?? 0) + DELEGATION_TIME,
      };

      const { domain, types } = typedData.walletDelegation({
        ...{ chainId, verifyingContract: String(weal.target) },
        message: unsigned,
      });

      return { ...unsigned, signature: await signer().signTypedData(domain, types, unsigned) };
    },

    delegateBySignature: writeOf(context, async ({ delegator, delegatee, nonce, expiry, signature }) => {
      const [from, to] = [addressOf(delegator, "delegator"), addressOf(delegatee, "delegatee")];

      return { call: await callOf(weal.delegateBySignature, [from, to, nonce, expiry, signature]), ...known({}) };
    }),

    async votesOf({ account }) {
      return weal.getVotes(addressOf(account, "account"));
    },

    async delegateOf({ account }) {
      const delegate = await weal.delegates(addressOf(account, "account"));

      return delegate === ZeroAddress ? undefined : delegate;
    },
  });
}

/** Returns a vote as the governor counts it. */
function countedSupport(support: Support): { type: number; params: string } {
  if (typeof support === "string") return { type: numberOf(SUPPORT_WORDS, support, "support"), params: "0x" };

  const parts = SUPPORT_WORDS.map((word) => parseAmount(support[word] ?? 0n, WEAL_DECIMALS));
  if (parts.every((part) => part === 0n)) {
    throw new InvalidArgument("support", "nothing", '"for", "against", "abstain", or parts of each');
  }
  return { type: FRACTIONAL_SUPPORT, params: solidityPacked(["uint128", "uint128", "uint128"], parts) };
}

/** Whether the governor has the shorter form of ballot for it. */
function isPlain({ reason, params }: Pick<Ballot, "reason" | "params">): boolean {
  return reason === "" && params === "0x";
}
