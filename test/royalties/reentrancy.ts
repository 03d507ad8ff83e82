import { expect } from "chai";
import { network } from "hardhat";
import { ETH, NO_REF, TOTAL_SHARES } from "../helpers/models.js";
import { deployLedger } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A model of Alice's, and a child that passes half of what it receives on to it. */
async function deploy() {
  const context = await deployLedger(connection);
  const parent = await context.open();
  const child = await context.open({ parents: [[parent, 5_000]] });

  return { ...context, parent, child };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/**
 * The same with a token that calls back. It holds 40 % of a second child, has units of its own that the ledger may take,
 * and fees in it wait: so nothing but the lock is in the way of any call that it makes.
 */
async function deployWithToken() {
  const context = await fixture();
  const { ledger, ledgerAddress, alice, payer, parent, child, open, pay, introduce } = context;
  const token = await ethers.deployContract("ReentrantToken", payer);
  const currency = await introduce(token, 10_000n);
  await token.mint(currency, 1_000n);
  await token.prepare(token, token.interface.encodeFunctionData("approve", [ledgerAddress, 1_000n]));
  await token.transfer(payer, 0n);
  const model = await open({
    parents: [[parent, 2_000]],
    holdings: [
      [currency, 400_000n],
      [alice.address, 600_000n],
    ],
  });
  for (const paid of [child, model]) await pay(paid, currency, 1_000n);
  await ledger.cascade([model], currency);
  const payingLedger = ledger.connect(payer);

  /** The calls that pull the token, 100 units for the model. */
  const payments = {
    pay: () => payingLedger.pay(model, currency, 100n, NO_REF),
    payMany: () => payingLedger.payMany([model, parent], currency, [70n, 30n], NO_REF),
  };

  return { ...context, token, currency, model, payments };
}

const fixtureWithToken = () => networkHelpers.loadFixture(deployWithToken);
type WithToken = Awaited<ReturnType<typeof deployWithToken>>;

/** Calls that move a token or ETH: the lock refuses them in the middle of another. */
const locked = {
  pay: ({ ledger, model, currency }: WithToken) =>
    ledger.interface.encodeFunctionData("pay", [model, currency, 1n, NO_REF]),
  payMany: ({ ledger, model, currency }: WithToken) =>
    ledger.interface.encodeFunctionData("payMany", [[model], currency, [1n], NO_REF]),
  claim: ({ ledger, alice, model, currency }: WithToken) =>
    ledger.interface.encodeFunctionData("claim", [[model], currency, alice.address]),
  claimFor: ({ ledger, alice, model, currency }: WithToken) =>
    ledger.interface.encodeFunctionData("claimFor", [alice.address, [model], currency]),
  collectFees: ({ ledger, currency }: WithToken) => ledger.interface.encodeFunctionData("collectFees", [currency]),
};

describe("RoyaltyLedger", () => {
  describe("with a token that delivers more than asked", () => {
    it("credits what was asked, and leaves the rest to nobody", async () => {
      const { ledger, ledgerAddress, token, currency, model, payments } = await fixtureWithToken();
      const before = await token.balanceOf(ledgerAddress);
      await token.prepare(token, token.interface.encodeFunctionData("mint", [ledgerAddress, 7n]));

      await payments.pay();

      expect(await token.balanceOf(ledgerAddress)).to.equal(before + 107n);
      expect((await ledger.booksOf(model, currency)).received).to.equal(1_100n);
    });
  });

  describe("with a token that calls back", () => {
    for (const payment of ["pay", "payMany"] as const) {
      for (const [name, encode] of Object.entries(locked)) {
        it(`refuses ${name} in the middle of ${payment}`, async () => {
          const context = await fixtureWithToken();
          const { ledger, ledgerAddress, token, currency, model, payments } = context;
          await token.prepare(ledger, encode(context));

          await expect(payments[payment]())
            .to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall")
            .withArgs();

          expect((await ledger.booksOf(model, currency)).received).to.equal(1_000n);
          expect(await token.balanceOf(ledgerAddress)).to.equal(2_000n);
        });
      }

      it(`takes ETH for the same model in the middle of ${payment}`, async () => {
        const { ledger, token, currency, model, payments, eventsOf } = await fixtureWithToken();
        const data = ledger.interface.encodeFunctionData("pay", [model, ETH, 7n, NO_REF]);
        await token.prepare(ledger, data, { value: 7n });

        expect(await eventsOf(payments[payment]())).to.deep.include(["Paid", model, ETH, currency, 7n, NO_REF]);

        expect((await ledger.booksOf(model, ETH)).received).to.equal(7n);
        expect((await ledger.booksOf(model, currency)).received).to.equal(payment === "pay" ? 1_100n : 1_070n);
        // ETH and the fourth on the list.
        expect((await ledger.modelTermsOf(model)).currencies).to.equal(0b1001n);
      });

      it(`cascades the model that is being paid, in the middle of ${payment}`, async () => {
        const { ledger, token, currency, model, parent, pay, payments } = await fixtureWithToken();
        await pay(model, currency, 505n);
        await token.prepare(ledger, ledger.interface.encodeFunctionData("cascade", [[model], currency]));

        await payments[payment]();

        // 1,505 were cascaded by then; U = 301.
        const received = payment === "pay" ? 1_605n : 1_575n;
        const paidToParent = payment === "pay" ? 0n : 30n;
        const books = await ledger.booksOf(model, currency);
        expect([books.received, books.cascaded]).to.deep.equal([received, 1_505n]);
        expect((await ledger.booksOf(parent, currency)).received).to.equal(301n + paidToParent);
        await ledger.cascade([model], currency);
        expect((await ledger.booksOf(parent, currency)).received).to.equal(received / 5n + paidToParent);
      });
    }

    it("counts both a payment and what a child passes on in the middle of it", async () => {
      const { ledger, ledgerAddress, token, currency, parent, child, payer } = await fixtureWithToken();
      const payingLedger = ledger.connect(payer);
      const cascade = ledger.interface.encodeFunctionData("cascade", [[child], currency]);
      const before = (await ledger.booksOf(parent, currency)).received;
      const beginning = await networkHelpers.takeSnapshot();

      for (const payment of [
        () => payingLedger.pay(parent, currency, 100n, NO_REF),
        () => payingLedger.payMany([parent], currency, [100n], NO_REF),
      ]) {
        await beginning.restore();
        await token.prepare(ledger, cascade);

        await payment();

        expect((await ledger.booksOf(parent, currency)).received).to.equal(before + 500n + 100n);
        expect(await token.balanceOf(ledgerAddress)).to.equal(2_100n);
      }
    });

    it("counts both in books that were not open before", async () => {
      const { ledger, payer, alice, open, pay, introduce } = await fixture();
      const token = await ethers.deployContract("ReentrantToken", payer);
      const currency = await introduce(token, 10_000n);
      const parent = await open();
      const child = await open({ parents: [[parent, 5_000]] });
      await pay(child, currency, 1_000n);
      await token.prepare(ledger, ledger.interface.encodeFunctionData("cascade", [[child], currency]));

      await pay(parent, currency, 100n);

      expect(await ledger.booksOf(parent, currency)).to.deep.equal([600n, 0n, 594n, 0n]);
      expect(await ledger.claimable(alice.address, parent, currency)).to.equal(594n);
    });

    it("leaves earlier income with the token when it moves its shares in the middle of pay", async () => {
      const { ledger, ledgerAddress, token, currency, model, alice, bob, payments } = await fixtureWithToken();
      const data = ledger.interface.encodeFunctionData("transfer", [bob.address, model, 400_000n]);
      await token.prepare(ledger, data);

      await payments.pay();
      await ledger.cascade([model], currency);

      // D was 792 of 1,000, and is 872 of 1,100.
      const claimables = [currency, alice.address, bob.address].map((holder) =>
        ledger.claimable(holder, model, currency),
      );
      expect(await Promise.all(claimables)).to.deep.equal([316n, 523n, 32n]);
      for (const holder of [currency, alice, bob]) await ledger.claimFor(holder, [model], currency);
      // What is left: the child's 1,000, the parent's 220, the fee of 8 and a unit of dust.
      expect(await token.balanceOf(ledgerAddress)).to.equal(1_229n);
    });

    for (const [name, encode] of Object.entries(locked)) {
      it(`refuses ${name} in the middle of a claim, and of collecting fees`, async () => {
        const context = await fixtureWithToken();
        const { ledger, ledgerAddress, token, currency, model, alice } = context;
        await token.prepare(ledger, encode(context));

        await expect(ledger.connect(alice).claim([model], currency, alice.address))
          .to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall")
          .withArgs();
        await expect(ledger.collectFees(currency))
          .to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall")
          .withArgs();

        expect(await ledger.claimable(alice.address, model, currency)).to.equal(475n);
        expect(await ledger.collectableFees(currency)).to.equal(8n);
        expect(await token.balanceOf(ledgerAddress)).to.equal(2_000n);
      });
    }

    it("pays a claim once when the model is cascaded and shares move in the middle of it", async () => {
      const { ledger, token, currency, model, child, parent, alice, bob } = await fixtureWithToken();
      const cascade = ledger.interface.encodeFunctionData("cascade", [[child], currency]);
      const transfer = ledger.interface.encodeFunctionData("transfer", [bob.address, model, 400_000n]);

      await token.prepare(ledger, cascade);
      await ledger.claimFor(alice.address, [model], currency);
      await token.prepare(ledger, transfer);
      await ledger.claimFor(currency, [model], currency);

      expect(await token.balanceOf(alice.address)).to.equal(475n);
      expect(await token.balanceOf(currency)).to.equal(1_000n + 316n);
      expect((await ledger.booksOf(parent, currency)).received).to.equal(200n + 500n);
      for (const holder of [alice.address, currency, bob.address]) {
        expect(await ledger.claimable(holder, model, currency)).to.equal(0n);
      }
    });
  });

  describe("with a holder that calls back when ETH arrives", () => {
    /** A model that the holder has half of, and Alice the other; D is 990. */
    async function deployWithHolder() {
      const context = await fixture();
      const { ledger, alice, parent, open, pay } = context;
      const holder = await ethers.deployContract("ReentrantHolder");
      const holderAddress = await holder.getAddress();
      const model = await open({
        holdings: [
          [holderAddress, TOTAL_SHARES / 2n],
          [alice.address, TOTAL_SHARES / 2n],
        ],
      });
      for (const paid of [model, parent]) await pay(paid, ETH, 1_000n);
      await ledger.cascade([parent], ETH);

      return { ...context, holder, holderAddress, model, currency: ETH };
    }

    const fixtureWithHolder = () => networkHelpers.loadFixture(deployWithHolder);

    for (const name of ["claim", "claimFor", "collectFees"] as const) {
      it(`refuses ${name} in the middle of its claim`, async () => {
        const { ledger, ledgerAddress, holder, holderAddress, model, alice } = await fixtureWithHolder();
        const calls = {
          claim: ledger.interface.encodeFunctionData("claim", [[model], ETH, holderAddress]),
          claimFor: ledger.interface.encodeFunctionData("claimFor", [alice.address, [model], ETH]),
          collectFees: ledger.interface.encodeFunctionData("collectFees", [ETH]),
        };
        await holder.prepare(ledger, calls[name]);

        await expect(ledger.claimFor(holderAddress, [model], ETH))
          .to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall")
          .withArgs();

        expect(await ledger.claimable(holderAddress, model, ETH)).to.equal(495n);
        expect(await ethers.provider.getBalance(ledgerAddress)).to.equal(2_000n);
      });
    }

    it("counts it once when it pays the same model again", async () => {
      const { ledger, ledgerAddress, holder, holderAddress, model, alice, expectMoved } = await fixtureWithHolder();
      const data = ledger.interface.encodeFunctionData("pay", [model, ETH, 400n, NO_REF]);
      await holder.prepare(ledger, data, { value: 400n });

      await expectMoved(ledger.claimFor(holderAddress, [model], ETH), ETH, [
        [holderAddress, 495n - 400n],
        [ledgerAddress, 400n - 495n],
      ]);

      expect(await ledger.booksOf(model, ETH)).to.deep.equal([1_400n, 0n, 1_386n, 0n]);
      expect(await ledger.claimable(holderAddress, model, ETH)).to.equal(198n);
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(693n);
    });

    it("counts it once when it cascades, or moves its shares", async () => {
      const { ledger, holder, holderAddress, model, alice, bob, expectMoved } = await fixtureWithHolder();
      const beginning = await networkHelpers.takeSnapshot();

      for (const data of [
        ledger.interface.encodeFunctionData("cascade", [[model], ETH]),
        ledger.interface.encodeFunctionData("transfer", [bob.address, model, TOTAL_SHARES / 2n]),
      ]) {
        await beginning.restore();
        await holder.prepare(ledger, data);

        await expectMoved(ledger.claimFor(holderAddress, [model], ETH), ETH, [[holderAddress, 495n]]);

        expect(await ledger.claimable(holderAddress, model, ETH)).to.equal(0n);
        expect(await ledger.claimable(bob.address, model, ETH)).to.equal(0n);
        expect(await ledger.claimable(alice.address, model, ETH)).to.equal(495n);
      }
    });
  });
});
