import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { passTo } from "../../../gateway/src/proxy.js";

export type Upstream = Awaited<ReturnType<typeof startUpstream>>;

/** A model server of sorts, over real HTTP, that counts what it is asked. */
export async function startUpstream() {
  const state = {
    /** Paths that were asked for, in order. */
    asked: [] as string[],
    headers: [] as IncomingMessage["headers"][],
    /** Events that streams have sent. */
    events: 0,
    /** Requests that a client gave up. */
    aborted: 0,
  };

  const server = createServer(async (request, response) => {
    state.asked.push(request.url ?? "");
    state.headers.push(request.headers);
    response.once("close", () => {
      if (!response.writableFinished) state.aborted += 1;
    });
    const url = new URL(request.url ?? "/", "http://upstream");
    const answer = ANSWERS[url.pathname.split("/").at(-1) ?? ""] ?? echo;
    await answer(request, response, url, state);
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    state,
    url,
    pass: (request: Request) => passTo(new URL(url), request),
    close: () => server.close().closeAllConnections(),
  };
}

type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  state: { events: number },
) => Promise<unknown> | unknown;

/** Answers what came in. */
const echo: Answer = async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.stringify({ path: request.url, method: request.method, body: Buffer.concat(chunks).toString() });
  response.writeHead(200, { "content-type": "application/json" }).end(body);
};

const ANSWERS: Readonly<Record<string, Answer>> = {
  fails: (_, response) => response.writeHead(500, { "content-type": "application/json" }).end('{"error":"mine"}'),

  moved: (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/elsewhere" }).end(),

  /** Breaks off in the middle of its body. */
  breaks(_, response) {
    response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
    response.write('{"half":');
    setImmediate(() => response.destroy());
  },

  silent: () => undefined,

  large(_, response) {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    response.end(Buffer.alloc(200_000, 1));
  },

  /** Says that it was paid, and less than it was. */
  lies: (_, response) =>
    response
      .writeHead(200, {
        ...{ "content-type": "application/json", "payment-response": "forged", "payment-required": "forged" },
        ...{ "settlement-overrides": '{"amount":"1"}', "commonweal-pass": "forged", "x-own": "kept" },
        ...{ connection: "x-hop", "x-hop": "1" },
      })
      .end("{}"),

  /** So many events, with so many milliseconds between them; then it breaks, hangs or ends. */
  async stream(_, response, { searchParams }, state) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.flushHeaders();
    for (let i = 1; i <= Number(searchParams.get("events") ?? 5); i++) {
      if (response.destroyed) return;
      response.write(`id: ${i}\ndata: {"token":"t${i}"}\n\n`);
      state.events += 1;
      await setTimeout(Number(searchParams.get("pause") ?? 0));
    }
    const then = searchParams.get("then");
    if (then === "break") response.destroy();
    else if (then !== "hang") response.end("data: [DONE]\n\n");
  },
};
