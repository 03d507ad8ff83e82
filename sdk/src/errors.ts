import type { TransactionReceipt } from "ethers";
import type { ContractErrors } from "./generated/errors.js";

/** What every failure of this SDK is an instance of. The message says what to do. */
export abstract class CommonwealError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/* BEFORE A CALL */

/** The protocol is not known, or not deployed, on the chain that the runner is connected to. */
export class DeploymentNotFound extends CommonwealError {
  constructor(
    readonly chainId: bigint,
    readonly address?: string,
  ) {
    super(
      address === undefined
        ? `Commonweal is not known on chain ${chainId}: pass connect(runner, { deployment }) with the addresses of its contracts.`
        : `There is no contract at ${address} on chain ${chainId}: deploy Commonweal there, or pass connect(runner, { deployment }) with the right addresses.`,
    );
  }
}

/** The runner that was given to `connect` cannot sign. */
export class SignerRequired extends CommonwealError {
  constructor(options?: ErrorOptions) {
    super(
      "This needs a signature: give connect() a Signer, such as a Wallet or the browser's, instead of a Provider.",
      options,
    );
  }
}

/** An argument is not what the function takes. */
export class InvalidArgument extends CommonwealError {
  constructor(
    readonly argument: string,
    readonly value: unknown,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`${argument} is ${describe(value)}; give ${expected}.`, options);
  }
}

/** An amount is neither a bigint nor a decimal string. */
export class InvalidAmount extends CommonwealError {
  constructor(readonly value: unknown) {
    super(
      typeof value === "number"
        ? `The amount ${value} is a JavaScript number, which loses digits; give a string such as "${value}", or units as a bigint.`
        : `The amount is ${describe(value)}; give a decimal string such as "12.5", or units as a bigint.`,
    );
  }
}

/** An amount has more decimals than its currency. */
export class TooManyDecimals extends CommonwealError {
  constructor(
    readonly value: string,
    readonly decimals: number,
  ) {
    super(`The amount "${value}" has more than the currency's ${decimals} decimals; round it to ${decimals}.`);
  }
}

/** A token does not take the kind of signature that was asked for. */
export class SignatureUnsupported extends CommonwealError {
  constructor(
    readonly token: string,
    readonly kind: "permit" | "authorization",
    options?: ErrorOptions,
  ) {
    super(
      `The token ${token} takes no ${kind === "permit" ? "permits (ERC-2612)" : "authorizations (ERC-3009)"}, or not as others do; let it be spent by an approval instead (royalties.pay, licensing.buy, usage.open).`,
      options,
    );
  }
}

/** The leaves of an allocation do not sum to its units. */
export class AllocationSumMismatch extends CommonwealError {
  constructor(
    readonly sum: number,
    readonly expected: number,
  ) {
    super(
      `The shares of the allocation sum to ${sum} units and not to ${expected}: change the shares, or set ${sum} units aside.`,
    );
  }
}

/* VOTES */

/** A holder of WEAL never delegated it, so it does not vote, and cannot in this one. */
export class NotDelegated extends CommonwealError {
  constructor(
    readonly account: string,
    /** What the account holds, in units of 10⁻¹⁸ WEAL. */
    readonly balance: bigint,
  ) {
    super(
      `${account} holds WEAL that was never delegated, and that does not vote: call governance.delegate() to vote with it, ` +
        "or give it to somebody who does; it counts in votes that begin after that.",
    );
  }
}

/** An account has no vote on a proposal, for a reason other than {@link NotDelegated}. */
export class NoVotes extends CommonwealError {
  /**
   * @param reason `delegatedAway` when somebody else votes with the account's WEAL, `tooLate` when WEAL or delegation came
   * after the vote had begun, `noWeal` when there is none.
   * @param delegate Who votes with the account's WEAL; undefined if nobody was named.
   */
  constructor(
    readonly account: string,
    readonly reason: "delegatedAway" | "tooLate" | "noWeal",
    readonly delegate: string | undefined,
  ) {
    super(`${account} has no vote on this proposal: ${NO_VOTES[reason](delegate)}`);
  }
}

const NO_VOTES: Record<NoVotes["reason"], (delegate: string | undefined) => string> = {
  delegatedAway: (delegate) =>
    `its WEAL is delegated to ${delegate}, who votes with it; call governance.delegate() to vote in those that begin after that.`,
  tooLate: () =>
    "its WEAL, or the delegation of it, came after the vote had begun; it counts in those that begin from now on.",
  noWeal: () => "it holds no WEAL; get some, or have some delegated to it, before a vote begins.",
};

/** The node cannot run a call on a changed state, which a simulation needs. */
export class StateOverridesUnsupported extends CommonwealError {
  constructor(options?: ErrorOptions) {
    super(
      "The node takes no state overrides in eth_call, which a simulation needs; connect to one that does by a JsonRpcProvider or BrowserProvider (Geth, Nethermind, Besu, Erigon, Reth, Anvil and Hardhat do).",
      options,
    );
  }
}

/** The logs that a node gave do not add up: it lacks some. */
export class LogsIncomplete extends CommonwealError {
  /** @param problem What does not add up. */
  constructor(
    readonly address: string,
    readonly fromBlock: number,
    readonly problem?: string,
    options?: ErrorOptions,
  ) {
    super(
      `The node lacks logs of ${address} since block ${fromBlock}${problem === undefined ? "" : ` (${problem})`}; connect to one that has them all.`,
      options,
    );
  }
}

/* READMES */

/** A README has a funding entry that cannot be relied on. */
export class FundingEntryInvalid extends CommonwealError {
  /**
   * @param line The line of the README, from 1.
   * @param problem What is wrong there.
   * @param expected What to write instead.
   */
  constructor(
    readonly line: number,
    readonly problem: string,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`Line ${line} of the README: ${problem}; write ${expected}.`, options);
  }
}

/** A README has no funding entry for a chain and registry. */
export class FundingEntryMissing extends CommonwealError {
  /** @param lines What to add to the README. */
  constructor(
    readonly chainId: bigint,
    readonly registry: string,
    readonly lines: string,
  ) {
    super(
      `The README has no funding entry for the registry ${registry} on chain ${chainId}: add this to its front matter, ` +
        `or at the end as a comment between "<!-- commonweal" and "-->", below "funding:" if that is there already.\n\n${lines}`,
    );
  }
}

/** A README's funding entry sends the money to somebody else. */
export class FundingRecipientMismatch extends CommonwealError {
  constructor(
    readonly recipient: string,
    readonly expected: string,
  ) {
    super(
      `The README's funding entry names ${recipient} and not ${expected}: pass ${recipient} as the recipient, or change the entry.`,
    );
  }
}

/** A source's README could not be fetched. */
export class ReadmeUnavailable extends CommonwealError {
  /** @param status The status of the HTTP answer; undefined if there was none. */
  constructor(
    readonly url: string,
    readonly status: number | undefined,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `${url} gave no README (${reason}): check the source's name, that anyone may read it, and that it has a README.`,
      options,
    );
  }
}

/* A CALL OR A TRANSACTION */

/** What an error's arguments are, by its name; anything if the name is only known when it comes. */
type ErrorArguments<Name extends string> = [Name] extends [keyof ContractErrors]
  ? [Name] extends [never]
    ? Readonly<Record<string, unknown>>
    : Readonly<ContractErrors[Name]>
  : Readonly<Record<string, unknown>>;

/**
 * A contract refused the call. Nothing was changed and nothing was paid, but for the gas of a transaction that was sent.
 * Each error of the contracts has a class of its own below this one.
 */
export class ContractError<Name extends string = string> extends CommonwealError {
  /**
   * @param errorName The name of the custom error; `Error` for a text, `Panic` for a failed assertion, `Unknown` for
   * what none of the protocol's contracts declares.
   * @param args The error's arguments by name.
   * @param contract The contract that declares the error; undefined if it is not of one contract alone.
   * @param instruction What to do, in a sentence.
   */
  constructor(
    readonly errorName: Name,
    readonly args: ErrorArguments<Name>,
    readonly contract: string | undefined,
    instruction: string,
    options?: ErrorOptions,
  ) {
    super(`${errorName}: ${instruction}`, options);
    // Of all classes below it, since minifiers change their names, and the message begins with the error's.
    this.name = "ContractError";
  }
}

/**
 * Tells whether something thrown is a given error of the contracts, and types its arguments.
 *
 * @example
 * if (isContractError(error, "RateTooLow")) console.log(error.args.minRateBps);
 */
export function isContractError<Name extends keyof ContractErrors>(
  error: unknown,
  name: Name,
): error is ContractError<Name> {
  return error instanceof ContractError && error.errorName === name;
}

/** The user said no to a signature or a transaction. */
export class UserRejected extends CommonwealError {
  constructor(options?: ErrorOptions) {
    super("The request was rejected in the wallet; ask again if it was a mistake.", options);
  }
}

/** The sender cannot pay for the transaction. */
export class InsufficientFunds extends CommonwealError {
  constructor(options?: ErrorOptions) {
    super("The sender has too little of the chain's coin for the amount and the gas; send it some.", options);
  }
}

/** The node did not answer, or not as a node should. */
export class NetworkFailure extends CommonwealError {
  constructor(
    /** In the words of whoever noticed. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The node did not answer (${reason}); check the connection and try again.`, options);
  }
}

/** The node did not take the transaction, because of another one by the same sender. */
export class TransactionConflict extends CommonwealError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `Another transaction of the sender is in the way (${reason}); wait until it is mined and try again.`,
      options,
    );
  }
}

/** Transactions that the sender sent before are not mined, and what they change is not known. */
export class TransactionsPending extends CommonwealError {
  constructor(readonly sender: string) {
    super(
      `Earlier transactions of ${sender} are not mined yet; wait for them, or replace them in the wallet, and try again.`,
    );
  }
}

/** The transaction was mined and reverted: what it relied on had changed since it was sent. */
export class TransactionFailed extends CommonwealError {
  constructor(
    readonly receipt: TransactionReceipt,
    options?: ErrorOptions,
  ) {
    super(
      `Transaction ${receipt.hash} was mined and reverted, since the state had changed after it was sent; read the state and try again.`,
      options,
    );
  }

  get hash(): string {
    return this.receipt.hash;
  }
}

/** The sender replaced the transaction by another one, or cancelled it. */
export class TransactionReplaced extends CommonwealError {
  constructor(
    readonly hash: string,
    readonly replacement: string,
    options?: ErrorOptions,
  ) {
    super(`Transaction ${hash} was replaced by ${replacement} in the wallet; try again if it was a mistake.`, options);
  }
}

/** A call failed in a way that this SDK does not know; `cause` has what ethers says. */
export class CallFailed extends CommonwealError {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The call failed (${reason}); see the error's cause.`, options);
  }
}

/** Names a value in a message. It may come from anywhere: an object may have no `toString`, a string any length. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);

  return value.length > 100 ? `"${value.slice(0, 100)}…"` : `"${value}"`;
}
