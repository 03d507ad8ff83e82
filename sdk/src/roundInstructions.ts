import { RoundState } from "./generated/enums.js";
import type { Instructions } from "./instructions.js";

/** One sentence for each custom error of rounds; the other domains' stand in `instructions.ts`. */
export const roundInstructions = {
  /* STATES AND MONEY */

  NotRoundPayee: ({ account, caller }) =>
    `${caller} may have ${account}'s money sent to ${account} alone; call as that, or send it there.`,
  RoundNotInState: ({ roundId, state, needed }) =>
    `The round ${roundId} is ${stateOf(state)}, and must be ${stateOf(needed)} for this.`,
  RoundPaymentShort: ({ expected, arrived }) =>
    `${arrived} of ${expected} units arrived; the token takes a fee on transfers, choose a round in another currency.`,
  RoundRecipientInvalid: ({ to }) => `${to} cannot be paid; give an account that somebody has.`,
  RoundTooEarly: ({ from }) => `Do this from ${from} (Unix time) on.`,
  RoundTooLate: ({ until }) => `The last second for this was ${until} (Unix time).`,
  RoundValueMismatch: ({ expected, value }) => `Exactly ${expected} wei must come with this call, and ${value} came.`,

  /* TERMS */

  NotRoundCoordinator: ({ coordinator, caller }) => `${caller} does not coordinate this round; call as ${coordinator}.`,
  ReviewersNotAscending: ({ previous, reviewer }) =>
    `${reviewer} comes after ${previous}; give each reviewer once, in ascending order.`,
  RoundAlreadyOpened: ({ roundId }) => `The round ${roundId} was opened before; choose another salt.`,
  RoundAttemptsInvalid: ({ maxAttempts, max }) => `Allow 1 to ${max} attempts, not ${maxAttempts}.`,
  RoundCurrencyNotListed: ({ currency }) =>
    `${currency} is not on the ledger's list; choose one of royalties.currencies().`,
  RoundDeadlinesInvalid: ({ fundingUntil, submissionUntil }) =>
    `Funding until ${fundingUntil} must be to come, and end no later than submissions (${submissionUntil}).`,
  RoundFeeTooHigh: ({ feeBps, maxFeeBps }) =>
    `The protocol fee is ${feeBps} basis points, and the terms allow ${maxFeeBps}; open a round that allows it.`,
  RoundPartyInvalid: ({ party }) =>
    `${party} can be neither arbiter nor owner here; name an arbiter other than the coordinator, and an owner.`,
  RoundPeriodInvalid: ({ period, min, max }) => `A period must have ${min} to ${max} seconds, not ${period}.`,
  RoundReviewersInvalid: ({ minReviews, reviewers }) =>
    `Name 1 to 64 reviewers, of whom at least one and at most all must score; ${minReviews} of ${reviewers} cannot.`,
  RoundSplitMismatch: ({ sum, expected }) => `The shares sum to ${sum}; make them sum to ${expected}.`,
  RoundTargetInvalid: ({ target, cap, coordinatorCash }) =>
    `The target of ${target} must be above 0, at most the cap (${cap}), and hold the coordinator's part (${coordinatorCash}).`,

  /* FUNDING */

  FundingInvalid: ({ amount, room }) =>
    room === 0n
      ? "The round has reached its cap; it takes no more."
      : `Fund at least one unit and at most ${room}, not ${amount}.`,
  FundingNotFound: ({ offset }) => `There is nothing to take at the offset ${offset}; it was taken, or never funded.`,
  FundingTokenRequired: () => "Permits and authorizations fund in an ERC-20; send ETH with the call.",
  NothingForFunder: ({ funder, currency }) => `${funder} is owed nothing in ${currency}; claim its fundings first.`,
  NotPoolFunder: ({ funder, caller }) => `${caller} may have ${funder}'s money sent to ${funder} alone; call as that.`,
  NotPoolRounds: ({ caller }) => `${caller} may not take shares out of the pool; claim the fundings of its round.`,
  PoolRecipientInvalid: ({ to }) => `${to} cannot be paid; give an account that somebody has.`,
  PoolTransferRefused: () => "The pool takes ETH from the ledger alone; pay the model instead.",

  /* CONTRIBUTIONS */

  ContributionAlreadySubmitted: ({ commitment }) => `${commitment} was submitted by this account before.`,
  ContributionNotSealed: ({ contributor }) =>
    `${contributor} has submitted no such digest, or has revealed it; reveal what was submitted, as who submitted it.`,
  LeafAlreadyClaimed: ({ index }) => `Leaf ${index} was claimed; there is nothing left of it.`,
  LeafProofInvalid: ({ index, account }) =>
    `The proof does not show leaf ${index} for ${account}; take it from this round's result.`,
  SubmissionBondNotDue: ({ contributor }) =>
    `${contributor} has no such bond to get; reveal the submission first, or wait until the round has ended.`,

  /* RESULTS */

  CloneArgumentsTooLong: () => "A pool could not be made of its model's id; report this.",

  AlreadyChallenged: ({ challenger }) => `${challenger} has challenged this result; once is enough.`,
  AttemptMismatch: ({ attempt, current }) => `Result ${current} stands, not ${attempt}; look at it first.`,
  ChallengeBondNotDue: ({ challenger, attempt }) =>
    `${challenger} has no bond to get for challenging result ${attempt}: it was taken or lost, or the arbiter has its time still.`,
  ChallengesUnresolved: ({ challenges }) => `The arbiter has ${challenges} challenges to decide about first.`,
  NotRoundArbiter: ({ arbiter, caller }) => `${caller} does not arbitrate this round; call as ${arbiter}.`,
  NotRoundReviewer: ({ account }) => `${account} is no reviewer of this round; leave its scores out.`,
  NothingForCoordinator: () => "The coordinator has nothing to get before the round has ended, or got it.",
  NothingToResolve: () => "Nobody challenged this result, or it was decided.",
  ResultCashTooHigh: ({ cash, max }) => `The leaves can have ${max} units together, not ${cash}; lower them.`,
  ResultEmpty: () => "Give the sha-256 of the manifest and the root of the leaves.",
  ResultMismatch: ({ posted }) => `Pass the result as it was posted (${posted}).`,
  ReviewInvalid: ({ reviewer }) => `${reviewer} did not sign these scores for this round and manifest.`,
  ReviewsMissing: ({ reviews, minReviews }) => `${minReviews} reviewers must have scored, and ${reviews} have.`,
} satisfies Partial<Instructions>;

function stateOf(state: bigint): string {
  const word = RoundState[Number(state)];

  return word === "none" ? "not opened" : `in the state "${word}"`;
}
