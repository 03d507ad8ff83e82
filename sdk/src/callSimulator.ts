import { getBytes, Interface, type Provider, type Result, toQuantity, ZeroAddress } from "ethers";
import type { Call } from "./calls.js";
import { type CommonwealError, NetworkFailure, StateOverridesUnsupported } from "./errors.js";
import { contractError, typedError } from "./failures.js";
import { RateLimited } from "./transactionErrors.js";

/** What a call returned, or what it reverted with, and the gas that it used. */
export interface Outcome {
  succeeded: boolean;
  data: string;
  gasUsed: bigint;
}

/** What to read. */
export interface SimulatorView {
  target: string;
  data: string;
}

/** Code and storage, by slot, in place of what an account has; as nodes take it. */
export type StateOverrides = Record<string, { code?: string; stateDiff?: Record<string, string> }>;

/** What the simulator found: the views' outcomes before and after, and those of the calls. */
export interface SimulatorAnswer {
  earlier: Outcome[];
  executions: Outcome[];
  later: Outcome[];
}

const OUTCOME = "(bool succeeded, bytes data, uint256 gasUsed)";
const ABI = new Interface([
  `function simulate((address target, bytes data)[] views, (address target, uint256 value, bytes data)[] calls) payable returns (${OUTCOME}[] earlier, ${OUTCOME}[] executions, ${OUTCOME}[] later)`,
  "function balanceOf(address account) view returns (uint256)",
]);

/**
 * Makes calls one after the other, and reads views before and after, all in one `eth_call`.
 *
 * @param options.at Where the simulator stands during the call, and from where it calls.
 * @param options.from Who asks it.
 * @throws {StateOverridesUnsupported} when the node does not do what it is asked.
 */
export async function askSimulator(
  provider: Provider,
  options: {
    at: string;
    from: string;
    calls: readonly Call[];
    views?: readonly SimulatorView[];
    overrides?: StateOverrides;
    gas?: bigint;
  },
): Promise<SimulatorAnswer> {
  if (!isSending(provider)) throw new StateOverridesUnsupported();
  const { simulatorCode } = await import("./generated/simulator.js");
  const { at, from, calls, views = [], gas } = options;
  const overrides = { ...options.overrides, [at]: { code: simulatorCode } };
  const request = { from, to: at, ...(gas === undefined ? {} : { gas: toQuantity(gas) }) };
  const ask = (data: string) => provider.send("eth_call", [{ ...request, data }, "latest", overrides]);
  const data = ABI.encodeFunctionData("simulate", [
    views,
    calls.map(({ to, value, data }) => ({ target: to, value, data })),
  ]);

  const answer = await ask(data).catch(async (error: unknown) => {
    const typed = await unlessUnanswered(error);
    // Nodes refuse overrides in many ways. One that takes them has another reason, such as too much gas.
    const probe = await ask(ABI.encodeFunctionData("balanceOf", [ZeroAddress])).catch(async (failure: unknown) => {
      await unlessUnanswered(failure);
      return "0x";
    });
    throw probe === "0x" ? new StateOverridesUnsupported({ cause: error }) : typed;
  });
  if (answer === "0x") throw new StateOverridesUnsupported();

  const { earlier, executions, later } = ABI.decodeFunctionResult("simulate", answer);
  // Not `toObject(true)` of all: ethers makes an object of a list with one element.
  const outcomesOf = (list: Result): Outcome[] => [...list].map((outcome) => outcome.toObject() as Outcome);

  return { earlier: outcomesOf(earlier), executions: outcomesOf(executions), later: outcomesOf(later) };
}

/** Throws what says nothing of what the node can do; returns other errors. */
async function unlessUnanswered(error: unknown): Promise<CommonwealError> {
  const typed = await typedError(error);
  if (typed instanceof NetworkFailure || typed instanceof RateLimited) throw typed;

  return typed;
}

/** What a transaction costs before it does anything, and by how much less a call costs after others (EIP-2929). */
const TRANSACTION_GAS = 21_000n;
const WARM_DISCOUNT = 4_600n;

/**
 * Makes calls from an account, as if it were a batch of its own, and returns what the last one returned.
 *
 * `gas` is an upper bound of what they use as transactions one by one.
 *
 * @throws {ContractError} when a contract refuses one of them.
 * @throws {StateOverridesUnsupported} when the node does not do what it is asked.
 */
export async function runCalls(
  provider: Provider,
  account: string,
  calls: readonly Call[],
): Promise<{ data: string; gas: bigint }> {
  const { executions } = await askSimulator(provider, { at: account, from: account, calls });
  let gas = 0n;
  for (const [i, { succeeded, data, gasUsed }] of executions.entries()) {
    if (!succeeded) throw await contractError(data);
    gas += TRANSACTION_GAS + calldataGas(calls[i].data) + gasUsed + (i === 0 ? 0n : WARM_DISCOUNT);
  }

  return { data: executions[executions.length - 1].data, gas };
}

/** The dearer one of EIP-2028 and the floor of EIP-7623, for every byte. */
function calldataGas(data: string): bigint {
  return getBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 10n : 40n), 0n);
}

/** Providers of JSON-RPC have it; others ask several nodes, or one in another way. */
function isSending(
  provider: Provider,
): provider is Provider & { send(method: string, params: unknown[]): Promise<string> } {
  return "send" in provider && typeof provider.send === "function";
}
