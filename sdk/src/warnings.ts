import { dataSlice, ZeroAddress, ZeroHash } from "ethers";
import { type Context, contractAt } from "./context.js";
import { contractsToRead } from "./contracts.js";
import { type Currency, currencyOf } from "./currencies.js";
import { type DecodedAction, everyCall } from "./decodedActions.js";
import { NetworkFailure } from "./errors.js";
import { withTypedError } from "./failures.js";
import { ERC20 } from "./generated/fragments/ERC20.js";
import { powerGiven } from "./powers.js";
import { pursesOf, totalOf, transfersOf } from "./transfers.js";
import type { CommonWords } from "./words.js";

/** Something about a proposal that a voter should look at twice. */
export type Warning = {
  /** What it is about and what to do, in sentences. */
  message: string;
  /** Which calls of the proposal it is about, from 0: what a call carries counts as that call. */
  calls: number[];
} & (
  | { code: TargetWarning; target: string }
  /** The sum that leaves the treasury, or the safety timelock, and what it holds, in the currency's smallest units. */
  | { code: "LargeTransfer"; currency: Currency; amount: bigint; held: bigint }
);

type TargetWarning =
  /** Neither a contract of the protocol nor a listed currency is called. */
  | "UnknownTarget"
  /** A known contract is called in a way that is not known. */
  | "UnknownFunction"
  /** It carries calls that are not shown: they lie too deep, are too many, or are those of another proposal. */
  | "CallsNotShown"
  /** Shares, income, votes, a role or another power are given to somebody, or a waiting period ends. */
  | "PowerGiven"
  /** Nothing is there to be called. */
  | "TargetWithoutCode"
  /** The account follows another one's code by EIP-7702, and can change that. */
  | "DelegatedAccount"
  /**
   * It is a proxy as of ERC-1967, with a beacon or without, or of OpenZeppelin's first kind: whoever may do so can change
   * its code at any time. A proxy that keeps its code's address anywhere else cannot be seen, nor can a change of it.
   */
  | "Proxy"
  /** Its code, or that of the contract it is such a proxy of, is not what it was when this was proposed. */
  | "CodeChanged"
  /** Whether its code has changed is not known. */
  | "CodeNotCompared";

/** What {@link warningsOf} goes by. */
interface Surroundings {
  /** The ledger's list. */
  currencies: ReadonlySet<string>;
  /** The block in which it was proposed; undefined if it is not proposed, "unknown" if it could not be found. */
  sinceBlock: number | "unknown" | undefined;
  words: CommonWords;
}

/** A transfer is large when it is above a tenth of what the treasury holds. */
const LARGE_PART = 10n;

/** Code of an account that follows another account's code, by EIP-7702: this and an address. */
const DELEGATION_CODE = /^0xef0100[\da-f]{40}$/i;

/** Where proxies keep the address of their code, or of the beacon that knows it. */
const PROXY_SLOTS = [
  // keccak256("eip1967.proxy.implementation") - 1
  "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  // keccak256("eip1967.proxy.beacon") - 1
  "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
  // keccak256("org.zeppelinos.proxy.implementation")
  "0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3",
];

/** A call, or one that a call carries, and the place of the former in the proposal. */
type Call = ReturnType<typeof everyCall>[number];

/** Returns what there is to warn of, in the order of the calls: of targets first, then of powers and of large transfers. */
export async function warningsOf(
  context: Context,
  actions: readonly DecodedAction[],
  surroundings: Surroundings,
): Promise<Warning[]> {
  const calls = everyCall(actions);
  const targets = groupBy(calls, ({ action }) => action.target);
  const [ofTargets, ofPowers, ofTransfers] = await Promise.all([
    Promise.all([...targets].map(([target, group]) => targetWarnings(context, target, group, surroundings))),
    powerWarnings(context, calls, surroundings),
    transferWarnings(context, calls, surroundings),
  ]);

  return [...ofTargets.flat(), ...ofPowers, ...ofTransfers];
}

function indicesOf(calls: readonly { index: number }[]): number[] {
  return [...new Set(calls.map(({ index }) => index))];
}

/* TARGETS */

async function targetWarnings(
  context: Context,
  target: string,
  group: readonly Call[],
  { currencies, sinceBlock }: Surroundings,
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  const isOurs = Object.values(contractsToRead(context)).some((contract) => contract.target === target);
  const calls = indicesOf(group);
  // Money can be sent to anyone, without anything being called.
  const calling = indicesOf(group.filter(({ action }) => action.data !== "0x"));
  const unknown = indicesOf(group.filter(({ action }) => action.data !== "0x" && action.function === undefined));
  const hiding = indicesOf(group.filter(({ action }) => action.hidesCalls));
  const [code, proxied] = await Promise.all([context.provider.getCode(target), proxiedBy(context, target)]);

  if (calling.length > 0 && !isOurs && !currencies.has(target)) {
    const message = `${target} is neither a contract of the protocol nor a listed currency; find out what it does.`;
    warnings.push({ code: "UnknownTarget", target, calls: calling, message });
  } else if (unknown.length > 0) {
    const message = `What is called of ${target} is not known here; find out what it does.`;
    warnings.push({ code: "UnknownFunction", target, calls: unknown, message });
  }
  if (hiding.length > 0) {
    const message = `What is called of ${target} carries calls that are not shown here; find out what they do.`;
    warnings.push({ code: "CallsNotShown", target, calls: hiding, message });
  }
  if (calling.length > 0 && code === "0x") {
    const message = `There is no code at ${target}: the call does nothing, or whatever is deployed there until then.`;
    warnings.push({ code: "TargetWithoutCode", target, calls: calling, message });
  }
  if (DELEGATION_CODE.test(code)) {
    const message = `${target} follows code of another account, ${dataSlice(code, 3)}, and can change that at any time.`;
    warnings.push({ code: "DelegatedAccount", target, calls, message });
  }
  if (proxied.some((slot) => slot !== ZeroHash)) {
    const message = `${target} is a proxy, whose code can change at any time; find out who may change it.`;
    warnings.push({ code: "Proxy", target, calls, message });
  }
  if (sinceBlock === undefined) return warnings;

  const change = await changeOf(context, target, { code, proxied }, sinceBlock);
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

async function proxiedBy({ provider }: Context, target: string, block?: number): Promise<string[]> {
  return Promise.all(PROXY_SLOTS.map((slot) => provider.getStorage(target, slot, block)));
}

/** Compares an account's code, and what it stands for if it is a proxy, with what they were. */
async function changeOf(
  context: Context,
  target: string,
  now: { code: string; proxied: readonly string[] },
  sinceBlock: number | "unknown",
): Promise<"same" | "changed" | "unknown"> {
  if (sinceBlock === "unknown") return "unknown";

  try {
    const [code, proxied] = await Promise.all([
      context.provider.getCode(target, sinceBlock),
      proxiedBy(context, target, sinceBlock),
    ]);
    return code === now.code && proxied.every((slot, i) => slot === now.proxied[i]) ? "same" : "changed";
  } catch {
    // Nodes say in many ways that they have no state so old.
    return "unknown";
  }
}

/* POWERS */

async function powerWarnings(context: Context, calls: readonly Call[], { words }: Surroundings): Promise<Warning[]> {
  const warnings = calls.map(async ({ action, index }): Promise<Warning[]> => {
    const power = await powerGiven(context, action, words);
    if (power === undefined) return [];

    const message = `This ${power}; make sure that it is meant.`;
    return [{ code: "PowerGiven", target: action.target, calls: [index], message }];
  });

  return (await Promise.all(warnings)).flat();
}

/* TRANSFERS */

/** Sums each currency over the whole proposal, so that parts of a transfer count as one. */
async function transferWarnings(context: Context, calls: readonly Call[], { words }: Surroundings): Promise<Warning[]> {
  const transfers = calls.flatMap(({ action, index }) =>
    transfersOf(action).map((transfer) => ({ ...transfer, index })),
  );
  const warnings = pursesOf(context).flatMap(({ owner, accounts }) => {
    const leaving = transfers.filter(({ from, to }) => accounts.includes(from) && !accounts.includes(to));

    return [...groupBy(leaving, ({ currency }) => currency)].map(async ([address, parts]): Promise<Warning[]> => {
      const units = totalOf(parts);
      const balances = await Promise.all(accounts.map((account) => heldBy(context, account, address)));
      const held = balances.reduce((sum, balance) => sum + balance, 0n);
      if (units * LARGE_PART <= held) return [];

      const [amount, all] = [words.amount(address, units), words.amount(address, held)];
      const message = `This moves ${amount} of ${words.account(owner)}'s ${all}, above a tenth of it; make sure that it is meant.`;
      return [
        { code: "LargeTransfer", currency: currencyOf(address), amount: units, held, calls: indicesOf(parts), message },
      ];
    });
  });

  return (await Promise.all(warnings)).flat();
}

/** Returns what an account has of a currency; nothing of what only looks like a token. */
async function heldBy({ provider, reads }: Context, account: string, currency: string): Promise<bigint> {
  if (currency === ZeroAddress) return provider.getBalance(account);

  return withTypedError(contractAt(ERC20, currency, reads).balanceOf(account)).catch((error: unknown) => {
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
