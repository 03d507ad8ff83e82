export { BallotNotRelayed, type BallotStatus, ballotStatus, type SentBallot, sendBallot } from "./client.js";
export type { RefusalCode } from "./refusals.js";
