import { expect } from "chai";
import { network } from "hardhat";
import { ETH, freshSalt, gasOf } from "../helpers/models.js";
import { deployEnding } from "./retire.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const fixture = () => networkHelpers.loadFixture(deploy);

function deploy() {
  return deployEnding(connection);
}

describe("RoyaltyLedger", () => {
  describe("open with an edge that ends", () => {
    it("keeps the end, and says it", async () => {
      const { ledger, registrar, first, second, end, opening } = await fixture();
      const salt = freshSalt();
      const model = await ledger.modelIdOf(registrar.address, salt);
      const opened = opening({
        salt,
        parents: [
          [first, 100, end],
          [second, 200],
        ],
      });
      const edges = [
        [first, 100n, BigInt(end)],
        [second, 200n, 0n],
      ];

      await expect(ledger.connect(registrar).open(...opened))
        .to.emit(ledger, "ModelOpened")
        .withArgs(model, registrar.address, 4, salt, 100, 0, edges);

      expect(await ledger.edgesOf(model)).to.deep.equal(edges);
    });

    it("refuses an end that is now or was, and takes the next second", async () => {
      const { ledger, first, open } = await fixture();
      const now = (await time.latest()) + 100;

      for (const until of [now, now - 1, 1]) {
        await time.setNextBlockTimestamp(now);
        await expect(open({ parents: [[first, 100, until]] }))
          .to.be.revertedWithCustomError(ledger, "EdgeEndPassed")
          .withArgs(first, until);
      }
      await time.setNextBlockTimestamp(now);
      const model = await open({ parents: [[first, 100, now + 1]] });
      expect(await time.latest()).to.equal(now);
      expect(await ledger.edgesOf(model)).to.deep.equal([[first, 100n, BigInt(now + 1)]]);
    });

    it("passes on until somebody retires it, however long ago it ended", async () => {
      const { ledger, first, end, child, pay, letPass } = await fixture();
      await letPass(end + 1_000);
      await pay(child, ETH, 10_000n);
      await ledger.cascade([child], ETH);

      expect((await ledger.booksOf(first, ETH)).received).to.equal(333n);
    });
  });

  describe("retire", () => {
    it("is too early in the last second of the end, and right in the next", async () => {
      const { ledger, first, end, child, retire } = await fixture();

      for (const early of [end - 1, end]) {
        await time.setNextBlockTimestamp(early);
        await expect(retire()).to.be.revertedWithCustomError(ledger, "NothingToRetire").withArgs(child);
        await networkHelpers.mine();
        expect(await time.latest()).to.equal(early);
      }
      await time.setNextBlockTimestamp(end + 1);
      await expect(retire()).to.emit(ledger, "EdgeRetired").withArgs(child, first, 333);
      expect(await time.latest()).to.equal(end + 1);
    });

    it("ends the edge's rate and nothing else of the terms", async () => {
      const { ledger, first, second, end, child, retire, letPass, pay, usdcAddress } = await fixture();
      await pay(child, usdcAddress, 1_000n);
      // Of the currencies USDC is the third.
      const terms = [3n, 1_333n, 100n, 2n, 0n, 4n];
      expect(await ledger.modelTermsOf(child)).to.deep.equal(terms);
      await letPass();
      await retire();

      expect(await ledger.modelTermsOf(child)).to.deep.equal(terms.with(1, 1_000n));
      expect(await ledger.edgesOf(child)).to.deep.equal([
        [first, 0n, BigInt(end)],
        [second, 1_000n, 0n],
      ]);
    });

    it("closes the books of each currency after a last cascade, and then says which edges are retired", async () => {
      const { ledger, first, second, child, retire, letPass, pay, eventsOf, usdcAddress } = await fixture();
      await pay(child, ETH, 10_031n);
      await pay(child, usdcAddress, 20_000n);
      await ledger.cascade([child], usdcAddress);
      await letPass();

      // ETH: of U = ⌊1,337.13⌋ parents get ⌊333.999⌋ and ⌊1,003.001⌋, so 1 is left. F = ⌊86.94⌋, D = 8,608.
      // USDC was cascaded: of U = 2,666 parents got 666 and 2,000. F = ⌊173.34⌋, D = 17,161.
      const transaction = retire();
      await expect(transaction)
        .to.emit(ledger, "BooksClosed")
        .withArgs(child, ETH, 10_031, 8_609)
        .and.to.emit(ledger, "BooksClosed")
        .withArgs(child, usdcAddress, 20_000, 17_161)
        .and.to.emit(ledger, "EdgeRetired")
        .withArgs(child, first, 333);
      expect(await eventsOf(transaction)).to.deep.equal([
        ["Cascaded", child, ETH, 10_031n, 86n],
        ["RoyaltyPassed", child, first, ETH, 333n],
        ["RoyaltyPassed", child, second, ETH, 1_003n],
        ["BooksClosed", child, ETH, 10_031n, 8_609n],
        ["BooksClosed", child, usdcAddress, 20_000n, 17_161n],
        ["EdgeRetired", child, first, 333n],
      ]);
      expect(await ledger.booksOf(child, ETH)).to.deep.equal([10_031n, 10_031n, 8_609n, 10_031n]);
      expect(await ledger.booksOf(child, usdcAddress)).to.deep.equal([20_000n, 20_000n, 17_161n, 20_000n]);
    });

    it("has no books to close where nothing was ever received", async () => {
      const { ledger, first, child, retire, letPass, eventsOf, pay, second } = await fixture();
      await letPass();

      expect(await eventsOf(retire())).to.deep.equal([["EdgeRetired", child, first, 333n]]);
      expect(await ledger.booksOf(child, ETH)).to.deep.equal([0n, 0n, 0n, 0n]);

      await pay(child, ETH, 10_000n);
      expect(await eventsOf(ledger.cascade([child], ETH))).to.deep.equal([
        ["Cascaded", child, ETH, 10_000n, 90n],
        ["RoyaltyPassed", child, second, ETH, 1_000n],
      ]);
      expect(await ledger.booksOf(child, ETH)).to.deep.equal([10_000n, 10_000n, 8_910n, 0n]);
    });

    it("retires all edges that have ended at once, and lets others go on", async () => {
      const { ledger, end, openMany, open, retire, letPass, eventsOf, pay } = await fixture();
      const parents = await openMany(4);
      const model = await open({
        parents: [
          [parents[0], 100, end],
          [parents[1], 200, end + 500],
          [parents[2], 400, end - 1],
          [parents[3], 800],
        ],
      });
      await letPass();

      expect(await eventsOf(retire(model))).to.deep.equal([
        ["EdgeRetired", model, parents[0], 100n],
        ["EdgeRetired", model, parents[2], 400n],
      ]);
      expect((await ledger.modelTermsOf(model)).totalRateBps).to.equal(1_000n);
      await expect(retire(model)).to.be.revertedWithCustomError(ledger, "NothingToRetire").withArgs(model);

      await pay(model, ETH, 10_000n);
      await ledger.cascade([model], ETH);
      const received = await Promise.all(parents.map(async (parent) => (await ledger.booksOf(parent, ETH)).received));
      expect(received).to.deep.equal([0n, 200n, 0n, 800n]);

      await letPass(end + 500);
      expect((await eventsOf(retire(model))).at(-1)).to.deep.equal(["EdgeRetired", model, parents[1], 200n]);
      expect((await ledger.modelTermsOf(model)).totalRateBps).to.equal(800n);
    });

    it("leaves what has no edges left to its holders", async () => {
      const { ledger, first, second, alice, end, open, retire, letPass, pay, eventsOf } = await fixture();
      const model = await open({
        parents: [
          [first, 2_500, end],
          [second, 2_500, end],
        ],
      });
      await pay(model, ETH, 1_000n);
      await letPass();
      await retire(model);

      expect((await ledger.modelTermsOf(model)).totalRateBps).to.equal(0n);
      expect((await ledger.modelTermsOf(model)).parentCount).to.equal(2n);
      await pay(model, ETH, 1_000n);
      expect(await eventsOf(ledger.cascade([model], ETH))).to.deep.equal([["Cascaded", model, ETH, 2_000n, 10n]]);
      // 495 of the first thousand, 990 of the second.
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(1_485n);
      await expect(retire(model)).to.be.revertedWithCustomError(ledger, "NothingToRetire").withArgs(model);
    });

    it("refuses when there is no end, no rate, no parent, no model, or nothing left to retire", async () => {
      const { ledger, first, second, child, end, open, stranger, retire, letPass } = await fixture();
      const endless = await open({ parents: [[second, 1_000]] });
      const free = await open({ parents: [[first, 0, end]] });
      await letPass();
      await retire();

      for (const model of [endless, free, first, stranger.address, child]) {
        await expect(retire(model)).to.be.revertedWithCustomError(ledger, "NothingToRetire").withArgs(model);
      }
    });

    it("passes over an edge without a rate beside one that has ended", async () => {
      const { ledger, first, second, end, open, retire, letPass, eventsOf } = await fixture();
      const model = await open({
        parents: [
          [first, 0, end],
          [second, 100, end],
        ],
      });
      await letPass();

      expect(await eventsOf(retire(model))).to.deep.equal([["EdgeRetired", model, second, 100n]]);
      expect(await ledger.edgesOf(model)).to.deep.equal([
        [first, 0n, BigInt(end)],
        [second, 0n, BigInt(end)],
      ]);
    });

    it("touches no other model", async () => {
      const { ledger, first, second, child, end, open, retire, letPass, pay } = await fixture();
      const other = await open({
        parents: [
          [first, 333, end],
          [second, 1_000],
        ],
      });
      for (const model of [child, other]) await pay(model, ETH, 10_000n);
      await letPass();
      const before = await Promise.all([ledger.booksOf(other, ETH), ledger.edgesOf(other), ledger.modelTermsOf(other)]);
      await retire();

      const after = await Promise.all([ledger.booksOf(other, ETH), ledger.edgesOf(other), ledger.modelTermsOf(other)]);
      expect(after).to.deep.equal(before);
    });

    it("fits a transaction with 16 currencies and 16 parents, none of which had received any", async () => {
      const { ledger, weal, deployer, payer, ledgerAddress, end, open, openMany, retire, letPass, pay, introduce } =
        await fixture();
      while ((await ledger.currencies()).length < 16) {
        await introduce(await ethers.deployContract("TestToken", ["Token", "TKN", 18], payer), 10n ** 18n);
      }
      await weal.connect(deployer).transfer(payer.address, 10n ** 18n);
      await weal.connect(payer).approve(ledgerAddress, 10n ** 18n);
      const parents = await openMany(16);
      const model = await open({ parents: parents.map((parent) => [parent, 312, end]) });
      const currencies = await ledger.currencies();
      for (const currency of currencies) await pay(model, currency, 1_000_000n);
      await letPass();

      // EIP-7825 lets a transaction have 2²⁴.
      const gas = await gasOf(retire(model));
      expect(gas).to.be.lessThan(10_000_000n);
      for (const currency of currencies) {
        for (const parent of parents) expect((await ledger.booksOf(parent, currency)).received).to.equal(31_200n);
        expect((await ledger.booksOf(model, currency)).closed).to.equal(1_000_000n);
      }
      expect((await ledger.modelTermsOf(model)).totalRateBps).to.equal(0n);
    });
  });
});
