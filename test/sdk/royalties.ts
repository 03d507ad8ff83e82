import { expect } from "chai";
import { id, parseEther, ZeroAddress } from "ethers";
import { InsufficientFunds, InvalidAmount, InvalidArgument, TooManyDecimals } from "../../sdk/src/index.js";
import { ascending } from "../helpers/models.js";
import { type CautiousToken, CautiousToken__factory } from "../../types/ethers-contracts/index.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

const USDC = 1_000_000n;

describe("SDK royalties", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  /** Alice's, and built from it: Bob's. A tenth goes upstream, a hundredth of what stays is the protocol's. */
  let parent: string;
  let child: string;
  let usdc: string;

  beforeEach(async () => {
    sdk = await deploySdk();
    const { alice, bob, accounts } = sdk;
    usdc = sdk.usdcAddress;
    parent = await registerFor(accounts.alice.address, alice);
    child = await registerFor(accounts.bob.address, bob, {
      parents: [{ model: parent, rateBps: 1_000, relation: "fineTune" }],
    });
    await sdk.usdc.mint(accounts.carol, 1_000n * USDC);
  });

  const allowance = () => sdk.usdc.allowance(sdk.accounts.carol, sdk.ledger);

  describe("pay", () => {
    it("pays ETH, with a reference", async () => {
      const { carol, accounts, ledger } = sdk;
      const { amount, receipt } = await carol.royalties.pay({
        model: child.toLowerCase(),
        currency: "ETH",
        amount: "1.5",
        ref: id("invoice 7"),
      });

      expect(amount).to.equal(parseEther("1.5"));
      await expect(Promise.resolve(receipt))
        .to.emit(ledger, "Paid")
        .withArgs(child, ZeroAddress, accounts.carol.address, parseEther("1.5"), id("invoice 7"));
    });

    it("pays an ERC-20 and approves what is needed, no more", async () => {
      const { carol, accounts, ledger } = sdk;
      const { amount, receipt } = await carol.royalties.pay({ model: child, currency: usdc, amount: "12.5" });

      expect(amount).to.equal(12_500_000n);
      await expect(Promise.resolve(receipt))
        .to.emit(ledger, "Paid")
        .withArgs(child, usdc, accounts.carol.address, 12_500_000n, `0x${"00".repeat(32)}`);
      expect(await allowance()).to.equal(0n);
    });

    it("does not approve when the allowance is large enough", async () => {
      const { carol, accounts, ledger } = sdk;
      await sdk.usdc.connect(accounts.carol).approve(ledger, 20n * USDC);

      await carol.royalties.pay({ model: child, currency: usdc, amount: 20n * USDC });

      const approvals = await sdk.usdc.queryFilter(sdk.usdc.filters.Approval(accounts.carol.address));
      expect(approvals).to.have.length(1);
    });

    it("raises an allowance that is too small to the amount", async () => {
      const { carol, accounts, ledger } = sdk;
      await sdk.usdc.connect(accounts.carol).approve(ledger, 1n);

      await carol.royalties.pay({ model: child, currency: usdc, amount: "20" });

      const approvals = await sdk.usdc.queryFilter(sdk.usdc.filters.Approval(accounts.carol.address));
      expect(approvals.map(({ args }) => args.value)).to.deep.equal([1n, 20n * USDC]);
    });

    describe("in a token that changes an allowance only from or to 0", () => {
      const pay = (amount: string) => ({ model: child, currency: String(token.target), amount });
      let token: CautiousToken;

      beforeEach(async () => {
        const { ledger, timelock, accounts } = sdk;
        const { ethers, networkHelpers } = sdk.connection;
        token = await new CautiousToken__factory(accounts.carol).deploy();
        await token.mint(accounts.carol.address, 100n * USDC);
        const governance = await ethers.getImpersonatedSigner(String(timelock.target));
        await networkHelpers.setBalance(governance.address, parseEther("1"));
        await ledger.connect(governance).addCurrency(token);
        await token.connect(accounts.carol).approve(ledger, 1n);
      });

      const approved = async () =>
        (await token.queryFilter(token.filters.Approval(sdk.accounts.carol.address))).map(({ args }) => args.value);

      it("takes one that is too small back first", async () => {
        const { amount } = await sdk.carol.royalties.pay(pay("20"));

        expect(amount).to.equal(20n * USDC);
        expect(await approved()).to.deep.equal([1n, 0n, 20n * USDC]);
      });

      it("simulates, estimates and populates that", async () => {
        const { pay: write } = sdk.carol.royalties;
        const [reset, approval, payment, ...more] = await write.populate(pay("20"));

        expect([reset.to, approval.to, payment.to]).to.deep.equal([token.target, token.target, sdk.ledger.target]);
        expect(token.interface.decodeFunctionData("approve", reset.data).value).to.equal(0n);
        expect(token.interface.decodeFunctionData("approve", approval.data).value).to.equal(20n * USDC);
        expect(more).to.deep.equal([]);
        expect((await write.simulate(pay("20"))).amount).to.equal(20n * USDC);
        expect(Number(await write.estimate(pay("20")))).to.be.above(100_000);
        expect(await approved()).to.deep.equal([1n]);
      });

      it("uses one that is large enough", async () => {
        await sdk.carol.royalties.pay(pay("0.000001"));

        expect(await approved()).to.deep.equal([1n]);
      });
    });

    it("approves nothing when told so", async () => {
      const spender = await sdk.ledger.getAddress();

      await expectRefusal(
        sdk.carol.royalties.pay({ model: child, currency: usdc, amount: "20", approve: false }),
        "ERC20InsufficientAllowance",
        { spender, allowance: 0n, needed: 20n * USDC },
      );
      expect(await allowance()).to.equal(0n);
    });

    it("refuses amounts that cannot be meant", async () => {
      const { royalties } = sdk.carol;

      // @ts-expect-error: the type refuses numbers too.
      await failureOf(InvalidAmount, royalties.pay({ model: child, currency: usdc, amount: 12.5 }));
      await failureOf(InvalidAmount, royalties.pay({ model: child, currency: "ETH", amount: "-1" }));
      const error = await failureOf(
        TooManyDecimals,
        royalties.pay({ model: child, currency: usdc, amount: "0.0000001" }),
      );
      expect(error).to.include({ value: "0.0000001", decimals: 6 });
    });

    it("refuses models, currencies and references that are none", async () => {
      const { royalties } = sdk.carol;
      const payment = { model: child, currency: "ETH", amount: 1n };

      for (const [argument, options] of [
        ["model", { model: "child" }],
        ["currency", { currency: "USDC" }],
        ["ref", { ref: "invoice 7" }],
      ] as const) {
        const error = await failureOf(InvalidArgument, royalties.pay({ ...payment, ...options }));
        expect(error.argument).to.equal(argument);
      }
      const error = await failureOf(InvalidArgument, royalties.pay({ ...payment, currency: "eth" }));
      expect(error.message).to.include('give "ETH", or');
    });

    it("passes on the refusals of the ledger and of the token", async () => {
      const { carol, accounts } = sdk;
      const nobody = accounts.carol.address;

      await expectRefusal(carol.royalties.pay({ model: nobody, currency: "ETH", amount: 1n }), "ModelNotOpened", {
        model: nobody,
      });
      await expectRefusal(carol.royalties.pay({ model: child, currency: "ETH", amount: 0n }), "ZeroPayment", {
        model: child,
      });
      await expectRefusal(
        carol.royalties.pay({ model: child, currency: nobody, amount: 1n, approve: false }),
        "CurrencyNotListed",
        { currency: nobody },
      );
      await expectRefusal(
        carol.royalties.pay({ model: child, currency: usdc, amount: "1000.000001" }),
        "ERC20InsufficientBalance",
        { sender: accounts.carol.address, balance: 1_000n * USDC, needed: 1_000n * USDC + 1n },
      );
    });

    it("says so when the payer has too little ETH", async () => {
      await failureOf(InsufficientFunds, sdk.carol.royalties.pay({ model: child, currency: "ETH", amount: "1000000" }));
    });
  });

  describe("payMany", () => {
    it("pays several models with one transfer", async () => {
      const { carol, ledger } = sdk;
      const { amount } = await carol.royalties.payMany({
        currency: usdc,
        payments: [
          { model: parent, amount: "1" },
          { model: child, amount: 2n * USDC },
        ],
      });

      expect(amount).to.equal(3n * USDC);
      expect((await ledger.booksOf(parent, usdc)).received).to.equal(USDC);
      expect((await ledger.booksOf(child, usdc)).received).to.equal(2n * USDC);
    });

    it("pays ETH", async () => {
      await sdk.carol.royalties.payMany({
        currency: "ETH",
        payments: [
          { model: parent, amount: 1n },
          { model: parent, amount: 2n },
        ],
      });

      expect((await sdk.ledger.booksOf(parent, ZeroAddress)).received).to.equal(3n);
    });

    it("refuses to pay nobody", async () => {
      await expectRefusal(sdk.carol.royalties.payMany({ currency: "ETH", payments: [] }), "PaymentsLengthMismatch", {
        models: 0n,
        amounts: 0n,
      });
    });
  });

  describe("cascade", () => {
    it("goes from children to parents, whatever the order given", async () => {
      const { carol, accounts, ledger } = sdk;
      const grandchild = await registerFor(accounts.carol.address, carol, {
        parents: [{ model: child, rateBps: 5_000, relation: "adapter" }],
      });
      await carol.royalties.pay({ model: grandchild, currency: usdc, amount: "100" });

      await carol.royalties.cascade({ models: [parent, child, grandchild, child], currency: usdc });

      expect((await ledger.booksOf(child, usdc)).received).to.equal(50n * USDC);
      expect((await ledger.booksOf(parent, usdc)).received).to.equal(5n * USDC);
    });

    it("refuses no models, and models that are none", async () => {
      const { royalties } = sdk.carol;
      const nobody = sdk.accounts.carol.address;

      await failureOf(InvalidArgument, royalties.cascade({ models: [], currency: "ETH" }));
      await expectRefusal(royalties.cascade({ models: [child, nobody], currency: "ETH" }), "ModelNotOpened", {
        model: nobody,
      });
    });
  });

  describe("claims", () => {
    beforeEach(async () => {
      await sdk.carol.royalties.pay({ model: child, currency: usdc, amount: "100" });
      await sdk.carol.royalties.pay({ model: parent, currency: usdc, amount: "10" });
    });

    describe("claimable", () => {
      it("tells each model and the total, each once", async () => {
        const { reader, accounts } = sdk;
        const models = ascending([parent, child]);
        const holder = accounts.bob.address;

        expect(
          await reader.royalties.claimable({ holder, models: [...models, child].reverse(), currency: usdc }),
        ).to.deep.equal({
          total: 89_100_000n,
          models: models.map((model) => ({ model, amount: model === child ? 89_100_000n : 0n })),
        });
      });
    });

    describe("claim", () => {
      it("sends what claimable tells, over models in any order", async () => {
        const { alice, accounts } = sdk;
        await alice.royalties.cascade({ models: [child], currency: usdc });
        await alice.royalties.transferShares({ model: parent, to: accounts.bob.address, units: 1 });
        const models = ascending([parent, child]).reverse();
        const { total } = await alice.royalties.claimable({ holder: accounts.alice.address, models, currency: usdc });

        const { amount } = await alice.royalties.claim({ models: [...models, parent], currency: usdc });

        expect(amount).to.equal(total).and.to.equal(19_800_000n);
        expect(await sdk.usdc.balanceOf(accounts.alice)).to.equal(total);
      });

      it("sends to another address", async () => {
        const { bob, accounts } = sdk;
        const to = `0x${"0b".repeat(20)}`;

        const { amount } = await bob.royalties.claim({ models: [child], currency: usdc, to });

        expect(await sdk.usdc.balanceOf(to)).to.equal(amount);
        expect(await sdk.usdc.balanceOf(accounts.bob)).to.equal(0n);
      });

      it("sums what several models pay", async () => {
        const { bob, accounts } = sdk;
        await sdk.alice.royalties.transferShares({ model: parent, to: accounts.bob.address, units: 500_000n });
        await sdk.carol.royalties.pay({ model: parent, currency: usdc, amount: "2" });

        const { amount } = await bob.royalties.claim({ models: [child, parent], currency: usdc });

        expect(amount).to.equal(89_100_000n + 990_000n);
      });

      it("says so when there is nothing, no model, or no one to send it to", async () => {
        const { royalties } = sdk.carol;

        await expectRefusal(royalties.claim({ models: [child], currency: usdc }), "NothingToClaim", {
          holder: sdk.accounts.carol.address,
          currency: usdc,
        });
        await failureOf(InvalidArgument, royalties.claim({ models: [], currency: usdc }));
        await failureOf(InvalidArgument, royalties.claim({ models: [child], currency: usdc, to: "bob" }));
        await expectRefusal(
          royalties.claim({ models: [child], currency: usdc, to: ZeroAddress }),
          "InvalidClaimRecipient",
          {
            to: ZeroAddress,
          },
        );
      });
    });

    describe("claimFor", () => {
      it("sends a holder's earnings to the holder", async () => {
        const { carol, accounts } = sdk;
        const holder = accounts.bob.address;

        const { amount } = await carol.royalties.claimFor({ holder, models: [child, parent], currency: usdc });

        expect(amount).to.equal(89_100_000n);
        expect(await sdk.usdc.balanceOf(holder)).to.equal(amount);
      });
    });

    describe("pendingUpstream and booksOf", () => {
      it("tell what cascade would pass on, and what was received", async () => {
        const { royalties } = sdk.reader;
        expect(await royalties.pendingUpstream({ model: child, currency: usdc })).to.equal(10n * USDC);
        expect(await royalties.booksOf({ model: child, currency: usdc })).to.deep.equal({
          received: 100n * USDC,
          cascaded: 0n,
          distributed: 89_100_000n,
          closed: 0n,
        });

        await sdk.carol.royalties.cascade({ models: [child], currency: usdc });

        expect(await royalties.pendingUpstream({ model: child, currency: usdc })).to.equal(0n);
        expect((await royalties.booksOf({ model: child, currency: usdc })).cascaded).to.equal(100n * USDC);
      });
    });
  });

  describe("transferShares and sharesOf", () => {
    it("move shares, and tell who holds how many", async () => {
      const { alice, reader, accounts } = sdk;
      await alice.royalties.transferShares({ model: parent, to: accounts.bob.address, units: 250_000 });

      const sharesOf = ({ address }: { address: string }) =>
        reader.royalties.sharesOf({ holder: address, model: parent });
      expect(await sharesOf(accounts.alice)).to.equal(750_000n);
      expect(await sharesOf(accounts.bob)).to.equal(250_000n);

      await expectRefusal(
        sdk.bob.royalties.transferShares({ model: parent, to: accounts.alice.address, units: 250_001n }),
        "ERC6909InsufficientBalance",
        { sender: accounts.bob.address, balance: 250_000n, needed: 250_001n, id: BigInt(parent) },
      );
    });
  });

  describe("currencies", () => {
    it("lists what models can be paid in", async () => {
      const weal = await sdk.weal.getAddress();

      expect(await sdk.reader.royalties.currencies()).to.deep.equal([
        { currency: "ETH", address: ZeroAddress, symbol: "ETH", decimals: 18 },
        { currency: weal, address: weal, symbol: "WEAL", decimals: 18 },
        { currency: usdc, address: usdc, symbol: "USDC", decimals: 6 },
      ]);
    });
  });
});
