import { hexlify, randomBytes } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import { type Context, firstBlockOf } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import {
  endOf,
  type LicenseEnd,
  licenseOfferOf,
  type LicenseOffer,
  offerIdOf,
  priceOf,
  purchaseNonceOf,
  type SignedPurchase,
  solidityOffer,
} from "./licenses.js";
import { readLogs } from "./logs.js";
import { tokenOf, tokenSignaturesOf } from "./tokenSignatures.js";

/** What is bought, and for whom. */
interface PurchaseOptions {
  /** The offer's terms, as `offer` and `offersOf` give them. */
  offer: LicenseOffer;
  /** Who gets the licence; the signer by default. */
  recipient?: string;
  /** How many periods, 1 by default; 1 of what is for ever. */
  periods?: number;
  /**
   * The version of the use policy that the buyer has read (`safety.policy`). By default the one that holds now is agreed
   * to, whatever it says; name it if somebody has to read it first.
   */
  policyVersion?: number;
}

/** What a purchase leads to. */
export interface Bought extends Transaction {
  /** The licence as a token, which cannot be transferred. */
  tokenId: bigint;
  /** What was paid, in the currency's smallest units. */
  price: bigint;
  expiresAt: LicenseEnd;
  /** The version of the use policy that the licence names. */
  policyVersion: number;
}

/** An account's licence from one offer. */
export interface License {
  tokenId: bigint;
  /** It may have passed. */
  expiresAt: LicenseEnd;
  policyVersion: number;
}

/** An offer, and what became of it. */
export interface PostedOffer {
  offerId: string;
  offer: LicenseOffer;
  /** Where its text can be fetched; compare the sha-256 of what comes with `offer.textDigest`. */
  textUri: string;
  state: "open" | "closed";
  /** How many licences there are. */
  sold: number;
}

/** Selling and buying licences of models. Sums are in the currency's smallest units. */
export interface Licensing {
  /**
   * Offers licences of a model, as its owner. Terms never change: close the offer and post another.
   *
   * @param options.price For one period, or for ever; 0 for a licence that is free.
   * @param options.duration Of a period, in seconds; for ever by default.
   * @param options.supply How many licences there can be; any number by default.
   * @param options.textDigest The sha-256 of the licence's text, 32 bytes in hex.
   * @param options.textUri Where the text can be fetched.
   * @throws {InvalidAmount} when the price is neither a bigint nor a decimal string.
   * @throws {TooManyDecimals} when it has more decimals than the currency.
   * @throws {ContractError} such as `NotOfferOwner`, `OfferCurrencyNotListed`, `LicensedModelRestricted`.
   * @example
   * const { offer } = await licensing.offer({ model, currency: usdc, price: "20", duration: 30 * 86_400, textDigest });
   */
  offer(options: {
    model: string;
    currency: Currency;
    price: Amount;
    duration?: number;
    supply?: number;
    textDigest: string;
    textUri?: string;
    salt?: string;
  }): Promise<Transaction & { offerId: string; offer: LicenseOffer }>;

  /**
   * Closes an offer for good, as the model's owner. What was bought stays valid.
   *
   * @throws {ContractError} such as `NotOfferOwner`, `OfferNotOpen`.
   * @example
   * await licensing.closeOffer({ offer });
   */
  closeOffer(options: { offer: LicenseOffer }): Promise<Transaction>;

  /**
   * Buys a licence, or extends it from its present end. An ERC-20 is approved first, for the store and the price, in a
   * transaction of its own, if the allowance is too small.
   *
   * @param options.policyVersion The version of the use policy that holds now, if nothing else is said.
   * @param options.approve False: do not approve an ERC-20 first, it was done elsewhere.
   * @throws {ContractError} such as `OfferNotOpen`, `OfferSoldOut`, `PolicyVersionChanged`, `LicensePerpetual`.
   * @throws {InsufficientFunds} when there is too little ETH.
   * @example
   * const { expiresAt } = await licensing.buy({ offer, periods: 12 });
   */
  buy(options: PurchaseOptions & { approve?: boolean }): Promise<Bought>;

  /**
   * Buys in an ERC-20 with one transaction: the signer signs a permit (ERC-2612) instead of sending an approval.
   *
   * @param options.deadline The last second at which the permit serves, in Unix time; in 30 minutes by default.
   * @throws {SignatureUnsupported} when the token takes no permits.
   * @throws {UserRejected} when the wallet's user says no.
   * @throws {ContractError} as {@link buy}.
   * @example
   * await licensing.buyWithPermit({ offer });
   */
  buyWithPermit(options: PurchaseOptions & { deadline?: number }): Promise<Bought>;

  /**
   * Signs a purchase in an ERC-20 (ERC-3009) that anyone can send by {@link buySigned}; no transaction. Nobody can
   * change anything of it, and it serves only while the named version of the use policy holds.
   *
   * @param options.validAfter It serves after this time, in Unix time; at once by default.
   * @param options.validBefore It serves before this time, in Unix time; for an hour by default.
   * @throws {SignatureUnsupported} when the token takes no authorizations.
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const signed = await licensing.signPurchase({ offer });
   */
  signPurchase(
    options: PurchaseOptions & { validAfter?: number; validBefore?: number; salt?: string },
  ): Promise<SignedPurchase>;

  /**
   * Sends a purchase that somebody signed, and pays the gas.
   *
   * @throws {ContractError} as {@link buy}, and what the token says of the signature.
   * @example
   * await licensing.buySigned(signed);
   */
  buySigned(signed: SignedPurchase): Promise<Bought>;

  /**
   * Returns whether an account has a licence of a model that has not ended, from whichever of its offers.
   *
   * @example
   * if (!(await licensing.isLicensed({ model, account }))) await licensing.buy({ offer });
   */
  isLicensed(options: { model: string; account: string }): Promise<boolean>;

  /**
   * Returns when an account's longest licence of a model ends, or ended; undefined if it never had one.
   *
   * @example
   * const end = await licensing.licensedUntil({ model, account }); // 1798761600
   */
  licensedUntil(options: { model: string; account: string }): Promise<LicenseEnd | undefined>;

  /**
   * Returns an account's licence from one offer, or undefined if it never had one.
   *
   * @example
   * const license = await licensing.licenseOf({ offer, account });
   */
  licenseOf(options: { offer: LicenseOffer; account: string }): Promise<License | undefined>;

  /**
   * Returns all offers of a model, the oldest first, from the logs.
   *
   * @example
   * const open = (await licensing.offersOf({ model })).filter(({ state }) => state === "open");
   */
  offersOf(options: { model: string }): Promise<PostedOffer[]>;
}

const CLOSED = 2n;

/** Binds licences to a runner. */
export function licensingOf(context: Context): Licensing {
  const { contracts, chainId, provider, signer } = context;
  const { LicenseStore: store, UsePolicy: usePolicy } = contracts;
  const { unitsOf, provide } = currenciesOf(context);
  const { authorizationEnd, signPermit, signTransfer } = tokenSignaturesOf(context);
  const address = String(store.target);

  /** Fills in what a buyer left out. */
  async function purchaseOf({ recipient, periods = 1, policyVersion }: PurchaseOptions) {
    return {
      recipient: recipient === undefined ? await signer().getAddress() : addressOf(recipient, "recipient"),
      periods: wholeNumber(periods, "periods", 2 ** 16 - 1),
      policyVersion:
        policyVersion === undefined
          ? Number(await usePolicy.policyVersion())
          : wholeNumber(policyVersion, "policyVersion", 2 ** 32 - 1),
    };
  }

  function boughtIn(transaction: Transaction): Bought {
    const [{ tokenId, price, expiresAt, policyVersion }] = eventsOf(
      transaction.receipt,
      store,
      store.getEvent("LicenseBought"),
    );

    return { ...transaction, tokenId, price, expiresAt: endOf(expiresAt), policyVersion: Number(policyVersion) };
  }

  return withTypedErrors<Licensing>({
    async offer({ model, currency, price, duration = 0, supply = 0, textDigest, textUri = "", salt }) {
      const token = currencyAddress(currency);
      const offer = {
        model: addressOf(model, "model"),
        currency: token,
        price: String(await unitsOf(token, price)),
        duration: wholeNumber(duration, "duration", 2 ** 40 - 1),
        supply: wholeNumber(supply, "supply", 2 ** 32 - 1),
        textDigest: bytes32Of(textDigest, "textDigest"),
        salt: bytes32Of(salt ?? hexlify(randomBytes(32)), "salt"),
      };
      const terms = solidityOffer(offer);

      return { ...(await send(store.postOffer(terms, textUri))), offerId: offerIdOf(terms), offer };
    },

    async closeOffer({ offer }) {
      return send(store.closeOffer(solidityOffer(offer)));
    },

    async buy({ approve = true, ...options }) {
      const terms = solidityOffer(options.offer);
      const purchase = await purchaseOf(options);
      const price = priceOf(terms, purchase.periods);
      // What is free needs no allowance.
      const overrides = await provide(terms.currency, price, approve && price > 0n, store);

      return boughtIn(await send(store.buy(terms, purchase, overrides)));
    },

    async buyWithPermit({ deadline, ...options }) {
      const terms = solidityOffer(options.offer);
      const token = tokenOf(terms.currency);
      const purchase = await purchaseOf(options);
      const permit = await signPermit(token, address, priceOf(terms, purchase.periods), deadline);

      return boughtIn(await send(store.buyWithPermit(terms, purchase, permit.deadline, permit.v, permit.r, permit.s)));
    },

    async signPurchase({ validAfter = 0, validBefore, salt, ...options }) {
      const terms = solidityOffer(options.offer);
      const token = tokenOf(terms.currency);
      const purchase = await purchaseOf(options);
      const consent = {
        from: await signer().getAddress(),
        validAfter,
        validBefore: validBefore ?? (await authorizationEnd()),
        salt: bytes32Of(salt ?? hexlify(randomBytes(32)), "salt"),
      };
      const signature = await signTransfer({
        ...{ token, from: consent.from, to: address, value: priceOf(terms, purchase.periods) },
        ...{ validAfter, validBefore: consent.validBefore },
        nonce: purchaseNonceOf(chainId, store, { offerId: offerIdOf(terms), ...purchase, ...consent }),
      });

      return { offer: licenseOfferOf(terms), ...purchase, ...consent, signature };
    },

    async buySigned({ offer, recipient, periods, policyVersion, ...authorization }) {
      const purchase = await purchaseOf({ offer, recipient, periods, policyVersion });

      return boughtIn(await send(store.buyWithAuthorization(solidityOffer(offer), purchase, authorization)));
    },

    async isLicensed({ model, account }) {
      return store.isLicensed(addressOf(model, "model"), addressOf(account, "account"));
    },

    async licensedUntil({ model, account }) {
      const end = await store.licensedUntil(addressOf(model, "model"), addressOf(account, "account"));

      return end === 0n ? undefined : endOf(end);
    },

    async licenseOf({ offer, account }) {
      const [offerId, holder] = [offerIdOf(solidityOffer(offer)), addressOf(account, "account")];
      const { expiresAt, policyVersion } = await store.licenseOf(offerId, holder);
      if (expiresAt === 0n) return undefined;

      const tokenId = await store.tokenIdOf(offerId, holder);
      return { tokenId, expiresAt: endOf(expiresAt), policyVersion: Number(policyVersion) };
    },

    async offersOf({ model }) {
      const block = await provider.getBlockNumber();
      const logs = await readLogs(provider, {
        address,
        topics: store.interface.encodeFilterTopics("OfferPosted", [addressOf(model, "model")]),
        fromBlock: firstBlockOf(context, "LicenseStore"),
        toBlock: block,
      });

      return Promise.all(
        logs.map(async ({ data, topics }) => {
          const { offerId, offer, textURI } = store.interface.decodeEventLog("OfferPosted", data, topics);
          const { status, sold } = await store.offerStateOf(offerId, { blockTag: block });

          return {
            offerId,
            offer: licenseOfferOf(offer),
            textUri: textURI,
            state: status === CLOSED ? ("closed" as const) : ("open" as const),
            sold: Number(sold),
          };
        }),
      );
    },
  });
}

function wholeNumber(value: number, argument: string, max: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;

  throw new InvalidArgument(argument, value, `a whole number from 0 to ${max}`);
}
