import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type HTTPAdapter, x402HTTPResourceServer, x402ResourceServer } from "@x402/core/server";
import { type Context, Hono } from "hono";
import { CHANNEL_SCHEME, type Channels } from "../../../gateway/src/channels/index.js";
import { facilitatorOf } from "./channel.facilitator.js";

export interface PaidServerOptions {
  channels: Channels;
  host: string;
  asset: string;
  /** What a path costs at most, in units. */
  priceOf: (path: string) => bigint;
  /** Serves a call; the header `X-Cost` of its answer says what it cost, if less. */
  upstream: (request: Request) => Promise<Response>;
  port?: number;
}

export type PaidServer = Awaited<ReturnType<typeof startPaidServer>>;

/** Serves HTTP behind channels, as plainly as x402's core has it: no streams, no files, no licences. */
export async function startPaidServer({ channels, host, asset, priceOf, upstream, port = 0 }: PaidServerOptions) {
  const resources = new x402ResourceServer(facilitatorOf(channels)).register(channels.network, channels.server);
  const paywall = new x402HTTPResourceServer(resources, {
    "/*": {
      accepts: {
        ...{ scheme: CHANNEL_SCHEME, network: channels.network, payTo: host, maxTimeoutSeconds: 60 },
        price: ({ path }) => ({ asset, amount: String(priceOf(path)) }),
      },
    },
  });
  await paywall.initialize();

  const app = new Hono();
  app.all("*", async (c) => {
    const result = await paywall.processHTTPRequest({ adapter: adapterOf(c), path: c.req.path, method: c.req.method });
    if (result.type === "no-payment-required") return upstream(c.req.raw);
    if (result.type === "payment-error") {
      const { body, status, headers } = result.response;
      return new Response(JSON.stringify(body ?? {}), { status, headers });
    }

    const { paymentPayload, paymentRequirements, cancellationDispatcher } = result;
    const answer = await upstream(c.req.raw).catch(() => new Response("no upstream", { status: 502 }));
    if (!answer.ok) {
      await cancellationDispatcher.cancel({ reason: "handler_failed", responseStatus: answer.status });
      return answer;
    }
    const amount = answer.headers.get("X-Cost") ?? paymentRequirements.amount;
    const settle = () => paywall.processSettlement(paymentPayload, paymentRequirements, {}, undefined, { amount });
    if (answer.headers.get("Content-Type") === "text/event-stream" && answer.body !== null) {
      // Settled at its end, so that there is no receipt.
      const body = answer.body.pipeThrough(new TransformStream({ flush: async () => void (await settle()) }));
      return new Response(body, { headers: answer.headers });
    }
    const settled = await settle();
    if (!settled.success) return new Response("{}", { status: 402, headers: settled.headers });

    return new Response(answer.body, { headers: { ...Object.fromEntries(answer.headers), ...settled.headers } });
  });

  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
  await new Promise<void>((resolve) => server.once("listening", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    resources,
    async close(): Promise<void> {
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function adapterOf({ req }: Context): HTTPAdapter {
  return {
    getHeader: (name) => req.header(name),
    getMethod: () => req.method,
    getPath: () => req.path,
    getUrl: () => req.url,
    getAcceptHeader: () => req.header("Accept") ?? "",
    getUserAgent: () => req.header("User-Agent") ?? "",
  };
}
