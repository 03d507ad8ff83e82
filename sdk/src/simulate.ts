import type { Address } from "./brands.js";
import { type FunctionFragment, Interface, ZeroAddress } from "ethers";
import { actionsOf, type ArgumentValue, type ReadyProposal } from "./actions.js";
import type { Outcome, SimulatorView } from "./callSimulator.js";
import type { Context } from "./context.js";
import { type Contracts, contractsToRead } from "./contracts.js";
import { type Currency, currencyOf } from "./currencies.js";
import { type DecodedAction, decodeActions, everyCall, isToken, plainValue } from "./decodedActions.js";
import { ContractError } from "./errors.js";
import { contractError } from "./failures.js";
import { ERC20 } from "./generated/fragments/ERC20.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { WealToken } from "./generated/fragments/WealToken.js";
import type { GovernorName } from "./governorNames.js";
import { governorOf } from "./governors.js";
import { type ContractParameters, parameters } from "./parameters.js";
import { MAX_TRANSACTION_GAS } from "./limits.js";
import { runSimulator, strangeAddress } from "./simulator.js";
import { transfersOf } from "./transfers.js";

/** What an account has before and after, in the currency's smallest units; undefined if the token does not say. */
export interface SimulatedBalance {
  account: Address;
  currency: Currency;
  before: bigint | undefined;
  after: bigint | undefined;
  changed: boolean;
}

/** What a contract says of itself before and after; undefined if it does not say. */
export interface SimulatedParameter {
  /** The contract's name, as in `commonweal.contracts`; `ERC20` for other tokens. */
  contract: string;
  address: string;
  /** The view's name, such as `protocolFeeBps`. */
  name: string;
  /** What the view is asked about, such as a verifier. */
  args: readonly ArgumentValue[];
  before: ArgumentValue | undefined;
  after: ArgumentValue | undefined;
  changed: boolean;
}

/**
 * What a proposal would do if it were executed now. A contract that it calls may behave otherwise then: it sees the time and
 * the block, and that gas costs nothing.
 */
export interface Simulation {
  succeeded: boolean;
  /**
   * Why it fails, if it does; nothing changes then. `OutOfGas` if it takes more gas than a transaction may have: from a node
   * that gives calls no more either, it is the error of whatever ran out of it.
   */
  error?: ContractError;
  /** Of the treasury, and of everybody to whom something is sent, also by calls that calls carry. */
  balances: SimulatedBalance[];
  /** What governance can change. */
  parameters: SimulatedParameter[];
}

/** Something to be read before and after, and how to name and to read it. */
interface View<Subject> extends SimulatorView {
  subject: Subject;
  decode(data: string): ArgumentValue;
}

/** Shows what a proposal would change if it were executed now. */
export async function simulate(context: Context, name: GovernorName, proposal: ReadyProposal): Promise<Simulation> {
  const pair = governorOf(context, name);
  const [actions, currencies] = await Promise.all([actionsOf(pair, proposal), context.at(RoyaltyLedger).currencies()]);
  const calls = everyCall(await decodeActions(context, pair, actions)).map(({ action }) => action);
  const [treasury, simulator] = [String(pair.timelock.target), strangeAddress()];
  const erc20 = new Interface(ERC20.fragments);
  const held = heldIn(calls, treasury, [...currencies, String(context.at(WealToken).target)]);
  const balances = held.map(({ account, currency }) => balanceView(erc20, account, currency, simulator));
  const settings = parameterViews(context, erc20, calls);

  const views = [...balances, ...settings].map(({ target, data }) => ({ target, data }));
  const { earlier, execution, later, tooDear } = await runSimulator(context.provider, pair, simulator, actions, views);
  const [earlierSettings, laterSettings] = [earlier, later].map((outcomes) => outcomes.slice(balances.length));

  return {
    succeeded: execution.succeeded,
    ...(execution.succeeded ? {} : { error: tooDear ? outOfGas() : await contractError(execution.data) }),
    balances: compared(balances, earlier, later) as SimulatedBalance[],
    parameters: compared(settings, earlierSettings, laterSettings),
  };
}

/** It is the chain that refuses, not one of the contracts. */
function outOfGas(): ContractError {
  const instruction = `Executing this takes more gas than a transaction may have (${MAX_TRANSACTION_GAS}); propose it in parts.`;

  return new ContractError("OutOfGas", { maxGas: MAX_TRANSACTION_GAS }, undefined, instruction);
}

function compared<Subject extends object>(views: readonly View<Subject>[], earlier: Outcome[], later: Outcome[]) {
  return views.map((view, i) => ({
    ...view.subject,
    before: answerOf(view, earlier[i]),
    after: answerOf(view, later[i]),
    changed: earlier[i].succeeded !== later[i].succeeded || earlier[i].data !== later[i].data,
  }));
}

/** Returns undefined for what is no answer: what is called like a token need not be one. */
function answerOf({ decode }: View<unknown>, { succeeded, data }: Outcome): ArgumentValue | undefined {
  if (!succeeded) return undefined;
  try {
    return decode(data);
  } catch {
    return undefined;
  }
}

/* VIEWS */

type Held = Pick<SimulatedBalance, "account" | "currency">;

/** The treasury with every currency, and everybody with those that calls send there. */
function heldIn(
  calls: readonly DecodedAction[],
  treasury: string,
  currencies: readonly string[],
): { account: Address; currency: string }[] {
  const tokens = calls.filter(isToken).map(({ target }) => target);
  const received = calls
    .flatMap(transfersOf)
    .filter(({ kind, to }) => kind !== "approval" && to !== treasury)
    .map(({ to, currency }) => ({ account: to, currency }));
  const held = [...[...currencies, ...tokens].map((currency) => ({ account: treasury, currency })), ...received];

  return [...new Map(held.map((entry) => [entry.account + entry.currency, entry])).values()];
}

function balanceView(erc20: Interface, account: string, address: string, simulator: string): View<Held> {
  return {
    subject: { account, currency: currencyOf(address) },
    // The simulator has the function too, for the chain's coin.
    target: address === ZeroAddress ? simulator : address,
    ...viewOf(erc20, "balanceOf", [account]),
  };
}

type Setting = Pick<SimulatedParameter, "contract" | "address" | "name" | "args">;

function parameterViews(context: Context, erc20: Interface, calls: readonly DecodedAction[]): View<Setting>[] {
  const contracts = contractsToRead(context);
  const parametersOf = (contract: string): ContractParameters =>
    parameters[contract as keyof Contracts | "ERC20"] ?? {};
  const view = (contract: string, address: string, name: string, args: readonly ArgumentValue[]): View<Setting> => {
    const abi = contracts[contract as keyof Contracts]?.interface ?? erc20;
    return {
      subject: { contract, address, name: name.split("(")[0], args },
      target: address,
      ...viewOf(abi, name, args),
    };
  };
  const general = Object.entries(contracts).flatMap(([contract, { target }]) =>
    (parametersOf(contract).views ?? []).map((name) => view(contract, String(target), name, [])),
  );
  const concerned = calls.flatMap(({ contract = "", function: called = "", args, target, caller }) => {
    const [name, ...keys] = parametersOf(contract).keyed?.[called]?.(args, caller) ?? [];

    return name === undefined ? [] : [view(contract, target, name, keys)];
  });
  const keyOf = ({ target, data }: SimulatorView) => target + data;

  return [...new Map([...general, ...concerned].map((entry) => [keyOf(entry), entry])).values()];
}

function viewOf(abi: Interface, name: string, args: readonly ArgumentValue[]): Pick<View<unknown>, "data" | "decode"> {
  const view = abi.getFunction(name) as FunctionFragment;

  return {
    data: abi.encodeFunctionData(view, args),
    // Views that are asked about have one result.
    decode: (data) => plainValue(view.outputs[0], abi.decodeFunctionResult(view, data)[0]),
  };
}
