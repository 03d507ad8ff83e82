import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, freshSalt, registerModel } from "../helpers/models.js";
import { deployStore, MONTH, type Offer, offerIdOf, PRICE } from "./store.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const deploy = () => deployStore(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

const [NONE, OPEN, CLOSED] = [0n, 1n, 2n];
const RESTRICTED = 2;
const RECALLED = 3;

/*
 * An offer, by what may be done with it. Nothing leads out of "closed".
 *
 *   state   | post             | close        | buy, new licence     | buy, extension | its licences
 *   --------+------------------+--------------+----------------------+----------------+-------------
 *   none    | → open           | OfferNotOpen | OfferNotOpen         | —              | —
 *   open    | OfferAlreadyPost…| → closed     | sold + 1             | yes            | valid
 *   sold out| OfferAlreadyPost…| → closed     | OfferSoldOut         | yes            | valid
 *   closed  | OfferAlreadyPost…| OfferNotOpen | OfferNotOpen         | OfferNotOpen   | valid
 *
 * While its model is restricted or recalled: no post, no buy (LicensedModelRestricted); close works, licences are valid.
 */

describe("LicenseStore", () => {
  describe("postOffer", () => {
    for (const [what, changes] of [
      ["by the month in an ERC-20", {}],
      ["in ETH", { currency: ETH }],
      ["for ever", { duration: 0n }],
      ["for nothing", { price: 0n }],
      ["of the largest numbers", { price: 2n ** 112n - 1n, duration: 2n ** 40n - 1n, supply: 2n ** 32n - 1n }],
    ] as const) {
      it(`opens an offer ${what}`, async () => {
        const { store, owner, model, offerOf } = await fixture();
        const offer = offerOf(changes);
        const offerId = offerIdOf(offer);
        expect(await store.offerStateOf(offerId)).to.deep.equal([NONE, 0n]);

        await expect(store.connect(owner).postOffer(offer, "ipfs://text"))
          .to.emit(store, "OfferPosted")
          .withArgs(model, offerId, Object.values(offer), "ipfs://text");

        expect(await store.offerStateOf(offerId)).to.deep.equal([OPEN, 0n]);
      });
    }

    it("returns the id, which says all of the terms", async () => {
      const { store, owner, parent, offerOf } = await fixture();
      const offer = offerOf();
      expect(await store.connect(owner).postOffer.staticCall(offer, "")).to.equal(offerIdOf(offer));

      const others: Partial<Offer>[] = [
        ...[{ model: parent }, { currency: ETH }, { price: PRICE + 1n }, { duration: MONTH + 1n }],
        ...[{ supply: 1n }, { textDigest: freshSalt() }, { salt: freshSalt() }],
      ];
      const ids = [{}, ...others].map((changes) => offerIdOf({ ...offer, ...changes }));
      expect(new Set(ids).size).to.equal(8);
      for (const [i, changes] of [{}, ...others].entries()) {
        expect(await store.offerIdOf({ ...offer, ...changes })).to.equal(ids[i]);
      }
    });

    it("takes the same terms again under another salt", async () => {
      const { store, post } = await fixture();
      const offers = [await post(), await post()];

      for (const offer of offers) expect(await store.offerStateOf(offerIdOf(offer))).to.deep.equal([OPEN, 0n]);
    });

    it("refuses the same offer twice, whether it is open or closed", async () => {
      const { store, owner, post } = await fixture();
      const offer = await post();
      const again = () => store.connect(owner).postOffer(offer, "ipfs://another");

      await expect(again()).to.be.revertedWithCustomError(store, "OfferAlreadyPosted").withArgs(offerIdOf(offer));
      await store.connect(owner).closeOffer(offer);
      await expect(again()).to.be.revertedWithCustomError(store, "OfferAlreadyPosted").withArgs(offerIdOf(offer));
      expect(await store.offerStateOf(offerIdOf(offer))).to.deep.equal([CLOSED, 0n]);
    });

    it("refuses everybody but the model's owner, who may change", async () => {
      const { store, registry, owner, alice, model, offerOf } = await fixture();
      const offer = offerOf();
      await expect(store.connect(alice).postOffer(offer, ""))
        .to.be.revertedWithCustomError(store, "NotOfferOwner")
        .withArgs(model, alice.address);
      // Who may move the model, or maintains it, may not sell it.
      await registry.connect(owner).approve(alice.address, BigInt(model));
      await registry.connect(owner).setMaintainer(model, alice.address, true);
      await expect(store.connect(alice).postOffer(offer, ""))
        .to.be.revertedWithCustomError(store, "NotOfferOwner")
        .withArgs(model, alice.address);

      await registry.connect(owner).transferFrom(owner.address, alice.address, BigInt(model));

      await expect(store.connect(owner).postOffer(offer, ""))
        .to.be.revertedWithCustomError(store, "NotOfferOwner")
        .withArgs(model, owner.address);
      await store.connect(alice).postOffer(offer, "");
      expect(await store.offerStateOf(offerIdOf(offer))).to.deep.equal([OPEN, 0n]);
    });

    it("refuses an offer without a text", async () => {
      const { store, owner, offerOf } = await fixture();

      await expect(store.connect(owner).postOffer(offerOf({ textDigest: ZeroHash }), "ipfs://text"))
        .to.be.revertedWithCustomError(store, "LicenseTextMissing")
        .withArgs();
    });

    it("refuses a currency that the ledger does not list, also for nothing", async () => {
      const { store, owner, unlisted, stranger, offerOf } = await fixture();
      for (const currency of [unlisted, stranger.address]) {
        for (const price of [PRICE, 0n]) {
          await expect(store.connect(owner).postOffer(offerOf({ currency, price }), ""))
            .to.be.revertedWithCustomError(store, "OfferCurrencyNotListed")
            .withArgs(currency);
        }
      }
    });

    it("refuses a model that there is not", async () => {
      const { store, registry, owner, stranger, offerOf } = await fixture();
      for (const model of [stranger.address, ZeroAddress]) {
        await expect(store.connect(owner).postOffer(offerOf({ model }), ""))
          .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
          .withArgs(model);
      }
    });

    it("refuses a model that the board restricts, until that ends", async () => {
      const { store, owner, model, offerOf, post, restrict, until, now } = await fixture();
      await restrict();

      await expect(store.connect(owner).postOffer(offerOf(), ""))
        .to.be.revertedWithCustomError(store, "LicensedModelRestricted")
        .withArgs(model);
      await until((await now()) + 14n * 86_400n);
      await post();
    });

    it("refuses a model that a vote restricts or recalls, and not for its parent's sake", async () => {
      const { store, owner, model, parent, offerOf, post, decide } = await fixture();
      await decide(RECALLED, parent);
      await post();

      for (const level of [RESTRICTED, RECALLED]) {
        await decide(level);
        await expect(store.connect(owner).postOffer(offerOf(), ""))
          .to.be.revertedWithCustomError(store, "LicensedModelRestricted")
          .withArgs(model);
      }
    });
  });

  describe("closeOffer", () => {
    it("closes an offer for good, and leaves what was bought", async () => {
      const { store, owner, payer, model, post, buy } = await fixture();
      const offer = await post();
      await buy(offer);
      const until = await store.licensedUntil(model, payer.address);

      await expect(store.connect(owner).closeOffer(offer))
        .to.emit(store, "OfferClosed")
        .withArgs(model, offerIdOf(offer));

      expect(await store.offerStateOf(offerIdOf(offer))).to.deep.equal([CLOSED, 1n]);
      expect(await store.isLicensed(model, payer.address)).to.equal(true);
      expect(await store.licenseOf(offerIdOf(offer), payer.address)).to.deep.equal([until, 1n]);
    });

    it("ends sales and extensions", async () => {
      const { store, owner, alice, post, buy } = await fixture();
      const offer = await post();
      await buy(offer);
      await store.connect(owner).closeOffer(offer);

      for (const changes of [{}, { recipient: alice.address }]) {
        await expect(buy(offer, changes))
          .to.be.revertedWithCustomError(store, "OfferNotOpen")
          .withArgs(offerIdOf(offer));
      }
    });

    it("works on a model that is restricted or recalled", async () => {
      const { store, owner, post, restrict, decide } = await fixture();
      const offers = [await post(), await post()];
      await restrict();
      await store.connect(owner).closeOffer(offers[0]);
      await decide(RECALLED);
      await store.connect(owner).closeOffer(offers[1]);

      for (const offer of offers) expect((await store.offerStateOf(offerIdOf(offer))).status).to.equal(CLOSED);
    });

    it("refuses an offer that is not open", async () => {
      const { store, owner, offerOf, post } = await fixture();
      const offer = await post();
      await store.connect(owner).closeOffer(offer);

      for (const none of [offer, offerOf(), { ...offer, price: PRICE + 1n }]) {
        await expect(store.connect(owner).closeOffer(none))
          .to.be.revertedWithCustomError(store, "OfferNotOpen")
          .withArgs(offerIdOf(none));
      }
    });

    it("is for the model's present owner, whoever posted", async () => {
      const { store, registry, owner, alice, model, post } = await fixture();
      const offer = await post();
      await expect(store.connect(alice).closeOffer(offer))
        .to.be.revertedWithCustomError(store, "NotOfferOwner")
        .withArgs(model, alice.address);

      await registry.connect(owner).transferFrom(owner.address, alice.address, BigInt(model));

      await expect(store.connect(owner).closeOffer(offer))
        .to.be.revertedWithCustomError(store, "NotOfferOwner")
        .withArgs(model, owner.address);
      await store.connect(alice).closeOffer(offer);
    });

    it("is for nobody else's model: an id cannot be closed under another", async () => {
      const context = await fixture();
      const { store, alice, post } = context;
      const offer = await post();
      const other = { ...offer, model: await registerModel(context, alice) };

      await expect(store.connect(alice).closeOffer(other))
        .to.be.revertedWithCustomError(store, "OfferNotOpen")
        .withArgs(offerIdOf(other));
      expect((await store.offerStateOf(offerIdOf(offer))).status).to.equal(OPEN);
    });
  });

  describe("a licensed model that is restricted or recalled", () => {
    for (const [what, act] of [
      ["restricted by the board", ({ restrict }) => restrict()],
      ["restricted by a vote", ({ decide }) => decide(RESTRICTED)],
      ["recalled", ({ decide }) => decide(RECALLED)],
    ] as [string, (context: Awaited<ReturnType<typeof deploy>>) => Promise<unknown>][]) {
      it(`sells nothing new and extends nothing, and what was bought stays valid: ${what}`, async () => {
        const context = await fixture();
        const { store, alice, payer, model, post, buy } = context;
        const [offer, free] = [await post(), await post({ price: 0n })];
        await buy(offer);
        await act(context);

        for (const [each, recipient] of [
          [offer, payer],
          [offer, alice],
          [free, alice],
        ] as const) {
          await expect(buy(each, { recipient: recipient.address }))
            .to.be.revertedWithCustomError(store, "LicensedModelRestricted")
            .withArgs(model);
        }
        expect(await store.isLicensed(model, payer.address)).to.equal(true);
        expect(await store.isLicensed(model, alice.address)).to.equal(false);
      });
    }

    it("goes on selling when that is over, and under a mere notice", async () => {
      const { payer, model, store, decide, post, buy } = await fixture();
      const offer = await post();
      await decide(RESTRICTED);
      await decide(1);

      await buy(offer);
      expect(await store.isLicensed(model, payer.address)).to.equal(true);
    });
  });

  describe("registry and usePolicy", () => {
    it("name the contracts that decide", async () => {
      const { store, registry, usePolicy } = await fixture();

      expect(await store.registry()).to.equal(await registry.getAddress());
      expect(await store.usePolicy()).to.equal(await usePolicy.getAddress());
    });
  });
});
