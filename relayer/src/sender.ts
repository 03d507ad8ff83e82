import { MAX_TRANSACTION_GAS } from "@commonweal/sdk";
import { dataLength, isError, keccak256, type TransactionReceipt, type TransactionRequest } from "ethers";
import { type Chain, castOf, refusalIn, relayInterface } from "./chain.js";
import type { Config } from "./config.js";
import type { DailyLimit, Now } from "./limits.js";
import { type Entry, keyOf, type Queue } from "./queue.js";

/** Sends batches, one after the other, and sees to it that each is mined. */
export interface Sender {
  /** Whether a batch is on its way. */
  readonly busy: boolean;
  /** Why the last batch could not be sent. */
  readonly problem: string | undefined;
  /** Sends as many of these ballots, of one governor, as it can pay for. */
  send(entries: readonly Entry[]): Promise<void>;
  /** Looks what became of the batch, and sends it again if nothing did. */
  follow(): Promise<void>;
}

/** What a sender works with. */
export interface Parts {
  chain: Chain;
  queue: Queue;
  budget: DailyLimit;
  config: Config;
  log: (line: string) => void;
  now: Now;
}

interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** A batch on its way: one nonce, and each transaction that was sent with it. */
interface Batch {
  entries: readonly Entry[];
  request: TransactionRequest & Fees & { nonce: number; gasLimit: bigint };
  raw: string;
  hashes: string[];
  sentAt: number;
}

/** As in BallotRelay, where nothing is given less: OVERHEAD_GAS. */
const BALLOT_OVERHEAD_GAS = 12_000n;
const BASE_GAS = 60_000n;
const BYTE_GAS = 16n;
/** By EIP-7623 a transaction takes at least this, and so much for each byte, whatever it does. */
const FLOOR_GAS = 21_000n;
const FLOOR_BYTE_GAS = 40n;
/** A node asks for a tenth more when a transaction replaces another. */
const BUMP_PERCENT = 113n;

export function senderOf({ chain, queue, budget, config, log, now }: Parts): Sender {
  const { provider, wallet } = chain;
  const { ballotGas } = config;
  let batch: Batch | undefined;
  let problem: string | undefined;
  /** Since when transactions wait that this process has not sent. */
  let foreignSince: number | undefined;

  async function send(entries: readonly Entry[]): Promise<void> {
    problem = undefined;
    const fees = await feesOf();
    if (fees === undefined) return hold("gas costs more than --max-fee");

    const nonce = await freeNonce();
    if (nonce === undefined) return hold("earlier transactions of the relayer's account are not mined yet");

    const left = smallest(budget.left(), await provider.getBalance(wallet.address));
    const affordable = smallest(left / fees.maxFeePerGas, config.batchGas, MAX_TRANSACTION_GAS);
    const sent = fitting(entries, affordable);
    if (sent.length === 0) {
      return hold(
        budget.left() === left ? "the day's budget is spent" : `the account ${wallet.address} has too little ETH`,
      );
    }

    const data = dataOf(sent);
    await broadcast(sent, {
      ...{ type: 2, chainId: chain.chainId, nonce, to: chain.relay, data, ...fees },
      gasLimit: gasFor(sent.length, dataLength(data), ballotGas),
    });
  }

  /** What a transaction may cost, whatever its ballots do, is what it is given: they may take all of it. */
  function fitting(entries: readonly Entry[], gas: bigint): readonly Entry[] {
    for (let count = entries.length; count > 0; --count) {
      const first = entries.slice(0, count);
      if (gasFor(count, dataLength(dataOf(first)), ballotGas) <= gas) return first;
    }

    return [];
  }

  function dataOf(entries: readonly Entry[]): string {
    return relayInterface.encodeFunctionData("castBallots", [
      ...[entries[0].governor, entries.map(({ ballot }) => ballot), ballotGas],
    ]);
  }

  /** Returns what gas costs now; undefined if that is too much. */
  async function feesOf(): Promise<Fees | undefined> {
    const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
    const priority = maxPriorityFeePerGas ?? 0n;
    // As ethers proposes it: twice the base fee, and the priority fee.
    const base = ((maxFeePerGas ?? 0n) - priority) / 2n;
    if (base + priority > config.maxFeePerGas) return undefined;

    return { maxFeePerGas: smallest(maxFeePerGas ?? 0n, config.maxFeePerGas), maxPriorityFeePerGas: priority };
  }

  /** Returns the account's next nonce; undefined while others of its transactions wait, such as of a run before this. */
  async function freeNonce(): Promise<number | undefined> {
    const [mined, waiting] = await Promise.all([
      provider.getTransactionCount(wallet.address, "latest"),
      provider.getTransactionCount(wallet.address, "pending"),
    ]);
    if (mined === waiting) foreignSince = undefined;
    else foreignSince ??= now();

    return mined === waiting || now() - Number(foreignSince) > config.resendSeconds * 1_000 ? waiting : undefined;
  }

  /** From here on the ballots are in this transaction, wherever it stays: only its nonce tells. */
  async function broadcast(entries: readonly Entry[], request: Batch["request"], earlier: string[] = []) {
    const raw = await wallet.signTransaction(request);
    const hash = keccak256(raw);
    // All that it may cost, until that is known: who stops in between does not forget it.
    budget.use(costOf(request) - (batch === undefined ? 0n : costOf(batch.request)));
    batch = { entries, request, raw, hashes: [...earlier, hash], sentAt: now() };
    queue.send(entries, hash);
    log(`sends ${entries.length} ballots in ${hash}`);
    try {
      await provider.send("eth_sendRawTransaction", [raw]);
    } catch (error) {
      if (!isError(error, "INSUFFICIENT_FUNDS") || earlier.length > 0) return hold(reasonOf(error));

      // It is nowhere.
      release();
      hold(`the account ${wallet.address} has too little ETH`);
    }
  }

  async function follow(): Promise<void> {
    if (batch === undefined) return;
    const { request, hashes } = batch;
    const receipts = await Promise.all(hashes.map((hash) => provider.getTransactionReceipt(hash)));
    const receipt = receipts.find((found) => found !== null);
    if (receipt) {
      if ((await receipt.confirmations()) >= config.confirmations) await settle(batch, receipt);
    } else if ((await provider.getTransactionCount(wallet.address, "latest")) > request.nonce) {
      // A receipt may come a moment after the nonce.
      if (now() - batch.sentAt < config.resendSeconds * 1_000) return;
      log(`${hashes.at(-1)} was replaced by another transaction of the account`);
      release();
    } else if (now() - batch.sentAt >= config.resendSeconds * 1_000) {
      await resend(batch);
    }
  }

  /** The same again for a price that nodes take as a replacement, or as it was if that is more than may be paid. */
  async function resend({ entries, request, raw, hashes }: Batch): Promise<void> {
    const market = await feesOf();
    const raised = (fee: "maxFeePerGas" | "maxPriorityFeePerGas") =>
      largest((request[fee] * BUMP_PERCENT) / 100n + 1n, market?.[fee] ?? 0n);
    const fees = { maxFeePerGas: raised("maxFeePerGas"), maxPriorityFeePerGas: raised("maxPriorityFeePerGas") };
    const isTooMuch =
      fees.maxFeePerGas > config.maxFeePerGas || costOf({ ...request, ...fees }) - costOf(request) > budget.left();
    if (!isTooMuch) return broadcast(entries, { ...request, ...fees }, hashes);

    (batch as Batch).sentAt = now();
    log(`sends ${hashes.at(-1)} again`);
    // A node that has it still says so.
    await provider.send("eth_sendRawTransaction", [raw]).catch((error: unknown) => log(reasonOf(error)));
  }

  async function settle({ entries, request }: Batch, receipt: TransactionReceipt): Promise<void> {
    const found = outcomesIn(receipt, entries[0].governor);
    const ends = await Promise.all(entries.map((entry) => endOf(entry, found.get(keyOf(entry)), receipt.hash)));

    budget.use(receipt.fee - costOf(request));
    batch = undefined;
    problem = undefined;
    for (const [i, entry] of entries.entries()) {
      const end = ends[i];
      if (end === undefined) queue.retry(entry);
      else queue.finish(entry, end);
    }
    log(`${receipt.hash} was mined for ${receipt.fee} wei`);
  }

  /** Returns how a ballot ended in a transaction; undefined if that is not known, which is no matter of the others. */
  async function endOf(entry: Entry, outcome: string | undefined, hash: string) {
    if (outcome === "cast") return { hash };
    try {
      const elsewhere = await castOf(chain, entry, entry.block);
      if (elsewhere !== undefined) return { hash: elsewhere };

      return outcome === undefined ? undefined : { refusal: refusalIn(chain, entry.governor, outcome) };
    } catch (error) {
      log(`cannot tell what became of the ballot ${entry.id} (${reasonOf(error)})`);

      return undefined;
    }
  }

  /** Returns what became of each voter's ballot: cast, or the reason that the governor gave. */
  function outcomesIn(receipt: TransactionReceipt, governor: string): Map<string, string> {
    const { interface: coder } = chain.governorAt(governor);
    const outcomes = new Map<string, string>();
    for (const log of receipt.logs) {
      const isRelays = log.address === chain.relay;
      const event = isRelays ? relayInterface.parseLog(log) : log.address === governor ? coder.parseLog(log) : null;
      if (event === null || !/^(BallotRefused|VoteCast|VoteCastWithParams)$/.test(event.name)) continue;

      const { voter, proposalId } = event.args;
      const key = keyOf({ governor, ballot: { voter, proposalId: String(proposalId) } });
      outcomes.set(key, isRelays ? event.args.reason : "cast");
    }

    return outcomes;
  }

  function release(): void {
    if (batch === undefined) return;
    budget.use(-costOf(batch.request));
    for (const entry of batch.entries) queue.putBack(entry);
    batch = undefined;
  }

  function hold(reason: string): void {
    problem = reason;
    log(`waits: ${reason}`);
  }

  return {
    get busy() {
      return batch !== undefined;
    },
    get problem() {
      return problem;
    },
    send,
    follow,
  };
}

/** Returns the gas limit of a batch. */
export function gasFor(count: number, bytes: number, ballotGas: bigint): bigint {
  const ballots = BigInt(count) * (ballotGas + BALLOT_OVERHEAD_GAS);
  // The last ballot's part is given only if a 63rd of it stays behind.
  const sum = BASE_GAS + BYTE_GAS * BigInt(bytes) + ballots + ballotGas / 63n;

  return largest(sum, FLOOR_GAS + FLOOR_BYTE_GAS * BigInt(bytes));
}

/** Returns the most that a transaction may cost. */
function costOf({ gasLimit, maxFeePerGas }: Pick<Batch["request"], "gasLimit" | "maxFeePerGas">): bigint {
  return gasLimit * maxFeePerGas;
}

function smallest(...values: readonly bigint[]): bigint {
  return [...values].sort((a, b) => (a < b ? -1 : 1))[0];
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** What a node says, on one line. */
export function reasonOf(error: unknown): string {
  const { shortMessage, message } = Object(error) as Record<string, unknown>;

  return String(shortMessage ?? message ?? error);
}
