import type { TransactionHash } from "./brands.js";
import type { Provider, TransactionReceipt, TransactionRequest, TransactionResponse } from "ethers";
import { orAborted } from "./aborts.js";
import { type Call, returnedBy, type TypedCall } from "./calls.js";
import type { Context } from "./context.js";
import { type CommonwealError, NetworkFailure, TransactionFailed, TransactionReplaced } from "./errors.js";
import { reasonOf, typedError, withTypedError } from "./failures.js";
import { patiently } from "./patience.js";
import {
  Aborted,
  RateLimited,
  SendUnanswered,
  TransactionReorged,
  WaitAborted,
  WaitUnanswered,
} from "./transactionErrors.js";

/** What a transaction leaves behind. */
export interface Transaction {
  hash: TransactionHash;
  receipt: TransactionReceipt;
}

/** What a write found out, with its transaction; of several, the last one. */
export type Sent<Outcome> = Outcome &
  Transaction & {
    /**
     * Waits until the transaction is so deep in the chain that its block counts as the first of `confirmations`, and
     * returns the outcome as it is there: a chain that drops a block may mine the transaction anew, with another one.
     *
     * @param options.confirmations 1 or more; 1 by default, which is to look whether it still is where it was.
     * @param options.signal Ends the wait.
     * @throws {TransactionReorged} when the chain has dropped its block, and has not mined it anew.
     * @throws {TransactionFailed} when it was mined anew, and reverted.
     * @throws {WaitAborted} when the signal ended the wait.
     * @throws {WaitUnanswered} when the node no longer answers.
     */
    wait(options?: { confirmations?: number; signal?: AbortSignal }): Promise<Sent<Outcome>>;
  };

/** What any write takes besides its own options. */
export interface WriteOptions {
  /** Ends it with {@link Aborted} before anything is sent; after that only waits end, and nothing more is sent: {@link WaitAborted}. */
  signal?: AbortSignal;
  /** Called with the hash of each transaction as soon as it is sent. */
  onSent?: (hash: string) => void;
  /** Fees in wei per gas, gas limit and nonce, where the signer is not to choose them. */
  overrides?: Pick<TransactionRequest, "gasLimit" | "maxFeePerGas" | "maxPriorityFeePerGas" | "gasPrice"> & {
    /** Of the first transaction, if there are several. */
    nonce?: number;
  };
}

/**
 * A function that changes something on the chain, and what can be asked about it beforehand.
 *
 * To ask for an account without its key, such as a Safe, connect with `new VoidSigner(account, provider)` of ethers.
 */
export interface Write<Options, Outcome = unknown, Preview = Outcome> {
  /**
   * Sends it, waits until it is mined, and returns what came of it. A node that fails meanwhile is asked again for a while.
   *
   * @throws {SendUnanswered} when the node did not say whether it took the transaction.
   * @throws {WaitUnanswered} when it took it, and no longer answers.
   */
  (...args: WriteArguments<Options, WriteOptions>): Promise<Sent<Outcome>>;

  /**
   * Returns what would come of it now, and sends nothing. An approval that is needed is counted as given.
   *
   * @throws {ContractError} when a contract would refuse it.
   */
  simulate(...args: WriteArguments<Options>): Promise<Preview>;

  /** Returns how much gas it would use now, in all its transactions; an upper bound where an approval comes first. */
  estimate(...args: WriteArguments<Options>): Promise<bigint>;

  /** Returns the calls that it would send, in order: for a Safe, a batch of EIP-7702 or ERC-4337, or another library. */
  populate(...args: WriteArguments<Options>): Promise<Call[]>;
}

type WriteArguments<Options, More = unknown> = undefined extends Options
  ? [options?: Options & More]
  : [options: Options & More];

/** What a write comes down to, for certain options. */
export interface Prepared<Outcome, Preview, Returned = unknown> {
  /** Lets a contract take what the call needs. */
  approvals?: readonly TypedCall[];
  call: TypedCall<Returned>;
  /** Reads from the mined transaction what came of it. */
  outcome(receipt: TransactionReceipt): Outcome;
  /** Tells what would come of it from what the call returned. */
  preview(returned: Returned): Preview;
}

/** What comes of a write that is known before it is sent. */
export function known<Outcome>(outcome: Outcome): { outcome(): Outcome; preview(): Outcome } {
  return { outcome: () => outcome, preview: () => outcome };
}

/** Makes a write of a function that says what it comes down to. Its failures are errors of this SDK. */
export function writeOf<Options, Outcome, Preview = Outcome>(
  context: Context,
  prepare: (options: NonNullable<Options>) => Promise<Prepared<Outcome, Preview>>,
): Write<Options, Outcome, Preview> {
  type Given = NonNullable<Options> & WriteOptions;

  async function write({ signal, onSent, overrides, ...options }: Given): Promise<Sent<Outcome>> {
    const { approvals = [], call, outcome } = await prepare(options as NonNullable<Options>);
    let nonce = overrides?.nonce;
    let earlier: string | undefined;
    for (const approval of approvals) {
      const sent = await send(context, approval, { signal, onSent, overrides: { ...overrides, nonce } }, earlier);
      // The provider may still remember the nonce from before.
      nonce = sent.nonce + 1;
      earlier = sent.receipt.hash;
    }
    const { receipt } = await send(context, call, { signal, onSent, overrides: { ...overrides, nonce } }, earlier);

    return sentOf(context, receipt, outcome);
  }

  const ask = <T>(look: (prepared: Prepared<Outcome, Preview>, from: string) => Promise<T>) =>
    async function asked(options: NonNullable<Options>): Promise<T> {
      return look(await prepare(options), await context.signer().getAddress());
    };
  const typed =
    <T>(ask: (options: Given) => Promise<T>) =>
    (options?: Given) =>
      withTypedError(ask(options ?? ({} as Given)), options?.signal);

  return Object.assign(typed(write), {
    simulate: typed(
      ask(async ({ approvals = [], call, preview }, from) => {
        if (approvals.length === 0)
          return preview(returnedBy(call, await context.provider.call({ ...requestOf(call), from })));
        const { runCalls } = await import("./callSimulator.js");

        return preview(returnedBy(call, (await runCalls(context.provider, from, [...approvals, call])).data));
      }),
    ),
    estimate: typed(
      ask(async ({ approvals = [], call }, from) => {
        if (approvals.length === 0) return context.provider.estimateGas({ ...requestOf(call), from });
        const { runCalls } = await import("./callSimulator.js");

        return (await runCalls(context.provider, from, [...approvals, call])).gas;
      }),
    ),
    populate: typed(
      ask(async ({ approvals = [], call }) => [...approvals, call].map(({ to, value, data }) => ({ to, value, data }))),
    ),
  }) as Write<Options, Outcome, Preview>;
}

/**
 * Sends one call and waits until it is mined: for what sends as many as it finds needful.
 *
 * @param earlier The hash of what was sent before it.
 */
export async function sendCall(
  context: Context,
  call: TypedCall,
  options: WriteOptions = {},
  earlier?: string,
): Promise<Transaction> {
  const { receipt } = await send(context, call, options, earlier);

  return { hash: receipt.hash, receipt };
}

/** Throws once something is not wanted any more: by then nothing was sent, or `earlier` last. */
export function throwIfAborted(signal: AbortSignal | undefined, earlier?: string): void {
  if (!signal?.aborted) return;
  const options = { cause: signal.reason };
  throw earlier === undefined ? new Aborted(options) : new WaitAborted(earlier, options);
}

function requestOf({ to, value, data, gasLimit }: TypedCall): TransactionRequest {
  return { to, data, ...(value === 0n ? {} : { value }), ...(gasLimit === undefined ? {} : { gasLimit }) };
}

/* SENDING */

async function send(
  { chainId, provider, signer }: Context,
  call: TypedCall,
  { signal, onSent, overrides = {} }: WriteOptions,
  earlier?: string,
): Promise<{ receipt: TransactionReceipt; nonce: number }> {
  throwIfAborted(signal, earlier);
  const chosen = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  // What takes its place cannot be mined before.
  const since = await provider.getBlockNumber();
  throwIfAborted(signal, earlier);
  const response = await signer()
    // With the chain's id a wallet that was switched to another chain refuses.
    .sendTransaction({ ...requestOf(call), ...chosen, chainId })
    .catch(async (error: unknown) => {
      throw await sendError(error);
    });
  try {
    onSent?.(response.hash);
  } catch (error) {
    throw new WaitAborted(response.hash, { cause: error });
  }

  return { receipt: await mined(provider, response, since, signal), nonce: response.nonce };
}

/** What a node says of a transaction that it has: ethers, or what stands before the node, has sent it twice. */
const KNOWN = /already known|known transaction/i;

/** Tells a transaction that was not sent from one that may have been: sending that again would pay twice. */
async function sendError(error: unknown): Promise<CommonwealError> {
  const [failure, reason, options] = [await typedError(error), reasonOf(error), { cause: error }];
  // Where ethers puts it when a wallet has sent the transaction, and its node did not tell more.
  const hash: unknown = Object(Object(error).info).sendTransactionHash;
  if (typeof hash === "string") return new WaitUnanswered(hash, reason, options);
  // A signal does not reach here: what was aborted or late is the connection.
  const isUnanswered = [NetworkFailure, RateLimited, Aborted].some((type) => failure instanceof type);

  return isUnanswered || KNOWN.test(reason) ? new SendUnanswered(reason, options) : failure;
}

async function mined(
  provider: Provider,
  sent: TransactionResponse,
  since: number,
  signal?: AbortSignal,
): Promise<TransactionReceipt> {
  const look = minedLook(provider, sent, since);
  for (let looks = 0; ; ++looks) {
    const found = await answered(look, sent.hash, signal);
    if (found !== undefined) {
      // The same transaction at another price is what was asked for.
      if (!found.isSame) throw new TransactionReplaced(sent.hash, found.receipt.hash);
      if (found.receipt.status === 0) throw new TransactionFailed(found.receipt);

      return found.receipt;
    }
    await nextLook(looks, sent.hash, signal);
  }
}

/** How many blocks a node may be behind another one that answers at the same address. */
const LAG = 3;

/**
 * Returns a function that looks whether a transaction was mined, or one with its nonce in its place.
 *
 * Not `wait` of ethers: what it asks when a block comes it does not wait for, and a failure of that ends a process.
 */
function minedLook(provider: Provider, sent: TransactionResponse, since: number) {
  let next = since;

  return async (): Promise<{ receipt: TransactionReceipt; isSame: boolean } | undefined> => {
    const receipt = await provider.getTransactionReceipt(sent.hash);
    if (receipt !== null) return { receipt, isSame: true };
    const [head, count] = await Promise.all([provider.getBlockNumber(), provider.getTransactionCount(sent.from)]);
    if (count <= sent.nonce) {
      next = Math.max(next, head - LAG);
      return undefined;
    }

    for (; next <= head; ++next) {
      const block = await provider.getBlock(next, true);
      // From a node that is behind.
      if (block === null) return undefined;
      const found = block.prefetchedTransactions.find(({ from, nonce }) => from === sent.from && nonce === sent.nonce);
      if (found === undefined) continue;
      const replacement = await provider.getTransactionReceipt(found.hash);
      const isSame = found.to === sent.to && found.data === sent.data && found.value === sent.value;

      return replacement === null ? undefined : { receipt: replacement, isSame };
    }
    return undefined;
  };
}

/* WAITING */

/** Pauses between looks: short at first, for chains that are quick, and longer for nodes that limit how often they are asked. */
const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 4_000;

/** How often a node that fails is asked what became of a transaction: for about a minute, or a few failures of ethers. */
const TRIES = 18;

function sentOf<Outcome>(
  context: Context,
  receipt: TransactionReceipt,
  outcome: (receipt: TransactionReceipt) => Outcome,
): Sent<Outcome> {
  return {
    ...outcome(receipt),
    hash: receipt.hash,
    receipt,
    wait: ({ confirmations = 1, signal } = {}) =>
      withTypedError(
        confirmed(context, receipt, confirmations, signal).then((found) => sentOf(context, found, outcome)),
      ),
  };
}

async function confirmed(
  { provider }: Context,
  { hash, blockNumber, blockHash }: TransactionReceipt,
  confirmations: number,
  signal?: AbortSignal,
): Promise<TransactionReceipt> {
  const look = () =>
    Promise.all([
      provider.getBlockNumber(),
      provider.getTransactionReceipt(hash),
      provider.getBlock(blockNumber),
    ] as const);
  for (let looks = 0; ; ++looks) {
    const [head, receipt, block] = await answered(look, hash, signal);
    if (receipt !== null && receipt.status === 0) throw new TransactionFailed(receipt);
    if (receipt !== null && head - receipt.blockNumber + 1 >= confirmations) return receipt;
    // A node behind the one that was asked before knows neither yet.
    if (receipt === null && block !== null && block.hash !== blockHash) throw new TransactionReorged(hash, blockNumber);

    await nextLook(looks, hash, signal);
  }
}

/** Asks what became of a transaction until there is an answer: it was sent, so no failure of the node is the end of it. */
async function answered<T>(ask: () => Promise<T>, hash: string, signal?: AbortSignal): Promise<T> {
  try {
    return await patiently(ask, { signal, tries: TRIES });
  } catch (error) {
    throwIfAborted(signal, hash);
    throw new WaitUnanswered(hash, reasonOf(error), { cause: error });
  }
}

async function nextLook(looks: number, hash: string, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal, hash);
  const pause = Math.min(FIRST_LOOK_MS * 1.25 ** looks, LONGEST_LOOK_MS);
  await orAborted(new Promise((resolve) => setTimeout(resolve, pause)), signal).catch(() => undefined);
  throwIfAborted(signal, hash);
}
