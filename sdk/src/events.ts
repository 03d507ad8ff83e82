import {
  type BaseContract,
  EventFragment,
  Indexed,
  Interface,
  type ParamType,
  Result,
  toUtf8String,
  Utf8ErrorFuncs,
} from "ethers";
import type { ContractDescriptor } from "./descriptors.js";
import { InvalidArgument } from "./errors.js";
import type { TypedContractEvent } from "./generated/types/common.js";

/** What decoding needs of a log; ethers', viem's and a node's own have it. */
export interface EncodedLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** The names of a contract's events. */
export type EventName<Type extends BaseContract> = Exclude<keyof Type["filters"], `${string}(${string}`> & string;

/** The arguments of an event, by name. */
export type EventArguments<Type extends BaseContract, Name extends EventName<Type>> =
  Type["filters"][Name] extends TypedContractEvent<infer _Input, infer _Output, infer Arguments> ? Arguments : never;

/** An event of a contract: `name` tells which, and so what `args` has. */
export type DecodedEvent<Type extends BaseContract, Log extends EncodedLog = EncodedLog> = {
  [Name in EventName<Type>]: {
    readonly name: Name;
    readonly args: Readonly<EventArguments<Type, Name>>;
    readonly log: Log;
  };
}[EventName<Type>];

const interfaces = new WeakMap<ContractDescriptor, Interface>();

/** Returns ethers' reader of a contract's functions and events, made once. */
export function interfaceOf(descriptor: ContractDescriptor): Interface {
  const known = interfaces.get(descriptor) ?? new Interface(descriptor.fragments);
  interfaces.set(descriptor, known);

  return known;
}

/**
 * Decodes the events of one contract among logs, such as a receipt's. What another contract emitted is left out, and so is
 * what the contract's type does not declare. Text that is no UTF-8, which anybody may put into an event, is read with
 * U+FFFD for what is none.
 *
 * @param address The contract: others may emit what looks the same.
 * @throws {InvalidArgument} when a log of the contract is not as the contract emits it: the node does not tell the truth.
 * @example
 * for (const { name, args } of decodeEvents(RoyaltyLedger, ledger, receipt.logs)) {
 *   if (name === "Claimed") console.log(args.holder, args.amount);
 * }
 */
export function decodeEvents<Type extends BaseContract, Log extends EncodedLog>(
  descriptor: ContractDescriptor<string, Type>,
  address: string,
  logs: Iterable<Log>,
): DecodedEvent<Type, Log>[] {
  const reader = interfaceOf(descriptor);
  const decoded: DecodedEvent<Type, Log>[] = [];
  for (const log of logs) {
    const [topic] = log.topics;
    const event = topic === undefined ? null : reader.getEvent(topic);
    if (event === null || log.address.toLowerCase() !== address.toLowerCase()) continue;
    const args = argumentsOf(reader, event, log);
    if (args === undefined)
      throw new InvalidArgument("log", log.data, `a log of ${descriptor.name}.${event.name} as the contract emits it`);
    decoded.push({ name: event.name, args, log } as unknown as DecodedEvent<Type, Log>);
  }

  return decoded;
}

/** Returns undefined for what is not encoded as the event's arguments are. */
function argumentsOf(reader: Interface, event: EventFragment, { data, topics }: EncodedLog): object | undefined {
  const bytes = withBytes(event);
  try {
    const values = reader.decodeEventLog(bytes, data, [bytes.topicHash, ...topics.slice(1)]);

    return Object.fromEntries(event.inputs.map((input, i) => [input.name, readable(input, values[i])]));
  } catch {
    return undefined;
  }
}

const eventsWithBytes = new WeakMap<EventFragment, EventFragment>();

/** Returns the event with bytes for texts: of a text that is no UTF-8, ethers would not give any argument. */
function withBytes(event: EventFragment): EventFragment {
  const known = eventsWithBytes.get(event) ?? EventFragment.from(event.format("full").replace(/\bstring\b/g, "bytes"));
  eventsWithBytes.set(event, known);

  return known;
}

/** Returns a value as ethers gives it, its texts from bytes. Ethers throws only here for what cannot be. */
function readable({ baseType, arrayChildren, components }: ParamType, value: unknown): unknown {
  // Of an indexed text, a log has the hash alone.
  if (value instanceof Indexed) return value;
  if (baseType === "string") return toUtf8String(value as string, Utf8ErrorFuncs.replace);
  if (arrayChildren !== null) return Result.fromItems((value as Result).map((each) => readable(arrayChildren, each)));
  if (components !== null) {
    const fields = components.map((component, i) => readable(component, (value as Result)[i]));

    return Result.fromItems(
      fields,
      components.map(({ name }) => name),
    );
  }

  return value;
}
