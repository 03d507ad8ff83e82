import type { Log, Provider, TopicFilter } from "ethers";

/** Which logs, and from where to where. */
export interface LogQuery {
  address: string;
  topics: TopicFilter;
  fromBlock: number;
  toBlock: number;
}

/**
 * Reads logs in as few requests as the node allows: the whole range first, halves where it refuses, and larger pieces
 * again where it does not.
 *
 * @param signal Ends it between two requests.
 */
export async function readLogs(
  provider: Provider,
  { fromBlock, toBlock, ...filter }: LogQuery,
  signal?: AbortSignal,
): Promise<Log[]> {
  const logs: Log[] = [];
  let span = toBlock - fromBlock + 1;
  for (let from = fromBlock; from <= toBlock;) {
    signal?.throwIfAborted();
    const to = Math.min(from + span - 1, toBlock);
    try {
      logs.push(...(await provider.getLogs({ ...filter, fromBlock: from, toBlock: to })));
      from = to + 1;
      span *= 2;
    } catch (error) {
      // Nodes say in many ways that it is too much; of one block it never is.
      if (from === to) throw error;
      span = Math.ceil((to - from + 1) / 2);
    }
  }

  return logs;
}
