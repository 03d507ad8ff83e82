import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import express from "express";
import { PASS_HEADER } from "../../../gateway/src/index.js";
import { type NodePaywall, type PaywallOptions, paywall } from "../../../gateway/src/node.js";
import {
  CENT,
  expectRefused,
  paymentFor,
  receiptOf,
  startPaywallWorld,
  until,
  type World,
} from "../support/paywallWorld.js";

describe("Gateway for node:http and Express", () => {
  let world: World;
  let model: string;

  before(async () => {
    world = await startPaywallWorld();
    model = await world.register();
  });

  after(() => world.close());

  async function wallOf(options: Partial<PaywallOptions> = {}): Promise<NodePaywall> {
    const commonweal = await world.as(await world.account());
    const wall = await paywall({
      ...{ commonweal, model, price: "0.01", currency: world.chain.usdc },
      ...options,
    });
    world.closing.unshift(() => wall.stop());

    return wall;
  }

  async function listen(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    world.closing.unshift(() => server.close().closeAllConnections());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  describe("protect", () => {
    it("lets paid requests through to a handler of node:http", async () => {
      const wall = await wallOf();
      const url = await listen(
        wall.protect((request, response) => {
          response.setHeader("x-set", "1");
          response.writeHead(201, "Made", { "content-type": "text/plain", "set-cookie": ["a=1", "b=2"] });
          response.write("said: ");
          request.pipe(response);
        }),
      );
      const payer = await world.payer();
      expect((await fetch(url, { method: "POST", body: "hello" })).status).to.equal(402);
      const response = await payer.fetch(url, { method: "POST", body: "hello" });

      expect(response.status).to.equal(201);
      expect(response.statusText).to.equal("Made");
      expect(await response.text()).to.equal("said: hello");
      expect(response.headers.get("x-set")).to.equal("1");
      expect(response.headers.getSetCookie()).to.deep.equal(["a=1", "b=2"]);
      expect(receiptOf(response)).to.deep.include({ success: true, payer: payer.address });
      expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
    });

    it("does not charge for a handler that fails, throws, or says nothing", async () => {
      const handlers: Record<string, [RequestListener, number]> = {
        fails: [(_, response) => response.writeHead(503).end("no"), 503],
        throws: [() => JSON.parse("{"), 502],
        rejects: [async () => JSON.parse("{"), 502],
        silent: [() => undefined, 504],
        breaks: [(_, response) => response.write("half", () => setImmediate(() => response.destroy())), 0],
      };
      const wall = await wallOf({ limits: { upstreamSeconds: 1 } });
      const url = await listen(
        wall.protect((request, response) => handlers[request.url?.slice(1) ?? ""][0](request, response as never)),
      );
      for (const [name, [, status]] of Object.entries(handlers)) {
        const payer = await world.payer();
        const response = await payer.fetch(`${url}/${name}`).catch(() => ({ status: 0 }));
        expect(response.status, name).to.equal(status);
        expect(await world.balanceOf(payer.address), name).to.equal(100n * CENT);
      }
    });

    it("holds a fast handler back until its client reads", async () => {
      const size = 8 * 1024 * 1024;
      let hasWaited = false;
      const wall = await wallOf({
        limits: { maxEventBytes: size },
        per: { unit: "event", max: 1_000 },
        price: "0.00001",
      });
      const url = await listen(
        wall.protect(async (_, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          for (let i = 0; i < 200; i++) {
            if (!response.write(`data: ${"x".repeat(50_000)}\n\n`)) {
              hasWaited = true;
              await new Promise((resolve) => response.once("drain", resolve));
            }
          }
          response.end();
        }),
      );
      const payer = await world.payer();
      const text = await (await payer.fetch(url)).text();

      expect(text.split("\n\n")).to.have.length(202);
      expect(hasWaited).to.equal(true);
    });

    it("tells a handler that its client went away", async () => {
      let hasClosed = false;
      const wall = await wallOf();
      const url = await listen(
        wall.protect((_, response) => {
          response.on("close", () => {
            hasClosed = true;
          });
        }),
      );
      const payer = await world.payer();
      const abort = new AbortController();
      const headers = await paymentFor(payer.client, await fetch(url));
      const call = fetch(url, { headers, signal: abort.signal }).catch(() => undefined);
      setTimeout(() => abort.abort(), 200);
      await call;

      await until(() => hasClosed, "the handler to be told");
      expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
    });
  });

  it("sells files by itself, in either form", async () => {
    const wall = await wallOf({ files: { root: "contracts", prefix: "/files" } });
    const app = express();
    app.use("/files", wall);
    const payer = await world.payer();
    for (const base of [await listen(app), await listen(wall.protect(() => undefined))]) {
      const at = `${base}/files/mocks/TestToken.sol`;
      const response = await payer.fetch(at);
      const headers = { [PASS_HEADER]: response.headers.get(PASS_HEADER) as string, range: "bytes=3-5" };

      expect(await response.text()).to.match(/^\/\/ SPDX/);
      const part = await fetch(at, { headers });
      expect([part.status, await part.text()]).to.deep.equal([206, "SPD"]);
    }
    expect(await world.balanceOf(payer.address)).to.equal(98n * CENT);
  });

  describe("Express", () => {
    let url: string;

    before(async () => {
      const wall = await wallOf();
      const app = express();
      app.get("/free", (_, response) => {
        response.send("free");
      });
      app.use("/v1", wall);
      app.use(express.json());
      app.post("/v1/chat", (request, response) => {
        response.json({ said: request.body.text, url: request.originalUrl });
      });
      app.get("/v1/throws", () => JSON.parse("{"));
      app.get("/v1/stream", (_, response) => {
        response.set("content-type", "text/event-stream").flushHeaders();
        response.write("data: 1\n\n");
        response.end();
      });
      url = await listen(app);
    });

    it("lets paid requests through to its routes", async () => {
      const payer = await world.payer();
      const init = { method: "POST", body: '{"text":"hello"}', headers: { "content-type": "application/json" } };
      await expectRefused(await fetch(`${url}/v1/chat?x=1`, init), 402, "payment_required");
      const response = await payer.fetch(`${url}/v1/chat?x=1`, init);

      expect(await response.json()).to.deep.equal({ said: "hello", url: "/v1/chat?x=1" });
      expect(response.headers.get("etag")).to.be.a("string");
      expect(receiptOf(response).success).to.equal(true);
      expect(await (await fetch(`${url}/free`)).text()).to.equal("free");
    });

    it("does not charge for what Express answers when a route throws, or there is none", async () => {
      const payer = await world.payer();
      expect((await payer.fetch(`${url}/v1/throws`)).status).to.equal(500);
      expect((await payer.fetch(`${url}/v1/none`)).status).to.equal(404);
      expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
    });

    it("meters its streams", async () => {
      const payer = await world.payer();
      const text = await (await payer.fetch(`${url}/v1/stream`)).text();
      expect(text).to.match(
        /^data: 1\n\nevent: payment\ndata: \{"reason":"done","units":1,"charged":"10000",.*\}\n\n$/,
      );
    });
  });
});
