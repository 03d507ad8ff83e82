export type { Action, ActionLike, Arguments, ArgumentValue, ProposalId, ProposalLike } from "./actions.js";
export type { Allocation, AllocationState, Allocations } from "./allocations.js";
export { type Amount, formatAmount, parseAmount } from "./amounts.js";
export type { Address, Digest, ModelId, TransactionHash } from "./brands.js";
export type { Call } from "./calls.js";
export {
  type Channel,
  type ChannelOptions,
  type ChannelPlace,
  type ChannelState,
  channelIdOf,
  type OpenChannel,
  type SignedDeposit,
  type Voucher,
  voucherTypedData,
} from "./channels.js";
export { manifestUri } from "./cid.js";
export type { ClaimAllResult, ClaimProgress, Claims } from "./claims.js";
export type { Concentration, Stake } from "./concentration.js";
export {
  type Commonweal,
  type Connected,
  connect,
  connectDomains,
  type ConnectOptions,
  type Domain,
} from "./connect.js";
export type { Context, Deployment, Runner } from "./context.js";
export type { Contracts } from "./contracts.js";
export type { Currency, ListedCurrency } from "./currencies.js";
export type { Deposits, Hosting, SweptDeposit } from "./deposits.js";
export {
  AllocationSumMismatch,
  CallFailed,
  CommonwealError,
  ContractError,
  DeploymentNotFound,
  FundingEntryInvalid,
  FundingEntryMissing,
  FundingRecipientMismatch,
  InsufficientFunds,
  InvalidAmount,
  InvalidArgument,
  isContractError,
  LogsIncomplete,
  NetworkFailure,
  NotDelegated,
  NoVotes,
  ReadmeUnavailable,
  SignatureUnsupported,
  SignerRequired,
  StateOverridesUnsupported,
  TooManyDecimals,
  TransactionConflict,
  TransactionFailed,
  TransactionReplaced,
  TransactionsPending,
  UserRejected,
} from "./errors.js";
export {
  Aborted,
  GasPriceTooLow,
  RateLimited,
  SendUnanswered,
  TransactionReorged,
  WaitAborted,
  WaitUnanswered,
  WrongChain,
} from "./transactionErrors.js";
export { typedError } from "./failures.js";
export type { ExplainedCall, Explanation } from "./explain.js";
export type { Genesis, GenesisPart } from "./genesis.js";
export type {
  ContributionKind,
  DerivativeMode,
  Ground,
  Kind,
  Level,
  ProposalState,
  Relation,
  RoundState,
} from "./generated/enums.js";
export type { ContractErrors } from "./generated/errors.js";
export type { Governance } from "./governance.js";
export type { LicenseEnd, LicenseOffer, SignedPurchase } from "./licenses.js";
export type { Bought, License, Licensing, PostedOffer } from "./licensing.js";
export type { Ancestor, Lineage, Payee } from "./lineage.js";
export type { Payments, SignedPayment } from "./payments.js";
export { MAX_TRANSACTION_GAS } from "./limits.js";
export type { ClaimPlan, PlanOptions, PlanStep, SkippedStep } from "./plans.js";
export type { Proposals, SafetyProposals } from "./proposals.js";
export type { RedeemedVoucher } from "./redemptions.js";
export type { DerivativeTerms, Grant, Model, Parent, Registered, Registration, Registry, Version } from "./registry.js";
export { type RoundMoney, type RoundOpening, type RoundPlace, type RoundSchedule, roundIdOf } from "./roundTerms.js";
export type { OpenedRound, PostedResult, RoundFundingEntry, RoundStatus, Submission } from "./roundReader.js";
export type { Funded, RoundFunds, SignedFunding } from "./roundFunding.js";
export type { RoundContributions } from "./roundContributions.js";
export type { Finalised, RoundDecisions } from "./roundDecisions.js";
export type { Rounds } from "./rounds.js";
export type { RoundOpenings, RoundOptions } from "./roundOpenings.js";
export type { Books, Royalties } from "./royalties.js";
export type { Advisory, Policy, Safety, SafetyStatus, Standing } from "./safety.js";
export type { SafetyReason, SafetySubject } from "./safetyReasons.js";
export type { SimulatedBalance, SimulatedParameter, Simulation } from "./simulate.js";
export { type Platform, parseSource, type Source, sourceName } from "./sourceNames.js";
export type { Attestation, SourceClaim, SourceState, Sources } from "./sources.js";
export type { Award, Stakeholding } from "./stakeholding.js";
export {
  type AllocationDump,
  type AllocationLeaf,
  type AllocationPlace,
  type AllocationProof,
  type AllocationShare,
  type AllocationTree,
  buildAllocation,
  proofsOf,
  readAllocation,
} from "./trees.js";
export type { Usage } from "./usage.js";
export type { Ballot, Delegation, Support, Vote, Votes } from "./votes.js";
export type { Warning } from "./warnings.js";
export { sharesFromWeights } from "./weights.js";
export type { Sent, Transaction, Write, WriteOptions } from "./writes.js";
export { registryOf } from "./registry.js";
export { sourcesOf } from "./sources.js";
export { royaltiesOf } from "./royalties.js";
export { allocationsOf } from "./allocations.js";
export { depositsOf } from "./deposits.js";
export { licensingOf } from "./licensing.js";
export { usageOf } from "./usage.js";
export { roundsOf } from "./rounds.js";
export { governanceOf } from "./governance.js";
export { safetyOf } from "./safety.js";
export { stakeholdingOf } from "./stakeholding.js";
export { genesisOf } from "./genesis.js";
