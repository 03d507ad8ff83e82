/** What turns the scores of a round into what everybody gets: plain functions, which need no chain. */
export { type AggregateInputs, aggregateScores } from "./aggregate.js";
export { type KindBudget, readBudget, type RoundBudget, writeBudget } from "./roundBudgets.js";
export { type ResultFacts, type ResultDiscrepancy, verifyResult } from "./roundChecks.js";
export {
  type Contribution,
  readResult,
  type ResultLeaf,
  type ResultReview,
  type RoundResult,
  scoresOf,
  writeResult,
} from "./roundResults.js";
export { leavesOf, type RoundLeaf } from "./roundTrees.js";
export {
  completeScores,
  type ContributionKey,
  type Score,
  type SignedScores,
  scoresTypedData,
  signScores,
  verifyScores,
} from "./scores.js";
export { roundIdOf, type RoundOpening, type RoundPlace } from "./roundTerms.js";
