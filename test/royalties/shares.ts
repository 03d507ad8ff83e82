import { expect } from "chai";
import { MaxUint256, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, TOTAL_SHARES } from "../helpers/models.js";
import { deployLedger, LAST_ALLOCATION, SYMBOLS } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A model whose shares are Alice's and Bob's, built on a parent of which Alice has all. */
async function deploy() {
  const context = await deployLedger(connection);
  const { ledger, alice, bob } = context;
  const parent = await context.open();
  const model = await context.open({
    parents: [[parent, 5_000]],
    holdings: [
      [alice.address, 700_000n],
      [bob.address, 300_000n],
    ],
  });

  return { ...context, parent, model, id: BigInt(model), shares: ledger.connect(alice) };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("shares", () => {
    it("read as percents of the model they are of", async () => {
      const { ledger, id } = await fixture();

      expect(await ledger.name(id)).to.equal("Commonweal shares");
      expect(await ledger.symbol(id)).to.equal("SHARE");
      expect(await ledger.decimals(id)).to.equal(4n);
    });

    it("are a million of each model, and none of what is not one", async () => {
      const { ledger, alice, stranger, model, id } = await fixture();

      expect(await ledger.totalSupply(model)).to.equal(TOTAL_SHARES);
      expect(await ledger.totalSupply(stranger.address)).to.equal(0n);
      // The model's address with more bits before it.
      expect(await ledger.totalSupply((1n << 160n) | id)).to.equal(0n);
      expect(await ledger.balanceOf(alice.address, (1n << 160n) | id)).to.equal(0n);
    });

    it("follow ERC-6909 with metadata and supply, and say so by ERC-165", async () => {
      const { ledger } = await fixture();
      const selectors = (signatures: string[]) =>
        signatures.reduce((sum, signature) => sum ^ BigInt(ethers.id(signature).slice(0, 10)), 0n);
      const functions = ledger.interface.fragments.filter((fragment) => fragment.type === "function");
      const inherited = [
        "balanceOf(address,uint256)",
        "allowance(address,address,uint256)",
        "isOperator(address,address)",
        "transfer(address,uint256,uint256)",
        "transferFrom(address,address,uint256,uint256)",
        "approve(address,uint256,uint256)",
        "setOperator(address,bool)",
      ];
      const metadata = ["name(uint256)", "symbol(uint256)", "decimals(uint256)"];
      const supply = ["totalSupply(uint256)"];
      const erc165 = ["supportsInterface(bytes4)"];
      const hosting = "(address,address,uint16)";
      const deposits = [
        "sweep(bytes32[],address[])",
        `sweepHosted(${hosting}[],address[])`,
        `claimHostPart(${hosting}[],address,address)`,
        `depositOf(${hosting})`,
        `claimableByHost(${hosting},address)`,
      ];
      const payment = "address,address,uint256,bytes32";
      const payments = [
        `pay(${payment})`,
        "payMany(address[],address,uint256[],bytes32)",
        `payBy(${payment},bytes)`,
        `payWithPermit(${payment},uint256,uint8,bytes32,bytes32)`,
        `payWithAuthorization(${payment},(address,uint256,uint256,bytes32,bytes))`,
      ];
      const allocations = [
        "allocate(address,(bytes32,uint32,string,address,uint40))",
        "claimShares(address,uint64,uint256,address,uint256,bytes32[])",
        "reclaimShares(address,uint64,address)",
        "handOverPosition(address,address)",
        "allocationOf(uint64)",
        "isShareClaimed(uint64,uint256)",
        "allocationCount()",
      ];
      const signatures = functions.map((fragment) => fragment.format("sighash"));
      expect(signatures).to.include.members([...payments, ...deposits, ...allocations]);
      // As ERC-165 says: what the ledger's interface declares itself, without the interfaces that it inherits.
      const others = [inherited, metadata, supply, erc165, payments, deposits, allocations].flat();
      const ours = signatures.filter((signature) => !others.includes(signature));

      expect(selectors(inherited)).to.equal(0x0f632fb3n);
      expect(ours).to.include("cascade(address[],address)");
      for (const signatures of [inherited, metadata, supply, erc165, ours]) {
        const interfaceId = ethers.toBeHex(selectors(signatures), 4);
        expect(await ledger.supportsInterface(interfaceId), interfaceId).to.equal(true);
      }
      for (const interfaceId of ["0xffffffff", "0x00000000", "0x80ac58cd"]) {
        expect(await ledger.supportsInterface(interfaceId), interfaceId).to.equal(false);
      }
    });
  });

  describe("transfer", () => {
    it("moves shares", async () => {
      const { ledger, shares, alice, bob, stranger, id } = await fixture();

      await expect(shares.transfer(stranger.address, id, 200_000n))
        .to.emit(ledger, "Transfer")
        .withArgs(alice.address, alice.address, stranger.address, id, 200_000);

      expect(await ledger.balanceOf(alice.address, id)).to.equal(500_000n);
      expect(await ledger.balanceOf(bob.address, id)).to.equal(300_000n);
      expect(await ledger.balanceOf(stranger.address, id)).to.equal(200_000n);
    });

    it("returns true", async () => {
      const { shares, alice, bob, stranger, id } = await fixture();
      await shares.setOperator(stranger.address, true);

      expect(await shares.transfer.staticCall(bob.address, id, 1n)).to.equal(true);
      expect(await shares.approve.staticCall(bob.address, id, 1n)).to.equal(true);
      expect(await shares.setOperator.staticCall(bob.address, true)).to.equal(true);
      expect(await shares.connect(stranger).transferFrom.staticCall(alice.address, bob.address, id, 1n)).to.equal(true);
    });

    it("refuses more than there is", async () => {
      const { ledger, shares, alice, bob, id } = await fixture();

      await expect(shares.transfer(bob.address, id, 700_001n))
        .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientBalance")
        .withArgs(alice.address, 700_000, 700_001, id);
      // No model has this id, though its lower bits are one's.
      await expect(shares.transfer(bob.address, (1n << 160n) | id, 1n))
        .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientBalance")
        .withArgs(alice.address, 0, 1, (1n << 160n) | id);
    });

    it("refuses nobody, the ledger and allocations as receivers: what they earn could never be claimed", async () => {
      const { ledger, ledgerAddress, shares, alice, bob, id } = await fixture();
      await shares.setOperator(bob.address, true);

      for (const receiver of [ZeroAddress, ethers.toBeHex(1, 20), LAST_ALLOCATION, ledgerAddress]) {
        await expect(shares.transfer(receiver, id, 1n))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(receiver);
        await expect(shares.connect(bob).transferFrom(alice.address, receiver, id, 1n))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(receiver);
      }
      await shares.transfer(ethers.toBeHex(2n ** 64n, 20), id, 1n);
    });
  });

  describe("transferFrom", () => {
    it("spends an allowance", async () => {
      const { ledger, shares, alice, bob, stranger, id } = await fixture();

      await expect(shares.approve(bob.address, id, 10n))
        .to.emit(ledger, "Approval")
        .withArgs(alice.address, bob.address, id, 10);
      await expect(shares.connect(bob).transferFrom(alice.address, stranger.address, id, 4n))
        .to.emit(ledger, "Transfer")
        .withArgs(bob.address, alice.address, stranger.address, id, 4);

      expect(await ledger.allowance(alice.address, bob.address, id)).to.equal(6n);
      expect(await ledger.balanceOf(stranger.address, id)).to.equal(4n);
      await expect(shares.connect(bob).transferFrom(alice.address, stranger.address, id, 7n))
        .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientAllowance")
        .withArgs(bob.address, 6, 7, id);
    });

    it("does not spend an allowance without limit", async () => {
      const { ledger, shares, alice, bob, stranger, id } = await fixture();
      await shares.approve(bob.address, id, MaxUint256);

      await shares.connect(bob).transferFrom(alice.address, stranger.address, id, 4n);

      expect(await ledger.allowance(alice.address, bob.address, id)).to.equal(MaxUint256);
    });

    it("takes an allowance for its own model only", async () => {
      const { ledger, shares, alice, bob, parent, id } = await fixture();
      await shares.approve(bob.address, id, 10n);

      await expect(shares.connect(bob).transferFrom(alice.address, bob.address, parent, 1n))
        .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientAllowance")
        .withArgs(bob.address, 0, 1, parent);
    });

    it("lets an operator move shares of all models, until it is one no longer", async () => {
      const { ledger, shares, alice, bob, stranger, parent, id } = await fixture();
      await shares.approve(bob.address, id, 1n);

      await expect(shares.setOperator(bob.address, true))
        .to.emit(ledger, "OperatorSet")
        .withArgs(alice.address, bob.address, true);
      expect(await ledger.isOperator(alice.address, bob.address)).to.equal(true);
      for (const moved of [id, BigInt(parent)]) {
        await shares.connect(bob).transferFrom(alice.address, stranger.address, moved, 5n);
        expect(await ledger.balanceOf(stranger.address, moved)).to.equal(5n);
      }
      // An operator needs no allowance and spends none.
      expect(await ledger.allowance(alice.address, bob.address, id)).to.equal(1n);

      await shares.setOperator(bob.address, false);
      await expect(shares.connect(bob).transferFrom(alice.address, stranger.address, parent, 1n))
        .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientAllowance")
        .withArgs(bob.address, 0, 1, parent);
    });

    it("moves the caller's own without any", async () => {
      const { ledger, shares, alice, stranger, id } = await fixture();
      await shares.transferFrom(alice.address, stranger.address, id, 9n);

      expect(await ledger.balanceOf(stranger.address, id)).to.equal(9n);
    });
  });

  describe("income of shares that move", () => {
    for (const symbol of SYMBOLS) {
      it(`in ${symbol} belongs to the old holder until then, to the new one from then on`, async () => {
        const { ledger, shares, alice, bob, stranger, model, id, currencyOf, pay, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const claimables = () =>
          Promise.all([alice, bob, stranger].map(({ address }) => ledger.claimable(address, model, currency)));
        // Half goes up; D = 495.
        await pay(model, currency, 1_000n);

        await shares.transfer(stranger.address, id, 500_000n);
        expect(await claimables()).to.deep.equal([346n, 148n, 0n]);

        // D = 1,485: 990 more. Fractions of before count.
        await pay(model, currency, 2_000n);
        expect(await claimables()).to.deep.equal([544n, 445n, 495n]);
        await shares.connect(bob).transfer(stranger.address, id, 300_000n);
        await pay(model, currency, 2_000n);
        expect(await claimables()).to.deep.equal([742n, 445n, 1_287n]);

        await expectMoved(ledger.claimFor(stranger.address, [model], currency), currency, [[stranger.address, 1_287n]]);
        await expectMoved(ledger.claimFor(alice.address, [model], currency), currency, [[alice.address, 742n]]);
        await expectMoved(ledger.claimFor(bob.address, [model], currency), currency, [[bob.address, 445n]]);
      });
    }

    it("stays with the old holder in each currency that the model has received", async () => {
      const context = await fixture();
      const { ledger, shares, weal, deployer, alice, bob, ledgerAddress, stranger, usdcAddress, open, pay } = context;
      const wealAddress = await weal.getAddress();
      await weal.connect(deployer).approve(ledgerAddress, 1_000n);
      const model = await open({ holdings: [[alice.address, TOTAL_SHARES]] });
      const claimables = (holder: string) =>
        Promise.all([ETH, wealAddress, usdcAddress].map((currency) => ledger.claimable(holder, model, currency)));

      // The last on the list first: that there is none of those before it must not hide it.
      await pay(model, usdcAddress, 300n);
      await shares.transfer(bob.address, model, TOTAL_SHARES);
      expect(await claimables(alice.address)).to.deep.equal([0n, 0n, 297n]);

      await pay(model, ETH, 100n);
      await ledger.connect(deployer).pay(model, wealAddress, 200n, ethers.ZeroHash);
      await pay(model, usdcAddress, 300n);
      await shares.connect(bob).transfer(stranger.address, model, TOTAL_SHARES);
      expect(await claimables(alice.address)).to.deep.equal([0n, 0n, 297n]);
      expect(await claimables(bob.address)).to.deep.equal([99n, 198n, 297n]);
      expect(await claimables(stranger.address)).to.deep.equal([0n, 0n, 0n]);

      await pay(model, ETH, 100n);
      expect(await claimables(stranger.address)).to.deep.equal([99n, 0n, 0n]);
      expect(await claimables(bob.address)).to.deep.equal([99n, 198n, 297n]);
    });

    it("belongs to whoever holds them when it arrives from a descendant", async () => {
      const { ledger, shares, alice, bob, parent, model, pay } = await fixture();
      await pay(model, ETH, 2_000n);

      await shares.transfer(bob.address, parent, 250_000n);
      await ledger.cascade([model], ETH);

      expect(await ledger.claimable(alice.address, parent, ETH)).to.equal(742n);
      expect(await ledger.claimable(bob.address, parent, ETH)).to.equal(247n);
    });

    it("is not touched by moving them to oneself", async () => {
      const { ledger, shares, alice, bob, model, id, pay } = await fixture();
      await pay(model, ETH, 2_000n);

      for (const amount of [700_000n, 1n]) await shares.transfer(alice.address, id, amount);
      await pay(model, ETH, 2_000n);

      expect(await ledger.balanceOf(alice.address, id)).to.equal(700_000n);
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(1_386n);
      expect(await ledger.claimable(bob.address, model, ETH)).to.equal(594n);
    });

    it("is not touched by moving none of them, by holders or by strangers", async () => {
      const { ledger, shares, alice, bob, stranger, model, id, pay } = await fixture();
      await pay(model, ETH, 2_000n);

      // Anyone may: without an allowance, an allowance of 0 is enough. The second id is no model's, but ends like one.
      for (const moved of [id, (1n << 160n) | id]) {
        await expect(shares.connect(stranger).transferFrom(alice.address, bob.address, moved, 0n))
          .to.emit(ledger, "Transfer")
          .withArgs(stranger.address, alice.address, bob.address, moved, 0);
      }
      await pay(model, ETH, 2_000n);

      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(1_386n);
      expect(await ledger.claimable(bob.address, model, ETH)).to.equal(594n);
      expect(await ledger.claimable(stranger.address, model, ETH)).to.equal(0n);
    });

    it("keeps its fractions however often they move", async () => {
      const { ledger, shares, alice, bob, model, id, pay } = await fixture();

      for (let i = 0; i < 20; ++i) {
        await pay(model, ETH, 2n);
        await shares.transfer(bob.address, id, 1n);
        await shares.connect(bob).transfer(alice.address, id, 1n);
      }

      // D = 20: of the sum and not of each unit, so ⌊14⌋ and ⌊6⌋.
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(14n);
      expect(await ledger.claimable(bob.address, model, ETH)).to.equal(6n);
    });
  });
});
