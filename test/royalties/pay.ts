import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { network } from "hardhat";
import { ETH, NO_REF, ref } from "../helpers/models.js";
import { deployLedger, MAX_RECEIVED, SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** A model that passes 25 % on to its parent. */
async function deploy() {
  const context = await deployLedger(connection);
  const parent = await context.open();
  const model = await context.open({ parents: [[parent, 2_500]] });

  return { ...context, parent, model };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("pay", () => {
    for (const symbol of SYMBOLS) {
      it(`takes ${symbol} in and credits the model, the first time and again`, async () => {
        const context = await fixture();
        const { lens, ledger, ledgerAddress, payer, alice, parent, model, currencyOf, pay, eventsOf, expectMoved } =
          context;
        const currency = currencyOf(symbol);

        const first = pay(model, currency, 1_000_003n, ref("invoice 1"));
        await expect(first)
          .to.emit(ledger, "Paid")
          .withArgs(model, currency, payer.address, 1_000_003, ref("invoice 1"));
        await expectMoved(first, currency, [
          [payer.address, -1_000_003n],
          [ledgerAddress, 1_000_003n],
        ]);
        // U = ⌊250,000.75⌋ goes up; of the rest, F = ⌊7,500.03⌋.
        expect(await ledger.booksOf(model, currency)).to.deep.equal([1_000_003n, 0n, 742_503n, 0n]);
        expect(await ledger.claimable(alice.address, model, currency)).to.equal(742_503n);
        expect(await lens.pendingUpstream(model, currency)).to.equal(250_000n);

        const second = pay(model, currency, 999_997n, ref("invoice 2"));
        await expectMoved(second, currency, [
          [payer.address, -999_997n],
          [ledgerAddress, 999_997n],
        ]);
        expect(await eventsOf(second)).to.deep.equal([
          ["Paid", model, currency, payer.address, 999_997n, ref("invoice 2")],
        ]);
        expect(await ledger.booksOf(model, currency)).to.deep.equal([2_000_000n, 0n, 1_485_000n, 0n]);
        // Nothing has been cascaded.
        expect(await ledger.booksOf(parent, currency)).to.deep.equal([0n, 0n, 0n, 0n]);
        expect(await ledger.collectableFees(currency)).to.equal(0n);
      });

      it(`gives the same for ${symbol} in pieces as at once`, async () => {
        const { lens, ledger, alice, parent, open, currencyOf, pay } = await fixture();
        const currency = currencyOf(symbol);
        const [whole, pieces] = [
          await open({ parents: [[parent, 3_333]] }),
          await open({ parents: [[parent, 3_333]] }),
        ];

        await pay(whole, currency, 10_012n);
        for (const amount of [1n, 3n, 10_001n, 7n]) await pay(pieces, currency, amount);

        expect(await ledger.booksOf(pieces, currency)).to.deep.equal(await ledger.booksOf(whole, currency));
        expect(await ledger.claimable(alice.address, pieces, currency)).to.equal(
          await ledger.claimable(alice.address, whole, currency),
        );
        expect(await lens.pendingUpstream(pieces, currency)).to.equal(await lens.pendingUpstream(whole, currency));
      });
    }

    it("keeps currencies and models apart, and notes in the terms which currencies came", async () => {
      const { ledger, usdcAddress, parent, model, pay } = await fixture();
      const noted = async (of: string) => (await ledger.modelTermsOf(of)).currencies;
      expect(await noted(model)).to.equal(0n);

      await pay(model, usdcAddress, 8n);
      // ETH, WEAL, USDC.
      expect(await noted(model)).to.equal(0b100n);
      await pay(model, ETH, 5n);
      expect(await noted(model)).to.equal(0b101n);
      await pay(model, usdcAddress, 1n);
      expect(await noted(model)).to.equal(0b101n);

      expect((await ledger.booksOf(model, ETH)).received).to.equal(5n);
      expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(9n);
      expect(await noted(parent)).to.equal(0n);
    });

    it("takes in for a model without parents and fee, whose books begin as nothing", async () => {
      const { ledger, alice, governed, usdcAddress, open, pay } = await fixture();
      await governed.setProtocolFee(0);
      const plain = await open();

      for (const received of [7n, 14n]) {
        await pay(plain, usdcAddress, 7n);
        expect(await ledger.booksOf(plain, usdcAddress)).to.deep.equal([received, 0n, received, 0n]);
        expect((await ledger.modelTermsOf(plain)).currencies).to.equal(0b100n);
      }
      await ledger.cascade([plain], usdcAddress);
      expect(await ledger.booksOf(plain, usdcAddress)).to.deep.equal([14n, 14n, 14n, 0n]);
      expect(await ledger.claimable(alice.address, plain, usdcAddress)).to.equal(14n);
    });

    it("leaves the rest of the terms alone", async () => {
      const { ledger, usdcAddress, model, pay } = await fixture();
      await pay(model, usdcAddress, 8n);

      expect(await ledger.modelTermsOf(model)).to.deep.equal([2n, 2_500n, 100n, 1n, 0n, 0b100n]);
    });

    it("fills the books to 2¹¹² − 1 units, and not one more", async () => {
      const { ledger, usdc, usdcAddress, payer, parent, model, pay } = await fixture();
      await usdc.mint(payer.address, 2n * MAX_RECEIVED);

      await pay(model, usdcAddress, MAX_RECEIVED - 1n);
      await expect(pay(model, usdcAddress, 2n))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(model, usdcAddress, MAX_RECEIVED - 1n, 2);
      await pay(model, usdcAddress, 1n);
      await expect(pay(model, usdcAddress, 1n))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(model, usdcAddress, MAX_RECEIVED, 1);
      await expect(pay(parent, usdcAddress, MAX_RECEIVED + 1n))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(parent, usdcAddress, 0, MAX_RECEIVED + 1n);

      const kept = MAX_RECEIVED - MAX_RECEIVED / 4n;
      expect(await ledger.booksOf(model, usdcAddress)).to.deep.equal([MAX_RECEIVED, 0n, kept - kept / 100n, 0n]);
    });
  });

  describe("pay refuses", () => {
    for (const [what, value] of [
      ["less ETH than the amount", 999n],
      ["more ETH than the amount", 1_001n],
      ["a payment without its ETH", 0n],
    ] as const) {
      it(what, async () => {
        const { ledger, model } = await fixture();

        await expect(ledger.pay(model, ETH, 1_000n, NO_REF, { value }))
          .to.be.revertedWithCustomError(ledger, "EthAmountMismatch")
          .withArgs(1_000, value);
      });
    }

    it("ETH along with an ERC-20", async () => {
      const { ledger, usdcAddress, payer, model } = await fixture();

      await expect(ledger.connect(payer).pay(model, usdcAddress, 1_000n, NO_REF, { value: 1_000n }))
        .to.be.revertedWithCustomError(ledger, "EthAmountMismatch")
        .withArgs(0, 1_000);
    });

    for (const symbol of SYMBOLS) {
      it(`a payment of no ${symbol}`, async () => {
        const { ledger, model, currencyOf, pay } = await fixture();

        await expect(pay(model, currencyOf(symbol), 0n))
          .to.be.revertedWithCustomError(ledger, "ZeroPayment")
          .withArgs(model);
      });

      it(`${symbol} for a model that was never opened`, async () => {
        const { ledger, stranger, currencyOf, pay } = await fixture();

        await expect(pay(stranger.address, currencyOf(symbol), 1n))
          .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
          .withArgs(stranger.address);
      });
    }

    it("a currency that is not listed, and does not call it", async () => {
      const { ledger, stranger, model, unlisted, pay } = await fixture();

      // The token would complain about the missing allowance; the account could not even be called.
      for (const currency of [unlisted, stranger.address]) {
        await expect(pay(model, currency, 1n))
          .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
          .withArgs(currency);
      }
    });

    it("an ERC-20 that the ledger may not spend", async () => {
      const { usdc, usdcAddress, ledgerAddress, payer, model, pay } = await fixture();
      await usdc.connect(payer).approve(ledgerAddress, 999n);

      await expect(pay(model, usdcAddress, 1_000n))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(ledgerAddress, 999, 1_000);
    });

    it("an ERC-20 that the payer does not have, though another may have let the ledger spend it", async () => {
      const { ledger, usdc, usdcAddress, ledgerAddress, stranger, model } = await fixture();
      await usdc.connect(stranger).approve(ledgerAddress, MaxUint256);

      await expect(ledger.connect(stranger).pay(model, usdcAddress, 1n, NO_REF))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
        .withArgs(stranger.address, 0, 1);
    });

    it("without a trace", async () => {
      const { ledger, usdc, usdcAddress, ledgerAddress, payer, model, pay } = await fixture();
      await usdc.connect(payer).approve(ledgerAddress, 0n);

      await expect(pay(model, usdcAddress, 1n)).to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance");
      await expect(pay(model, ETH, 0n)).to.be.revertedWithCustomError(ledger, "ZeroPayment");

      for (const currency of [ETH, usdcAddress]) {
        expect(await ledger.booksOf(model, currency)).to.deep.equal([0n, 0n, 0n, 0n]);
      }
      expect((await ledger.modelTermsOf(model)).currencies).to.equal(0n);
    });

    it("plain ETH: it would be nobody's", async () => {
      const { ledger, ledgerAddress, payer } = await fixture();

      await expect(payer.sendTransaction({ to: ledgerAddress, value: 1n }))
        .to.be.revertedWithCustomError(ledger, "PlainTransferRefused")
        .withArgs(payer.address);
    });
  });
});
