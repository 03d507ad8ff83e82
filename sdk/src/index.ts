export type { Action, Arguments, ArgumentValue, ProposalId, ProposalLike } from "./actions.js";
export { type AggregateInputs, aggregateScores } from "./aggregate.js";
export type { Allocation, AllocationState, Allocations } from "./allocations.js";
export { type Amount, formatAmount, parseAmount } from "./amounts.js";
export type { Transaction } from "./calls.js";
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
export { type Commonweal, connect } from "./connect.js";
export type { Contracts, Deployment, Runner } from "./context.js";
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
export type { ExplainedCall, Explanation } from "./explain.js";
export { checkFunding, type FundingEntry, formatFunding, readFunding } from "./funding.js";
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
export { type HistoryCache, memoryCache } from "./history/cache.js";
export { historyJson } from "./history/codec.js";
export { statementCsv } from "./history/csv.js";
export type {
  EventOf,
  EventReason,
  LedgerEvent,
  LicensingEvent,
  OpenedEdge,
  Place,
  ProtocolEvent,
  RegistryEvent,
  SafetyEvent,
} from "./history/events.js";
export { type LogHistoryOptions, logHistory } from "./history/logHistory.js";
export { everyItem } from "./history/pages.js";
export type {
  AsOf,
  HistoryEvent,
  HistoryReader,
  LineageEdge,
  LineageGraph,
  ListedModel,
  Moment,
  Page,
  PageOptions,
  ReadOptions,
  ScanProgress,
  ShareHolding,
  StatementOptions,
} from "./history/reader.js";
export type { HistoryDeployment } from "./history/source.js";
export type {
  HostBalance,
  HostPlace,
  IncomeSource,
  Statement,
  StatementBalance,
  StatementEntry,
} from "./history/statements.js";
export type { LicenseEnd, LicenseOffer, SignedPurchase } from "./licenses.js";
export type { Bought, License, Licensing, PostedOffer } from "./licensing.js";
export type { Ancestor, Lineage, Payee } from "./lineage.js";
export type { Payments, SignedPayment } from "./payments.js";
export { type ClaimPlan, MAX_TRANSACTION_GAS, type PlanOptions, type PlanStep, type SkippedStep } from "./plans.js";
export type { Proposals, SafetyProposals } from "./proposals.js";
export { fetchReadme, readmeUrl } from "./readmes.js";
export type { RedeemedVoucher } from "./redemptions.js";
export type { DerivativeTerms, Grant, Model, Parent, Registration, Registry, Version } from "./registry.js";
export { type KindBudget, readBudget, type RoundBudget, writeBudget } from "./roundBudgets.js";
export { type ResultFacts, type ResultMismatch, verifyResult } from "./roundChecks.js";
export {
  type Contribution,
  readResult,
  type ResultLeaf,
  type ResultReview,
  type RoundResult,
  scoresOf,
  writeResult,
} from "./roundResults.js";
export { type RoundMoney, type RoundOpening, type RoundPlace, type RoundSchedule, roundIdOf } from "./roundTerms.js";
export type { OpenedRound, PostedResult, RoundFundingEntry, RoundStatus, Submission } from "./roundReader.js";
export type { Funded, RoundFunds, SignedFunding } from "./roundFunding.js";
export type { RoundContributions } from "./roundContributions.js";
export type { Finalised, RoundDecisions } from "./roundDecisions.js";
export type { RoundOptions, Rounds } from "./rounds.js";
export { leavesOf, type RoundLeaf } from "./roundTrees.js";
export type { Books, Royalties } from "./royalties.js";
export type { Advisory, Policy, Safety, SafetyReason, SafetyStatus, SafetySubject, Standing } from "./safety.js";
export {
  completeScores,
  type ContributionKey,
  type Score,
  type SignedScores,
  scoresTypedData,
  signScores,
  verifyScores,
} from "./scores.js";
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
