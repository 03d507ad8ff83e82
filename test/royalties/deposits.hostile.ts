import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import { network } from "hardhat";
import { freshSalt } from "../helpers/models.js";
import { deployLedger, MAX_RECEIVED } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A model that can be swept in a token that calls back, once, while it is transferred. */
async function deploy() {
  const protocol = await deployLedger(connection);
  const { ledger, registrar, payer, stranger, introduce, open } = protocol;
  const salt = freshSalt();
  const model = await open({ salt });
  const token = await ethers.deployContract("ReentrantToken", payer);
  const currency = await introduce(token, 10n);
  // After it was listed: supplies may grow.
  await token.mint(payer, MAX_RECEIVED);
  const coder = AbiCoder.defaultAbiCoder();
  const forwarderSalt = keccak256(coder.encode(["address", "bytes32"], [registrar.address, salt]));

  return {
    ...protocol,
    model,
    token,
    currency,
    sweep: () => ledger.connect(stranger).sweep([forwarderSalt], [currency]),
    received: async () => (await ledger.booksOf(model, currency)).received,
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("Deposits", () => {
  describe("sweep, with a token that calls back", () => {
    it("credits what was there, and leaves to nobody what the token adds", async () => {
      const { token, ledgerAddress, model, sweep, received } = await fixture();
      await token.transfer(model, 100n);
      await token.prepare(token, token.interface.encodeFunctionData("mint", [ledgerAddress, 7n]));

      await sweep();

      expect(await token.balanceOf(ledgerAddress)).to.equal(107n);
      expect(await received()).to.equal(100n);
    });

    it("does not take books past their cap when a child is cascaded meanwhile", async () => {
      const { ledger, token, currency, model, open, pay, sweep } = await fixture();
      const child = await open({ parents: [[model, 5_000]] });
      await pay(child, currency, 10n);
      await pay(model, currency, MAX_RECEIVED - 20n);
      await token.transfer(model, 9n);
      await pay(model, currency, 11n);
      await token.prepare(ledger, ledger.interface.encodeFunctionData("cascade", [[child], currency]));

      await sweep();

      // Of the 9 units of room, 5 were taken by the child's part.
      const books = await ledger.booksOf(model, currency);
      expect([books.received, books.cascaded]).to.deep.equal([MAX_RECEIVED, 0n]);
    });

    it("refuses a sweep, a payment and a claim in the middle", async () => {
      const { ledger, token, currency, model, sweep, received } = await fixture();
      await token.transfer(model, 100n);
      for (const data of [
        ledger.interface.encodeFunctionData("sweep", [[], []]),
        ledger.interface.encodeFunctionData("pay", [model, currency, 1n, `0x${"00".repeat(32)}`]),
        ledger.interface.encodeFunctionData("claimFor", [model, [model], currency]),
      ]) {
        await token.prepare(ledger, data);
        // The token passes the refusal on, so its transfer fails, and the money waits.
        await expect(sweep()).to.not.emit(ledger, "Swept");
      }

      expect(await received()).to.equal(0n);
      expect(await token.balanceOf(model)).to.equal(100n);
    });
  });
});
