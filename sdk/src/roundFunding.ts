import { AbiCoder, Contract, hexlify, Interface, keccak256, randomBytes } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import { wholeUnits } from "./channels.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { funderPoolAbi } from "./generated/abis/FunderPool.js";
import { trainingRoundsAbi } from "./generated/abis/TrainingRounds.js";
import type { FunderPool } from "./generated/types/FunderPool.js";
import { requireState, type RoundFundingEntry, type RoundReader } from "./roundReader.js";
import type { RoundPlace } from "./roundTerms.js";
import { tokenOf, tokenSignaturesOf } from "./tokenSignatures.js";

/** Money for a round that was signed and that anyone can send; plain JSON. Who pays needs no ETH. */
export interface SignedFunding {
  roundId: string;
  /** In the currency's smallest units. */
  amount: string;
  /** Who pays, and whose the funding is. */
  from: string;
  /** It serves after this time and before that one, in Unix time. */
  validAfter: number;
  validBefore: number;
  /** The funder's choice, so that the same can be paid twice. */
  salt: string;
  signature: string;
}

/** What a funding is known by, and how much it is. */
export interface Funded extends Transaction {
  offset: bigint;
  amount: bigint;
}

/** Paying rounds, and what funders get. Sums are in the round's currency. */
export interface RoundFunds {
  /**
   * Funds a round that is open. Who passes its id agrees to all of its terms: read them first. An ERC-20 is approved first
   * if its allowance is too small.
   *
   * @param options.approve False: do not approve an ERC-20 first, it was done elsewhere.
   * @throws {InvalidArgument} when the round takes no funding.
   * @throws {ContractError} such as `FundingInvalid`, `RoundTooLate`.
   * @example
   * const { offset } = await rounds.fund({ roundId, amount: "500" });
   */
  fund(options: { roundId: string; amount: Amount; approve?: boolean }): Promise<Funded>;

  /**
   * As {@link fund}, in an ERC-20 with one transaction: the signer signs a permit (ERC-2612) instead of an approval.
   *
   * @param options.deadline The last second at which the permit serves, in Unix time; in 30 minutes by default.
   * @throws {SignatureUnsupported} when the token takes no permits.
   * @example
   * await rounds.fundWithPermit({ roundId, amount: "500" });
   */
  fundWithPermit(options: { roundId: string; amount: Amount; deadline?: number }): Promise<Funded>;

  /**
   * Signs money for a round in an ERC-20 (ERC-3009) that anyone can send by {@link fundSigned}; no transaction.
   *
   * @param options.validBefore It serves before this time, in Unix time; for an hour by default.
   * @throws {SignatureUnsupported} when the token takes no authorizations.
   * @example
   * const signed = await rounds.signFunding({ roundId, amount: "500" });
   */
  signFunding(options: {
    roundId: string;
    amount: Amount;
    validAfter?: number;
    validBefore?: number;
    salt?: string;
  }): Promise<SignedFunding>;

  /**
   * Sends money for a round that somebody signed, and pays the gas.
   *
   * @throws {ContractError} as {@link fund}, and what the token says of the signature.
   * @example
   * await rounds.fundSigned(signed);
   */
  fundSigned(signed: SignedFunding): Promise<Funded>;

  /**
   * Pays a funder back when a round has failed, with its part of the bonds that were lost.
   *
   * @param options.funder The signer by default; anyone may have it paid to the funder itself.
   * @param options.offsets Which fundings; all that were not paid back by default.
   * @param options.to Who gets the money; the funder by default.
   * @throws {InvalidArgument} when there is nothing to pay back.
   * @throws {ContractError} such as `RoundNotInState`, `FundingNotFound`.
   * @example
   * const { amount } = await rounds.refund({ roundId });
   */
  refund(options: FundingsOptions): Promise<Transaction & { amount: bigint }>;

  /**
   * Gives a funder its shares of a finalised round's model, and its part of what was not spent and of bonds that were lost.
   * What the shares earned before waits in {@link earningsOf}.
   *
   * @throws {InvalidArgument} when there is nothing to claim.
   * @throws {ContractError} such as `RoundNotInState`, `FundingNotFound`.
   * @example
   * const { shares, amount } = await rounds.claimFundings({ roundId });
   */
  claimFundings(options: FundingsOptions): Promise<Transaction & { shares: bigint; amount: bigint }>;

  /**
   * Returns what a funder's shares earned before it claimed them, in one currency.
   *
   * @param options.funder The signer by default.
   * @throws {InvalidArgument} when the round has no shares for funders, or is not finalised.
   * @example
   * const owed = await rounds.earningsOf({ roundId, currency: "ETH" });
   */
  earningsOf(options: { roundId: string; currency: Currency; funder?: string }): Promise<bigint>;

  /**
   * Sends a funder {@link earningsOf}: one's own to anywhere, or another funder's to that funder.
   *
   * @throws {ContractError} such as `NothingForFunder`.
   * @example
   * const { amount } = await rounds.withdrawEarnings({ roundId, currency: "ETH" });
   */
  withdrawEarnings(options: {
    roundId: string;
    currency: Currency;
    funder?: string;
    to?: string;
  }): Promise<Transaction & { amount: bigint }>;

  /**
   * Returns what was paid into a round, by one funder or by all, the oldest first, from the logs.
   *
   * @example
   * const fundings = await rounds.fundingsOf({ roundId });
   */
  fundingsOf(options: { roundId: string; funder?: string }): Promise<RoundFundingEntry[]>;
}

interface FundingsOptions {
  roundId: string;
  funder?: string;
  offsets?: readonly bigint[];
  to?: string;
}

/** Binds what funders do to a runner. */
export function roundFundsOf(context: Context, reader: RoundReader): RoundFunds {
  const { chainId, contracts, provider, runner, signer } = context;
  const { TrainingRounds: rounds } = contracts;
  const { unitsOf, provide } = currenciesOf(context);
  const { authorizationEnd, signPermit, signTransfer } = tokenSignaturesOf(context);
  const place = { chainId, contract: String(rounds.target) };

  /** Looks at the round before anything is approved or signed for it. */
  async function openRound(roundId: string, amount: Amount) {
    const [status, block] = await Promise.all([reader.stateOf(roundId), provider.getBlock("latest")]);
    requireState(status, "open", roundId);
    // It takes submissions for longer.
    if ((block?.timestamp ?? 0) > status.fundingUntil) {
      throw new InvalidArgument(
        "roundId",
        roundId,
        `a round that takes funding: this one did until ${status.fundingUntil}`,
      );
    }

    return { currency: status.currency, units: await unitsOf(currencyAddress(status.currency), amount) };
  }

  async function funded(sent: Promise<Transaction>): Promise<Funded> {
    const transaction = await sent;
    const [{ offset, amount }] = eventsOf(transaction.receipt, rounds, rounds.getEvent("RoundFunded"));

    return { ...transaction, offset, amount };
  }

  async function settled({ roundId, funder, offsets, to }: FundingsOptions): Promise<[string, bigint[], string]> {
    const account = addressOf(funder ?? (await signer().getAddress()), "funder");
    const recipient = addressOf(to ?? account, "to");
    const all =
      offsets ?? (await reader.fundingsOf(roundId, account)).flatMap((each) => (each.isSettled ? [] : each.offset));
    if (all.length === 0)
      throw new InvalidArgument("funder", account, "one who has paid this round, and was not settled");

    return [bytes32Of(roundId, "roundId"), [...all], recipient];
  }

  async function poolOf(roundId: string): Promise<FunderPool> {
    const { pool } = await reader.stateOf(roundId);
    if (pool === undefined)
      throw new InvalidArgument("roundId", roundId, "a finalised round whose funders have shares");

    return new Contract(pool, funderPoolAbi, runner) as unknown as FunderPool;
  }

  return withTypedErrors<RoundFunds>({
    async fund({ roundId, amount, approve = true }) {
      const { currency, units } = await openRound(roundId, amount);
      const overrides = await provide(currencyAddress(currency), units, approve, rounds);

      return funded(send(rounds.fund(roundId, units, overrides)));
    },

    async fundWithPermit({ roundId, amount, deadline }) {
      const { currency, units } = await openRound(roundId, amount);
      const permit = await signPermit(tokenOf(currency), place.contract, units, deadline);

      return funded(send(rounds.fundWithPermit(roundId, units, permit.deadline, permit.v, permit.r, permit.s)));
    },

    async signFunding({ roundId, amount, validAfter = 0, validBefore, salt = hexlify(randomBytes(32)) }) {
      const { currency, units } = await openRound(roundId, amount);
      const token = tokenOf(currency);
      const unsigned = {
        ...{ roundId, amount: String(units), from: await signer().getAddress(), validAfter },
        validBefore: validBefore ?? (await authorizationEnd()),
        salt: bytes32Of(salt, "salt"),
      };
      const signature = await signTransfer({
        ...{ token, from: unsigned.from, to: place.contract, value: units },
        ...{ validAfter, validBefore: unsigned.validBefore, nonce: fundingNonceOf(unsigned, place) },
      });

      return { ...unsigned, signature };
    },

    async fundSigned({ roundId, amount, ...authorization }) {
      return funded(
        send(rounds.fundWithAuthorization(bytes32Of(roundId, "roundId"), wholeUnits(amount), authorization)),
      );
    },

    async refund(options) {
      const transaction = await send(rounds.refund(...(await settled(options))));
      const events = eventsOf(transaction.receipt, rounds, rounds.getEvent("FundingRefunded"));

      return { ...transaction, amount: events.reduce((sum, { amount }) => sum + amount, 0n) };
    },

    async claimFundings(options) {
      const transaction = await send(rounds.claimFundings(...(await settled(options))));
      const events = eventsOf(transaction.receipt, rounds, rounds.getEvent("FundingClaimed"));

      return {
        ...transaction,
        shares: events.reduce((sum, { shares }) => sum + shares, 0n),
        amount: events.reduce((sum, { amount }) => sum + amount, 0n),
      };
    },

    async earningsOf({ roundId, currency, funder }) {
      const account = addressOf(funder ?? (await signer().getAddress()), "funder");

      return (await poolOf(roundId)).owedTo(account, currencyAddress(currency));
    },

    async withdrawEarnings({ roundId, currency, funder, to }) {
      const account = addressOf(funder ?? (await signer().getAddress()), "funder");
      const recipient = addressOf(to ?? account, "to");
      const pool = await poolOf(roundId);
      const transaction = await send(pool.withdraw(account, currencyAddress(currency), recipient));
      const [{ amount }] = eventsOf(transaction.receipt, pool, pool.getEvent("FunderPaid"));

      return { ...transaction, amount };
    },

    async fundingsOf({ roundId, funder }) {
      return reader.fundingsOf(roundId, funder === undefined ? undefined : addressOf(funder, "funder"));
    },
  });
}

/** The nonce of money by authorization (ERC-3009), which commits to every argument. */
export function fundingNonceOf(
  { roundId, amount, from, validAfter, validBefore, salt }: Omit<SignedFunding, "signature">,
  { chainId, contract }: RoundPlace,
): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "bytes4", "bytes32", "uint256", "address", "uint256", "uint256", "bytes32"],
      [chainId, contract, FUND.selector, roundId, amount, from, validAfter, validBefore, salt],
    ),
  );
}

// biome-ignore lint/style/noNonNullAssertion: the ABI is generated, and has it
const FUND = new Interface(trainingRoundsAbi).getFunction("fundWithAuthorization")!;
