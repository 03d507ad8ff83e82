import { expect } from "chai";
import { network } from "hardhat";
import { ascending, ETH } from "../helpers/models.js";
import { deployFamily, MAX_RECEIVED, SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** A child of two parents, a grandchild that passes half on to the child, and a model on its own. */
async function deploy() {
  const context = await deployFamily(connection);
  const { child } = context;
  const grandchild = await context.open({ parents: [[child, 5_000]] });
  const alone = await context.open();

  return { ...context, grandchild, alone };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("cascade", () => {
    for (const symbol of SYMBOLS) {
      it(`passes ${symbol} on to each parent and settles the fee, again after more income`, async () => {
        const context = await fixture();
        const { ledger, ledgerAddress, stranger, major, minor, child, currencyOf, pay, eventsOf, expectMoved } =
          context;
        const currency = currencyOf(symbol);
        await pay(child, currency, 1_000_003n);

        // U = ⌊300,000.9⌋, in thirds; of the 700,003 that stay, F = ⌊7,000.03⌋.
        const first = ledger.connect(stranger).cascade([child], currency);
        await expect(first)
          .to.emit(ledger, "Cascaded")
          .withArgs(child, currency, 1_000_003, 7_000)
          .and.to.emit(ledger, "RoyaltyPassed")
          .withArgs(child, major, currency, 200_000)
          .and.to.emit(ledger, "RoyaltyPassed")
          .withArgs(child, minor, currency, 100_000);
        expect(await eventsOf(first)).to.have.length(3);
        await expectMoved(first, currency, [
          [ledgerAddress, 0n],
          [stranger.address, 0n],
        ]);
        expect(await ledger.booksOf(child, currency)).to.deep.equal([1_000_003n, 1_000_003n, 693_003n, 0n]);
        expect(await ledger.booksOf(major, currency)).to.deep.equal([200_000n, 0n, 198_000n, 0n]);
        expect(await ledger.booksOf(minor, currency)).to.deep.equal([100_000n, 0n, 99_000n, 0n]);
        expect(await ledger.collectableFees(currency)).to.equal(7_000n);

        // R = 1,000,103: U = ⌊300,030.9⌋ and F = ⌊7,000.73⌋.
        await pay(child, currency, 100n);
        expect(await eventsOf(ledger.cascade([child], currency))).to.deep.equal([
          ["Cascaded", child, currency, 1_000_103n, 0n],
          ["RoyaltyPassed", child, major, currency, 20n],
          ["RoyaltyPassed", child, minor, currency, 10n],
        ]);
        expect(await ledger.booksOf(major, currency)).to.deep.equal([200_020n, 0n, 198_020n, 0n]);
        expect(await ledger.collectableFees(currency)).to.equal(7_000n);
      });
    }

    it("does nothing, and says nothing, when there is nothing new", async () => {
      const { ledger, child, alone, major, pay, eventsOf } = await fixture();
      await pay(child, ETH, 1_000n);

      // The second in the batch, the third in a call of its own; and models that never got anything.
      expect(await eventsOf(ledger.cascade([child, child], ETH))).to.have.length(3);
      expect(await eventsOf(ledger.cascade([child, alone], ETH))).to.deep.equal([]);
      expect(await eventsOf(ledger.cascade([], ETH))).to.deep.equal([]);

      expect((await ledger.booksOf(major, ETH)).received).to.equal(200n);
      expect(await ledger.collectableFees(ETH)).to.equal(7n);
    });

    it("settles the fee of a model without parents", async () => {
      const { ledger, alone, pay, eventsOf } = await fixture();
      await pay(alone, ETH, 299n);

      expect(await eventsOf(ledger.cascade([alone], ETH))).to.deep.equal([["Cascaded", alone, ETH, 299n, 2n]]);
      expect(await ledger.booksOf(alone, ETH)).to.deep.equal([299n, 299n, 297n, 0n]);
      expect(await ledger.collectableFees(ETH)).to.equal(2n);
    });

    it("charges the fee on the total, however often it is called", async () => {
      const { ledger, alone, pay } = await fixture();

      for (const expected of [0n, 1n, 1n, 2n]) {
        await pay(alone, ETH, 50n);
        await ledger.cascade([alone], ETH);
        expect(await ledger.collectableFees(ETH)).to.equal(expected);
      }
    });

    it("adds up the fees of all models of a batch, each where its income stays", async () => {
      const { ledger, child, major, minor, alone, pay } = await fixture();
      await pay(child, ETH, 10_000n);
      await pay(alone, ETH, 100n);

      await ledger.cascade([child, major, minor, alone], ETH);

      // 70 of 7,000, 20 of 2,000, 10 of 1,000 and 1 of 100: of each unit, once.
      expect(await ledger.collectableFees(ETH)).to.equal(101n);
    });

    it("passes nothing on for part of a unit, and loses none of it", async () => {
      const { ledger, major, minor, open, pay, eventsOf } = await fixture();
      const model = await open({
        parents: [
          [major, 1],
          [minor, 4_999],
        ],
      });
      const cascade = () => eventsOf(ledger.cascade([model], ETH));

      await pay(model, ETH, 1n);
      expect(await cascade()).to.deep.equal([["Cascaded", model, ETH, 1n, 0n]]);
      // U = 2, of which ⌊0.0004⌋ and ⌊1.9996⌋.
      await pay(model, ETH, 3n);
      expect(await cascade()).to.deep.equal([
        ["Cascaded", model, ETH, 4n, 0n],
        ["RoyaltyPassed", model, minor, ETH, 1n],
      ]);
      // U = 5,000: both parts are whole, with what was below a unit before.
      await pay(model, ETH, 9_996n);
      expect(await cascade()).to.deep.equal([
        ["Cascaded", model, ETH, 10_000n, 50n],
        ["RoyaltyPassed", model, major, ETH, 1n],
        ["RoyaltyPassed", model, minor, ETH, 4_998n],
      ]);
    });

    it("passes nothing on to a parent at a rate of zero", async () => {
      const { lens, ledger, major, minor, open, pay, eventsOf } = await fixture();
      const partly = await open({
        parents: [
          [major, 0],
          [minor, 5_000],
        ],
      });
      const wholly = await open({
        parents: [
          [major, 0],
          [minor, 0],
        ],
      });
      await pay(partly, ETH, 1_000n);
      await pay(wholly, ETH, 1_000n);
      expect(await lens.pendingUpstream(wholly, ETH)).to.equal(0n);

      expect(await eventsOf(ledger.cascade([partly, wholly], ETH))).to.deep.equal([
        ["Cascaded", partly, ETH, 1_000n, 5n],
        ["RoyaltyPassed", partly, minor, ETH, 500n],
        ["Cascaded", wholly, ETH, 1_000n, 10n],
      ]);
      expect((await ledger.modelTermsOf(major)).currencies).to.equal(0n);
    });

    it("credits each of 16 parents", async () => {
      const { ledger, open, pay, eventsOf } = await fixture();
      const opened: string[] = [];
      for (let i = 0; i < 16; ++i) opened.push(await open());
      const parents = ascending(opened).map((parent, i): [string, number] => [parent, 305 + i]);
      const model = await open({ parents });
      await pay(model, ETH, 10_000n);

      expect(await eventsOf(ledger.cascade([model], ETH))).to.deep.equal([
        ["Cascaded", model, ETH, 10_000n, 50n],
        ...parents.map(([parent, rateBps]) => ["RoyaltyPassed", model, parent, ETH, BigInt(rateBps)]),
      ]);
    });

    it("moves money furthest with children before parents", async () => {
      const { ledger, grandchild, child, major, minor, pay } = await fixture();
      await pay(grandchild, ETH, 10_000n);
      const received = async () =>
        Promise.all([child, major, minor].map(async (model) => (await ledger.booksOf(model, ETH)).received));

      await ledger.cascade([minor, major, child, grandchild], ETH);
      expect(await received()).to.deep.equal([5_000n, 0n, 0n]);

      await pay(grandchild, ETH, 10_000n);
      await ledger.cascade([grandchild, child, major, minor], ETH);
      expect(await received()).to.deep.equal([10_000n, 2_000n, 1_000n]);
    });

    it("ends in the same books, in whatever order and however often it is called", async () => {
      const { ledger, grandchild, child, major, minor, currencyOf, pay } = await fixture();
      const currency = currencyOf("USDC");
      const models = [grandchild, child, major, minor];
      const beginning = await networkHelpers.takeSnapshot();

      const ends: unknown[] = [];
      for (const order of [
        [[grandchild, child, major, minor]],
        [[minor, major, child, grandchild], [grandchild], [child, minor], [major]],
        [[child], [grandchild, grandchild], [minor, child], [major, minor]],
      ]) {
        await beginning.restore();
        for (const amount of [12_347n, 1n, 8_999n]) {
          await pay(grandchild, currency, amount);
          await pay(child, currency, amount + 6n);
          for (const batch of order) await ledger.cascade(batch, currency);
        }
        ends.push([
          await ledger.collectableFees(currency),
          ...(await Promise.all(models.map((model) => ledger.booksOf(model, currency)))),
        ]);
      }

      // 21,347 paid to the grandchild: 10,673 for the child, that was paid 21,365 itself. U of 32,038 is 9,611.
      expect(ends[0]).to.deep.equal([
        // ⌊106.74⌋ + ⌊224.27⌋ + ⌊64.07⌋ + ⌊32.03⌋
        106n + 224n + 64n + 32n,
        [21_347n, 21_347n, 10_568n, 0n],
        [32_038n, 32_038n, 22_203n, 0n],
        [6_407n, 6_407n, 6_343n, 0n],
        [3_203n, 3_203n, 3_171n, 0n],
      ]);
      expect(ends[1]).to.deep.equal(ends[0]);
      expect(ends[2]).to.deep.equal(ends[0]);
    });

    it("opens the books of a parent that never had this currency, and notes it in the parent's terms", async () => {
      const { ledger, alice, bob, governed, usdcAddress, child, major, pay } = await fixture();
      await pay(child, usdcAddress, 10_000n);
      // The parent's books still get the parent's own fee.
      await governed.setProtocolFee(0);
      expect((await ledger.modelTermsOf(major)).currencies).to.equal(0n);

      await ledger.cascade([child], usdcAddress);

      expect((await ledger.modelTermsOf(major)).currencies).to.equal(0b100n);
      expect(await ledger.booksOf(major, usdcAddress)).to.deep.equal([2_000n, 0n, 1_980n, 0n]);
      // So shares that move now leave the income behind.
      await ledger.connect(alice).transfer(bob.address, major, 400_000n);
      expect(await ledger.claimable(alice.address, major, usdcAddress)).to.equal(1_980n);
      expect(await ledger.claimable(bob.address, major, usdcAddress)).to.equal(0n);
    });

    it("keeps currencies apart", async () => {
      const { ledger, usdcAddress, child, major, pay } = await fixture();
      await pay(child, ETH, 10_000n);
      await pay(child, usdcAddress, 500n);

      await ledger.cascade([child], ETH);

      expect((await ledger.booksOf(major, ETH)).received).to.equal(2_000n);
      expect((await ledger.booksOf(major, usdcAddress)).received).to.equal(0n);
      expect((await ledger.booksOf(child, usdcAddress)).cascaded).to.equal(0n);
      expect(await ledger.collectableFees(usdcAddress)).to.equal(0n);
    });

    it("moves the largest amounts exactly", async () => {
      const { ledger, governed, usdc, usdcAddress, payer, major, open, pay, eventsOf } = await fixture();
      await governed.setProtocolFee(250);
      const model = await open({ parents: [[major, 5_000]] });
      await usdc.mint(payer.address, MAX_RECEIVED);
      await pay(model, usdcAddress, MAX_RECEIVED);

      const half = MAX_RECEIVED / 2n;
      const fee = (MAX_RECEIVED - half) / 40n;
      expect(await eventsOf(ledger.cascade([model], usdcAddress))).to.deep.equal([
        ["Cascaded", model, usdcAddress, MAX_RECEIVED, fee],
        ["RoyaltyPassed", model, major, usdcAddress, half],
      ]);
      expect(await ledger.booksOf(model, usdcAddress)).to.deep.equal([
        MAX_RECEIVED,
        MAX_RECEIVED,
        MAX_RECEIVED - half - fee,
        0n,
      ]);
    });

    describe("with a parent at its cap", () => {
      it("fills it, says what it could not take, and credits the others in full", async () => {
        const { lens, ledger, usdc, usdcAddress, payer, major, minor, child, pay, eventsOf } = await fixture();
        await usdc.mint(payer.address, MAX_RECEIVED);
        await pay(major, usdcAddress, MAX_RECEIVED - 5n);
        await pay(child, usdcAddress, 100n);

        const transaction = ledger.cascade([child], usdcAddress);

        await expect(transaction).to.emit(ledger, "RoyaltySpilled").withArgs(child, major, usdcAddress, 15);
        expect(await eventsOf(transaction)).to.deep.equal([
          ["Cascaded", child, usdcAddress, 100n, 0n],
          ["RoyaltyPassed", child, major, usdcAddress, 5n],
          ["RoyaltySpilled", child, major, usdcAddress, 15n],
          ["RoyaltyPassed", child, minor, usdcAddress, 10n],
        ]);
        expect((await ledger.booksOf(major, usdcAddress)).received).to.equal(MAX_RECEIVED);
        expect((await ledger.booksOf(minor, usdcAddress)).received).to.equal(10n);
        // What was spilled is not passed on again.
        expect(await lens.pendingUpstream(child, usdcAddress)).to.equal(0n);
        expect(await eventsOf(ledger.cascade([child], usdcAddress))).to.deep.equal([]);
      });

      it("spills nothing of what just fits", async () => {
        const { ledger, usdc, usdcAddress, payer, major, child, pay, eventsOf } = await fixture();
        await usdc.mint(payer.address, MAX_RECEIVED);
        await pay(major, usdcAddress, MAX_RECEIVED - 20n);
        await pay(child, usdcAddress, 100n);

        expect((await eventsOf(ledger.cascade([child], usdcAddress))).map(([name]) => name)).to.deep.equal([
          "Cascaded",
          "RoyaltyPassed",
          "RoyaltyPassed",
        ]);
        expect((await ledger.booksOf(major, usdcAddress)).received).to.equal(MAX_RECEIVED);
      });

      it("spills all when there is no room, and holders claim as before", async () => {
        const { ledger, usdc, usdcAddress, payer, alice, major, minor, child, pay, eventsOf } = await fixture();
        await usdc.mint(payer.address, MAX_RECEIVED);
        await pay(major, usdcAddress, MAX_RECEIVED);
        await pay(child, usdcAddress, 100n);
        const before = await ledger.claimable(alice.address, major, usdcAddress);

        expect(await eventsOf(ledger.cascade([child], usdcAddress))).to.deep.include.members([
          ["RoyaltySpilled", child, major, usdcAddress, 20n],
          ["RoyaltyPassed", child, minor, usdcAddress, 10n],
        ]);

        expect(await ledger.claimable(alice.address, major, usdcAddress)).to.equal(before);
        await ledger.connect(alice).claim([major], usdcAddress, alice.address);
        expect(await usdc.balanceOf(alice.address)).to.equal(before);
      });
    });
  });

  describe("cascade refuses", () => {
    it("a model that was never opened, and cascades none of the others", async () => {
      const { ledger, stranger, child, pay } = await fixture();
      await pay(child, ETH, 1_000n);

      await expect(ledger.cascade([child, stranger.address], ETH))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);

      expect((await ledger.booksOf(child, ETH)).cascaded).to.equal(0n);
    });

    it("a currency that is not listed", async () => {
      const { ledger, child, unlisted } = await fixture();

      await expect(ledger.cascade([child], unlisted))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
    });
  });
});
