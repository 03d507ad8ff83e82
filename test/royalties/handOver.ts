import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, TOTAL_SHARES } from "../helpers/models.js";
import { deployAllocations, holderOf } from "./allocations.support.js";
import { SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** A model of which Alice has a third and Bob the rest, and an allocation in another. */
async function deploy() {
  const context = await deployAllocations(connection);
  const { ledger, alice, bob, allocationOf } = context;
  const model = await context.open({
    holdings: [
      [alice.address, 333_333n],
      [bob.address, 666_667n],
    ],
  });
  await context.open({ holdings: [], allocations: [allocationOf(ZeroHash, TOTAL_SHARES, { steward: alice.address })] });

  const sharesOf = (...holders: string[]) => Promise.all(holders.map((holder) => ledger.balanceOf(holder, model)));
  const claimables = (currency: string, ...holders: string[]) =>
    Promise.all(holders.map((holder) => ledger.claimable(holder, model, currency)));

  return { ...context, model, asAlice: ledger.connect(alice), sharesOf, claimables };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("handOverPosition", () => {
    it("moves shares with all that is owed, and says so", async () => {
      const context = await fixture();
      const { ledger, alice, stranger, model, asAlice, sharesOf, claimables, currencyOf, pay, eventsOf } = context;
      // D = 991 of 1,001.
      for (const currency of SYMBOLS.map(currencyOf)) await pay(model, currency, 1_001n);

      const transaction = asAlice.handOverPosition(model, stranger.address);
      await expect(transaction)
        .to.emit(ledger, "PositionHandedOver")
        .withArgs(model, alice.address, stranger.address, 333_333)
        .and.to.emit(ledger, "Transfer")
        .withArgs(alice.address, alice.address, stranger.address, model, 333_333);
      expect((await eventsOf(transaction)).map(([name]) => name)).to.deep.equal(["PositionHandedOver", "Transfer"]);

      expect(await sharesOf(alice.address, stranger.address)).to.deep.equal([0n, 333_333n]);
      for (const currency of SYMBOLS.map(currencyOf)) {
        // ⌊330.333003⌋
        expect(await claimables(currency, alice.address, stranger.address)).to.deep.equal([0n, 330n]);
      }
    });

    for (const symbol of SYMBOLS) {
      it(`leaves the old holder nothing to claim, and the new one all, in ${symbol}`, async () => {
        const { ledger, alice, bob, stranger, model, asAlice, currencyOf, pay, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        await pay(model, currency, 1_001n);
        await asAlice.handOverPosition(model, stranger.address);
        await pay(model, currency, 1_000n);

        await expect(asAlice.claim([model], currency, alice.address))
          .to.be.revertedWithCustomError(ledger, "NothingToClaim")
          .withArgs(alice.address, currency);
        // ⌊1,981 · 0.333333⌋: what comes later is the new holder's, too.
        await expectMoved(ledger.claimFor(stranger.address, [model], currency), currency, [[stranger.address, 660n]]);
        await expectMoved(ledger.claimFor(bob.address, [model], currency), currency, [[bob.address, 1_320n]]);
      });
    }

    it("does not hand over what was claimed, but for the fraction that is left", async () => {
      const { ledger, alice, stranger, model, asAlice, claimables, pay } = await fixture();
      // 330.333003 and, after the claim, 330 more; then 0.333333 a unit.
      await pay(model, ETH, 1_001n);
      await asAlice.claim([model], ETH, stranger.address);
      await asAlice.handOverPosition(model, stranger.address);
      expect(await claimables(ETH, alice.address, stranger.address)).to.deep.equal([0n, 0n]);

      // 991 and 2 more: 330.999669 and then, at 994, 331.333002.
      await pay(model, ETH, 2n);
      expect(await claimables(ETH, stranger.address)).to.deep.equal([0n]);
      await pay(model, ETH, 1n);
      expect(await claimables(ETH, stranger.address)).to.deep.equal([1n]);
      expect((await ledger.booksOf(model, ETH)).distributed).to.equal(994n);
    });

    it("adds fractions of both to a whole unit", async () => {
      const { bob, model, asAlice, sharesOf, claimables, alice, pay } = await fixture();
      await pay(model, ETH, 1n);
      expect(await claimables(ETH, alice.address, bob.address)).to.deep.equal([0n, 0n]);

      await asAlice.handOverPosition(model, bob.address);

      expect(await claimables(ETH, alice.address, bob.address)).to.deep.equal([0n, 1n]);
      expect(await sharesOf(alice.address, bob.address)).to.deep.equal([0n, TOTAL_SHARES]);
    });

    it("adds to a position that has seen less and more", async () => {
      const { ledger, alice, bob, stranger, model, asAlice, claimables, pay } = await fixture();
      await pay(model, ETH, 100n);
      // Bob is up to date now, Alice is not.
      await ledger.connect(bob).claim([model], ETH, stranger.address);
      await pay(model, ETH, 100n);
      await asAlice.handOverPosition(model, bob.address);

      // D = 198: all of it, but for the 66 of Bob's that were paid out.
      expect(await claimables(ETH, alice.address, bob.address)).to.deep.equal([0n, 132n]);
      await ledger.connect(bob).handOverPosition(model, alice.address);
      expect(await claimables(ETH, alice.address, bob.address)).to.deep.equal([132n, 0n]);
      await pay(model, ETH, 100n);
      expect(await claimables(ETH, alice.address, bob.address)).to.deep.equal([231n, 0n]);
    });

    it("hands over in each currency that the model has received, and starts anew in others", async () => {
      const context = await fixture();
      const { ledger, ledgerAddress, weal, deployer, alice, stranger, usdcAddress, model, asAlice, claimables, pay } =
        context;
      const wealAddress = await weal.getAddress();
      await weal.connect(deployer).approve(ledgerAddress, 3_000n);
      await pay(model, usdcAddress, 3_000n);
      await asAlice.handOverPosition(model, stranger.address);

      await pay(model, ETH, 3_000n);
      await ledger.connect(deployer).pay(model, wealAddress, 3_000n, ZeroHash);

      // ⌊2,970 · 0.333333⌋ of each.
      for (const currency of [ETH, usdcAddress, wealAddress]) {
        expect(await claimables(currency, alice.address, stranger.address)).to.deep.equal([0n, 989n]);
      }
    });

    it("hands over what is owed without shares", async () => {
      const { ledger, alice, bob, stranger, model, asAlice, sharesOf, claimables, pay } = await fixture();
      await pay(model, ETH, 3_000n);
      await asAlice.transfer(bob.address, model, 333_333n);

      await expect(asAlice.handOverPosition(model, stranger.address))
        .to.emit(ledger, "PositionHandedOver")
        .withArgs(model, alice.address, stranger.address, 0);

      expect(await claimables(ETH, alice.address, stranger.address)).to.deep.equal([0n, 989n]);
      await pay(model, ETH, 3_000n);
      // ⌊1,980.00099 + 2,970⌋
      expect(await claimables(ETH, alice.address, stranger.address, bob.address)).to.deep.equal([0n, 989n, 4_950n]);
      expect(await sharesOf(alice.address, stranger.address, bob.address)).to.deep.equal([0n, 0n, TOTAL_SHARES]);
    });

    it("hands over nothing where there is nothing, and takes nothing from anybody", async () => {
      const { ledger, alice, bob, carol, stranger, model, sharesOf, claimables, pay } = await fixture();
      await pay(model, ETH, 3_000n);

      for (const to of [carol, alice]) {
        await expect(ledger.connect(stranger).handOverPosition(model, to.address))
          .to.emit(ledger, "PositionHandedOver")
          .withArgs(model, stranger.address, to.address, 0);
      }

      const all = [alice, bob, carol, stranger].map(({ address }) => address);
      expect(await claimables(ETH, ...all)).to.deep.equal([989n, 1_980n, 0n, 0n]);
      expect(await sharesOf(...all)).to.deep.equal([333_333n, 666_667n, 0n, 0n]);
    });

    it("touches one model only", async () => {
      const { ledger, alice, stranger, model, asAlice, open, pay } = await fixture();
      const other = await open();
      for (const paid of [model, other]) await pay(paid, ETH, 3_000n);

      await asAlice.handOverPosition(model, stranger.address);

      expect(await ledger.balanceOf(alice.address, other)).to.equal(TOTAL_SHARES);
      expect(await ledger.claimable(alice.address, other, ETH)).to.equal(2_970n);
      expect(await ledger.claimable(stranger.address, other, ETH)).to.equal(0n);
    });

    it("gives a position back as it was", async () => {
      const { ledger, alice, stranger, model, asAlice, claimables, pay } = await fixture();
      for (let i = 0; i < 5; ++i) {
        await pay(model, ETH, 1n);
        await asAlice.handOverPosition(model, stranger.address);
        await ledger.connect(stranger).handOverPosition(model, alice.address);
      }
      await pay(model, ETH, 1n);

      // ⌊6 · 0.333333⌋
      expect(await claimables(ETH, alice.address, stranger.address)).to.deep.equal([1n, 0n]);
    });

    it("refuses oneself: what is owed would double", async () => {
      const { ledger, alice, model, asAlice, claimables, pay } = await fixture();
      await pay(model, ETH, 3_000n);

      await expect(asAlice.handOverPosition(model, alice.address))
        .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
        .withArgs(alice.address);
      expect(await claimables(ETH, alice.address)).to.deep.equal([989n]);
    });

    it("refuses who can hold no shares, even when there are none", async () => {
      const { ledger, ledgerAddress, stranger, model, asAlice } = await fixture();

      for (const receiver of [ZeroAddress, ledgerAddress, holderOf(1), holderOf(2), holderOf(2n ** 64n - 1n)]) {
        for (const caller of [asAlice, ledger.connect(stranger)]) {
          await expect(caller.handOverPosition(model, receiver))
            .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
            .withArgs(receiver);
        }
      }
      await asAlice.handOverPosition(model, holderOf(2n ** 64n));
    });

    it("refuses a model that was never opened", async () => {
      const { ledger, bob, stranger, asAlice } = await fixture();

      await expect(asAlice.handOverPosition(stranger.address, bob.address))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
    });
  });
});
