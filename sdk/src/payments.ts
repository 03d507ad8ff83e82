import type { Address, ModelId } from "./brands.js";
import { AbiCoder, hexlify, keccak256, randomBytes, ZeroHash } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { callOf } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { tokenOf, tokenSignaturesOf } from "./tokenSignatures.js";
import { known, type Write, writeOf } from "./writes.js";

/** What a payment is made with. */
interface PaymentOptions {
  currency: Currency;
  /** 32 bytes of the payer's own in hex, for bookkeeping; zero by default. */
  ref?: string;
}

/** Whether the ledger is allowed to take an ERC-20 first, in a transaction of its own. */
interface ApprovalOptions {
  /** False: do not approve an ERC-20 first, it was done elsewhere. */
  approve?: boolean;
}

/** A payment that was signed and that anyone can send; plain JSON. The payer needs no ETH. */
export interface SignedPayment {
  model: ModelId;
  currency: string;
  /** In the currency's smallest units. */
  amount: string;
  ref: string;
  /** Who pays. */
  from: Address;
  /** It serves after this time and before that one, in Unix time. */
  validAfter: number;
  validBefore: number;
  /** The payer's choice, so that the same can be paid twice. */
  salt: string;
  signature: string;
}

/** The ways to pay models. Sums are in the currency's smallest units. */
export interface Payments {
  /**
   * Pays a model. An ERC-20 is approved first if its allowance is too small: for this amount, in a transaction of its own.
   *
   * @throws {InvalidAmount} when the amount is neither a bigint nor a decimal string.
   * @throws {TooManyDecimals} when the amount has more decimals than the currency.
   * @throws {ContractError} such as `ModelNotOpened`, `CurrencyNotListed`, `ERC20InsufficientBalance`.
   * @throws {InsufficientFunds} when there is too little ETH.
   * @example
   * await royalties.pay({ model, currency: usdc, amount: "12.5" });
   */
  readonly pay: Write<PaymentOptions & ApprovalOptions & { model: ModelId; amount: Amount }, { amount: bigint }>;

  /**
   * Pays several models in one currency, with a single transfer; otherwise as {@link pay}.
   *
   * @throws {ContractError} such as `PaymentsLengthMismatch` when there are no payments.
   * @example
   * await royalties.payMany({ currency: "ETH", payments: [{ model, amount: "0.1" }, { model: other, amount: "0.2" }] });
   */
  readonly payMany: Write<
    PaymentOptions & ApprovalOptions & { payments: readonly { model: ModelId; amount: Amount }[] },
    { amount: bigint }
  >;

  /**
   * Pays a model in an ERC-20 with one transaction: the signer signs a permit (ERC-2612) instead of sending an approval.
   *
   * @param options.deadline The last second at which the permit serves, in Unix time; in 30 minutes by default.
   * @throws {SignatureUnsupported} when the token takes no permits.
   * @throws {UserRejected} when the wallet's user says no.
   * @throws {ContractError} as {@link pay}.
   * @example
   * await royalties.payWithPermit({ model, currency: usdc, amount: "12.5" });
   */
  readonly payWithPermit: Write<
    PaymentOptions & { model: ModelId; amount: Amount; deadline?: number },
    { amount: bigint }
  >;

  /**
   * Signs a payment in an ERC-20 (ERC-3009) that anyone can send by {@link paySigned}; no transaction. Nobody can change
   * anything of it.
   *
   * @param options.validAfter It serves after this time, in Unix time; at once by default.
   * @param options.validBefore It serves before this time, in Unix time; for an hour by default.
   * @throws {SignatureUnsupported} when the token takes no authorizations.
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const signed = await royalties.signPayment({ model, currency: usdc, amount: "12.5" });
   */
  signPayment(
    options: PaymentOptions & {
      model: ModelId;
      amount: Amount;
      validAfter?: number;
      validBefore?: number;
      salt?: string;
    },
  ): Promise<SignedPayment>;

  /**
   * Sends a payment that somebody signed, and pays the gas.
   *
   * @throws {ContractError} as {@link pay}, and what the token says of the signature.
   * @example
   * await royalties.paySigned(signed);
   */
  readonly paySigned: Write<SignedPayment, { amount: bigint }>;
}

/** Binds payments to a runner. */
export function paymentsOf(context: Context): Payments {
  const { chainId, signer } = context;
  const ledger = context.at(RoyaltyLedger);
  const { unitsOf, provide } = currenciesOf(context);
  const { authorizationEnd, signPermit, signTransfer } = tokenSignaturesOf(context);

  /** The nonce that the ledger computes for {@link SignedPayment}, from all that was passed. */
  async function nonceOf({ model, currency, amount, ref, from, validAfter, validBefore, salt }: UnsignedPayment) {
    const { selector } = ledger.getFunction("payWithAuthorization").fragment;

    return keccak256(
      AbiCoder.defaultAbiCoder().encode(
        [
          "uint256",
          "address",
          "bytes4",
          "address",
          "address",
          "uint256",
          "bytes32",
          "address",
          "uint256",
          "uint256",
          "bytes32",
        ],
        [chainId, ledger.target, selector, model, currency, amount, ref, from, validAfter, validBefore, salt],
      ),
    );
  }

  return withTypedErrors<Payments>({
    pay: writeOf(context, async ({ model, currency, amount, ref = ZeroHash, approve }) => {
      const [id, token, reference] = [addressOf(model, "model"), currencyAddress(currency), bytes32Of(ref, "ref")];
      const units = await unitsOf(token, amount);
      const { value, approvals } = await provide(token, units, approve);
      const call = await callOf(ledger.pay, [id, token, units, reference], { value });

      return { approvals, call, ...known({ amount: units }) };
    }),

    payMany: writeOf(context, async ({ payments, currency, ref = ZeroHash, approve }) => {
      const ids = payments.map(({ model }) => addressOf(model, "payments.model"));
      const [token, reference] = [currencyAddress(currency), bytes32Of(ref, "ref")];
      const units = await Promise.all(payments.map(({ amount }) => unitsOf(token, amount)));
      const total = units.reduce((sum, amount) => sum + amount, 0n);
      const { value, approvals } = await provide(token, total, approve);
      const call = await callOf(ledger.payMany, [ids, token, units, reference], { value });

      return { approvals, call, ...known({ amount: total }) };
    }),

    payWithPermit: writeOf(context, async ({ model, currency, amount, ref = ZeroHash, deadline }) => {
      const [id, token, reference] = [addressOf(model, "model"), tokenOf(currency), bytes32Of(ref, "ref")];
      const units = await unitsOf(token, amount);
      const permit = await signPermit(token, String(ledger.target), units, deadline);
      const args = [id, token, units, reference, permit.deadline, permit.v, permit.r, permit.s] as const;

      return { call: await callOf(ledger.payWithPermit, [...args]), ...known({ amount: units }) };
    }),

    async signPayment({ model, currency, amount, ref = ZeroHash, validAfter = 0, validBefore, salt }) {
      const token = tokenOf(currency);
      const unsigned = {
        model: addressOf(model, "model"),
        currency: token,
        amount: String(await unitsOf(token, amount)),
        ref: bytes32Of(ref, "ref"),
        from: await signer().getAddress(),
        validAfter,
        validBefore: validBefore ?? (await authorizationEnd()),
        salt: bytes32Of(salt ?? hexlify(randomBytes(32)), "salt"),
      };
      const { from, amount: value } = unsigned;
      const signature = await signTransfer({
        ...{ token, from, to: String(ledger.target), value, nonce: await nonceOf(unsigned) },
        ...{ validAfter, validBefore: unsigned.validBefore },
      });

      return { ...unsigned, signature };
    },

    paySigned: writeOf(context, async ({ model, currency, amount, ref, ...authorization }) => {
      if (!/^\d+$/.test(amount)) throw new InvalidArgument("amount", amount, "units in decimal, as signPayment gives");
      const units = BigInt(amount);
      const call = await callOf(ledger.payWithAuthorization, [
        addressOf(model, "model"),
        addressOf(currency, "currency"),
        units,
        bytes32Of(ref, "ref"),
        authorization,
      ]);

      return { call, ...known({ amount: units }) };
    }),
  });
}

type UnsignedPayment = Omit<SignedPayment, "signature">;
