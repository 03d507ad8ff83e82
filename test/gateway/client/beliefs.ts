import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { channelFetch, memoryStorage, PaymentNotTaken, StateUnproven } from "../../../gateway/src/client.js";
import { failureOf } from "../../sdk/helpers.js";
import { type PaidServer, startPaidServer } from "../support/channel.http.js";
import { payerOf } from "../support/channel.payer.js";
import { type ChannelWorld, deployChannelWorld, type Gateway, PRICE } from "../support/channel.world.js";

describe("Gateway client: what it does not believe", () => {
  let world: ChannelWorld;
  let gateway: Gateway;
  let server: PaidServer;

  before(async () => {
    world = await deployChannelWorld();
    gateway = await world.gateway();
    server = await startPaidServer({
      ...{ channels: gateway, host: world.host, asset: world.usdcAddress, priceOf: () => PRICE },
      upstream: async () => new Response("answer"),
    });
  });

  after(async () => {
    await server.close();
    await gateway.stop();
  });

  type Told = Record<"channelState" | "voucherState" | "refusal", Record<string, unknown>>;

  /** A fetch through somebody who changes what a 402 tells. */
  async function lying(change: (told: Told, paid: Told) => void) {
    const { options, pay } = await payerOf(world);
    await pay(server.url);
    const isSigned = ({ headers }: Request) => headers.has("PAYMENT-SIGNATURE");
    const liar = await channelFetch({
      ...options,
      storage: memoryStorage(),
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const response = await fetch(request.clone());
        const header = response.headers.get("PAYMENT-REQUIRED");
        if (!isSigned(request) || header === null) return response;
        const required = JSON.parse(Buffer.from(header, "base64").toString());
        const paid = JSON.parse(Buffer.from(request.headers.get("PAYMENT-SIGNATURE") ?? "", "base64").toString());
        change(required.accepts[0].extra, paid);
        const changed = Buffer.from(JSON.stringify(required)).toString("base64");

        return new Response("{}", { status: 402, headers: { "PAYMENT-REQUIRED": changed } });
      },
    });

    return { error: await liar(server.url).catch((error: unknown) => error) };
  }

  it("an amount, or calls, that it did not sign", async () => {
    for (const change of [
      ({ voucherState }: Told) => Object.assign(voucherState, { signedMaxClaimable: "900" }),
      ({ voucherState }: Told) => Object.assign(voucherState, { calls: 7 }),
      ({ voucherState }: Told) => Object.assign(voucherState, { signature: `0x${"11".repeat(64)}1b` }),
    ]) {
      const { error } = await lying(change);
      expect(error).to.be.instanceOf(StateUnproven);
      expect((error as Error).message).to.match(/which nothing proves: do not pay this server/);
    }
  });

  it("a charge above what it signed", async () => {
    const { error } = await lying(({ channelState }) => {
      channelState.chargedCumulativeAmount = "101";
    });

    expect(error).to.be.instanceOf(StateUnproven);
    expect((error as Error).message).to.match(/101 units were charged, of 100 at most/);
  });

  it("calls that the chain does not know of, without a voucher", async () => {
    const { error } = await lying((told) => {
      Object.assign(told, { voucherState: undefined });
      told.channelState.calls = 5;
    });

    expect(error).to.be.instanceOf(StateUnproven);
  });

  it("a notice that was not given, and a deposit that is not missing", async () => {
    const notice = await lying((told) => {
      told.refusal.code = "usage_channel_notice_given";
    });
    expect(notice.error).to.be.instanceOf(StateUnproven);
    const missing = await lying((told) => {
      Object.assign(told.refusal, { code: "usage_channel_deposit_exceeded", message: "Top it up." });
    });
    expect(missing.error).to.be.instanceOf(PaymentNotTaken);
    expect((missing.error as PaymentNotTaken).message).to.equal(
      "The payment was not taken (usage_channel_deposit_exceeded). Top it up.",
    );
  });

  it("a receipt for more than the price", async () => {
    const { options } = await payerOf(world);
    const pay = await channelFetch({
      ...options,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        const header = response.headers.get("PAYMENT-RESPONSE");
        if (header === null) return response;
        const receipt = JSON.parse(Buffer.from(header, "base64").toString());
        receipt.extra.channelState.chargedCumulativeAmount = "101";
        const changed = Buffer.from(JSON.stringify(receipt)).toString("base64");

        return new Response("answer", { headers: { "PAYMENT-RESPONSE": changed } });
      },
    });

    await failureOf(StateUnproven, pay(server.url));
  });

  it("that a payment is for wherever the server leads to", async () => {
    const stolen: IncomingHttpHeaders[] = [];
    const thief = createServer((request, response) => {
      stolen.push(request.headers);
      response.end("thanks");
    });
    const leading = createServer(async (request, response) => {
      if (request.headers["payment-signature"] !== undefined) {
        return void response.writeHead(307, { location: urlOf(thief) }).end();
      }
      const { status, headers } = await fetch(server.url);
      response.writeHead(status, { "PAYMENT-REQUIRED": headers.get("PAYMENT-REQUIRED") ?? "" }).end();
    });
    for (const one of [thief, leading]) {
      one.listen(0, "127.0.0.1");
      await new Promise((resolve) => one.once("listening", resolve));
    }
    const { pay } = await payerOf(world);
    const response = await pay(urlOf(leading));

    expect(stolen).to.deep.equal([]);
    expect({ status: response.status, location: response.headers.get("location") }).to.deep.equal({
      ...{ status: 307, location: urlOf(thief) },
    });
    for (const one of [thief, leading]) one.close().closeAllConnections();
  });
});

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
