import { expect } from "chai";
import { type BigNumberish, MaxUint256 } from "ethers";
import { network } from "hardhat";
import { ETH, ref } from "../helpers/models.js";
import { deployLedger, MAX_RECEIVED, SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** Two models, the second built on the first. */
async function deploy() {
  const context = await deployLedger(connection);
  const parent = await context.open();
  const model = await context.open({ parents: [[parent, 2_500]] });
  const payingLedger = context.ledger.connect(context.payer);

  /** Pays several models as the payer, with `value` in ETH. */
  function payMany(models: string[], currency: string, amounts: BigNumberish[], value = 0n) {
    return payingLedger.payMany(models, currency, amounts, ref("batch"), { value });
  }

  return { ...context, parent, model, payMany };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("payMany", () => {
    for (const symbol of SYMBOLS) {
      it(`credits several models with ${symbol}, in any order and one of them twice`, async () => {
        const context = await fixture();
        const { ledger, ledgerAddress, payer, parent, model, currencyOf, eventsOf, expectMoved, payMany } = context;
        const currency = currencyOf(symbol);

        const transaction = payMany([model, parent, model], currency, [100n, 20n, 3n], symbol === "ETH" ? 123n : 0n);

        await expectMoved(transaction, currency, [
          [payer.address, -123n],
          [ledgerAddress, 123n],
        ]);
        expect(await eventsOf(transaction)).to.deep.equal([
          ["Paid", model, currency, payer.address, 100n, ref("batch")],
          ["Paid", parent, currency, payer.address, 20n, ref("batch")],
          ["Paid", model, currency, payer.address, 3n, ref("batch")],
        ]);
        // U = ⌊25.75⌋ of 103; of 78, F is less than a unit.
        expect(await ledger.booksOf(model, currency)).to.deep.equal([103n, 0n, 78n, 0n]);
        expect(await ledger.booksOf(parent, currency)).to.deep.equal([20n, 0n, 20n, 0n]);
        for (const paid of [model, parent]) {
          expect((await ledger.modelTermsOf(paid)).currencies).to.equal(symbol === "ETH" ? 0b001n : 0b100n);
        }
      });

      it(`adds ${symbol} to what was paid before`, async () => {
        const { ledger, parent, model, currencyOf, pay, payMany } = await fixture();
        const currency = currencyOf(symbol);
        await pay(model, currency, 1_000n);
        await ledger.cascade([model], currency);

        await payMany([parent, model], currency, [5n, 7n], symbol === "ETH" ? 12n : 0n);

        expect(await ledger.booksOf(model, currency)).to.deep.equal([1_007n, 1_000n, 749n, 0n]);
        expect((await ledger.booksOf(parent, currency)).received).to.equal(255n);
      });
    }

    it("moves an ERC-20 once", async () => {
      const { usdc, usdcAddress, ledgerAddress, payer, parent, model, payMany } = await fixture();

      const receipt = await (await payMany([model, parent], usdcAddress, [100n, 20n])).wait();

      const transfers = (receipt?.logs ?? [])
        .filter(({ address }) => address === usdcAddress)
        .map((log) => usdc.interface.parseLog(log)?.args.toArray());
      expect(transfers).to.deep.equal([[payer.address, ledgerAddress, 120n]]);
    });
  });

  describe("payMany refuses", () => {
    for (const [what, models, amounts] of [
      ["fewer amounts than models", 2, 1],
      ["more amounts than models", 1, 2],
      ["no models", 0, 0],
    ] as const) {
      it(what, async () => {
        const { ledger, model, payMany } = await fixture();

        await expect(payMany(Array(models).fill(model), ETH, Array(amounts).fill(1n), BigInt(amounts)))
          .to.be.revertedWithCustomError(ledger, "PaymentsLengthMismatch")
          .withArgs(models, amounts);
      });
    }

    for (const [what, value] of [
      ["less ETH than the sum of the amounts", 119n],
      ["more ETH than the sum of the amounts", 121n],
      ["a payment without its ETH", 0n],
    ] as const) {
      it(what, async () => {
        const { ledger, parent, model, payMany } = await fixture();

        await expect(payMany([model, parent], ETH, [100n, 20n], value))
          .to.be.revertedWithCustomError(ledger, "EthAmountMismatch")
          .withArgs(120, value);
      });
    }

    it("ETH along with an ERC-20", async () => {
      const { ledger, usdcAddress, parent, model, payMany } = await fixture();

      await expect(payMany([model, parent], usdcAddress, [100n, 20n], 120n))
        .to.be.revertedWithCustomError(ledger, "EthAmountMismatch")
        .withArgs(0, 120);
    });

    for (const symbol of SYMBOLS) {
      it(`no ${symbol} for one of the models, and pays none of them`, async () => {
        const { ledger, parent, model, currencyOf, payMany } = await fixture();
        const currency = currencyOf(symbol);

        await expect(payMany([model, parent], currency, [100n, 0n], symbol === "ETH" ? 100n : 0n))
          .to.be.revertedWithCustomError(ledger, "ZeroPayment")
          .withArgs(parent);

        expect((await ledger.booksOf(model, currency)).received).to.equal(0n);
      });

      it(`${symbol} for a model that was never opened, and pays none of them`, async () => {
        const { ledger, stranger, model, currencyOf, payMany } = await fixture();
        const currency = currencyOf(symbol);

        await expect(payMany([model, stranger.address], currency, [100n, 20n], symbol === "ETH" ? 120n : 0n))
          .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
          .withArgs(stranger.address);

        expect((await ledger.booksOf(model, currency)).received).to.equal(0n);
      });
    }

    it("a currency that is not listed, and does not call it", async () => {
      const { ledger, stranger, model, unlisted, payMany } = await fixture();

      // The token would complain about the missing allowance; the account could not even be called.
      for (const currency of [unlisted, stranger.address]) {
        await expect(payMany([model], currency, [1n]))
          .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
          .withArgs(currency);
      }
    });

    it("an ERC-20 whose sum the ledger may not spend", async () => {
      const { ledgerAddress, usdc, usdcAddress, payer, parent, model, payMany } = await fixture();
      await usdc.connect(payer).approve(ledgerAddress, 119n);

      await expect(payMany([model, parent], usdcAddress, [100n, 20n]))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(ledgerAddress, 119, 120);
    });

    it("amounts whose sum overflows", async () => {
      const { model, payMany } = await fixture();

      // The EVM's number for an arithmetic overflow.
      await expect(payMany([model, model], ETH, [MaxUint256, 1n])).to.be.revertedWithPanic(0x11);
    });

    it("more than the books of a model take, also in two parts", async () => {
      const { ledger, usdc, usdcAddress, payer, model, payMany } = await fixture();
      await usdc.mint(payer.address, MAX_RECEIVED);

      await expect(payMany([model, model], usdcAddress, [MAX_RECEIVED, 1n]))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(model, usdcAddress, MAX_RECEIVED, 1);
    });
  });
});
