import type { Address, Digest, ModelId } from "./brands.js";
import { Interface } from "ethers";
import { addressOf } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { currenciesOf } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { isRevert, withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import type { Grant } from "./registry.js";
import type { ResultDiscrepancy } from "./roundChecks.js";
import { type PostedResult, requireState, type RoundReader } from "./roundReader.js";
import type { RoundResult } from "./roundResults.js";
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
import { known, type Write, writeOf } from "./writes.js";

/** What a finalised round has led to. */
export interface Finalised {
  model: ModelId;
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
  signScores(options: { roundId: string; manifestDigest: Digest; scores: readonly Score[] }): Promise<SignedScores>;

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
    manifestDigest: Digest;
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
  readonly postResult: Write<
    { result: RoundResult; mirrorURI?: string; resultURI?: string; approve?: boolean },
    { attempt: number; challengeUntil: number },
    { attempt: number }
  >;

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
  readonly challenge: Write<
    { opening: RoundOpening; attempt?: number; evidenceUri?: string; approve?: boolean },
    { attempt: number }
  >;

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
  readonly resolve: Write<
    { opening: RoundOpening; attempt: number; isUpheld: boolean },
    { forfeit: bigint; until: number | undefined },
    object
  >;

  /**
   * Pays a challenger's bond back, if the challenge was upheld or the round refunds without a decision.
   *
   * @param options.challenger The signer by default; anyone may have it paid to the challenger itself.
   * @throws {ContractError} such as `ChallengeBondNotDue`.
   * @example
   * await rounds.takeChallengeBond({ opening, attempt: 1 });
   */
  readonly takeChallengeBond: Write<
    { opening: RoundOpening; attempt: number; challenger?: string; to?: Address },
    { amount: bigint }
  >;

  /**
   * Registers the model, and lets everybody take what is theirs. Anyone may, once no challenge is open.
   *
   * @param options.grants One for each parent whose terms ask for it, for the model that {@link Rounds.open} told.
   * @throws {InvalidArgument} when no result was posted.
   * @throws {ContractError} such as `RoundTooEarly`, `ChallengesUnresolved`, and what `registry.register` throws.
   * @example
   * const { model } = await rounds.finalise({ opening });
   */
  readonly finalise: Write<{ opening: RoundOpening; grants?: readonly Grant[] }, Finalised, Pick<Finalised, "model">>;

  /**
   * Pays the coordinator, once a round has ended: its part, if it is finalised, and the bond of the result that stood.
   *
   * @param options.to Who gets it; the coordinator by default. Only the coordinator may name another.
   * @throws {ContractError} such as `NothingForCoordinator`.
   * @example
   * const { cash, bond } = await rounds.payCoordinator({ opening });
   */
  readonly payCoordinator: Write<{ opening: RoundOpening; to?: Address }, { cash: bigint; bond: bigint }, object>;

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

const WALLET_ABI = ["function isValidSignature(bytes32, bytes) view returns (bytes4)"];
const IS_SIGNED = "0x1626ba7e";

/** Binds what coordinators, reviewers and challengers do to a runner. */
export function roundDecisionsOf(context: Context, reader: RoundReader): RoundDecisions {
  const { chainId, provider, signer } = context;
  const [rounds, ledger] = [context.at(TrainingRounds), context.at(RoyaltyLedger)];
  const { provide } = currenciesOf(context);
  const place = { chainId, contract: String(rounds.target) };

  /** The contract asks an account that has code, and looks at the key of one that has none. */
  async function isSigned(signed: SignedScores): Promise<boolean> {
    const reviewer = addressOf(signed.reviewer, "reviewer");
    if ((await provider.getCode(reviewer)) === "0x") return verifyScores(signed, place);

    const args = [reviewHashOf(signed, place), signed.signature];
    const data = new Interface(WALLET_ABI).encodeFunctionData("isValidSignature", args);
    const answer = await provider.call({ to: reviewer, data }).catch(async (error: unknown) => {
      if (await isRevert(error)) return "0x";
      throw error;
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
    const { readResult, scoresOf } = await import("./roundResults.js");
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
      const [{ raised }, contributions, model, { aggregateScores }] = await Promise.all([
        reader.stateOf(roundId),
        reader.contributionsOf(roundId),
        rounds.modelIdOf(roundId),
        import("./aggregate.js"),
      ]);

      return aggregateScores({
        ...{ ...place, ledger: String(ledger.target), model, opening, budget, raised },
        ...{ manifestDigest, contributions, reviews },
      });
    },

    async verify({ roundId, json, attempt }) {
      const [facts, { verifyResult }] = await Promise.all([factsOf(roundId, attempt), import("./roundChecks.js")]);

      return withoutWallets(verifyResult(json, facts), json, facts.reviews ?? []);
    },

    postResult: writeOf(context, async ({ result: given, mirrorURI = "", resultURI = "", approve }) => {
      const { readResult, scoresOf } = await import("./roundResults.js");
      const result = readResult(given);
      const status = await reader.stateOf(result.roundId);
      requireState(status, "review", result.roundId);
      const opening = solidityOpening(result.opening);
      const reviews = scoresOf(result).map(({ reviewer, scores, signature }) => ({
        ...{ reviewer, scoresHash: scoresHashOf(scores), signature },
      }));
      const { manifestDigest, root, cash } = result;
      const { value, approvals } = await provide(opening.currency, opening.money.resultBond, approve, rounds);
      const args = [opening, { manifestDigest, root, cash, mirrorURI, resultURI }, reviews] as const;

      return {
        approvals,
        call: await callOf(rounds.postResult, [...args], { value }),
        outcome(receipt) {
          const [{ attempt, challengeUntil }] = eventsOf(receipt, rounds, rounds.getEvent("ResultPosted"));

          return { attempt: Number(attempt), challengeUntil: Number(challengeUntil) };
        },
        preview: () => ({ attempt: status.attempt + 1 }),
      };
    }),

    challenge: writeOf(context, async ({ opening, attempt, evidenceUri = "", approve }) => {
      const terms = solidityOpening(opening);
      const roundId = roundIdOf(opening, place);
      const status = await reader.stateOf(roundId);
      requireState(status, "challenge", roundId);
      const number = attempt ?? status.attempt;
      const { value, approvals } = await provide(terms.currency, terms.money.challengeBond, approve, rounds);
      const call = await callOf(rounds.challenge, [terms, number, evidenceUri], { value });

      return { approvals, call, ...known({ attempt: number }) };
    }),

    resolve: writeOf(context, async ({ opening, attempt, isUpheld }) => ({
      call: await callOf(rounds.resolve, [solidityOpening(opening), attempt, isUpheld]),
      outcome(receipt) {
        const [{ forfeit, until }] = eventsOf(receipt, rounds, rounds.getEvent("ChallengesResolved"));

        return { forfeit, until: until === 0n ? undefined : Number(until) };
      },
      preview: () => ({}),
    })),

    takeChallengeBond: writeOf(context, async ({ opening, attempt, challenger, to }) => {
      const terms = solidityOpening(opening);
      const account = addressOf(challenger ?? (await signer().getAddress()), "challenger");
      const recipient = addressOf(to ?? account, "to");
      const call = await callOf(rounds.takeChallengeBond, [terms, attempt, account, recipient]);

      return { call, ...known({ amount: terms.money.challengeBond }) };
    }),

    finalise: writeOf(context, async ({ opening, grants = [] }) => {
      const { manifestDigest, root, cash, mirrorURI, resultURI } = await currentResult(roundIdOf(opening, place));
      const result = { manifestDigest, root, cash, mirrorURI, resultURI };

      return {
        call: await callOf(rounds.finalise, [solidityOpening(opening), result, [...grants]]),
        outcome(receipt) {
          const [{ model, allocation, pool }] = eventsOf(receipt, rounds, rounds.getEvent("RoundFinalised"));

          return {
            model,
            allocation: allocation === 0n ? undefined : allocation,
            pool: BigInt(pool) === 0n ? undefined : pool,
          };
        },
        preview: (model: string) => ({ model }),
      };
    }),

    payCoordinator: writeOf(context, async ({ opening, to }) => {
      const terms = solidityOpening(opening);

      return {
        call: await callOf(rounds.payCoordinator, [terms, addressOf(to ?? terms.coordinator, "to")]),
        outcome(receipt) {
          const [{ cash, bond }] = eventsOf(receipt, rounds, rounds.getEvent("CoordinatorPaid"));

          return { cash, bond };
        },
        preview: () => ({}),
      };
    }),

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
