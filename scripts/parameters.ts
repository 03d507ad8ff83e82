import { parseUnits, ZeroAddress } from "ethers";
import type { Genesis } from "./genesis.js";

/** How a governor decides. Times are in seconds. */
export interface GovernorParameters {
  votingDelay: number;
  votingPeriod: number;
  lateQuorumExtension: number;
  /** Votes needed to propose, in WEAL. */
  proposalThreshold: string;
  /** Part of the supply that must take part, in percent, 1 to 100. */
  quorumPercent: number;
  /** Seconds between a decision and its execution. */
  timelockDelay: number;
  /** Who may cancel proposals, until when, if there is somebody. */
  guardian?: { account: string; until: string };
}

/** What a deployer decides, one file a network in `scripts/parameters/`. Dates are ISO 8601. */
export interface Parameters {
  /** Protocol fee for the first models, in basis points, 0 to 250. */
  protocolFeeBps: number;
  /** ERC-20s to list from the start, besides ETH and WEAL. */
  currencies: string[];
  /** Decides on everything but safety. */
  governor: GovernorParameters;
  /** Decides on safety alone. */
  safetyGovernor: GovernorParameters;
  /** The first members of the SafetyBoard. */
  safetyBoard: string[];
  /** The first use policy: the sha-256 of its text, how many clauses it has, where it can be fetched. */
  usePolicy: { digest: string; clauseCount: number; uri: string };
  /** How much WEAL models may be paid in 30 days for the fees that they bring, in WEAL. */
  stakeholdingEpochCap: string;
  /** Who says which author a source belongs to: `threshold` of the verifiers must attest it. */
  sources: { threshold: number; verifiers: string[] };
  genesis: Genesis;
}

/** Thrown before anything is deployed. */
export class ParametersInvalid extends Error {
  override readonly name = "ParametersInvalid";

  constructor(parameter: string, problem: string) {
    super(`${parameter}: ${problem}. Nothing was deployed.`);
  }
}

/** How long the SafetyBoard's own restriction holds, in seconds: a vote must be able to follow it. */
export const RESTRICTION_PERIOD = 14 * 86_400;

/** Returns the Unix time of a date. */
export function secondsOf(date: string, parameter: string): number {
  const milliseconds = Date.parse(date);
  if (Number.isNaN(milliseconds)) {
    throw new ParametersInvalid(parameter, `"${date}" is no date; write it as 2030-01-01T00:00:00Z`);
  }

  return Math.floor(milliseconds / 1_000);
}

/** Returns the constructor arguments of a governor. */
export function governorArguments(name: string, token: string, timelock: string, governor: GovernorParameters) {
  const { votingDelay, votingPeriod, lateQuorumExtension, proposalThreshold, quorumPercent, guardian } = governor;

  return [
    name,
    token,
    timelock,
    guardian?.account ?? ZeroAddress,
    {
      votingDelay,
      votingPeriod,
      lateQuorumExtension,
      proposalThreshold: parseUnits(proposalThreshold, 18),
      quorumPercent,
      guardianUntil: guardian === undefined ? 0 : secondsOf(guardian.until, "guardian.until"),
    },
  ];
}

/** @throws {ParametersInvalid} when the board's restriction would end before a vote could make it last. */
export function requireSafetyInTime({ safetyGovernor }: Parameters): void {
  const { votingDelay, votingPeriod, lateQuorumExtension, timelockDelay } = safetyGovernor;
  const cycle = votingDelay + votingPeriod + lateQuorumExtension + timelockDelay;
  if (cycle >= RESTRICTION_PERIOD) {
    throw new ParametersInvalid(
      "safetyGovernor",
      `it takes ${cycle} seconds to decide, and the board's restriction ends after ${RESTRICTION_PERIOD}; shorten its times`,
    );
  }
}
