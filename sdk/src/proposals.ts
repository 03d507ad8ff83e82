import type { Address, ModelId } from "./brands.js";
import { ZeroAddress, ZeroHash } from "ethers";
import type { Action } from "./actions.js";
import { type Amount, parseAmount } from "./amounts.js";
import { addressOf, bytes32Of, numberOf } from "./arguments.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { Level } from "./generated/enums.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { SafetyBoard } from "./generated/fragments/SafetyBoard.js";
import { SourceRegistry } from "./generated/fragments/SourceRegistry.js";
import { Stakeholding } from "./generated/fragments/Stakeholding.js";
import { TimelockController } from "./generated/fragments/TimelockController.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import { UsePolicy } from "./generated/fragments/UsePolicy.js";
import { WealToken } from "./generated/fragments/WealToken.js";
import { requireState, roundReaderOf } from "./roundReader.js";
import { type RoundOpening, solidityOpening } from "./roundTerms.js";
import { type SafetyReason, type SafetySubject, solidityReason } from "./safetyReasons.js";

/**
 * Actions for the main governor: how the protocol develops, and how models may be used. What can be seen to be wrong
 * without the chain is refused here; of the rest `governance.simulate` tells before it is proposed.
 */
export interface Proposals {
  /* DEVELOPMENT */

  /**
   * Pays somebody from the treasury.
   *
   * @throws {InvalidArgument} when the recipient is not an address.
   * @throws {InvalidAmount} when the amount is not one.
   * @example
   * const grant = await governance.proposals.grant({ to: lab, currency: usdc, amount: "25000" });
   */
  grant(options: { to: Address; currency: Currency; amount: Amount }): Promise<Action>;

  /**
   * Funds a round from the treasury, which gets shares of its model. An ERC-20 is approved first, for that much.
   *
   * @returns One action in ETH, two in an ERC-20.
   * @throws {InvalidArgument} when the round does not take funding.
   * @throws {InvalidAmount} when the amount is not one.
   * @example
   * const actions = [governance.proposals.fundRound({ roundId, amount: "25000" })];
   * await governance.propose({ actions, description: "Fund the open translation model" });
   */
  fundRound(options: { roundId: string; amount: Amount }): Promise<Action[]>;

  /**
   * Decides about the challenges of a round's result, of which the timelock is the arbiter.
   *
   * @throws {InvalidArgument} when the terms name another arbiter.
   * @example
   * const uphold = await governance.proposals.resolveRound({ opening, attempt: 1, isUpheld: true });
   */
  resolveRound(options: { opening: RoundOpening; attempt: number; isUpheld: boolean }): Promise<Action>;

  /**
   * Sets the protocol fee of future models, in basis points, 0 to 250.
   *
   * @throws {InvalidArgument} when the fee is not that.
   */
  setProtocolFee(options: { feeBps: number }): Promise<Action>;

  /** Lists an ERC-20, for ever. */
  addCurrency(options: { currency: string }): Promise<Action>;

  /**
   * Sets how much WEAL models are paid for the fees that they bring in a currency.
   *
   * @param options.weal For one whole unit of the currency (one ETH, one USDC); 0 for none.
   * @throws {InvalidArgument} when the currency is WEAL.
   * @example
   * await governance.proposals.setStakeholdingRate({ currency: "ETH", weal: "2000" });
   */
  setStakeholdingRate(options: { currency: Currency; weal: Amount }): Promise<Action>;

  /** Sets how much WEAL models may be paid in 30 days, all together. */
  setStakeholdingCap(options: { weal: Amount }): Promise<Action>;

  /* USE */

  /**
   * Publishes a version of the use policy.
   *
   * @param options.digest The sha-256 of its text, 32 bytes in hex.
   * @param options.clauseCount How many clauses it has; they are numbered from 1.
   * @param options.uri Where the text can be fetched.
   * @throws {InvalidArgument} when the digest is not that, or there are no clauses.
   */
  publishPolicy(options: { digest: string; clauseCount: number; uri?: string }): Promise<Action>;

  /** Names or dismisses a verifier of sources. One who is named counts after 30 days. */
  setVerifier(options: { verifier: Address; allowed: boolean }): Promise<Action>;

  /**
   * Sets how many verifiers must attest whose a source is, 1 to 255; it counts after 30 days.
   *
   * @throws {InvalidArgument} when it is not that.
   */
  setVerifierThreshold(options: { threshold: number }): Promise<Action>;

  /** Cancels a claim of a source that waits. */
  cancelSourceClaim(options: { source: string }): Promise<Action>;

  /* SAFETY'S GOVERNOR */

  /** Puts another timelock in charge of safety. */
  setSafetyGovernance(options: { timelock: Address }): Promise<Action>;
}

/** Actions for the safety governor. */
export interface SafetyProposals {
  /**
   * Issues an advisory that lasts until a vote changes it, in place of what stands.
   *
   * @throws {InvalidArgument} when the reason is not one.
   * @example
   * governance.safety.proposals.decideAdvisory({ model, level: "recalled", reason, evidenceUri: "ipfs://…" });
   */
  decideAdvisory(
    options: SafetySubject & { level: Exclude<Level, "none">; reason: SafetyReason; evidenceUri?: string },
  ): Promise<Action>;

  /** Lifts all that stands on a model, or on one version of it. */
  liftAdvisory(options: SafetySubject): Promise<Action>;

  /** Lets the board restrict a model once more. */
  rearm(options: { model: ModelId }): Promise<Action>;

  /** Names or dismisses a member of the board. */
  setMember(options: { account: Address; allowed: boolean }): Promise<Action>;
}

const WEAL_DECIMALS = 18;
const MAX_PROTOCOL_FEE_BPS = 250;
const MAX_UINT8 = 255;
const MAX_UINT16 = 65_535;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT128 = 2n ** 128n - 1n;
/** A rate refers to so many decimals of a currency. */
const RATE_DECIMALS = 18;

/** Binds the main governor's actions to the contracts. */
export function proposalsOf(context: Context): Proposals {
  const { at } = context;
  const [ledger, sources, stakeholding] = [at(RoyaltyLedger), at(SourceRegistry), at(Stakeholding)];
  const [usePolicy, board, weal, timelock] = [at(UsePolicy), at(SafetyBoard), at(WealToken), at(TimelockController)];
  const rounds = at(TrainingRounds);
  const { unitsOf } = currenciesOf(context);

  return withTypedErrors<Proposals>({
    async fundRound({ roundId, amount }) {
      const status = await roundReaderOf(context).stateOf(roundId);
      requireState(status, "open", roundId);
      const token = currencyAddress(status.currency);
      const units = await unitsOf(token, amount);
      const funding = actionOf(rounds, rounds.interface.encodeFunctionData("fund", [roundId, units]));
      if (token === ZeroAddress) return [{ ...funding, value: units }];

      // Any ERC-20 has WEAL's approve.
      const approval = weal.interface.encodeFunctionData("approve", [String(rounds.target), units]);
      return [{ target: token, data: approval }, funding];
    },

    async grant({ to, currency, amount }) {
      const [recipient, token] = [accountOf(to, "to"), currencyAddress(currency)];
      const units = await unitsOf(token, amount);
      if (token === ZeroAddress) return { target: recipient, value: units, data: "0x" };

      // Any ERC-20 has WEAL's transfer.
      return { target: token, data: weal.interface.encodeFunctionData("transfer", [recipient, units]) };
    },

    async setStakeholdingRate({ currency, weal: perUnit }) {
      const token = currencyAddress(currency);
      if (token === weal.target) throw new InvalidArgument("currency", token, "a currency other than WEAL");
      const wholeUnit = await unitsOf(token, "1");
      const rate = (parseAmount(perUnit, WEAL_DECIMALS) * 10n ** BigInt(RATE_DECIMALS)) / wholeUnit;

      uint128Of(rate, "weal", "a smaller rate");

      return actionOf(stakeholding, stakeholding.interface.encodeFunctionData("setRate", [token, rate]));
    },

    async resolveRound({ opening, attempt, isUpheld }) {
      const terms = solidityOpening(opening);
      if (terms.arbiter !== timelock.target) {
        throw new InvalidArgument("opening.arbiter", terms.arbiter, `the timelock, ${timelock.target}`);
      }
      wholeOf(attempt, 1, MAX_UINT8, "attempt", "the number of a result");

      return actionOf(rounds, rounds.interface.encodeFunctionData("resolve", [terms, attempt, isUpheld]));
    },

    async setProtocolFee({ feeBps }) {
      wholeOf(feeBps, 0, MAX_PROTOCOL_FEE_BPS, "feeBps", "whole basis points");

      return actionOf(ledger, ledger.interface.encodeFunctionData("setProtocolFee", [feeBps]));
    },

    async addCurrency({ currency }) {
      return actionOf(ledger, ledger.interface.encodeFunctionData("addCurrency", [accountOf(currency, "currency")]));
    },

    async setStakeholdingCap({ weal: cap }) {
      const units = parseAmount(cap, WEAL_DECIMALS);
      uint128Of(units, "weal", "a smaller cap");

      return actionOf(stakeholding, stakeholding.interface.encodeFunctionData("setEpochCap", [units]));
    },

    async publishPolicy({ digest, clauseCount, uri = "" }) {
      wholeOf(clauseCount, 1, MAX_UINT16, "clauseCount", "a number of clauses");
      const policy = [digestOf(digest, "digest"), clauseCount, uri] as const;

      return actionOf(usePolicy, usePolicy.interface.encodeFunctionData("publishPolicy", [...policy]));
    },

    async setVerifier({ verifier, allowed }) {
      const account = addressOf(verifier, "verifier");

      return actionOf(sources, sources.interface.encodeFunctionData("setVerifier", [account, allowed]));
    },

    async setVerifierThreshold({ threshold }) {
      wholeOf(threshold, 1, MAX_UINT8, "threshold", "a number of verifiers");

      return actionOf(sources, sources.interface.encodeFunctionData("setThreshold", [threshold]));
    },

    async cancelSourceClaim({ source }) {
      // Governance needs no attestations, nor a deadline for them.
      const call = sources.interface.encodeFunctionData("cancelClaim", [addressOf(source, "source"), 0, []]);

      return actionOf(sources, call);
    },

    async setSafetyGovernance({ timelock: account }) {
      const successor = addressOf(account, "timelock");
      if (successor === ZeroAddress || successor === timelock.target) {
        throw new InvalidArgument("timelock", successor, "a timelock that is not the main one");
      }

      return actionOf(board, board.interface.encodeFunctionData("setSafetyGovernance", [successor]));
    },
  });
}

/** Binds the safety governor's actions to the contracts. */
export function safetyProposalsOf({ at }: Context): SafetyProposals {
  const board = at(SafetyBoard);

  return withTypedErrors<SafetyProposals>({
    async decideAdvisory({ model, version = 0, level, reason, evidenceUri = "" }) {
      if ((level as Level) === "none") throw new InvalidArgument("level", level, "a level, or propose liftAdvisory");
      const [id, number] = [addressOf(model, "model"), numberOf(Level, level, "level")];
      digestOf(reason.evidenceDigest, "reason.evidenceDigest");
      if (reason.ground === "usePolicy") {
        wholeOf(reason.clause, 1, MAX_UINT16, "reason.clause", "a clause's number");
        wholeOf(reason.policyVersion, 1, MAX_UINT32, "reason.policyVersion", "a version of the policy");
      }
      const advisory = [id, version, number, solidityReason(reason), evidenceUri] as const;

      return actionOf(board, board.interface.encodeFunctionData("decide", [...advisory]));
    },

    async liftAdvisory({ model, version = 0 }) {
      return actionOf(board, board.interface.encodeFunctionData("lift", [addressOf(model, "model"), version]));
    },

    async rearm({ model }) {
      return actionOf(board, board.interface.encodeFunctionData("rearm", [addressOf(model, "model")]));
    },

    async setMember({ account, allowed }) {
      const member = accountOf(account, "account");

      return actionOf(board, board.interface.encodeFunctionData("setMember", [member, allowed]));
    },
  });
}

function actionOf({ target }: { target: unknown }, data: string): Action {
  return { target: String(target), data };
}

function accountOf(value: string, argument: string): string {
  const account = addressOf(value, argument);
  if (account === ZeroAddress) throw new InvalidArgument(argument, account, "an account that somebody has");

  return account;
}

function digestOf(value: string, argument: string): string {
  const digest = bytes32Of(value, argument);
  if (digest === ZeroHash) throw new InvalidArgument(argument, digest, "a sha-256, which is never zero");

  return digest;
}

function uint128Of(value: bigint, argument: string, expected: string): void {
  if (value > MAX_UINT128) throw new InvalidArgument(argument, value, expected);
}

function wholeOf(value: number, min: number, max: number, argument: string, what: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;

  throw new InvalidArgument(argument, value, `${what}, ${min} to ${max}`);
}
