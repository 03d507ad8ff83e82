import { expect } from "chai";
import { Signature, type Signer } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { domainOf, signPermit } from "../royalties/payments.support.js";
import { deployStore, type Offer, offerIdOf, PRICE, type Purchase, tokenIdOf } from "./store.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** Alice, who has USDC and lets the store spend nothing. */
async function deploy() {
  const context = await deployStore(connection);
  const { store, storeAddress, usdc, usdcAddress, alice, post, purchaseOf } = context;
  await usdc.mint(alice.address, 10_000n);
  const domain = await domainOf(usdc);
  const deadline = (await context.now()) + 3_600n;
  const offer = await post();

  /** Alice's permit for the store, of a period's price unless told otherwise. */
  async function permit({ by = alice as Signer, spender = storeAddress, value = PRICE, until = deadline } = {}) {
    const owner = alice.address;
    const signed = { owner, spender, value, nonce: await usdc.nonces(owner), deadline: until };

    return Signature.from(await signPermit(by, domain, signed));
  }

  /** Buys for Alice, as Alice unless told otherwise. */
  function buyWith(
    { v, r, s }: Signature,
    { by = alice as Signer, of = offer, until = deadline, ...changes } = {} as Partial<Purchase> & {
      by?: Signer;
      of?: Offer;
      until?: bigint;
    },
  ) {
    const purchase = purchaseOf({ recipient: alice.address, ...changes });

    return store.connect(by).buyWithPermit(of, purchase, until, v, r, s);
  }

  return { ...context, usdcAddress, deadline, offer, permit, buyWith };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("LicenseStore", () => {
  describe("buyWithPermit", () => {
    it("buys without an approval, and spends the permit", async () => {
      const { store, ledger, ledgerAddress, storeAddress, usdc, alice, model, offer, ...context } = await fixture();

      const transaction = context.buyWith(await context.permit());

      await expect(transaction)
        .to.emit(store, "LicenseBought")
        .withArgs(
          ...[model, offerIdOf(offer), alice.address, alice.address, tokenIdOf(offer, alice.address), 1n, PRICE],
          ...[(end: bigint) => end > 0n, 1n],
        );
      await expect(transaction)
        .to.emit(ledger, "Paid")
        .withArgs(model, context.usdcAddress, storeAddress, PRICE, offerIdOf(offer));
      await context.expectMoved(transaction, context.usdcAddress, [
        [alice.address, -PRICE],
        [storeAddress, 0n],
        [ledgerAddress, PRICE],
      ]);
      expect(await usdc.allowance(alice.address, storeAddress)).to.equal(0n);
    });

    it("buys several periods, for somebody else", async () => {
      const { store, bob, model, permit, buyWith } = await fixture();
      await buyWith(await permit({ value: 3n * PRICE }), { recipient: bob.address, periods: 3n });

      expect(await store.isLicensed(model, bob.address)).to.equal(true);
    });

    it("does not mind that somebody has used the permit already: the allowance is there", async () => {
      const { store, storeAddress, usdc, alice, stranger, model, deadline, permit, buyWith } = await fixture();
      const signature = await permit();
      const { v, r, s } = signature;
      await usdc.connect(stranger).permit(alice.address, storeAddress, PRICE, deadline, v, r, s);

      await buyWith(signature);

      expect(await store.isLicensed(model, alice.address)).to.equal(true);
      expect(await usdc.allowance(alice.address, storeAddress)).to.equal(0n);
    });

    it("refuses a permit by another, for another spender, of too little, late, or used", async () => {
      const { storeAddress, usdc, stranger, deadline, at, permit, buyWith } = await fixture();
      const used = await permit();
      await buyWith(used);

      for (const signature of [
        used,
        await permit({ by: stranger }),
        await permit({ spender: stranger.address }),
        await permit({ value: PRICE - 1n }),
        await permit({ until: deadline + 1n }),
      ]) {
        await expect(buyWith(signature))
          .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
          .withArgs(storeAddress, 0n, PRICE);
      }
      const late = await permit();
      await at(deadline + 1n);
      await expect(buyWith(late))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(storeAddress, 0n, PRICE);
    });

    it("refuses somebody else's permit: it pulls from its caller alone", async () => {
      const { storeAddress, usdc, alice, stranger, permit, buyWith } = await fixture();

      await expect(buyWith(await permit(), { by: stranger, recipient: stranger.address }))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(storeAddress, 0n, PRICE);
      expect(await usdc.nonces(alice.address)).to.equal(0n);
    });

    it("refuses ETH, and what is free", async () => {
      const { store, post, permit, buyWith } = await fixture();
      for (const of of [await post({ currency: ETH }), await post({ price: 0n })]) {
        await expect(buyWith(await permit(), { of }))
          .to.be.revertedWithCustomError(store, "LicenseTokenRequired")
          .withArgs();
      }
    });

    it("refuses what buy refuses", async () => {
      const { store, owner, model, offer, restrict, permit, buyWith, ...context } = await fixture();
      const signature = await permit();
      const other = context.offerOf();
      await expect(buyWith(signature, { of: other }))
        .to.be.revertedWithCustomError(store, "OfferNotOpen")
        .withArgs(offerIdOf(other));
      await expect(buyWith(signature, { periods: 0n }))
        .to.be.revertedWithCustomError(store, "PeriodsInvalid")
        .withArgs(0n, offer.duration);
      await expect(buyWith(signature, { policyVersion: 2n }))
        .to.be.revertedWithCustomError(store, "PolicyVersionChanged")
        .withArgs(2n, 1n);
      await restrict();
      await expect(buyWith(signature)).to.be.revertedWithCustomError(store, "LicensedModelRestricted").withArgs(model);
      await store.connect(owner).closeOffer(offer);
      await expect(buyWith(signature)).to.be.revertedWithCustomError(store, "OfferNotOpen").withArgs(offerIdOf(offer));
    });

    for (const name of ["PlainToken", "PhantomToken"]) {
      it(`takes a ${name}, which knows no permits, by its allowance alone`, async () => {
        const { store, storeAddress, payer, alice, model, sell, post, permit, buyWith } = await fixture();
        const token = await ethers.deployContract(name, alice);
        const of = await post({ currency: await sell(token, PRICE) });
        await token.mint(alice.address, PRICE);
        await expect(buyWith(await permit(), { of }))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
          .withArgs(storeAddress, 0n, PRICE);

        await buyWith(await permit(), { of, by: payer });
        expect(await store.isLicensed(model, alice.address)).to.equal(true);
      });
    }
  });
});
