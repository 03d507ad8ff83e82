import { AbiCoder, type ContractRunner, Interface, type Provider, type TransactionRequest } from "ethers";

/** Multicall3, at the same address on every chain that has it: https://github.com/mds1/multicall3 */
const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";

const AGGREGATE =
  "function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable returns ((bool success, bytes returnData)[] results)";

/** So that an answer stays within what a node computes and carries in one call. */
const MAX_BATCH = 200;

/** What an exception of ethers tells of the call. */
type Reason = Parameters<typeof AbiCoder.getBuiltinCallException>[1];

interface Waiting {
  request: TransactionRequest;
  resolve(data: string): void;
  reject(error: unknown): void;
}

/**
 * Returns a runner that makes the reads of one moment in one call.
 *
 * Where the chain has no Multicall3 they are made one by one, which ethers' JSON-RPC providers send in one request.
 */
export function batchingRunner(provider: Provider): ContractRunner {
  const abi = new Interface([AGGREGATE]);
  const waiting = new Map<string, Waiting[]>();
  let hasMulticall: Promise<boolean> | undefined;

  const single = ({ request, resolve, reject }: Waiting) => void provider.call(request).then(resolve, reject);

  function isMulticallThere(): Promise<boolean> {
    hasMulticall ??= provider.getCode(MULTICALL3).then(
      (code) => code !== "0x",
      () => {
        // It may be there all the same: the next reads find out.
        hasMulticall = undefined;
        return false;
      },
    );

    return hasMulticall;
  }

  async function flush(batch: readonly Waiting[]): Promise<void> {
    const answers = batch.length > 1 && (await isMulticallThere()) ? await aggregate(batch).catch(() => []) : [];
    for (const [i, call] of batch.entries()) {
      const { success, returnData } = answers[i] ?? { success: false, returnData: "0x" };
      if (success) call.resolve(returnData);
      // What gives no reason may have had too little gas beside others: alone it says what is wrong, or goes well.
      else if (returnData === "0x") single(call);
      else call.reject(AbiCoder.getBuiltinCallException("call", call.request as Reason, returnData));
    }
  }

  async function aggregate(batch: readonly Waiting[]): Promise<{ success: boolean; returnData: string }[]> {
    const calls = batch.map(({ request }) => ({ target: request.to, allowFailure: true, callData: request.data }));
    const data = abi.encodeFunctionData("aggregate3", [calls]);
    const answer = await provider.call({ to: MULTICALL3, data, blockTag: batch[0].request.blockTag });

    return abi.decodeFunctionResult("aggregate3", answer).results;
  }

  return {
    provider,
    resolveName: (name) => provider.resolveName(name),
    call(request) {
      return new Promise((resolve, reject) => {
        const call = { request, resolve, reject };
        if (!isPlain(request)) return single(call);

        const moment = String(request.blockTag ?? "latest");
        const batch = waiting.get(moment) ?? [];
        if (batch.length === 0) {
          waiting.set(moment, batch);
          setTimeout(() => {
            waiting.delete(moment);
            for (let i = 0; i < batch.length; i += MAX_BATCH) void flush(batch.slice(i, i + MAX_BATCH));
          });
        }
        batch.push(call);
      });
    },
  };
}

/** Who calls, with how much gas and what coin, would be others within Multicall3. */
function isPlain({ to, data, blockTag: _moment, ...more }: TransactionRequest): boolean {
  return to !== undefined && data !== undefined && Object.values(more).every((value) => value === undefined);
}
