import { expect } from "chai";
import { id, Wallet } from "ethers";
import type { DepositPayload } from "../../../gateway/src/channels/wire.js";
import type { Channel } from "../../../sdk/src/index.js";
import { type ChannelWorld, deployChannelWorld, type Gateway, PRICE } from "../support/channel.world.js";

describe("Gateway channels: deposits by signature", () => {
  let world: ChannelWorld;
  let gateway: Gateway;

  before(async () => {
    world = await deployChannelWorld();
  });

  beforeEach(async () => {
    gateway = await world.gateway({ minDeposit: 500n });
  });

  afterEach(() => gateway.stop());

  async function depositing(channel: Channel, amount: bigint, owed: bigint, calls: number): Promise<DepositPayload> {
    return {
      ...{ type: "deposit", channelConfig: channel, voucher: await world.voucher(channel, owed, calls) },
      deposit: await world.deposit(channel, amount),
    };
  }

  it("open a channel of somebody without ETH, and pay a call from it", async () => {
    const wallet = Wallet.createRandom(world.connection.ethers.provider);
    await world.usdc.mint(wallet.address, 1_000n);
    const payer = await world.as(wallet);
    const channel = world.channelOf({ payer: wallet.address, signer: wallet.address });
    const { channel: _, amount, ...authorization } = await payer.usage.signDeposit({ channel, amount: 600n });
    const voucher = await world.voucher(channel, PRICE, 1, { by: wallet });

    const settled = await gateway.call({
      ...{ type: "deposit", channelConfig: channel, voucher, deposit: { amount, authorization } },
    });
    expect(settled.extra?.channelState).to.include({ balance: "600", chargedCumulativeAmount: "100", calls: 1 });
    expect(await world.usdc.balanceOf(wallet)).to.equal(400n);
    expect(gateway.seen("deposited")).to.deep.equal([{ channelId: world.idFor(channel), amount: 600n }]);
  });

  it("top a channel up, for a voucher that it did not cover", async () => {
    const channel = await world.opened(PRICE);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await gateway.refused(await world.paid(channel, 2n * PRICE, 2), "deposit_exceeded", /top the channel up/);

    const settled = await gateway.call(await depositing(channel, 500n, 2n * PRICE, 2));
    expect(settled.extra?.channelState).to.include({ balance: "600" });
  });

  it("stay when the call fails, and the voucher can be sent again by itself", async () => {
    const channel = world.channelOf();
    const payload = await depositing(channel, 500n, PRICE, 1);
    const { cancel } = await gateway.take(payload);
    await cancel();

    await gateway.call({ type: "voucher", channelConfig: channel, voucher: payload.voucher });
  });

  it("are as good when somebody else sent them before", async () => {
    const channel = world.channelOf();
    const payload = await depositing(channel, 500n, PRICE, 1);
    const { amount, authorization } = payload.deposit;
    await world.alice.usage.depositSigned({ channel, amount, ...authorization });

    const settled = await gateway.call(payload);
    expect(settled.extra?.channelState).to.include({ balance: "500" });
    expect(gateway.seen("deposited")).to.deep.equal([]);
    expect(gateway.seen("failed")).to.deep.equal([]);
  });

  it("are not sent for a voucher that would not be taken with them", async () => {
    const channel = world.channelOf();
    const by = world.accounts.alice;
    const good = await depositing(channel, 500n, PRICE, 1);
    const forged = { ...good, voucher: await world.voucher(channel, PRICE, 1, { by }) };

    await gateway.refused(forged, "signature_invalid", /not signed by/);
    await gateway.refused(
      await depositing(channel, 500n, 501n, 1),
      "deposit_exceeded",
      /501 units, and 500 are deposited/,
    );
    await gateway.refused(await depositing(channel, 500n, PRICE, 2), "calls_mismatch", /sign for call 1/);
    await gateway.refused(await depositing(channel, 499n, PRICE, 1), "deposit_too_small", /at least 500/);
    expect((await world.reader.usage.stateOf({ channel })).deposited).to.equal(0n);
    expect(gateway.status()).to.include({ channels: 0, taken: 0, unredeemed: 0n });
  });

  it("are refused when they do not arrive, with what the chain says, and the channel is free", async () => {
    const channel = world.channelOf();
    const good = await depositing(channel, 500n, PRICE, 1);
    const { deposit } = good;
    const changed = { ...good, deposit: { ...deposit, amount: "600" } };
    const expired = { ...deposit.authorization, validBefore: 1 };
    const elsewhere = { ...deposit.authorization, salt: id("another") };

    await gateway.refused(changed, "deposit_failed", /did not arrive \(.+\); sign another/);
    for (const authorization of [expired, elsewhere, { ...deposit.authorization, from: world.host }]) {
      await gateway.refused({ ...good, deposit: { ...deposit, authorization } }, "deposit_failed", /sign another/);
    }
    expect(gateway.status()).to.include({ channels: 0, taken: 0 });
    expect(gateway.seen("failed").length).to.equal(4);
    await gateway.call(good);
  });

  it("are sent once when several calls bring the same", async () => {
    const channel = world.channelOf();
    const payload = await depositing(channel, 500n, PRICE, 1);
    const accepted = await gateway.requirements();
    const results = await Promise.all(
      Array.from({ length: 3 }, () =>
        gateway.resourceServer.verifyPayment({ x402Version: 2, accepted, payload: { ...payload } }, accepted),
      ),
    );

    expect(results.map(({ isValid }) => isValid)).to.have.members([true, false, false]);
    expect(results.filter(({ invalidReason }) => invalidReason === "usage_channel_busy").length).to.equal(2);
    expect(gateway.seen("deposited").length).to.equal(1);
  });

  it("wait for each other, since they are of one account", async () => {
    const channels = [world.channelOf(), world.channelOf(), world.channelOf()];
    const payloads = await Promise.all(channels.map((channel) => depositing(channel, 500n, PRICE, 1)));

    await Promise.all(payloads.map((payload) => gateway.call(payload)));
    expect(gateway.seen("deposited").length).to.equal(3);
  });

  it("are not sent for a voucher that needs none: their gas would be for nothing", async () => {
    const channel = await world.opened(1_000n);
    await gateway.call(await depositing(channel, 500n, PRICE, 1));

    expect(gateway.seen("deposited")).to.deep.equal([]);
    expect((await world.reader.usage.stateOf({ channel })).deposited).to.equal(1_000n);
  });

  it("are refused while too many wait to be sent, and taken after", async () => {
    const channels = Array.from({ length: 17 }, () => world.channelOf());
    const payloads = await Promise.all(channels.map((channel) => depositing(channel, 500n, PRICE, 1)));
    const accepted = await gateway.requirements();
    const results = await Promise.all(
      payloads.map((payload) =>
        gateway.resourceServer.verifyPayment({ x402Version: 2, accepted, payload: { ...payload } }, accepted),
      ),
    );

    expect(results.filter(({ isValid }) => isValid).length).to.equal(16);
    expect(gateway.seen("refused")).to.deep.equal(["usage_channel_busy"]);
    await gateway.call(payloads[results.findIndex(({ isValid }) => !isValid)]);
    expect(gateway.seen("deposited").length).to.equal(17);
    await Promise.all(
      payloads.map(async (payload, i) => {
        const payment = { x402Version: 2, accepted, payload: { ...payload } };
        if (results[i].isValid) await gateway.resourceServer.settlePayment(payment, accepted);
      }),
    );
  });

  it("are not for ETH, which takes a transaction", async () => {
    const eth = await world.gateway({ currency: "ETH" });
    const channel = world.channelOf({ currency: "ETH" });
    const deposit = await world.deposit(world.channelOf(), 500n);
    const voucher = await world.voucher(channel, PRICE, 1);
    const payload = { type: "deposit", channelConfig: channel, voucher, deposit };

    const accepted = { ...(await gateway.requirements()), asset: `0x${"00".repeat(20)}` };
    const payment = { x402Version: 2, accepted, payload };
    expect(await eth.facilitator.verify(payment, accepted)).to.include({
      invalidReason: "usage_channel_deposit_failed",
    });
    await world.opened(500n, channel);
    const plain = { ...payment, payload: { ...payload, type: "voucher" } };
    expect(await eth.facilitator.verify(plain, accepted)).to.include({ isValid: true });
    expect(await eth.facilitator.settle(plain, accepted)).to.include({ success: true });
    await eth.stop();
  });
});
