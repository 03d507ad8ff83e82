import { hexlify, randomBytes } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, byAddress, TOTAL_SHARES } from "./arguments.js";
import type { Address, ModelId } from "./brands.js";
import { callOf } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress, currencyOf } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { TimelockController } from "./generated/fragments/TimelockController.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import type { DerivativeTerms, Parent } from "./registry.js";
import type { OpenedRound } from "./roundReader.js";
import {
  ascendingReviewers,
  type RoundMoney,
  type RoundOpening,
  roundIdOf,
  type RoundSchedule,
  solidityOpening,
} from "./roundTerms.js";
import { known, type Write, writeOf } from "./writes.js";

/** The terms of a round that is to be opened. What is left out is as little as can be. */
export interface RoundOptions {
  currency: Currency;
  /** In the currency. The coordinator gets nothing, and bonds are 0, unless said otherwise. */
  money: Partial<RoundMoney<Amount>> & Pick<RoundMoney<Amount>, "target" | "cap">;
  /** One result can be posted, unless said otherwise. */
  schedule: Omit<RoundSchedule, "maxAttempts"> & { maxAttempts?: number };
  /** Whose the model's shares will be; 1,000,000 in all. */
  split: RoundOpening["split"];
  /** Who scores, in any order. */
  reviewers: readonly string[];
  /** How many must; all by default. */
  minReviews?: number;
  /** Who decides about challenges; the timelock by default. */
  arbiter?: string;
  /** How the model will be registered. */
  model: Omit<RoundOpening["model"], "owner" | "maxHostBps" | "derivatives" | "parents"> & {
    /** Who gets the ERC-721; the signer by default. */
    owner?: Address;
    maxHostBps?: number;
    derivatives: DerivativeTerms;
    parents?: readonly Parent[];
  };
  /** The sha-256 of the licence that the model will have. */
  licenseDigest: string;
  /** What `writeBudget` returned. */
  budgetDigest: string;
  /** Where licence and budget can be fetched. */
  uri?: string;
  /** 32 bytes in hex; random by default, so pass one to open the very round that `open.simulate` has shown. */
  salt?: string;
}

/** Opening a round. */
export interface RoundOpenings {
  /**
   * Opens a round, as its coordinator. Nothing of it can change from then on.
   *
   * @returns The round's id, its terms, and the id that its model will have.
   * @throws {InvalidArgument} when terms cannot be meant, or do not fit together.
   * @throws {ContractError} such as `RoundPeriodInvalid`, `RoundCurrencyNotListed`, `RoundFeeTooHigh`.
   * @example
   * const { roundId, opening, model } = await rounds.open({ currency: usdc, money, schedule, split, reviewers, … });
   */
  readonly open: Write<RoundOptions, OpenedRound & { model: ModelId }>;
}

/** Binds what coordinators begin with to a runner. */
export function roundOpeningsOf(context: Context): RoundOpenings {
  const { chainId, signer } = context;
  const [rounds, timelock] = [context.at(TrainingRounds), context.at(TimelockController)];
  const { unitsOf } = currenciesOf(context);
  const place = { chainId, contract: String(rounds.target) };

  async function termsOf(options: RoundOptions): Promise<RoundOpening> {
    const coordinator = await signer().getAddress();
    const token = currencyAddress(options.currency);
    const {
      target,
      cap,
      coordinatorCash = 0n,
      submissionBond = 0n,
      resultBond = 0n,
      challengeBond = 0n,
    } = options.money;
    const unitsIn = async (amount: Amount) => String(await unitsOf(token, amount));
    const reviewers = ascendingReviewers(options.reviewers);
    const { owner = coordinator, kind, maxHostBps = 0, maxFeeBps, derivatives, parents = [] } = options.model;

    return {
      coordinator,
      arbiter: addressOf(options.arbiter ?? String(timelock.target), "arbiter"),
      currency: currencyOf(token),
      money: {
        target: await unitsIn(target),
        cap: await unitsIn(cap),
        coordinatorCash: await unitsIn(coordinatorCash),
        submissionBond: await unitsIn(submissionBond),
        resultBond: await unitsIn(resultBond),
        challengeBond: await unitsIn(challengeBond),
      },
      schedule: { maxAttempts: 1, ...options.schedule },
      split: options.split,
      minReviews: options.minReviews ?? reviewers.length,
      reviewers,
      model: {
        ...{ owner: addressOf(owner, "model.owner"), kind, maxHostBps, maxFeeBps },
        derivatives: { rateBps: 0, duration: 0, ...derivatives },
        parents: parents
          .map((parent) => ({ until: 0, ...parent, model: addressOf(parent.model, "model.parents.model") }))
          .sort((a, b) => byAddress(a.model, b.model)),
      },
      licenseDigest: options.licenseDigest,
      budgetDigest: options.budgetDigest,
      salt: options.salt ?? hexlify(randomBytes(32)),
    };
  }

  return {
    open: writeOf(context, async ({ uri = "", ...options }) => {
      const opening = await termsOf(options);
      requireFitting(opening);
      const roundId = roundIdOf(opening, place);
      const call = await callOf(rounds.open, [solidityOpening(opening), uri]);

      return { call, ...known({ roundId, opening, uri, model: await rounds.modelIdOf(roundId) }) };
    }),
  };
}

/** Refuses terms that do not fit together, as far as can be seen without the chain. */
function requireFitting({ money, schedule, split, reviewers, minReviews }: RoundOpening): void {
  const { target, cap, coordinatorCash } = money;
  const shares = split.contributors + split.funders + split.coordinator;
  if (BigInt(target) === 0n || BigInt(target) > BigInt(cap)) {
    throw new InvalidArgument("money.target", target, `a sum above 0 and up to the cap, ${cap} units`);
  }
  if (BigInt(coordinatorCash) > BigInt(target)) {
    throw new InvalidArgument("money.coordinatorCash", coordinatorCash, `at most the target, ${target} units`);
  }
  if (shares !== TOTAL_SHARES) throw new InvalidArgument("split", shares, "shares that sum to 1,000,000");
  if (minReviews < 1 || minReviews > reviewers.length) {
    throw new InvalidArgument("minReviews", minReviews, `1 to the number of reviewers, ${reviewers.length}`);
  }
  if (schedule.submissionUntil < schedule.fundingUntil) {
    const expected = `a time not before the end of funding, ${schedule.fundingUntil}`;
    throw new InvalidArgument("schedule.submissionUntil", schedule.submissionUntil, expected);
  }
}
