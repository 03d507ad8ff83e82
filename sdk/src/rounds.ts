import { addressOf } from "./arguments.js";
import type { Address } from "./brands.js";
import { type Context, contractAt } from "./context.js";
import { withTypedErrors } from "./failures.js";
import { RoundTerms } from "./generated/fragments/RoundTerms.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import { loadedWhenCalled } from "./lazy.js";
import type { RoundContributions } from "./roundContributions.js";
import type { RoundDecisions } from "./roundDecisions.js";
import type { RoundFunds } from "./roundFunding.js";
import type { RoundOpenings } from "./roundOpenings.js";
import { type OpenedRound, type RoundReader, type RoundStatus, roundReaderOf, topicOf } from "./roundReader.js";

/** Rounds, in which many people make one model together. Sums are in units of the round's currency. */
export interface Rounds extends RoundOpenings, RoundFunds, RoundContributions, RoundDecisions {
  /**
   * Returns where a round stands.
   *
   * @example
   * const { state, raised, fundingUntil } = await rounds.stateOf({ roundId });
   */
  stateOf(options: { roundId: string }): Promise<RoundStatus>;

  /**
   * Returns a round with its terms, from the logs.
   *
   * @throws {InvalidArgument} when no such round was opened.
   * @example
   * const { opening, uri } = await rounds.get({ roundId });
   */
  get(options: { roundId: string }): Promise<OpenedRound>;

  /**
   * Returns the rounds of a coordinator, or all, the oldest first, from the logs.
   *
   * @example
   * const mine = await rounds.roundsOf({ coordinator });
   */
  roundsOf(options?: { coordinator?: Address; signal?: AbortSignal }): Promise<OpenedRound[]>;

  /**
   * Returns the least time for an arbiter, in seconds: a full cycle of the governor by its present settings.
   *
   * @example
   * const arbitrationPeriod = await rounds.minArbitrationPeriod();
   */
  minArbitrationPeriod(): Promise<number>;
}

/** Binds rounds to a runner. */
export function roundsOf(context: Context): Rounds {
  const rounds = context.at(TrainingRounds);
  const reader = roundReaderOf(context);

  return {
    ...openingsOf(context),
    ...fundsOf(context, reader),
    ...contributionsOf(context, reader),
    ...decisionsOf(context, reader),
    ...withTypedErrors<Pick<Rounds, "stateOf" | "get" | "roundsOf" | "minArbitrationPeriod">>({
      async stateOf({ roundId }) {
        return reader.stateOf(roundId);
      },

      async get({ roundId }) {
        return reader.roundOf(roundId);
      },

      async roundsOf({ coordinator, signal } = {}) {
        const account = coordinator === undefined ? undefined : addressOf(coordinator, "coordinator");

        return reader.roundsOf(account === undefined ? [] : [null, topicOf(account)], signal);
      },

      async minArbitrationPeriod() {
        const terms = contractAt(RoundTerms, await rounds.terms(), context.reads);

        return Number(await terms.minArbitrationPeriod());
      },
    }),
  };
}

/* PARTS: few pages open, fund, submit and decide all at once */

function openingsOf(context: Context): RoundOpenings {
  return loadedWhenCalled(async () => (await import("./roundOpenings.js")).roundOpeningsOf(context), { open: "write" });
}

function fundsOf(context: Context, reader: RoundReader): RoundFunds {
  return loadedWhenCalled(async () => (await import("./roundFunding.js")).roundFundsOf(context, reader), {
    ...{ fund: "write", fundWithPermit: "write", signFunding: "read", fundSigned: "write", refund: "write" },
    ...{ claimFundings: "write", earningsOf: "read", withdrawEarnings: "write", fundingsOf: "read" },
  });
}

function contributionsOf(context: Context, reader: RoundReader): RoundContributions {
  return loadedWhenCalled(async () => (await import("./roundContributions.js")).roundContributionsOf(context, reader), {
    ...{ submit: "write", reveal: "write", takeSubmissionBond: "write" },
    ...{ claim: "write", isClaimed: "read", submissionsOf: "read" },
  });
}

function decisionsOf(context: Context, reader: RoundReader): RoundDecisions {
  return loadedWhenCalled(async () => (await import("./roundDecisions.js")).roundDecisionsOf(context, reader), {
    ...{ signScores: "read", verifyScores: "read", aggregate: "read", verify: "read", postResult: "write" },
    ...{ challenge: "write", resolve: "write", takeChallengeBond: "write", finalise: "write" },
    ...{ payCoordinator: "write", resultsOf: "read" },
  });
}
