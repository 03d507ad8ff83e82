import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentRequirements } from "@x402/core/types";
import { expect } from "chai";
import { id, JsonRpcProvider, Wallet } from "ethers";
import { Hono } from "hono";
import { PASS_HEADER, PaywallMisconfigured } from "../../../gateway/src/index.js";
import { failureOf } from "../../sdk/helpers.js";
import { signed } from "../support/paywallSignIn.js";
import {
  CENT,
  expectRefused,
  metricsOf,
  paymentFor,
  receiptOf,
  requiredBy,
  startPaywallWorld,
  until,
  type World,
} from "../support/paywallWorld.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

const DAY = 86_400;
const KEY = "a-key-of-the-host";
const NO_STORE = "private, no-store";

describe("Gateway paywall: against who wants more than is due", () => {
  let world: World;
  let upstream: Upstream;
  let model: string;

  before(async () => {
    world = await startPaywallWorld();
    upstream = await startUpstream();
    model = await world.register();
  });

  after(async () => {
    upstream.close();
    await world.close();
  });

  /** A node behind an address with a key, that fails when it is told to: at all, or at calls. */
  async function keyedNode() {
    const state = { isDown: false, failsCalls: false };
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const isCall = Buffer.concat(chunks).includes('"eth_call"');
      if (state.isDown || (state.failsCalls && isCall)) return void response.writeHead(500).end("down");
      const headers = { "content-type": "application/json" };
      const answer = await fetch(world.chain.url, { method: "POST", headers, body: Buffer.concat(chunks) });
      response.writeHead(answer.status, headers).end(await answer.text());
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/${KEY}`;
    const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
    world.closing.push(() => {
      provider.destroy();
      server.close().closeAllConnections();
    });

    return { state, provider };
  }

  it("tells nobody the address of its node", async () => {
    const { state, provider } = await keyedNode();
    const funded = await world.account();
    const commonweal = await world.as(new Wallet(funded.privateKey, provider));
    const options = { model, commonweal, channels: { store: "memory:" } };
    const { url } = await world.gateway(options, upstream, { knowsOrigin: true });
    const at = `${url}/v1/chat`;
    const asked = await fetch(at);
    const payer = await world.payer();
    const byExact = await paymentFor(payer.client, asked.clone());
    const accepted = requiredBy(asked).accepts.find(({ scheme }) => scheme === "usage-channel") as PaymentRequirements;
    const { usage } = await world.as(payer.wallet);
    const terms = { model, host: funded.address, hostBps: 0, currency: world.chain.usdc, notice: DAY };
    const channel = { payer: payer.address, signer: payer.address, ...terms, salt: id("salt") };
    const { channel: _, amount, ...authorization } = await usage.signDeposit({ channel, amount: 10n * CENT });
    const { channelId, calls, signature } = await usage.signVoucher({ channel, amount: CENT, calls: 1 });
    const voucher = { channelId, calls, signature, maxClaimableAmount: String(CENT) };
    const payload = { type: "deposit", channelConfig: channel, voucher, deposit: { amount, authorization } };
    const byChannel = { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader({ x402Version: 2, accepted, payload }) };
    const bySignIn = await signed(at, await world.account());

    for (const [fails, headers] of [
      ["failsCalls", byExact],
      ...[byExact, byChannel, bySignIn].map((headers) => ["isDown", headers] as const),
    ] as const) {
      state[fails] = true;
      const response = await fetch(at, { headers });
      expect(response.status).to.be.within(402, 503);
      const told = `${JSON.stringify([...response.headers])} ${await response.text()}`;
      const decoded = Buffer.from(response.headers.get("PAYMENT-REQUIRED") ?? "", "base64").toString();
      expect(`${told} ${decoded}`).not.to.contain(KEY);
      state[fails] = false;
    }
  });

  it("lets no shared cache keep what a pass or a licence got", async () => {
    const textDigest = id("The licence");
    const { offer } = await world.maker.licensing.offer({
      ...{ model, currency: world.chain.usdc, price: 0n, duration: 30 * DAY, textDigest },
    });
    const holder = await world.account();
    await world.maker.licensing.buy({ offer, recipient: holder.address });
    const { url } = await world.gateway({ model }, upstream, { knowsOrigin: true });
    const at = `${url}/v1/chat`;
    const first = await fetch(at, { headers: await signed(at, holder) });
    const pass = first.headers.get(PASS_HEADER) as string;
    const passed = await fetch(at, { headers: { [PASS_HEADER]: pass } });
    expect([first, passed].map(({ status }) => status)).to.deep.equal([200, 200]);
    expect([first, passed].map(({ headers }) => headers.get("cache-control"))).to.deep.equal([NO_STORE, NO_STORE]);

    const { url: signing } = await world.gateway({ model, sessionSeconds: 0 }, upstream, { knowsOrigin: true });
    const each = await fetch(`${signing}/v1/chat`, { headers: await signed(`${signing}/v1/chat`, holder) });
    expect(each.headers.get("cache-control")).to.equal(NO_STORE);

    const root = await mkdtemp(path.join(tmpdir(), "gateway-hostile-"));
    await writeFile(path.join(root, "weights.bin"), "weights");
    const app = new Hono();
    app.all("/files/*", await world.wallOf({ model, files: { root, prefix: "/files" } }));
    const file = `${await world.serve(app)}/files/weights.bin`;
    const payer = await world.payer();
    const bought = (await payer.fetch(file)).headers.get(PASS_HEADER) as string;
    const again = await fetch(file, { headers: { [PASS_HEADER]: bought } });
    expect(await again.text()).to.equal("weights");
    expect(again.headers.get("cache-control")).to.equal(NO_STORE);
    await rm(root, { recursive: true });
  });

  it("sells no file for fewer units than another", async () => {
    const files = { root: tmpdir() };
    const error = await failureOf(
      PaywallMisconfigured,
      world.wallOf({ model, files, per: { unit: "token", max: 10 } }),
    );
    expect(error.message).to.match(/^Files are sold by the download.+leave per out\.$/);
  });

  it("passes on what waits for a go-ahead before it sends its body", async () => {
    const { url } = await world.gateway({ model }, upstream);
    const payer = await world.payer();
    const at = new URL(`${url}/v1/chat`);
    const payment = await paymentFor(payer.client, await fetch(at, { method: "POST", body: "hello" }));
    const text = await new Promise<string>((resolve, reject) => {
      const sent = httpRequest(at, { method: "POST", headers: { ...payment, expect: "100-continue" } }, (response) => {
        let body = "";
        response.on("data", (chunk) => (body += chunk)).on("end", () => resolve(`${response.statusCode} ${body}`));
      }).on("error", reject);
      sent.on("continue", () => sent.end("hello"));
    });

    expect(text).to.match(/^200 .*"body":"hello"/);
  });

  it("lets go of a channel when a HEAD is answered as a stream would be", async () => {
    const host = await world.account();
    const commonweal = await world.as(host);
    const options = { model, commonweal, channels: { store: "memory:" }, exact: false };
    const wall = await world.wallOf(options);
    const app = new Hono();
    app.use("/v1/*", wall);
    // Hono asks this route for HEAD too, and throws the body away.
    app.get("/v1/own", () => new Response("data: 1\n\n", { headers: { "content-type": "text/event-stream" } }));
    app.all("/v1/*", ({ req }) => upstream.pass(req.raw));
    const url = await world.serve(app);
    const payer = await world.account();
    const { address } = payer;
    await (await world.usdc.getFunction("mint")(address, 10n * CENT)).wait();
    const { usage } = await world.as(payer);
    const terms = { model, host: host.address, hostBps: 0, currency: world.chain.usdc, notice: DAY };
    const { channel, channelId } = await usage.open({ ...terms, amount: 10n * CENT });
    const [at, own] = [`${url}/v1/stream?events=1`, `${url}/v1/own`];
    const [accepted] = requiredBy(await fetch(at)).accepts;
    const pay = async (calls: number) => {
      const { signature } = await usage.signVoucher({ channel, amount: BigInt(calls) * CENT, calls });
      const voucher = { channelId, maxClaimableAmount: String(BigInt(calls) * CENT), calls, signature };
      const payload = { type: "voucher", channelConfig: channel, voucher };
      return { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader({ x402Version: 2, accepted, payload }) };
    };

    for (const [i, path] of [at, own].entries()) {
      expect((await fetch(path, { method: "HEAD", headers: await pay(i + 1) })).status).to.equal(200);
      await until(async () => (await metricsOf(wall.admin)).commonweal_channel_calls === 0, "the channel to be free");
    }
    const next = await fetch(own, { headers: await pay(3) });
    expect(await next.text()).to.contain("event: payment");
    await wall.stop();
    expect((await usage.stateOf({ channel })).redeemed).to.equal(3n * CENT);
  });

  describe("a smart wallet that pays by exact (ERC-1271)", () => {
    const TYPES = {
      TransferWithAuthorization: [
        ...["from", "to"].map((name) => ({ name, type: "address" })),
        ...["value", "validAfter", "validBefore"].map((name) => ({ name, type: "uint256" })),
        { name: "nonce", type: "bytes32" },
      ],
    };

    /** Returns the header by which a wallet pays what a 402 asks for, signed by whoever says to be its owner. */
    async function payment(response: Response, wallet: string, owner: Wallet) {
      const accepted = requiredBy(response).accepts[0];
      const { asset, payTo, amount, extra } = accepted;
      const validBefore = String(Math.floor(Date.now() / 1_000) + 600);
      const authorization = { from: wallet, to: payTo, value: amount, validAfter: "0", validBefore, nonce: id(wallet) };
      const domain = { name: String(extra.name), version: String(extra.version), chainId: 31_337 };
      const signature = await owner.signTypedData({ ...domain, verifyingContract: asset }, TYPES, authorization);
      // With a prefix, as wallets have it: 65 bytes would be a key's.
      const payload = { authorization, signature: `0x01${signature.slice(2)}` };

      return { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader({ x402Version: 2, accepted, payload }) };
    }

    async function walletOf(owner: Wallet): Promise<string> {
      const wallet = await world.deploy("ERC1271Wallet", [owner.address]);
      await (await world.usdc.getFunction("mint")(wallet, 2n * CENT)).wait();

      return wallet;
    }

    it("is served, and its money is the model's", async () => {
      const { url } = await world.gateway({ model }, upstream);
      const owner = await world.account();
      const wallet = await walletOf(owner);
      const headers = await payment(await fetch(`${url}/v1/chat`), wallet, owner);
      const before = await world.balanceOf(model);
      const response = await fetch(`${url}/v1/chat`, { headers });

      expect(response.status).to.equal(200);
      expect(receiptOf(response)).to.include({ success: true, payer: wallet });
      expect(await world.balanceOf(wallet)).to.equal(CENT);
      expect((await world.balanceOf(model)) - before).to.equal(CENT);
    });

    it("pays once", async () => {
      const { url } = await world.gateway({ model }, upstream);
      const owner = await world.account();
      const wallet = await walletOf(owner);
      const headers = await payment(await fetch(`${url}/v1/chat`), wallet, owner);
      await fetch(`${url}/v1/chat`, { headers });

      await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 402, "invalid_exact_evm_nonce_already_used");
      expect(await world.balanceOf(wallet)).to.equal(CENT);
    });

    it("does not pay by anybody else's", async () => {
      const { url } = await world.gateway({ model }, upstream);
      const wallet = await walletOf(await world.account());
      const headers = await payment(await fetch(`${url}/v1/chat`), wallet, await world.account());

      await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 402, "invalid_exact_evm_signature");
      expect(await world.balanceOf(wallet)).to.equal(2n * CENT);
    });
  });
});
