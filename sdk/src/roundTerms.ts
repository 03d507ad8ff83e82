import type { Address } from "./brands.js";
import { AbiCoder, keccak256 } from "ethers";
import { addressOf, byAddress, bytes32Of, numberOf } from "./arguments.js";
import { wholeUnits } from "./channels.js";
import { type Currency, currencyAddress, currencyOf } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { DerivativeMode, Kind, Relation } from "./generated/enums.js";
import type { DerivativeTerms, Parent } from "./registry.js";

/** A round's money; sums are in units of its currency, in decimal. */
export interface RoundMoney<Sum = string> {
  /** What must be raised, or all is paid back. */
  target: Sum;
  /** The most that can be raised. */
  cap: Sum;
  /** What the coordinator gets of it. */
  coordinatorCash: Sum;
  /** What is paid with each submission, with each result, and with each challenge. */
  submissionBond: Sum;
  resultBond: Sum;
  challengeBond: Sum;
}

/** A round's times: last seconds in Unix time, periods in seconds. */
export interface RoundSchedule {
  fundingUntil: number;
  submissionUntil: number;
  revealUntil: number;
  /** To post a result, after revealing and after a challenge that was upheld. */
  reviewPeriod: number;
  challengePeriod: number;
  /** For the arbiter after that. */
  arbitrationPeriod: number;
  /** How many results can be posted. */
  maxAttempts: number;
}

/** The terms of a round, all of them: its id commits to each; plain JSON. */
export interface RoundOpening {
  coordinator: Address;
  /** Who decides about challenges. */
  arbiter: string;
  currency: Currency;
  money: RoundMoney;
  schedule: RoundSchedule;
  /** Whose the model's 1,000,000 shares will be. */
  split: { contributors: number; funders: number; coordinator: number };
  /** How many reviewers must have scored. */
  minReviews: number;
  /** Who scores, ascending. */
  reviewers: string[];
  /** How the model will be registered. */
  model: {
    owner: Address;
    kind: Kind;
    maxHostBps: number;
    /** The highest protocol fee at which it is registered, in basis points. */
    maxFeeBps: number;
    derivatives: Required<DerivativeTerms>;
    /** Ascending. */
    parents: Required<Parent>[];
  };
  /** The sha-256 of the licence that the model will have. */
  licenseDigest: string;
  /** The sha-256 of the budget (see `writeBudget`). */
  budgetDigest: string;
  salt: string;
}

/** Where rounds are. */
export interface RoundPlace {
  chainId: bigint | number;
  /** The address of `TrainingRounds`. */
  contract: string;
}

/** A round's terms as the contract takes them. */
export type SolidityOpening = ReturnType<typeof solidityOpening>;

/** A struct of an event: numbers as bigints. */
type Emitted<T> = T extends number | bigint
  ? bigint
  : T extends readonly (infer Element)[]
    ? readonly Emitted<Element>[]
    : T extends object
      ? { readonly [Name in keyof T]: Emitted<T[Name]> }
      : T;

const OPENING =
  "tuple(address coordinator, address arbiter, address currency, " +
  "tuple(uint96 target, uint96 cap, uint96 coordinatorCash, uint96 submissionBond, uint96 resultBond, uint96 challengeBond) money, " +
  "tuple(uint40 fundingUntil, uint40 submissionUntil, uint40 revealUntil, uint32 reviewPeriod, uint32 challengePeriod, " +
  "uint32 arbitrationPeriod, uint8 maxAttempts) schedule, " +
  "tuple(uint32 contributors, uint32 funders, uint32 coordinator) split, uint8 minReviews, address[] reviewers, " +
  "tuple(address owner, uint8 kind, uint16 maxHostBps, uint16 maxFeeBps, " +
  "tuple(uint8 mode, uint16 rateBps, uint40 duration) derivatives, " +
  "tuple(address model, uint16 rateBps, uint40 until, uint8 relation)[] parents) model, " +
  "bytes32 licenseDigest, bytes32 budgetDigest, bytes32 salt)";

const MAX_SUM = 2n ** 96n - 1n;
const MONEY = ["target", "cap", "coordinatorCash", "submissionBond", "resultBond", "challengeBond"] as const;

/** Largest values of the schedule, by its names. */
const TIMES: RoundSchedule = {
  ...{ fundingUntil: 2 ** 40 - 1, submissionUntil: 2 ** 40 - 1, revealUntil: 2 ** 40 - 1 },
  ...{ reviewPeriod: 2 ** 32 - 1, challengePeriod: 2 ** 32 - 1, arbitrationPeriod: 2 ** 32 - 1, maxAttempts: 255 },
};
const SPLIT = ["contributors", "funders", "coordinator"] as const;

/**
 * Returns a round's id, which commits to all of its terms, and to where it is.
 *
 * @throws {InvalidArgument} when a term cannot be meant.
 * @example
 * const roundId = roundIdOf(opening, { chainId: 8453, contract });
 */
export function roundIdOf(opening: RoundOpening, place: RoundPlace): string {
  return encodedRoundIdOf(solidityOpening(opening), place);
}

/** Returns the id of a round whose terms are as the contract has them. */
export function encodedRoundIdOf(opening: unknown, { chainId, contract }: RoundPlace): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", OPENING],
      [chainId, addressOf(contract, "contract"), opening],
    ),
  );
}

/** Returns a round's terms as the contract takes them. */
export function solidityOpening(opening: RoundOpening) {
  const { coordinator, arbiter, currency, money, schedule, split, minReviews, reviewers, model } = opening;

  return {
    coordinator: addressOf(coordinator, "opening.coordinator"),
    arbiter: addressOf(arbiter, "opening.arbiter"),
    currency: currencyAddress(currency),
    money: fields(MONEY, (name) => sumOf(money[name], `opening.money.${name}`)) as RoundMoney<bigint>,
    schedule: fields(Object.keys(TIMES) as (keyof RoundSchedule)[], (name) =>
      whole(schedule[name], TIMES[name], `opening.schedule.${name}`),
    ) as unknown as RoundSchedule,
    split: fields(SPLIT, (name) => whole(split[name], 2 ** 32 - 1, `opening.split.${name}`)),
    minReviews: whole(minReviews, 255, "opening.minReviews"),
    reviewers: reviewers.map((reviewer, i) => addressOf(reviewer, `opening.reviewers[${i}]`)),
    model: {
      owner: addressOf(model.owner, "opening.model.owner"),
      kind: numberOf(Kind, model.kind, "opening.model.kind"),
      maxHostBps: whole(model.maxHostBps, 2 ** 16 - 1, "opening.model.maxHostBps"),
      maxFeeBps: whole(model.maxFeeBps, 2 ** 16 - 1, "opening.model.maxFeeBps"),
      derivatives: {
        mode: numberOf(DerivativeMode, model.derivatives.mode, "opening.model.derivatives.mode"),
        rateBps: whole(model.derivatives.rateBps, 2 ** 16 - 1, "opening.model.derivatives.rateBps"),
        duration: whole(model.derivatives.duration, 2 ** 40 - 1, "opening.model.derivatives.duration"),
      },
      parents: model.parents.map((parent, i) => ({
        model: addressOf(parent.model, `opening.model.parents[${i}].model`),
        rateBps: whole(parent.rateBps, 2 ** 16 - 1, `opening.model.parents[${i}].rateBps`),
        until: whole(parent.until, 2 ** 40 - 1, `opening.model.parents[${i}].until`),
        relation: numberOf(Relation, parent.relation, `opening.model.parents[${i}].relation`),
      })),
    },
    licenseDigest: bytes32Of(opening.licenseDigest, "opening.licenseDigest"),
    budgetDigest: bytes32Of(opening.budgetDigest, "opening.budgetDigest"),
    salt: bytes32Of(opening.salt, "opening.salt"),
  };
}

/** Returns a round's terms of an event as this SDK gives them. */
export function openingOf(opening: Emitted<SolidityOpening>): RoundOpening {
  const { coordinator, arbiter, currency, money, schedule, split, minReviews, reviewers, model } = opening;
  const { licenseDigest, budgetDigest, salt } = opening;

  return {
    ...{ coordinator, arbiter, currency: currencyOf(currency) },
    money: fields(MONEY, (name) => String(money[name])),
    schedule: fields(Object.keys(TIMES) as (keyof RoundSchedule)[], (name) => Number(schedule[name])),
    split: fields(SPLIT, (name) => Number(split[name])),
    minReviews: Number(minReviews),
    reviewers: [...reviewers],
    model: {
      owner: model.owner,
      kind: Kind[Number(model.kind)],
      maxHostBps: Number(model.maxHostBps),
      maxFeeBps: Number(model.maxFeeBps),
      derivatives: {
        mode: DerivativeMode[Number(model.derivatives.mode)],
        rateBps: Number(model.derivatives.rateBps),
        duration: Number(model.derivatives.duration),
      },
      parents: [...model.parents].map((parent) => ({
        model: parent.model,
        rateBps: Number(parent.rateBps),
        until: Number(parent.until),
        relation: Relation[Number(parent.relation)],
      })),
    },
    ...{ licenseDigest, budgetDigest, salt },
  };
}

/** Returns a round's terms with every address and digest in lower case, and only what belongs to them. */
export function lowerCaseOpening(opening: RoundOpening): RoundOpening {
  const checked = solidityOpening(opening);
  const { model } = opening;
  const lower = (text: string) => text.toLowerCase();

  return {
    coordinator: lower(checked.coordinator),
    arbiter: lower(checked.arbiter),
    currency: opening.currency === "ETH" ? "ETH" : lower(checked.currency),
    money: fields(MONEY, (name) => String(checked.money[name])),
    schedule: checked.schedule,
    split: checked.split,
    minReviews: checked.minReviews,
    reviewers: checked.reviewers.map(lower),
    model: {
      ...{ owner: lower(checked.model.owner), kind: model.kind },
      ...{ maxHostBps: model.maxHostBps, maxFeeBps: model.maxFeeBps },
      derivatives: { ...checked.model.derivatives, mode: model.derivatives.mode },
      parents: checked.model.parents.map((parent, i) => ({
        ...parent,
        ...{ model: lower(parent.model), relation: model.parents[i].relation },
      })),
    },
    licenseDigest: lower(checked.licenseDigest),
    budgetDigest: lower(checked.budgetDigest),
    salt: lower(checked.salt),
  };
}

/** Returns addresses in the order that the contract asks for. */
export function ascendingReviewers(reviewers: readonly string[]): string[] {
  return reviewers.map((reviewer, i) => addressOf(reviewer, `reviewers[${i}]`)).sort(byAddress);
}

function fields<Name extends string, T>(names: readonly Name[], fieldOf: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, fieldOf(name)])) as Record<Name, T>;
}

function sumOf(value: string, argument: string): bigint {
  const units = typeof value === "string" ? wholeUnits(value) : -1n;
  if (units < 0n || units > MAX_SUM) throw new InvalidArgument(argument, value, "units in decimal, at most 2⁹⁶ − 1");

  return units;
}

function whole(value: number, max: number, argument: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;

  throw new InvalidArgument(argument, value, `a whole number from 0 to ${max}`);
}
