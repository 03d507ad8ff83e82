import { expect } from "chai";
import { AbiCoder } from "ethers";
import { network } from "hardhat";
import type { ReentrantToken, ScriptedPayer } from "../../types/ethers-contracts/index.js";
import { ETH, ref } from "../helpers/models.js";
import { deployStore, offerIdOf, PRICE } from "./store.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployStore(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("LicenseStore", () => {
  describe("deliver", () => {
    it("is for the ledger alone, whoever has let the store spend", async () => {
      const { store, payer, owner, stranger, usdcAddress } = await fixture();
      const data = AbiCoder.defaultAbiCoder().encode(["address"], [payer.address]);

      for (const caller of [stranger, owner, payer]) {
        await expect(store.connect(caller).deliver(usdcAddress, 1n, data))
          .to.be.revertedWithCustomError(store, "NotPaidLedger")
          .withArgs(caller.address);
      }
    });

    it("cannot be reached through the ledger by another payer", async () => {
      const { store, storeAddress, ledgerAddress, usdcAddress, payer, model } = await fixture();
      const scripted = (await ethers.deployContract("ScriptedPayer")) as unknown as ScriptedPayer;
      const payerData = AbiCoder.defaultAbiCoder().encode(["address"], [payer.address]);
      const data = store.interface.encodeFunctionData("deliver", [usdcAddress, PRICE, payerData]);
      const script = [{ target: storeAddress, value: 0n, data }];

      await expect(scripted.pay(ledgerAddress, model, usdcAddress, PRICE, ref("order"), script))
        .to.be.revertedWithCustomError(store, "NotPaidLedger")
        .withArgs(await scripted.getAddress());
    });
  });

  describe("with a token that takes a fee on transfers", () => {
    it("sells nothing, whichever way it is paid", async () => {
      const { store, storeAddress, ledger, payer, owner, post, purchaseOf, buy, sell, now } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [1_000]);
      const currency = await sell(token, 10n * PRICE);
      const offer = await post({ currency });
      // A tenth is burnt, rounded down.
      const delivered = PRICE - PRICE / 10n;

      await expect(buy(offer))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(currency, PRICE, delivered);
      await expect(
        store
          .connect(payer)
          .buyWithPermit(offer, purchaseOf(), await now(), 27, ref("no permit"), ref("the allowance is there")),
      )
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(currency, PRICE, delivered);
      expect(await store.isLicensed(offer.model, payer.address)).to.equal(false);
      expect([await token.balanceOf(storeAddress), await token.balanceOf(owner.address)]).to.deep.equal([0n, 0n]);
    });
  });

  describe("with a token that calls back", () => {
    /** An offer in such a token, which the payer has and lets the store take. */
    async function withToken() {
      const context = await fixture();
      const token = (await ethers.deployContract("ReentrantToken")) as unknown as ReentrantToken;
      const currency = await context.sell(token as never, 10n * PRICE);
      const offer = await context.post({ currency });

      return { ...context, token, currency, offer };
    }

    it("refuses another purchase in the middle of one", async () => {
      const { store, storeAddress, payer, model, token, offer, post, purchaseOf, buy } = await withToken();
      const [purchase, zero] = [purchaseOf(), ref("nothing")];
      const free = await post({ price: 0n, currency: ETH });
      const authorization = {
        from: payer.address,
        validAfter: 0n,
        validBefore: 2n ** 40n,
        salt: zero,
        signature: "0x",
      };
      for (const data of [
        store.interface.encodeFunctionData("buy", [offer, purchase]),
        store.interface.encodeFunctionData("buy", [free, purchase]),
        store.interface.encodeFunctionData("buyWithPermit", [offer, purchase, 0n, 27, zero, zero]),
        store.interface.encodeFunctionData("buyWithAuthorization", [offer, purchase, authorization]),
      ]) {
        await token.prepare(storeAddress, data);

        await expect(buy(offer)).to.be.revertedWithCustomError(store, "ReentrancyGuardReentrantCall").withArgs();
      }
      expect(await store.isLicensed(model, payer.address)).to.equal(false);
    });

    it("refuses to deliver twice", async () => {
      const { store, storeAddress, payer, token, currency, offer, buy } = await withToken();
      const payerData = AbiCoder.defaultAbiCoder().encode(["address"], [payer.address]);
      await token.prepare(storeAddress, store.interface.encodeFunctionData("deliver", [currency, PRICE, payerData]));

      await expect(buy(offer))
        .to.be.revertedWithCustomError(store, "NotPaidLedger")
        .withArgs(await token.getAddress());
    });

    it("credits a purchase once, whatever else it pays in the middle of it", async () => {
      const { store, ledger, ledgerAddress, payer, model, token, currency, offer, buy } = await withToken();
      const eth = ledger.interface.encodeFunctionData("pay", [model, ETH, 7n, ref("meanwhile")]);
      await token.prepare(ledgerAddress, eth, { value: 7n });

      await buy(offer);

      expect((await ledger.booksOf(model, currency)).received).to.equal(PRICE);
      expect((await ledger.booksOf(model, ETH)).received).to.equal(7n);
      expect((await store.offerStateOf(offerIdOf(offer))).sold).to.equal(1n);
      expect(await token.balanceOf(payer.address)).to.equal(9n * PRICE);
    });
  });

  describe("with tokens that return nothing, or false", () => {
    it("is paid by the one, and sells nothing for the other", async () => {
      const { store, ledger, payer, alice, model, list, post, buy, sell } = await fixture();
      const silent = await ethers.deployContract("NoReturnToken");
      await silent.mint(payer.address, PRICE);
      const currency = await list(silent);
      await buy(await post({ currency }));
      expect((await ledger.booksOf(model, currency)).received).to.equal(PRICE);

      const frozen = await ethers.deployContract("FalseReturningToken");
      const offer = await post({ currency: await sell(frozen, PRICE) });
      await frozen.setFrozen(true);
      await expect(buy(offer, { recipient: alice.address }))
        .to.be.revertedWithCustomError(store, "SafeERC20FailedOperation")
        .withArgs(offer.currency);
      expect(await store.isLicensed(model, alice.address)).to.equal(false);
    });
  });
});
