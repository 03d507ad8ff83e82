import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Starts a stand-in for the HTTP API of a hub on 127.0.0.1, which serves what is put into `files`, by path. */
export async function startHub() {
  const files = new Map<string, string>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    requests.push(path);
    const text = files.get(path);
    if (text === undefined) response.writeHead(404).end("Entry not found");
    else response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    files,
    requests,
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close().closeAllConnections(),
  };
}
