import { id, ZeroAddress, ZeroHash } from "ethers";
import type { Arguments, ArgumentValue } from "./actions.js";
import { formatAmount } from "./amounts.js";
import type { Contracts } from "./contracts.js";
import { Ground, Level } from "./generated/enums.js";

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
  /** The id of the round with these terms. */
  round(opening: ArgumentValue): string;
  /** Undefined for a currency that is not known. */
  decimals(currency: ArgumentValue): number | undefined;
  /** The address that is called, and the name of the contract. */
  target: string;
  contract: string;
  /** Who makes the call: "the treasury", or the name of another contract. */
  caller: string;
  /** The currency that the call is in, where its arguments do not name it and it is known. */
  paidIn: string | undefined;
  /** What the calls do that this one carries, each in brackets. */
  carried: string;
}

type Explanations = { readonly [Contract in keyof Contracts | "ERC20"]?: Readonly<Record<string, Describer>> };

/**
 * What the functions that governance may call do, by contract and function. A function that is not here is explained by
 * its name and arguments.
 */
export const explanations: Explanations = {
  RoyaltyLedger: {
    addCurrency: ({ currency }, words) => `List ${words.currency(currency)} as a currency, for ever`,
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

  TrainingRounds: {
    claimFundings: ({ roundId, to }, words) =>
      `Claim shares for what was paid into the round ${roundId}, and send what it returns to ${words.account(to)}`,
    fund({ roundId, amount }, { paidIn, ...words }) {
      const money = paidIn === undefined ? `${amount} units of its currency` : words.amount(paidIn, amount);

      return `Fund the round ${roundId} with ${money}`;
    },
    refund: ({ roundId, to }, words) => `Send what was paid into the failed round ${roundId} to ${words.account(to)}`,
    resolve: ({ opening, attempt, isUpheld }, words) =>
      isUpheld === true
        ? `Uphold the challenges of result ${attempt} of the round ${words.round(opening)}, which falls`
        : `Reject the challenges of result ${attempt} of the round ${words.round(opening)}, which stands`,
  },

  TimelockController: timelockExplanations(),
  SafetyTimelock: timelockExplanations(),
  WealGovernor: governorExplanations(),
  SafetyGovernor: governorExplanations(),

  SafetyBoard: {
    decide: ({ model, version, level, reason }) =>
      `Issue an advisory on ${subject(model, version)} that lasts: ${Level[Number(level)]}, ${grounds(reason)}`,
    lift: ({ model, version }) => `Lift what stands on ${subject(model, version)}`,
    rearm: ({ model }) => `Let the board restrict the model ${model} once more`,
    setMember: ({ account, allowed }, words) =>
      allowed === true
        ? `Name ${words.account(account)} a member of the safety board`
        : `Dismiss ${words.account(account)} from the safety board`,
    setSafetyGovernance: ({ account }, words) => `Put ${words.account(account)} in charge of safety`,
  },

  Stakeholding: {
    setEpochCap: ({ cap }) => `Let an epoch pay ${weal(cap)} for protocol fees at most`,
    setRate({ currency, rate }, words) {
      const decimals = words.decimals(currency);
      // The rate is in units of WEAL for 10¹⁸ units of the currency.
      return decimals === undefined
        ? `Pay ${rate} units of WEAL for each 10¹⁸ units of ${currency} of protocol fees`
        : `Pay ${weal(rate, 36 - decimals)} for each ${words.currency(currency)} of protocol fees`;
    },
  },

  UsePolicy: {
    publishPolicy: ({ digest, clauseCount, uri }) =>
      `Publish the next use policy, of ${clauseCount} clauses, with the sha-256 ${digest}, at ${quoted(uri)}`,
  },

  WealToken: {
    ...erc20Explanations(),
    delegate: ({ delegatee }, words) => `Give the votes of all WEAL in ${words.caller} to ${words.account(delegatee)}`,
  },

  ERC20: erc20Explanations(),
};

/* WHAT MORE THAN ONE HAS */

function erc20Explanations(): Record<string, Describer> {
  return {
    approve: ({ spender, value }, words) =>
      value === 0n
        ? `Let ${words.account(spender)} take no ${words.currency(words.target)} from ${words.caller} any more`
        : `Let ${words.account(spender)} take ${words.amount(words.target, value)} from ${words.caller}`,
    transfer: ({ to, value }, words) => `Send ${words.amount(words.target, value)} to ${words.account(to)}`,
    transferFrom: ({ from, to, value }, words) =>
      `Send ${words.amount(words.target, value)} from ${words.account(from)} to ${words.account(to)}`,
  };
}

function governorExplanations(): Record<string, Describer> {
  return {
    execute: (_, { contract, carried }) => `Let ${contract} carry out: ${carried}`,
    propose: ({ description }, { contract, carried }) => `Propose to ${contract} as ${quoted(description)}: ${carried}`,
    queue: (_, { contract, carried }) => `Let ${contract} queue: ${carried}`,
    relay: (_, { contract, carried }) => `Let ${contract} itself do: ${carried}`,
    setLateQuorumVoteExtension: ({ newVoteExtension }, { contract }) =>
      `Keep votes of ${contract} open for ${duration(newVoteExtension)} at least once quorum is reached`,
    setProposalGuardian: ({ newProposalGuardian }, words) =>
      newProposalGuardian === ZeroAddress
        ? `Let nobody be the guardian of ${words.contract}`
        : `Let ${words.account(newProposalGuardian)} be the guardian of ${words.contract}, who can cancel proposals`,
    setProposalThreshold: ({ newProposalThreshold }, { contract }) =>
      `Ask for ${weal(newProposalThreshold)} in votes of who proposes to ${contract}`,
    setVotingDelay: ({ newVotingDelay }, { contract }) =>
      `Let ${duration(newVotingDelay)} pass between a proposal to ${contract} and its vote`,
    setVotingPeriod: ({ newVotingPeriod }, { contract }) =>
      `Let votes of ${contract} last ${duration(newVotingPeriod)}`,
    updateQuorumNumerator: ({ newQuorumNumerator }, { contract }) =>
      `Set the quorum of ${contract} to ${newQuorumNumerator} % of the supply`,
    updateTimelock: ({ newTimelock }, words) =>
      `Let ${words.account(newTimelock)} carry out what ${words.contract} decides`,
  };
}

function timelockExplanations(): Record<string, Describer> {
  const execute: Describer = (_, { contract, carried }) => `Let ${contract} carry out at once: ${carried}`;
  const schedule: Describer = ({ delay }, { contract, carried }) =>
    `Let ${contract} carry out after ${duration(delay)}: ${carried}`;

  return {
    cancel: ({ id }, { contract }) => `Cancel the operation ${id} of ${contract}`,
    execute,
    executeBatch: execute,
    grantRole: ({ role, account }, words) =>
      `Give ${words.account(account)} the role ${roleName(role)} of ${words.contract}`,
    revokeRole: ({ role, account }, words) =>
      `Take the role ${roleName(role)} of ${words.contract} from ${words.account(account)}`,
    schedule,
    scheduleBatch: schedule,
    updateDelay: ({ newDelay }, { contract }) =>
      `Let ${duration(newDelay)} pass between a decision and its execution by ${contract}`,
  };
}

/* VALUES */

/** A text in quotes, in which nothing hides: control, bidi and zero-width characters are escaped. */
export function quoted(text: ArgumentValue): string {
  const escaped = (character: string) => `\\u{${character.codePointAt(0)?.toString(16)}}`;

  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

function weal(units: ArgumentValue, decimals = 18): string {
  return `${formatAmount(BigInt(String(units)), decimals)} WEAL`;
}

/** Version 0 stands for all of the model. */
function subject(model: ArgumentValue, version: ArgumentValue): string {
  return version === 0n ? `the model ${model}` : `version ${version} of the model ${model}`;
}

function grounds(reason: ArgumentValue): string {
  const { ground, clause } = reason as Record<string, ArgumentValue>;

  return Ground[Number(ground)] === "lineage" ? "for its lineage" : `by clause ${clause} of the use policy`;
}

/** Basis points as "0.5 %". */
export function percent(bps: ArgumentValue): string {
  return `${formatAmount(BigInt(String(bps)), 2)} %`;
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

/** The name of a timelock's role. */
export function roleName(role: ArgumentValue): string {
  if (role === ZeroHash) return "admin";

  return (
    ["proposer", "executor", "canceller"].find((name) => id(`${name.toUpperCase()}_ROLE`) === role) ?? String(role)
  );
}
