import { expect } from "chai";
import { id as keccak, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, TOTAL_SHARES } from "../helpers/models.js";
import { accountOf, deployAllocations, type Entry, holderOf } from "./allocations.support.js";
import { SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const ENTRIES: Entry[] = [
  [accountOf(1), 300_000n],
  [accountOf(2), 200_000n],
];

/** An allocation of half a model, of which Carol is steward from a time on. Alice has the other half. */
async function deploy() {
  const context = await deployAllocations(connection);
  const reclaimableFrom = (await networkHelpers.time.latest()) + 1_000;
  const granted = await context.openFor(ENTRIES, { steward: context.carol.address, reclaimableFrom });

  return {
    ...context,
    granted,
    model: granted.model,
    reclaimableFrom,
    asSteward: context.ledger.connect(context.carol),
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("reclaimShares", () => {
    it("sends the steward what is left, with what it earned", async () => {
      const context = await fixture();
      const { ledger, asSteward, carol, granted, model, claimLeaf, pay, currencyOf, reclaimableFrom } = context;
      const { eventsOf, expectMoved } = context;
      for (const currency of SYMBOLS.map(currencyOf)) await pay(model, currency, 1_000n);
      await claimLeaf(granted, 0);
      for (const currency of SYMBOLS.map(currencyOf)) await pay(model, currency, 1_000n);

      await networkHelpers.time.increaseTo(reclaimableFrom);
      const transaction = asSteward.reclaimShares(model, 1, accountOf(7));
      await expect(transaction)
        .to.emit(ledger, "SharesReclaimed")
        .withArgs(1, model, accountOf(7), 200_000)
        .and.to.emit(ledger, "Transfer")
        .withArgs(carol.address, holderOf(1), accountOf(7), model, 200_000);
      expect((await eventsOf(transaction)).map(([name]) => name)).to.deep.equal(["SharesReclaimed", "Transfer"]);

      expect(await ledger.balanceOf(accountOf(7), model)).to.equal(200_000n);
      expect(await ledger.balanceOf(holderOf(1), model)).to.equal(0n);
      // A fifth and three tenths of 1,980.
      for (const currency of SYMBOLS.map(currencyOf)) {
        expect(await ledger.claimable(accountOf(1), model, currency)).to.equal(594n);
        expect(await ledger.claimable(holderOf(1), model, currency)).to.equal(0n);
        await expectMoved(ledger.claimFor(accountOf(7), [model], currency), currency, [[accountOf(7), 396n]]);
      }
      await pay(model, ETH, 1_000n);
      expect(await ledger.claimable(accountOf(7), model, ETH)).to.equal(198n);
    });

    it("adds to what the receiver holds and is owed, with fractions", async () => {
      const { ledger, asSteward, alice, model, pay, reclaimableFrom } = await fixture();
      // D = 1, half a unit each.
      await pay(model, ETH, 1n);
      await networkHelpers.time.increaseTo(reclaimableFrom);
      await asSteward.reclaimShares(model, 1, alice.address);

      expect(await ledger.balanceOf(alice.address, model)).to.equal(TOTAL_SHARES);
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(1n);
    });

    it("begins in the second that was agreed, not before", async () => {
      const { ledger, asSteward, carol, model, reclaimableFrom } = await fixture();

      await networkHelpers.time.setNextBlockTimestamp(reclaimableFrom - 1);
      await expect(asSteward.reclaimShares(model, 1, carol.address))
        .to.be.revertedWithCustomError(ledger, "AllocationNotExpired")
        .withArgs(1, reclaimableFrom);
      await networkHelpers.time.setNextBlockTimestamp(reclaimableFrom);
      await asSteward.reclaimShares(model, 1, carol.address);
      expect(await networkHelpers.time.latest()).to.equal(reclaimableFrom);
    });

    it("is for the steward alone", async () => {
      const { ledger, alice, registrar, stranger, model, reclaimableFrom } = await fixture();
      await networkHelpers.time.increaseTo(reclaimableFrom);

      for (const caller of [alice, registrar, stranger]) {
        await expect(ledger.connect(caller).reclaimShares(model, 1, caller.address))
          .to.be.revertedWithCustomError(ledger, "NotAllocationSteward")
          .withArgs(1, caller.address);
      }
    });

    it("is for nobody where there is no steward, and where there is no allocation", async () => {
      const { ledger, stranger, openFor } = await fixture();
      const { model } = await openFor(ENTRIES);

      for (const allocation of [0, 2, 3]) {
        await expect(ledger.connect(stranger).reclaimShares(model, allocation, stranger.address))
          .to.be.revertedWithCustomError(ledger, "NotAllocationSteward")
          .withArgs(allocation, stranger.address);
      }
    });

    it("takes nothing twice, nothing of another model, and nothing when all was claimed", async () => {
      const { ledger, asSteward, carol, granted, model, openFor, claimLeaf, reclaimableFrom } = await fixture();
      const other = await openFor(ENTRIES, { steward: carol.address, reclaimableFrom });
      for (const leaf of [0, 1]) await claimLeaf(other, leaf);
      await networkHelpers.time.increaseTo(reclaimableFrom);
      const expectNothing = (allocation: number, of: string) =>
        expect(asSteward.reclaimShares(of, allocation, carol.address))
          .to.be.revertedWithCustomError(ledger, "NothingToReclaim")
          .withArgs(allocation, of);

      await expectNothing(1, other.model);
      await expectNothing(2, other.model);
      await expectNothing(2, granted.model);
      await expectNothing(1, accountOf(1));
      await asSteward.reclaimShares(model, 1, carol.address);
      await expectNothing(1, model);
      expect(await ledger.balanceOf(carol.address, model)).to.equal(500_000n);
    });

    it("refuses receivers that can hold no shares", async () => {
      const { ledger, ledgerAddress, asSteward, model, reclaimableFrom } = await fixture();
      await networkHelpers.time.increaseTo(reclaimableFrom);

      for (const to of [ZeroAddress, ledgerAddress, holderOf(1), holderOf(2n ** 64n - 1n)]) {
        await expect(asSteward.reclaimShares(model, 1, to))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(to);
      }
      await asSteward.reclaimShares(model, 1, holderOf(2n ** 64n));
    });

    it("takes everything where there are no leaves, at once if so agreed", async () => {
      const { ledger, asSteward, carol, open, allocationOf, pay } = await fixture();
      const model = await open({
        holdings: [],
        allocations: [allocationOf(ZeroHash, TOTAL_SHARES, { steward: carol.address })],
      });
      await pay(model, ETH, 1_000n);

      await asSteward.reclaimShares(model, 2, accountOf(7));

      expect(await ledger.balanceOf(accountOf(7), model)).to.equal(TOTAL_SHARES);
      expect(await ledger.claimable(accountOf(7), model, ETH)).to.equal(990n);
    });

    it("counts from when the allocation was made, in currencies that came before and after", async () => {
      const { ledger, asSteward, alice, carol, open, allocationOf, pay, usdcAddress } = await fixture();
      const model = await open();
      await pay(model, ETH, 1_000n);
      const steward = carol.address;
      await ledger
        .connect(alice)
        .allocate(model, allocationOf(keccak("root"), 500_000n, { steward, reclaimableFrom: 2 ** 40 - 1 }));
      await ledger.connect(alice).allocate(model, allocationOf(ZeroHash, 250_000n, { steward }));
      await pay(model, ETH, 2_000n);
      await pay(model, usdcAddress, 4_000n);

      await asSteward.reclaimShares(model, 3, accountOf(7));

      expect(await ledger.claimable(accountOf(7), model, ETH)).to.equal(495n);
      expect(await ledger.claimable(accountOf(7), model, usdcAddress)).to.equal(990n);
      expect(await ledger.claimable(holderOf(2), model, ETH)).to.equal(990n);
    });
  });
});
