import type { ContractErrors } from "./generated/errors.js";
import { ProposalState } from "./generated/enums.js";
import { roundInstructions } from "./roundInstructions.js";

/** Says what to do about an error of the contracts, given its arguments. */
export type Instructions = { readonly [Name in keyof ContractErrors]: (args: ContractErrors[Name]) => string };

/**
 * One sentence for each custom error. The type asks for all of them: the build fails when a contract gets an error that
 * has no instruction here.
 */
export const instructions: Instructions = {
  /* SOLIDITY'S OWN */

  Error: ({ reason }) => `The contract says "${reason}".`,
  Panic: ({ code }) => `A contract failed its own check (code ${code}); report this.`,

  /* REGISTRY */

  DerivativeRateTooHigh: ({ rateBps, maxBps }) => `Ask derivatives for ${maxBps} basis points at most, not ${rateBps}.`,
  DerivativesClosed: ({ parent }) => `${parent} takes no derivatives; leave it out, or ask its owner to open it.`,
  EdgeEndTooEarly: ({ parent, until, minUntil }) =>
    minUntil === 0n
      ? `${parent} asks for its part for ever; name no \`until\` for it, not ${until}.`
      : `${parent} asks for its part until ${minUntil} (Unix time) at least, not ${until}; move \`until\` back, or leave it out.`,
  GrantExpired: ({ parent, deadline }) =>
    `The grant of ${parent} expired at ${deadline} (Unix time); ask its owner to sign a new one.`,
  GrantInvalid: ({ parent, child, owner }) =>
    `The grant of ${parent} is not signed by its owner ${owner} for the child ${child}; ask for one for this child, rate and deadline.`,
  GrantMissing: ({ parent }) =>
    `${parent} takes derivatives by grant only; ask its owner for one (registry.signGrant).`,
  GrantsUnused: ({ given, used }) =>
    `${given} grants were given and ${used} are needed; leave out the grants of parents that are open to anyone.`,
  ManifestDigestZero: () => "The manifest digest is zero; give the sha-256 of the manifest.",
  ModelNotRegistered: ({ model }) => `${model} is not a registered model; check the id and the chain.`,
  NotModelMaintainer: ({ model, caller }) =>
    `${caller} is neither the owner nor a maintainer of ${model}; call as one of them.`,
  NotModelOwner: ({ model, caller }) => `${caller} does not own ${model}; call as its owner.`,
  ParentRestricted: ({ parent }) =>
    `The safety board restricts ${parent} (safety.statusOf), which takes no new derivatives while that stands; leave it out.`,
  ParentNotRegistered: ({ parent }) => `The parent ${parent} is not registered; register it first.`,
  RateTooLow: ({ parent, rateBps, minRateBps }) =>
    `${parent} asks for at least ${minRateBps} basis points; raise its rate from ${rateBps}.`,
  VersionAlreadyWithdrawn: ({ model, version }) =>
    `Version ${version} of ${model} is withdrawn already; there is nothing to do.`,
  VersionNotFound: ({ model, version }) => `${model} has no version ${version}; versions count from 1.`,

  /* SOURCES */

  AttestationExpired: ({ deadline }) =>
    `The attestations expired at ${deadline} (Unix time); ask the verifiers to sign anew.`,
  AttestationInvalid: ({ verifier }) =>
    `${verifier} did not sign this; check source, recipient, model, nonce, deadline and chain, and have it signed anew.`,
  AttestationsMissing: ({ given, threshold }) =>
    `${given} attestations were given and ${threshold} are needed; ask more verifiers.`,
  NotSourceGovernance: ({ caller }) => `${caller} may not do this; propose it (governance.propose).`,
  NotVerifier: ({ verifier }) => `${verifier} is no verifier, or counts only later; ask another one.`,
  SourceAlreadyClaimed: ({ source }) => `${source} was claimed by its author; there is nothing to claim any more.`,
  SourceAlreadyRegistered: ({ source }) => `The source is registered already, as ${source}; link to that.`,
  SourceClaimNotFound: ({ source }) => `No claim of ${source} waits; start one (sources.claim).`,
  SourceClaimNotReady: ({ source, readyAt }) =>
    `The claim of ${source} waits until ${readyAt} (Unix time); complete it then.`,
  SourceClaimPending: ({ source, recipient }) =>
    `A claim of ${source} for ${recipient} waits; let it be completed or cancelled first.`,
  SourceModelNotOwned: ({ model, recipient }) => `${recipient} does not own ${model}; name a model of the author's.`,
  SourceNameInvalid: ({ name }) =>
    `"${name}" is no source's name; give 1 to 100 characters of a-z, 0-9, dot, underscore, slash and hyphen.`,
  SourceNotRegistered: ({ source }) => `${source} is not registered; register it first (sources.register).`,
  SourceRecipientInvalid: ({ recipient }) => `${recipient} can hold no shares; name an account of the author's.`,
  ThresholdZero: () => "The threshold is zero; ask for at least one verifier.",
  VerifiersNotAscending: ({ previous, verifier }) =>
    `${verifier} comes after ${previous}; sort the attestations by verifier, each once.`,

  /* ROYALTIES */

  AllocationExpired: ({ reclaimableFrom }) =>
    `Since ${reclaimableFrom} (Unix time) only the steward can take these shares; choose a time to come, or ask the steward.`,
  AllocationNotExpired: ({ allocation, reclaimableFrom }) =>
    `What is left of allocation ${allocation} can be taken from ${reclaimableFrom} (Unix time) on; wait until then.`,
  AllocationWithoutTaker: ({ model }) =>
    `Nobody could ever take these shares of ${model}; give the allocation a root, a steward, or both.`,

  BooksFull: ({ model, currency, received, amount }) =>
    `${model} has received ${received} units of ${currency} and cannot take ${amount} more; pay less, or in another currency.`,
  CurrencyAlreadyListed: ({ currency }) => `${currency} is listed already; there is nothing to do.`,
  CurrencyListFull: ({ max }) => `The list holds ${max} currencies and is full; use one that is listed.`,
  CurrencyNotListed: ({ currency }) => `${currency} is not on the list; use one of royalties.currencies().`,
  CurrencySupplyTooHigh: ({ currency, supply, max }) =>
    `${currency} has a supply of ${supply} units, above ${max}; list another currency.`,
  CurrencyWithoutCode: ({ currency }) => `There is no contract at ${currency}; check the address and the chain.`,
  CurrencyWithoutSupply: ({ currency }) => `${currency} is no ERC-20: it has no total supply; check the address.`,
  EdgeEndPassed: ({ parent, until }) =>
    `The edge to ${parent} would have ended at ${until} (Unix time); name a time to come, or none.`,
  EthAmountMismatch: ({ expected, sent }) => `Send exactly ${expected} wei with the call, not ${sent}.`,
  HostPartTooHigh: ({ maxHostBps, maxBps }) => `Leave hosts ${maxBps} basis points at most, not ${maxHostBps}.`,
  InvalidClaimRecipient: ({ to }) => `Earnings cannot be sent to ${to}; name an account of yours.`,
  ModelAlreadyOpened: ({ model }) => `The salt is used already, by ${model}; take another.`,
  ModelNotOpened: ({ model }) => `${model} is not a registered model; check the id and the chain.`,
  ModelsNotAscending: ({ previous, model }) => `${model} comes after ${previous}; sort the ids, each once.`,
  NotGovernance: ({ caller }) => `${caller} may not do this; propose it (governance.propose).`,
  NotHost: ({ host, caller }) =>
    `${caller} is not ${host}; have the money sent to the host itself, or call as the host.`,
  LineageTooLarge: ({ model, max }) =>
    `The lineage of ${model} has more than ${max} models; use royalties.quote, which goes on off the chain.`,
  NotAllocationSteward: ({ allocation, caller }) =>
    `${caller} is not the steward of allocation ${allocation}; call as the steward.`,
  NothingToClaim: ({ holder, currency }) =>
    `${holder} has nothing to claim of ${currency} in these models; cascade their derivatives first, or wait for income.`,
  NothingToClaimAsHost: ({ currency }) => `Nothing of ${currency} waits for the host there; sweep the addresses first.`,
  NothingToCollect: ({ currency }) => `No fees of ${currency} wait; cascade first, or wait for income.`,
  NothingToReclaim: ({ allocation, model }) =>
    `Nothing is left of allocation ${allocation} for ${model}; check the number and the model.`,
  NothingToRetire: ({ model }) => `No edge of ${model} has ended; wait until its time has passed.`,
  ParentNotOpened: ({ parent }) => `The parent ${parent} is not registered; register it first.`,
  ParentsNotAscending: ({ previous, parent }) =>
    `The parent ${parent} comes after ${previous}; name each parent once, ascending by id.`,
  PaymentShort: ({ currency, expected, delivered }) =>
    `${currency} delivered ${delivered} units of ${expected}, so it takes a fee on transfers; pay in another currency.`,
  PaymentsLengthMismatch: ({ models, amounts }) =>
    `${models} models and ${amounts} amounts were given; give one amount for each model, and at least one.`,
  PlainTransferRefused: ({ sender }) =>
    `The ledger takes no plain ETH from ${sender}; pay a model (royalties.pay), or send it to the model's id.`,
  ProtocolFeeTooHigh: ({ feeBps, maxBps }) => `The fee can be ${maxBps} basis points at most, not ${feeBps}; lower it.`,
  RatesTooHigh: ({ totalRateBps, maxBps }) =>
    `The parents' rates sum to ${totalRateBps} basis points; lower them to ${maxBps} at most.`,
  SharesSumMismatch: ({ sum, expected }) => `The holdings sum to ${sum} shares; make it ${expected}.`,
  ShareProofInvalid: ({ allocation, index, account }) =>
    `Leaf ${index} for ${account} is not in allocation ${allocation}; take leaf and proof from its tree.`,
  SharesAlreadyClaimed: ({ allocation, index }) =>
    `Leaf ${index} of allocation ${allocation} was claimed; there is nothing to do.`,
  TokenRequired: () => "This takes ERC-20s only; pay ETH by royalties.pay.",
  TooManyParents: ({ count, max }) => `${count} parents were named; name ${max} at most.`,
  ZeroPayment: ({ model }) => `The payment to ${model} is zero; pay more than nothing.`,
  ZeroShares: ({ holder }) => `The holding of ${holder} is zero; leave it out, or give it shares.`,

  /* SHARES (ERC-6909) */

  ERC6909InsufficientAllowance: ({ spender, allowance, needed, id }) =>
    `${spender} may move ${allowance} shares of model ${id} and needs ${needed}; have the holder approve it.`,
  ERC6909InsufficientBalance: ({ sender, balance, needed, id }) =>
    `${sender} holds ${balance} shares of model ${id} and needs ${needed}; move fewer.`,
  ERC6909InvalidApprover: ({ approver }) => `${approver} cannot approve; approve as the holder.`,
  ERC6909InvalidReceiver: ({ receiver }) => `Shares cannot be sent to ${receiver}; name another account.`,
  ERC6909InvalidSender: ({ sender }) => `Shares cannot come from ${sender}; name their holder.`,
  ERC6909InvalidSpender: ({ spender }) => `${spender} cannot be approved; name another account.`,

  /* MODELS AND LICENCES AS TOKENS (ERC-721) */

  ERC721IncorrectOwner: ({ sender, tokenId, owner }) =>
    `Token ${tokenId} belongs to ${owner}, not to ${sender}; transfer it from its owner.`,
  ERC721InsufficientApproval: ({ operator, tokenId }) =>
    `${operator} may not move token ${tokenId}; have its owner approve it.`,
  ERC721InvalidApprover: ({ approver }) => `${approver} may not approve this; approve as the owner.`,
  ERC721InvalidOperator: ({ operator }) => `${operator} cannot be an operator; name another account.`,
  ERC721InvalidOwner: ({ owner }) => `${owner} cannot own a model or licence; name another account.`,
  ERC721InvalidReceiver: ({ receiver }) => `${receiver} cannot take a model or licence; name an account that can.`,
  ERC721InvalidSender: ({ sender }) => `The token exists already, or ${sender} cannot send it; check the id.`,
  ERC721NonexistentToken: ({ tokenId }) => `There is no model or licence ${tokenId}; check the id and the chain.`,

  /* CURRENCIES (ERC-20) */

  ERC20InsufficientAllowance: ({ spender, allowance, needed }) =>
    `${spender} may spend ${allowance} units and needs ${needed}; approve that amount first.`,
  ERC20InsufficientBalance: ({ sender, balance, needed }) =>
    `${sender} has ${balance} units and needs ${needed}; get more, or pay less.`,
  ERC20InvalidApprover: ({ approver }) => `${approver} cannot approve; approve as the owner.`,
  ERC20InvalidReceiver: ({ receiver }) => `The token cannot be sent to ${receiver}; name another account.`,
  ERC20InvalidSender: ({ sender }) => `The token cannot come from ${sender}; name its owner.`,
  ERC20InvalidSpender: ({ spender }) => `${spender} cannot be approved; name another account.`,
  SafeERC20FailedOperation: ({ token }) =>
    `The token ${token} refused the transfer; check the balance and the allowance.`,
  Create2EmptyBytecode: () => "A contract was to be deployed without code; report this.",
  FailedDeployment: () => "A forwarder could not be deployed; give the transaction more gas.",
  FailedCall: () => "A call to another contract failed; the receiver may not take the chain's coin: name another.",
  InsufficientBalance: ({ balance, needed }) => `The contract has ${balance} wei and needs ${needed}; report this.`,
  ReentrancyGuardReentrantCall: () => "The ledger was called from within its own call; call it afterwards.",

  /* WEAL */

  CheckpointUnorderedInsertion: () => "The chain's clock ran backwards; check the chain.",
  ERC20ExceededSafeSupply: ({ increasedSupply, cap }) => `A supply of ${increasedSupply} is above ${cap}; lower it.`,
  ERC2612ExpiredSignature: ({ deadline }) => `The permit expired at ${deadline} (Unix time); sign a new one.`,
  ERC2612InvalidSigner: ({ signer, owner }) =>
    `The permit was signed by ${signer}, not by ${owner}; have the owner sign it, with the present nonce.`,
  ERC5805FutureLookup: ({ timepoint, clock }) => `${timepoint} is not past, it is ${clock}; ask for an earlier time.`,
  GenesisSumMismatch: ({ sum, expected }) => `The genesis sums to ${sum} units; make it ${expected}.`,
  DelegationInvalid: ({ delegator }) =>
    `The delegation is not signed by ${delegator} for this chain, nonce and expiry; have it sign a new one (governance.signDelegation).`,
  InvalidAccountNonce: ({ account, currentNonce }) =>
    `The next nonce of ${account} is ${currentNonce}; sign again with it.`,
  SafeCastOverflowedUintDowncast: ({ bits, value }) => `${value} does not fit into ${bits} bits; give less.`,
  VotesExpiredSignature: ({ expiry }) => `The delegation expired at ${expiry} (Unix time); sign a new one.`,

  /* SIGNATURES AND TEXTS */

  ECDSAInvalidSignature: () => "The signature is not one; sign again.",
  ECDSAInvalidSignatureLength: ({ length }) => `The signature has ${length} bytes; give one of 65.`,
  ECDSAInvalidSignatureS: ({ s }) =>
    `The signature's s (${s}) is in the upper half; sign again with a present library.`,
  InvalidShortString: () => "A short text is stored wrongly; check the deployment.",
  StringsInsufficientHexLength: ({ value }) => `${value} does not fit its text; report this.`,
  StringTooLong: ({ str }) => `"${str}" is longer than 31 bytes; shorten it.`,

  /* GOVERNOR */

  ERC6372InconsistentClock: () => "The governor's and the token's clocks differ; check the deployment.",
  GovernorAlreadyCastVote: ({ voter }) => `${voter} has voted already; a vote cannot be changed.`,
  GovernorAlreadyQueuedProposal: ({ proposalId }) =>
    `Proposal ${proposalId} is queued already; execute it once its delay has passed.`,
  GovernorDisabledDeposit: () => "The governor takes no deposits; send to the timelock, which is the treasury.",
  GovernorExceedRemainingWeight: ({ voter, usedVotes, remainingWeight }) =>
    `${voter} has ${remainingWeight} votes left and gave ${usedVotes}; give fewer.`,
  GovernorInsufficientProposerVotes: ({ proposer, votes, threshold }) =>
    `${proposer} has ${votes} votes and needs ${threshold} to propose; have WEAL delegated to it and wait a block.`,
  GovernorInvalidProposalLength: ({ targets, calldatas, values }) =>
    `The proposal has ${targets} targets, ${calldatas} calls and ${values} values; give as many of each, and at least one.`,
  GovernorInvalidQuorumFraction: ({ quorumNumerator, quorumDenominator }) =>
    `The quorum ${quorumNumerator}/${quorumDenominator} is above one; lower it.`,
  GovernorInvalidSignature: ({ voter }) =>
    `The ballot is not signed by ${voter}, or was cast already; have it sign a new one (governance.signVote).`,
  GovernorInvalidVoteParams: () => "The votes' parts cannot be read; give for, against and abstain.",
  GovernorInvalidVoteType: () => 'There is no such vote; give "for", "against", "abstain", or parts of each.',
  GovernorInvalidVotingPeriod: ({ votingPeriod }) => `A voting period of ${votingPeriod} s is too short; lengthen it.`,
  GovernorNonexistentProposal: ({ proposalId }) => `There is no proposal ${proposalId}; check the id and the chain.`,
  GovernorOnlyExecutor: ({ account }) => `${account} may not do this; propose it (governance.propose).`,
  GovernorPreventLateQuorumVoteExtensionTooLarge: ({ newVoteExtension, maxVoteExtension }) =>
    `An extension of ${newVoteExtension} s is above ${maxVoteExtension} s; shorten it.`,
  GovernorProposalQueueingFailed: ({ proposalId }) => `Proposal ${proposalId} could not be queued; check its state.`,
  GovernorProposalQueueingNotRequired: ({ proposalId }) =>
    `Proposal ${proposalId} needs no queuing; execute it (governance.execute).`,
  GovernorRestrictedProposer: ({ proposer }) =>
    `The description names another proposer than ${proposer}; propose as that one, or take "#proposer=" out.`,
  GovernorUnableToCancel: ({ proposalId, account }) =>
    `${account} may not cancel proposal ${proposalId}; call as the guardian, or as its proposer: before the vote begins, or at any time if there is no guardian.`,
  QuorumZero: () => "A quorum of zero would let a single vote decide; set at least 1 percent.",
  GovernorUnexpectedProposalState: ({ proposalId, current, expectedStates }) =>
    `Proposal ${proposalId} is ${ProposalState[Number(current)]} and must be ${statesIn(expectedStates)}; wait, or make a new one.`,

  /* TIMELOCK */

  AccessControlBadConfirmation: () => "A role can only be renounced by the account that has it; call as that one.",
  AccessControlUnauthorizedAccount: ({ account, neededRole }) =>
    `${account} lacks the role ${neededRole}; propose it (governance.propose).`,
  TimelockInsufficientDelay: ({ delay, minDelay }) => `A delay of ${delay} s is below ${minDelay} s; lengthen it.`,
  TimelockInvalidOperationLength: ({ targets, payloads, values }) =>
    `The operation has ${targets} targets, ${payloads} calls and ${values} values; give as many of each.`,
  TimelockUnauthorizedCaller: ({ caller }) => `${caller} may not change the timelock; propose it (governance.propose).`,
  TimelockUnexecutedPredecessor: ({ predecessorId }) => `Operation ${predecessorId} comes first; execute it first.`,
  TimelockUnexpectedOperationState: ({ operationId }) =>
    `Operation ${operationId} is not ready, or was executed; wait until its delay has passed (governance.state).`,

  /* USE POLICY AND SAFETY */

  AdvisoryNotFound: ({ model, version }) =>
    `No advisory of the board stands on ${partOf(model, version)}; there is nothing to withdraw.`,
  AdvisoryStands: ({ model, version }) =>
    `An advisory of the board stands on ${partOf(model, version)}; withdraw it first (safety.withdraw).`,
  ClauseNotFound: ({ clause, clauseCount }) =>
    clauseCount === 0n
      ? `A reason of lineage cites no clause, not ${clause}; leave it out.`
      : `The use policy has no clause ${clause}; cite one of 1 to ${clauseCount}.`,
  EvidenceMissing: () => "The reason has no evidence; give the sha-256 of what shows it.",
  LevelNone: () =>
    "A vote decides a level; to lift an advisory, propose that (governance.safety.proposals.liftAdvisory).",
  MemberZero: () => "The zero address cannot be a member of the board; give another.",
  NotBoardGovernance: ({ caller }) => `${caller} may not do this; propose it (governance.propose).`,
  NotBoardMember: ({ caller }) =>
    `${caller} is no member of the safety board; file a report instead (safety.report), or propose it (governance.safety.propose).`,
  NotPolicyGovernance: ({ caller }) => `${caller} may not do this; propose it (governance.propose).`,
  NotSafetyGovernance: ({ caller }) => `${caller} may not do this; propose it (governance.safety.propose).`,
  PolicyEmpty: () =>
    "The policy has no digest or no clauses; give the sha-256 of its text and how many clauses it has.",
  PolicyNotFound: ({ version }) => `There is no version ${version} of the use policy; versions count from 1.`,
  RestrictionUsed: ({ model }) =>
    `The board has restricted ${model} once; propose to make it last, or to re-arm it (governance.safety.propose).`,
  SafetyGovernanceInvalid: ({ account }) =>
    `${account} cannot decide on safety; name a timelock that is not the main one.`,

  BallotGasTooLow: ({ available, required }) =>
    `Each ballot needs ${required} gas to be left, and there is ${available}; send fewer ballots, or more gas.`,
  GovernorNotDeployed: ({ governor }) => `There is no governor at ${governor}; check its address and the chain.`,

  /* LICENSING */

  LicenseLocked: () => "A licence stays with whom it was bought for; buy one for the other account.",
  LicensePerpetual: ({ recipient }) => `${recipient} has this licence for ever; there is nothing to extend.`,
  LicensePriceMismatch: ({ price, value }) => `The licence costs ${price} wei and ${value} came; send exactly that.`,
  LicenseTextMissing: () => "The offer names no text; give the sha-256 of the licence's text.",
  LicenseTokenRequired: () => "Permits and authorizations pay a price in an ERC-20; use licensing.buy.",
  LicensedModelRestricted: ({ model }) =>
    `The safety board restricts ${model} (safety.statusOf), which sells nothing new while that stands.`,
  NotOfferOwner: ({ model, caller }) => `${caller} does not own ${model}; call as its owner.`,
  NotPaidLedger: ({ caller }) => `${caller} is not the ledger, which alone asks for deliveries; use licensing.buy.`,
  OfferAlreadyPosted: ({ offerId }) => `The offer ${offerId} was posted before; choose another salt.`,
  OfferCurrencyNotListed: ({ currency }) =>
    `${currency} is not on the ledger's list; ask for one of royalties.currencies().`,
  OfferNotOpen: ({ offerId }) =>
    `No open offer has these terms (${offerId}); take them as they were posted (licensing.offersOf).`,
  OfferSoldOut: ({ supply }) => `All ${supply} licences of this offer are sold; look for another (licensing.offersOf).`,
  PeriodsInvalid: ({ periods, duration }) =>
    duration === 0n
      ? `This licence is for ever; buy 1 period, not ${periods}.`
      : `Buy at least 1 period, not ${periods}.`,
  PolicyVersionChanged: ({ seen, current }) =>
    `Version ${current} of the use policy holds, not ${seen}; read it (safety.policy) and buy under that.`,

  /* USAGE */

  ChannelCurrencyNotListed: ({ currency }) =>
    `${currency} is not on the ledger's list; deposit one of royalties.currencies().`,
  ChannelHostPartTooHigh: ({ hostBps, maxHostBps }) =>
    `The model allows its hosts ${maxHostBps} basis points at most, not ${hostBps}; lower hostBps.`,
  ChannelModelNotOpened: ({ model }) => `${model} is not a model of the ledger; check the id and the chain.`,
  ChannelNotOpened: ({ channelId }) => `There is no deposit in the channel ${channelId}; check its terms.`,
  ChannelNoticeInvalid: ({ notice }) => `A notice is 1 to 30 days in seconds, not ${notice}.`,
  ChannelPartyInvalid: ({ party }) =>
    `${party} cannot be payer, signer or host, nor be paid out to; give an account that somebody has.`,
  DepositInvalid: ({ amount, max }) => `Deposit at least one unit and at most ${max}, not ${amount}.`,
  DepositMismatch: ({ amount, value }) => `Exactly ${amount} wei must come with this deposit, and ${value} came.`,
  DepositShort: ({ amount, arrived }) =>
    `${arrived} of ${amount} units arrived; the token takes a fee on transfers, deposit another currency.`,
  DepositTokenRequired: () => "Permits and authorizations deposit an ERC-20; use usage.open for ETH.",
  NothingForHost: ({ host, currency }) => `${host} is owed nothing in ${currency}; redeem vouchers first.`,
  NothingToWithdraw: () => "Everything in this channel was redeemed or withdrawn.",
  NotChannelHost: ({ host, caller }) => `${caller} may have ${host}'s part sent to ${host} alone; call as the host.`,
  NotChannelPayer: ({ caller }) => `${caller} is not the channel's payer; call as that.`,
  NoticeAlreadyGiven: ({ withdrawableFrom }) => `Notice was given; withdraw from ${withdrawableFrom} (Unix time) on.`,
  NoticeMissing: () => "No notice was given; to withdraw, give it (usage.giveNotice) and wait until it has passed.",
  NoticeNotOver: ({ withdrawableFrom }) =>
    `The notice has not passed; withdraw from ${withdrawableFrom} (Unix time) on.`,

  /* ROUNDS */

  ...roundInstructions,

  /* GENESIS AND STAKEHOLDING */

  GenesisAlreadyClaimed: ({ index }) => `Leaf ${index} was claimed; there is nothing left of it.`,
  GenesisClaimOpen: ({ until }) => `Claims are open until ${until} (Unix time); return what is left after that.`,
  GenesisClaimOver: ({ until }) => `Claims ended at ${until} (Unix time); what was left is the treasury's.`,
  GenesisProofInvalid: ({ index, account, amount }) =>
    `The proof does not show leaf ${index} of ${amount} units for ${account}; take it from this deployment's tree.`,
  NotStakeholdingGovernance: ({ caller }) => `${caller} may not do this; propose it (governance.propose).`,
  RateOfWeal: () => "Fees in WEAL earn no WEAL; set the rate of another currency.",
  RateZero: ({ currency }) => `Fees in ${currency} earn no WEAL now; they wait until governance sets a rate.`,
};

function partOf(model: string, version: bigint): string {
  return version === 0n ? model : `version ${version} of ${model}`;
}

/** Reads the governor's bitmap of proposal states. */
function statesIn(bitmap: string): string {
  const bits = BigInt(bitmap);
  const states = ProposalState.filter((_, place) => (bits >> BigInt(place)) & 1n);

  // The governor gives no state for a proposal that must not exist yet.
  return states.length === 0 ? "new" : states.join(" or ");
}
