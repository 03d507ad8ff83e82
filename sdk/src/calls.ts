import { type BaseContract, type FunctionFragment, Interface, type TransactionReceipt } from "ethers";
import type { TypedContractEvent, TypedContractMethod } from "./generated/types/common.js";

/** A call that a write sends as a transaction, or that a wallet of any kind makes in its place. */
export interface Call {
  to: string;
  /** The chain's coin that goes with it, in wei. */
  value: bigint;
  /** Function and arguments, encoded. */
  data: string;
}

/** A {@link Call} of which it is known how its function returns. */
export interface TypedCall<Returned = unknown> extends Call {
  fragment: FunctionFragment;
  /** What the sender estimates otherwise. */
  gasLimit?: bigint;
  /** For the compiler only. */
  returned?: Returned;
}

/** Encodes a call of a contract's function. */
export async function callOf<Args extends unknown[], Returned>(
  method: Pick<
    TypedContractMethod<Args, Returned, "nonpayable" | "payable">,
    "populateTransaction" | "fragment" | "getFragment"
  >,
  args: Args,
  { value = 0n, gasLimit }: { value?: bigint; gasLimit?: bigint } = {},
): Promise<TypedCall<Returned extends [infer Only] ? Only : Returned>> {
  const populate = method.populateTransaction as (...args: unknown[]) => Promise<Omit<Call, "value">>;
  const { to, data } = await populate(...args);

  return { to, value, data, fragment: method.fragment, gasLimit };
}

/** Decodes what a call returned, as ethers does: one value by itself, several by name. */
export function returnedBy<Returned>({ fragment }: TypedCall<Returned>, data: string): Returned {
  const values = new Interface([fragment]).decodeFunctionResult(fragment, data);

  return (values.length === 1 ? values[0] : values) as Returned;
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
