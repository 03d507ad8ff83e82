import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { memoryStore } from "../../../gateway/src/channels/stores/memory.js";
import { DAY } from "../../helpers/protocol.js";
import { hostPartOf } from "../../licensing/channels.support.js";
import { type ChannelWorld, deployChannelWorld, HOST_BPS, PRICE } from "../support/channel.world.js";

/** Long enough for a transaction on a busy machine. */
const PATIENCE = 10_000;

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) expect.fail("it did not happen in time");
    await setTimeout(10);
  }
}

describe("Gateway channels: redemption", () => {
  let world: ChannelWorld;

  before(async () => {
    world = await deployChannelWorld();
  });

  const redeemedOf = async (channel: Awaited<ReturnType<ChannelWorld["opened"]>>) =>
    (await world.reader.usage.stateOf({ channel })).redeemed;

  it("happens when enough is owed, of all channels together", async () => {
    const gateway = await world.gateway({ redeem: { threshold: 3n * PRICE } });
    const [one, two] = [await world.opened(1_000n), await world.opened(1_000n)];
    await gateway.call(await world.paid(one, PRICE, 1));
    await gateway.call(await world.paid(two, PRICE, 1));
    expect(gateway.status()).to.include({ channels: 2, unredeemed: 2n * PRICE });
    await setTimeout(200);
    expect(gateway.seen("redeemed")).to.deep.equal([]);

    await gateway.call(await world.paid(one, 2n * PRICE, 2));
    await until(() => gateway.status().unredeemed === 0n);
    const amount = 3n * PRICE;
    const hostPart = hostPartOf(2n * PRICE, HOST_BPS) + hostPartOf(PRICE, HOST_BPS);
    expect(gateway.seen("redeemed")).to.deep.equal([{ vouchers: 2, amount, hostPart }]);
    expect([await redeemedOf(one), await redeemedOf(two)]).to.deep.equal([2n * PRICE, PRICE]);
    await gateway.stop();
    expect(gateway.seen("redeemed").length).to.equal(1);
  });

  it("happens every so often", async () => {
    const gateway = await world.gateway({ redeem: { seconds: 0.2 } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));

    await until(async () => (await redeemedOf(channel)) === PRICE);
    await gateway.stop();
  });

  it("happens at notice, after which the channel takes no more, and in time", async () => {
    const gateway = await world.gateway({ redeem: { pollSeconds: 0.1 } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    const { withdrawableFrom } = await world.carol.usage.giveNotice({ channel });

    await until(async () => (await redeemedOf(channel)) === PRICE);
    const extra = await gateway.refused(await world.paid(channel, 2n * PRICE, 2), "notice_given", /open another/);
    expect(extra.channelState).to.include({ totalClaimed: "100", withdrawableFrom });
    await gateway.stop();
  });

  it("comes before a withdrawal in the very second from which one can be made", async () => {
    const gateway = await world.gateway({ redeem: { pollSeconds: 1_000 } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    const { withdrawableFrom } = await world.carol.usage.giveNotice({ channel });
    const { time } = world.connection.networkHelpers;
    await time.setNextBlockTimestamp(withdrawableFrom - 1);
    await gateway.redeem();

    expect(await redeemedOf(channel)).to.equal(PRICE);
    await time.setNextBlockTimestamp(withdrawableFrom);
    expect((await world.carol.usage.withdraw({ channel })).amount).to.equal(900n);
    await gateway.stop();
    expect(gateway.seen("failed")).to.deep.equal([]);
  });

  it("gets nothing from a channel that was withdrawn before, and says what it still thinks is owed: nothing", async () => {
    const gateway = await world.gateway({ redeem: { pollSeconds: 1_000 } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    const { withdrawableFrom } = await world.carol.usage.giveNotice({ channel });
    await world.connection.networkHelpers.time.setNextBlockTimestamp(withdrawableFrom);
    await world.carol.usage.withdraw({ channel });

    await gateway.redeem();
    expect(await redeemedOf(channel)).to.equal(0n);
    expect(gateway.status()).to.include({ unredeemed: 0n });
    await gateway.refused(await world.paid(channel, 2n * PRICE, 2), "not_opened", /deposit first/);

    // The voucher was owed, and counts against the next deposit.
    await world.carol.usage.topUp({ channel, amount: 500n });
    await gateway.call(await world.paid(channel, 2n * PRICE, 2));
    await gateway.stop();
    expect(await redeemedOf(channel)).to.equal(2n * PRICE);
  });

  it("happens at the end, and sends the host its part", async () => {
    const to = world.accounts.deployer.address;
    const gateway = await world.gateway({ redeem: { payHostTo: to } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    const owed = await world.reader.usage.owedToHost({ host: world.host, currency: world.usdcAddress });
    const before = await world.usdc.balanceOf(to);

    await gateway.stop();
    const part = owed + hostPartOf(PRICE, HOST_BPS);
    expect((await world.usdc.balanceOf(to)) - before).to.equal(part);
    expect(gateway.seen("hostPaid")).to.deep.equal([{ amount: part }]);
    await gateway.stop();
    await gateway.refused(await world.paid(channel, 2n * PRICE, 2), "stopping", /try again/);
  });

  it("waits at the end for calls that are being served", async () => {
    const gateway = await world.gateway();
    const channel = await world.opened(1_000n);
    const { settle } = await gateway.take(await world.paid(channel, PRICE, 1));
    const stopped = gateway.stop();
    await setTimeout(100);
    expect(await settle()).to.include({ success: true });
    await stopped;

    expect(await redeemedOf(channel)).to.equal(PRICE);
  });

  it("takes nothing while too much is owed", async () => {
    const gateway = await world.gateway({ redeem: { maxUnredeemed: PRICE } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await gateway.call(await world.paid(channel, 2n * PRICE, 2));
    expect(gateway.status()).to.include({ taking: false });

    const third = await world.paid(channel, 3n * PRICE, 3);
    await gateway.refused(third, "redemption_behind", /try again in a while/);
    await gateway.redeem();
    await gateway.call(third);
    await gateway.stop();
  });

  it("is tried again after a failure, and serving goes on", async () => {
    const { usage } = world.bob;
    let isDown = true;
    const redeem: typeof usage.redeem = async (options) => {
      if (isDown) throw new Error("the node is down");
      return usage.redeem(options);
    };
    const commonweal = { ...world.bob, usage: { ...usage, redeem } };
    const gateway = await world.gateway({ commonweal, redeem: { threshold: PRICE } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await until(() => gateway.seen("failed").length > 0);

    await gateway.call(await world.paid(channel, 2n * PRICE, 2));
    isDown = false;
    await until(async () => (await redeemedOf(channel)) === 2n * PRICE);
    await gateway.stop();
  });

  it("takes vouchers of a channel whose payer is its host", async () => {
    const { bob } = world.accounts;
    const gateway = await world.gateway();
    const channel = await world.opened(1_000n, { payer: bob.address, signer: bob.address });
    await gateway.call(await world.paid(channel, PRICE, 1, { by: bob }));
    await gateway.stop();

    expect(await redeemedOf(channel)).to.equal(PRICE);
  });

  it("follows what the chain says when the store was lost", async () => {
    const channel = await world.opened(1_000n);
    const first = await world.gateway();
    await first.call(await world.paid(channel, PRICE, 1));
    await first.call(await world.paid(channel, 2n * PRICE, 2));
    await first.stop();

    const second = await world.gateway({ store: memoryStore() });
    await second.refused(await world.paid(channel, 2n * PRICE, 2), "calls_mismatch", /sign for call 3/);
    await second.refused(await world.paid(channel, 2n * PRICE, 3), "amount_too_low", /at least 300: 200 were charged/);
    await second.call(await world.paid(channel, 3n * PRICE, 3));
    await second.stop();
    expect(await redeemedOf(channel)).to.equal(3n * PRICE);
  });

  it("goes on after a restart where it was, and notices what happened meanwhile", async () => {
    const store = memoryStore();
    const [channel, noticed] = [await world.opened(1_000n), await world.opened(1_000n)];
    const first = await world.gateway({ store });
    await first.call(await world.paid(channel, PRICE, 1));
    await first.call(await world.paid(noticed, PRICE, 1));
    // As if it was killed: nothing is redeemed. Its timers go on, at times that do not come.
    await world.carol.usage.giveNotice({ channel: noticed });

    const second = await world.gateway({ store });
    expect(second.status()).to.include({ channels: 2, unredeemed: 2n * PRICE });
    await second.refused(await world.paid(channel, PRICE, 1), "calls_mismatch", /sign for call 2/);
    await second.call(await world.paid(channel, 2n * PRICE, 2));
    await second.refused(await world.paid(noticed, 2n * PRICE, 2), "notice_given", /open another/);
    await second.stop();
    expect([await redeemedOf(channel), await redeemedOf(noticed)]).to.deep.equal([2n * PRICE, PRICE]);
    await first.stop();
  });

  it("takes no vouchers of a chain that cannot be read for half of the shortest notice", async () => {
    const gateway = await world.gateway({ minNotice: 1, redeem: { pollSeconds: 1_000 } });
    const channel = await world.opened(1_000n, { notice: DAY });
    await gateway.call(await world.paid(channel, PRICE, 1));
    await setTimeout(600);

    await gateway.refused(await world.paid(channel, 2n * PRICE, 2), "node_unavailable", /try again in a while/);
    await gateway.stop();
  });
});
