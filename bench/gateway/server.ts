/** A process of its own: one app whose upstream is served with a paywall before it and without one. */
import { serve } from "@hono/node-server";
import { JsonRpcProvider, Wallet } from "ethers";
import { type Handler, Hono } from "hono";
import { paywall } from "../../gateway/src/index.js";
import { connect, type Deployment } from "../../sdk/src/index.js";

export interface ServerOptions {
  rpc: string;
  deployment: Deployment;
  /** Of the host. */
  key: string;
  model: string;
  hostBps: number;
  currency: string;
  price: bigint;
  /** Where vouchers are kept: a file, or `memory:`. */
  store: string;
}

process.once("message", async ({ rpc, deployment, key, store, ...terms }: ServerOptions) => {
  const provider = new JsonRpcProvider(rpc, undefined, { cacheTimeout: -1, polling: true });
  const commonweal = await connect(new Wallet(key, provider), { deployment });
  const wall = await paywall({ commonweal, ...terms, exact: false, channels: { store } });
  const upstream: Handler = (context) => context.json({ speech: 0.97 });

  const app = new Hono();
  app.get("/free", upstream);
  app.use("/paid", wall);
  app.get("/paid", upstream);
  app.get("/usage", (context) => context.json(process.cpuUsage()));
  serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => process.send?.(port));
});
