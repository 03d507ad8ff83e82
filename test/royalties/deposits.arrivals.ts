import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, Signature, Wallet } from "ethers";
import { network } from "hardhat";
import { ETH, freshSalt } from "../helpers/models.js";
import { domainOf, signTransfer } from "./payments.support.js";
import { deployLedger } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** The id of a model that is not open yet, and what it takes to bring it money by every means. */
async function deploy() {
  const context = await deployLedger(connection);
  const { ledger, usdc, usdcAddress, registrar, stranger } = context;
  const salt = freshSalt();
  const model = await ledger.modelIdOf(registrar.address, salt);
  const forwarderSalt = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [registrar.address, salt]));
  const hosting = { model, host: stranger.address, hostBps: 2_500 };
  const deposit = await ledger.depositOf(hosting);
  const buyer = new Wallet(id("buyer without ETH"), ethers.provider);
  await usdc.mint(buyer.address, 10_000n);
  const domain = await domainOf(usdc);

  return {
    ...context,
    model,
    hosting,
    deposit,
    buyer,
    openModel: () => context.open({ salt, maxHostBps: 2_500 }),
    sweep: (currency: string) => ledger.connect(stranger).sweep([forwarderSalt], [currency]),
    sweepHosted: (currency: string) => ledger.connect(stranger).sweepHosted([hosting], [currency]),
    received: async (currency: string) => (await ledger.booksOf(model, currency)).received,
    /** Has a stranger send what the buyer signed: ERC-3009's transfer, straight to an address. */
    authorize: async (to: string, value: bigint) => {
      const terms = { validAfter: 0n, validBefore: 2n ** 40n, nonce: freshSalt() };
      const transfer = { from: buyer.address, to, value, ...terms };
      const { v, r, s } = Signature.from(await signTransfer(buyer, domain, transfer, "TransferWithAuthorization"));
      const { validAfter, validBefore, nonce } = terms;

      const name =
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)" as const;

      return usdc.connect(stranger)[name](buyer.address, to, value, validAfter, validBefore, nonce, v, r, s);
    },
    /** Forces ETH on an address: a constructor whose code is PUSH20 address, SELFDESTRUCT. */
    force: (to: string, value: bigint) =>
      context.payer.sendTransaction({ data: concat(["0x73", to, "0xff"]), value, gasLimit: 200_000n }),
    codeAt: (address: string) => ethers.provider.getCode(address),
    currencies: { ETH, USDC: usdcAddress },
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);
type Context = Awaited<ReturnType<typeof deploy>>;

/** How money comes without anybody's calling the ledger. */
const means: Record<string, { symbol: "ETH" | "USDC"; send: (context: Context, to: string) => Promise<unknown> }> = {
  "a transfer by ERC-3009, from a payer without ETH": {
    symbol: "USDC",
    send: ({ authorize }, to) => authorize(to, 1_003n),
  },
  "ETH that a contract's end forces on it": { symbol: "ETH", send: ({ force }, to) => force(to, 1_003n) },
};

describe("Deposits", () => {
  for (const [what, { symbol, send }] of Object.entries(means)) {
    describe(what, () => {
      it("is a model's income when it comes before the model is opened", async () => {
        const context = await fixture();
        const { ledger, model, openModel, sweep, received, codeAt } = context;
        const currency = context.currencies[symbol];
        await send(context, model);

        await expect(sweep(currency)).to.not.emit(ledger, "Swept");
        await openModel();
        await expect(sweep(currency)).to.emit(ledger, "Swept").withArgs(model, currency, model, 1_003, 0);

        expect(await received(currency)).to.equal(1_003n);
        expect(await codeAt(model)).to.not.equal("0x");
      });

      it("is a model's income when it comes after the model was opened, and moves to the unit", async () => {
        const context = await fixture();
        const { ledgerAddress, model, openModel, sweep, received, expectMoved } = context;
        const currency = context.currencies[symbol];
        await openModel();
        await send(context, model);

        await expectMoved(sweep(currency), currency, [
          [model, -1_003n],
          [ledgerAddress, 1_003n],
        ]);
        expect(await received(currency)).to.equal(1_003n);
      });

      it("is a model's income when its forwarder is deployed already", async () => {
        const context = await fixture();
        const { payer, model, openModel, sweep, received, codeAt } = context;
        const currency = context.currencies[symbol];
        await openModel();
        await payer.sendTransaction({ to: model, value: 5n });
        await sweep(ETH);
        const code = await codeAt(model);
        expect(code).to.not.equal("0x");

        for (const before of [0n, 1_003n]) {
          await send(context, model);
          await sweep(currency);
          expect((await received(currency)) - (symbol === "ETH" ? 5n : 0n)).to.equal(before + 1_003n);
        }
        expect(await codeAt(model)).to.equal(code);
      });

      it("is a host's and a model's income at the address that they share", async () => {
        const context = await fixture();
        const { ledger, model, hosting, deposit, openModel, sweepHosted, received } = context;
        const currency = context.currencies[symbol];
        await send(context, deposit);
        await openModel();
        await send(context, deposit);

        // ⌊2,006 · 25 %⌋
        await expect(sweepHosted(currency)).to.emit(ledger, "Swept").withArgs(model, currency, deposit, 2_006, 501);
        expect(await ledger.claimableByHost(hosting, currency)).to.equal(501n);
        expect(await received(currency)).to.equal(1_505n);
      });
    });
  }

  describe("ETH that a contract's end forces on the ledger", () => {
    it("is nobody's, and is not taken for what comes from a deposit address", async () => {
      const { ledgerAddress, payer, model, openModel, sweep, force, received } = await fixture();
      await openModel();
      await force(ledgerAddress, 77n);
      await payer.sendTransaction({ to: model, value: 5n });

      await sweep(ETH);

      expect(await received(ETH)).to.equal(5n);
      expect(await ethers.provider.getBalance(ledgerAddress)).to.equal(82n);
    });
  });
});
