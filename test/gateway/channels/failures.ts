import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { getBytes, id, Wallet } from "ethers";
import { type ChannelStore, createChannels, StoreFailed, StoreInUse } from "../../../gateway/src/channels/index.js";
import { recoverByLibrary } from "../../../gateway/src/channels/recover.js";
import { recoverByEthers, voucherCheckOf } from "../../../gateway/src/channels/signatures.js";
import { memoryStore } from "../../../gateway/src/channels/stores/memory.js";
import { InvalidArgument } from "../../../sdk/src/index.js";
import { failureOf } from "../../sdk/helpers.js";
import { type ChannelWorld, deployChannelWorld, HOST_BPS, PRICE } from "../support/channel.world.js";

const GROUP_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("Gateway channels: failures", () => {
  let world: ChannelWorld;

  before(async () => {
    world = await deployChannelWorld();
  });

  /** A store that fails when it is told to, before or after it stored. */
  function fragileStore() {
    const store = memoryStore();
    const state: { fails: "no" | "before" | "after"; closed: number } = { fails: "no", closed: 0 };
    const fragile: ChannelStore = {
      ...store,
      async put(record) {
        if (state.fails === "before") throw new StoreFailed("it", "the disk is full");
        await store.put(record);
        if (state.fails === "after") throw new StoreFailed("it", "the connection was lost");
      },
      async close() {
        state.closed += 1;
      },
    };

    return { store: fragile, state };
  }

  for (const [fails, calls] of [
    ["before", 1],
    ["after", 2],
  ] as const) {
    it(`of the store, ${fails} it stored, fail the call, and the store is asked what it has`, async () => {
      const { store, state } = fragileStore();
      const gateway = await world.gateway({ store });
      const channel = await world.opened(1_000n);
      const payload = await world.paid(channel, PRICE, 1);
      const { settle } = await gateway.take(payload);
      state.fails = fails;
      const settled = await settle();
      expect(settled).to.include({ success: false, errorReason: "usage_channel_store_failed" });
      expect(gateway.seen("failed").length).to.equal(1);
      expect(gateway.seen("charged")).to.deep.equal([]);

      state.fails = "no";
      const other = await world.paid(channel, 9n * PRICE, 9);
      await gateway.refused(other, "calls_mismatch", new RegExp(`sign for call ${calls}\\.`));
      await gateway.call(calls === 1 ? payload : await world.paid(channel, 2n * PRICE, 2));
      await gateway.stop();
      expect((await world.reader.usage.stateOf({ channel })).redeemed).to.equal(BigInt(calls) * PRICE);
    });
  }

  it("do not come of a call that is let go of while its voucher is being stored", async () => {
    const store = memoryStore();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow: ChannelStore = { ...store, put: async (record) => gate.then(() => store.put(record)) };
    const gateway = await world.gateway({ store: slow });
    const channel = await world.opened(1_000n);
    const payload = await world.paid(channel, PRICE, 1);
    const { settle, cancel } = await gateway.take(payload);
    const settling = settle();
    await setTimeout(20);
    await cancel();
    expect(await settle()).to.include({ errorReason: "usage_channel_not_taken" });
    await gateway.refused(payload, "busy", /wait for it/);

    open();
    expect(await settling).to.include({ success: true });
    await gateway.refused(payload, "calls_mismatch", /sign for call 2/);
    await gateway.stop();
  });

  it("of the store at the start are thrown, and of the chain too, after which the store is free", async () => {
    const { store, state } = fragileStore();
    const options = { commonweal: world.bob, model: world.model, host: world.host, hostBps: HOST_BPS };
    const busy: ChannelStore = { ...store, open: async () => Promise.reject(new StoreInUse("it")) };
    await failureOf(StoreInUse, createChannels({ ...options, currency: world.usdcAddress, store: busy }));
    await failureOf(InvalidArgument, createChannels({ ...options, currency: world.host, store }));
    expect(state.closed).to.equal(0);

    const all = async () => Promise.reject(new StoreFailed("it", "broken"));
    await failureOf(StoreFailed, createChannels({ ...options, currency: world.usdcAddress, store: { ...store, all } }));
    expect(state.closed).to.equal(1);
  });

  it("of the node refuse what needs it, and nothing else", async () => {
    const { usage } = world.bob;
    let isDown = false;
    const stateOf: typeof usage.stateOf = async (options) => {
      if (isDown) throw new Error("the node is down");
      return usage.stateOf(options);
    };
    const gateway = await world.gateway({ commonweal: { ...world.bob, usage: { ...usage, stateOf } } });
    const [known, unknown] = [await world.opened(1_000n), await world.opened(1_000n)];
    await gateway.call(await world.paid(known, PRICE, 1));

    isDown = true;
    await gateway.call(await world.paid(known, 2n * PRICE, 2));
    const payload = await world.paid(unknown, PRICE, 1);
    await gateway.refused(payload, "node_unavailable", /try again in a while/);
    await gateway.refused(await world.paid(known, 1_001n, 3), "node_unavailable", /try again in a while/);
    isDown = false;
    await gateway.call(payload);
    await gateway.call(await world.paid(known, 3n * PRICE, 3));
    await gateway.stop();
  });

  it("at the end leave the vouchers for the next start", async () => {
    const { store, state } = fragileStore();
    const { usage } = world.bob;
    const redeem: typeof usage.redeem = async () => Promise.reject(new Error("the node is down"));
    const gateway = await world.gateway({ store, commonweal: { ...world.bob, usage: { ...usage, redeem } } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await gateway.stop();
    expect(state.closed).to.equal(1);
    expect(gateway.seen("failed").length).to.equal(1);

    await (await world.gateway({ store })).stop();
    expect((await world.reader.usage.stateOf({ channel })).redeemed).to.equal(PRICE);
  });

  it("of sending the host its part change nothing else, and the next redemption tries again", async () => {
    const { usage } = world.bob;
    let isDown = true;
    const payHost = Object.assign(async (options: Parameters<typeof usage.payHost>[0]) => {
      if (isDown) throw new Error("the node is down");
      return usage.payHost(options);
    }, usage.payHost);
    const commonweal = { ...world.bob, usage: { ...usage, payHost } };
    const gateway = await world.gateway({ commonweal, redeem: { payHostTo: world.host } });
    const channel = await world.opened(1_000n);
    await gateway.call(await world.paid(channel, PRICE, 1));
    await gateway.redeem();
    expect((await world.reader.usage.stateOf({ channel })).redeemed).to.equal(PRICE);
    expect(gateway.seen("hostPaid")).to.deep.equal([]);

    isDown = false;
    await gateway.redeem();
    expect(gateway.seen("hostPaid").length).to.equal(1);
    await gateway.stop();
  });

  describe("a price", () => {
    it("is an amount of the currency, or units of it", async () => {
      const { server, network, stop } = await world.gateway();

      expect(await server.parsePrice("0.001", network)).to.deep.equal({ asset: world.usdcAddress, amount: "1000" });
      expect(await server.parsePrice(2, network)).to.deep.equal({ asset: world.usdcAddress, amount: "2000000" });
      const units = { asset: world.usdcAddress.toLowerCase(), amount: "7" };
      expect(await server.parsePrice(units, network)).to.deep.equal({ asset: world.usdcAddress, amount: "7" });
      await stop();
    });

    it("is not in another currency, nor in dollars, nor finer than the currency", async () => {
      const { server, network, stop } = await world.gateway();

      for (const [price, message] of [
        [{ asset: world.host, amount: "7" }, /The price is in 0x.+; give it in 0x/],
        ["$1", /give a decimal string/],
        ["0.0000001", /more than the currency's 6 decimals/],
      ] as const) {
        const error = await server.parsePrice(price, network).catch((reason: Error) => reason);
        expect((error as Error).message).to.match(message);
      }
      await stop();
    });
  });

  describe("the key of a signature", () => {
    it("is not looked for in a signature that the contract does not take, whatever finds it", async () => {
      const wallet = Wallet.createRandom();
      const place = { chainId: world.chainId, contract: world.contract };
      const check = voucherCheckOf(place, () => getBytes(wallet.signingKey.publicKey));
      const isSigned = (signature: string) =>
        check.isSignedByKey({ channelId: id("channel"), amount: 1n, calls: 1, signature }, wallet.address);
      const half = (GROUP_ORDER / 2n).toString(16);
      const [r, most] = ["11".repeat(32), half.padStart(64, "0")];
      const more = (GROUP_ORDER / 2n + 1n).toString(16).padStart(64, "0");

      expect(isSigned(`0x${r}${most}1b`)).to.equal(true);
      for (const bad of [`0x${r}${more}1b`, `0x${r}${most}1d`, `0x${r}${most}`, `0x${r}${most}1b00`, `${r}${most}1b`]) {
        expect(isSigned(bad)).to.equal(false);
      }
    });

    it("is the same by the library and by ethers, also of what is no signature", async () => {
      const { signature } = await world.voucher(world.channelOf(), PRICE, 1);
      const bytes = Buffer.from(signature.slice(2, 130), "hex");
      const digest = new Uint8Array(32).fill(7);

      for (const each of [bytes, new Uint8Array(64), new Uint8Array(64).fill(255)]) {
        for (const recovery of [0, 1] as const) {
          const [mine, theirs] = [recoverByLibrary, recoverByEthers].map((by) => by(digest, each, recovery, false));
          expect(mine && Buffer.from(mine)).to.deep.equal(theirs && Buffer.from(theirs));
        }
      }
    });
  });
});
