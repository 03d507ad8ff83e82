import type { Address, Digest, ModelId } from "./brands.js";
import { AbiCoder, keccak256 } from "ethers";
import { addressOf, bytes32Of } from "./arguments.js";
import { currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import type { LicenseStore } from "./generated/types/LicenseStore.js";

/** When a licence ends, in Unix time: it is valid until the second before. */
export type LicenseEnd = number | "never";

/** An offer's terms, all of them: its id commits to each; plain JSON. */
export interface LicenseOffer {
  model: ModelId;
  /** An ERC-20's address; the zero address for ETH. */
  currency: string;
  /** For one period, or for ever, in the currency's smallest units. */
  price: string;
  /** Of a period, in seconds; 0 for ever. */
  duration: number;
  /** How many licences there can be; 0 for any number. */
  supply: number;
  /** The sha-256 of the licence's text. */
  textDigest: Digest;
  /** Tells offers of the same terms apart. */
  salt: string;
}

/** A purchase that was signed and that anyone can send; plain JSON. The payer needs no ETH. */
export interface SignedPurchase {
  offer: LicenseOffer;
  recipient: Address;
  periods: number;
  policyVersion: number;
  /** Who pays. */
  from: Address;
  /** It serves after this time and before that one, in Unix time. */
  validAfter: number;
  validBefore: number;
  /** The payer's choice, so that the same can be bought twice. */
  salt: string;
  signature: string;
}

/** An offer as the contract takes it. */
export type SolidityOffer = ReturnType<typeof solidityOffer>;

const FOREVER = 2n ** 40n - 1n;
const coder = AbiCoder.defaultAbiCoder();

/** Returns an offer as the contract takes it. */
export function solidityOffer({ model, currency, price, duration, supply, textDigest, salt }: LicenseOffer) {
  if (!/^\d+$/.test(price)) throw new InvalidArgument("offer.price", price, "units in decimal, as offersOf gives");

  return {
    model: addressOf(model, "offer.model"),
    currency: currencyAddress(currency),
    price: BigInt(price),
    duration,
    supply,
    textDigest: bytes32Of(textDigest, "offer.textDigest"),
    salt: bytes32Of(salt, "offer.salt"),
  };
}

/** Returns an offer as plain JSON. */
export function licenseOfferOf(
  offer: Record<"model" | "currency" | "textDigest" | "salt", string> &
    Record<"price" | "duration" | "supply", number | bigint>,
): LicenseOffer {
  const { model, currency, price, duration, supply, textDigest, salt } = offer;

  return {
    ...{ model, currency, price: String(price), duration: Number(duration), supply: Number(supply) },
    ...{ textDigest, salt },
  };
}

/** Returns the id that the contract gives an offer. */
export function offerIdOf({ model, currency, price, duration, supply, textDigest, salt }: SolidityOffer): string {
  return keccak256(
    coder.encode(
      ["address", "address", "uint112", "uint40", "uint32", "bytes32", "bytes32"],
      [model, currency, price, duration, supply, textDigest, salt],
    ),
  );
}

/** Returns what so many periods cost. */
export function priceOf({ price }: SolidityOffer, periods: number): bigint {
  return price * BigInt(periods);
}

/** Returns when a licence ends. */
export function endOf(expiresAt: bigint): LicenseEnd {
  return expiresAt === FOREVER ? "never" : Number(expiresAt);
}

/** Returns the nonce that the store computes for a {@link SignedPurchase}, from all that was passed. */
export function purchaseNonceOf(
  chainId: bigint,
  store: LicenseStore,
  purchase: Omit<SignedPurchase, "offer" | "signature"> & { offerId: string },
): string {
  const { offerId, recipient, periods, policyVersion, from, validAfter, validBefore, salt } = purchase;
  const { selector } = store.getFunction("buyWithAuthorization").fragment;

  return keccak256(
    coder.encode(
      [
        ...["uint256", "address", "bytes4", "bytes32", "address", "uint16", "uint32"],
        ...["address", "uint256", "uint256", "bytes32"],
      ],
      [
        ...[chainId, store.target, selector, offerId, recipient, periods, policyVersion],
        ...[from, validAfter, validBefore, salt],
      ],
    ),
  );
}
