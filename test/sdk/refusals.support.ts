import { JsonRpcProvider } from "ethers";

/** The error that ethers makes of what a node says in place of the result of a call. */
export function refusedCall(message: string, code = -32_000, data?: unknown): Error {
  const payload = { id: 1, jsonrpc: "2.0", method: "eth_call", params: [{}, "latest"] } as const;
  const provider = new JsonRpcProvider("http://127.0.0.1", 1, { staticNetwork: true });
  const error = provider.getRpcError(
    { ...payload, params: [...payload.params] },
    { id: 1, error: { code, message, data } },
  );
  provider.destroy();

  return error;
}
