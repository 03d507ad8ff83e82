import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { decodePaymentResponseHeader, encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentRequirements } from "@x402/core/types";
import type { Wallet } from "ethers";
import { channelFetch, memoryStorage } from "../../../gateway/src/client.js";
import { type PaywallOptions, UNITS_HEADER } from "../../../gateway/src/index.js";
import type { Channel } from "../../../sdk/src/index.js";
import {
  CENT,
  expectRefused,
  metricsOf,
  requiredBy,
  startPaywallWorld,
  until,
  type World,
} from "../support/paywallWorld.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

const DAY = 86_400;
const HOST_BPS = 2_000;
const DEPOSIT = 50n * CENT;

describe("Gateway paywall by channel", () => {
  let world: World;
  let upstream: Upstream;
  let model: string;
  let host: Wallet;

  before(async () => {
    world = await startPaywallWorld();
    upstream = await startUpstream();
    model = await world.register();
    host = await world.account();
  });

  after(async () => {
    upstream.close();
    await world.close();
  });

  async function gateway(options: Partial<PaywallOptions> = {}) {
    const commonweal = await world.as(host);
    const channels = { store: "memory:", redeem: { pollSeconds: 1 } };

    return world.gateway({ model, commonweal, hostBps: HOST_BPS, channels, ...options }, upstream);
  }

  /** Somebody with a channel, who signs vouchers by hand. */
  async function payer() {
    const { wallet, address } = await world.payer();
    await world.provider.send("hardhat_setBalance", [address, "0xde0b6b3a7640000"]);
    const { usage } = await world.as(wallet.connect(world.provider));
    const terms = { model, host: host.address, hostBps: HOST_BPS, currency: world.chain.usdc, notice: DAY };
    const { channel, channelId } = await usage.open({ ...terms, amount: DEPOSIT });

    /** Returns the header that pays a call with a voucher, for what a 402 asks for. */
    async function pay(accepted: PaymentRequirements, amount: bigint, calls: number, of: Channel = channel) {
      const { signature } = await usage.signVoucher({ channel: of, amount, calls });
      const voucher = { channelId, maxClaimableAmount: String(amount), calls, signature };
      const payload = { type: "voucher", channelConfig: of, voucher };

      return { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader({ x402Version: 2, accepted, payload }) };
    }

    return { usage, channel, channelId, pay };
  }

  const askedBy = async (url: string, headers?: Record<string, string>): Promise<PaymentRequirements> => {
    const { accepts } = requiredBy(await fetch(url, { headers }));

    return accepts.find(({ scheme }) => scheme === "usage-channel") as PaymentRequirements;
  };

  const receipt = (response: Response) =>
    decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") as string);

  it("offers both ways to pay", async () => {
    const { url } = await gateway();
    expect(
      requiredBy(await fetch(`${url}/v1/chat`)).accepts.map(({ scheme, amount }) => [scheme, amount]),
    ).to.deep.equal([
      ["exact", "10000"],
      ["usage-channel", "10000"],
    ]);
  });

  it("sends no deposits that are for less than ten calls, whose gas is the host's", async () => {
    const { url } = await gateway();
    expect((await askedBy(`${url}/v1/chat`)).extra.minDeposit).to.equal(String(10n * CENT));
    const metered = await gateway({ price: "0.001", per: { unit: "token", max: 50 } });
    expect((await askedBy(`${metered.url}/v1/chat?units=1`)).extra.minDeposit).to.equal("500000");
  });

  it("takes a voucher for each call, and redeems at its end what they owe", async () => {
    const { url, wall } = await gateway();
    const { pay, usage, channel } = await payer();
    const at = `${url}/v1/chat`;
    const accepted = await askedBy(at);
    const before = await world.maker.royalties.booksOf({ model, currency: world.chain.usdc });
    for (let calls = 1; calls <= 3; calls++) {
      const response = await fetch(at, {
        method: "POST",
        body: "hi",
        headers: await pay(accepted, BigInt(calls) * CENT, calls),
      });
      expect(await response.json()).to.deep.include({ body: "hi" });
      expect(receipt(response)).to.deep.include({ success: true, amount: "10000" });
    }
    const samples = await metricsOf(wall.admin);
    expect(samples).to.include({
      'commonweal_calls_total{scheme="usage-channel",result="paid"}': 3,
      'commonweal_earned_total{scheme="usage-channel",currency="USDC"}': 0.03,
      ...{ commonweal_unredeemed: 0.03, commonweal_channels: 1, commonweal_channel_calls: 0 },
    });
    expect(wall.health()).to.deep.include({ status: "ok", unredeemed: "30000" });
    await wall.stop();

    const after = await world.maker.royalties.booksOf({ model, currency: world.chain.usdc });
    const hostPart = (3n * CENT * BigInt(HOST_BPS)) / 10_000n;
    expect(after.received - before.received).to.equal(3n * CENT - hostPart);
    expect((await usage.stateOf({ channel })).redeemed).to.equal(3n * CENT);
    await expectRefused(await fetch(at), 503, "stopping");
  });

  it("redeems at once when it is asked to, and goes on", async () => {
    const { url, wall } = await gateway();
    const { pay, usage, channel } = await payer();
    const at = `${url}/v1/chat`;
    const accepted = await askedBy(at);
    const call = async (calls: number) =>
      (await fetch(at, { headers: await pay(accepted, BigInt(calls) * CENT, calls) })).status;
    expect([await call(1), await call(2)]).to.deep.equal([200, 200]);
    await wall.redeem();
    expect((await usage.stateOf({ channel })).redeemed).to.equal(2n * CENT);
    expect(wall.health()).to.deep.include({ status: "ok", unredeemed: "0" });

    expect(await call(3)).to.equal(200);
    expect(wall.health()).to.deep.include({ unredeemed: "10000" });
    const without = await world.wallOf({ model });
    await without.redeem();
  });

  it("refuses replays, vouchers for less, and those of others, and says why", async () => {
    const { url } = await gateway();
    const { pay, channel } = await payer();
    const at = `${url}/v1/chat`;
    const accepted = await askedBy(at);
    const first = await pay(accepted, CENT, 1);
    expect((await fetch(at, { headers: first })).status).to.equal(200);
    const refused = async (headers: Record<string, string>, code: string) => {
      const response = await fetch(at, { headers });
      const { accepts } = requiredBy(response);
      const { extra } = accepts.find(({ scheme }) => scheme === "usage-channel") as PaymentRequirements;
      await expectRefused(response, 402, code);

      return extra;
    };

    const extra = await refused(first, "usage_channel_calls_mismatch");
    expect(extra.voucherState).to.deep.include({ signedMaxClaimable: "10000", calls: 1 });
    expect(extra.refusal).to.deep.include({ code: "usage_channel_calls_mismatch" });
    await refused(await pay(accepted, CENT + 1n, 2), "usage_channel_amount_too_low");
    await refused(await pay(accepted, DEPOSIT + 1n, 2), "usage_channel_deposit_exceeded");
    await refused(await pay(accepted, 2n * CENT, 2, { ...channel, hostBps: 1 }), "usage_channel_host_part_too_low");
    await refused(await pay({ ...accepted, amount: "1" }, 2n * CENT, 2), "payment_mismatch");
    expect((await fetch(at, { headers: await pay(accepted, 2n * CENT, 2) })).status).to.equal(200);
  });

  it("does not charge when the upstream fails: the same voucher serves again", async () => {
    const { url } = await gateway({ limits: { upstreamSeconds: 1, maxAnswerBytes: 100_000 } });
    const { pay } = await payer();
    const headers = await pay(await askedBy(`${url}/v1/chat`), CENT, 1);
    const statusOf = async (path: string) => (await fetch(`${url}/v1/${path}`, { headers })).status;

    expect(await statusOf("fails")).to.equal(500);
    expect(await statusOf("breaks")).to.equal(502);
    expect(await statusOf("large")).to.equal(502);
    expect(await statusOf("silent")).to.equal(504);
    expect(await statusOf("chat")).to.equal(200);
  });

  it("charges a stream for the units that were sent, also when the client goes away", async () => {
    const per = { unit: "token", max: 1_000 };
    const { url, wall } = await gateway({ per, price: "0.0001" });
    const { pay } = await payer();
    const at = `${url}/v1/stream?pause=5`;
    const unit = 100n;
    const asked = await askedBy(at, { [UNITS_HEADER]: "40" });
    expect(asked.amount).to.equal(String(40n * unit));
    const call = async (query: string, headers: Record<string, string>, signal?: AbortSignal) =>
      fetch(`${at}&${query}`, { headers: { ...headers, [UNITS_HEADER]: "40" }, signal });

    // Five of forty units are used: the rest stays the payer's credit.
    const whole = await (await call("events=5", await pay(asked, 40n * unit, 1))).text();
    expect(whole).to.match(/event: payment\ndata: \{"reason":"done","units":5,"charged":"500",/);
    // With a credit of 35 units, 5 more are enough for the next forty.
    const cut = await (await call("events=100", await pay(asked, 45n * unit, 2))).text();
    expect(cut).to.match(/event: payment\ndata: \{"reason":"paid_units_spent","units":40,"charged":"4000",/);
    const last = JSON.parse(/data: (.*)\n\n$/.exec(cut)?.[1] ?? "") as { paymentResponse: string };
    expect(decodePaymentResponseHeader(last.paymentResponse).extra?.channelState).to.deep.include({
      chargedCumulativeAmount: String(45n * unit),
    });

    const abort = new AbortController();
    const left = await call("events=1000", await pay(asked, 85n * unit, 3), abort.signal);
    const reader = (left.body as ReadableStream<Uint8Array>).getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    abort.abort();
    const earned = 'commonweal_earned_total{scheme="usage-channel",currency="USDC"}';
    const inUnits = async () => Math.round(((await metricsOf(wall.admin))[earned] ?? 0) * 10_000);
    const charged = await until(async () => (await inUnits()) > 45 && (await inUnits()), "the stream to be settled");
    expect(charged).to.be.within(45 + 3, 45 + 39);
  });

  it("takes an answer's own count of its units", async () => {
    const countBody = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString()).body.length as number;
    const { url } = await gateway({ per: { unit: "letter", max: 100, countBody }, price: "0.0001" });
    const { pay } = await payer();
    const at = `${url}/v1/chat`;
    const headers = await pay(await askedBy(at), CENT, 1);
    const response = await fetch(at, { method: "POST", body: "hello", headers });

    expect(receipt(response)).to.deep.include({ success: true, amount: "500" });
  });

  it("sends no answer that has more units than were paid for, however few were asked for", async () => {
    const countBody = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString()).body.length as number;
    const { pay } = await payer();
    for (const [per, few, enough] of [
      [{ unit: "letter", max: 100, countBody }, 4, 5],
      [{ unit: "letter", max: 100 }, 99, 100],
    ] as const) {
      const { url } = await gateway({ per, price: "0.0001" });
      const at = (units: number) => `${url}/v1/chat?units=${units}`;
      const asked = async (units: number) =>
        fetch(at(units), { method: "POST", body: "hello", headers: await pay(await askedBy(at(units)), CENT, 1) });

      await expectRefused(await asked(few), 400, "units_too_few");
      expect(receipt(await asked(enough)).amount).to.equal(String(enough * 100));
    }
  });

  it("is paid by this package's client, who has no ETH: calls, streams, and after a restart", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "gateway-channels-"));
    const settings = { per: { unit: "token", max: 20 }, price: "0.0001" };
    const channels = { store: path.join(folder, "vouchers.sqlite") };
    const first = await gateway({ ...settings, channels });
    const { wallet, address } = await world.payer();
    const pay = await channelFetch({
      commonweal: await world.as(wallet.connect(world.provider)),
      ...{ currency: world.chain.usdc, maxPrice: "0.01", deposit: "0.1", limit: "0.1", storage: memoryStorage() },
    });
    const call = await pay(`${first.url}/v1/chat`, { method: "POST", body: "hello" });
    expect(await call.json()).to.deep.include({ body: "hello" });
    expect(receipt(call).amount).to.equal("2000");
    const stream = await (await pay(`${first.url}/v1/stream?events=50&units=4`)).text();
    expect(stream).to.contain('"reason":"paid_units_spent","units":4,"charged":"400"');
    await first.wall.stop();

    const second = await gateway({ ...settings, channels });
    expect(await (await pay(`${second.url}/v1/stream?events=2`)).text()).to.contain('"units":2,"charged":"200"');
    // The voucher authorises all of the twenty units; what they did not cost is the payer's credit.
    expect(second.wall.health().unredeemed).to.equal(String(20n * 100n));
    await second.wall.stop();
    expect(await world.balanceOf(address)).to.equal(100n * CENT - 10n * CENT);
    await rm(folder, { recursive: true });
  });

  it("lets go of the payment when the host's own counter fails", async () => {
    const countBody = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString()).body.letters.length as number;
    const { url } = await gateway({ per: { unit: "letter", max: 100, countBody }, price: "0.0001" });
    const { pay } = await payer();
    const headers = await pay(await askedBy(`${url}/v1/chat`), CENT, 1);

    await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 500, "internal");
    await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 500, "internal");
  });

  it("settles exact payments while it sends what channels owe", async () => {
    const { url, wall } = await gateway({ channels: { store: "memory:", redeem: { threshold: 1n, pollSeconds: 1 } } });
    const at = `${url}/v1/chat`;
    const accepted = await askedBy(at);
    const channels = await Promise.all([payer(), payer(), payer()]);
    const stock = await Promise.all([world.payer(), world.payer(), world.payer()]);
    const statuses = await Promise.all([
      ...channels.map(async ({ pay }) => (await fetch(at, { headers: await pay(accepted, CENT, 1) })).status),
      ...stock.map(async (each) => (await each.fetch(at)).status),
    ]);

    expect(statuses).to.deep.equal([200, 200, 200, 200, 200, 200]);
    await wall.stop();
    const states = await Promise.all(channels.map(({ usage, channel }) => usage.stateOf({ channel })));
    expect(states.map(({ redeemed }) => redeemed)).to.deep.equal([CENT, CENT, CENT]);
  });
});
