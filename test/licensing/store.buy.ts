import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, registerModel } from "../helpers/models.js";
import { MAX_RECEIVED, SYMBOLS } from "../royalties/support.js";
import { deployStore, FOREVER, MONTH, offerIdOf, PRICE, tokenIdOf } from "./store.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const deploy = () => deployStore(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("LicenseStore", () => {
  describe("buy", () => {
    for (const symbol of SYMBOLS) {
      it(`pays the model's books exactly the price in ${symbol}, and parents get theirs`, async () => {
        const { store, storeAddress, ledger, ledgerAddress, payer, parent, model, ...context } = await fixture();
        const currency = context.currencyOf(symbol);
        const offer = await context.post({ currency });
        const [offerId, tokenId] = [offerIdOf(offer), tokenIdOf(offer, payer.address)];
        const time = (await context.now()) + 10n;
        await context.at(time);

        const transaction = context.buy(offer, { periods: 3n });

        await expect(transaction)
          .to.emit(store, "LicenseBought")
          .withArgs(
            ...[model, offerId, payer.address, payer.address, tokenId, 3n],
            ...[3n * PRICE, time + 3n * MONTH, 1n],
          );
        await expect(transaction).to.emit(store, "Transfer").withArgs(ZeroAddress, payer.address, tokenId);
        await expect(transaction).to.emit(store, "Locked").withArgs(tokenId);
        await expect(transaction)
          .to.emit(ledger, "Paid")
          .withArgs(model, currency, storeAddress, 3n * PRICE, offerId);
        await context.expectMoved(transaction, currency, [
          [payer.address, -3n * PRICE],
          [storeAddress, 0n],
          [ledgerAddress, 3n * PRICE],
        ]);
        await ledger.cascade([model], currency);
        // U = ⌊3,009 × 25 %⌋ goes up; of the rest, F = ⌊1 %⌋.
        const [received, upstream] = [3n * PRICE, (3n * PRICE) / 4n];
        const fee = (received - upstream) / 100n;
        expect(await ledger.booksOf(model, currency)).to.deep.equal([
          received,
          received,
          received - upstream - fee,
          0n,
        ]);
        expect((await ledger.booksOf(parent, currency)).received).to.equal(upstream);
      });
    }

    it("pulls an ERC-20 once, straight to the ledger", async () => {
      const { usdc, usdcAddress, ledgerAddress, payer, post, buy } = await fixture();
      const receipt = await (await buy(await post())).wait();

      expect(
        (receipt?.logs ?? [])
          .filter(({ address }) => address === usdcAddress)
          .map((log) => usdc.interface.parseLog(log)?.args.toArray()),
      ).to.deep.equal([[payer.address, ledgerAddress, PRICE]]);
    });

    it("returns the licence's token, and gives it to whom it is for", async () => {
      const { store, payer, alice, model, post, buy, purchaseOf } = await fixture();
      const offer = await post();
      const tokenId = tokenIdOf(offer, alice.address);
      expect(await store.tokenIdOf(offerIdOf(offer), alice.address)).to.equal(tokenId);
      const purchase = purchaseOf({ recipient: alice.address });
      expect(await store.connect(payer).buy.staticCall(offer, purchase)).to.equal(tokenId);

      await expect(buy(offer, { recipient: alice.address }))
        .to.emit(store, "LicenseBought")
        .withArgs(
          ...[model, offerIdOf(offer), alice.address, payer.address, tokenId, 1n, PRICE],
          ...[(end: bigint) => end > 0n, 1n],
        );

      expect(await store.ownerOf(tokenId)).to.equal(alice.address);
      expect(await store.isLicensed(model, alice.address)).to.equal(true);
      expect(await store.isLicensed(model, payer.address)).to.equal(false);
    });

    it("is valid until the second before its end", async () => {
      const { store, payer, model, now, until, post, buy } = await fixture();
      const offer = await post();
      await buy(offer);
      const end = (await now()) + MONTH;
      expect(await store.licensedUntil(model, payer.address)).to.equal(end);

      await until(end - 1n);
      expect(await store.isLicensed(model, payer.address)).to.equal(true);
      await until(end);
      expect(await store.isLicensed(model, payer.address)).to.equal(false);
      expect(await store.licensedUntil(model, payer.address)).to.equal(end);
      expect(await store.licenseOf(offerIdOf(offer), payer.address)).to.deep.equal([end, 1n]);
    });

    it("extends a licence from its present end, as the same token", async () => {
      const { store, payer, model, now, post, buy } = await fixture();
      const offer = await post();
      await buy(offer);
      const end = (await now()) + MONTH;

      const transaction = buy(offer, { periods: 2n });

      await expect(transaction)
        .to.emit(store, "LicenseBought")
        .withArgs(
          ...[model, offerIdOf(offer), payer.address, payer.address, tokenIdOf(offer, payer.address), 2n],
          ...[2n * PRICE, end + 2n * MONTH, 1n],
        );
      await expect(transaction).to.not.emit(store, "Transfer");
      await expect(transaction).to.not.emit(store, "Locked");
      expect(await store.licensedUntil(model, payer.address)).to.equal(end + 2n * MONTH);
      expect((await store.offerStateOf(offerIdOf(offer))).sold).to.equal(1n);
      expect(await store.balanceOf(payer.address)).to.equal(1n);
    });

    for (const [what, late] of [
      ["at the very second of its end", 0n],
      ["when it has ended", 1_000n],
    ] as const) {
      it(`extends a licence from now ${what}`, async () => {
        const { store, payer, model, now, at, post, buy } = await fixture();
        const offer = await post({ supply: 1n });
        await buy(offer);
        const time = (await now()) + MONTH + late;

        await at(time);
        await buy(offer);

        expect(await store.licensedUntil(model, payer.address)).to.equal(time + MONTH);
      });
    }

    it("lasts for ever", async () => {
      const { store, payer, alice, model, until, post, buy } = await fixture();
      const offer = await post({ duration: 0n });
      await buy(offer);

      expect(await store.licenseOf(offerIdOf(offer), payer.address)).to.deep.equal([FOREVER, 1n]);
      await until(2n ** 39n);
      expect(await store.isLicensed(model, payer.address)).to.equal(true);
      await expect(buy(offer))
        .to.be.revertedWithCustomError(store, "LicensePerpetual")
        .withArgs(offerIdOf(offer), payer.address);
      await buy(offer, { recipient: alice.address });
    });

    it("is for ever too when its end is later than can be written", async () => {
      const { store, payer, now, at, post, buy } = await fixture();
      const time = (await now()) + 100n;
      for (const [duration, expiresAt] of [
        [FOREVER - time - 1n, FOREVER - 1n],
        [FOREVER - time, FOREVER],
        [FOREVER, FOREVER],
      ]) {
        const offer = await post({ duration });
        const beginning = await networkHelpers.takeSnapshot();
        await at(time);
        await buy(offer);
        expect((await store.licenseOf(offerIdOf(offer), payer.address)).expiresAt).to.equal(expiresAt);
        await beginning.restore();
      }
      const offer = await post({ duration: FOREVER, price: 1n });
      await buy(offer, { periods: 65_535n });
      expect((await store.licenseOf(offerIdOf(offer), payer.address)).expiresAt).to.equal(FOREVER);
    });

    it("is free if the price is nothing, and does not touch the ledger", async () => {
      const { store, ledger, usdcAddress, stranger, model, post, buy } = await fixture();
      for (const currency of [ETH, usdcAddress]) {
        const offer = await post({ price: 0n, currency });
        const transaction = buy(offer, { recipient: stranger.address, periods: 2n }, { by: stranger });

        await expect(transaction).to.not.emit(ledger, "Paid");
        await expect(transaction)
          .to.emit(store, "LicenseBought")
          .withArgs(
            ...[model, offerIdOf(offer), stranger.address, stranger.address, tokenIdOf(offer, stranger.address)],
            ...[2n, 0n, (end: bigint) => end > 0n, 1n],
          );
        expect((await ledger.booksOf(model, currency)).received).to.equal(0n);
      }
      expect(await store.isLicensed(model, stranger.address)).to.equal(true);
    });

    it("sells no more licences than there are, and extends those", async () => {
      const { store, payer, alice, bob, owner, post, buy } = await fixture();
      const offer = await post({ supply: 2n });
      await buy(offer);
      await buy(offer);
      await buy(offer, { recipient: alice.address });
      expect(await store.offerStateOf(offerIdOf(offer))).to.deep.equal([1n, 2n]);

      await expect(buy(offer, { recipient: bob.address }))
        .to.be.revertedWithCustomError(store, "OfferSoldOut")
        .withArgs(offerIdOf(offer), 2n);
      await buy(offer);
      await buy(offer, { recipient: alice.address });
      expect(await store.balanceOf(payer.address)).to.equal(1n);
      await store.connect(owner).closeOffer(offer);
      expect(await store.offerStateOf(offerIdOf(offer))).to.deep.equal([2n, 2n]);
    });

    it("honours the longest of a model's offers, and keeps each by itself", async () => {
      const context = await fixture();
      const { store, payer, alice, model, now, until, post, buy } = context;
      const [month, year] = [await post(), await post({ duration: 12n * MONTH })];
      await buy(year);
      const yearEnd = (await now()) + 12n * MONTH;
      await buy(month);
      const monthEnd = (await now()) + MONTH;

      expect(await store.licensedUntil(model, payer.address)).to.equal(yearEnd);
      expect((await store.licenseOf(offerIdOf(month), payer.address)).expiresAt).to.equal(monthEnd);
      expect((await store.licenseOf(offerIdOf(year), payer.address)).expiresAt).to.equal(yearEnd);
      await until(monthEnd);
      expect(await store.isLicensed(model, payer.address)).to.equal(true);
      await until(yearEnd - 1n);
      await buy(month);
      await until(yearEnd + 1n);
      expect(await store.isLicensed(model, payer.address)).to.equal(true);

      const other = await registerModel(context, alice);
      expect(await store.isLicensed(other, payer.address)).to.equal(false);
      expect(await store.licensedUntil(other, payer.address)).to.equal(0n);
      expect(await store.licenseOf(offerIdOf(month), alice.address)).to.deep.equal([0n, 0n]);
    });

    it("pins the use policy's version of the last purchase", async () => {
      const { store, payer, alice, publishPolicy, post, buy } = await fixture();
      const offer = await post();
      await buy(offer);
      await buy(offer, { recipient: alice.address });
      await publishPolicy();
      await buy(offer, { policyVersion: 2n });

      const versionOf = async (account: string) => (await store.licenseOf(offerIdOf(offer), account)).policyVersion;
      expect([await versionOf(payer.address), await versionOf(alice.address)]).to.deep.equal([2n, 1n]);
    });

    it("lets nobody else change the use policy's version of a licence that runs, only make it longer", async () => {
      const { store, payer, alice, model, now, publishPolicy, post, buy } = await fixture();
      const offer = await post();
      await buy(offer, { recipient: alice.address });
      const end = (await now()) + MONTH;
      await publishPolicy();

      await expect(buy(offer, { recipient: alice.address, policyVersion: 2n }))
        .to.emit(store, "LicenseBought")
        .withArgs(
          ...[model, offerIdOf(offer), alice.address, payer.address, tokenIdOf(offer, alice.address), 1n],
          ...[PRICE, end + MONTH, 1n],
        );
      expect(await store.licenseOf(offerIdOf(offer), alice.address)).to.deep.equal([end + MONTH, 1n]);
    });

    for (const [what, early, version] of [
      ["keeps its version of the use policy when somebody else extends it in its last second", 1n, 1n],
      ["begins under the version that holds when somebody else renews it at its end", 0n, 2n],
    ] as const) {
      it(what, async () => {
        const { store, alice, now, at, publishPolicy, post, buy } = await fixture();
        const offer = await post();
        await buy(offer, { recipient: alice.address });
        const end = (await now()) + MONTH;
        await publishPolicy();

        await at(end - early);
        await buy(offer, { recipient: alice.address, policyVersion: 2n });

        expect((await store.licenseOf(offerIdOf(offer), alice.address)).policyVersion).to.equal(version);
      });
    }

    it("goes on after the model has another owner: its books are paid", async () => {
      const { store, registry, ledger, usdcAddress, owner, alice, payer, model, post, buy } = await fixture();
      const offer = await post();
      await registry.connect(owner).transferFrom(owner.address, alice.address, BigInt(model));

      await buy(offer);

      expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(PRICE);
      expect(await store.isLicensed(model, payer.address)).to.equal(true);
    });
  });

  describe("buy refuses", () => {
    it("terms that were not posted", async () => {
      const { store, parent, offerOf, post, buy } = await fixture();
      const offer = await post();

      for (const other of [
        offerOf(),
        { ...offer, model: parent },
        { ...offer, currency: ETH },
        { ...offer, price: PRICE - 1n },
        { ...offer, duration: MONTH + 1n },
        { ...offer, supply: 1n },
      ]) {
        await expect(buy(other)).to.be.revertedWithCustomError(store, "OfferNotOpen").withArgs(offerIdOf(other));
      }
    });

    it("another version of the use policy than the one that holds", async () => {
      const { store, publishPolicy, post, buy } = await fixture();
      const offer = await post();
      for (const seen of [0n, 2n]) {
        await expect(buy(offer, { policyVersion: seen }))
          .to.be.revertedWithCustomError(store, "PolicyVersionChanged")
          .withArgs(seen, 1n);
      }
      await publishPolicy();
      await expect(buy(offer)).to.be.revertedWithCustomError(store, "PolicyVersionChanged").withArgs(1n, 2n);
    });

    it("no periods, and more than one of what is for ever", async () => {
      const { store, post, buy } = await fixture();
      const [month, forever] = [await post(), await post({ duration: 0n })];

      for (const [offer, periods] of [
        [month, 0n],
        [forever, 0n],
        [forever, 2n],
      ] as const) {
        await expect(buy(offer, { periods }))
          .to.be.revertedWithCustomError(store, "PeriodsInvalid")
          .withArgs(periods, offer.duration);
      }
    });

    it("any ETH but the price, also of what is free or in a token", async () => {
      const { store, storeAddress, post, buy } = await fixture();
      const eth = await post({ currency: ETH });
      for (const [offer, price, value] of [
        [eth, 2n * PRICE, 0n],
        [eth, 2n * PRICE, 2n * PRICE - 1n],
        [eth, 2n * PRICE, 2n * PRICE + 1n],
        [await post({ currency: ETH, price: 0n }), 0n, 1n],
        [await post(), 0n, 1n],
        [await post({ price: 0n }), 0n, 1n],
      ] as const) {
        await expect(buy(offer, { periods: 2n }, { value }))
          .to.be.revertedWithCustomError(store, "LicensePriceMismatch")
          .withArgs(price, value);
      }
      expect(await connection.ethers.provider.getBalance(storeAddress)).to.equal(0n);
    });

    it("to give a licence to nobody", async () => {
      const { store, post, buy } = await fixture();

      await expect(buy(await post({ price: 0n }), { recipient: ZeroAddress }))
        .to.be.revertedWithCustomError(store, "ERC721InvalidReceiver")
        .withArgs(ZeroAddress);
    });

    it("a buyer who has too little, or lets the store take too little, and gives nothing", async () => {
      const { store, storeAddress, usdc, payer, alice, model, post, buy } = await fixture();
      const offer = await post({ supply: 1n });
      await usdc.mint(alice.address, PRICE - 1n);

      await expect(buy(offer, {}, { by: alice }))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(storeAddress, 0n, PRICE);
      await usdc.connect(alice).approve(storeAddress, PRICE);
      await expect(buy(offer, {}, { by: alice }))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
        .withArgs(alice.address, PRICE - 1n, PRICE);
      expect(await store.isLicensed(model, payer.address)).to.equal(false);
      expect(await store.offerStateOf(offerIdOf(offer))).to.deep.equal([1n, 0n]);
      expect(await store.balanceOf(payer.address)).to.equal(0n);
    });

    it("what the model's books have no room for", async () => {
      const { ledger, usdc, usdcAddress, payer, model, post, buy } = await fixture();
      const offer = await post({ price: MAX_RECEIVED });
      await usdc.mint(payer.address, 2n * MAX_RECEIVED);

      await expect(buy(offer, { periods: 2n }))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(model, usdcAddress, 0n, 2n * MAX_RECEIVED);
    });

    it("plain ETH that is sent to the store", async () => {
      const { storeAddress, payer } = await fixture();

      await expect(payer.sendTransaction({ to: storeAddress, value: 1n })).to.be.revertedWithoutReason(
        connection.ethers,
      );
    });
  });
});
