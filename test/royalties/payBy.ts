import { expect } from "chai";
import { AbiCoder, keccak256, parseEther, ZeroHash } from "ethers";
import { network } from "hardhat";
import type { ScriptedPayer, Store } from "../../types/ethers-contracts/index.js";
import { ETH, freshSalt, NO_REF, ref, TOTAL_SHARES } from "../helpers/models.js";
import { domainOf, nonceOf, signTransfer } from "./payments.support.js";
import { deployLedger, MAX_RECEIVED } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const coder = AbiCoder.defaultAbiCoder();

/** What a scripted payer calls when it is asked to deliver. */
type Script = { target: string; value: bigint; data: string }[];

/** A model that passes 25 % on to its parent, a store, and a payer that does as it is told, with USDC and ETH. */
async function deploy() {
  const context = await deployLedger(connection);
  const { ledger, ledgerAddress, usdc, usdcAddress, open } = context;
  const parent = await open();
  const model = await open({ parents: [[parent, 2_500]] });
  const store = (await ethers.deployContract("Store", [ledgerAddress])) as unknown as Store;
  const scripted = (await ethers.deployContract("ScriptedPayer")) as unknown as ScriptedPayer;
  const scriptedAddress = await scripted.getAddress();
  await usdc.mint(scriptedAddress, 10n ** 15n);
  await networkHelpers.setBalance(scriptedAddress, parseEther("1"));

  return {
    ...context,
    parent,
    model,
    store,
    scripted,
    scriptedAddress,
    encode: ledger.interface.encodeFunctionData.bind(ledger.interface) as typeof ledger.interface.encodeFunctionData,
    /** A call of the ledger. */
    call: (data: string, value = 0n) => ({ target: ledgerAddress, value, data }),
    /** The delivery of some units, of USDC unless told otherwise. */
    delivery: (amount: bigint, target = usdcAddress) => ({
      target,
      value: 0n,
      data: usdc.interface.encodeFunctionData("transfer", [ledgerAddress, amount]),
    }),
    /** Has the scripted payer pay, 1,000 units of USDC for the model unless told otherwise. */
    pay: (script: Script, { to = model, currency = usdcAddress, amount = 1_000n } = {}) =>
      scripted.pay(ledgerAddress, to, currency, amount, ref("order"), script),
    received: async (of: string, currency = usdcAddress) => (await ledger.booksOf(of, currency)).received,
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);
type Context = Awaited<ReturnType<typeof deploy>>;

/** Everything that takes the lock, as the scripted payer could do it at any other time. */
async function lockedCalls({ ledger, ledgerAddress, usdc, usdcAddress, registrar, payer, ...context }: Context) {
  const { bob, scripted, scriptedAddress, open, encode } = context;
  const salt = freshSalt();
  const model = await open({ salt, maxHostBps: 5_000, holdings: [[scriptedAddress, TOTAL_SHARES]] });
  const hosting = { model, host: scriptedAddress, hostBps: 5_000 };
  const deposit = await ledger.depositOf(hosting);
  const approve = usdc.interface.encodeFunctionData("approve", [ledgerAddress, 1_000n]);
  await scripted.execute({ target: usdcAddress, value: 0n, data: approve });
  // Earnings, fees and a host's part wait; so does something to sweep at both addresses.
  await ledger.connect(payer).pay(model, usdcAddress, 1_000n, NO_REF);
  await ledger.cascade([model], usdcAddress);
  await usdc.mint(deposit, 100n);
  await ledger.sweepHosted([hosting], [usdcAddress]);
  for (const account of [deposit, model, bob.address]) await usdc.mint(account, 100n);

  const payment = [model, usdcAddress, 100n, NO_REF] as const;
  const authorization = { from: bob.address, validAfter: 0n, validBefore: 2n ** 40n, salt };
  const domain = await domainOf(usdc);
  const agreed = { model, currency: usdcAddress, amount: 100n, ref: NO_REF, ...authorization };
  const nonce = nonceOf(domain.chainId, ledgerAddress, agreed);
  const signature = await signTransfer(bob, domain, { ...authorization, to: ledgerAddress, value: 100n, nonce });
  const forwarderSalt = keccak256(coder.encode(["address", "bytes32"], [registrar.address, salt]));
  const delivery = context.delivery(100n);
  const script = coder.encode(
    ["tuple(address, uint256, bytes)[]"],
    [[[delivery.target, delivery.value, delivery.data]]],
  );

  return {
    pay: encode("pay", [...payment]),
    payMany: encode("payMany", [[model], usdcAddress, [100n], NO_REF]),
    payBy: encode("payBy", [...payment, script]),
    payWithPermit: encode("payWithPermit", [...payment, 0n, 27, ZeroHash, ZeroHash]),
    payWithAuthorization: encode("payWithAuthorization", [...payment, { ...authorization, signature }]),
    sweep: encode("sweep", [[forwarderSalt], [usdcAddress]]),
    sweepHosted: encode("sweepHosted", [[hosting], [usdcAddress]]),
    claim: encode("claim", [[model], usdcAddress, scriptedAddress]),
    claimFor: encode("claimFor", [scriptedAddress, [model], usdcAddress]),
    claimHostPart: encode("claimHostPart", [[hosting], usdcAddress, scriptedAddress]),
    collectFees: encode("collectFees", [usdcAddress]),
  };
}

const LOCKED = [
  ...(["pay", "payMany", "payBy", "payWithPermit", "payWithAuthorization", "sweep", "sweepHosted"] as const),
  ...(["claim", "claimFor", "claimHostPart", "collectFees"] as const),
];

describe("RoyaltyLedger", () => {
  describe("payBy", () => {
    it("lets a store have its buyer's token moved once, straight to the ledger", async () => {
      const { ledger, ledgerAddress, usdc, usdcAddress, alice, model, store } = await fixture();
      const storeAddress = await store.getAddress();
      await usdc.mint(alice.address, 1_003n);
      await usdc.connect(alice).approve(storeAddress, 1_003n);

      const transaction = await store.connect(alice).buy(model, usdcAddress, 1_003n, ref("cart"));

      await expect(transaction).to.emit(ledger, "Paid").withArgs(model, usdcAddress, storeAddress, 1_003, ref("cart"));
      const logs = (await transaction.wait())?.logs ?? [];
      expect(
        logs
          .filter(({ address }) => address === usdcAddress)
          .map((log) => usdc.interface.parseLog(log))
          .map((event) => [event?.name, ...(event?.args.toArray() ?? [])]),
      ).to.deep.equal([["Transfer", alice.address, ledgerAddress, 1_003n]]);
      // U = ⌊250.75⌋ goes up; of the rest, F = ⌊7.53⌋.
      expect(await ledger.booksOf(model, usdcAddress)).to.deep.equal([1_003n, 0n, 746n, 0n]);
      expect((await ledger.modelTermsOf(model)).currencies).to.equal(0b100n);
    });

    it("tells the payer what it waits for, and hands over the payer's data", async () => {
      const { ledgerAddress, usdcAddress, scripted, delivery, pay } = await fixture();

      await expect(pay([delivery(1_000n)]))
        .to.emit(scripted, "DeliveryAsked")
        .withArgs(ledgerAddress, usdcAddress, 1_000);
    });

    it("adds to what was paid before", async () => {
      const { ledger, usdcAddress, payer, model, delivery, pay, received } = await fixture();
      await ledger.connect(payer).pay(model, usdcAddress, 5n, NO_REF);
      await ledger.cascade([model], usdcAddress);

      await pay([delivery(1_000n)]);
      await pay([delivery(1_000n)]);

      expect(await received(model)).to.equal(2_005n);
      expect((await ledger.booksOf(model, usdcAddress)).cascaded).to.equal(5n);
    });

    for (const [what, parts] of [
      ["more than was asked for", [1_234n]],
      ["it twice", [1_000n, 1_000n]],
      ["it in pieces", [1n, 998n, 1n]],
    ] as const) {
      it(`credits what arrived from a payer that delivers ${what}`, async () => {
        const { ledger, ledgerAddress, usdcAddress, model, scriptedAddress, delivery, pay, ...context } =
          await fixture();
        const sum = parts.reduce((total: bigint, part) => total + part, 0n);

        const transaction = pay(parts.map((part) => delivery(part)));

        await expect(transaction)
          .to.emit(ledger, "Paid")
          .withArgs(model, usdcAddress, scriptedAddress, sum, ref("order"));
        await context.expectMoved(transaction, usdcAddress, [
          [scriptedAddress, -sum],
          [ledgerAddress, sum],
        ]);
        expect(await context.received(model)).to.equal(sum);
      });
    }

    it("may ask for nothing, and credits what arrives", async () => {
      const { model, delivery, pay, received } = await fixture();

      await pay([delivery(7n)], { amount: 0n });

      expect(await received(model)).to.equal(7n);
    });

    it("does not lose what a child passes on meanwhile, in books that are open or not", async () => {
      const { ledger, usdcAddress, payer, parent, model, call, delivery, encode, pay, received } = await fixture();
      for (const before of [0n, 250n + 300n]) {
        await ledger.connect(payer).pay(model, usdcAddress, 1_000n, NO_REF);
        expect(await received(parent)).to.equal(before);

        await pay([call(encode("cascade", [[model], usdcAddress])), delivery(300n)], { to: parent, amount: 300n });

        expect(await received(parent)).to.equal(before + 250n + 300n);
      }
    });

    it("goes on under new rates when an edge of the model is retired meanwhile", async () => {
      const { ledger, usdcAddress, payer, parent, open, call, delivery, encode, pay } = await fixture();
      const until = (await networkHelpers.time.latest()) + 1_000;
      const child = await open({ parents: [[parent, 5_000, until]] });
      await ledger.connect(payer).pay(child, usdcAddress, 1_000n, NO_REF);
      await networkHelpers.time.increaseTo(until + 1);

      await pay([call(encode("retire", [child])), delivery(1_000n)], { to: child });

      // Of the first 1,000, 500 stay; of the second all; F is 1 % of each.
      expect(await ledger.booksOf(child, usdcAddress)).to.deep.equal([2_000n, 1_000n, 495n + 990n, 1_000n]);
    });

    it("lets the payer pay ETH meanwhile: credited once, and never taken for the token", async () => {
      const { ledger, ledgerAddress, model, scriptedAddress, call, delivery, ...context } = await fixture();
      const { usdcAddress, encode, pay, received, eventsOf } = context;
      const eth = call(encode("pay", [model, ETH, 700n, NO_REF]), 700n);

      await expect(pay([eth]))
        .to.be.revertedWithCustomError(ledger, "PaymentShort")
        .withArgs(usdcAddress, 1_000, 0);
      expect(await eventsOf(pay([eth, delivery(1_000n)]))).to.deep.equal([
        ["Paid", model, ETH, scriptedAddress, 700n, NO_REF],
        ["Paid", model, usdcAddress, scriptedAddress, 1_000n, ref("order")],
      ]);

      expect([await received(model, ETH), await received(model)]).to.deep.equal([700n, 1_000n]);
      expect(await ethers.provider.getBalance(ledgerAddress)).to.equal(700n);
    });
  });

  describe("payBy refuses", () => {
    for (const [what, parts, delivered] of [
      ["a payer that delivers nothing", [], 0],
      ["a payer that delivers a unit too little", [999n], 999],
    ] as const) {
      it(what, async () => {
        const { ledger, usdcAddress, model, delivery, pay, received } = await fixture();

        await expect(pay(parts.map((part) => delivery(part))))
          .to.be.revertedWithCustomError(ledger, "PaymentShort")
          .withArgs(usdcAddress, 1_000, delivered);
        expect(await received(model)).to.equal(0n);
      });
    }

    it("a payer that delivers another token, listed or not", async () => {
      const { ledger, usdcAddress, scriptedAddress, list, delivery, pay } = await fixture();
      for (const isListed of [true, false]) {
        const token = await ethers.deployContract("PlainToken");
        await token.mint(scriptedAddress, 1_000n);
        if (isListed) await list(token);

        await expect(pay([delivery(1_000n, await token.getAddress())]))
          .to.be.revertedWithCustomError(ledger, "PaymentShort")
          .withArgs(usdcAddress, 1_000, 0);
      }
    });

    it("a token of which less arrives, or after which there is less than before", async () => {
      const { ledger, ledgerAddress, scriptedAddress, list, delivery, pay } = await fixture();
      for (const [burnBps, delivered] of [
        [100, 990],
        [20_000, 0],
      ]) {
        const token = await ethers.deployContract("FeeOnTransferToken", [burnBps]);
        const currency = await list(token);
        await token.mint(scriptedAddress, 1_000n);
        await token.mint(ledgerAddress, 5_000n);

        await expect(pay([delivery(1_000n, currency)], { currency }))
          .to.be.revertedWithCustomError(ledger, "PaymentShort")
          .withArgs(currency, 1_000, delivered);
      }
    });

    for (const name of LOCKED) {
      it(`${name} meanwhile`, async () => {
        const context = await fixture();
        const { ledger, model, call, delivery, pay, received } = context;
        const locked = call((await lockedCalls(context))[name]);

        for (const script of [
          [locked, delivery(1_000n)],
          [delivery(1_000n), locked],
        ]) {
          await expect(pay(script)).to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall").withArgs();
        }
        expect(await received(model)).to.equal(0n);
        // At any other time it may.
        await context.scripted.execute(locked);
      });
    }

    it("a payer that reverts, as it does", async () => {
      const { usdc, usdcAddress, alice, model, store } = await fixture();

      await expect(store.connect(alice).buy(model, usdcAddress, 1_000n, NO_REF))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(await store.getAddress(), 0, 1_000);
    });

    it("a payer that is no contract", async () => {
      const { ledger, usdcAddress, payer, model } = await fixture();

      await expect(ledger.connect(payer).payBy(model, usdcAddress, 1_000n, NO_REF, "0x")).to.be.revertedWithoutReason(
        ethers,
      );
    });

    it("ETH, a currency that is not listed and a model that is not open, before it asks for anything", async () => {
      const { ledger, stranger, model, scripted, unlisted, pay } = await fixture();
      // If the payer were asked, it would fail, and so would the payment in another way.
      const failing = [{ target: stranger.address, value: 0n, data: "0x01" }];
      await expect(pay(failing)).to.be.revertedWithCustomError(scripted, "AddressEmptyCode").withArgs(stranger.address);

      await expect(pay(failing, { currency: ETH }))
        .to.be.revertedWithCustomError(ledger, "TokenRequired")
        .withArgs();
      await expect(pay(failing, { currency: unlisted }))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
      await expect(pay(failing, { to: stranger.address }))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
      expect((await ledger.modelTermsOf(model)).currencies).to.equal(0n);
    });

    it("nothing, asked for and delivered", async () => {
      const { ledger, model, pay } = await fixture();

      await expect(pay([], { amount: 0n }))
        .to.be.revertedWithCustomError(ledger, "ZeroPayment")
        .withArgs(model);
    });

    it("what takes the books past 2¹¹² − 1 units, delivered or passed on meanwhile", async () => {
      const { ledger, usdc, usdcAddress, payer, parent, model, call, delivery, encode, pay } = await fixture();
      await usdc.mint(payer.address, MAX_RECEIVED);
      await ledger.connect(payer).pay(parent, usdcAddress, MAX_RECEIVED - 1_000n, NO_REF);
      await ledger.connect(payer).pay(model, usdcAddress, 4n, NO_REF);

      await expect(pay([delivery(1_001n)], { to: parent }))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(parent, usdcAddress, MAX_RECEIVED - 1_000n, 1_001);
      await expect(pay([delivery(1_000n), call(encode("cascade", [[model], usdcAddress]))], { to: parent }))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(parent, usdcAddress, MAX_RECEIVED - 999n, 1_000);
      await pay([delivery(1_000n)], { to: parent });
      expect((await ledger.booksOf(parent, usdcAddress)).received).to.equal(MAX_RECEIVED);
    });
  });

  describe("a store that is paid by payBy", () => {
    it("delivers to nobody but the ledger", async () => {
      const { usdcAddress, alice, stranger, store } = await fixture();
      const data = coder.encode(["address"], [alice.address]);

      await expect(store.connect(stranger).deliver(usdcAddress, 1_000n, data))
        .to.be.revertedWithCustomError(store, "NotLedger")
        .withArgs(stranger.address);
    });
  });
});
