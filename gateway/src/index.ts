import type { Hono, MiddlewareHandler } from "hono";
import type { PaywallOptions } from "./options.js";
import { buildWall, type Health } from "./wall.js";

export type { Facts, StatedAdvisory } from "./facts.js";
export {
  type ChannelsSettings,
  type FilesOptions,
  type Limits,
  PASS_HEADER,
  type PaywallOptions,
  type PerUnit,
  type StreamEvent,
  UNITS_HEADER,
} from "./options.js";
export { PaywallMisconfigured, Refusal, type RefusalCode } from "./refusals.js";
export type { StreamEnd } from "./streams.js";
export type { Health } from "./wall.js";

/** A paywall as Hono takes it. */
export interface Paywall extends MiddlewareHandler {
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
 * Puts a paywall before routes of Hono: each call is paid to the model's contributors, by x402.
 *
 * @throws {PaywallMisconfigured} when the options do not fit together, or not with the chain.
 * @throws {StoreInUse} when another gateway has the channels' store.
 * @example
 * const wall = await paywall({ commonweal, model, currency: usdc, price: "0.001" });
 * app.use("/v1/*", wall);
 */
export async function paywall(options: PaywallOptions): Promise<Paywall> {
  const wall = await buildWall(options);

  const middleware: MiddlewareHandler = async (context, next) => {
    const { raw } = context.req;
    // What other middleware, such as CORS, has said so far. What comes from behind the paywall is for it to judge.
    const before = new Headers(context.res.headers);
    const asked = {
      method: raw.method,
      url: new URL(raw.url),
      header: (name: string) => raw.headers.get(name) ?? undefined,
    };
    const answer = await wall.handle(asked, async () => {
      await next();

      return context.res;
    });
    before.forEach((value, name) => {
      if (!answer.headers.has(name)) answer.headers.set(name, value);
    });
    // Headers of an answer that is there already would be added to this one's.
    context.res = undefined;
    context.res = answer;
  };

  const { admin, health, redeem, stop } = wall;

  return Object.assign(middleware, { admin, health, redeem, stop });
}
