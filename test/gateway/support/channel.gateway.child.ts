import { Agent, request } from "node:http";
import { JsonRpcProvider, Wallet } from "ethers";
import { createChannels, storeAt } from "../../../gateway/src/channels/index.js";
import { connect, type Deployment } from "../../../sdk/src/index.js";
import { startPaidServer } from "./channel.http.js";

export interface GatewayChildOptions {
  rpc: string;
  deployment: Deployment;
  /** Of the host. */
  key: string;
  model: string;
  hostBps: number;
  currency: string;
  store: string;
  price: string;
  upstreamPort: number;
  port: number;
}

/** As a process of its own: a gateway that serves until it is killed, or told to stop. */
export async function startGatewayChild(options: GatewayChildOptions) {
  const { rpc, deployment, key, model, hostBps, currency, store, price, upstreamPort, port } = options;
  const provider = new JsonRpcProvider(rpc, 31_337, { cacheTimeout: -1, staticNetwork: true });
  const wallet = new Wallet(key, provider);
  const commonweal = await connect(wallet, { deployment });
  const channels = await createChannels({
    ...{ commonweal, model, host: wallet.address, hostBps, currency, store: storeAt(store) },
    redeem: { threshold: 2_000n * BigInt(price) },
  });
  const agent = new Agent({ keepAlive: true });
  const server = await startPaidServer({
    ...{ channels, host: wallet.address, asset: currency, priceOf: () => BigInt(price), port },
    upstream: (call) => forward(agent, upstreamPort, call.headers.get("X-Call") ?? ""),
  });

  return async () => {
    await server.close();
    await channels.stop();
  };
}

function forward(agent: Agent, port: number, call: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const forwarded = request({ agent, port, host: "127.0.0.1", headers: { "X-Call": call } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve(new Response(Buffer.concat(parts))));
      answer.on("error", reject);
    });
    forwarded.on("error", reject);
    forwarded.end();
  });
}

// A child of a test alone has somebody to talk to with this name; Mocha loads every file of the tests.
if (process.env.COMMONWEAL_GATEWAY_CHILD !== undefined) {
  let stop: (() => Promise<void>) | undefined;
  process.on("message", async (message: GatewayChildOptions | "stop") => {
    if (message === "stop") {
      await stop?.();
      process.exit();
    }
    stop = await startGatewayChild(message);
    process.send?.("started");
  });
  process.send?.("loaded");
}
