import type { Address } from "./brands.js";
import { AbiCoder, hexlify, keccak256, randomBytes, type TransactionReceipt } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import { wholeUnits } from "./channels.js";
import { type Context, contractAt } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { FunderPool } from "./generated/fragments/FunderPool.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import { requireState, type RoundFundingEntry, type RoundReader } from "./roundReader.js";
import { tokenOf, tokenSignaturesOf } from "./tokenSignatures.js";
import { type Write, writeOf } from "./writes.js";

/** Money for a round that was signed and that anyone can send; plain JSON. Who pays needs no ETH. */
export interface SignedFunding {
  roundId: string;
  /** In the currency's smallest units. */
  amount: string;
  /** Who pays, and whose the funding is. */
  from: Address;
  /** It serves after this time and before that one, in Unix time. */
  validAfter: number;
  validBefore: number;
  /** The funder's choice, so that the same can be paid twice. */
  salt: string;
  signature: string;
}

/** What a funding is known by, and how much it is. */
export interface Funded {
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
  readonly fund: Write<{ roundId: string; amount: Amount; approve?: boolean }, Funded>;

  /**
   * As {@link fund}, in an ERC-20 with one transaction: the signer signs a permit (ERC-2612) instead of an approval.
   *
   * @param options.deadline The last second at which the permit serves, in Unix time; in 30 minutes by default.
   * @throws {SignatureUnsupported} when the token takes no permits.
   * @example
   * await rounds.fundWithPermit({ roundId, amount: "500" });
   */
  readonly fundWithPermit: Write<{ roundId: string; amount: Amount; deadline?: number }, Funded>;

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
  readonly fundSigned: Write<SignedFunding, Funded>;

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
  readonly refund: Write<FundingsOptions, { amount: bigint }>;

  /**
   * Gives a funder its shares of a finalised round's model, and its part of what was not spent and of bonds that were lost.
   * What the shares earned before waits in {@link earningsOf}.
   *
   * @throws {InvalidArgument} when there is nothing to claim.
   * @throws {ContractError} such as `RoundNotInState`, `FundingNotFound`.
   * @example
   * const { shares, amount } = await rounds.claimFundings({ roundId });
   */
  readonly claimFundings: Write<FundingsOptions, { shares: bigint; amount: bigint }>;

  /**
   * Returns what a funder's shares earned before it claimed them, in one currency.
   *
   * @param options.funder The signer by default.
   * @throws {InvalidArgument} when the round has no shares for funders, or is not finalised.
   * @example
   * const owed = await rounds.earningsOf({ roundId, currency: "ETH" });
   */
  earningsOf(options: { roundId: string; currency: Currency; funder?: Address }): Promise<bigint>;

  /**
   * Sends a funder {@link earningsOf}: one's own to anywhere, or another funder's to that funder.
   *
   * @throws {ContractError} such as `NothingForFunder`.
   * @example
   * const { amount } = await rounds.withdrawEarnings({ roundId, currency: "ETH" });
   */
  readonly withdrawEarnings: Write<
    {
      roundId: string;
      currency: Currency;
      funder?: Address;
      to?: Address;
    },
    { amount: bigint }
  >;

  /**
   * Returns what was paid into a round, by one funder or by all, the oldest first, from the logs.
   *
   * @example
   * const fundings = await rounds.fundingsOf({ roundId });
   */
  fundingsOf(options: { roundId: string; funder?: Address }): Promise<RoundFundingEntry[]>;
}

interface FundingsOptions {
  roundId: string;
  funder?: Address;
  offsets?: readonly bigint[];
  to?: Address;
}

/** Binds what funders do to a runner. */
export function roundFundsOf(context: Context, reader: RoundReader): RoundFunds {
  const { chainId, provider, reads, signer } = context;
  const rounds = context.at(TrainingRounds);
  const { unitsOf, provide } = currenciesOf(context);
  const { authorizationEnd, signPermit, signTransfer } = tokenSignaturesOf(context);

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

  /** What comes of funding: the functions that do it return the offset. */
  function funded(units: bigint) {
    return {
      outcome(receipt: TransactionReceipt): Funded {
        const [{ offset, amount }] = eventsOf(receipt, rounds, rounds.getEvent("RoundFunded"));

        return { offset, amount };
      },
      preview: (offset: bigint): Funded => ({ offset, amount: units }),
    };
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

  async function poolOf(roundId: string) {
    const { pool } = await reader.stateOf(roundId);
    if (pool === undefined)
      throw new InvalidArgument("roundId", roundId, "a finalised round whose funders have shares");

    return contractAt(FunderPool, pool, reads);
  }

  /** The nonce of money by authorization (ERC-3009), which commits to every argument. */
  function nonceOf({ roundId, amount, from, validAfter, validBefore, salt }: Omit<SignedFunding, "signature">): string {
    const { selector } = rounds.getFunction("fundWithAuthorization").fragment;

    return keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "bytes4", "bytes32", "uint256", "address", "uint256", "uint256", "bytes32"],
        [chainId, rounds.target, selector, roundId, amount, from, validAfter, validBefore, salt],
      ),
    );
  }

  return withTypedErrors<RoundFunds>({
    fund: writeOf(context, async ({ roundId, amount, approve }) => {
      const { currency, units } = await openRound(roundId, amount);
      const { value, approvals } = await provide(currencyAddress(currency), units, approve, rounds);

      return { approvals, call: await callOf(rounds.fund, [roundId, units], { value }), ...funded(units) };
    }),

    fundWithPermit: writeOf(context, async ({ roundId, amount, deadline }) => {
      const { currency, units } = await openRound(roundId, amount);
      const permit = await signPermit(tokenOf(currency), String(rounds.target), units, deadline);
      const args = [roundId, units, permit.deadline, permit.v, permit.r, permit.s] as const;

      return { call: await callOf(rounds.fundWithPermit, [...args]), ...funded(units) };
    }),

    async signFunding({ roundId, amount, validAfter = 0, validBefore, salt = hexlify(randomBytes(32)) }) {
      const { currency, units } = await openRound(roundId, amount);
      const token = tokenOf(currency);
      const unsigned = {
        ...{ roundId, amount: String(units), from: await signer().getAddress(), validAfter },
        validBefore: validBefore ?? (await authorizationEnd()),
        salt: bytes32Of(salt, "salt"),
      };
      const signature = await signTransfer({
        ...{ token, from: unsigned.from, to: String(rounds.target), value: units },
        ...{ validAfter, validBefore: unsigned.validBefore, nonce: nonceOf(unsigned) },
      });

      return { ...unsigned, signature };
    },

    fundSigned: writeOf(context, async ({ roundId, amount, ...authorization }) => {
      const units = wholeUnits(amount);
      const args = [bytes32Of(roundId, "roundId"), units, authorization] as const;

      return { call: await callOf(rounds.fundWithAuthorization, [...args]), ...funded(units) };
    }),

    refund: writeOf(context, async (options) => ({
      call: await callOf(rounds.refund, await settled(options)),
      outcome(receipt) {
        const events = eventsOf(receipt, rounds, rounds.getEvent("FundingRefunded"));

        return { amount: events.reduce((sum, { amount }) => sum + amount, 0n) };
      },
      preview: (amount: bigint) => ({ amount }),
    })),

    claimFundings: writeOf(context, async (options) => ({
      call: await callOf(rounds.claimFundings, await settled(options)),
      outcome(receipt) {
        const events = eventsOf(receipt, rounds, rounds.getEvent("FundingClaimed"));

        return {
          shares: events.reduce((sum, { shares }) => sum + shares, 0n),
          amount: events.reduce((sum, { amount }) => sum + amount, 0n),
        };
      },
      preview: ({ shares, amount }: { shares: bigint; amount: bigint }) => ({ shares, amount }),
    })),

    async earningsOf({ roundId, currency, funder }) {
      const account = addressOf(funder ?? (await signer().getAddress()), "funder");

      return (await poolOf(roundId)).owedTo(account, currencyAddress(currency));
    },

    withdrawEarnings: writeOf(context, async ({ roundId, currency, funder, to }) => {
      const account = addressOf(funder ?? (await signer().getAddress()), "funder");
      const recipient = addressOf(to ?? account, "to");
      const pool = await poolOf(roundId);

      return {
        call: await callOf(pool.withdraw, [account, currencyAddress(currency), recipient]),
        outcome(receipt) {
          const [{ amount }] = eventsOf(receipt, pool, pool.getEvent("FunderPaid"));

          return { amount };
        },
        preview: (amount: bigint) => ({ amount }),
      };
    }),

    async fundingsOf({ roundId, funder }) {
      return reader.fundingsOf(roundId, funder === undefined ? undefined : addressOf(funder, "funder"));
    },
  });
}
