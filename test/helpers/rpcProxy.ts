import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request to a node, or does not. `forward` has the node answer it. */
export type Answer = (response: ServerResponse, body: string, forward: () => Promise<string>) => unknown;

/** A node on 127.0.0.1 that has another one answer, except where it is told how to answer. */
export interface RpcProxy {
  readonly url: string;
  /** The node that answers. */
  target: string;
  answer: Answer;
  close(): void;
}

/** Passes everything on. */
export const honest: Answer = async (response, _body, forward) => response.end(await forward());

/** Starts a node that misbehaves as a test has it do: at first it passes everything on to `target`. */
export async function startProxy(target: string): Promise<RpcProxy> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const forward = async () => {
      const headers = { "content-type": "application/json" };

      return (await fetch(proxy.target, { method: "POST", headers, body })).text();
    };
    // The node may be gone when a late answer is due.
    await Promise.resolve(proxy.answer(response, body, forward)).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: RpcProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target,
    answer: honest,
    close: () => server.close().closeAllConnections(),
  };

  return proxy;
}
