import { setTimeout } from "node:timers/promises";
import type { PaymentPayload } from "@x402/core/types";
import { expect } from "chai";
import { memoryStore } from "../../../gateway/src/channels/stores/memory.js";
import { type ChannelWorld, deployChannelWorld, type Gateway, HOST_BPS, PRICE } from "../support/channel.world.js";

/** Long enough for a transaction on a busy machine. */
const PATIENCE = 10_000;

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) expect.fail("it did not happen in time");
    await setTimeout(10);
  }
}

const paymentOf = async (gateway: Gateway, payload: object): Promise<PaymentPayload> => ({
  ...{ x402Version: 2, accepted: await gateway.requirements(), payload: { ...payload } },
});

describe("Gateway channels: against who wants more than is due", () => {
  let world: ChannelWorld;

  before(async () => {
    world = await deployChannelWorld();
  });

  it("takes no channel of the store that is not what the gateway asks for now", async () => {
    const store = memoryStore();
    const channel = await world.opened(1_000n);
    const first = await world.gateway({ store });
    await first.call(await world.paid(channel, PRICE, 1));
    await first.stop();
    const next = await world.paid(channel, 2n * PRICE, 2);

    const dearer = await world.gateway({ store, hostBps: HOST_BPS + 1 });
    await dearer.refused(next, "host_part_too_low", /gives the host 2000 basis points/);
    await dearer.stop();
    const other = await world.gateway({ store, model: world.other });
    await other.refused(next, "model_mismatch", /is for the model/);
    await other.stop();
  });

  it("does not forget a call that was stored while the channel was being read for another", async () => {
    const { usage } = world.bob;
    const store = memoryStore();
    const reads: Promise<unknown>[] = [];
    let open = () => {};
    const stateOf: typeof usage.stateOf = async (options) => {
      // The second of the two that ask about the new channel gets its answer last.
      if (reads.length === 1) {
        reads.push(
          new Promise<void>((resolve) => {
            open = resolve;
          }),
        );
        await reads[1];
      } else reads.push(Promise.resolve());
      return usage.stateOf(options);
    };
    const commonweal = { ...world.bob, usage: { ...usage, stateOf } };
    let check = () => {};
    const checked = new Promise<void>((resolve) => {
      check = resolve;
    });
    const verifyVoucher: typeof usage.verifyVoucher = async (voucher) => {
      await checked;
      return usage.verifyVoucher(voucher);
    };
    Object.assign(commonweal.usage, { verifyVoucher });
    const gateway = await world.gateway({ commonweal, store, walletSigners: true });
    const wallet = await world.connection.ethers.deployContract("ERC1271Wallet", [world.accounts.carol]);
    const channel = world.channelOf({ signer: await wallet.getAddress() });
    const first = {
      ...{ type: "deposit" as const, channelConfig: channel, voucher: await world.voucher(channel, PRICE, 1) },
      deposit: await world.deposit(channel, 500n),
    };
    // As a wallet signs: the key's form alone would be checked without the chain.
    const call = gateway.call(first);
    await until(() => reads.length === 1);
    await setTimeout(20);
    const again = gateway.facilitator.verify(await paymentOf(gateway, first), await gateway.requirements());
    await until(() => reads.length === 2);
    check();
    await call;
    open();

    expect(await again).to.include({ isValid: false, invalidReason: "usage_channel_calls_mismatch" });
    await gateway.stop();
  });

  it("redeems what was paid while a redemption ran, without waiting for the next call", async () => {
    const { usage } = world.bob;
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let runs = 0;
    const redeem: typeof usage.redeem = async (options) => {
      runs += 1;
      await gate;
      return usage.redeem(options);
    };
    const commonweal = { ...world.bob, usage: { ...usage, redeem } };
    const gateway = await world.gateway({ commonweal, redeem: { threshold: PRICE } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await gateway.call(await world.paid(channel, 2n * PRICE, 2));
    expect(runs).to.equal(1);
    open();

    await until(async () => (await world.reader.usage.stateOf({ channel })).redeemed === 2n * PRICE);
    expect(runs).to.equal(2);
    await gateway.stop();
  });

  it("does not redeem at each call because of a voucher that its wallet does not stand by", async () => {
    const { usage } = world.bob;
    let runs = 0;
    const redeem: typeof usage.redeem = async (options) => {
      runs += 1;
      return usage.redeem(options);
    };
    const commonweal = { ...world.bob, usage: { ...usage, redeem } };
    const gateway = await world.gateway({ commonweal, walletSigners: true, redeem: { threshold: 3n * PRICE } });
    const wallet = await world.connection.ethers.deployContract("ERC1271Wallet", [world.accounts.carol]);
    const fickle = await world.opened(1_000n, { signer: await wallet.getAddress() });
    await gateway.call(await world.paid(fickle, 2n * PRICE, 1), 2n * PRICE);
    await wallet.connect(world.accounts.carol).getFunction("transferOwnership")(world.host);
    const honest = await world.opened(1_000n);
    await gateway.call(await world.paid(honest, PRICE, 1));
    await until(() => gateway.status().unredeemed === 2n * PRICE);
    expect(runs).to.equal(1);

    for (const calls of [2, 3]) await gateway.call(await world.paid(honest, BigInt(calls) * PRICE, calls));
    await setTimeout(200);
    expect(runs).to.equal(1);
    await gateway.call(await world.paid(honest, 4n * PRICE, 4));
    await until(() => gateway.status().unredeemed === 2n * PRICE);
    expect(runs).to.equal(2);
    await gateway.stop();
  });

  it("takes no more from a wallet that did not stand by its voucher, and goes on with others", async () => {
    const gateway = await world.gateway({ walletSigners: true, redeem: { maxUnredeemed: PRICE } });
    const wallet = await world.connection.ethers.deployContract("ERC1271Wallet", [world.accounts.carol]);
    const fickle = await world.opened(1_000n, { signer: await wallet.getAddress() });
    await gateway.call(await world.paid(fickle, 2n * PRICE, 1), 2n * PRICE);
    await wallet.connect(world.accounts.carol).getFunction("transferOwnership")(world.host);
    await gateway.redeem();

    const next = await world.paid(fickle, 3n * PRICE, 2, { by: world.accounts.bob });
    await gateway.refused(next, "signature_invalid", /did not stand by the voucher before/);
    await gateway.call(await world.paid(await world.opened(1_000n), PRICE, 1));
    await gateway.stop();
  });

  it("redeems at once what a notice threatens that was given while it was away", async () => {
    const store = memoryStore();
    const first = await world.gateway({ store });
    const channel = await world.opened(1_000n);
    await first.call(await world.paid(channel, PRICE, 1));
    await world.carol.usage.giveNotice({ channel });

    const second = await world.gateway({ store });
    await until(async () => (await world.reader.usage.stateOf({ channel })).redeemed === PRICE);
    await second.stop();
    await first.stop();
  });

  it("sees a notice that its node had not in the block that it said was the newest", async () => {
    const { provider } = world.connection.ethers;
    let isBehind = true;
    const lagging = new Proxy(provider, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name === "getLogs" && isBehind) return async () => [];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const runner = new Proxy(world.accounts.bob, {
      get: (target, name) => (name === "provider" ? lagging : Reflect.get(target, name)),
    });
    const UsageChannels = world.bob.contracts.UsageChannels.connect(runner);
    const commonweal = { ...world.bob, contracts: { ...world.bob.contracts, UsageChannels } };
    const gateway = await world.gateway({ commonweal: commonweal as typeof world.bob, redeem: { pollSeconds: 0.05 } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await world.carol.usage.giveNotice({ channel });
    await setTimeout(300);
    expect((await world.reader.usage.stateOf({ channel })).redeemed).to.equal(0n);
    isBehind = false;

    await until(async () => (await world.reader.usage.stateOf({ channel })).redeemed === PRICE);
    // And each event once.
    await setTimeout(300);
    expect(gateway.seen("redeemed").length).to.equal(1);
    expect(gateway.seen("failed")).to.deep.equal([]);
    await gateway.stop();
  });

  it("takes vouchers again when a notice is taken back", async () => {
    const gateway = await world.gateway({ redeem: { pollSeconds: 0.05 } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await world.carol.usage.giveNotice({ channel });
    await gateway.refused(await world.paid(channel, 1_001n, 2), "notice_given", /open another/);
    await world.carol.usage.cancelNotice({ channel });
    // The channel is known as it stands, without a voucher that makes the gateway look.
    await until(async () => {
      const extra = await gateway.refused(await world.paid(channel, PRICE, 9), "calls_mismatch", /for call 2/);
      return (extra.channelState as { withdrawableFrom: number }).withdrawableFrom === 0;
    });
    await gateway.call(await world.paid(channel, 2n * PRICE, 2));
    await gateway.stop();
  });

  it("looks up so many channels at once that nobody knows, and serves those that it knows", async () => {
    const { usage } = world.bob;
    let [asked, isSlow] = [0, false];
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const stateOf: typeof usage.stateOf = async (options) => {
      asked += 1;
      if (isSlow) await gate;
      return usage.stateOf(options);
    };
    const gateway = await world.gateway({ commonweal: { ...world.bob, usage: { ...usage, stateOf } } });
    const known = await world.opened(1_000n);
    await gateway.call(await world.paid(known, PRICE, 1));
    isSlow = true;
    asked = 0;
    const { voucher } = await world.paid(known, PRICE, 1);
    const requirements = await gateway.requirements();
    const strangers = Array.from({ length: 100 }, async () => {
      const channelConfig = world.channelOf();
      const payload = {
        type: "voucher",
        channelConfig,
        voucher: { ...voucher, channelId: world.idFor(channelConfig) },
      };
      return gateway.facilitator.verify(await paymentOf(gateway, payload), requirements);
    });
    await until(() => asked >= 64);
    await gateway.call(await world.paid(known, 2n * PRICE, 2));
    open();
    const reasons = (await Promise.all(strangers)).map(({ invalidReason }) => invalidReason);

    expect(reasons.filter((reason) => reason === "usage_channel_node_unavailable").length).to.equal(36);
    expect(reasons.filter((reason) => reason === "usage_channel_signature_invalid").length).to.equal(64);
    expect(asked).to.equal(64);
    await gateway.call(await world.paid(await world.opened(1_000n), PRICE, 1));
    await gateway.stop();
  });

  it("does not serve on a deposit that was undone with its block", async () => {
    const gateway = await world.gateway({ redeem: { pollSeconds: 0.05 } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    const undo = await world.connection.networkHelpers.takeSnapshot();
    await world.carol.usage.topUp({ channel, amount: 1_000n });
    const balanceOf = async () => {
      const extra = await gateway.refused(await world.paid(channel, PRICE, 9), "calls_mismatch", /for call 2/);
      return (extra.channelState as { balance: string }).balance;
    };
    await until(async () => (await balanceOf()) === "2000");
    await undo.restore();

    await until(async () => (await balanceOf()) === "1000");
    await gateway.refused(await world.paid(channel, 1_001n, 2), "deposit_exceeded", /1000 are deposited/);
    await gateway.stop();
  });
});
