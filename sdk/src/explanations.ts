import { formatUnits, id, ZeroHash } from "ethers";
import type { Arguments, ArgumentValue } from "./actions.js";
import type { Contracts } from "./context.js";

/** Turns a call's arguments into a sentence without a full stop. */
export type Describer = (args: Arguments, words: Words) => string;

/** What describers say values with. */
export interface Words {
  /** "the treasury", the name of a contract of the protocol, or the address. */
  account(address: ArgumentValue): string;
  /** Such as "12.5 USDC"; of a currency that is not known, units. */
  amount(currency: ArgumentValue, units: ArgumentValue): string;
  /** The symbol of a currency, or its address. */
  currency(address: ArgumentValue): string;
  /** The contract that is called. */
  target: string;
}

/**
 * What the functions that governance may call do, by contract and function. A function that is not here is explained by
 * its name and arguments.
 */
export const explanations: { readonly [Contract in keyof Contracts | "ERC20"]?: Readonly<Record<string, Describer>> } =
  {
    RoyaltyLedger: {
      addCurrency: ({ currency }, words) => `List ${words.currency(currency)} (${currency}) as a currency, for ever`,
      collectFees: ({ currency }, words) => `Bring the collected fees of ${words.currency(currency)} to the treasury`,
      pay: ({ model, currency, amount }, words) => `Pay ${words.amount(currency, amount)} to the model ${model}`,
      setProtocolFee: ({ feeBps }) => `Set the protocol fee of future models to ${percent(feeBps)}`,
    },

    SourceRegistry: {
      cancelClaim: ({ source }) => `Cancel the claim of the source ${source}`,
      setThreshold: ({ threshold_ }) =>
        `Ask for ${threshold_} verifiers to attest an author, once the waiting period is over`,
      setVerifier: ({ verifier, allowed }, words) =>
        allowed === true
          ? `Name ${words.account(verifier)} a verifier, who counts once the waiting period is over`
          : `Remove ${words.account(verifier)} from the verifiers`,
    },

    TimelockController: timelockExplanations(),
    WealGovernor: governorExplanations(),

    WealToken: {
      ...erc20Explanations(),
      delegate: ({ delegatee }, words) => `Give the votes of all WEAL in the treasury to ${words.account(delegatee)}`,
    },

    ERC20: erc20Explanations(),
  };

/* CONTRACTS OF WHICH THERE ARE MORE THAN ONE */

function erc20Explanations(): Record<string, Describer> {
  return {
    approve: ({ spender, value }, words) =>
      value === 0n
        ? `Let ${words.account(spender)} take no ${words.currency(words.target)} from the treasury any more`
        : `Let ${words.account(spender)} take ${words.amount(words.target, value)} from the treasury`,
    transfer: ({ to, value }, words) => `Send ${words.amount(words.target, value)} to ${words.account(to)}`,
    transferFrom: ({ from, to, value }, words) =>
      `Send ${words.amount(words.target, value)} from ${words.account(from)} to ${words.account(to)}`,
  };
}

function governorExplanations(): Record<string, Describer> {
  return {
    relay: ({ target }, words) => `Let ${words.account(words.target)} call ${words.account(target)}`,
    setLateQuorumVoteExtension: ({ newVoteExtension }) =>
      `Keep votes open for ${duration(newVoteExtension)} at least once quorum is reached`,
    setProposalGuardian: ({ newProposalGuardian }, words) =>
      `Let ${words.account(newProposalGuardian)} be the guardian, who can cancel proposals`,
    setProposalThreshold: ({ newProposalThreshold }) =>
      `Ask for ${formatUnits(String(newProposalThreshold), 18).replace(/\.0$/, "")} WEAL in votes of who proposes`,
    setVotingDelay: ({ newVotingDelay }) => `Let ${duration(newVotingDelay)} pass between a proposal and its vote`,
    setVotingPeriod: ({ newVotingPeriod }) => `Let votes last ${duration(newVotingPeriod)}`,
    updateQuorumNumerator: ({ newQuorumNumerator }) => `Set the quorum to ${newQuorumNumerator} % of the supply`,
    updateTimelock: ({ newTimelock }, words) =>
      `Let ${words.account(newTimelock)} carry out what ${words.account(words.target)} decides`,
  };
}

function timelockExplanations(): Record<string, Describer> {
  return {
    cancel: ({ id }, words) => `Cancel the operation ${id} of ${words.account(words.target)}`,
    grantRole: ({ role, account }, words) =>
      `Give ${words.account(account)} the role ${roleName(role)} of ${words.account(words.target)}`,
    revokeRole: ({ role, account }, words) =>
      `Take the role ${roleName(role)} of ${words.account(words.target)} from ${words.account(account)}`,
    updateDelay: ({ newDelay }) => `Let ${duration(newDelay)} pass between a decision and its execution`,
  };
}

/* VALUES */

/** Basis points as "0.5 %". */
export function percent(bps: ArgumentValue): string {
  return `${formatUnits(String(bps), 2).replace(/\.0$/, "")} %`;
}

const UNITS_OF_TIME = [
  ["day", 86_400n],
  ["hour", 3_600n],
  ["minute", 60n],
] as const;

/** Seconds as "2 days", in the largest unit that divides them. */
export function duration(seconds: ArgumentValue): string {
  const total = BigInt(String(seconds));
  const [unit, size] = UNITS_OF_TIME.find(([, size]) => total >= size && total % size === 0n) ?? ["second", 1n];
  const count = total / size;

  return `${count} ${unit}${count === 1n ? "" : "s"}`;
}

const ROLES = new Map([
  [ZeroHash, "admin"],
  ...["proposer", "executor", "canceller"].map((name) => [id(`${name.toUpperCase()}_ROLE`), name] as const),
]);

function roleName(role: ArgumentValue): string {
  return ROLES.get(String(role)) ?? String(role);
}
