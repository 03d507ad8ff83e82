import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";

/** As a process of its own: a model server that counts how often it served each call of each channel. */
function main(): void {
  const served = new Map<string, number>();
  const server = createServer((request, response) => {
    if (request.url === "/served") {
      response.end(JSON.stringify([...served]));
      return;
    }
    const call = String(request.headers["x-call"]);
    served.set(call, (served.get(call) ?? 0) + 1);
    response.end("answer");
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

// Mocha loads every file of the tests.
if (import.meta.url === pathToFileURL(process.argv[1]).href) main();
