import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { connect } from "@commonweal/sdk";
import { createAdaptorServer } from "@hono/node-server";
import { JsonRpcProvider, Wallet } from "ethers";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { type Config, parseDeployment } from "./config.js";
import { paywall, type Paywall } from "./index.js";
import { PASS_HEADER } from "./options.js";
import { passTo } from "./proxy.js";
import { Refusal } from "./refusals.js";

export { type Config, KEY_VARIABLE, readConfig, SECRET_VARIABLE, USAGE, WrongArguments } from "./config.js";

/** A gateway that runs. */
export interface Service {
  url: string;
  /** Where `/health` and `/metrics` are. */
  adminUrl: string;
  /** Takes no more calls, waits for those that are served, redeems, and ends. */
  stop(): Promise<void>;
}

/** Milliseconds within which a request's headers must have come. */
const HEADERS_TIMEOUT = 10_000;
const MAX_CONNECTIONS = 10_000;
/** Milliseconds between two looks at the chain for a payment. */
const POLLING_INTERVAL = 1_000;
const STOP_STEP = 50;

/**
 * Starts a reverse proxy with a paywall.
 *
 * @param log Told, line by line, what happens.
 * @throws {PaywallMisconfigured} when the options do not fit together, or not with the chain.
 */
export async function startGateway(config: Config, log: (line: string) => void = () => {}): Promise<Service> {
  const provider = new JsonRpcProvider(config.rpc, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = POLLING_INTERVAL;
  const servers: Server[] = [];
  let wall: Paywall | undefined;
  let calls = 0;

  const listen = async (app: Hono, port: number, host: string) => {
    const server = createAdaptorServer({
      fetch: app.fetch,
      serverOptions: { headersTimeout: HEADERS_TIMEOUT },
    }) as Server;
    server.maxConnections = MAX_CONNECTIONS;
    servers.push(server);
    server.listen(port, host);
    await once(server, "listening");

    return server;
  };
  const close = () => {
    for (const server of servers) server.close().closeAllConnections();
    provider.destroy();
  };

  try {
    const wallet = new Wallet(config.key, provider);
    const deployment = config.deployment === undefined ? undefined : await readFile(config.deployment, "utf8");
    const commonweal = await connect(
      wallet,
      deployment === undefined ? {} : { deployment: parseDeployment(deployment) },
    );
    wall = await paywall(optionsOf(config, commonweal, log));
    const admin = await listen(wall.admin, config.adminPort, config.adminHost);
    const server = await listen(appOf(config, wall, log), config.port, config.host);
    server.on("request", (_, response) => {
      calls += 1;
      response.once("close", () => (calls -= 1));
    });
    log(`serves ${config.upstream ?? config.files} for ${config.price} per ${config.unit ?? "call"}`);

    return {
      url: urlOf(server.address() as AddressInfo),
      adminUrl: urlOf(admin.address() as AddressInfo),

      async stop() {
        server.close();
        server.closeIdleConnections();
        const end = Date.now() + config.stopSeconds * 1_000;
        while (calls > 0 && Date.now() < end) await setTimeout(STOP_STEP);
        await wall?.stop();
        close();
      },
    };
  } catch (error) {
    await wall?.stop();
    close();
    throw error;
  }
}

function optionsOf(config: Config, commonweal: Awaited<ReturnType<typeof connect>>, log: (line: string) => void) {
  const { model, price, currency, hostBps, facilitator, exact, origin, name, factsSeconds, factsStaleSeconds } = config;
  const { channels: store, redeemSeconds, unit, maxUnits, files, upstreamSeconds, maxAnswerBytes, secret } = config;

  return {
    ...{ commonweal, model, price, currency, hostBps, facilitator, origin, name, factsSeconds, factsStaleSeconds },
    host: config.hostAddress,
    exact: currency === "ETH" ? false : exact,
    per: unit === undefined ? ("call" as const) : { unit, max: maxUnits },
    channels: store === undefined ? undefined : { store, redeem: { seconds: redeemSeconds } },
    files: files === undefined ? undefined : { root: files },
    limits: { upstreamSeconds, maxAnswerBytes },
    ...{ secret, log },
  };
}

function appOf({ upstream, free }: Config, wall: Paywall, log: (line: string) => void): Hono {
  const app = new Hono();
  // Any page may pay: there are no cookies.
  app.use(
    cors({ origin: "*", exposeHeaders: ["PAYMENT-REQUIRED", "PAYMENT-RESPONSE", PASS_HEADER, "Retry-After", "ETag"] }),
  );
  if (upstream !== undefined) {
    // A path that only looks like one of these, once it is decoded, is paid for.
    app.use(async (context, next) => {
      if (!free.includes(new URL(context.req.raw.url).pathname)) return next();

      return passTo(upstream, context.req.raw);
    });
  }
  app.use(wall);
  app.all("*", (context) => {
    if (upstream === undefined) return context.notFound();

    return passTo(upstream, context.req.raw);
  });
  app.onError((error) => {
    if (error instanceof Refusal) return error.toResponse();
    log(`fails: ${error.stack}`);

    return new Refusal("internal", "The gateway failed. Nothing was charged.").toResponse();
  });

  return app;
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
