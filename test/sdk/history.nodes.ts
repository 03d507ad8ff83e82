import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bodyOf } from "./history.support.js";

/** A request of JSON-RPC as it goes through. */
export interface RpcRequest {
  id: number;
  method: string;
  params: unknown[];
}

type Result = { result: unknown } | { error: { code: number; message: string } };
/** Answers a request itself, or asks the node behind and changes what it says. */
export type Manners = (request: RpcRequest, pass: () => Promise<Result>, response: ServerResponse) => Promise<Result>;

/**
 * Puts a server on 127.0.0.1 before a node, which treats each request as it is told, alone or in a batch.
 *
 * @param request Asks the node, in this process or by HTTP.
 */
export async function startProxy(request: (method: string, params: unknown[]) => Promise<unknown>) {
  let manners: Manners = (_, pass) => pass();
  const requests: RpcRequest[] = [];

  async function answer(rpc: RpcRequest, response: ServerResponse) {
    requests.push(rpc);
    const pass = async (): Promise<Result> => ({ result: await request(rpc.method, rpc.params) });
    const result = await manners(rpc, pass, response).catch(({ message, data }: Error & { data?: unknown }) => ({
      error: { code: -32_603, message, data },
    }));

    return { jsonrpc: "2.0", id: rpc.id, ...result };
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await bodyOf(incoming));
    const answers = Array.isArray(body)
      ? await Promise.all(body.map((rpc) => answer(rpc, response)))
      : await answer(body, response);
    if (response.destroyed || response.writableEnded) return;
    response.setHeader("content-type", "application/json").end(JSON.stringify(answers));
  }

  const server = createServer((incoming, response) => void serve(incoming, response)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    logRequests: () => requests.filter(({ method }) => method === "eth_getLogs"),
    behave(next: Manners) {
      manners = next;
      requests.length = 0;
    },
    close: () => server.close().closeAllConnections(),
  };
}

/** The range of blocks that a request for logs is about; one up to the newest block has no end. */
export function rangeOf({ params: [filter] }: RpcRequest): { from: number; to: number } {
  const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };

  return { from: Number(fromBlock), to: toBlock === "latest" ? Infinity : Number(toBlock) };
}

/** Refuses ranges that are too long and answers that are too large, as large providers do. */
export function limited({ blocks = Infinity, results = Infinity }: { blocks?: number; results?: number }): Manners {
  return async (request, pass) => {
    if (request.method !== "eth_getLogs") return pass();
    const { from, to } = rangeOf(request);
    if (to - from + 1 > blocks) {
      return {
        error: { code: -32_600, message: `You can make eth_getLogs requests with up to a ${blocks} block range` },
      };
    }
    const answer = await pass();
    if ("result" in answer && (answer.result as unknown[]).length > results) {
      return { error: { code: -32_005, message: `query returned more than ${results} results` } };
    }

    return answer;
  };
}
