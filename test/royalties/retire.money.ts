import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, ref } from "../helpers/models.js";
import { deployEnding, splitOf } from "./retire.support.js";
import { MAX_RECEIVED, SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const fixture = () => networkHelpers.loadFixture(deploy);

function deploy() {
  return deployEnding(connection);
}

describe("RoyaltyLedger", () => {
  describe("income before and after retire", () => {
    for (const symbol of SYMBOLS) {
      it(`in ${symbol} is split as it was then, and by the rates that are left from now on`, async () => {
        const context = await fixture();
        const { ledger, alice, bob, carol, first, second, child, retire, letPass, claimablesOf } = context;
        const { currencyOf, pay, expectMoved } = context;
        const currency = currencyOf(symbol);
        const [before, after] = [splitOf(10_031n, [333n, 1_000n]), splitOf(1_003n, [0n, 1_000n])];
        expect(before).to.deep.equal({ parents: [333n, 1_003n], fee: 86n, holders: 8_608n, left: 1n });
        expect(after).to.deep.equal({ parents: [0n, 100n], fee: 9n, holders: 894n, left: 0n });

        await pay(child, currency, 10_031n);
        // ⌊8,608 · 0.7⌋ and ⌊8,608 · 0.3⌋
        expect(await claimablesOf(child, currency, alice.address, bob.address)).to.deep.equal([6_025n, 2_582n]);
        await letPass();
        await retire();
        // With the unit that flooring left: 6,026.3 and 2,582.7.
        expect(await claimablesOf(child, currency, alice.address, bob.address)).to.deep.equal([6_026n, 2_582n]);
        expect(await ledger.collectableFees(currency)).to.equal(86n);

        await pay(child, currency, 1_003n);
        await ledger.cascade([child], currency);
        // 9,503 in all: 6,652.1 and 2,850.9.
        expect(await claimablesOf(child, currency, alice.address, bob.address)).to.deep.equal([6_652n, 2_850n]);
        expect((await ledger.booksOf(first, currency)).received).to.equal(333n);
        expect((await ledger.booksOf(second, currency)).received).to.equal(1_103n);
        expect(await ledger.booksOf(child, currency)).to.deep.equal([11_034n, 11_034n, 9_503n, 10_031n]);
        expect(await ledger.collectableFees(currency)).to.equal(95n);

        // 333 − 3 and 1,103 − 11.
        await expectMoved(ledger.claimFor(carol.address, [first, second], currency), currency, [
          [carol.address, 1_422n],
        ]);
        await expectMoved(ledger.claimFor(alice.address, [child], currency), currency, [[alice.address, 6_652n]]);
        await expectMoved(ledger.claimFor(bob.address, [child], currency), currency, [[bob.address, 2_850n]]);
      });
    }

    it("brings parents and the treasury what a cascade would have", async () => {
      const { ledger, first, second, child, retire, letPass, pay } = await fixture();
      for (const amount of [7n, 10_031n, 99_999_999n]) {
        await pay(child, ETH, amount);
        await letPass((await networkHelpers.time.latest()) + 2_000);
        const read = async () => ({
          first: await ledger.booksOf(first, ETH),
          second: await ledger.booksOf(second, ETH),
          fees: await ledger.collectableFees(ETH),
        });

        const before = await networkHelpers.takeSnapshot();
        await ledger.cascade([child], ETH);
        const cascaded = await read();
        await before.restore();
        const retired = await networkHelpers.takeSnapshot();
        await retire();
        expect(await read()).to.deep.equal(cascaded);
        await retired.restore();
      }
    });

    it("is the same whether it was cascaded before, at once or in pieces, or not at all", async () => {
      const { ledger, end, first, second, holdings, alice, open, child, retire, letPass, pay } = await fixture();
      const twin = await open({
        parents: [
          [first, 333, end],
          [second, 1_000],
        ],
        holdings,
      });
      for (const amount of [1n, 30n, 7_000n, 3_000n]) {
        await pay(child, ETH, amount);
        await pay(twin, ETH, amount);
        await ledger.cascade([twin], ETH);
      }
      await letPass();
      for (const model of [child, twin]) await retire(model);

      expect(await ledger.booksOf(twin, ETH)).to.deep.equal(await ledger.booksOf(child, ETH));
      expect((await ledger.booksOf(child, ETH)).distributed).to.equal(8_609n);
      expect(await ledger.claimable(alice.address, twin, ETH)).to.equal(6_026n);
      expect((await ledger.booksOf(first, ETH)).received).to.equal(666n);
      expect((await ledger.booksOf(second, ETH)).received).to.equal(2_006n);
    });

    it("counts each epoch by itself, over three of them", async () => {
      const { ledger, lens, end, alice, openMany, open, retire, letPass, pay } = await fixture();
      const parents = await openMany(3);
      const model = await open({
        parents: [
          [parents[0], 333, end],
          [parents[1], 1_000, end + 500],
          [parents[2], 667],
        ],
      });
      const epochs = [
        splitOf(10_031n, [333n, 1_000n, 667n]),
        splitOf(777n + 12_345n, [0n, 1_000n, 667n]),
        splitOf(99_999n, [0n, 0n, 667n]),
      ];
      // The first two leave something between the parents.
      expect(epochs.map(({ left }) => left)).to.deep.equal([1n, 1n, 0n]);

      await pay(model, ETH, 10_031n);
      await letPass();
      await retire(model);
      await pay(model, ETH, 777n);
      await ledger.cascade([model], ETH);
      await pay(model, ETH, 12_345n);
      await letPass(end + 500);
      await retire(model);
      await pay(model, ETH, 99_999n);
      expect(await lens.pendingUpstream(model, ETH)).to.equal(epochs[2].parents[2]);
      await ledger.cascade([model], ETH);

      const sum = (values: bigint[]) => values.reduce((total, value) => total + value, 0n);
      for (const [i, parent] of parents.entries()) {
        const { received } = await ledger.booksOf(parent, ETH);
        expect(received).to.equal(sum(epochs.map((epoch) => epoch.parents[i])));
      }
      const distributed = sum(epochs.map(({ holders, left }) => holders + left));
      expect(await ledger.booksOf(model, ETH)).to.deep.equal([123_152n, 123_152n, distributed, 23_153n]);
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(distributed);
      expect(await ledger.collectableFees(ETH)).to.equal(sum(epochs.map(({ fee }) => fee)));
    });

    it("works in each currency by itself: received before, since, and never", async () => {
      const context = await fixture();
      const { ledger, weal, deployer, ledgerAddress, child, second, retire, letPass, pay, usdcAddress } = context;
      const wealAddress = await weal.getAddress();
      await weal.connect(deployer).approve(ledgerAddress, 10_000n);
      await pay(child, ETH, 10_000n);
      await letPass();
      await retire();
      await pay(child, ETH, 10_000n);
      await ledger.connect(deployer).pay(child, wealAddress, 10_000n, ref("after"));
      for (const currency of [ETH, wealAddress]) await ledger.cascade([child], currency);

      // D = 8,667 − 86 and 9,000 − 90; one of U = 1,333 is left by neither.
      expect(await ledger.booksOf(child, ETH)).to.deep.equal([20_000n, 20_000n, 17_491n, 10_000n]);
      expect(await ledger.booksOf(child, wealAddress)).to.deep.equal([10_000n, 10_000n, 8_910n, 0n]);
      expect(await ledger.booksOf(child, usdcAddress)).to.deep.equal([0n, 0n, 0n, 0n]);
      expect((await ledger.booksOf(second, ETH)).received).to.equal(2_000n);
      expect((await ledger.booksOf(second, wealAddress)).received).to.equal(1_000n);
    });

    it("that waits in descendants comes under the rates that are left", async () => {
      const { ledger, child, first, second, open, retire, letPass, pay } = await fixture();
      const grandchild = await open({ parents: [[child, 5_000]] });
      await pay(grandchild, ETH, 20_000n);
      await letPass();
      await retire();
      await ledger.cascade([grandchild, child], ETH);

      expect((await ledger.booksOf(first, ETH)).received).to.equal(0n);
      expect((await ledger.booksOf(second, ETH)).received).to.equal(1_000n);
      expect((await ledger.booksOf(child, ETH)).distributed).to.equal(8_910n);
    });

    it("that waits in descendants is shared with a parent who cascades them first", async () => {
      const { ledger, carol, child, first, second, open, retire, letPass, pay } = await fixture();
      const grandchild = await open({ parents: [[child, 5_000]] });
      await pay(grandchild, ETH, 20_000n);
      await letPass();
      await ledger.connect(carol).cascade([grandchild], ETH);
      await retire();

      expect((await ledger.booksOf(first, ETH)).received).to.equal(333n);
      expect((await ledger.booksOf(second, ETH)).received).to.equal(1_000n);
      expect((await ledger.booksOf(child, ETH)).distributed).to.equal(8_581n);
    });

    it("spills what a parent at its cap cannot take, as a cascade does, and gives it to nobody else", async () => {
      const { ledger, usdc, usdcAddress, payer, child, first, second, retire, letPass, pay, eventsOf } =
        await fixture();
      await usdc.mint(payer.address, MAX_RECEIVED);
      await pay(first, usdcAddress, MAX_RECEIVED - 33n);
      await pay(child, usdcAddress, 10_031n);
      await letPass();

      const transaction = retire();
      await expect(transaction).to.emit(ledger, "RoyaltySpilled").withArgs(child, first, usdcAddress, 300);
      expect(await eventsOf(transaction)).to.deep.equal([
        ["Cascaded", child, usdcAddress, 10_031n, 86n],
        ["RoyaltyPassed", child, first, usdcAddress, 33n],
        ["RoyaltySpilled", child, first, usdcAddress, 300n],
        ["RoyaltyPassed", child, second, usdcAddress, 1_003n],
        ["BooksClosed", child, usdcAddress, 10_031n, 8_609n],
        ["EdgeRetired", child, first, 333n],
      ]);
      expect((await ledger.booksOf(first, usdcAddress)).received).to.equal(MAX_RECEIVED);
    });

    it("goes to the cap of the model's own books and no further", async () => {
      const { ledger, usdc, usdcAddress, payer, child, second, retire, letPass, pay } = await fixture();
      await usdc.mint(payer.address, MAX_RECEIVED);
      const half = MAX_RECEIVED / 2n;
      await pay(child, usdcAddress, half);
      await letPass();
      await retire();
      await pay(child, usdcAddress, MAX_RECEIVED - half);

      await expect(pay(child, usdcAddress, 1n))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(child, usdcAddress, MAX_RECEIVED, 1);
      await ledger.cascade([child], usdcAddress);
      const [before, after] = [splitOf(half, [333n, 1_000n]), splitOf(MAX_RECEIVED - half, [0n, 1_000n])];
      expect((await ledger.booksOf(second, usdcAddress)).received).to.equal(before.parents[1] + after.parents[1]);
      expect((await ledger.booksOf(child, usdcAddress)).distributed).to.equal(
        before.holders + before.left + after.holders,
      );
    });

    it("is followed by claims and transfers of shares as before", async () => {
      const { ledger, alice, bob, carol, child, retire, letPass, claimablesOf, pay } = await fixture();
      const holders = [alice, bob, carol].map(({ address }) => address);
      // D = 8,608, then 8,609 and 9,503, then 10,397.
      await pay(child, ETH, 10_031n);
      await ledger.claimFor(alice.address, [child], ETH);
      await ledger.connect(bob).transfer(carol.address, child, 100_000n);
      await letPass();
      await retire();
      expect(await claimablesOf(child, ETH, ...holders)).to.deep.equal([1n, 2_582n, 0n]);

      await pay(child, ETH, 1_003n);
      // Alice: 6,652.1 − 6,025; Bob: 2,582.4 + 0.2 · 895; Carol: 0.1 · 895.
      expect(await claimablesOf(child, ETH, ...holders)).to.deep.equal([627n, 2_761n, 89n]);
      await ledger.connect(alice).transfer(carol.address, child, 700_000n);
      await ledger.claimFor(bob.address, [child], ETH);
      await pay(child, ETH, 1_003n);
      // R = 2,006 since: U = 200, F = ⌊18.06⌋, D = 1,788. Carol: 89.5 + 0.8 · 894; Bob: 0.4 + 178.8.
      expect((await ledger.booksOf(child, ETH)).distributed).to.equal(10_397n);
      expect(await claimablesOf(child, ETH, ...holders)).to.deep.equal([627n, 179n, 804n]);
    });

    it("goes with allocations made before and after, and with positions that are handed over", async () => {
      const { ledger, alice, bob, carol, stranger, child, retire, letPass, claimablesOf, pay } = await fixture();
      const aside = (units: number) => ({
        root: ZeroHash,
        units,
        uri: "",
        steward: carol.address,
        reclaimableFrom: 0,
      });
      await pay(child, ETH, 5_000n);
      await ledger.connect(alice).allocate(child, aside(200_000));
      await pay(child, ETH, 5_031n);
      await letPass();
      await retire();
      await ledger.connect(alice).allocate(child, aside(100_000));
      await pay(child, ETH, 1_003n);
      await ledger.connect(bob).handOverPosition(child, stranger.address);
      await ledger.connect(carol).reclaimShares(child, 1, carol.address);
      await ledger.connect(carol).reclaimShares(child, 2, carol.address);

      // D(5,000) = 4,334 − 43 = 4,291, then 8,609 and 9,503.
      // Alice: 0.7 · 4,291 + 0.5 · 4,318 + 0.4 · 894. Carol: 0.2 · 5,212 + 0.1 · 894. Bob's: 0.3 · 9,503.
      const holders = [alice, bob, carol, stranger].map(({ address }) => address);
      expect(await claimablesOf(child, ETH, ...holders)).to.deep.equal([5_520n, 0n, 1_131n, 2_850n]);
    });
  });

  describe("RoyaltyLens after retire", () => {
    it("quotes to the unit what a payment then brings", async () => {
      const { ledger, lens, child, first, second, retire, letPass, pay } = await fixture();
      await pay(child, ETH, 10_031n);
      await letPass();
      await retire();
      const { parents, fee, holders } = splitOf(1_003n, [0n, 1_000n]);
      const feeOfSecond = 1_103n / 100n - 1_003n / 100n;

      const quoted = await lens.quote(child, ETH, 1_003n);
      expect(quoted.map(({ model, received, holders, fee }) => [model, received, holders, fee])).to.have.deep.members([
        [child, 1_003n, holders, fee],
        [second, parents[1], parents[1] - feeOfSecond, feeOfSecond],
        [first, 0n, 0n, 0n],
      ]);
      await pay(child, ETH, 1_003n);
      await ledger.cascade([child], ETH);
      expect((await ledger.booksOf(second, ETH)).received).to.equal(1_003n + parents[1]);
    });
  });
});
