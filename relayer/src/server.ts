import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { parseBallot } from "./ballots.js";
import type { Config } from "./config.js";
import { clientOf, rateLimitOf } from "./limits.js";
import type { Entry } from "./queue.js";
import { Refusal } from "./refusals.js";
import type { Relayer } from "./relayer.js";

/** A reason of 8,000 bytes and a signature of 2,048 fit, whatever JSON makes of them. */
const MAX_BODY_BYTES = 65_536;

type Bindings = { Bindings: HttpBindings };

/** Returns the relayer's HTTP interface. */
export function appOf(relayer: Relayer, config: Config, log: (line: string) => void): Hono<Bindings> {
  const app = new Hono<Bindings>();
  const rateLimit = rateLimitOf(config.requestsPerMinute);

  // Any page may help its visitors to vote: there are no cookies, and nothing that is not public.
  app.use(cors({ origin: "*", allowMethods: ["GET", "POST"], exposeHeaders: ["Retry-After"] }));

  app.post(
    "/ballots",
    async (context, next) => {
      const wait = rateLimit.take(clientAddress(context, config.trustProxy));
      if (wait > 0) throw new Refusal("rate_limited", `Too many requests: try again in ${wait} seconds.`, wait);
      await next();
    },
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new Refusal("body_too_large", `The body has more than ${MAX_BODY_BYTES} bytes: send the ballot alone.`);
      },
    }),
    async (context) => {
      const posted = parseBallot(await jsonOf(context), config);
      const { entry, isNew } = await relayer.accept(posted);

      return context.json(statusOf(entry), isNew ? 202 : 200);
    },
  );

  app.get("/ballots/:id", (context) => {
    const entry = relayer.get(context.req.param("id").toLowerCase());
    if (entry === undefined) {
      throw new Refusal("unknown_ballot", "This relayer does not know the ballot: post it again, or ask the governor.");
    }

    return context.json(statusOf(entry));
  });

  app.get("/health", async (context) => {
    const health = await relayer.health();

    return context.json(health, health.status === "ok" ? 200 : 503);
  });

  app.notFound((context) =>
    answer(context, new Refusal("unknown_path", "There is POST /ballots, GET /ballots/:id and GET /health.")),
  );
  app.onError((error, context) => {
    if (error instanceof Refusal) return answer(context, error);
    log(`fails: ${error.stack}`);

    return answer(context, new Refusal("internal", "The relayer failed; send the ballot yourself."));
  });

  return app;
}

/** What a client is told of a ballot. */
export function statusOf({ id, status, governor, ballot, hash, refusal }: Entry) {
  return { id, status, governor, proposalId: ballot.proposalId, voter: ballot.voter, hash, ...refusal?.toJSON() };
}

async function jsonOf(context: Context): Promise<unknown> {
  const text = await context.req.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal("invalid_json", "The body is not JSON: send the ballot as JSON.stringify has it.", undefined, {
      cause: error,
    });
  }
}

function answer(context: Context, refusal: Refusal): Response {
  if (refusal.retryAfter !== undefined) context.header("Retry-After", String(refusal.retryAfter));

  return context.json(refusal.toJSON(), refusal.status);
}

/** A client can write into the header what it likes; the last address is what the proxy itself has seen. */
function clientAddress(context: Context<Bindings>, trustProxy: boolean): string {
  const forwarded = trustProxy ? context.req.header("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;

  return clientOf(forwarded ?? context.env.incoming.socket.remoteAddress ?? "");
}
