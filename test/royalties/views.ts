import { expect } from "chai";
import { AbiCoder, getCreate2Address, keccak256, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, freshSalt } from "../helpers/models.js";
import { deployFamily, SYMBOLS } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployFamily(connection);

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("modelIdOf", () => {
    it("is the CREATE2 address of the model's forwarder, under a salt that commits to the registrar", async () => {
      const { ledger, ledgerAddress, alice } = await fixture();
      const salt = freshSalt();
      const forwarders = await ethers.deployContract("ForwarderOwner");

      expect(await ledger.modelIdOf(alice.address, salt)).to.equal(
        getCreate2Address(
          ledgerAddress,
          keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [alice.address, salt])),
          await forwarders.initCodeHash(),
        ),
      );
    });
  });

  describe("modelTermsOf, edgesOf", () => {
    it("are empty for what was never opened", async () => {
      const { ledger, stranger } = await fixture();

      for (const model of [stranger.address, ZeroAddress]) {
        expect(await ledger.modelTermsOf(model)).to.deep.equal([0n, 0n, 0n, 0n, 0n, 0n]);
        expect(await ledger.edgesOf(model)).to.deep.equal([]);
      }
    });
  });

  describe("claimable", () => {
    it("is nothing for those without shares, and in models without income", async () => {
      const { ledger, alice, stranger, major, child, pay } = await fixture();
      await pay(child, ETH, 1_000n);

      expect(await ledger.claimable(alice.address, child, ETH)).to.equal(693n);
      expect(await ledger.claimable(stranger.address, child, ETH)).to.equal(0n);
      expect(await ledger.claimable(alice.address, major, ETH)).to.equal(0n);
    });
  });

  describe("booksOf and claimable", () => {
    it("are for models that were opened", async () => {
      const { ledger, alice, stranger } = await fixture();
      const model = stranger.address;

      for (const call of [() => ledger.booksOf(model, ETH), () => ledger.claimable(alice.address, model, ETH)]) {
        await expect(call()).to.be.revertedWithCustomError(ledger, "ModelNotOpened").withArgs(model);
      }
    });

    it("are for currencies that are listed", async () => {
      const { ledger, alice, child, unlisted } = await fixture();

      for (const call of [
        () => ledger.booksOf(child, unlisted),
        () => ledger.claimable(alice.address, child, unlisted),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(ledger, "CurrencyNotListed").withArgs(unlisted);
      }
    });
  });
});

describe("RoyaltyLens", () => {
  describe("pendingUpstream", () => {
    for (const symbol of SYMBOLS) {
      it(`is what the next cascade credits to parents in ${symbol}, together`, async () => {
        const { lens, ledger, major, minor, child, currencyOf, pay } = await fixture();
        const currency = currencyOf(symbol);
        const received = async () =>
          (await ledger.booksOf(major, currency)).received + (await ledger.booksOf(minor, currency)).received;
        expect(await lens.pendingUpstream(child, currency)).to.equal(0n);

        // U is 0, 1, 2, 30 in turn; a unit of it alone cannot be divided.
        for (const [amount, pending] of [
          [3n, 0n],
          [1n, 0n],
          [3n, 1n],
          [93n, 29n],
        ] as const) {
          await pay(child, currency, amount);
          expect(await lens.pendingUpstream(child, currency)).to.equal(pending);

          const before = await received();
          await ledger.cascade([child], currency);
          expect((await received()) - before).to.equal(pending);
          expect(await lens.pendingUpstream(child, currency)).to.equal(0n);
        }
      });
    }

    it("is nothing for a model without parents", async () => {
      const { lens, major, pay } = await fixture();
      await pay(major, ETH, 1_000n);

      expect(await lens.pendingUpstream(major, ETH)).to.equal(0n);
    });

    it("is for models that were opened, and currencies that are listed", async () => {
      const { lens, ledger, stranger, child, unlisted } = await fixture();

      await expect(lens.pendingUpstream(stranger.address, ETH))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
      await expect(lens.pendingUpstream(child, unlisted))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
    });
  });
});
