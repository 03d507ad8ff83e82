import { Interface, type ParamType, type Result } from "ethers";
import type { Action, Arguments, ArgumentValue } from "./actions.js";
import type { Context } from "./context.js";
import { type Contracts, contractsToRead } from "./contracts.js";
import { ERC20 } from "./generated/fragments/ERC20.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import { type GovernorPair, governorOf } from "./governors.js";

/** An action, and what is known of the call that it makes. */
export interface DecodedAction extends Required<Action> {
  /** Who makes the call, with its own money: a timelock, or a governor that relays it. */
  caller: string;
  /** The name of the contract as in `commonweal.contracts`, or `ERC20`; undefined for a target that is not known. */
  contract?: string;
  /** The function's name; undefined for a plain transfer, and for a function that is not known. */
  function?: string;
  args: Arguments;
  /** The currency that the call is in, as the contracts know it, where its arguments do not name it. */
  currency?: string;
  /** The calls that this one carries for a timelock or a governor to make, now or later. */
  calls: DecodedAction[];
  /** Whether it carries calls that are not in `calls`: they lie too deep, are too many, or are named by an id. */
  hidesCalls: boolean;
}

const ERC20_TRANSFERS = ["approve", "transfer", "transferFrom"];

/** So deep are calls within calls looked at, and so many in all: a few bytes can be made to stand for any number. */
const MAX_DEPTH = 4;
const MAX_CARRIED = 200;

/** Functions that carry calls; those of governors that take a proposal's id carry what was proposed. */
const TIMELOCK_CARRIERS = ["schedule", "scheduleBatch", "execute", "executeBatch"];
const GOVERNOR_CARRIERS = ["relay", "propose", "queue", "execute"];
const CARRIERS: { readonly [Contract in keyof Contracts]?: readonly string[] } = {
  TimelockController: TIMELOCK_CARRIERS,
  SafetyTimelock: TIMELOCK_CARRIERS,
  WealGovernor: GOVERNOR_CARRIERS,
  SafetyGovernor: GOVERNOR_CARRIERS,
};

/** Finds out what actions of a timelock call, and what the calls within these calls do. */
export async function decodeActions(
  context: Context,
  { timelock }: GovernorPair,
  actions: readonly Required<Action>[],
): Promise<DecodedAction[]> {
  const contracts = contractsToRead(context);
  const erc20 = new Interface(ERC20.fragments);
  let room = MAX_CARRIED;

  function decode(action: Required<Action>, caller: string, depth: number): DecodedAction {
    const call = { ...action, caller, ...knownCall(contracts, erc20, action) };
    if (!isCarrier(call)) return { ...call, calls: [], hidesCalls: false };

    const carried = carriedBy(call.args);
    if (carried === undefined || depth === MAX_DEPTH || carried.length > room) {
      return { ...call, calls: [], hidesCalls: true };
    }
    room -= carried.length;
    const next = carrierOf(context, call);

    return { ...call, calls: carried.map((inner) => decode(inner, next, depth + 1)), hidesCalls: false };
  }

  const decoded = actions.map((action) => decode(action, String(timelock.target), 0));
  await Promise.all(everyCall(decoded).map(({ action }) => addCurrency(context, action)));

  return decoded;
}

/** A round is paid in its own currency, which the call does not name. */
async function addCurrency({ at }: Context, action: DecodedAction): Promise<void> {
  if (action.contract !== "TrainingRounds" || action.function !== "fund") return;

  const { state, currency } = await at(TrainingRounds).roundOf(String(action.args.roundId));
  // Of a round that does not exist, the currency is zero, which stands for ETH.
  if (state > 0n) action.currency = currency;
}

/** Returns actions with the calls that they carry, each before what it carries, and the place of the action in the list. */
export function everyCall(actions: readonly DecodedAction[]): { action: DecodedAction; index: number }[] {
  const within = (action: DecodedAction): DecodedAction[] => [action, ...action.calls.flatMap(within)];

  return actions.flatMap((action, index) => within(action).map((action) => ({ action, index })));
}

/** Any contract of the protocol is known, and the functions that move an ERC-20. */
function knownCall(
  contracts: Contracts,
  erc20: Interface,
  { target, data }: Action,
): Pick<DecodedAction, "contract" | "function" | "args"> {
  const [contract, { interface: abi }] = Object.entries(contracts).find(([, known]) => known.target === target) ?? [
    undefined,
    { interface: erc20 },
  ];
  const call = parse(abi, data);
  if (contract !== undefined) return { contract, args: {}, ...call };

  // Of a target that is not known, only this much can be guessed.
  const isTransfer = call !== undefined && ERC20_TRANSFERS.includes(call.function);
  return isTransfer ? { contract: "ERC20", ...call } : { args: {} };
}

function parse(abi: Interface, data: string): { function: string; args: Arguments } | undefined {
  try {
    const call = abi.parseTransaction({ data });

    return call === null ? undefined : { function: call.name, args: plainArguments(call.fragment.inputs, call.args) };
  } catch {
    // The bytes only begin like the call.
    return undefined;
  }
}

function plainArguments(inputs: readonly ParamType[], values: Result): Record<string, ArgumentValue> {
  return Object.fromEntries(inputs.map((input, i) => [input.name || String(i), plainValue(input, values[i])]));
}

/** Returns a decoded value without ethers' own kind of array. */
export function plainValue(type: ParamType, value: unknown): ArgumentValue {
  if (type.isArray()) return [...(value as Result)].map((element) => plainValue(type.arrayChildren, element));
  if (type.isTuple()) return plainArguments(type.components, value as Result);

  return value as ArgumentValue;
}

/** Whether an action's target has the functions of an ERC-20. */
export function isToken({ contract }: DecodedAction): boolean {
  return contract === "ERC20" || contract === "WealToken";
}

/* CALLS WITHIN CALLS */

function isCarrier({ contract, function: name = "" }: Pick<DecodedAction, "contract" | "function">): boolean {
  return CARRIERS[contract as keyof Contracts]?.includes(name) ?? false;
}

/** Returns undefined for a call that names what it carries by an id. */
function carriedBy({
  target,
  value,
  data,
  payload,
  targets,
  values,
  ...args
}: Arguments): Required<Action>[] | undefined {
  if (target !== undefined) return [{ target, value, data: data ?? payload } as Required<Action>];
  if (targets === undefined) return undefined;

  // Lists of different lengths are refused by all of these functions.
  const [amounts, calls] = [values, args.calldatas ?? args.payloads] as [bigint[], string[]];
  return (targets as string[]).map((target, i) => ({ target, value: amounts[i] ?? 0n, data: calls[i] ?? "0x" }));
}

/** Returns who makes the calls that a call carries: a governor only what it relays, else its timelock. */
function carrierOf(context: Context, { target, function: name }: Pick<DecodedAction, "target" | "function">): string {
  const pairs = (["main", "safety"] as const).map((pair) => governorOf(context, pair));
  const pair = name === "relay" ? undefined : pairs.find(({ governor }) => governor.target === target);

  return String(pair?.timelock.target ?? target);
}
