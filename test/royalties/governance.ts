import { expect } from "chai";
import { network } from "hardhat";
import { ETH, NO_REF, TOTAL_SHARES } from "../helpers/models.js";
import { deployLedger, SYMBOLS } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** The largest supply that a currency may have when it is listed. */
const MAX_SUPPLY = 2n ** 96n;

const deploy = () => deployLedger(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** Deploys a token with a supply; returns it with its address. */
async function deployToken(supply = 0n) {
  const token = await ethers.deployContract("TestToken", ["Test Token", "TEST", 18]);
  const [deployer] = await ethers.getSigners();
  await token.mint(deployer.address, supply);

  return { token, address: await token.getAddress() };
}

describe("RoyaltyLedger", () => {
  describe("constructor", () => {
    it("sets governance and fee, and lists ETH before the currencies named", async () => {
      const { treasury } = await fixture();
      const tokens = [(await deployToken()).address, (await deployToken(MAX_SUPPLY)).address];

      const ledger = await ethers.deployContract("RoyaltyLedger", [treasury, 250, tokens]);

      await expect(ledger.deploymentTransaction())
        .to.emit(ledger, "ProtocolFeeUpdated")
        .withArgs(0, 250)
        .and.to.emit(ledger, "CurrencyListed")
        .withArgs(ETH, 0)
        .and.to.emit(ledger, "CurrencyListed")
        .withArgs(tokens[0], 1)
        .and.to.emit(ledger, "CurrencyListed")
        .withArgs(tokens[1], 2);
      expect(await ledger.governance()).to.equal(treasury);
      expect(await ledger.protocolFeeBps()).to.equal(250n);
      expect(await ledger.currencies()).to.deep.equal([ETH, ...tokens]);
      expect(await ledger.modelCount()).to.equal(0n);
    });

    it("refuses a fee above 250 basis points", async () => {
      const { ledger, treasury } = await fixture();

      await expect(ethers.deployContract("RoyaltyLedger", [treasury, 251, []]))
        .to.be.revertedWithCustomError(ledger, "ProtocolFeeTooHigh")
        .withArgs(251, 250);
    });

    it("refuses currencies as addCurrency does", async () => {
      const { ledger, treasury, stranger } = await fixture();
      const { address } = await deployToken();
      const large = await deployToken(MAX_SUPPLY + 1n);
      const many: string[] = [];
      for (let i = 0; i < 16; ++i) many.push((await deployToken()).address);
      const deployWith = (...currencies: string[]) => ethers.deployContract("RoyaltyLedger", [treasury, 0, currencies]);

      await expect(deployWith(ETH)).to.be.revertedWithCustomError(ledger, "CurrencyWithoutCode").withArgs(ETH);
      await expect(deployWith(stranger.address))
        .to.be.revertedWithCustomError(ledger, "CurrencyWithoutCode")
        .withArgs(stranger.address);
      await expect(deployWith(address, address))
        .to.be.revertedWithCustomError(ledger, "CurrencyAlreadyListed")
        .withArgs(address);
      await expect(deployWith(large.address))
        .to.be.revertedWithCustomError(ledger, "CurrencySupplyTooHigh")
        .withArgs(large.address, MAX_SUPPLY + 1n, MAX_SUPPLY);
      await expect(deployWith(...many))
        .to.be.revertedWithCustomError(ledger, "CurrencyListFull")
        .withArgs(16);
    });
  });

  describe("setProtocolFee", () => {
    it("sets the fee of models to come, up to 250 basis points, and says so", async () => {
      const { ledger, governed, open } = await fixture();
      const before = await open();

      await expect(governed.setProtocolFee(250)).to.emit(ledger, "ProtocolFeeUpdated").withArgs(100, 250);
      expect(await ledger.protocolFeeBps()).to.equal(250n);
      const between = await open();
      await expect(governed.setProtocolFee(0)).to.emit(ledger, "ProtocolFeeUpdated").withArgs(250, 0);
      const after = await open();

      for (const [model, feeBps] of [
        [before, 100n],
        [between, 250n],
        [after, 0n],
      ] as const) {
        expect((await ledger.modelTermsOf(model)).feeBps).to.equal(feeBps);
      }
      expect(await ledger.modelCount()).to.equal(3n);
    });

    it("leaves what is in the books alone", async () => {
      const { ledger, governed, open, pay } = await fixture();
      const model = await open();
      await pay(model, ETH, 10_000n);

      await governed.setProtocolFee(250);

      expect((await ledger.booksOf(model, ETH)).distributed).to.equal(9_900n);
      await pay(model, ETH, 10_000n);
      await expect(ledger.cascade([model], ETH))
        .to.emit(ledger, "Cascaded")
        .withArgs(model, ETH, 20_000, 200);
    });

    it("refuses more than 250 basis points", async () => {
      const { ledger, governed } = await fixture();

      // Neither is cut off at 8 bits: 256 is not 0, and 506 not 250.
      for (const feeBps of [251, 256, 506]) {
        await expect(governed.setProtocolFee(feeBps))
          .to.be.revertedWithCustomError(ledger, "ProtocolFeeTooHigh")
          .withArgs(feeBps, 250);
      }
      expect(await ledger.protocolFeeBps()).to.equal(100n);
    });

    it("refuses everybody but governance", async () => {
      const { ledger, deployer, stranger } = await fixture();

      for (const caller of [deployer, stranger]) {
        await expect(ledger.connect(caller).setProtocolFee(0))
          .to.be.revertedWithCustomError(ledger, "NotGovernance")
          .withArgs(caller.address);
      }
      expect(await ledger.protocolFeeBps()).to.equal(100n);
    });
  });

  describe("addCurrency", () => {
    it("lists a token for models old and new, and says so", async () => {
      const { ledger, governed, ledgerAddress, deployer, weal, usdcAddress, open } = await fixture();
      const model = await open();
      const { token, address } = await deployToken(1_000n);
      expect(await ledger.isListed(address)).to.equal(false);

      await expect(governed.addCurrency(address)).to.emit(ledger, "CurrencyListed").withArgs(address, 3);

      expect(await ledger.isListed(address)).to.equal(true);
      expect(await ledger.currencies()).to.deep.equal([ETH, await weal.getAddress(), usdcAddress, address]);
      await token.approve(ledgerAddress, 1_000n);
      await ledger.connect(deployer).pay(model, address, 1_000n, NO_REF);
      expect((await ledger.modelTermsOf(model)).currencies).to.equal(0b1000n);
    });

    it("looks at the supply of that moment: 2⁹⁶ units at most", async () => {
      const { ledger, governed } = await fixture();
      const { token, address } = await deployToken(MAX_SUPPLY + 1n);

      await expect(governed.addCurrency(address))
        .to.be.revertedWithCustomError(ledger, "CurrencySupplyTooHigh")
        .withArgs(address, MAX_SUPPLY + 1n, MAX_SUPPLY);
      expect(await ledger.isListed(address)).to.equal(false);

      const fitting = await deployToken(MAX_SUPPLY);
      await governed.addCurrency(fitting.address);
      await fitting.token.mint(ledger, MAX_SUPPLY);
      expect(await token.totalSupply()).to.equal(MAX_SUPPLY + 1n);
      expect(await ledger.isListed(fitting.address)).to.equal(true);
    });

    it("takes 16 currencies, each with books of its own, and not one more", async () => {
      const { ledger, governed, ledgerAddress, alice, bob, open } = await fixture();
      const model = await open();
      const first = await deployToken(1_000n);
      const last = await deployToken(1_000n);
      // After ETH, WEAL and USDC.
      const addresses = [first.address];
      for (let i = 4; i < 15; ++i) addresses.push((await deployToken()).address);
      addresses.push(last.address);
      for (const address of addresses) await governed.addCurrency(address);
      const listed = await ledger.currencies();
      expect(listed).to.have.length(16);
      expect(listed.slice(3)).to.deep.equal(addresses);

      const another = await deployToken();
      await expect(governed.addCurrency(another.address))
        .to.be.revertedWithCustomError(ledger, "CurrencyListFull")
        .withArgs(16);

      for (const { token, address } of [first, last]) {
        await token.approve(ledgerAddress, 1_000n);
        await ledger.pay(model, address, 1_000n, NO_REF);
      }
      expect((await ledger.modelTermsOf(model)).currencies).to.equal((1n << 15n) | (1n << 3n));
      await ledger.connect(alice).transfer(bob.address, model, TOTAL_SHARES);
      for (const { address } of [first, last]) {
        expect(await ledger.claimable(alice.address, model, address)).to.equal(990n);
        expect(await ledger.claimable(bob.address, model, address)).to.equal(0n);
      }
    });

    it("refuses a currency that is listed", async () => {
      const { ledger, governed, usdcAddress } = await fixture();

      await expect(governed.addCurrency(usdcAddress))
        .to.be.revertedWithCustomError(ledger, "CurrencyAlreadyListed")
        .withArgs(usdcAddress);
      expect(await ledger.currencies()).to.have.length(3);
    });

    it("refuses an address without code, and so ETH, which is listed for ever", async () => {
      const { ledger, governed, stranger } = await fixture();

      for (const currency of [stranger.address, ETH]) {
        await expect(governed.addCurrency(currency))
          .to.be.revertedWithCustomError(ledger, "CurrencyWithoutCode")
          .withArgs(currency);
      }
      expect(await ledger.isListed(ETH)).to.equal(true);
    });

    it("refuses a contract that is no token", async () => {
      const { ledger, governed, treasury } = await fixture();

      await expect(governed.addCurrency(treasury))
        .to.be.revertedWithCustomError(ledger, "CurrencyWithoutSupply")
        .withArgs(treasury);
      expect(await ledger.isListed(treasury)).to.equal(false);
    });

    it("refuses everybody but governance", async () => {
      const { ledger, deployer, stranger } = await fixture();
      const { address } = await deployToken();

      for (const caller of [deployer, stranger]) {
        await expect(ledger.connect(caller).addCurrency(address))
          .to.be.revertedWithCustomError(ledger, "NotGovernance")
          .withArgs(caller.address);
      }
      expect(await ledger.isListed(address)).to.equal(false);
    });
  });

  describe("collectFees", () => {
    for (const symbol of SYMBOLS) {
      it(`sends settled fees in ${symbol} to the treasury, whoever calls, and nothing else`, async () => {
        const context = await fixture();
        const { ledger, ledgerAddress, treasury, stranger, currencyOf, open, pay, eventsOf, expectMoved } = context;
        const currency = currencyOf(symbol);
        const other = currencyOf(symbol === "ETH" ? "USDC" : "ETH");
        const model = await open();
        for (const each of [currency, other]) {
          await pay(model, each, 10_000n);
          await ledger.cascade([model], each);
        }
        await pay(model, currency, 5_000n);
        // That of the last payment is not settled yet.
        expect(await ledger.collectableFees(currency)).to.equal(100n);
        const collectFees = ledger.connect(stranger).collectFees;
        expect(await collectFees.staticCall(currency)).to.equal(100n);

        const transaction = collectFees(currency);

        await expect(transaction).to.emit(ledger, "FeesCollected").withArgs(currency, 100);
        expect(await eventsOf(transaction)).to.have.length(1);
        await expectMoved(transaction, currency, [
          [ledgerAddress, -100n],
          [treasury, 100n],
          [stranger.address, 0n],
        ]);
        expect(await ledger.collectableFees(currency)).to.equal(0n);
        expect(await ledger.collectableFees(other)).to.equal(100n);

        await ledger.cascade([model], currency);
        await expectMoved(collectFees(currency), currency, [[treasury, 50n]]);
      });

      it(`refuses when there are none in ${symbol}`, async () => {
        const { ledger, currencyOf, open, pay } = await fixture();
        const currency = currencyOf(symbol);
        await pay(await open(), currency, 10_000n);

        await expect(ledger.collectFees(currency))
          .to.be.revertedWithCustomError(ledger, "NothingToCollect")
          .withArgs(currency);
      });
    }
  });
});
