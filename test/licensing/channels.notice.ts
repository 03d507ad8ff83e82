import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deployChannels, hostPartOf } from "./channels.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployChannels(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("UsageChannels", () => {
  describe("giveNotice and withdraw", () => {
    for (const [symbol, days] of [
      ["ETH", 1],
      ["USDC", 30],
    ] as const) {
      it(`return what is left in ${symbol}, from the last second of ${days} days on`, async () => {
        const { channels, channelsAddress, alice, carol, opened, idFor, voucher, redeem, stateOf, ...context } =
          await fixture();
        const currency = context.currencyOf(symbol);
        const channel = await opened(100n, { currency, notice: days * DAY });
        const id = idFor(channel);
        await redeem([await voucher(channel, 30n, { calls: 3 })], currency);
        const from = (await networkHelpers.time.latest()) + 100 + days * DAY;
        const withdraw = () => channels.connect(alice).withdraw(channel, carol);

        await networkHelpers.time.setNextBlockTimestamp(from - days * DAY);
        await expect(channels.connect(alice).giveNotice(channel)).to.emit(channels, "NoticeGiven").withArgs(id, from);
        expect(await stateOf(channel)).to.deep.equal([100n, 30n, 3n, BigInt(from)]);

        await networkHelpers.time.setNextBlockTimestamp(from - 1);
        await expect(withdraw()).to.be.revertedWithCustomError(channels, "NoticeNotOver").withArgs(id, from);
        await networkHelpers.time.setNextBlockTimestamp(from);
        const transaction = withdraw();
        await expect(transaction).to.emit(channels, "ChannelWithdrawn").withArgs(id, carol.address, 70);
        await context.expectMoved(transaction, currency, [
          [channelsAddress, -70n],
          [carol.address, 70n],
        ]);
        expect(await stateOf(channel)).to.deep.equal([30n, 30n, 3n, 0n]);
        await expect(withdraw()).to.be.revertedWithCustomError(channels, "NoticeMissing").withArgs(id);
      });
    }

    it("serve for ever after the notice", async () => {
      const { channels, alice, opened } = await fixture();
      const channel = await opened(8n, { currency: ETH });
      await channels.connect(alice).giveNotice(channel);
      await networkHelpers.time.increase(1_000 * DAY);

      await expect(channels.connect(alice).withdraw(channel, alice)).to.changeEtherBalance(ethers, alice, 8n);
    });

    it("let vouchers be redeemed until the withdrawal, in the second of it too", async () => {
      for (const first of ["redeem", "withdraw"] as const) {
        const { channels, alice, opened, voucher, redeem, stateOf, receivedBy, model } = await fixture();
        const channel = await opened(100n, { hostBps: 0 });
        const redemption = await voucher(channel, 40n);
        const { provider } = ethers;
        await channels.connect(alice).giveNotice(channel);
        await networkHelpers.time.setNextBlockTimestamp((await stateOf(channel)).withdrawableFrom);
        const send = {
          redeem: () => redeem([redemption]),
          withdraw: () => channels.connect(alice).withdraw(channel, alice, { gasLimit: 1_000_000n }),
        };

        await provider.send("evm_setAutomine", [false]);
        await send[first]();
        await send[first === "redeem" ? "withdraw" : "redeem"]();
        await networkHelpers.mine();
        await provider.send("evm_setAutomine", [true]);

        const redeemed = first === "redeem" ? 40n : 0n;
        expect(await stateOf(channel)).to.deep.equal([redeemed, redeemed, redeemed === 0n ? 0n : 1n, 0n]);
        expect(await receivedBy(model)).to.equal(redeemed);
      }
    });

    it("leave the counters: after a new deposit what was owed and not redeemed counts", async () => {
      const { channels, alice, bob, opened, idFor, deposit, voucher, redeem, stateOf } = await fixture();
      const channel = await opened(100n);
      const [redeemed, owed, next] = [
        await voucher(channel, 30n, { calls: 3 }),
        await voucher(channel, 50n, { calls: 5 }),
        await voucher(channel, 60n, { calls: 6 }),
      ];
      await redeem([redeemed]);
      await channels.connect(alice).giveNotice(channel);
      await networkHelpers.time.increase(DAY);
      await channels.connect(alice).withdraw(channel, alice);

      await expect(redeem([owed])).to.not.emit(channels, "VoucherRedeemed");
      const reopening = deposit(channel, 25n);
      await expect(reopening).to.emit(channels, "ChannelDeposited").withArgs(idFor(channel), alice.address, 25, 55);
      await expect(reopening).to.not.emit(channels, "ChannelOpened");
      await redeem([redeemed]);
      expect(await stateOf(channel)).to.deep.equal([55n, 30n, 3n, 0n]);
      await expect(redeem([owed]))
        .to.emit(channels, "VoucherRedeemed")
        .withArgs(
          ...([idFor(channel), channel.model, bob.address] as const),
          ...([20, hostPartOf(50n, 2_503) - hostPartOf(30n, 2_503), 50, 5] as const),
        );
      await redeem([next]);
      expect(await stateOf(channel)).to.deep.equal([55n, 55n, 6n, 0n]);
    });

    it("pay out neither to nobody nor to the channels, where it would be lost", async () => {
      const { channels, channelsAddress, alice, bob, usdcAddress, opened, voucher, redeem } = await fixture();
      const channel = await opened(100n);
      await redeem([await voucher(channel, 50n)]);
      await channels.connect(alice).giveNotice(channel);
      await networkHelpers.time.increase(DAY);

      for (const to of [ZeroAddress, channelsAddress]) {
        for (const call of [
          () => channels.connect(alice).withdraw(channel, to),
          () => channels.connect(bob).payHost(bob, usdcAddress, to),
        ]) {
          await expect(call()).to.be.revertedWithCustomError(channels, "ChannelPartyInvalid").withArgs(to);
        }
      }
    });

    it("open a channel again of which nothing was ever redeemed", async () => {
      const { channels, alice, bob, opened, idFor, deposit } = await fixture();
      const channel = await opened(100n);
      await channels.connect(alice).giveNotice(channel);
      await networkHelpers.time.increase(DAY);
      await channels.connect(alice).withdraw(channel, alice);

      const { payer, signer, model, host, hostBps, currency, notice, salt } = channel;
      await expect(deposit(channel, 1n))
        .to.emit(channels, "ChannelOpened")
        .withArgs(idFor(channel), alice.address, bob.address, [
          ...[payer, signer, model, host, hostBps, currency, notice, salt],
        ]);
    });

    it("are the payer's alone: neither signer, nor host, nor who deposited", async () => {
      const { channels, alice, bob, carol, stranger, opened, idFor } = await fixture();
      const channel = await opened(100n, { payer: carol.address, signer: stranger.address });
      const id = idFor(channel);

      for (const caller of [alice, bob, stranger]) {
        await expect(channels.connect(caller).giveNotice(channel))
          .to.be.revertedWithCustomError(channels, "NotChannelPayer")
          .withArgs(id, caller.address);
        await expect(channels.connect(caller).withdraw(channel, caller))
          .to.be.revertedWithCustomError(channels, "NotChannelPayer")
          .withArgs(id, caller.address);
      }
    });

    it("refuse a second notice, none, a channel without deposit, and one that is used up", async () => {
      const { channels, alice, channelOf, opened, idFor, voucher, redeem, stateOf } = await fixture();
      const payer = channels.connect(alice);
      const [fresh, channel] = [channelOf(), await opened(100n)];
      const id = idFor(channel);

      await expect(payer.giveNotice(fresh))
        .to.be.revertedWithCustomError(channels, "ChannelNotOpened")
        .withArgs(idFor(fresh));
      await expect(payer.withdraw(channel, alice))
        .to.be.revertedWithCustomError(channels, "NoticeMissing")
        .withArgs(id);
      await payer.giveNotice(channel);
      const { withdrawableFrom } = await stateOf(channel);
      await expect(payer.giveNotice(channel))
        .to.be.revertedWithCustomError(channels, "NoticeAlreadyGiven")
        .withArgs(id, withdrawableFrom);
      await redeem([await voucher(channel, 100n)]);
      await networkHelpers.time.increaseTo(withdrawableFrom);
      await expect(payer.withdraw(channel, alice))
        .to.be.revertedWithCustomError(channels, "NothingToWithdraw")
        .withArgs(id);
    });

    it("let a notice stand over later deposits, until a withdrawal", async () => {
      const { channels, alice, opened, deposit, stateOf } = await fixture();
      const channel = await opened(100n, { currency: ETH });
      await channels.connect(alice).giveNotice(channel);
      const { withdrawableFrom } = await stateOf(channel);
      await networkHelpers.time.increaseTo(withdrawableFrom);

      await deposit(channel, 11n);
      expect((await stateOf(channel)).withdrawableFrom).to.equal(withdrawableFrom);
      await expect(channels.connect(alice).withdraw(channel, alice)).to.changeEtherBalance(ethers, alice, 111n);
    });
  });

  describe("cancelNotice", () => {
    for (const [when, seconds] of [
      ["before it has passed", 3_600],
      ["after it has passed", 2 * DAY],
    ] as const) {
      it(`takes a notice back ${when}, and another one takes its full time`, async () => {
        const { channels, alice, opened, idFor, stateOf } = await fixture();
        const channel = await opened(100n);
        const [id, payer] = [idFor(channel), channels.connect(alice)];
        await payer.giveNotice(channel);
        await networkHelpers.time.increase(seconds);

        await expect(payer.cancelNotice(channel)).to.emit(channels, "NoticeCancelled").withArgs(id);

        expect(await stateOf(channel)).to.deep.equal([100n, 0n, 0n, 0n]);
        await expect(payer.withdraw(channel, alice))
          .to.be.revertedWithCustomError(channels, "NoticeMissing")
          .withArgs(id);
        const from = (await networkHelpers.time.latest()) + 100 + DAY;
        await networkHelpers.time.setNextBlockTimestamp(from - DAY);
        await payer.giveNotice(channel);
        await networkHelpers.time.setNextBlockTimestamp(from - 1);
        await expect(payer.withdraw(channel, alice))
          .to.be.revertedWithCustomError(channels, "NoticeNotOver")
          .withArgs(id, from);
        await networkHelpers.time.setNextBlockTimestamp(from);
        await payer.withdraw(channel, alice);
      });
    }

    it("frees a channel that is used up: what is deposited then waits for another notice", async () => {
      const { channels, alice, opened, idFor, deposit, voucher, redeem, stateOf } = await fixture();
      const channel = await opened(100n);
      await channels.connect(alice).giveNotice(channel);
      await redeem([await voucher(channel, 100n)]);
      await networkHelpers.time.increase(2 * DAY);

      await channels.connect(alice).cancelNotice(channel);

      await deposit(channel, 7n);
      expect(await stateOf(channel)).to.deep.equal([107n, 100n, 1n, 0n]);
      await expect(channels.connect(alice).withdraw(channel, alice))
        .to.be.revertedWithCustomError(channels, "NoticeMissing")
        .withArgs(idFor(channel));
    });

    it("is the payer's alone, and refuses where no notice stands", async () => {
      const { channels, alice, bob, carol, stranger, channelOf, opened, idFor, stateOf } = await fixture();
      const channel = await opened(100n, { payer: carol.address, signer: stranger.address });
      for (const none of [channel, channelOf({ payer: carol.address })]) {
        await expect(channels.connect(carol).cancelNotice(none))
          .to.be.revertedWithCustomError(channels, "NoticeMissing")
          .withArgs(idFor(none));
      }
      await channels.connect(carol).giveNotice(channel);
      const { withdrawableFrom } = await stateOf(channel);

      for (const caller of [alice, bob, stranger]) {
        await expect(channels.connect(caller).cancelNotice(channel))
          .to.be.revertedWithCustomError(channels, "NotChannelPayer")
          .withArgs(idFor(channel), caller.address);
      }
      expect((await stateOf(channel)).withdrawableFrom).to.equal(withdrawableFrom);
    });
  });
});
