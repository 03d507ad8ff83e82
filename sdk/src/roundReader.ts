import type { Address, Digest, ModelId } from "./brands.js";
import type { Log, Result } from "ethers";
import { bytes32Of } from "./arguments.js";
import { type Context, firstBlockOf } from "./context.js";
import { type Currency, currencyOf } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { ContributionKind, RoundState } from "./generated/enums.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import { readLogs } from "./logs.js";
import type { Contribution } from "./roundResults.js";
import { openingOf, type RoundOpening } from "./roundTerms.js";

/** A round that was opened. */
export interface OpenedRound {
  roundId: string;
  opening: RoundOpening;
  /** Where licence and budget can be fetched; compare what comes with the digests. */
  uri: string;
}

/** Where a round stands; sums in units of its currency, times in Unix time. Undefined is what has not come. */
export interface RoundStatus {
  state: RoundState;
  currency: Currency;
  /** What funders paid in. */
  raised: bigint;
  /** Bonds that were lost, which are the funders'. */
  forfeits: bigint;
  /** What a finalised round returns to its funders, beside forfeits. */
  unspent: bigint;
  /** What is left for the leaves of a finalised round. */
  cashLeft: bigint;
  /** Last seconds for funding, for submissions, and to reveal them. */
  fundingUntil: number;
  submissionUntil: number;
  revealUntil: number;
  /** The last second to post a result. */
  reviewUntil: number | undefined;
  /** The number of the result that was posted last; 0 before the first. */
  attempt: number;
  /** How many challenge the result that stands, and whether the arbiter rejected them. */
  challenges: number;
  isRejected: boolean;
  /** Last seconds to challenge the result that stands, for the arbiter, and to finalise it. */
  challengeUntil: number | undefined;
  arbitrationUntil: number | undefined;
  finaliseUntil: number | undefined;
  /** Of a finalised round. */
  root: string | undefined;
  model: ModelId | undefined;
  /** The number of the contributors' shares in the ledger. */
  allocation: bigint | undefined;
  /** Where the shares are that funders have not claimed. */
  pool: string | undefined;
}

/** Something that was submitted to a round. */
export interface Submission {
  contributor: string;
  /** The hash of contributor and digest. */
  commitment: string;
  kind: ContributionKind;
  /** How much of it, as the contributor says. */
  units: bigint;
  /** The sha-256 of what was brought, and where it can be fetched; undefined until it is revealed. */
  contentDigest: Digest | undefined;
  uri: string | undefined;
  /** Whether its bond was paid back. */
  isSettled: boolean;
}

/** Money that a funder paid in. */
export interface RoundFundingEntry {
  /** What it is known by. */
  offset: bigint;
  funder: Address;
  /** In units of the round's currency. */
  amount: bigint;
  /** Whether it was paid back, or its shares were claimed. */
  isSettled: boolean;
}

/** A result that was posted. */
export interface PostedResult {
  attempt: number;
  manifestDigest: Digest;
  root: string;
  /** What all leaves have together, in units of the round's currency. */
  cash: bigint;
  mirrorURI: string;
  /** Where the result's JSON can be fetched: see `rounds.verify`. */
  resultURI: string;
  /** Who scored, and what they signed. */
  reviews: { reviewer: Address; scoresHash: string; signature: string }[];
  /** The last second to challenge it, in Unix time. */
  challengeUntil: number;
}

type RoundEvent =
  | ("RoundOpened" | "ResultPosted")
  | ("RoundFunded" | "FundingRefunded" | "FundingClaimed")
  | ("ContributionSubmitted" | "ContributionRevealed" | "SubmissionBondPaid");

/** Reads what the chain knows of rounds. */
export function roundReaderOf(context: Context) {
  const { provider } = context;
  const rounds = context.at(TrainingRounds);

  async function logsOf(event: RoundEvent, topics: readonly (string | null)[], toBlock: number, signal?: AbortSignal) {
    const logs = await readLogs(
      provider,
      {
        address: String(rounds.target),
        topics: [rounds.interface.getEvent(event).topicHash, ...topics],
        fromBlock: firstBlockOf(context, "TrainingRounds"),
        toBlock,
      },
      signal,
    );

    return logs.map(({ data, topics: indexed }: Log) => rounds.interface.decodeEventLog(event, data, indexed));
  }

  async function roundsOf(topics: readonly (string | null)[], signal?: AbortSignal): Promise<OpenedRound[]> {
    const logs = await logsOf("RoundOpened", topics, await provider.getBlockNumber(), signal);

    return logs.map(({ roundId, opening, uri }) => ({ roundId, opening: openingOf(opening), uri }));
  }

  async function submissionsOf(roundId: string, signal?: AbortSignal): Promise<Submission[]> {
    const block = await provider.getBlockNumber();
    const [submitted, revealed, paid] = await Promise.all(
      (["ContributionSubmitted", "ContributionRevealed", "SubmissionBondPaid"] as const).map((event) =>
        logsOf(event, [bytes32Of(roundId, "roundId")], block, signal),
      ),
    );
    const submissionOf = ({ contributor, commitment }: Result) => `${contributor} ${commitment}`;
    const told = new Map(revealed.map((each) => [submissionOf(each), each]));
    const settled = new Set(paid.map(submissionOf));

    return submitted.map((each) => {
      const { contributor, commitment, kind, units } = each;
      const known = told.get(submissionOf(each));

      return {
        ...{ contributor, commitment, kind: ContributionKind[Number(kind)], units },
        ...{ contentDigest: known?.contentDigest, uri: known?.uri, isSettled: settled.has(submissionOf(each)) },
      };
    });
  }

  return {
    /** Returns rounds that were opened, the oldest first. */
    roundsOf,

    /** Returns a round that was opened. */
    async roundOf(roundId: string): Promise<OpenedRound> {
      const [round] = await roundsOf([bytes32Of(roundId, "roundId")]);
      if (round === undefined) throw new InvalidArgument("roundId", roundId, "the id of a round that was opened here");

      return round;
    },

    async stateOf(roundId: string): Promise<RoundStatus> {
      const round = await rounds.roundOf(bytes32Of(roundId, "roundId"));
      const timeOf = (time: bigint) => (time === 0n ? undefined : Number(time));
      const isFinalised = RoundState[Number(round.state)] === "finalised";

      return {
        state: RoundState[Number(round.state)],
        currency: currencyOf(round.currency),
        ...{ raised: round.raised, forfeits: round.forfeits, unspent: round.unspent, cashLeft: round.cashLeft },
        fundingUntil: Number(round.fundingUntil),
        submissionUntil: Number(round.submissionUntil),
        revealUntil: Number(round.revealUntil),
        reviewUntil: timeOf(round.reviewUntil),
        attempt: Number(round.attempt),
        ...{ challenges: Number(round.challenges), isRejected: round.isRejected },
        challengeUntil: timeOf(round.challengeUntil),
        arbitrationUntil: timeOf(round.arbitrationUntil),
        finaliseUntil: timeOf(round.finaliseUntil),
        root: isFinalised ? round.root : undefined,
        model: isFinalised ? round.model : undefined,
        allocation: round.allocation === 0n ? undefined : round.allocation,
        pool: BigInt(round.pool) === 0n ? undefined : round.pool,
      };
    },

    submissionsOf,

    /** Returns what was revealed, as results take it. */
    async contributionsOf(roundId: string): Promise<Contribution[]> {
      return (await submissionsOf(roundId)).flatMap(({ contributor, contentDigest, kind, units }) =>
        contentDigest === undefined ? [] : [{ contributor, contentDigest, kind, units: String(units) }],
      );
    },

    async fundingsOf(roundId: string, funder?: string): Promise<RoundFundingEntry[]> {
      const block = await provider.getBlockNumber();
      const topics = [bytes32Of(roundId, "roundId"), ...(funder === undefined ? [] : [topicOf(funder)])];
      const [funded, ...settlements] = await Promise.all(
        (["RoundFunded", "FundingRefunded", "FundingClaimed"] as const).map((event) => logsOf(event, topics, block)),
      );
      const settled = new Set(settlements.flat().map(({ offset }) => offset));

      return funded.map(({ funder: account, offset, amount }) => ({
        ...{ offset, funder: account, amount, isSettled: settled.has(offset) },
      }));
    },

    async resultsOf(roundId: string): Promise<PostedResult[]> {
      const logs = await logsOf("ResultPosted", [bytes32Of(roundId, "roundId")], await provider.getBlockNumber());

      return logs.map(({ attempt, result, reviews, challengeUntil }) => ({
        attempt: Number(attempt),
        ...{ manifestDigest: result.manifestDigest, root: result.root, cash: result.cash },
        ...{ mirrorURI: result.mirrorURI, resultURI: result.resultURI },
        reviews: [...reviews].map(({ reviewer, scoresHash, signature }) => ({ reviewer, scoresHash, signature })),
        challengeUntil: Number(challengeUntil),
      }));
    },
  };
}

/** What reads rounds. */
export type RoundReader = ReturnType<typeof roundReaderOf>;

/** Returns an address as logs are searched for it. */
export function topicOf(address: string): string {
  return `0x${address.slice(2).toLowerCase().padStart(64, "0")}`;
}

/** Refuses what a round in another state does not take, before anything is sent for it. */
export function requireState({ state }: RoundStatus, needed: RoundState, roundId: string): void {
  if (state !== needed) throw new InvalidArgument("roundId", roundId, `a round whose state is ${needed}, not ${state}`);
}
