import type { Address, Digest, ModelId } from "./brands.js";
import { hexlify, randomBytes, type TransactionReceipt } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import { type Context, firstBlockOf } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { LicenseStore } from "./generated/fragments/LicenseStore.js";
import { UsePolicy } from "./generated/fragments/UsePolicy.js";
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
import { known, type Write, writeOf } from "./writes.js";

/** What is bought, and for whom. */
interface PurchaseOptions {
  /** The offer's terms, as `offer` and `offersOf` give them. */
  offer: LicenseOffer;
  /** Who gets the licence; the signer by default. */
  recipient?: Address;
  /** How many periods, 1 by default; 1 of what is for ever. */
  periods?: number;
  /**
   * The version of the use policy that the buyer has read (`safety.policy`). By default the one that holds now is agreed
   * to, whatever it says; name it if somebody has to read it first.
   */
  policyVersion?: number;
}

/** What a purchase leads to. */
export interface Bought {
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
  readonly offer: Write<
    {
      model: ModelId;
      currency: Currency;
      price: Amount;
      duration?: number;
      supply?: number;
      textDigest: Digest;
      textUri?: string;
      salt?: string;
    },
    { offerId: string; offer: LicenseOffer }
  >;

  /**
   * Closes an offer for good, as the model's owner. What was bought stays valid.
   *
   * @throws {ContractError} such as `NotOfferOwner`, `OfferNotOpen`.
   * @example
   * await licensing.closeOffer({ offer });
   */
  readonly closeOffer: Write<{ offer: LicenseOffer }, object>;

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
  readonly buy: Write<PurchaseOptions & { approve?: boolean }, Bought, Pick<Bought, "tokenId" | "price">>;

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
  readonly buyWithPermit: Write<PurchaseOptions & { deadline?: number }, Bought, Pick<Bought, "tokenId" | "price">>;

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
  readonly buySigned: Write<SignedPurchase, Bought, Pick<Bought, "tokenId" | "price">>;

  /**
   * Returns whether an account has a licence of a model that has not ended, from whichever of its offers.
   *
   * @example
   * if (!(await licensing.isLicensed({ model, account }))) await licensing.buy({ offer });
   */
  isLicensed(options: { model: ModelId; account: Address }): Promise<boolean>;

  /**
   * Returns when an account's longest licence of a model ends, or ended; undefined if it never had one.
   *
   * @example
   * const end = await licensing.licensedUntil({ model, account }); // 1798761600
   */
  licensedUntil(options: { model: ModelId; account: Address }): Promise<LicenseEnd | undefined>;

  /**
   * Returns an account's licence from one offer, or undefined if it never had one.
   *
   * @example
   * const license = await licensing.licenseOf({ offer, account });
   */
  licenseOf(options: { offer: LicenseOffer; account: Address }): Promise<License | undefined>;

  /**
   * Returns all offers of a model, the oldest first, from the logs.
   *
   * @example
   * const open = (await licensing.offersOf({ model })).filter(({ state }) => state === "open");
   */
  offersOf(options: { model: ModelId }): Promise<PostedOffer[]>;
}

const CLOSED = 2n;

/** Binds licences to a runner. */
export function licensingOf(context: Context): Licensing {
  const { chainId, provider, signer } = context;
  const [store, usePolicy] = [context.at(LicenseStore), context.at(UsePolicy)];
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

  function outcome(receipt: TransactionReceipt): Bought {
    const [{ tokenId, price, expiresAt, policyVersion }] = eventsOf(receipt, store, store.getEvent("LicenseBought"));

    return { tokenId, price, expiresAt: endOf(expiresAt), policyVersion: Number(policyVersion) };
  }

  return withTypedErrors<Licensing>({
    offer: writeOf(
      context,
      async ({ model, currency, price, duration = 0, supply = 0, textDigest, textUri = "", salt }) => {
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

        return {
          call: await callOf(store.postOffer, [terms, textUri]),
          ...known({ offerId: offerIdOf(terms), offer }),
        };
      },
    ),

    closeOffer: writeOf(context, async ({ offer }) => ({
      call: await callOf(store.closeOffer, [solidityOffer(offer)]),
      ...known({}),
    })),

    buy: writeOf(context, async ({ approve = true, ...options }) => {
      const terms = solidityOffer(options.offer);
      const purchase = await purchaseOf(options);
      const price = priceOf(terms, purchase.periods);
      // What is free needs no allowance.
      const { value, approvals } = await provide(terms.currency, price, approve && price > 0n, store);
      const call = await callOf(store.buy, [terms, purchase], { value });

      return { approvals, call, outcome, preview: (tokenId: bigint) => ({ tokenId, price }) };
    }),

    buyWithPermit: writeOf(context, async ({ deadline, ...options }) => {
      const terms = solidityOffer(options.offer);
      const token = tokenOf(terms.currency);
      const purchase = await purchaseOf(options);
      const price = priceOf(terms, purchase.periods);
      const permit = await signPermit(token, address, price, deadline);
      const call = await callOf(store.buyWithPermit, [terms, purchase, permit.deadline, permit.v, permit.r, permit.s]);

      return { call, outcome, preview: (tokenId: bigint) => ({ tokenId, price }) };
    }),

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

    buySigned: writeOf(context, async ({ offer, recipient, periods, policyVersion, ...authorization }) => {
      const terms = solidityOffer(offer);
      const purchase = await purchaseOf({ offer, recipient, periods, policyVersion });
      const call = await callOf(store.buyWithAuthorization, [terms, purchase, authorization]);

      return { call, outcome, preview: (tokenId: bigint) => ({ tokenId, price: priceOf(terms, purchase.periods) }) };
    }),

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
