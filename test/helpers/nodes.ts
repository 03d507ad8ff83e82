import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Request {
  id: number;
  method: string;
  params: readonly unknown[];
}

/** What a node answers to a method instead of what it would answer: a result, or an error's message. */
export type Answers = Readonly<Record<string, Answer | ((params: readonly unknown[]) => Answer | undefined)>>;

type Answer = { result: unknown } | { error: string };

/** Starts a node on 127.0.0.1 that passes everything on to another but what it answers by itself. */
export async function startLesserNode(url: string, answers: Answers) {
  async function answer(request: Request): Promise<object> {
    const given = answers[request.method];
    const own = typeof given === "function" ? given(request.params) : given;
    if (own === undefined) {
      const headers = { "content-type": "application/json" };
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(request) });

      return (await response.json()) as object;
    }
    const body = "error" in own ? { error: { code: -32_000, message: own.error } } : own;

    return { jsonrpc: "2.0", id: request.id, ...body };
  }

  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Request | Request[];
    const result = Array.isArray(body) ? await Promise.all(body.map(answer)) : await answer(body);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close().closeAllConnections(),
  };
}
