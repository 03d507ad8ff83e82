import { expect } from "chai";
import type { Contract } from "ethers";
import { network } from "hardhat";
import type { ReentrantToken, TestToken } from "../../types/ethers-contracts/index.js";
import { NO_REF } from "../helpers/models.js";
import { deployAuthorized, domainOf, type Payment } from "./payments.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployAuthorized(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("payWithAuthorization refuses", () => {
    it("a token that knows no authorizations, and one that only seems to", async () => {
      const { ledger, signer, payment, sign, send, list } = await fixture();
      const [plain, phantom] = [await ethers.deployContract("PlainToken"), await ethers.deployContract("PhantomToken")];
      for (const token of [plain, phantom]) await token.mint(signer.address, 1_000n);
      const [inPlain, inPhantom] = [
        payment({ currency: await list(plain) }),
        payment({ currency: await list(phantom) }),
      ];

      await expect(send(inPlain, await sign(inPlain))).to.be.revertedWithoutReason(ethers);
      await expect(send(inPhantom, await sign(inPhantom)))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(inPhantom.currency, 1_000, 0);
    });

    it("a token that takes a fee on transfers", async () => {
      const { ledger, signer, payment, sign, send, list } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [100]);
      await token.mint(signer.address, 1_000n);
      const agreed = payment({ currency: await list(token) });

      await expect(send(agreed, await sign(agreed, { of: await domainOf(token as unknown as TestToken) })))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(agreed.currency, 1_000, 990);
    });
  });

  describe("payWithAuthorization, with a token that calls back", () => {
    /** The model has received 1,000 units of the token, and fees wait; the payer's signature is for 100 more. */
    async function withToken(changes: Partial<Payment> = {}) {
      const context = await fixture();
      const { ledger, payer, signer, model, introduce, payment, sign, send } = context;
      const token = (await ethers.deployContract("ReentrantToken", payer)) as unknown as ReentrantToken;
      const currency = await introduce(token as unknown as Contract, 2_000n);
      await token.mint(signer.address, 1_000n);
      await ledger.connect(payer).pay(model, currency, 900n, NO_REF);
      await ledger.cascade([model], currency);
      await ledger.connect(payer).pay(model, currency, 100n, NO_REF);
      const agreed = payment({ currency, amount: 100n, ...changes });
      const signature = await sign(agreed, { of: await domainOf(token as unknown as TestToken) });

      return { ...context, token, currency, agreed, signature, pay: () => send(agreed, signature) };
    }

    for (const name of ["pay", "payWithAuthorization", "sweep", "claimFor", "collectFees"] as const) {
      it(`refuses ${name} in the middle of it`, async () => {
        const { ledger, token, currency, model, alice, agreed, signature, pay } = await withToken();
        const { amount, ref: reference } = agreed;
        const { encodeFunctionData } = ledger.interface;
        const encode = encodeFunctionData.bind(ledger.interface) as typeof encodeFunctionData;
        const calls = {
          pay: encode("pay", [model, currency, 0n, NO_REF]),
          payWithAuthorization: encode("payWithAuthorization", [
            ...([model, currency, amount, reference] as const),
            { ...agreed, signature },
          ]),
          sweep: encode("sweep", [[], []]),
          claimFor: encode("claimFor", [alice.address, [model], currency]),
          collectFees: encode("collectFees", [currency]),
        };
        await token.prepare(ledger, calls[name]);

        await expect(pay()).to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall").withArgs();
        expect((await ledger.booksOf(model, currency)).received).to.equal(1_000n);
      });
    }

    it("credits what was signed, and leaves to nobody what the token adds", async () => {
      const { ledger, ledgerAddress, token, currency, model, pay } = await withToken();
      await token.prepare(token, token.interface.encodeFunctionData("mint", [ledgerAddress, 7n]));

      await pay();

      expect(await token.balanceOf(ledgerAddress)).to.equal(1_107n);
      expect((await ledger.booksOf(model, currency)).received).to.equal(1_100n);
    });

    it("does not lose what a child passes on in the middle of it", async () => {
      const { parent } = await fixture();
      const { ledger, token, currency, model, pay } = await withToken({ model: parent });
      await token.prepare(ledger, ledger.interface.encodeFunctionData("cascade", [[model], currency]));

      await pay();

      expect((await ledger.booksOf(parent, currency)).received).to.equal(225n + 25n + 100n);
    });
  });
});
