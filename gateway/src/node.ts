import type { IncomingMessage, ServerResponse } from "node:http";
import type { Hono } from "hono";
import { capture, sendTo } from "./capture.js";
import type { PaywallOptions } from "./options.js";
import type { Asked } from "./payments.js";
import { buildWall, type Health } from "./wall.js";

export type { PaywallOptions } from "./options.js";
export type { Health } from "./wall.js";

/** Answers a request in the way of `node:http`. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A paywall as Express and its like take it: `app.use("/v1", wall)`. */
export interface NodePaywall {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
  /** Puts the paywall before a handler: `createServer(wall.protect(handler))`. */
  protect(handler: Handler): Handler;
  /** `/health` and `/metrics`: serve it on a port of its own, or behind a password. */
  admin: Hono;
  health(): Health;
  /**
   * Redeems what channels owe now, and goes on; nothing without channels.
   *
   * @throws {CommonwealError} when the chain does not take it. The vouchers stay, and the next redemption takes them.
   */
  redeem(): Promise<void>;
  /** Takes no more calls, and redeems what channels owe. */
  stop(): Promise<void>;
}

/**
 * Puts a paywall before handlers of `node:http` or Express: each call is paid to the model's contributors, by x402.
 *
 * Put it before what changes answers, such as compression, and use HTTP/1.
 *
 * @throws {PaywallMisconfigured} when the options do not fit together, or not with the chain.
 * @throws {StoreInUse} when another gateway has the channels' store.
 * @example
 * const wall = await paywall({ commonweal, model, currency: usdc, price: "0.001" });
 * createServer(wall.protect((request, response) => response.end("42"))).listen(8080);
 */
export async function paywall(options: PaywallOptions): Promise<NodePaywall> {
  const wall = await buildWall(options);

  async function run(request: IncomingMessage, response: ServerResponse, handler: Handler): Promise<void> {
    const asked = askedOf(request);
    if (asked === undefined) return void response.writeHead(400).end();

    let captured: ReturnType<typeof capture> | undefined;
    const answer = await wall.handle(asked, async () => {
      captured = capture(request, response);
      const failed = Promise.resolve()
        .then(() => handler(request, response))
        .then(() => new Promise<never>(() => undefined));

      return Promise.race([captured.response, failed]);
    });

    return captured === undefined ? sendTo(response, answer) : captured.send(answer);
  }

  const middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
    void run(request, response, () => next()).catch(next);
  };
  const protect =
    (handler: Handler): Handler =>
    (request, response) =>
      run(request, response, handler).catch((error: unknown) => {
        options.log?.(`fails: ${error}`);
        response.destroy();
      });

  const { admin, health, redeem, stop } = wall;

  return Object.assign(middleware, { protect, admin, health, redeem, stop });
}

/** Returns what is asked for, or undefined for what is no request for anything here. */
function askedOf(request: IncomingMessage & { originalUrl?: string }): Asked | undefined {
  const { method = "GET", headers, originalUrl } = request;
  const target = originalUrl ?? request.url ?? "/";
  const scheme = "encrypted" in request.socket ? "https" : "http";
  // What is asked for begins with a slash: two of them would name another host.
  const text = `${scheme}://${headers.host ?? "localhost"}${target}`;
  if (!target.startsWith("/") || !URL.canParse(text)) return undefined;

  return {
    method,
    url: new URL(text),
    header(name) {
      const value = headers[name];

      return Array.isArray(value) ? value.join(", ") : value;
    },
  };
}
