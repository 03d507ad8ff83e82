import { expect } from "chai";
import { type Contract, Signature, type Signer } from "ethers";
import { network } from "hardhat";
import type { ReentrantToken } from "../../types/ethers-contracts/index.js";
import { ETH, NO_REF, ref } from "../helpers/models.js";
import { domainOf, signPermit } from "./payments.support.js";
import { deployLedger, MAX_RECEIVED } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** What a test may want otherwise: who pays which model, in what, how much, under which deadline. */
interface Paying {
  by: Signer;
  to: string;
  currency: string;
  amount: bigint;
  until: bigint;
}

/** A model that passes 25 % on to its parent, and Alice, who has USDC and lets the ledger spend nothing. */
async function deploy() {
  const context = await deployLedger(connection);
  const { ledger, ledgerAddress, usdc, usdcAddress, alice, stranger, open } = context;
  const parent = await open();
  const model = await open({ parents: [[parent, 2_500]] });
  await usdc.mint(alice.address, 10_000n);
  const domain = await domainOf(usdc);
  const deadline = BigInt(await networkHelpers.time.latest()) + 3_600n;

  /** Alice's permit for the ledger, of 1,000 units unless told otherwise. */
  async function permit({ by = alice as Signer, spender = ledgerAddress, value = 1_000n, until = deadline } = {}) {
    const owner = alice.address;
    const signed = { owner, spender, value, nonce: await usdc.nonces(owner), deadline: until };

    return Signature.from(await signPermit(by, domain, signed));
  }

  /** Pays as Alice with a permit, 1,000 units of USDC for the model unless told otherwise. */
  function pay(signature: Signature, { by = alice as Signer, ...changes }: Partial<Paying> = {}) {
    const paying = { to: model, currency: usdcAddress, amount: 1_000n, until: deadline, ...changes };

    return ledger
      .connect(by)
      .payWithPermit(
        ...([paying.to, paying.currency, paying.amount, ref("order"), paying.until] as const),
        ...([signature.v, signature.r, signature.s] as const),
      );
  }

  /** Uses a permit of Alice's, as anybody can who has seen it. */
  function use({ v, r, s }: Signature) {
    return usdc.connect(stranger).permit(alice.address, ledgerAddress, 1_000n, deadline, v, r, s);
  }

  return { ...context, parent, model, deadline, permit, pay, use };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("payWithPermit", () => {
    it("takes a token in without an approval, and spends the permit", async () => {
      const { ledger, ledgerAddress, usdc, usdcAddress, alice, model, permit, pay, expectMoved } = await fixture();

      const transaction = pay(await permit());

      await expect(transaction)
        .to.emit(ledger, "Paid")
        .withArgs(model, usdcAddress, alice.address, 1_000, ref("order"));
      await expectMoved(transaction, usdcAddress, [
        [alice.address, -1_000n],
        [ledgerAddress, 1_000n],
      ]);
      // U = 250 goes up; of the rest, F = ⌊7.5⌋.
      expect(await ledger.booksOf(model, usdcAddress)).to.deep.equal([1_000n, 0n, 743n, 0n]);
      expect((await ledger.modelTermsOf(model)).currencies).to.equal(0b100n);
      expect(await usdc.allowance(alice.address, ledgerAddress)).to.equal(0n);
      expect(await usdc.nonces(alice.address)).to.equal(1n);
    });

    it("takes one permit after the other", async () => {
      const { ledger, usdcAddress, model, permit, pay } = await fixture();
      await pay(await permit());
      await pay(await permit({ value: 3n }), { amount: 3n });

      expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(1_003n);
    });

    it("serves in the last second of the permit's deadline", async () => {
      const { deadline, permit, pay } = await fixture();
      const signature = await permit();
      await networkHelpers.time.setNextBlockTimestamp(deadline);

      await pay(signature);
      expect(await networkHelpers.time.latest()).to.equal(Number(deadline));
    });

    it("does not mind that somebody has used the permit already: the allowance is there", async () => {
      const { ledger, ledgerAddress, usdc, usdcAddress, alice, model, permit, pay, use } = await fixture();
      const signature = await permit();
      await use(signature);

      await pay(signature);

      expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(1_000n);
      expect(await usdc.allowance(alice.address, ledgerAddress)).to.equal(0n);
    });

    it("does not mind a permit that does not work when the allowance suffices", async () => {
      const { ledger, ledgerAddress, usdc, usdcAddress, alice, stranger, model, permit, pay } = await fixture();
      await usdc.connect(alice).approve(ledgerAddress, 2_500n);

      await pay(await permit({ by: stranger }));
      await pay(await permit({ until: 1n }), { until: 1n });

      expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(2_000n);
      expect(await usdc.allowance(alice.address, ledgerAddress)).to.equal(500n);
    });

    for (const name of ["PlainToken", "PhantomToken"]) {
      it(`takes a ${name}, which knows no permits, by its allowance`, async () => {
        const { ledger, ledgerAddress, alice, model, list, permit, pay } = await fixture();
        const token = await ethers.deployContract(name, alice);
        const currency = await list(token);
        await token.mint(alice.address, 1_000n);
        const signature = await permit();

        await expect(pay(signature, { currency }))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
          .withArgs(ledgerAddress, 0, 1_000);
        await token.approve(ledgerAddress, 1_000n);
        await pay(signature, { currency });

        expect((await ledger.booksOf(model, currency)).received).to.equal(1_000n);
        expect(await token.balanceOf(ledgerAddress)).to.equal(1_000n);
      });
    }
  });

  describe("payWithPermit refuses", () => {
    it("somebody else's permit: it pulls from its caller alone", async () => {
      const { ledgerAddress, usdc, alice, stranger, permit, pay } = await fixture();
      const signature = await permit();
      await usdc.mint(stranger.address, 1_000n);

      await expect(pay(signature, { by: stranger }))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(ledgerAddress, 0, 1_000);
      expect(await usdc.balanceOf(alice.address)).to.equal(10_000n);
      expect(await usdc.nonces(alice.address)).to.equal(0n);
    });

    it("to spend an allowance that somebody else's permit has made", async () => {
      const { ledgerAddress, usdc, alice, stranger, permit, pay, use } = await fixture();
      const signature = await permit();
      await use(signature);

      await expect(pay(signature, { by: stranger }))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(ledgerAddress, 0, 1_000);
      expect(await usdc.allowance(alice.address, ledgerAddress)).to.equal(1_000n);
    });

    it("a permit by another signer, for another spender, for another amount, or for another deadline", async () => {
      const { ledgerAddress, usdc, deadline, stranger, permit, pay } = await fixture();

      for (const signature of [
        await permit({ by: stranger }),
        await permit({ spender: stranger.address }),
        await permit({ value: 1_001n }),
        await permit({ until: deadline + 1n }),
      ]) {
        await expect(pay(signature))
          .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
          .withArgs(ledgerAddress, 0, 1_000);
      }
    });

    it("a permit that has expired", async () => {
      const { ledgerAddress, usdc, deadline, permit, pay } = await fixture();
      const signature = await permit();
      await networkHelpers.time.setNextBlockTimestamp(deadline + 1n);

      await expect(pay(signature))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(ledgerAddress, 0, 1_000);
    });

    it("a permit that it has used", async () => {
      const { ledgerAddress, usdc, permit, pay } = await fixture();
      const signature = await permit();
      await pay(signature);

      await expect(pay(signature))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(ledgerAddress, 0, 1_000);
    });

    it("more than the payer has", async () => {
      const { usdc, alice, permit, pay } = await fixture();

      await expect(pay(await permit({ value: 10_001n }), { amount: 10_001n }))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
        .withArgs(alice.address, 10_000, 10_001);
    });

    it("a token that takes a fee on transfers", async () => {
      const { ledger, ledgerAddress, alice, list, permit, pay } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [100], alice);
      const currency = await list(token);
      await token.mint(alice.address, 1_000n);
      await token.approve(ledgerAddress, 1_000n);

      await expect(pay(await permit(), { currency }))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(currency, 1_000, 990);
    });

    it("ETH", async () => {
      const { ledger, permit, pay } = await fixture();

      await expect(pay(await permit(), { currency: ETH }))
        .to.be.revertedWithCustomError(ledger, "TokenRequired")
        .withArgs();
    });

    it("a currency that is not listed, or a model that is not open, and leaves the permit unused", async () => {
      const { ledger, usdc, alice, stranger, unlisted, permit, pay } = await fixture();
      const signature = await permit();

      await expect(pay(signature, { currency: unlisted }))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
      await expect(pay(signature, { to: stranger.address }))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
      expect(await usdc.nonces(alice.address)).to.equal(0n);
    });

    it("a payment of nothing", async () => {
      const { ledger, model, permit, pay } = await fixture();

      await expect(pay(await permit({ value: 0n }), { amount: 0n }))
        .to.be.revertedWithCustomError(ledger, "ZeroPayment")
        .withArgs(model);
    });

    it("what the books have no room for", async () => {
      const { ledger, usdc, usdcAddress, payer, model, permit, pay } = await fixture();
      await usdc.mint(payer.address, MAX_RECEIVED);
      await ledger.connect(payer).pay(model, usdcAddress, MAX_RECEIVED - 999n, NO_REF);

      await expect(pay(await permit()))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(model, usdcAddress, MAX_RECEIVED - 999n, 1_000);
    });
  });

  describe("payWithPermit, with a token that calls back", () => {
    /** The model has received 1,000 units of the token, 250 for its parent; Alice has 1,000 and has approved them. */
    async function withToken() {
      const context = await fixture();
      const { ledger, ledgerAddress, alice, payer, model, introduce } = context;
      const token = (await ethers.deployContract("ReentrantToken", payer)) as unknown as ReentrantToken;
      const currency = await introduce(token as unknown as Contract, 2_000n);
      await token.transfer(alice.address, 1_000n);
      await token.connect(alice).approve(ledgerAddress, 1_000n);
      await ledger.connect(payer).pay(model, currency, 1_000n, NO_REF);

      return { ...context, token, currency };
    }

    it("refuses another payment in the middle of it", async () => {
      const { ledger, token, currency, model, alice, permit, pay } = await withToken();
      const { v, r, s } = await permit();
      const payment = [model, currency, 1n, NO_REF] as const;
      for (const data of [
        ledger.interface.encodeFunctionData("pay", [...payment]),
        ledger.interface.encodeFunctionData("payWithPermit", [...payment, 0n, v, r, s]),
        ledger.interface.encodeFunctionData("claim", [[model], currency, alice.address]),
      ]) {
        await token.prepare(ledger, data);

        await expect(pay(await permit(), { currency }))
          .to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall")
          .withArgs();
      }
    });

    it("does not lose what a child passes on in the middle of it", async () => {
      const { ledger, token, currency, parent, model, permit, pay } = await withToken();
      await token.prepare(ledger, ledger.interface.encodeFunctionData("cascade", [[model], currency]));

      await pay(await permit(), { to: parent, currency });

      expect((await ledger.booksOf(parent, currency)).received).to.equal(1_250n);
    });
  });
});
