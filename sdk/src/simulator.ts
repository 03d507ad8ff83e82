import { AbiCoder, getAddress, hexlify, keccak256, type Provider, randomBytes, toBeHex, ZeroHash } from "ethers";
import type { Action } from "./actions.js";
import { askSimulator, type Outcome, type SimulatorView, type StateOverrides } from "./callSimulator.js";
import { CallFailed, ContractError, StateOverridesUnsupported } from "./errors.js";
import type { GovernorPair } from "./governors.js";
import { MAX_TRANSACTION_GAS } from "./limits.js";

/** What {@link runSimulator} found: the views' outcomes before and after, and that of the proposal's execution. */
export interface SimulatorResult {
  earlier: Outcome[];
  execution: Outcome;
  later: Outcome[];
  /** Whether the execution fails, and would not if a transaction could have more gas; false if the node gives no more. */
  tooDear: boolean;
}

/** The timelock takes an operation from this time on; 1 would mean that it is done. */
const PAST = 2n;
const TRUE = 1n;

/** Returns an address that nobody has and nobody can foresee, so that no contract behaves well for it alone. */
export function strangeAddress(): string {
  return getAddress(hexlify(randomBytes(20)));
}

/**
 * Executes actions as the timelock would, and reads views before and after, all in one `eth_call`.
 *
 * The timelock is the real one. Overrides let it believe that the operation is due and that the simulator may execute it,
 * and let the governor believe that it is executing it: it takes calls to itself from no one else.
 *
 * The call has the gas that a transaction may have; what fails is tried again with all that the node gives, to tell why: a
 * node that gives no more cannot. Reading the views takes part of the gas, so what comes near to the bound fails too.
 *
 * @param simulator Where the simulator stands during the call: a {@link strangeAddress}.
 * @throws {StateOverridesUnsupported} when the node does not do what it is asked.
 */
export async function runSimulator(
  provider: Provider,
  { governor, timelock }: GovernorPair,
  simulator: string,
  actions: readonly Required<Action>[],
  views: readonly SimulatorView[],
): Promise<SimulatorResult> {
  const { storageSlots } = await import("./generated/simulator.js");
  const { _roles, _timestamps } = storageSlots.TimelockController;
  const executorRole = await timelock.EXECUTOR_ROLE();
  const [targets, values, payloads] = [
    actions.map(({ target }) => target),
    actions.map(({ value }) => value),
    actions.map(({ data }) => data),
  ];
  const operation = AbiCoder.defaultAbiCoder().encode(
    ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"],
    [targets, values, payloads, ZeroHash, ZeroHash],
  );
  const operationId = keccak256(operation);

  const overrides: StateOverrides = {
    [String(timelock.target)]: {
      stateDiff: storage([
        [slotOf("bytes32", operationId, _timestamps), PAST],
        [slotOf("address", simulator, slotOf("bytes32", executorRole, _roles)), TRUE],
      ]),
    },
  };
  const ownCalls = actions.filter(({ target }) => target === governor.target).map(({ data }) => keccak256(data));
  if (ownCalls.length > 0) {
    overrides[String(governor.target)] = {
      stateDiff: storage(dequeOf(ownCalls, BigInt(storageSlots.WealGovernor._governanceCall))),
    };
  }

  // Whether the node has put all of that in place.
  const checks = [
    timelock.interface.encodeFunctionData("hasRole", [executorRole, simulator]),
    timelock.interface.encodeFunctionData("isOperationReady", [operationId]),
  ].map((data) => ({ target: String(timelock.target), data }));
  const execute = timelock.interface.encodeFunctionData("executeBatch", [
    targets,
    values,
    payloads,
    ZeroHash,
    ZeroHash,
  ]);
  const ask = async (gas?: bigint): Promise<SimulatorResult> => {
    const { earlier, executions, later } = await askSimulator(provider, {
      ...{ at: simulator, from: strangeAddress(), views: [...checks, ...views], overrides, gas },
      calls: [{ to: String(timelock.target), value: 0n, data: execute }],
    });
    if (earlier.slice(0, checks.length).some(({ data }) => BigInt(data) !== TRUE)) {
      throw new StateOverridesUnsupported();
    }

    return {
      ...{ earlier: earlier.slice(checks.length), later: later.slice(checks.length) },
      ...{ execution: executions[0], tooDear: false },
    };
  };

  const bounded = await ask(MAX_TRANSACTION_GAS).catch((error: unknown) => {
    // By itself the simulator never reverts; nodes say in many words that gas ran out.
    if (error instanceof ContractError || (error instanceof CallFailed && /gas/i.test(error.message))) return undefined;
    throw error;
  });
  if (bounded?.execution.succeeded) return bounded;

  const unbounded = await ask();
  if (!unbounded.execution.succeeded) return unbounded;

  const { earlier } = unbounded;
  return {
    earlier,
    execution: { ...unbounded.execution, succeeded: false, data: "0x" },
    later: earlier,
    tooDear: true,
  };
}

/* STORAGE */

function storage(entries: readonly (readonly [slot: bigint, value: bigint])[]): Record<string, string> {
  return Object.fromEntries(entries.map(([slot, value]) => [toBeHex(slot, 32), toBeHex(value, 32)]));
}

/** Returns the slot of a mapping's value: as Solidity lays it out. */
function slotOf(keyType: string, key: bigint | string, mapping: bigint | number): bigint {
  return BigInt(keccak256(AbiCoder.defaultAbiCoder().encode([keyType, "uint256"], [key, mapping])));
}

/** Fills OpenZeppelin's `DoubleEndedQueue`: begin and end in one slot, at 128 bits each, and the data in the next one. */
function dequeOf(values: readonly string[], slot: bigint): (readonly [bigint, bigint])[] {
  return [
    [slot, BigInt(values.length) << 128n],
    ...values.map((value, i) => [slotOf("uint128", BigInt(i), slot + 1n), BigInt(value)] as const),
  ];
}
