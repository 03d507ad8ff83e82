import {
  type BaseContract,
  type ContractTransactionResponse,
  Interface,
  isError,
  type TransactionReceipt,
} from "ethers";
import { TransactionFailed } from "./errors.js";
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

async function mined(transaction: ContractTransactionResponse): Promise<TransactionReceipt> {
  try {
    // Null is for 0 confirmations only; one is waited for.
    return (await transaction.wait()) as TransactionReceipt;
  } catch (error) {
    // The same transaction at another price is what was asked for.
    if (isError(error, "TRANSACTION_REPLACED") && error.reason === "repriced") return error.receipt;
    throw error;
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
