import {
  type BaseContract,
  type ContractTransactionResponse,
  Interface,
  isError,
  type TransactionReceipt,
} from "ethers";
import { TransactionFailed, TransactionReplaced } from "./errors.js";
import type { TypedContractEvent } from "./generated/types/common.js";

/** What a transaction leaves behind. */
export interface Transaction {
  hash: string;
  receipt: TransactionReceipt;
}

/** Waits until a transaction is sent and mined. */
export async function send(transaction: Promise<ContractTransactionResponse>): Promise<Transaction> {
  const receipt = await mined(await transaction);
  if (receipt.status === 0) throw new TransactionFailed(receipt);

  return { hash: receipt.hash, receipt };
}

async function mined(response: ContractTransactionResponse): Promise<TransactionReceipt> {
  // Ethers looks for replacements only if it is told since when, which it does not tell itself for a contract's calls.
  const replaceable = response.replaceableTransaction(await response.provider.getBlockNumber());
  try {
    // Null is for 0 confirmations only; one is waited for.
    return (await replaceable.wait()) as TransactionReceipt;
  } catch (error) {
    if (!isError(error, "TRANSACTION_REPLACED")) throw error;
    // The same transaction at another price is what was asked for.
    if (error.reason === "repriced") return error.receipt;

    throw new TransactionReplaced(response.hash, error.replacement.hash, { cause: error });
  }
}

/** Returns the arguments of a contract's events of one kind in a transaction. */
export function eventsOf<Event extends TypedContractEvent>(
  { logs }: TransactionReceipt,
  contract: Pick<BaseContract, "target">,
  { fragment }: Event,
): EventArguments<Event>[] {
  const coder = new Interface([fragment]);

  return logs
    .filter(({ address, topics }) => address === contract.target && topics[0] === fragment.topicHash)
    .map(({ data, topics }) => coder.decodeEventLog(fragment, data, topics).toObject() as EventArguments<Event>);
}

type EventArguments<Event> =
  Event extends TypedContractEvent<infer _Input, infer _Output, infer Arguments> ? Arguments : never;
