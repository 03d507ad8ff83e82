import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { MAX_RECEIVED, SYMBOLS } from "../royalties/support.js";
import { deployChannels, wordsOf } from "./channels.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployChannels(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("UsageChannels", () => {
  it("knows its ledger", async () => {
    const { channels, ledgerAddress } = await fixture();

    expect(await channels.ledger()).to.equal(ledgerAddress);
  });

  describe("channelIdOf", () => {
    it("commits to every term, on this chain and in this contract", async () => {
      const { channels, channelOf, idFor, stranger, other, usdcAddress } = await fixture();
      const channel = channelOf({ currency: ETH });
      const ids = new Set([idFor(channel)]);
      expect(await channels.channelIdOf(channel)).to.equal(idFor(channel));

      for (const change of [
        { payer: stranger.address },
        { signer: stranger.address },
        { model: other },
        { host: stranger.address },
        { hostBps: 2_504 },
        { currency: usdcAddress },
        { notice: DAY + 1 },
        { salt: ethers.id("other") },
      ]) {
        const changed = { ...channel, ...change };
        expect(await channels.channelIdOf(changed)).to.equal(idFor(changed));
        ids.add(idFor(changed));
      }
      expect(ids.size).to.equal(9);
    });
  });

  describe("deposit", () => {
    for (const symbol of SYMBOLS) {
      it(`opens a channel in ${symbol}, and tops it up`, async () => {
        const { channels, channelsAddress, alice, bob, channelOf, idFor, deposit, stateOf, ...context } =
          await fixture();
        const channel = channelOf({ currency: context.currencyOf(symbol) });
        const id = idFor(channel);
        const value = symbol === "ETH" ? 1n : 0n;
        expect(await channels.connect(alice).deposit.staticCall(channel, 1n, { value })).to.equal(id);

        const opening = deposit(channel, 1_000n);
        await expect(opening)
          .to.emit(channels, "ChannelOpened")
          .withArgs(id, alice.address, bob.address, [...wordsOf(channel)]);
        await expect(opening).to.emit(channels, "ChannelDeposited").withArgs(id, alice.address, 1_000, 1_000);
        await context.expectMoved(opening, channel.currency, [
          [alice.address, -1_000n],
          [channelsAddress, 1_000n],
        ]);

        const topUp = deposit(channel, 7n);
        await expect(topUp).to.emit(channels, "ChannelDeposited").withArgs(id, alice.address, 7, 1_007);
        await expect(topUp).to.not.emit(channels, "ChannelOpened");
        expect(await stateOf(channel)).to.deep.equal([1_007n, 0n, 0n, 0n]);
      });
    }

    it("takes it from anybody for another payer, whose it is from then on", async () => {
      const { channels, alice, stranger, opened, idFor, deposit } = await fixture();
      const channel = await opened(5n, { currency: ETH });

      await expect(deposit(channel, 6n, stranger))
        .to.emit(channels, "ChannelDeposited")
        .withArgs(idFor(channel), stranger.address, 6, 11);
      await channels.connect(alice).giveNotice(channel);
      await networkHelpers.time.increase(DAY);
      await expect(channels.connect(alice).withdraw(channel, alice)).to.changeEtherBalance(ethers, alice, 11n);
    });

    it("takes the largest terms that there are, and the smallest", async () => {
      const { alice, opened, stateOf } = await fixture();
      const largest = await opened(1n, { hostBps: 9_000, notice: 30 * DAY, host: alice.address });
      const smallest = await opened(1n, { hostBps: 0, notice: DAY });

      for (const channel of [largest, smallest]) expect((await stateOf(channel)).deposited).to.equal(1n);
    });

    it("refuses no payer, signer or host, and itself as one of them", async () => {
      const { channels, channelsAddress, channelOf, deposit } = await fixture();

      for (const party of [ZeroAddress, channelsAddress]) {
        for (const change of [{ payer: party }, { signer: party }, { host: party }]) {
          await expect(deposit(channelOf(change), 1n))
            .to.be.revertedWithCustomError(channels, "ChannelPartyInvalid")
            .withArgs(party);
        }
      }
    });

    it("refuses a notice of less than a day, or of more than 30", async () => {
      const { channels, channelOf, deposit } = await fixture();

      for (const notice of [0, DAY - 1, 30 * DAY + 1, 2 ** 32 - 1]) {
        await expect(deposit(channelOf({ notice }), 1n))
          .to.be.revertedWithCustomError(channels, "ChannelNoticeInvalid")
          .withArgs(notice);
      }
    });

    it("refuses a currency that is not listed, whose token it never calls, and what is no model", async () => {
      const { channels, channelOf, deposit, unlisted, stranger } = await fixture();

      await expect(deposit(channelOf({ currency: unlisted }), 1n))
        .to.be.revertedWithCustomError(channels, "ChannelCurrencyNotListed")
        .withArgs(unlisted);
      await expect(deposit(channelOf({ model: stranger.address }), 1n))
        .to.be.revertedWithCustomError(channels, "ChannelModelNotOpened")
        .withArgs(stranger.address);
    });

    it("refuses a host's part above the model's largest", async () => {
      const { channels, channelOf, deposit, open } = await fixture();
      const none = await open({ maxHostBps: 0 });

      await expect(deposit(channelOf({ hostBps: 9_001 }), 1n))
        .to.be.revertedWithCustomError(channels, "ChannelHostPartTooHigh")
        .withArgs(9_001, 9_000);
      await expect(deposit(channelOf({ model: none, hostBps: 1 }), 1n))
        .to.be.revertedWithCustomError(channels, "ChannelHostPartTooHigh")
        .withArgs(1, 0);
      await deposit(channelOf({ model: none, hostBps: 0 }), 1n);
    });

    it("refuses nothing, and more than a channel can count", async () => {
      const { channels, channelsAddress, usdc, alice, channelOf, opened, deposit, stateOf } = await fixture();
      await usdc.mint(alice.address, MAX_RECEIVED);
      expect(await usdc.allowance(alice, channelsAddress)).to.be.above(MAX_RECEIVED);
      const channel = await opened(3n);

      for (const amount of [0n, MAX_RECEIVED - 2n]) {
        await expect(deposit(channel, amount))
          .to.be.revertedWithCustomError(channels, "DepositInvalid")
          .withArgs(amount, MAX_RECEIVED - 3n);
      }
      await expect(deposit(channelOf(), MAX_RECEIVED + 1n))
        .to.be.revertedWithCustomError(channels, "DepositInvalid")
        .withArgs(MAX_RECEIVED + 1n, MAX_RECEIVED);
      await deposit(channel, MAX_RECEIVED - 3n);
      expect((await stateOf(channel)).deposited).to.equal(MAX_RECEIVED);
    });

    it("refuses ETH that is not the deposit, with an ERC-20 any", async () => {
      const { channels, channelOf } = await fixture();
      const [eth, token] = [channelOf({ currency: ETH }), channelOf()];

      for (const value of [0n, 9n, 11n]) {
        await expect(channels.deposit(eth, 10n, { value }))
          .to.be.revertedWithCustomError(channels, "DepositMismatch")
          .withArgs(10, value);
      }
      await expect(channels.deposit(token, 10n, { value: 1n }))
        .to.be.revertedWithCustomError(channels, "DepositMismatch")
        .withArgs(0, 1);
    });

    it("refuses what the caller has not, or has not allowed", async () => {
      const { channelsAddress, usdc, stranger, channelOf, deposit } = await fixture();

      await expect(deposit(channelOf(), 2n, stranger))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(channelsAddress, 0, 2);
      await usdc.connect(stranger).approve(channelsAddress, 2n);
      await expect(deposit(channelOf(), 2n, stranger))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
        .withArgs(stranger.address, 0, 2);
    });
  });
});
