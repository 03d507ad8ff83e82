import { Contract, dataSlice, ZeroAddress } from "ethers";
import { type DecodedAction, transfersOf } from "./actions.js";
import type { Context } from "./context.js";
import { type Currency, currencyOf } from "./currencies.js";
import { NetworkFailure } from "./errors.js";
import { withTypedError } from "./failures.js";
import { erc20Abi } from "./generated/abis/ERC20.js";
import type { ERC20 } from "./generated/types/ERC20.js";

/** Something about a proposal that a voter should look at twice. */
export type Warning = {
  /** What it is about and what to do, in sentences. */
  message: string;
  /** Which calls of the proposal it is about, from 0. */
  calls: number[];
} & (
  | { code: TargetWarning; target: string }
  /** The sum that leaves the treasury, and what it holds, in the currency's smallest units. */
  | { code: "LargeTransfer"; currency: Currency; amount: bigint; held: bigint }
);

type TargetWarning =
  /** Neither a contract of the protocol nor a listed currency is called. */
  | "UnknownTarget"
  /** A known contract is called in a way that is not known. */
  | "UnknownFunction"
  /** Nothing is there to be called. */
  | "TargetWithoutCode"
  /** The account follows another one's code by EIP-7702, and can change that. */
  | "DelegatedAccount"
  /** Its code, or that of the contract it is a proxy of, is not what it was when this was proposed. */
  | "CodeChanged"
  /** Whether its code has changed is not known. */
  | "CodeNotCompared";

/** What {@link warningsOf} goes by. */
interface Surroundings {
  treasury: string;
  /** The ledger's list. */
  currencies: ReadonlySet<string>;
  /** The block in which it was proposed; undefined if it is not proposed, "unknown" if it could not be found. */
  sinceBlock: number | "unknown" | undefined;
  /** Writes an amount of a currency. */
  amount(currency: string, units: bigint): string;
}

/** A transfer is large when it is above a tenth of what the treasury holds. */
const LARGE_PART = 10n;

/** Code of an account that follows another account's code, by EIP-7702: this and an address. */
const DELEGATION_CODE = /^0xef0100[\da-f]{40}$/i;

/** Where a proxy keeps the address of its code, by ERC-1967. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

/** Returns what there is to warn of, in the order of the calls; large transfers come last. */
export async function warningsOf(
  context: Context,
  actions: readonly DecodedAction[],
  surroundings: Surroundings,
): Promise<Warning[]> {
  const targets = groupBy([...actions.keys()], (index) => actions[index].target);
  const [ofTargets, ofTransfers] = await Promise.all([
    Promise.all([...targets].map(([target, calls]) => targetWarnings(context, target, calls, actions, surroundings))),
    transferWarnings(context, actions, surroundings),
  ]);

  return [...ofTargets.flat(), ...ofTransfers];
}

/* TARGETS */

async function targetWarnings(
  context: Context,
  target: string,
  calls: number[],
  actions: readonly DecodedAction[],
  { currencies, sinceBlock }: Surroundings,
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const isOurs = Object.values(context.contracts).some((contract) => contract.target === target);
  // Money can be sent to anyone, without anything being called.
  const calling = calls.filter((index) => actions[index].data !== "0x");
  const unknown = calling.filter((index) => actions[index].function === undefined);
  const code = await context.provider.getCode(target);

  if (calling.length > 0 && !isOurs && !currencies.has(target)) {
    const message = `${target} is neither a contract of the protocol nor a listed currency; find out what it does.`;
    warnings.push({ code: "UnknownTarget", target, calls: calling, message });
  } else if (unknown.length > 0) {
    const message = `What is called of ${target} is not known here; find out what it does.`;
    warnings.push({ code: "UnknownFunction", target, calls: unknown, message });
  }
  if (calling.length > 0 && code === "0x") {
    const message = `There is no code at ${target}: the call does nothing, or whatever is deployed there until then.`;
    warnings.push({ code: "TargetWithoutCode", target, calls: calling, message });
  }
  if (DELEGATION_CODE.test(code)) {
    const message = `${target} follows code of another account, ${dataSlice(code, 3)}, and can change that at any time.`;
    warnings.push({ code: "DelegatedAccount", target, calls, message });
  }
  if (sinceBlock === undefined) return warnings;

  const change = await changeOf(context, target, code, sinceBlock);
  if (change === "changed") {
    const message = `The code of ${target} is not what it was when this was proposed; find out what it does now.`;
    warnings.push({ code: "CodeChanged", target, calls, message });
  }
  if (change === "unknown") {
    const message = `The node does not know the code of ${target} as of the proposal, so it could not be compared; ask an archive node.`;
    warnings.push({ code: "CodeNotCompared", target, calls, message });
  }
  return warnings;
}

/** Compares an account's code, and what it stands for if it is a proxy, with what they were. */
async function changeOf(
  { provider }: Context,
  target: string,
  code: string,
  sinceBlock: number | "unknown",
): Promise<"same" | "changed" | "unknown"> {
  if (sinceBlock === "unknown") return "unknown";

  try {
    const [codeThen, implementationThen, implementation] = await Promise.all([
      provider.getCode(target, sinceBlock),
      provider.getStorage(target, IMPLEMENTATION_SLOT, sinceBlock),
      provider.getStorage(target, IMPLEMENTATION_SLOT),
    ]);
    return codeThen === code && implementationThen === implementation ? "same" : "changed";
  } catch {
    // Nodes say in many ways that they have no state so old.
    return "unknown";
  }
}

/* TRANSFERS */

/** Sums each currency over the whole proposal, so that parts of a transfer count as one. */
async function transferWarnings(
  context: Context,
  actions: readonly DecodedAction[],
  { treasury, amount }: Surroundings,
): Promise<Warning[]> {
  const transfers = actions.flatMap((action, call) =>
    transfersOf(action, treasury).map((transfer) => ({ ...transfer, call })),
  );
  const warnings = [...groupBy(transfers, ({ currency }) => currency)].map(
    async ([address, parts]): Promise<Warning[]> => {
      const units = parts.reduce((sum, part) => sum + part.units, 0n);
      const held = await heldBy(context, treasury, address);
      if (units * LARGE_PART <= held) return [];

      const calls = [...new Set(parts.map(({ call }) => call))];
      const message = `This moves ${amount(address, units)} of the treasury's ${amount(address, held)}, above a tenth of it; make sure that it is meant.`;
      return [{ code: "LargeTransfer", currency: currencyOf(address), amount: units, held, calls, message }];
    },
  );

  return (await Promise.all(warnings)).flat();
}

/** Returns what an account has of a currency; nothing of what only looks like a token. */
async function heldBy({ provider, runner }: Context, account: string, currency: string): Promise<bigint> {
  if (currency === ZeroAddress) return provider.getBalance(account);

  const token = new Contract(currency, erc20Abi, runner) as unknown as ERC20;
  return withTypedError(token.balanceOf(account)).catch((error: unknown) => {
    if (error instanceof NetworkFailure) throw error;
    return 0n;
  });
}

function groupBy<T>(elements: readonly T[], keyOf: (element: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const element of elements) {
    const key = keyOf(element);
    groups.set(key, [...(groups.get(key) ?? []), element]);
  }

  return groups;
}
