import { Interface } from "ethers";
import { aggregateScores } from "./aggregate.js";
import { addressOf } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import type { Context } from "./context.js";
import { currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument, NetworkFailure } from "./errors.js";
import { withTypedError, withTypedErrors } from "./failures.js";
import type { Grant } from "./registry.js";
import { type ResultDiscrepancy, verifyResult } from "./roundChecks.js";
import { type PostedResult, requireState, type RoundReader } from "./roundReader.js";
import { readResult, type RoundResult, scoresOf } from "./roundResults.js";
import { type RoundOpening, roundIdOf, solidityOpening } from "./roundTerms.js";
import {
  completeScores,
  reviewHashOf,
  type Score,
  scoresHashOf,
  type SignedScores,
  signScores,
  verifyScores,
} from "./scores.js";

/** What a finalised round has led to. */
export interface Finalised extends Transaction {
  model: string;
  /** The number of the contributors' shares in the ledger; undefined if they have none. */
  allocation: bigint | undefined;
  /** Where the shares are that funders have not claimed; undefined if they have none. */
  pool: string | undefined;
}

/** Scores, results, and what is decided about them. */
export interface RoundDecisions {
  /**
   * Signs the scores of a reviewer, the signer, for all that was revealed in a round; no transaction. What is not scored
   * has 0. Sign once revealing has ended: a result needs a score for each contribution.
   *
   * @param options.manifestDigest The sha-256 of the manifest of the model that came of the round.
   * @throws {InvalidArgument} when a score is not one, or of something that was not revealed.
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const signed = await rounds.signScores({ roundId, manifestDigest, scores: [{ contributor, contentDigest, score: 80 }] });
   */
  signScores(options: { roundId: string; manifestDigest: string; scores: readonly Score[] }): Promise<SignedScores>;

  /**
   * Returns whether a reviewer signed scores: by its key, or, where it is a smart wallet, by asking that (ERC-1271).
   *
   * @example
   * if (!(await rounds.verifyScores(signed))) refuse();
   */
  verifyScores(signed: SignedScores): Promise<boolean>;

  /**
   * Makes a round's result of the scores of its reviewers and of what the chain knows: see `aggregateScores`.
   *
   * @param options.budget The budget's text, of which the terms have the digest.
   * @throws {InvalidArgument} when a signature is none, or as `aggregateScores`.
   * @example
   * const result = await rounds.aggregate({ opening, budget, manifestDigest, reviews });
   * await writeFile("result.json", writeResult(result));
   */
  aggregate(options: {
    opening: RoundOpening;
    budget: string;
    manifestDigest: string;
    reviews: readonly SignedScores[];
  }): Promise<RoundResult>;

  /**
   * Makes a result again from the scores in it, compares it with what the chain knows, and returns all that is not right:
   * nothing if it is. See `verifyResult`.
   *
   * @param options.json The result, as text or parsed, from wherever it comes.
   * @param options.attempt Which result it is compared with; by default the newest that was posted, if there is one.
   * @throws {InvalidArgument} when the attempt was not posted.
   * @example
   * const mismatches = await rounds.verify({ roundId, json: await response.text() });
   * if (mismatches.length > 0) await rounds.challenge({ opening, evidenceUri });
   */
  verify(options: { roundId: string; json: unknown; attempt?: number }): Promise<ResultDiscrepancy[]>;

  /**
   * Posts a result, as the coordinator. An ERC-20 is approved first if its allowance for the bond is too small.
   *
   * @param options.mirrorURI Where the model's manifest can be fetched.
   * @param options.resultURI Where the result's JSON can be fetched.
   * @throws {InvalidArgument} when the result is not one, or the round is not in review.
   * @throws {ContractError} such as `ReviewInvalid`, `ResultCashTooHigh`, `RoundTooEarly`.
   * @example
   * const { challengeUntil } = await rounds.postResult({ result, resultURI: "ipfs://…" });
   */
  postResult(options: {
    result: RoundResult;
    mirrorURI?: string;
    resultURI?: string;
    approve?: boolean;
  }): Promise<Transaction & { attempt: number; challengeUntil: number }>;

  /**
   * Challenges the result that stands, for a bond that is lost if the arbiter finds nothing wrong.
   *
   * @param options.attempt The number of the result that is meant; the one that stands by default.
   * @param options.evidenceUri Where the evidence can be fetched.
   * @throws {InvalidArgument} when no result stands.
   * @throws {ContractError} such as `AlreadyChallenged`, `RoundTooLate`.
   * @example
   * await rounds.challenge({ opening, evidenceUri: "ipfs://…" });
   */
  challenge(options: {
    opening: RoundOpening;
    attempt?: number;
    evidenceUri?: string;
    approve?: boolean;
  }): Promise<Transaction & { attempt: number }>;

  /**
   * Decides about all challenges of a result, as the arbiter. The timelock does by vote: see
   * `governance.proposals.resolveRound`.
   *
   * @param options.isUpheld Whether the challenges are right, and the result falls.
   * @returns `until`, the last second to post another result or to finalise this one; undefined if the round refunds.
   * @throws {ContractError} such as `NotRoundArbiter`, `NothingToResolve`.
   * @example
   * await rounds.resolve({ opening, attempt: 1, isUpheld: true });
   */
  resolve(options: {
    opening: RoundOpening;
    attempt: number;
    isUpheld: boolean;
  }): Promise<Transaction & { forfeit: bigint; until: number | undefined }>;

  /**
   * Pays a challenger's bond back, if the challenge was upheld or the round refunds without a decision.
   *
   * @param options.challenger The signer by default; anyone may have it paid to the challenger itself.
   * @throws {ContractError} such as `ChallengeBondNotDue`.
   * @example
   * await rounds.takeChallengeBond({ opening, attempt: 1 });
   */
  takeChallengeBond(options: {
    opening: RoundOpening;
    attempt: number;
    challenger?: string;
    to?: string;
  }): Promise<Transaction & { amount: bigint }>;

  /**
   * Registers the model, and lets everybody take what is theirs. Anyone may, once no challenge is open.
   *
   * @param options.grants One for each parent whose terms ask for it, for the model that {@link Rounds.open} told.
   * @throws {InvalidArgument} when no result was posted.
   * @throws {ContractError} such as `RoundTooEarly`, `ChallengesUnresolved`, and what `registry.register` throws.
   * @example
   * const { model } = await rounds.finalise({ opening });
   */
  finalise(options: { opening: RoundOpening; grants?: readonly Grant[] }): Promise<Finalised>;

  /**
   * Pays the coordinator, once a round has ended: its part, if it is finalised, and the bond of the result that stood.
   *
   * @param options.to Who gets it; the coordinator by default. Only the coordinator may name another.
   * @throws {ContractError} such as `NothingForCoordinator`.
   * @example
   * const { cash, bond } = await rounds.payCoordinator({ opening });
   */
  payCoordinator(options: {
    opening: RoundOpening;
    to?: string;
  }): Promise<Transaction & { cash: bigint; bond: bigint }>;

  /**
   * Returns the results that were posted in a round, the first first, with who scored and what they signed.
   *
   * @example
   * const [{ root, resultURI, reviews }] = await rounds.resultsOf({ roundId });
   */
  resultsOf(options: { roundId: string }): Promise<PostedResult[]>;
}

/** A review as it was posted. */
type SignedHash = PostedResult["reviews"][number];

const WALLET = new Interface(["function isValidSignature(bytes32, bytes) view returns (bytes4)"]);
const IS_SIGNED = "0x1626ba7e";

/** Binds what coordinators, reviewers and challengers do to a runner. */
export function roundDecisionsOf(context: Context, reader: RoundReader): RoundDecisions {
  const { chainId, contracts, provider, signer } = context;
  const { TrainingRounds: rounds, RoyaltyLedger: ledger } = contracts;
  const { provide } = currenciesOf(context);
  const place = { chainId, contract: String(rounds.target) };

  /** The contract asks an account that has code, and looks at the key of one that has none. */
  async function isSigned(signed: SignedScores): Promise<boolean> {
    const reviewer = addressOf(signed.reviewer, "reviewer");
    if ((await provider.getCode(reviewer)) === "0x") return verifyScores(signed, place);

    const data = WALLET.encodeFunctionData("isValidSignature", [reviewHashOf(signed, place), signed.signature]);
    const answer = await withTypedError(provider.call({ to: reviewer, data })).catch((error: unknown) => {
      if (error instanceof NetworkFailure) throw error;
      return "0x";
    });

    return answer.length === 66 && answer.startsWith(IS_SIGNED);
  }

  async function factsOf(roundId: string, attempt?: number) {
    const [{ raised }, contributions, results, model] = await Promise.all([
      reader.stateOf(roundId),
      reader.contributionsOf(roundId),
      reader.resultsOf(roundId),
      rounds.modelIdOf(roundId),
    ]);
    const posted = attempt === undefined ? results.at(-1) : results.find((result) => result.attempt === attempt);
    if (attempt !== undefined && posted === undefined) {
      throw new InvalidArgument("attempt", attempt, "the number of a result that was posted in this round");
    }

    return {
      ...{ chainId: String(chainId), contract: place.contract, ledger: String(ledger.target), roundId, model },
      ...{ raised: String(raised), contributions },
      ...(posted === undefined
        ? {}
        : {
            manifestDigest: posted.manifestDigest,
            root: posted.root,
            cash: String(posted.cash),
            reviews: posted.reviews,
          }),
    };
  }

  /** What wallets have signed, keys cannot tell. What was posted, the contract asked them then: they may have changed. */
  async function withoutWallets(
    mismatches: readonly ResultDiscrepancy[],
    json: unknown,
    posted: readonly SignedHash[],
  ): Promise<ResultDiscrepancy[]> {
    const left: ResultDiscrepancy[] = [];
    for (const mismatch of mismatches) {
      if (mismatch.code === "SignatureInvalid") {
        const signed = scoresOf(readResult(json)).find(({ reviewer }) => reviewer === mismatch.reviewer);
        const isWallet = (await provider.getCode(mismatch.reviewer)) !== "0x";
        if (signed !== undefined && isWallet && (posted.some(sameAs(signed)) || (await isSigned(signed)))) continue;
      }
      left.push(mismatch);
    }

    return left;
  }

  async function currentResult(roundId: string): Promise<PostedResult> {
    const result = (await reader.resultsOf(roundId)).at(-1);
    if (result === undefined) throw new InvalidArgument("opening", roundId, "a round in which a result was posted");

    return result;
  }

  return withTypedErrors<RoundDecisions>({
    async signScores({ roundId, manifestDigest, scores }) {
      const complete = completeScores(await reader.contributionsOf(roundId), scores);

      return signScores(signer(), { roundId, manifestDigest, scores: complete }, place);
    },

    verifyScores: isSigned,

    async aggregate({ opening, budget, manifestDigest, reviews }) {
      const roundId = roundIdOf(opening, place);
      for (const [r, review] of reviews.entries()) {
        if (await isSigned(review)) continue;
        throw new InvalidArgument(`reviews[${r}].signature`, review.signature, `that of ${review.reviewer}`);
      }
      const [{ raised }, contributions, model] = await Promise.all([
        reader.stateOf(roundId),
        reader.contributionsOf(roundId),
        rounds.modelIdOf(roundId),
      ]);

      return aggregateScores({
        ...{ ...place, ledger: String(ledger.target), model, opening, budget, raised },
        ...{ manifestDigest, contributions, reviews },
      });
    },

    async verify({ roundId, json, attempt }) {
      const facts = await factsOf(roundId, attempt);

      return withoutWallets(verifyResult(json, facts), json, facts.reviews ?? []);
    },

    async postResult({ result: given, mirrorURI = "", resultURI = "", approve = true }) {
      const result = readResult(given);
      requireState(await reader.stateOf(result.roundId), "review", result.roundId);
      const opening = solidityOpening(result.opening);
      const reviews = scoresOf(result).map(({ reviewer, scores, signature }) => ({
        ...{ reviewer, scoresHash: scoresHashOf(scores), signature },
      }));
      const { manifestDigest, root, cash } = result;
      const overrides = await provide(
        currencyAddress(result.opening.currency),
        opening.money.resultBond,
        approve,
        rounds,
      );
      const transaction = await send(
        rounds.postResult(opening, { manifestDigest, root, cash, mirrorURI, resultURI }, reviews, overrides),
      );
      const [{ attempt, challengeUntil }] = eventsOf(transaction.receipt, rounds, rounds.getEvent("ResultPosted"));

      return { ...transaction, attempt: Number(attempt), challengeUntil: Number(challengeUntil) };
    },

    async challenge({ opening, attempt, evidenceUri = "", approve = true }) {
      const terms = solidityOpening(opening);
      const roundId = roundIdOf(opening, place);
      const status = await reader.stateOf(roundId);
      requireState(status, "challenge", roundId);
      const number = attempt ?? status.attempt;

      const overrides = await provide(terms.currency, terms.money.challengeBond, approve, rounds);
      return { ...(await send(rounds.challenge(terms, number, evidenceUri, overrides))), attempt: number };
    },

    async resolve({ opening, attempt, isUpheld }) {
      const transaction = await send(rounds.resolve(solidityOpening(opening), attempt, isUpheld));
      const [{ forfeit, until }] = eventsOf(transaction.receipt, rounds, rounds.getEvent("ChallengesResolved"));

      return { ...transaction, forfeit, until: until === 0n ? undefined : Number(until) };
    },

    async takeChallengeBond({ opening, attempt, challenger, to }) {
      const account = addressOf(challenger ?? (await signer().getAddress()), "challenger");
      const recipient = addressOf(to ?? account, "to");
      const transaction = await send(rounds.takeChallengeBond(solidityOpening(opening), attempt, account, recipient));
      const [{ amount }] = eventsOf(transaction.receipt, rounds, rounds.getEvent("ChallengeBondPaid"));

      return { ...transaction, amount };
    },

    async finalise({ opening, grants = [] }) {
      const { manifestDigest, root, cash, mirrorURI, resultURI } = await currentResult(roundIdOf(opening, place));
      const result = { manifestDigest, root, cash, mirrorURI, resultURI };
      const transaction = await send(rounds.finalise(solidityOpening(opening), result, [...grants]));
      const [event] = eventsOf(transaction.receipt, rounds, rounds.getEvent("RoundFinalised"));

      return {
        ...{ ...transaction, model: event.model },
        allocation: event.allocation === 0n ? undefined : event.allocation,
        pool: BigInt(event.pool) === 0n ? undefined : event.pool,
      };
    },

    async payCoordinator({ opening, to }) {
      const terms = solidityOpening(opening);
      const transaction = await send(rounds.payCoordinator(terms, addressOf(to ?? terms.coordinator, "to")));
      const [{ cash, bond }] = eventsOf(transaction.receipt, rounds, rounds.getEvent("CoordinatorPaid"));

      return { ...transaction, cash, bond };
    },

    async resultsOf({ roundId }) {
      return reader.resultsOf(roundId);
    },
  });
}

function sameAs(signed: SignedScores): (posted: SignedHash) => boolean {
  const scoresHash = scoresHashOf(signed.scores);
  const lower = (text: string) => text.toLowerCase();

  return (posted) =>
    lower(posted.reviewer) === lower(signed.reviewer) &&
    lower(posted.signature) === lower(signed.signature) &&
    lower(posted.scoresHash) === lower(scoresHash);
}
