import {
  AbiCoder,
  Contract,
  hexlify,
  keccak256,
  randomBytes,
  Signature,
  TypedDataEncoder,
  ZeroAddress,
  ZeroHash,
} from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { send, type Transaction } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument, NetworkFailure, SignatureUnsupported } from "./errors.js";
import { typedError, withTypedErrors } from "./failures.js";

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
  model: string;
  currency: string;
  /** In the currency's smallest units. */
  amount: string;
  ref: string;
  /** Who pays. */
  from: string;
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
  pay(
    options: PaymentOptions & ApprovalOptions & { model: string; amount: Amount },
  ): Promise<Transaction & { amount: bigint }>;

  /**
   * Pays several models in one currency, with a single transfer; otherwise as {@link pay}.
   *
   * @throws {ContractError} such as `PaymentsLengthMismatch` when there are no payments.
   * @example
   * await royalties.payMany({ currency: "ETH", payments: [{ model, amount: "0.1" }, { model: other, amount: "0.2" }] });
   */
  payMany(
    options: PaymentOptions & ApprovalOptions & { payments: readonly { model: string; amount: Amount }[] },
  ): Promise<Transaction & { amount: bigint }>;

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
  payWithPermit(
    options: PaymentOptions & { model: string; amount: Amount; deadline?: number },
  ): Promise<Transaction & { amount: bigint }>;

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
      model: string;
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
  paySigned(signed: SignedPayment): Promise<Transaction & { amount: bigint }>;
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

const AUTHORIZATION_TYPES = {
  ReceiveWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
};

/** What signing needs of a token; every one of these is optional in ERC-20. */
const SIGNING_ABI = [
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function nonces(address) view returns (uint256)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
  "function authorizationState(address, bytes32) view returns (bool)",
];

const PERMIT_TIME = 1_800;
const AUTHORIZATION_TIME = 3_600;

/** Binds payments to a runner. */
export function paymentsOf(context: Context): Payments {
  const { contracts, chainId, runner, provider, signer } = context;
  const { RoyaltyLedger: ledger } = contracts;
  const { unitsOf, provide } = currenciesOf(context);

  const now = async () => (await provider.getBlock("latest"))?.timestamp ?? Math.floor(Date.now() / 1_000);

  function tokenOf(currency: Currency): string {
    const token = currencyAddress(currency);
    if (token === ZeroAddress) throw new InvalidArgument("currency", currency, "the address of an ERC-20");

    return token;
  }

  /** Returns the domain that the token checks signatures with: what it says of itself, compared with what it uses. */
  async function domainOf(address: string, kind: "permit" | "authorization") {
    const token = new Contract(address, SIGNING_ABI, runner);
    const [name, version, separator] = await Promise.all([
      supported(token.name(), address, kind),
      supported(token.version(), address, kind).catch((error: unknown) => {
        if (error instanceof SignatureUnsupported) return "1";
        throw error;
      }),
      supported(token.DOMAIN_SEPARATOR(), address, kind),
    ]);
    const domain = { name, version, chainId, verifyingContract: address };
    if (TypedDataEncoder.hashDomain(domain) !== separator) throw new SignatureUnsupported(address, kind);

    return { token, domain };
  }

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
    async pay({ model, currency, amount, ref = ZeroHash, approve = true }) {
      const [id, token, reference] = [addressOf(model, "model"), currencyAddress(currency), bytes32Of(ref, "ref")];
      const units = await unitsOf(token, amount);
      const overrides = await provide(token, units, approve);

      return { ...(await send(ledger.pay(id, token, units, reference, overrides))), amount: units };
    },

    async payMany({ payments, currency, ref = ZeroHash, approve = true }) {
      const ids = payments.map(({ model }) => addressOf(model, "payments.model"));
      const [token, reference] = [currencyAddress(currency), bytes32Of(ref, "ref")];
      const units = await Promise.all(payments.map(({ amount }) => unitsOf(token, amount)));
      const total = units.reduce((sum, amount) => sum + amount, 0n);
      const overrides = await provide(token, total, approve);

      return { ...(await send(ledger.payMany(ids, token, units, reference, overrides))), amount: total };
    },

    async payWithPermit({ model, currency, amount, ref = ZeroHash, deadline }) {
      const [id, token, reference] = [addressOf(model, "model"), tokenOf(currency), bytes32Of(ref, "ref")];
      const units = await unitsOf(token, amount);
      const owner = await signer().getAddress();
      const until = deadline ?? (await now()) + PERMIT_TIME;
      const { token: contract, domain } = await domainOf(token, "permit");
      const nonce = await supported(contract.nonces(owner), token, "permit");
      const permit = { owner, spender: String(ledger.target), value: units, nonce, deadline: until };
      const { v, r, s } = Signature.from(await signer().signTypedData(domain, PERMIT_TYPES, permit));

      return { ...(await send(ledger.payWithPermit(id, token, units, reference, until, v, r, s))), amount: units };
    },

    async signPayment({ model, currency, amount, ref = ZeroHash, validAfter = 0, validBefore, salt }) {
      const token = tokenOf(currency);
      const unsigned = {
        model: addressOf(model, "model"),
        currency: token,
        amount: String(await unitsOf(token, amount)),
        ref: bytes32Of(ref, "ref"),
        from: await signer().getAddress(),
        validAfter,
        validBefore: validBefore ?? (await now()) + AUTHORIZATION_TIME,
        salt: bytes32Of(salt ?? hexlify(randomBytes(32)), "salt"),
      };
      const { token: contract, domain } = await domainOf(token, "authorization");
      const nonce = await nonceOf(unsigned);
      // A token without ERC-3009 has no such function.
      await supported(contract.authorizationState(unsigned.from, nonce), token, "authorization");
      const signature = await signer().signTypedData(domain, AUTHORIZATION_TYPES, {
        from: unsigned.from,
        to: String(ledger.target),
        value: unsigned.amount,
        validAfter,
        validBefore: unsigned.validBefore,
        nonce,
      });

      return { ...unsigned, signature };
    },

    async paySigned({ model, currency, amount, ref, ...authorization }) {
      if (!/^\d+$/.test(amount)) throw new InvalidArgument("amount", amount, "units in decimal, as signPayment gives");
      const units = BigInt(amount);
      const transaction = await send(
        ledger.payWithAuthorization(
          addressOf(model, "model"),
          addressOf(currency, "currency"),
          units,
          bytes32Of(ref, "ref"),
          authorization,
        ),
      );

      return { ...transaction, amount: units };
    },
  });
}

/** Waits for what not every token has. That the node does not answer says nothing of the token. */
async function supported<T>(view: Promise<T>, token: string, kind: "permit" | "authorization"): Promise<T> {
  try {
    return await view;
  } catch (error) {
    const typed = typedError(error);
    throw typed instanceof NetworkFailure ? typed : new SignatureUnsupported(token, kind, { cause: error });
  }
}

type UnsignedPayment = Omit<SignedPayment, "signature">;
