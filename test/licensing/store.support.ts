import { AbiCoder, id, keccak256, MaxUint256, parseEther, type Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { REASON } from "../governance/safetyBoard.support.js";
import { ETH, freshSalt, registerModel } from "../helpers/models.js";
import { BOARD_MEMBER, DAY } from "../helpers/protocol.js";
import { deployLedger } from "../royalties/support.js";

/** The end of a licence that never ends. */
export const FOREVER = 2n ** 40n - 1n;

/** What a period of the tests' offers costs, and how long it is. */
export const PRICE = 1_003n;
export const MONTH = 30n * BigInt(DAY);

/** Terms, as the contract takes them. */
export interface Offer {
  model: string;
  currency: string;
  price: bigint;
  duration: bigint;
  supply: bigint;
  textDigest: string;
  salt: string;
}

/** What a buyer agrees to beside the offer, as the contract takes it. */
export interface Purchase {
  recipient: string;
  periods: bigint;
  policyVersion: bigint;
}

const coder = AbiCoder.defaultAbiCoder();

/** The id of an offer, encoded word by word. */
export function offerIdOf({ model, currency, price, duration, supply, textDigest, salt }: Offer): string {
  return keccak256(
    coder.encode(
      ["address", "address", "uint112", "uint40", "uint32", "bytes32", "bytes32"],
      [model, currency, price, duration, supply, textDigest, salt],
    ),
  );
}

/** The token of an account's licence from an offer. */
export function tokenIdOf(offer: Offer, account: string): bigint {
  return BigInt(keccak256(coder.encode(["bytes32", "address"], [offerIdOf(offer), account])));
}

/**
 * A model of the owner's that passes 25 % on to its parent, and a payer who has USDC and lets the store take it.
 *
 * Offers are in USDC, by the month and without limit, and purchases are of one period for the payer, unless told otherwise.
 */
export async function deployStore(connection: NetworkConnection) {
  const context = await deployLedger(connection);
  const { ethers, networkHelpers } = connection;
  const { registrar: owner, payer, alice, usdc, usdcAddress, licenseStore: store, list, timelock } = context;
  const { safetyBoard, safetyTimelock, usePolicy } = context;
  const storeAddress = await store.getAddress();
  const parent = await registerModel(context, alice);
  const model = await registerModel(context, owner, { parents: [{ model: parent, rateBps: 2_500 }] });
  await usdc.connect(payer).approve(storeAddress, MaxUint256);

  async function signerOf(address: string): Promise<Signer> {
    await networkHelpers.impersonateAccount(address);
    await networkHelpers.setBalance(address, parseEther("1"));

    return ethers.getSigner(address);
  }

  function offerOf(changes: Partial<Offer> = {}): Offer {
    const terms = { model, currency: usdcAddress, price: PRICE, duration: MONTH, supply: 0n };

    return { ...terms, textDigest: id("the licence's text"), salt: freshSalt(), ...changes };
  }

  function purchaseOf(changes: Partial<Purchase> = {}): Purchase {
    return { recipient: payer.address, periods: 1n, policyVersion: 1n, ...changes };
  }

  /** Posts an offer as the model's owner; returns its terms. */
  async function post(changes: Partial<Offer> = {}): Promise<Offer> {
    const offer = offerOf(changes);
    await store.connect(owner).postOffer(offer, "ipfs://text");

    return offer;
  }

  /** Buys as the payer, with the right amount of ETH unless told otherwise. */
  function buy(
    offer: Offer,
    changes: Partial<Purchase> = {},
    { by = payer as Signer, value = undefined as bigint | undefined } = {},
  ) {
    const purchase = purchaseOf(changes);
    const price = offer.currency === ETH ? offer.price * purchase.periods : 0n;

    return store.connect(by).buy(offer, purchase, { value: value ?? price });
  }

  return {
    ...context,
    store,
    storeAddress,
    owner,
    parent,
    model,
    offerOf,
    purchaseOf,
    post,
    buy,
    now: async () => BigInt(await networkHelpers.time.latest()),
    /** Has the next block at this time. */
    at: (time: bigint) => networkHelpers.time.setNextBlockTimestamp(time),
    /** Moves the chain to this time, in a block of its own. */
    until: (time: bigint) => networkHelpers.time.increaseTo(time),
    restrict: async (of = model) => safetyBoard.connect(await signerOf(BOARD_MEMBER)).restrict(of, REASON, ""),
    /** What a vote decides: 2 restricts, 3 recalls. */
    decide: async (level: number, of = model) =>
      safetyBoard.connect(await signerOf(await safetyTimelock.getAddress())).decide(of, 0, level, REASON, ""),
    /** Publishes a second version of the use policy. */
    publishPolicy: async () =>
      usePolicy
        .connect(await signerOf(await timelock.getAddress()))
        .publishPolicy(id("another policy"), 9, "ipfs://policy2"),
    /** Lists a token and gives the payer some of it, which the store may take; returns its address. */
    sell: async (token: Awaited<ReturnType<typeof ethers.deployContract>>, amount: bigint) => {
      await token.mint(payer.address, amount);
      await (token.connect(payer) as typeof token).approve(storeAddress, MaxUint256);

      return list(token);
    },
  };
}

export type StoreContext = Awaited<ReturnType<typeof deployStore>>;
