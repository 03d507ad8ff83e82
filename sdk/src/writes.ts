import type { TransactionHash } from "./brands.js";
import { isError, type TransactionReceipt, type TransactionRequest, type TransactionResponse } from "ethers";
import { orAborted } from "./aborts.js";
import { type Call, returnedBy, type TypedCall } from "./calls.js";
import type { Context } from "./context.js";
import { NetworkFailure, TransactionFailed, TransactionReplaced } from "./errors.js";
import { typedError, withTypedError } from "./failures.js";
import { SendUnanswered, TransactionReorged, WaitAborted } from "./transactionErrors.js";

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
     */
    wait(options?: { confirmations?: number; signal?: AbortSignal }): Promise<Sent<Outcome>>;
  };

/** What any write takes besides its own options. */
export interface WriteOptions {
  /** Ends it: before a transaction is sent nothing happens, after that the wait for it ends with {@link WaitAborted}. */
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
  /** Sends it, waits until it is mined, and returns what came of it. */
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
    signal?.throwIfAborted();
    const { approvals = [], call, outcome } = await prepare(options as NonNullable<Options>);
    let nonce = overrides?.nonce;
    for (const approval of approvals) {
      const response = await submit(context, approval, { signal, onSent, overrides: { ...overrides, nonce } });
      await mined(context, response, signal);
      // The provider may still remember the nonce from before.
      nonce = response.nonce + 1;
    }
    const response = await submit(context, call, { signal, onSent, overrides: { ...overrides, nonce } });

    return sentOf(context, await mined(context, response, signal), outcome);
  }

  const ask = <T>(look: (prepared: Prepared<Outcome, Preview>, from: string) => Promise<T>) =>
    async function asked(options: NonNullable<Options>): Promise<T> {
      return look(await prepare(options), await context.signer().getAddress());
    };
  const typed =
    <T>(ask: (options: Given) => Promise<T>) =>
    (options?: Given) =>
      withTypedError(ask(options ?? ({} as Given)));

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

/** Sends one call and waits until it is mined: for what sends as many as it finds needful. */
export async function sendCall(context: Context, call: TypedCall, options: WriteOptions = {}): Promise<Transaction> {
  const receipt = await mined(context, await submit(context, call, options), options.signal);

  return { hash: receipt.hash, receipt };
}

function requestOf({ to, value, data, gasLimit }: TypedCall): TransactionRequest {
  return { to, data, ...(value === 0n ? {} : { value }), ...(gasLimit === undefined ? {} : { gasLimit }) };
}

/* SENDING */

async function submit(
  { chainId, signer }: Context,
  call: TypedCall,
  { signal, onSent, overrides = {} }: WriteOptions,
): Promise<TransactionResponse> {
  signal?.throwIfAborted();
  const chosen = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  try {
    // With the chain's id a wallet that was switched to another chain refuses.
    const response = await signer().sendTransaction({ ...requestOf(call), ...chosen, chainId });
    onSent?.(response.hash);

    return response;
  } catch (error) {
    const failure = await typedError(error);
    throw failure instanceof NetworkFailure ? new SendUnanswered(failure.reason, { cause: error }) : failure;
  }
}

async function mined(
  { provider }: Context,
  response: TransactionResponse,
  signal?: AbortSignal,
): Promise<TransactionReceipt> {
  // Ethers looks for replacements only if it is told since when.
  const replaceable = response.replaceableTransaction(await provider.getBlockNumber());
  try {
    // Null is for 0 confirmations only; one is waited for.
    const receipt = (await unlessAborted(replaceable.wait(), response.hash, signal)) as TransactionReceipt;
    if (receipt.status === 0) throw new TransactionFailed(receipt);

    return receipt;
  } catch (error) {
    if (!isError(error, "TRANSACTION_REPLACED")) throw error;
    // The same transaction at another price is what was asked for.
    if (error.reason !== "repriced")
      throw new TransactionReplaced(response.hash, error.replacement.hash, { cause: error });
    if (error.receipt.status === 0) throw new TransactionFailed(error.receipt);

    return error.receipt;
  }
}

/* WAITING */

/** A provider's own news of blocks can miss those that come while it begins to listen. */
const LOOK_AGAIN_MS = 500;

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
  for (;;) {
    const [head, receipt, block] = await Promise.all([
      provider.getBlockNumber(),
      provider.getTransactionReceipt(hash),
      provider.getBlock(blockNumber),
    ]);
    if (receipt !== null && receipt.status === 0) throw new TransactionFailed(receipt);
    if (receipt !== null && head - receipt.blockNumber + 1 >= confirmations) return receipt;
    // A node behind the one that was asked before knows neither yet.
    if (receipt === null && block !== null && block.hash !== blockHash) throw new TransactionReorged(hash, blockNumber);

    await unlessAborted(new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS)), hash, signal);
  }
}

/** As {@link orAborted}, and tells which transaction was waited for. */
async function unlessAborted<T>(work: Promise<T>, hash: string, signal?: AbortSignal): Promise<T> {
  if (signal?.aborted) throw new WaitAborted(hash, { cause: signal.reason });
  try {
    return await orAborted(work, signal);
  } catch (error) {
    throw signal?.aborted ? new WaitAborted(hash, { cause: error }) : error;
  }
}
