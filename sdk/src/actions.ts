import { Interface, isHexString, type ParamType, type Result, ZeroAddress } from "ethers";
import { addressOf } from "./arguments.js";
import type { Context } from "./context.js";
import { InvalidArgument } from "./errors.js";
import { erc20Abi } from "./generated/abis/ERC20.js";
import type { GovernorPair } from "./governors.js";

/** A call that the timelock makes once a proposal is carried. */
export interface Action {
  target: string;
  /** Wei to send with it, from the timelock; 0 by default. */
  value?: bigint;
  /** The call, in hex. */
  data: string;
}

/** A proposal's id; as a decimal string too, for JSON. */
export type ProposalId = bigint | string;

/** A proposal that was made, by its id, or what one would be made of. */
export type ProposalLike = ProposalId | { actions: readonly Action[]; description?: string };

/** An argument of a call as plain data: structs are objects, enums are numbers. */
export type ArgumentValue = bigint | string | boolean | ArgumentValue[] | { [name: string]: ArgumentValue };

/** Arguments of a call by name; those without a name by their place. */
export type Arguments = Readonly<Record<string, ArgumentValue>>;

/** An action, and what is known of the call that it makes. */
export interface DecodedAction extends Required<Action> {
  /** The name of the contract as in `commonweal.contracts`, or `ERC20`; undefined for a target that is not known. */
  contract?: string;
  /** The function's name; undefined for a plain transfer, and for a function that is not known. */
  function?: string;
  args: Arguments;
}

/** Money that an action takes, or lets somebody take, from the treasury. */
export interface TreasuryTransfer {
  /** As the contracts know it: ETH is the zero address. */
  currency: string;
  to: string;
  units: bigint;
  /** Whether the call only approves it, so that it can be taken later. */
  isApproval: boolean;
}

const ERC20 = new Interface(erc20Abi);
const ERC20_TRANSFERS = ["approve", "transfer", "transferFrom"];

/** Returns the calls that a proposal makes. */
export async function actionsOf(
  { governor }: GovernorPair,
  proposal: ProposalLike,
): Promise<readonly Required<Action>[]> {
  if (typeof proposal === "object") return proposal.actions.map(completed);

  const [targets, values, calldatas] = await governor.proposalDetails(proposal);
  return targets.map((target, i) => ({ target, value: values[i], data: calldatas[i] }));
}

/** Returns an action with its value, whose address and call are well-formed. */
export function completed({ target, value = 0n, data }: Action): Required<Action> {
  if (!isHexString(data) || data.length % 2 === 1)
    throw new InvalidArgument("actions.data", data, "a call, 0x… in hex");

  return { target: addressOf(target, "actions.target"), value, data };
}

/** Finds out what an action calls. Any contract of the protocol is known, and the functions that move an ERC-20. */
export function decodeAction({ contracts }: Context, action: Required<Action>): DecodedAction {
  const [contract, { interface: abi }] = Object.entries(contracts).find(
    ([, { target }]) => target === action.target,
  ) ?? [undefined, { interface: ERC20 }];
  const call = parse(abi, action.data);
  if (contract !== undefined) return { ...action, contract, args: {}, ...call };

  // Of a target that is not known, only this much can be guessed.
  const isTransfer = call !== undefined && ERC20_TRANSFERS.includes(call.function);
  return isTransfer ? { ...action, contract: "ERC20", ...call } : { ...action, args: {} };
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

/** Returns what an action takes out of the treasury, which is the timelock, or lets somebody take out. */
export function transfersOf(action: DecodedAction, treasury: string): TreasuryTransfer[] {
  const { target, value, args } = action;
  const ofToken = (to: ArgumentValue, units: ArgumentValue, isApproval = false) => ({
    currency: target,
    to: String(to),
    units: BigInt(String(units)),
    isApproval,
  });
  const transfers = [{ currency: ZeroAddress, to: target, units: value, isApproval: false }];
  if (isToken(action)) {
    if (action.function === "transfer") transfers.push(ofToken(args.to, args.value));
    if (action.function === "approve") transfers.push(ofToken(args.spender, args.value, true));
    if (action.function === "transferFrom" && args.from === treasury) transfers.push(ofToken(args.to, args.value));
  }

  return transfers.filter(({ to, units }) => units > 0n && to !== treasury);
}

/** Whether an action's target has the functions of an ERC-20. */
export function isToken({ contract }: DecodedAction): boolean {
  return contract === "ERC20" || contract === "WealToken";
}
