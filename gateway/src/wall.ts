import { Hono } from "hono";
import { type Answered, passOn, settlerOf, timeout } from "./answers.js";
import type { Channels } from "./channels/index.js";
import { type Facts, type FactsReader, readFacts } from "./facts.js";
import { filesOf, type Found } from "./files.js";
import { type Licenses, licensesOf } from "./licenses.js";
import { type CallResult, type Metrics, metricsOf } from "./metrics.js";
import { DEFAULT_LIMITS, PASS_HEADER, type PaywallOptions } from "./options.js";
import { sealOf, unixIn } from "./passes.js";
import { type Asked, type Extension, paymentsOf, type Ticket } from "./payments.js";
import { readTerms, unitsAsked } from "./pricing.js";
import { reasonOf, Refusal } from "./refusals.js";
import { within } from "./streams.js";

/** What `/health` answers. */
export interface Health {
  status: "ok" | "failing";
  /** What is wrong. */
  problem?: string;
  model: string;
  version: number;
  /** Seconds since the chain was last read for the model. */
  factsAge: number;
  /** In the currency's smallest units; none without channels. */
  unredeemed?: string;
}

/** A paywall, whatever serves HTTP. */
export interface Wall {
  /** Answers a request; `serve` is what stands behind the paywall. */
  handle(asked: Asked, serve: () => Promise<Response>): Promise<Response>;
  health(): Health;
  /** `/health` and `/metrics`, for the host's eyes: to be served where the world cannot see it. */
  admin: Hono;
  /** Redeems what channels owe now, and goes on; nothing without channels. */
  redeem(): Promise<void>;
  /** Takes no more calls, and redeems what channels owe. */
  stop(): Promise<void>;
}

/** What a request came with that pays for it, or need not. */
type Right = { by: "pass" | "license"; account?: string } | { by: "payment"; ticket: Ticket };

const DAY = 86_400;
/** A deposit that the gateway pays the gas of is for so many calls at least; smaller ones would be sent to waste it. */
const MIN_DEPOSIT_CALLS = 10n;
/** A 402 repeats the address in its headers, which have their limits. */
const MAX_URL = 2_048;

/**
 * Puts up a paywall.
 *
 * @throws {PaywallMisconfigured} when the options do not fit together, or not with the chain.
 * @throws {StoreInUse} when another gateway has the channels' store.
 */
export async function buildWall(options: PaywallOptions): Promise<Wall> {
  const { commonweal, name, origin, factsSeconds = 30, factsStaleSeconds = 600, log = () => {} } = options;
  const { sessionSeconds = 300, licenseSeconds = 30 } = options;
  const { upstreamSeconds } = { ...DEFAULT_LIMITS, ...options.limits };
  const seal = sealOf(options.secret);
  const terms = await readTerms(options);
  const { model, host, hostBps, token } = terms;
  const files = options.files === undefined ? undefined : await filesOf(options.files);
  const facts = await readFacts({
    ...{ commonweal, model, name, log, refreshSeconds: factsSeconds, staleSeconds: factsStaleSeconds },
  });
  let channels: Channels | undefined;
  const metrics = metricsOf(token, { channels: () => channels?.status(), factsAge: facts.age });
  const licenses =
    origin === undefined ? undefined : licensesOf({ commonweal, model, origin, cacheSeconds: licenseSeconds, seal });
  const extensions = [factsExtension(facts), ...(licenses === undefined ? [] : [licenses.extension])];
  if (options.channels !== undefined) {
    const { store, ...settings } = options.channels;
    // Loaded only by who uses it: it opens databases.
    const { createChannels, storeAt } = await import("./channels/index.js");
    channels = await createChannels({
      ...{ commonweal, model, host, hostBps, currency: options.currency, observer: metrics.observer },
      minDeposit: terms.price * BigInt(terms.per?.max ?? 1) * MIN_DEPOSIT_CALLS,
      ...settings,
      store: typeof store === "string" ? storeAt(store) : store,
    });
  }
  const payments = await paymentsOf({ ...options, upstreamSeconds, extensions }, terms, channels).catch(
    async (error: unknown) => {
      await channels?.stop();
      facts.stop();
      throw error;
    },
  );
  const settler = settlerOf(terms, options.limits ?? {}, log);
  let isStopping = false;

  /** Finds what lets a request pass, if anything does. */
  async function rightOf(asked: Asked, units: number, known: Facts, found?: Found): Promise<Right> {
    const payment = asked.header("payment-signature");
    const free = await freeRightOf(asked, licenses, found).catch((error: unknown) => {
      // Who pays as well is served.
      if (payment === undefined || !(error instanceof Refusal) || error.status !== 402) throw error;
    });
    if (free !== undefined) return free;
    if (known.restricted) throw restricted(model);
    if (payment !== undefined) return { by: "payment", ticket: await payments.take(units, payment) };

    const price = `${units === 1 ? "This costs" : `${units} units cost`} ${terms.price * BigInt(units)} units of ${token.symbol}`;
    throw new Refusal("payment_required", `${price}: pay by one of the ways in the header PAYMENT-REQUIRED.`);
  }

  async function freeRightOf(asked: Asked, { require, signIn }: Partial<Licenses> = {}, found?: Found) {
    const signed = asked.header("sign-in-with-x");
    const passed = asked.header(PASS_HEADER);
    if (passed !== undefined) {
      const pass = seal.read(passed);
      if (pass.kind === "license" && require !== undefined) {
        await require(pass.account);
        return { by: "pass" } as const;
      }
      if (pass.kind !== "file" || pass.path !== found?.path) {
        throw new Refusal("pass_invalid", "The pass is for something else: pay, or sign in.");
      }
      if (pass.etag !== found.etag) {
        throw new Refusal("pass_file_changed", "The file is not the one that was paid for any more: pay for this one.");
      }
      return { by: "pass" } as const;
    }
    if (signed === undefined || signIn === undefined) return undefined;

    return { by: "license", account: await signIn(asked, signed) } as const;
  }

  /** Waits for what stands behind the paywall, for as long as it may take. */
  async function served(serve: () => Promise<Response>): Promise<Response> {
    const begun = performance.now();
    const serving = serve();
    try {
      const response = await within(upstreamSeconds, serving);
      if (response !== undefined) return response;
    } catch (error) {
      if (error instanceof Refusal) throw error;
      log(`what stands behind the paywall failed: ${reasonOf(error)}`);
      throw new Refusal("upstream_unreachable", "The server behind the gateway failed. Nothing was charged.");
    } finally {
      metrics.upstream((performance.now() - begun) / 1_000);
    }
    // What comes too late is not read.
    void serving.then(({ body }) => body?.cancel()).catch(() => undefined);
    throw timeout(upstreamSeconds);
  }

  /** The answer for whoever need not pay. */
  async function answerFreely(right: Right, serve: () => Promise<Response>, found?: Found): Promise<Response> {
    const response = found === undefined ? passOn(await served(serve)) : await found.open();
    // A cache that is shared would hand it to whoever asks next.
    response.headers.set("Cache-Control", "private, no-store");
    if (right.by === "license" && right.account !== undefined && sessionSeconds > 0) {
      const pass = { kind: "license", account: right.account, until: unixIn(sessionSeconds) } as const;
      response.headers.set(PASS_HEADER, seal.issue(pass));
    }
    if (right.by === "license" && found !== undefined) response.headers.set(PASS_HEADER, passFor(found));

    return response;
  }

  function passFor({ path, etag }: Found): string {
    return seal.issue({ kind: "file", path, etag, until: unixIn(options.files?.passSeconds ?? DAY) });
  }

  async function answerPaid(ticket: Ticket, serve: () => Promise<Response>, answered: Answered, found?: Found) {
    try {
      if (found === undefined) return await settler.settle(await serve(), ticket, answered);

      const paid = await settler.settleFirst(await found.open(), ticket, answered);
      paid.headers.set(PASS_HEADER, passFor(found));

      return paid;
    } catch (error) {
      // Of what was settled, or let go of, nothing changes.
      await ticket.cancel(error instanceof Refusal ? error.status : 500);
      answered.failed(error);
      throw error;
    }
  }

  /** Counts each call once, whatever comes of it. */
  function countOnce(scheme: string): Answered & { count(result: CallResult): void } {
    let isCounted = false;
    const count = (result: CallResult) => {
      if (!isCounted) metrics.call(scheme, result);
      isCounted = true;
    };

    return {
      count,
      charged({ amount, units }) {
        count("paid");
        metrics.earned(scheme, amount);
        metrics.units(units);
      },
      failed: () => count("failed"),
    };
  }

  async function refuse(asked: Asked, units: number, error: unknown): Promise<Response> {
    const refusal =
      error instanceof Refusal ? error : new Refusal("internal", "The gateway failed. Nothing was charged.");
    if (refusal !== error) log(`fails: ${error instanceof Error ? error.stack : error}`);
    metrics.refused(refusal.code);

    return refusal.status === 402 ? payments.required(asked, units, refusal) : refusal.toResponse();
  }

  return {
    async handle(asked, serve) {
      const begun = performance.now();
      let waited = 0;
      const timed = async () => {
        const from = performance.now();
        try {
          return await serve();
        } finally {
          waited = performance.now() - from;
        }
      };
      let units = 1;
      let calls = countOnce("none");
      try {
        if (isStopping) throw new Refusal("stopping", "The gateway stops: try again soon.", { "Retry-After": "10" });
        if (asked.url.href.length > MAX_URL) throw uriTooLong();
        const known = facts.current();
        if (known.level === "recalled") throw recalled(model);
        const found = await files?.look(asked);
        if (found !== undefined && (!found.head.ok || asked.method === "HEAD")) return found.head;

        units = unitsAsked(terms, asked);
        const right = await rightOf(asked, units, known, found);
        calls = countOnce(right.by === "payment" ? right.ticket.scheme : right.by);
        if (right.by === "payment") {
          const answer = async () => headOf(asked, await served(timed));
          return await answerPaid(right.ticket, answer, calls, found);
        }
        const response = await answerFreely(right, timed, found);
        calls.count("free");

        return response;
      } catch (error) {
        calls.count("refused");

        return refuse(asked, units, error);
      } finally {
        metrics.overhead((performance.now() - begun - waited) / 1_000);
      }
    },

    health,
    admin: adminOf(health, metrics),

    async redeem() {
      await channels?.redeem();
    },

    async stop() {
      isStopping = true;
      facts.stop();
      await channels?.stop();
    },
  };

  function health(): Health {
    const status = channels?.status();
    const age = facts.age();
    const problem =
      age > factsStaleSeconds
        ? `The chain was last read ${Math.round(age)} seconds ago: see that the node answers.`
        : status?.taking === false
          ? "Channels take no vouchers: too much waits to be redeemed, or the gateway stops."
          : undefined;
    const { version } = facts.last();

    return {
      status: problem === undefined ? "ok" : "failing",
      ...(problem === undefined ? {} : { problem }),
      ...{ model, version, factsAge: Math.round(age) },
      ...(status === undefined ? {} : { unredeemed: String(status.unredeemed) }),
    };
  }
}

/** Returns an answer without the body that HEAD does not get. */
function headOf({ method }: Asked, response: Response): Response {
  if (method !== "HEAD" || response.body === null) return response;
  void response.body.cancel().catch(() => undefined);

  return new Response(null, response);
}

/** What every 402 says of the model. */
function factsExtension(facts: FactsReader): Extension {
  return {
    key: "commonweal",
    declare: async () => ({
      info: facts.last(),
      schema: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" },
    }),
  };
}

function adminOf(health: () => Health, { registry }: Metrics): Hono {
  const admin = new Hono();
  admin.get("/health", (context) => {
    const now = health();

    return context.json(now, now.status === "ok" ? 200 : 503);
  });
  admin.get("/metrics", async (context) =>
    context.body(await registry.metrics(), 200, { "Content-Type": registry.contentType }),
  );

  return admin;
}

function uriTooLong(): Refusal {
  return new Refusal("uri_too_long", `The address has more than ${MAX_URL} characters: send what it says in the body.`);
}

function recalled(model: string): Refusal {
  return new Refusal(
    "model_recalled",
    `${model} was recalled by a vote: it is not served any more. Nothing was charged.`,
  );
}

function restricted(model: string): Refusal {
  const message = `${model} is restricted: its use is not sold anew; who holds a licence is served. Nothing was charged.`;

  return new Refusal("model_restricted", message);
}
