import { expect } from "chai";
import { Signature, toBeHex, Wallet, zeroPadValue } from "ethers";
import { DAY } from "../../helpers/protocol.js";
import { type ChannelWorld, deployChannelWorld, type Gateway, HOST_BPS, PRICE } from "../support/channel.world.js";

const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("Gateway channels: rules", () => {
  let world: ChannelWorld;
  let gateway: Gateway;

  before(async () => {
    world = await deployChannelWorld();
    gateway = await world.gateway({ minDeposit: 500n });
  });

  after(() => gateway.stop());

  describe("a voucher", () => {
    it("is taken when it says one call and one price more, and settled for what the call cost", async () => {
      const channel = await world.opened(1_000n);
      const first = await gateway.call(await world.paid(channel, PRICE, 1));
      const channelId = world.idFor(channel);
      const state = { channelId, balance: "1000", totalClaimed: "0", withdrawableFrom: 0 };

      expect(first).to.deep.include({ payer: channel.payer, amount: "100", network: "eip155:31337", transaction: "" });
      expect(first.extra).to.deep.equal({
        chargedAmount: "100",
        channelState: { ...state, chargedCumulativeAmount: "100", calls: 1 },
      });
      const second = await gateway.call(await world.paid(channel, 2n * PRICE, 2), PRICE, 30n);
      expect(second.extra?.channelState).to.deep.equal({ ...state, chargedCumulativeAmount: "130", calls: 2 });

      // What the second did not cost is the payer's: 70 are left, so that 30 more do.
      await gateway.refused(await world.paid(channel, 229n, 3), "amount_too_low", /at least 230: 130 were charged/);
      await gateway.call(await world.paid(channel, 230n, 3));
    });

    it("serves once: replays, stale ones and those that skip are refused with the newest", async () => {
      const channel = await world.opened(1_000n);
      const first = await world.paid(channel, PRICE, 1);
      await gateway.call(first);
      const second = await world.paid(channel, 2n * PRICE, 2);
      await gateway.call(second);

      const extra = await gateway.refused(second, "calls_mismatch", /for call 2; sign for call 3/);
      expect(extra.voucherState).to.deep.equal({
        ...{ signedMaxClaimable: "200", calls: 2, signature: second.voucher.signature },
      });
      expect(extra.channelState).to.include({ chargedCumulativeAmount: "200", calls: 2 });
      await gateway.refused(first, "calls_mismatch", /for call 1; sign for call 3/);
      await gateway.refused(await world.paid(channel, 900n, 4), "calls_mismatch", /for call 4; sign for call 3/);
    });

    it("never says less than the one before, also when that was charged less", async () => {
      const channel = await world.opened(1_000n);
      await gateway.call(await world.paid(channel, 500n, 1));

      await gateway.refused(await world.paid(channel, 499n, 2), "amount_lowered", /at least 500, as before/);
      await gateway.call(await world.paid(channel, 500n, 2));
    });

    it("says enough for the price of this call", async () => {
      const channel = await world.opened(1_000n);
      const low = await world.paid(channel, PRICE - 1n, 1);

      await gateway.refused(low, "amount_too_low", /at least 100: 0 were charged, and this costs 100/);
      await gateway.refused(await world.paid(channel, PRICE, 1), "amount_too_low", /at least 101/, PRICE + 1n);
      await gateway.call(await world.paid(channel, PRICE, 1));
    });

    it("says no more than is deposited, which may have been just now", async () => {
      const channel = await world.opened(PRICE);
      const over = await world.paid(channel, PRICE + 1n, 1);
      const extra = await gateway.refused(over, "deposit_exceeded", /101 units, and 100 are deposited/);
      expect(extra.channelState).to.include({ balance: "100" });

      await world.carol.usage.topUp({ channel, amount: 1n });
      await gateway.call(over);
    });

    it("is of a channel that was opened", async () => {
      const channel = world.channelOf();
      const extra = await gateway.refused(await world.paid(channel, PRICE, 1), "not_opened", /deposit first/);

      expect(extra).not.to.have.property("channelState");
    });

    it("is refused once the payer gave notice", async () => {
      const channel = await world.opened(1_000n);
      await gateway.call(await world.paid(channel, PRICE, 1));
      const { withdrawableFrom } = await world.carol.usage.giveNotice({ channel });
      // A gateway that starts now sees it at once; one that runs, when it reads the chain.
      const later = await world.gateway();
      const extra = await later.refused(await world.paid(channel, PRICE, 1), "notice_given", /open another/);
      await later.stop();

      expect(extra.channelState).to.include({ balance: "1000", withdrawableFrom });
      expect(extra.voucherState).to.equal(undefined);
    });

    it("waits for the call before it", async () => {
      const channel = await world.opened(1_000n);
      const { settle } = await gateway.take(await world.paid(channel, PRICE, 1));
      expect(gateway.status()).to.include({ taken: 1 });

      await gateway.refused(await world.paid(channel, 2n * PRICE, 2), "busy", /wait for it/);
      await settle();
      await gateway.call(await world.paid(channel, 2n * PRICE, 2));
      expect(gateway.status()).to.include({ taken: 0 });
    });

    it("may be sent again when its call failed, and was not charged", async () => {
      const channel = await world.opened(1_000n);
      const payload = await world.paid(channel, PRICE, 1);
      const { cancel, settle } = await gateway.take(payload);
      await cancel();
      await cancel();

      const late = await settle();
      expect(late).to.include({ success: false, errorReason: "usage_channel_not_taken" });
      const settled = await gateway.call(payload);
      expect(settled.extra?.channelState).to.include({ chargedCumulativeAmount: "100", calls: 1 });
    });

    it("is not let go of once it is being stored, and settled once", async () => {
      const channel = await world.opened(1_000n);
      const { cancel, settle } = await gateway.take(await world.paid(channel, PRICE, 1));
      const [first, , second] = await Promise.all([settle(), cancel(), settle()]);

      expect(first).to.include({ success: true });
      expect(second).to.include({ success: false, errorReason: "usage_channel_not_taken" });
      await gateway.call(await world.paid(channel, 2n * PRICE, 2));
    });

    it("is taken by one of many calls at once", async () => {
      const channel = await world.opened(1_000n);
      const payload = await world.paid(channel, PRICE, 1);
      const accepted = await gateway.requirements();
      const results = await Promise.all(
        Array.from({ length: 8 }, () =>
          gateway.resourceServer.verifyPayment({ x402Version: 2, accepted, payload: { ...payload } }, accepted),
        ),
      );

      expect(results.filter(({ isValid }) => isValid).length).to.equal(1);
      expect(new Set(results.map(({ invalidReason }) => invalidReason))).to.deep.equal(
        new Set([undefined, "usage_channel_busy"]),
      );
    });

    it("is never charged more than was authorised", async () => {
      const channel = await world.opened(1_000n);
      const accepted = await gateway.requirements();
      const payload = { x402Version: 2, accepted, payload: { ...(await world.paid(channel, 500n, 1)) } };
      await gateway.resourceServer.verifyPayment(payload, accepted);
      const dear = { ...accepted, amount: String(PRICE + 1n) };

      expect(await gateway.facilitator.settle(payload, dear)).to.include({
        ...{ success: false, errorReason: "usage_channel_charge_too_high" },
      });
      expect(await gateway.facilitator.settle(payload, accepted)).to.include({ success: true });
    });
  });

  describe("a signature", () => {
    it("is the signer's own, in the one form that the contract takes", async () => {
      const channel = await world.opened(1_000n);
      const good = await world.paid(channel, PRICE, 1);
      const { r, s, v } = Signature.from(good.voucher.signature);
      const malleable = zeroPadValue(toBeHex(GROUP_ORDER - BigInt(s)), 32);
      const stranger = await world.voucher(channel, PRICE, 1, { by: world.accounts.alice });

      for (const [name, signature] of Object.entries({
        "a stranger's": stranger.signature,
        short: Signature.from(good.voucher.signature).compactSerialized,
        malleable: `${r}${malleable.slice(2)}${v === 27 ? "1c" : "1b"}`,
        "of the other parity": `${r}${s.slice(2)}${v === 27 ? "1c" : "1b"}`,
        "with v of 0 or 1": `${r}${s.slice(2)}0${v - 27}`,
        "of zeros": `0x${"00".repeat(64)}1b`,
        "above the order": `0x${"ff".repeat(64)}1b`,
        empty: "0x",
      })) {
        const payload = { ...good, voucher: { ...good.voucher, signature } };
        await gateway.refused(payload, "signature_invalid", /not signed by 0x/).catch((error: unknown) => {
          throw new Error(name, { cause: error });
        });
      }
      await gateway.call(good);
    });

    it("is over this amount, these calls, this channel, this chain and this contract", async () => {
      const channel = await world.opened(1_000n);
      const another = await world.opened(1_000n);
      const { signature } = await world.voucher(channel, PRICE, 1);
      const good = await world.paid(channel, PRICE, 1);
      const signed = async (options: Parameters<ChannelWorld["voucher"]>[3]) => ({
        ...{ ...good, voucher: { ...good.voucher } },
        ...{ voucher: { ...good.voucher, signature: (await world.voucher(channel, PRICE, 1, options)).signature } },
      });

      for (const payload of [
        { ...good, voucher: { ...good.voucher, maxClaimableAmount: "101" } },
        {
          ...(await world.paid(another, PRICE, 1)),
          voucher: { ...(await world.voucher(another, PRICE, 1)), signature },
        },
        await signed({ of: { ...world.domain, chainId: 1n } }),
        await signed({ of: { ...world.domain, verifyingContract: world.usdcAddress } }),
        await signed({ of: { ...world.domain, version: "2" } }),
      ]) {
        await gateway.refused(payload, "signature_invalid", /not signed by 0x/);
      }
    });

    it("is a key's that the payer gave to a program", async () => {
      const key = Wallet.createRandom();
      const channel = await world.opened(1_000n, { signer: key.address });

      await gateway.refused(await world.paid(channel, PRICE, 1), "signature_invalid", new RegExp(key.address));
      await gateway.call(await world.paid(channel, PRICE, 1, { by: key }));
    });

    it("is no wallet's, unless the gateway takes the risk", async () => {
      const wallet = await world.connection.ethers.deployContract("ERC1271Wallet", [world.accounts.carol]);
      const channel = await world.opened(1_000n, { signer: await wallet.getAddress() });
      const payload = await world.paid(channel, PRICE, 1, { by: world.accounts.carol });

      await gateway.refused(payload, "signature_invalid", /a smart wallet needs a channel that a key signs for/);
      const trusting = await world.gateway({ walletSigners: true });
      await trusting.call(payload);
      await trusting.stop();
    });

    it("is asked of a wallet each time, which may change its mind", async () => {
      const trusting = await world.gateway({ walletSigners: true });
      const wallet = await world.connection.ethers.deployContract("FickleWallet");
      const channel = await world.opened(1_000n, { signer: await wallet.getAddress() });
      const unsigned = async (amount: bigint, calls: number) => {
        const payload = await world.paid(channel, amount, calls);
        return { ...payload, voucher: { ...payload.voucher, signature: "0x1234" } };
      };

      await trusting.call(await unsigned(PRICE, 1));
      await wallet.setBurns(true);
      await trusting.refused(await unsigned(2n * PRICE, 2), "signature_invalid", /not signed by 0x/);
      await wallet.setBurns(false);
      await trusting.call(await unsigned(2n * PRICE, 2));
      await trusting.stop();
    });
  });

  describe("the terms of a channel", () => {
    it("are those that the gateway asks for", async () => {
      for (const [changes, code, message] of [
        [{ model: world.other }, "model_mismatch", /open one for 0x/],
        [{ host: world.accounts.alice.address }, "host_mismatch", /open one for 0x/],
        [{ currency: "ETH" }, "currency_mismatch", /is in ETH; open one in 0x/],
        [{ hostBps: HOST_BPS - 1 }, "host_part_too_low", /gives the host 1999 basis points; .* at least 2000/],
      ] as const) {
        const channel = await world.opened(1_000n, changes);
        await gateway.refused(await world.paid(channel, PRICE, 1), code, message);
      }
      const strict = await world.gateway({ minNotice: 2 * DAY });
      const channel = await world.opened(1_000n, { notice: 2 * DAY - 1 });
      await strict.refused(await world.paid(channel, PRICE, 1), "notice_too_short", /172799 seconds; .* 172800/);
      await strict.call(await world.paid(await world.opened(1_000n, { notice: 2 * DAY }), PRICE, 1));
      await strict.stop();
    });

    it("may be better for the host", async () => {
      const channel = await world.opened(1_000n, { hostBps: HOST_BPS + 1, notice: 30 * DAY });

      await gateway.call(await world.paid(channel, PRICE, 1));
    });

    it("are those of the id, on this chain", async () => {
      const channel = await world.opened(1_000n);
      const other = await world.opened(1_000n);
      const foreign = world.idFor(other);

      const payload = await world.paid(channel, PRICE, 1, { id: foreign });
      await gateway.refused(payload, "id_mismatch", /is not the id of this channel on chain 31337/);
      await gateway.call(await world.paid(channel, PRICE, 1));
    });

    it("may be written in any case", async () => {
      const channel = await world.opened(1_000n);
      const payload = await world.paid(channel, PRICE, 1);
      const { payer, model } = channel;

      await gateway.call({
        ...payload,
        channelConfig: { ...channel, payer: payer.toLowerCase(), model: model.toLowerCase() },
      });
    });
  });

  describe("a payment", () => {
    it("has the form of the scheme", async () => {
      const channel = await world.opened(1_000n);
      const good = await world.paid(channel, PRICE, 1);
      const { voucher } = good;

      for (const payload of [
        {},
        { ...good, type: "refund" },
        { ...good, type: "deposit" },
        { ...good, voucher: undefined },
        { ...good, channelConfig: null },
        { ...good, channelConfig: { ...channel, salt: 1 } },
        { ...good, channelConfig: { ...channel, payer: "carol.eth" } },
        { ...good, channelConfig: { ...channel, salt: "0x12" } },
        { ...good, voucher: { ...voucher, calls: "1" } },
        { ...good, voucher: { ...voucher, calls: 1.5 } },
        { ...good, voucher: { ...voucher, calls: 2 ** 32 } },
        { ...good, voucher: { ...voucher, maxClaimableAmount: 100 } },
        { ...good, voucher: { ...voucher, maxClaimableAmount: "-100" } },
        { ...good, voucher: { ...voucher, maxClaimableAmount: "0100" } },
        { ...good, voucher: { ...voucher, maxClaimableAmount: String(2n ** 112n) } },
        { ...good, voucher: { ...voucher, signature: "0x123" } },
        { ...good, voucher: { ...voucher, signature: `0x${"00".repeat(4_000)}` } },
      ]) {
        await gateway.refused(payload, "payload_invalid", /\.$/);
      }
      await gateway.call(good);
    });

    it("is matched with what was asked for, also when it carries what a 402 told before", async () => {
      const accepted = await gateway.requirements();
      const told = { ...accepted, extra: { ...accepted.extra, refusal: { code: "x", message: "y" } } };
      const find = (claimed: typeof accepted) =>
        gateway.resourceServer.findMatchingRequirements([accepted], {
          ...{ x402Version: 2, accepted: claimed, payload: {} },
        });

      expect(find(told)).to.equal(accepted);
      expect(find({ ...accepted, amount: "1" })).to.equal(undefined);
      expect(find({ ...accepted, extra: { ...accepted.extra, hostBps: 0 } })).to.equal(undefined);
    });
  });
});
