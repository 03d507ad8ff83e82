import { type FunctionFragment, Interface, ZeroAddress } from "ethers";
import {
  actionsOf,
  type ArgumentValue,
  type DecodedAction,
  decodeAction,
  isToken,
  plainValue,
  type ProposalLike,
  transfersOf,
} from "./actions.js";
import type { Context, Contracts } from "./context.js";
import { type Currency, currencyOf } from "./currencies.js";
import type { ContractError } from "./errors.js";
import { contractError } from "./failures.js";
import { erc20Abi } from "./generated/abis/ERC20.js";
import type { GovernorPair } from "./governors.js";
import { type ContractParameters, parameters } from "./parameters.js";
import { type Outcome, runSimulator, SIMULATOR, type SimulatorView } from "./simulator.js";

/** What an account has before and after, in the currency's smallest units; undefined if the token does not say. */
export interface SimulatedBalance {
  account: string;
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

/** What a proposal would do if it were executed now. */
export interface Simulation {
  succeeded: boolean;
  /** Why it fails, if it does; nothing changes then. */
  error?: ContractError;
  /** Of the treasury, and of everybody to whom it sends something. */
  balances: SimulatedBalance[];
  /** What governance can change. */
  parameters: SimulatedParameter[];
}

/** Something to be read before and after, and how to name and to read it. */
interface View<Subject> extends SimulatorView {
  subject: Subject;
  decode(data: string): ArgumentValue;
}

const ERC20 = new Interface(erc20Abi);

/** Shows what a proposal would change if it were executed now. */
export async function simulate(context: Context, pair: GovernorPair, proposal: ProposalLike): Promise<Simulation> {
  const [actions, currencies] = await Promise.all([
    actionsOf(pair, proposal),
    context.contracts.RoyaltyLedger.currencies(),
  ]);
  const decoded = actions.map((action) => decodeAction(context, action));
  const treasury = String(pair.timelock.target);
  const balances = balanceViews(decoded, treasury, [...currencies, String(context.contracts.WealToken.target)]);
  const settings = parameterViews(context, decoded, treasury);

  const views = [...balances, ...settings].map(({ target, data }) => ({ target, data }));
  const { earlier, execution, later } = await runSimulator(context.provider, pair, actions, views);
  const [earlierSettings, laterSettings] = [earlier, later].map((outcomes) => outcomes.slice(balances.length));

  return {
    succeeded: execution.succeeded,
    ...(execution.succeeded ? {} : { error: contractError(execution.data) }),
    balances: compared(balances, earlier, later) as SimulatedBalance[],
    parameters: compared(settings, earlierSettings, laterSettings),
  };
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

/** The treasury's balance of every currency, and everybody's of those that move. */
function balanceViews(
  actions: readonly DecodedAction[],
  treasury: string,
  currencies: readonly string[],
): View<Held>[] {
  const transfers = actions.flatMap((action) => transfersOf(action, treasury)).filter(({ isApproval }) => !isApproval);
  const tokens = actions.filter(isToken).map(({ target }) => target);
  const moving = new Set(transfers.map(({ currency }) => currency));
  const recipients = new Set(transfers.map(({ to }) => to));

  return [
    ...[...new Set([...currencies, ...tokens])].map((currency) => balanceView(treasury, currency)),
    ...[...recipients].flatMap((account) => [...moving].map((currency) => balanceView(account, currency))),
  ];
}

function balanceView(account: string, address: string): View<Held> {
  return {
    subject: { account, currency: currencyOf(address) },
    // The simulator has the function too, for the chain's coin.
    target: address === ZeroAddress ? SIMULATOR : address,
    ...viewOf(ERC20, "balanceOf", [account]),
  };
}

type Setting = Pick<SimulatedParameter, "contract" | "address" | "name" | "args">;

function parameterViews({ contracts }: Context, actions: readonly DecodedAction[], treasury: string): View<Setting>[] {
  const parametersOf = (contract: string): ContractParameters =>
    parameters[contract as keyof Contracts | "ERC20"] ?? {};
  const view = (contract: string, address: string, name: string, args: readonly ArgumentValue[]): View<Setting> => {
    const abi = contracts[contract as keyof Contracts]?.interface ?? ERC20;
    return {
      subject: { contract, address, name: name.split("(")[0], args },
      target: address,
      ...viewOf(abi, name, args),
    };
  };
  const general = Object.entries(contracts).flatMap(([contract, { target }]) =>
    (parametersOf(contract).views ?? []).map((name) => view(contract, String(target), name, [])),
  );
  const concerned = actions.flatMap(({ contract = "", function: called = "", args, target }) => {
    const [name, ...keys] = parametersOf(contract).keyed?.[called]?.(args, treasury) ?? [];

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
