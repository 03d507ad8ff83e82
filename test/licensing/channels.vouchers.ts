import { expect } from "chai";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { SYMBOLS } from "../royalties/support.js";
import { deployChannels, hostPartOf } from "./channels.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployChannels(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("UsageChannels", () => {
  describe("redeem", () => {
    for (const symbol of SYMBOLS) {
      it(`credits the host, and pays the model, in ${symbol}`, async () => {
        const context = await fixture();
        const { channels, channelsAddress, ledger, ledgerAddress, bob, model, opened, idFor, voucher } = context;
        const currency = context.currencyOf(symbol);
        const channel = await opened(10_000n, { currency });
        const redemption = await voucher(channel, 1_001n, { calls: 17 });
        expect(await channels.redeem.staticCall(currency, [redemption])).to.equal(1_001n);

        const transaction = context.redeem([redemption], currency);

        // ⌊1,001 · 25.03 %⌋ = 250
        await expect(transaction)
          .to.emit(channels, "VoucherRedeemed")
          .withArgs(idFor(channel), model, bob.address, 1_001, 250, 1_001, 17);
        await expect(transaction)
          .to.emit(ledger, "Paid")
          .withArgs(model, currency, channelsAddress, 751, `0x${"00".repeat(32)}`);
        await context.expectMoved(transaction, currency, [
          [channelsAddress, -751n],
          [ledgerAddress, 751n],
        ]);
        expect(await channels.owedToHost(bob.address, currency)).to.equal(250n);
        expect(await context.stateOf(channel)).to.deep.equal([10_000n, 1_001n, 17n, 0n]);
      });
    }

    it("gives host and model the same to the unit, however the sum is cut", async () => {
      const { channels, bob, carol, other, usdcAddress, opened, voucher, redeem, receivedBy } = await fixture();
      const cut = await opened(1_000n, { hostBps: 3_333 });
      const whole = await opened(1_000n, { hostBps: 3_333, model: other, host: carol.address });

      for (let amount = 1n; amount <= 40n; amount++) await redeem([await voucher(cut, amount)]);
      await redeem([await voucher(whole, 40n)]);

      const hostPart = hostPartOf(40n, 3_333);
      for (const host of [bob, carol]) expect(await channels.owedToHost(host, usdcAddress)).to.equal(hostPart);
      for (const paid of [cut.model, other]) expect(await receivedBy(paid)).to.equal(40n - hostPart);
    });

    it("pays only the model with no part for the host, and no unit less than the host's largest part", async () => {
      const { channels, bob, model, usdcAddress, opened, voucher, redeem, receivedBy } = await fixture();
      await redeem([await voucher(await opened(9n, { hostBps: 0 }), 9n)]);
      expect(await channels.owedToHost(bob, usdcAddress)).to.equal(0n);
      expect(await receivedBy(model)).to.equal(9n);

      const channel = await opened(10n, { hostBps: 9_000 });
      await redeem([await voucher(channel, 1n)]);
      expect(await receivedBy(model)).to.equal(10n);
      // The second unit is the host's alone: the model is paid nothing, which the ledger would refuse.
      await redeem([await voucher(channel, 2n)]);
      expect(await channels.owedToHost(bob, usdcAddress)).to.equal(1n);
      expect(await receivedBy(model)).to.equal(10n);
      await redeem([await voucher(channel, 10n)]);
      expect(await channels.owedToHost(bob, usdcAddress)).to.equal(9n);
      expect(await receivedBy(model)).to.equal(10n);
    });

    it("takes the newest, passes over older ones and duplicates, in a batch and after it", async () => {
      const { channels, opened, idFor, voucher, redeem, stateOf } = await fixture();
      const channel = await opened(1_000n);
      const [old, middle, newest] = [
        await voucher(channel, 100n, { calls: 1 }),
        await voucher(channel, 250n, { calls: 2 }),
        await voucher(channel, 300n, { calls: 3 }),
      ];

      const transaction = redeem([middle, old, newest, newest, middle]);
      await expect(transaction)
        .to.emit(channels, "VoucherRedeemed")
        .withArgs(idFor(channel), channel.model, channel.host, 250, hostPartOf(250n, 2_503), 250, 2);
      await expect(transaction)
        .to.emit(channels, "VoucherRedeemed")
        .withArgs(
          ...([idFor(channel), channel.model, channel.host] as const),
          ...([50, hostPartOf(300n, 2_503) - hostPartOf(250n, 2_503), 300, 3] as const),
        );
      for (const stale of [old, middle, newest]) {
        await expect(redeem([stale])).to.not.emit(channels, "VoucherRedeemed");
      }
      expect(await stateOf(channel)).to.deep.equal([1_000n, 300n, 3n, 0n]);
    });

    it("is worth what is there, and the rest after a top-up", async () => {
      const { channels, opened, idFor, deposit, voucher, redeem, stateOf } = await fixture();
      const channel = await opened(100n);
      const redemption = await voucher(channel, 150n, { calls: 5 });

      await redeem([redemption]);
      expect(await stateOf(channel)).to.deep.equal([100n, 100n, 5n, 0n]);
      await expect(redeem([redemption])).to.not.emit(channels, "VoucherRedeemed");

      await deposit(channel, 70n);
      await expect(redeem([redemption]))
        .to.emit(channels, "VoucherRedeemed")
        .withArgs(
          ...([idFor(channel), channel.model, channel.host] as const),
          ...([50, hostPartOf(150n, 2_503) - hostPartOf(100n, 2_503), 150, 5] as const),
        );
      expect(await stateOf(channel)).to.deep.equal([170n, 150n, 5n, 0n]);
    });

    it("does nothing for no vouchers, and for a channel that was never opened", async () => {
      const { channels, ledger, channelOf, voucher, redeem, usdcAddress } = await fixture();

      expect(await channels.redeem.staticCall(usdcAddress, [])).to.equal(0n);
      const transaction = redeem([await voucher(channelOf(), 5n)]);
      await expect(transaction).to.not.emit(channels, "VoucherRedeemed");
      await expect(transaction).to.not.emit(ledger, "Paid");
    });

    it("passes over another currency, and redeems the rest of the batch", async () => {
      const { channels, opened, voucher, redeem, stateOf, usdcAddress } = await fixture();
      const [eth, token] = [await opened(10n, { currency: ETH }), await opened(10n)];
      const batch = [await voucher(eth, 4n), await voucher(token, 3n)];

      expect(await channels.redeem.staticCall(usdcAddress, batch)).to.equal(3n);
      await redeem(batch);
      expect((await stateOf(eth)).redeemed).to.equal(0n);
      await redeem(batch, ETH);
      expect((await stateOf(eth)).redeemed).to.equal(4n);
      expect((await stateOf(token)).redeemed).to.equal(3n);
    });

    it("serves two hosts and many models in a batch, and a host that is the payer", async () => {
      const { channels, ledger, alice, bob, carol, model, other, open, opened, voucher, redeem, ...context } =
        await fixture();
      const { usdcAddress, receivedBy, channelsAddress } = context;
      const third = await open({ maxHostBps: 5_000 });
      const owed = new Map([alice, bob, carol].map(({ address }) => [address, 0n]));
      const due = new Map([model, other, third].map((paid) => [paid, 0n]));
      const batch = [];
      for (const [index, [paid, host]] of (
        [
          [model, bob],
          [other, bob],
          [third, carol],
          [model, carol],
          [other, alice],
        ] as const
      ).entries()) {
        const amount = 1_009n + BigInt(index);
        const hostPart = hostPartOf(amount, 4_999);
        owed.set(host.address, (owed.get(host.address) ?? 0n) + hostPart);
        due.set(paid, (due.get(paid) ?? 0n) + amount - hostPart);
        const channel = await opened(amount, { model: paid, host: host.address, hostBps: 4_999 });
        batch.push(await voucher(channel, amount));
      }

      const transaction = redeem(batch);

      const sum = [...due.values()].reduce((total, amount) => total + amount, 0n);
      await context.expectMoved(transaction, usdcAddress, [[channelsAddress, -sum]]);
      for (const [host, amount] of owed) expect(await channels.owedToHost(host, usdcAddress)).to.equal(amount);
      for (const [paid, amount] of due) expect(await receivedBy(paid)).to.equal(amount);
      expect((await ledger.modelTermsOf(third)).number).to.be.above(0n);
    });
  });

  describe("payHost", () => {
    for (const symbol of SYMBOLS) {
      it(`sends the parts of all channels in ${symbol}: the host's to anywhere, anybody's to the host`, async () => {
        const { channels, channelsAddress, bob, carol, stranger, opened, voucher, redeem, ...context } =
          await fixture();
        const currency = context.currencyOf(symbol);
        const [one, two] = [await opened(100n, { currency }), await opened(100n, { currency, hostBps: 9_000 })];
        await redeem([await voucher(one, 100n), await voucher(two, 50n)], currency);
        expect(await channels.connect(bob).payHost.staticCall(bob, currency, carol)).to.equal(25n + 45n);

        const first = channels.connect(bob).payHost(bob, currency, carol);
        await expect(first).to.emit(channels, "HostPaid").withArgs(bob.address, currency, carol.address, 70);
        await context.expectMoved(first, currency, [
          [channelsAddress, -70n],
          [bob.address, 0n],
          [carol.address, 70n],
        ]);
        await expect(channels.connect(bob).payHost(bob, currency, bob))
          .to.be.revertedWithCustomError(channels, "NothingForHost")
          .withArgs(bob.address, currency);

        await redeem([await voucher(two, 60n)], currency);
        const second = channels.connect(stranger).payHost(bob, currency, bob);
        await expect(second).to.emit(channels, "HostPaid").withArgs(bob.address, currency, bob.address, 9);
        await context.expectMoved(second, currency, [[bob.address, 9n]]);
        expect(await channels.owedToHost(bob, currency)).to.equal(0n);
      });
    }

    it("refuses a stranger who would send it elsewhere, and a currency in which nothing is owed", async () => {
      const { channels, bob, stranger, usdcAddress, opened, voucher, redeem } = await fixture();
      await redeem([await voucher(await opened(100n), 100n)]);

      await expect(channels.connect(stranger).payHost(bob, usdcAddress, stranger))
        .to.be.revertedWithCustomError(channels, "NotChannelHost")
        .withArgs(bob.address, stranger.address);
      await expect(channels.connect(stranger).payHost(bob, ETH, bob))
        .to.be.revertedWithCustomError(channels, "NothingForHost")
        .withArgs(bob.address, ETH);
    });

    it("pays neither a host that takes no ETH, nor loses it: it can name somebody who does", async () => {
      const { channels, channelsAddress, carol, opened, voucher, redeem } = await fixture();
      const host = await ethers.deployContract("RefusingHolder");
      const address = await host.getAddress();
      const channel = await opened(100n, { currency: ETH, host: address, hostBps: 9_000 });
      await redeem([await voucher(channel, 100n)], ETH);

      await expect(channels.payHost(address, ETH, address))
        .to.be.revertedWithCustomError(channels, "FailedCall")
        .withArgs();
      const data = channels.interface.encodeFunctionData("payHost", [address, ETH, carol.address]);
      await expect(host.execute(channelsAddress, data)).to.changeEtherBalance(ethers, carol, 90n);
    });
  });
});
