import { expect } from "chai";
import { id as keccak, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, freshSalt, registerModel, registrationOf, TOTAL_SHARES } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { accountOf, deployAllocations, holderOf, keptOf } from "./allocations.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const ROOT = keccak("root");

async function deploy() {
  const context = await deployAllocations(connection);

  return { ...context, now: await networkHelpers.time.latest() };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("open with allocations", () => {
    it("sets all shares aside", async () => {
      const { ledger, registrar, stranger, opening, allocationOf, eventsOf, now } = await fixture();
      const steward = stranger.address;
      const allocations = [
        allocationOf(ROOT, TOTAL_SHARES, { uri: "ipfs://leaves", steward, reclaimableFrom: now + DAY }),
      ];
      const opened = opening({ holdings: [], allocations });
      const model = await ledger.modelIdOf(registrar.address, opened[0]);

      const transaction = ledger.connect(registrar).open(...opened);
      await expect(transaction)
        .to.emit(ledger, "SharesAllocated")
        .withArgs(1, model, registrar.address, ROOT, TOTAL_SHARES, "ipfs://leaves", steward, now + DAY)
        .and.to.emit(ledger, "Transfer")
        .withArgs(registrar.address, ZeroAddress, holderOf(1), model, TOTAL_SHARES);
      expect((await eventsOf(transaction)).map(([name]) => name)).to.deep.equal([
        "ModelOpened",
        "SharesAllocated",
        "Transfer",
      ]);

      expect(await ledger.balanceOf(holderOf(1), model)).to.equal(TOTAL_SHARES);
      expect(await ledger.totalSupply(model)).to.equal(TOTAL_SHARES);
      expect(await ledger.allocationOf(1)).to.deep.equal([ROOT, steward, BigInt(now + DAY)]);
      expect(await ledger.allocationCount()).to.equal(1n);
    });

    it("sets several aside beside holdings, numbered over all models", async () => {
      const { ledger, alice, bob, stranger, open, allocationOf } = await fixture();
      const first = await open({ holdings: [], allocations: [allocationOf(keccak("first"), TOTAL_SHARES)] });
      const second = await open({
        holdings: [
          [alice.address, 300_000n],
          [bob.address, 99_999n],
        ],
        allocations: [
          allocationOf(keccak("second"), 600_000n),
          allocationOf(ZeroHash, 1n, { steward: stranger.address }),
        ],
      });

      const holders = [holderOf(1), holderOf(2), holderOf(3), alice.address, bob.address];
      const sharesIn = (model: string) => Promise.all(holders.map((holder) => ledger.balanceOf(holder, model)));
      expect(await sharesIn(first)).to.deep.equal([TOTAL_SHARES, 0n, 0n, 0n, 0n]);
      expect(await sharesIn(second)).to.deep.equal([0n, 600_000n, 1n, 300_000n, 99_999n]);
      expect(await ledger.allocationCount()).to.equal(3n);
      expect(await ledger.allocationOf(2)).to.deep.equal([keccak("second"), ZeroAddress, 0n]);
      expect(await ledger.allocationOf(3)).to.deep.equal([ZeroHash, stranger.address, 0n]);
    });

    it("comes through the registry too, whose word the allocation then is", async () => {
      const { ledger, registry, alice, allocationOf } = await fixture();
      const registration = await registrationOf(alice, {
        holdings: [{ holder: alice.address, units: 250_000 }],
        allocations: [allocationOf(ROOT, 750_000n, { uri: "leaves" })],
      });
      const model = await registry.modelIdOf(alice.address, registration.salt);

      await expect(registry.connect(alice).register(registration))
        .to.emit(ledger, "SharesAllocated")
        .withArgs(1, model, await registry.getAddress(), ROOT, 750_000, "leaves", ZeroAddress, 0);

      expect(await ledger.balanceOf(holderOf(1), model)).to.equal(750_000n);
      expect(await ledger.balanceOf(alice.address, model)).to.equal(250_000n);
    });

    it("refuses sums other than 1,000,000, with and without holdings", async () => {
      const { ledger, registry, alice, bob, open, allocationOf } = await fixture();
      const aside = (...units: bigint[]) => units.map((part) => allocationOf(ROOT, part));
      const most = 2n ** 32n - 1n;

      for (const [held, allocations, sum] of [
        [0n, aside(999_999n), 999_999n],
        [0n, aside(1_000_000n, 1n), 1_000_001n],
        [400_000n, aside(300_000n, 299_999n), 999_999n],
        [400_000n, aside(300_000n, 300_001n), 1_000_001n],
        [TOTAL_SHARES, aside(1n), 1_000_001n],
        // Units of 32 bits do not wrap.
        [0n, aside(most, most), 2n * most],
      ] as const) {
        const holdings: [string, bigint][] = held > 0n ? [[bob.address, held]] : [];
        await expect(open({ holdings, allocations }))
          .to.be.revertedWithCustomError(ledger, "SharesSumMismatch")
          .withArgs(sum, TOTAL_SHARES);
      }
      await expect(registerModel({ registry }, alice, { holdings: [], allocations: aside(1n) }))
        .to.be.revertedWithCustomError(ledger, "SharesSumMismatch")
        .withArgs(1, TOTAL_SHARES);
      expect(await ledger.allocationCount()).to.equal(0n);
    });

    it("refuses an allocation of nothing, and names its number", async () => {
      const { ledger, open, allocationOf } = await fixture();
      await open({ holdings: [], allocations: [allocationOf(ROOT, TOTAL_SHARES)] });

      await expect(open({ allocations: [allocationOf(ROOT, 0n)] }))
        .to.be.revertedWithCustomError(ledger, "ZeroShares")
        .withArgs(holderOf(2));
    });

    it("refuses an allocation that nobody could ever take", async () => {
      const { ledger, registrar, open, allocationOf, now } = await fixture();
      const salt = freshSalt();
      const allocations = [allocationOf(ZeroHash, TOTAL_SHARES, { reclaimableFrom: now + DAY })];

      await expect(open({ salt, holdings: [], allocations }))
        .to.be.revertedWithCustomError(ledger, "AllocationWithoutTaker")
        .withArgs(await ledger.modelIdOf(registrar.address, salt));
    });

    it("refuses leaves that could not be claimed for one second", async () => {
      const { ledger, stranger, open, allocationOf, now } = await fixture();
      const reclaimableFrom = now + 100;
      const allocations = [allocationOf(ROOT, TOTAL_SHARES, { steward: stranger.address, reclaimableFrom })];

      const before = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(reclaimableFrom);
      await expect(open({ holdings: [], allocations }))
        .to.be.revertedWithCustomError(ledger, "AllocationExpired")
        .withArgs(reclaimableFrom);

      await before.restore();
      await networkHelpers.time.setNextBlockTimestamp(reclaimableFrom - 1);
      await open({ holdings: [], allocations });
      expect(await networkHelpers.time.latest()).to.equal(reclaimableFrom - 1);
    });

    it("takes any time where there is only a root or only a steward", async () => {
      const { ledger, stranger, open, allocationOf, now } = await fixture();
      const allocations = [
        allocationOf(ROOT, 500_000n, { reclaimableFrom: now - DAY }),
        allocationOf(ZeroHash, 500_000n, { steward: stranger.address, reclaimableFrom: now - DAY }),
      ];
      await open({ holdings: [], allocations });

      expect(await ledger.allocationOf(1)).to.deep.equal([ROOT, ZeroAddress, BigInt(now - DAY)]);
      expect(await ledger.allocationOf(2)).to.deep.equal([ZeroHash, stranger.address, BigInt(now - DAY)]);
    });
  });

  describe("allocate", () => {
    it("sets shares of the caller's aside", async () => {
      const { ledger, alice, stranger, open, allocationOf, eventsOf, now } = await fixture();
      const model = await open();
      const steward = stranger.address;
      const allocation = allocationOf(ROOT, 400_000n, { uri: "ar://leaves", steward, reclaimableFrom: now + DAY });

      expect(await ledger.connect(alice).allocate.staticCall(model, allocation)).to.equal(1n);
      const transaction = ledger.connect(alice).allocate(model, allocation);
      await expect(transaction)
        .to.emit(ledger, "SharesAllocated")
        .withArgs(1, model, alice.address, ROOT, 400_000, "ar://leaves", steward, now + DAY)
        .and.to.emit(ledger, "Transfer")
        .withArgs(alice.address, alice.address, holderOf(1), model, 400_000);
      expect((await eventsOf(transaction)).map(([name]) => name)).to.deep.equal(["SharesAllocated", "Transfer"]);

      expect(await ledger.balanceOf(alice.address, model)).to.equal(600_000n);
      expect(await ledger.balanceOf(holderOf(1), model)).to.equal(400_000n);
      expect(await ledger.allocationOf(1)).to.deep.equal([ROOT, steward, BigInt(now + DAY)]);
      expect(await ledger.allocationCount()).to.equal(1n);
    });

    it("leaves what they earned until then with the caller, and gives the allocation what comes after", async () => {
      const { ledger, alice, open, allocationOf, pay, usdcAddress } = await fixture();
      const model = await open();
      const claimables = (currency: string) =>
        Promise.all([alice.address, holderOf(1)].map((holder) => ledger.claimable(holder, model, currency)));
      await pay(model, ETH, 1_003n);

      await ledger.connect(alice).allocate(model, allocationOf(ROOT, 400_000n));
      expect(await claimables(ETH)).to.deep.equal([keptOf(1_003n), 0n]);

      // 990 more in ETH; the first 990 in USDC.
      await pay(model, ETH, 1_000n);
      await pay(model, usdcAddress, 1_000n);
      expect(keptOf(2_003n) - keptOf(1_003n)).to.equal(990n);
      expect(await claimables(ETH)).to.deep.equal([993n + 594n, 396n]);
      expect(await claimables(usdcAddress)).to.deep.equal([594n, 396n]);
    });

    it("takes all of them, again and again", async () => {
      const { ledger, alice, open, allocationOf } = await fixture();
      const model = await open();
      for (const units of [999_998n, 1n, 1n]) await ledger.connect(alice).allocate(model, allocationOf(ROOT, units));

      expect(await ledger.balanceOf(alice.address, model)).to.equal(0n);
      expect(await ledger.balanceOf(holderOf(1), model)).to.equal(999_998n);
      expect(await ledger.balanceOf(holderOf(3), model)).to.equal(1n);
      expect(await ledger.allocationCount()).to.equal(3n);
    });

    it("refuses more than the caller holds, whoever lets it move others'", async () => {
      const { ledger, alice, bob, stranger, open, allocationOf } = await fixture();
      const model = await open();
      await ledger.connect(alice).setOperator(bob.address, true);

      for (const [caller, has, units, asked] of [
        [alice, TOTAL_SHARES, TOTAL_SHARES + 1n, model],
        [bob, 0n, 1n, model],
        // Nobody opened this one.
        [alice, 0n, 1n, stranger.address],
      ] as const) {
        await expect(ledger.connect(caller).allocate(asked, allocationOf(ROOT, units)))
          .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientBalance")
          .withArgs(caller.address, has, units, asked);
      }
    });

    it("refuses none, no taker, and leaves that could not be claimed", async () => {
      const { ledger, alice, stranger, open, allocationOf, now } = await fixture();
      const model = await open();
      const allocate = ledger.connect(alice).allocate;

      await expect(allocate(model, allocationOf(ROOT, 0n)))
        .to.be.revertedWithCustomError(ledger, "ZeroShares")
        .withArgs(holderOf(1));
      await expect(allocate(model, allocationOf(ZeroHash, 1n)))
        .to.be.revertedWithCustomError(ledger, "AllocationWithoutTaker")
        .withArgs(model);
      await networkHelpers.time.setNextBlockTimestamp(now + 100);
      await expect(allocate(model, allocationOf(ROOT, 1n, { steward: stranger.address, reclaimableFrom: now + 100 })))
        .to.be.revertedWithCustomError(ledger, "AllocationExpired")
        .withArgs(now + 100);
    });
  });

  describe("shares of an allocation", () => {
    it("cannot be added to: its number is no receiver, whether it is taken or not", async () => {
      const { ledger, alice, bob, registrar, open, opening, allocationOf } = await fixture();
      const model = await open({ holdings: [[alice.address, 1n]], allocations: [allocationOf(ROOT, 999_999n)] });
      await ledger.connect(alice).setOperator(bob.address, true);

      for (const receiver of [1n, 2n, 2n ** 64n - 1n].map(holderOf)) {
        await expect(ledger.connect(alice).transfer(receiver, model, 1n))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(receiver);
        await expect(ledger.connect(bob).transferFrom(alice.address, receiver, model, 1n))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(receiver);
        await expect(ledger.connect(registrar).open(...opening({ holdings: [[receiver, TOTAL_SHARES]] })))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(receiver);
      }
      // The first account that is no allocation's.
      await ledger.connect(alice).transfer(holderOf(2n ** 64n), model, 1n);
      expect(await ledger.balanceOf(holderOf(2n ** 64n), model)).to.equal(1n);
    });

    it("cannot be taken from it by a transfer", async () => {
      const { ledger, alice, stranger, registrar, open, allocationOf } = await fixture();
      const model = await open({ holdings: [], allocations: [allocationOf(ROOT, TOTAL_SHARES)] });

      for (const caller of [alice, registrar, stranger]) {
        await expect(ledger.connect(caller).transferFrom(holderOf(1), caller.address, model, 1n))
          .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientAllowance")
          .withArgs(caller.address, 0, 1, model);
      }
    });

    it("earn what claimable shows for its number, and nobody can claim it", async () => {
      const { ledger, alice, open, allocationOf, pay, currencyOf } = await fixture();
      const model = await open({ holdings: [[alice.address, 250_000n]], allocations: [allocationOf(ROOT, 750_000n)] });

      for (const currency of [ETH, currencyOf("USDC")]) {
        await pay(model, currency, 1_000n);
        // 742.5 of 990
        expect(await ledger.claimable(holderOf(1), model, currency)).to.equal(742n);
        await expect(ledger.claimFor(holderOf(1), [model], currency))
          .to.be.revertedWithCustomError(ledger, "InvalidClaimRecipient")
          .withArgs(holderOf(1));
        expect(await ledger.claimable(holderOf(1), model, currency)).to.equal(742n);
      }
    });

    it("are no place to send earnings to", async () => {
      const { ledger, alice, open, allocationOf, pay } = await fixture();
      const model = await open({ holdings: [[alice.address, 250_000n]], allocations: [allocationOf(ROOT, 750_000n)] });
      await pay(model, ETH, 1_000n);

      for (const to of [0n, 1n, 2n, 2n ** 64n - 1n].map(holderOf)) {
        await expect(ledger.connect(alice).claim([model], ETH, to))
          .to.be.revertedWithCustomError(ledger, "InvalidClaimRecipient")
          .withArgs(to);
      }
    });

    it("keep what they earned however often somebody moves none of them", async () => {
      const { ledger, bob, stranger, openFor, claimLeaf, pay } = await fixture();
      const granted = await openFor([[accountOf(1), TOTAL_SHARES]]);
      await pay(granted.model, ETH, 1_000n);

      // An allowance of none is enough to move none. The second id is no model's, but ends like one.
      for (const id of [BigInt(granted.model), (1n << 160n) | BigInt(granted.model)]) {
        await expect(ledger.connect(stranger).transferFrom(holderOf(1), bob.address, id, 0n))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidSender")
          .withArgs(holderOf(1));
      }
      await pay(granted.model, ETH, 1_000n);
      await claimLeaf(granted, 0);

      expect(await ledger.claimable(accountOf(1), granted.model, ETH)).to.equal(keptOf(2_000n));
    });
  });

  describe("a contract of the chain's own at an allocation's number", () => {
    it("moves nothing and claims nothing of what the allocation has", async () => {
      const { ledger, bob, openFor, pay } = await fixture();
      const { model } = await openFor([[accountOf(1), TOTAL_SHARES]]);
      await pay(model, ETH, 1_000n);
      const system = holderOf(1);
      await networkHelpers.impersonateAccount(system);
      await networkHelpers.setBalance(system, 10n ** 18n);
      const asSystem = ledger.connect(await ethers.getSigner(system));
      const allocation = { root: ZeroHash, units: 1n, uri: "", steward: bob.address, reclaimableFrom: 0n };

      for (const attempt of [
        asSystem.transfer(bob.address, model, 1n),
        asSystem.handOverPosition(model, bob.address),
        asSystem.allocate(model, allocation),
      ]) {
        await expect(attempt).to.be.revertedWithCustomError(ledger, "ERC6909InvalidSender").withArgs(system);
      }
      await expect(asSystem.claim([model], ETH, bob.address))
        .to.be.revertedWithCustomError(ledger, "InvalidClaimRecipient")
        .withArgs(bob.address);
    });
  });

  describe("allocationOf", () => {
    it("is all zero for an allocation that was never made", async () => {
      const { ledger } = await fixture();

      for (const number of [0n, 1n, 2n ** 64n - 1n]) {
        expect(await ledger.allocationOf(number)).to.deep.equal([ZeroHash, ZeroAddress, 0n]);
        expect(await ledger.isShareClaimed(number, 0)).to.equal(false);
      }
      expect(await ledger.allocationCount()).to.equal(0n);
    });
  });
});
