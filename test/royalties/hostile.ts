import { expect } from "chai";
import { network } from "hardhat";
import { NO_REF } from "../helpers/models.js";
import { deployLedger } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A model of Alice's, to be paid in a token that is not as others are. */
async function deploy() {
  const context = await deployLedger(connection);

  return { ...context, model: await context.open() };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("with a token that takes a fee on transfers", () => {
    it("refuses a payment of which less arrives, and says how much", async () => {
      const { ledger, payer, model, introduce } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [100], payer);
      const currency = await introduce(token, 1_000n);
      const payingLedger = ledger.connect(payer);

      await expect(payingLedger.pay(model, currency, 1_000n, NO_REF))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(currency, 1_000, 990);
      await expect(payingLedger.payMany([model, model], currency, [500n, 500n], NO_REF))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(currency, 1_000, 990);

      expect(await ledger.booksOf(model, currency)).to.deep.equal([0n, 0n, 0n, 0n]);
      expect(await token.balanceOf(payer.address)).to.equal(1_000n);
    });

    it("takes a payment on which the fee is less than a unit", async () => {
      const { ledger, ledgerAddress, payer, model, pay, introduce } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [100], payer);
      const currency = await introduce(token, 99n);

      await pay(model, currency, 99n);

      expect((await ledger.booksOf(model, currency)).received).to.equal(99n);
      expect(await token.balanceOf(ledgerAddress)).to.equal(99n);
    });

    it("says that nothing arrived when there is less than before", async () => {
      const { ledger, ledgerAddress, payer, model, pay, introduce } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [20_000], payer);
      const currency = await introduce(token, 100n);
      await token.mint(ledgerAddress, 500n);

      await expect(pay(model, currency, 100n))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(currency, 100, 0);
    });
  });

  describe("with a token that returns false", () => {
    it("takes it for a refusal", async () => {
      const { ledger, payer, alice, treasury, model, pay, introduce } = await fixture();
      const token = await ethers.deployContract("FalseReturningToken", payer);
      const currency = await introduce(token, 2_000n);
      await pay(model, currency, 1_000n);
      await ledger.cascade([model], currency);

      await token.setFrozen(true);
      for (const attempt of [
        () => pay(model, currency, 1_000n),
        () => ledger.claimFor(alice.address, [model], currency),
        () => ledger.collectFees(currency),
      ]) {
        await expect(attempt()).to.be.revertedWithCustomError(ledger, "SafeERC20FailedOperation").withArgs(currency);
      }
      expect((await ledger.booksOf(model, currency)).received).to.equal(1_000n);
      expect(await ledger.claimable(alice.address, model, currency)).to.equal(990n);
      expect(await ledger.collectableFees(currency)).to.equal(10n);

      await token.setFrozen(false);
      await ledger.claimFor(alice.address, [model], currency);
      await ledger.collectFees(currency);
      expect(await token.balanceOf(alice.address)).to.equal(990n);
      expect(await token.balanceOf(treasury)).to.equal(10n);
    });
  });

  describe("with a token that returns nothing", () => {
    it("is paid, pays out and collects as with any other", async () => {
      const { ledger, ledgerAddress, payer, alice, treasury, model, pay, list } = await fixture();
      const token = await ethers.deployContract("NoReturnToken");
      const currency = await list(token);
      await token.mint(payer.address, 1_000n);

      await pay(model, currency, 1_000n);
      expect(await token.balanceOf(ledgerAddress)).to.equal(1_000n);
      await ledger.cascade([model], currency);
      await ledger.claimFor(alice.address, [model], currency);
      await ledger.collectFees(currency);

      expect(await token.balanceOf(alice.address)).to.equal(990n);
      expect(await token.balanceOf(treasury)).to.equal(10n);
      expect(await token.balanceOf(ledgerAddress)).to.equal(0n);
    });
  });
});
