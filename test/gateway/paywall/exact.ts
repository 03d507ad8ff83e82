import { connect } from "node:net";
import { expect } from "chai";
import { Wallet } from "ethers";
import {
  CENT,
  expectRefused,
  metricsOf,
  paymentFor,
  receiptOf,
  requiredBy,
  startPaywallWorld,
  type World,
} from "../support/paywallWorld.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

describe("Gateway paywall", () => {
  let world: World;
  let upstream: Upstream;
  let model: string;
  let url: string;
  let wall: Awaited<ReturnType<World["gateway"]>>["wall"];

  before(async () => {
    world = await startPaywallWorld();
    upstream = await startUpstream();
    model = await world.register();
    ({ url, wall } = await world.gateway({ model, name: "Test model", description: "Echo" }, upstream));
  });

  after(async () => {
    upstream.close();
    await world.close();
  });

  beforeEach(() => {
    upstream.state.asked.length = 0;
  });

  describe("exact", () => {
    it("is paid by a stock client, and the money reaches the model's books", async () => {
      const payer = await world.payer();
      const before = await world.maker.royalties.booksOf({ model, currency: world.chain.usdc });
      const response = await payer.fetch(`${url}/v1/chat?x=1`, { method: "POST", body: "hello" });

      expect(await response.json()).to.deep.equal({ path: "/v1/chat?x=1", method: "POST", body: "hello" });
      const receipt = receiptOf(response);
      expect(receipt).to.deep.include({ success: true, payer: payer.address, network: "eip155:31337" });
      expect(response.headers.get("cache-control")).to.equal("private, no-store");
      expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
      expect(await world.balanceOf(model)).to.equal(CENT);

      const { swept } = await world.maker.deposits.sweep({ models: [model], currencies: [world.chain.usdc] });
      expect(swept).to.deep.equal([{ model, deposit: model, currency: world.chain.usdc, amount: CENT, hostPart: 0n }]);
      const after = await world.maker.royalties.booksOf({ model, currency: world.chain.usdc });
      expect(after.received - before.received).to.equal(CENT);
    });

    it("pays the address that host and model share, and the host gets its part", async () => {
      const host = await world.account();
      const commonweal = await world.as(host);
      const hostBps = 2_500;
      const shared = await world.gateway({ model, commonweal, hostBps, price: 4n * CENT }, upstream);
      const payer = await world.payer();
      await payer.fetch(`${shared.url}/v1/chat`);

      const hosting = { model, host: host.address, hostBps };
      const { swept } = await commonweal.deposits.sweepHosted({ hostings: [hosting], currencies: [world.chain.usdc] });
      expect(swept).to.deep.equal([
        {
          ...{ model, deposit: await commonweal.deposits.addressOf(hosting), currency: world.chain.usdc },
          ...{ amount: 4n * CENT, hostPart: (4n * CENT * 2_500n) / 10_000n },
        },
      ]);
      expect(requiredBy(await fetch(`${shared.url}/v1/chat`)).accepts[0].payTo).to.equal(swept[0].deposit);
    });

    it("asks for payment before anything else, and says for what", async () => {
      const response = await fetch(`${url}/v1/chat`);
      const required = requiredBy(response);

      expect(await expectRefused(response, 402, "payment_required")).to.equal(
        "This costs 10000 units of USDC: pay by one of the ways in the header PAYMENT-REQUIRED.",
      );
      expect(required.accepts).to.deep.equal([
        {
          ...{ scheme: "exact", network: "eip155:31337", amount: "10000", asset: world.chain.usdc, payTo: model },
          ...{ maxTimeoutSeconds: 300, extra: { name: "Test USD Coin", version: "1" } },
        },
      ]);
      expect(required.resource).to.deep.equal({
        ...{ url: `${url}/v1/chat`, description: "Echo", mimeType: "", serviceName: "Test model" },
      });
      expect(upstream.state.asked).to.deep.equal([]);
    });

    it("takes an authorization once", async () => {
      const payer = await world.payer();
      const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));

      expect((await fetch(`${url}/v1/chat`, { headers })).status).to.equal(200);
      await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 402, "invalid_exact_evm_nonce_already_used");
      expect(upstream.state.asked).to.have.length(1);
      expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
    });

    it("serves one of several calls that are paid with the same authorization at once", async () => {
      const payer = await world.payer();
      const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));
      const responses = await Promise.all(Array.from({ length: 8 }, () => fetch(`${url}/v1/chat`, { headers })));

      expect(responses.filter(({ status }) => status === 200)).to.have.length(1);
      const refused = responses.filter(({ status }) => status === 402);
      expect(refused).to.have.length(7);
      for (const response of refused) {
        expect(((await response.json()) as { error: string }).error).to.be.oneOf([
          "payment_in_use",
          "invalid_exact_evm_nonce_already_used",
        ]);
      }
      expect(upstream.state.asked).to.have.length(1);
      expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
    });

    it("settles many payers at once", async () => {
      const payers = await Promise.all(Array.from({ length: 4 }, () => world.payer()));
      const before = await world.balanceOf(model);
      const statuses = await Promise.all(payers.map(async (payer) => (await payer.fetch(`${url}/v1/chat`)).status));

      expect(statuses).to.deep.equal([200, 200, 200, 200]);
      expect((await world.balanceOf(model)) - before).to.equal(4n * CENT);
    });

    it("says why a payment is not good", async () => {
      const payer = await world.payer();
      const poor = await world.payer(0n);
      const stranger = await world.payer();
      const asked = await fetch(`${url}/v1/chat`);
      const refused = async (
        { client }: { client: typeof payer.client },
        code: string,
        change?: (payment: never) => object,
      ) => {
        const headers = await paymentFor(client, asked, change as (payment: object) => object);

        return expectRefused(await fetch(`${url}/v1/chat`, { headers }), 402, code);
      };
      type Payment = { accepted: object; payload: { authorization: Record<string, string>; signature: string } };
      const withAuthorization = (change: Record<string, string>) => (payment: Payment) => ({
        ...payment,
        payload: { ...payment.payload, authorization: { ...payment.payload.authorization, ...change } },
      });

      await refused(poor, "invalid_exact_evm_insufficient_balance");
      await refused(payer, "invalid_exact_evm_signature", withAuthorization({ from: stranger.address }));
      await refused(payer, "invalid_exact_evm_signature", withAuthorization({ to: stranger.address }));
      await refused(payer, "invalid_exact_evm_signature", withAuthorization({ value: "1" }));
      await refused(payer, "payment_malformed", withAuthorization({ nonce: "0x12" }));
      await refused(payer, "payment_malformed", (payment: Payment) => ({ ...payment, payload: {} }));
      const text = await refused(payer, "payment_mismatch", (payment: Payment) => ({
        ...payment,
        accepted: { ...payment.accepted, amount: "1", payTo: stranger.address },
      }));
      expect(text).to.equal(
        `The payment is not for this call: amount is 10000, not 1; payTo is ${model}, not ${stranger.address}. ` +
          "Sign what this answer asks for.",
      );
      await refused(payer, "payment_mismatch", (payment: Payment) => ({
        ...payment,
        accepted: { ...payment.accepted, network: "eip155:1" },
      }));
      expect(upstream.state.asked).to.deep.equal([]);
      expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
    });

    it("refuses what its payer signed for another sum or payee, as the token would", async () => {
      const payer = await world.payer();
      const asked = requiredBy(await fetch(`${url}/v1/chat`));
      const signed = async (change: object) => {
        const [accepted] = asked.accepts;
        const payment = await payer.client.createPaymentPayload({ ...asked, accepts: [{ ...accepted, ...change }] });
        const header = Buffer.from(JSON.stringify({ ...payment, accepted })).toString("base64");

        return fetch(`${url}/v1/chat`, { headers: { "PAYMENT-SIGNATURE": header } });
      };

      await expectRefused(await signed({ amount: "1" }), 402, "invalid_exact_evm_payload_authorization_value_mismatch");
      const payTo = Wallet.createRandom().address;
      await expectRefused(await signed({ payTo }), 402, "invalid_exact_evm_recipient_mismatch");
      const code = "invalid_exact_evm_payload_authorization_valid_before";
      await expectRefused(await signed({ maxTimeoutSeconds: 1 }), 402, code);
    });

    it("refuses headers that are no payment", async () => {
      const garbage = [
        "%%%",
        "e30=",
        "bm8ganNvbg==",
        Buffer.from('{"x402Version":1}').toString("base64"),
        "A".repeat(9_000),
      ];
      for (const header of garbage) {
        const response = await fetch(`${url}/v1/chat`, { headers: { "PAYMENT-SIGNATURE": header } });
        expect(requiredBy(response).error).to.equal("payment_malformed");
        await expectRefused(response, 402, "payment_malformed");
      }
      const huge = await fetch(`${url}/v1/chat`, { headers: { "PAYMENT-SIGNATURE": "A".repeat(40_000) } });
      expect(huge.status).to.equal(431);
      await expectRefused(await fetch(`${url}/v1/chat?${"x".repeat(3_000)}`), 414, "uri_too_long");
      expect((await fetch(`${url}/v1/chat`)).status).to.equal(402);
    });
  });

  describe("upstream", () => {
    for (const [path, status, code] of [
      ["fails", 500, undefined],
      ["moved", 302, undefined],
      ["breaks", 502, "upstream_broken"],
      ["silent", 504, "upstream_timeout"],
      ["large", 502, "answer_too_large"],
    ] as const) {
      it(`is not paid for an answer that ${path === "moved" ? "leads elsewhere" : `is ${path}`}`, async () => {
        const limits = { upstreamSeconds: 1, maxAnswerBytes: 100_000 };
        const limited = await world.gateway({ model, limits }, upstream);
        const payer = await world.payer();
        const headers = await paymentFor(payer.client, await fetch(`${limited.url}/v1/chat`));
        const response = await fetch(`${limited.url}/v1/${path}`, { headers, redirect: "manual" });

        if (code === undefined) expect(response.status).to.equal(status);
        else await expectRefused(response, status, code);
        expect(response.headers.has("PAYMENT-RESPONSE")).to.equal(false);
        expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
        // The same authorization pays for the next try.
        expect((await fetch(`${limited.url}/v1/chat`, { headers })).status).to.equal(200);
        expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
      });
    }

    it("is not paid when nobody listens there", async () => {
      const closed = await startUpstream();
      closed.close();
      const gateway = await world.gateway({ model }, closed);
      const payer = await world.payer();
      const response = await payer.fetch(`${gateway.url}/v1/chat`);

      await expectRefused(response, 502, "upstream_unreachable");
      expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
    });

    it("cannot speak of payments, nor change them", async () => {
      const payer = await world.payer();
      const response = await payer.fetch(`${url}/v1/lies`);

      expect(receiptOf(response)).to.deep.include({ success: true, payer: payer.address });
      expect(response.headers.get("x-own")).to.equal("kept");
      for (const name of ["payment-required", "settlement-overrides", "commonweal-pass", "x-hop"]) {
        expect(response.headers.has(name), name).to.equal(false);
      }
      expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
    });

    it("does not get to see the payment", async () => {
      const payer = await world.payer();
      await payer.fetch(`${url}/v1/chat`, { headers: { "x-own": "1", connection: "close" } });
      const seen = upstream.state.headers.at(-1);

      expect(seen).to.include({ "x-own": "1" });
      expect(seen).to.not.have.any.keys("payment-signature", "x-payment", "sign-in-with-x");
    });

    it("cannot be reached around the paywall", async () => {
      const paths = [
        "//v1/chat",
        "/v1//chat",
        "/%76%31/chat",
        "/x/../v1/chat",
        "/x/%2e%2e/v1/chat",
        "/v1/./chat",
        "/V1/chat",
      ];
      const statuses = await Promise.all(paths.map((path) => rawGet(url, path)));

      expect(statuses.filter((status) => ![402, 404].includes(status))).to.deep.equal([]);
      expect(upstream.state.asked).to.deep.equal([]);
    });
  });

  describe("metrics", () => {
    it("count calls, refusals and what was earned", async () => {
      const { wall: counted, url: at } = await world.gateway({ model }, upstream);
      const payer = await world.payer();
      await payer.fetch(`${at}/v1/chat`);
      await payer.fetch(`${at}/v1/chat`);
      await payer.fetch(`${at}/v1/fails`);
      const samples = await metricsOf(counted.admin);

      expect(samples).to.include({
        'commonweal_calls_total{scheme="exact",result="paid"}': 2,
        'commonweal_calls_total{scheme="exact",result="failed"}': 1,
        'commonweal_calls_total{scheme="none",result="refused"}': 3,
        'commonweal_refusals_total{code="payment_required"}': 3,
        'commonweal_earned_total{scheme="exact",currency="USDC"}': 0.02,
        commonweal_units_total: 2,
        commonweal_upstream_seconds_count: 3,
        commonweal_overhead_seconds_count: 6,
      });
      expect(counted.health()).to.deep.include({ status: "ok", model, version: 1 });
      expect((await counted.admin.request("/health")).status).to.equal(200);
    });

    it("are not to be had where calls are", async () => {
      for (const path of ["/v1/health", "/v1/metrics"]) expect((await fetch(`${url}${path}`)).status).to.equal(402);
      expect(wall.admin).to.not.equal(undefined);
    });
  });
});

/** Asks for a path exactly as it stands: `fetch` would tidy it up. */
async function rawGet(base: string, path: string): Promise<number> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += chunk;

  return Number(text.split(" ")[1]);
}
