import { expect } from "chai";
import { concat, id, Signature, type Signer, Wallet } from "ethers";
import { network } from "hardhat";
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters, toFunctionSelector } from "viem";
import type { TestToken } from "../../types/ethers-contracts/index.js";
import { ETH, freshSalt } from "../helpers/models.js";
import { domainOf, signTransfer } from "../royalties/payments.support.js";
import { deployStore, type Offer, offerIdOf, PRICE, type Purchase, tokenIdOf } from "./store.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const OFFER = "(address,address,uint112,uint40,uint32,bytes32,bytes32)";
const SELECTOR = toFunctionSelector(
  `buyWithAuthorization(${OFFER},(address,uint16,uint32),(address,uint256,uint256,bytes32,bytes))`,
);

/** A payer's consent, without its signature. */
interface Consent {
  from: string;
  validAfter: bigint;
  validBefore: bigint;
  salt: string;
}

/** What one signature is for. */
interface Agreed {
  offer: Offer;
  purchase: Purchase;
  consent: Consent;
}

/** The nonce that commits to everything, as viem computes it. */
function nonceOf(chainId: bigint, store: string, { offer, purchase, consent }: Agreed): string {
  const { recipient, periods, policyVersion } = purchase;
  const { from, validAfter, validBefore, salt } = consent;
  const words =
    "uint256, address, bytes4, bytes32, address, uint16, uint32, address, uint256, uint256, bytes32" as const;

  return keccak256(
    encodeAbiParameters(parseAbiParameters(words), [
      ...([chainId, store as Hex, SELECTOR, offerIdOf(offer) as Hex] as const),
      ...([recipient as Hex, Number(periods), Number(policyVersion)] as const),
      ...([from as Hex, validAfter, validBefore, salt as Hex] as const),
    ]),
  );
}

/** Somebody without ETH, who has USDC and signs. */
async function deploy() {
  const context = await deployStore(connection);
  const { store, storeAddress, usdc, usdcAddress, stranger, post, purchaseOf } = context;
  const signer = new Wallet(id("buyer without ETH"), ethers.provider);
  await usdc.mint(signer.address, 10_000n);
  const domain = await domainOf(usdc);
  const now = await context.now();
  const offer = await post();

  /** A purchase of one period for the signer, within a day. */
  function agreement(
    changes: { offer?: Offer; purchase?: Partial<Purchase>; consent?: Partial<Consent> } = {},
  ): Agreed {
    const consent = { from: signer.address, validAfter: now - 1n, validBefore: now + 86_400n, salt: freshSalt() };

    return {
      offer: changes.offer ?? offer,
      purchase: purchaseOf({ recipient: signer.address, ...changes.purchase }),
      consent: { ...consent, ...changes.consent },
    };
  }

  /** Signs for this store, chain and price unless told otherwise. */
  function sign(
    agreed: Agreed,
    {
      by = signer as Signer,
      to = storeAddress,
      value = agreed.offer.price * agreed.purchase.periods,
      nonce = nonceOf(domain.chainId, storeAddress, agreed),
      of = domain,
    } = {},
  ) {
    const { from, validAfter, validBefore } = agreed.consent;

    return signTransfer(by, of, { from, to, value, validAfter, validBefore, nonce });
  }

  /** Has a stranger send it. */
  function send({ offer, purchase, consent }: Agreed, signature: string) {
    return store.connect(stranger).buyWithAuthorization(offer, purchase, { ...consent, signature });
  }

  return { ...context, usdcAddress, signer, domain, offer, agreement, sign, send };
}

const fixture = () => networkHelpers.loadFixture(deploy);
type Context = Awaited<ReturnType<typeof deploy>>;

describe("LicenseStore", () => {
  describe("buyWithAuthorization", () => {
    it("buys for a payer without ETH, whoever sends it, and names the signer as payer", async () => {
      const { store, storeAddress, ledger, ledgerAddress, usdc, signer, model, offer, ...context } = await fixture();
      const agreed = context.agreement();
      const nonce = nonceOf(31_337n, storeAddress, agreed);
      expect(await ethers.provider.getBalance(signer.address)).to.equal(0n);

      const transaction = context.send(agreed, await context.sign(agreed));

      await expect(transaction)
        .to.emit(store, "LicenseBought")
        .withArgs(
          ...[model, offerIdOf(offer), signer.address, signer.address, tokenIdOf(offer, signer.address), 1n, PRICE],
          ...[(end: bigint) => end > 0n, 1n],
        );
      await expect(transaction)
        .to.emit(ledger, "Paid")
        .withArgs(model, context.usdcAddress, storeAddress, PRICE, offerIdOf(offer));
      await expect(transaction).to.emit(usdc, "AuthorizationUsed").withArgs(signer.address, nonce);
      await context.expectMoved(transaction, context.usdcAddress, [
        [signer.address, -PRICE],
        [storeAddress, 0n],
        [ledgerAddress, PRICE],
      ]);
    });

    it("buys several periods for somebody else, and extends them", async () => {
      const { store, alice, model, agreement, sign, send, now } = await fixture();
      const agreed = agreement({ purchase: { recipient: alice.address, periods: 3n } });
      await send(agreed, await sign(agreed));
      const end = (await now()) + 3n * agreed.offer.duration;
      expect(await store.licensedUntil(model, alice.address)).to.equal(end);

      const again = agreement({ purchase: { recipient: alice.address } });
      await send(again, Signature.from(await sign(again)).compactSerialized);
      expect(await store.licensedUntil(model, alice.address)).to.equal(end + agreed.offer.duration);
    });

    it("takes a smart wallet's signature, of a form of its own, and no other", async () => {
      const { store, usdc, alice, bob, model, agreement, sign, send } = await fixture();
      const wallet = await (await ethers.deployContract("ERC1271Wallet", [alice.address])).getAddress();
      await usdc.mint(wallet, PRICE);
      const agreed = agreement({ purchase: { recipient: wallet }, consent: { from: wallet } });

      await expect(send(agreed, concat(["0x01020304", await sign(agreed, { by: bob })])))
        .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
        .withArgs();
      await send(agreed, concat(["0x01020304", await sign(agreed, { by: alice })]));
      expect(await store.isLicensed(model, wallet)).to.equal(true);
    });
  });

  describe("buyWithAuthorization refuses", () => {
    type Change = (agreed: Agreed, context: Context, other: Offer) => Agreed;
    const purchase = (changes: (context: Context) => Partial<Purchase>): Change => {
      return (agreed, context) => ({ ...agreed, purchase: { ...agreed.purchase, ...changes(context) } });
    };
    const consent = (changes: (context: Context, agreed: Agreed) => Partial<Consent>): Change => {
      return (agreed, context) => ({ ...agreed, consent: { ...agreed.consent, ...changes(context, agreed) } });
    };
    const changes: Record<string, Change> = {
      "offer of the same terms": (agreed, _, other) => ({ ...agreed, offer: other }),
      recipient: purchase(({ stranger }) => ({ recipient: stranger.address })),
      "number of periods": purchase(() => ({ periods: 2n })),
      payer: consent(({ payer }) => ({ from: payer.address })),
      beginning: consent((_, { consent }) => ({ validAfter: consent.validAfter - 1n })),
      end: consent((_, { consent }) => ({ validBefore: consent.validBefore + 1n })),
      salt: consent(() => ({ salt: freshSalt() })),
    };
    for (const [what, change] of Object.entries(changes)) {
      it(`a sender who puts in another ${what}`, async () => {
        const context = await fixture();
        const { usdc, post, agreement, sign, send } = context;
        const agreed = agreement();
        const signature = await sign(agreed);

        await expect(send(change(agreed, context, await post()), signature))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
          .withArgs();
        await send(agreed, signature);
      });
    }

    it("what was signed under another version of the use policy, of which the signature says which", async () => {
      const { store, usdc, publishPolicy, agreement, sign, send } = await fixture();
      const agreed = agreement();
      const signature = await sign(agreed);
      await publishPolicy();

      await expect(send(agreed, signature))
        .to.be.revertedWithCustomError(store, "PolicyVersionChanged")
        .withArgs(1n, 2n);
      await expect(send({ ...agreed, purchase: { ...agreed.purchase, policyVersion: 2n } }, signature))
        .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
        .withArgs();
    });

    it("another chain, another store, another price, a nonce of the payer's own, another signer", async () => {
      const { usdc, storeAddress, ledgerAddress, domain, alice, agreement, sign, send } = await fixture();
      const agreed = agreement();

      for (const options of [
        { nonce: nonceOf(domain.chainId + 1n, storeAddress, agreed) },
        { of: { ...domain, chainId: domain.chainId + 1n } },
        { nonce: nonceOf(domain.chainId, ledgerAddress, agreed) },
        { to: ledgerAddress },
        { value: PRICE - 1n },
        { value: PRICE + 1n },
        { nonce: freshSalt() },
        { by: alice },
      ]) {
        await expect(send(agreed, await sign(agreed, options)))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
          .withArgs();
      }
    });

    it("what has been sent", async () => {
      const { usdc, storeAddress, signer, domain, agreement, sign, send } = await fixture();
      const agreed = agreement();
      const signature = await sign(agreed);
      await send(agreed, signature);

      await expect(send(agreed, signature))
        .to.be.revertedWithCustomError(usdc, "ERC3009UsedAuthorization")
        .withArgs(signer.address, nonceOf(domain.chainId, storeAddress, agreed));
    });

    it("what comes too early or too late", async () => {
      const { usdc, now, at, agreement, sign, send } = await fixture();
      const time = await now();
      const agreed = agreement({ consent: { validAfter: time + 100n, validBefore: time + 200n } });
      const signature = await sign(agreed);
      for (const late of [100n, 200n]) {
        await at(time + late);
        await expect(send(agreed, signature))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidAuthorizationTime")
          .withArgs(time + 100n, time + 200n);
      }
    });

    it("to let anybody take the transfer by itself", async () => {
      const { usdc, storeAddress, stranger, domain, agreement, sign } = await fixture();
      const agreed = agreement();
      const { from, validAfter, validBefore } = agreed.consent;
      const { v, r, s } = Signature.from(await sign(agreed));
      const receive = usdc
        .connect(stranger)
        .getFunction("receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)");
      const nonce = nonceOf(domain.chainId, storeAddress, agreed);

      await expect(receive(from, storeAddress, PRICE, validAfter, validBefore, nonce, v, r, s))
        .to.be.revertedWithCustomError(usdc, "ERC20InvalidReceiver")
        .withArgs(storeAddress);
    });

    it("a payer who has too little", async () => {
      const { usdc, signer, agreement, sign, send } = await fixture();
      const agreed = agreement({ purchase: { periods: 10n } });

      await expect(send(agreed, await sign(agreed)))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
        .withArgs(signer.address, 10_000n, 10n * PRICE);
    });

    it("a token that takes a fee on transfers: the ledger would be short, and the store has nothing to add", async () => {
      const { store, storeAddress, model, signer, list, post, agreement, sign, send } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [1_000]);
      await token.mint(signer.address, PRICE);
      const agreed = agreement({ offer: await post({ currency: await list(token) }) });
      const signature = await sign(agreed, { of: await domainOf(token as unknown as TestToken) });

      // A tenth is burnt, rounded down.
      await expect(send(agreed, signature))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(storeAddress, PRICE - PRICE / 10n, PRICE);
      expect(await token.balanceOf(signer.address)).to.equal(PRICE);
      expect(await store.isLicensed(model, signer.address)).to.equal(false);
    });

    it("ETH, what is free, and what is not open", async () => {
      const { store, post, offerOf, agreement, sign, send } = await fixture();
      for (const offer of [await post({ currency: ETH }), await post({ price: 0n })]) {
        const agreed = agreement({ offer });
        await expect(send(agreed, await sign(agreed)))
          .to.be.revertedWithCustomError(store, "LicenseTokenRequired")
          .withArgs();
      }
      const agreed = agreement({ offer: offerOf() });
      await expect(send(agreed, await sign(agreed)))
        .to.be.revertedWithCustomError(store, "OfferNotOpen")
        .withArgs(offerIdOf(agreed.offer));
    });
  });
});
