import { type CallExceptionError, isError, isHexString } from "ethers";
import {
  CallFailed,
  CommonwealError,
  ContractError,
  InsufficientFunds,
  InvalidArgument,
  NetworkFailure,
  SignerRequired,
  TransactionConflict,
  TransactionFailed,
  UserRejected,
} from "./errors.js";
import { detailsOf, refusalOf } from "./patience.js";
import { Aborted, GasPriceTooLow, RateLimited, WrongChain } from "./transactionErrors.js";

/** Waits for something whose failure becomes an error of this SDK; what `signal` ended, whatever its reason, `Aborted`. */
export async function withTypedError<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted && !(error instanceof CommonwealError)) throw new Aborted({ cause: error });
    throw await typedError(error);
  }
}

/** Returns the same functions, whose failures are all errors of this SDK. */
export function withTypedErrors<T extends { [Name in keyof T]: (...args: never[]) => Promise<unknown> }>(
  functions: T,
): T {
  const entries = Object.entries<(...args: never[]) => Promise<unknown>>(functions).map(([name, call]) => [
    name,
    // Writes have typed errors of their own.
    "populate" in call ? call : (...args: never[]) => withTypedError(call(...args), signalOf(args)),
  ]);

  return Object.fromEntries(entries) as T;
}

/** Functions take one object of options. */
function signalOf([options]: readonly unknown[]): AbortSignal | undefined {
  return (Object(options) as { signal?: AbortSignal }).signal;
}

/**
 * Returns the error of this SDK for whatever ethers, a wallet or a node threw: also for calls of `contracts`.
 *
 * @example
 * await commonweal.contracts.RoyaltyLedger.collectFees(currencies).catch(async (error) => {
 *   console.log((await typedError(error)).message);
 * });
 */
export async function typedError(error: unknown): Promise<CommonwealError> {
  if (error instanceof CommonwealError) return error;
  const options = { cause: error };

  if (/^(Abort|Timeout)Error$/.test(nameOf(error))) return new Aborted(options);
  if (isError(error, "CALL_EXCEPTION") && error.receipt) return new TransactionFailed(error.receipt, options);
  // Providers cannot send, and signers without a key cannot sign.
  if (isError(error, "UNSUPPORTED_OPERATION") && /^(send|sign)/.test(error.operation)) {
    return new SignerRequired(options);
  }

  const data = revertData(error);
  if (data !== undefined) return contractError(data, options);

  return transactionError(error, options) ?? (await callError(error, options));
}

/** Tells whether a contract, rather than the node that runs it, refused a call: it reverted, or used up its gas. */
export async function isRevert(error: unknown): Promise<boolean> {
  const typed = await typedError(error);

  return typed instanceof ContractError || (typed instanceof CallFailed && HALTED.test(typed.message));
}

/** Decodes what a contract reverted with. What is known of errors is loaded when there is one. */
export async function contractError(data: string, options?: ErrorOptions): Promise<ContractError> {
  const { decodeContractError } = await import("./contractErrors.js");

  return decodeContractError(data, options);
}

/** What keeps a transaction from being sent. Ethers does not recognise every wallet's and every node's way to say so. */
function transactionError(error: unknown, options: ErrorOptions): CommonwealError | undefined {
  const reason = reasonOf(error);
  if (isError(error, "ACTION_REJECTED") || /user (rejected|denied)/i.test(reason)) return new UserRejected(options);
  if (isError(error, "INSUFFICIENT_FUNDS") || /insufficient funds|enough funds/i.test(reason)) {
    return new InsufficientFunds(options);
  }
  if (isError(error, "NONCE_EXPIRED") || isError(error, "REPLACEMENT_UNDERPRICED") || CONFLICT.test(reason)) {
    return new TransactionConflict(reason, options);
  }
  if (FEE_TOO_LOW.test(reason)) return new GasPriceTooLow(reason, options);
  if (isWrongChain(error, reason)) return new WrongChain(reason, options);

  return undefined;
}

async function callError(error: unknown, options: ErrorOptions): Promise<CommonwealError> {
  const reason = reasonOf(error);
  if (isError(error, "INVALID_ARGUMENT")) {
    return new InvalidArgument(error.argument, error.value, `what the contract takes (${error.shortMessage})`, options);
  }
  if (refusalOf(error).kind === "tooOften") return new RateLimited(reason, options);
  if (isError(error, "CALL_EXCEPTION") && hasReverted(error)) return contractError("0x", options);
  if (isNetworkError(error)) return new NetworkFailure(reason, options);

  return new CallFailed(reason, options);
}

/* REVERTS */

/** Where ethers, wallets and nodes put what they know, each in its own way. */
const NESTED = ["data", "error", "info", "cause", "originalError"] as const;

/** Finds the bytes of a revert: when a transaction fails in gas estimation, ethers passes the node's error on as it is. */
function revertData(error: unknown, depth = 0): string | undefined {
  if (isHexString(error)) return error.length >= 10 ? error : undefined;
  if (typeof error !== "object" || error === null || depth > 6) return undefined;

  for (const key of NESTED) {
    const data = revertData((error as Record<string, unknown>)[key], depth + 1);
    if (data !== undefined) return data;
  }
  return undefined;
}

/** Ethers takes whatever a node says instead of a result for a revert, also when it did not run the call. */
function hasReverted({ info }: CallExceptionError): boolean {
  if (info?.error === undefined) return true;
  const { rpcCode, text } = detailsOf(info.error);

  return rpcCode === 3 || (REVERTED.test(text) && !OUT_OF_GAS.test(text));
}

/* REASONS */

// In the words of Geth, Erigon, Nethermind, Besu, Reth, Hardhat, and of wallets.
const CONFLICT =
  /nonce (is )?too (low|high)|nonce has already been used|replacement transaction underpriced|already known/i;
const FEE_TOO_LOW =
  /underpriced|fee cap less than|max ?fee ?per ?gas.*(too low|less than|lower than|below)|gas ?price.*(too low|below|less than)|fee ?too ?low/i;
const REVERTED =
  /revert|invalid ?(opcode|instruction|jump)|bad (instruction|jump)|stack ?(under|over)flow|write protection|v?e?vm (exception|execution error|error)/i;
const OUT_OF_GAS = /out ?of ?gas/i;
const HALTED = new RegExp(`${REVERTED.source}|${OUT_OF_GAS.source}`, "i");

function isWrongChain(error: unknown, reason: string): boolean {
  if (isError(error, "NETWORK_ERROR")) return error.event === "changed";

  return /chain ?id.*(mismatch|invalid|incorrect|match|same|different)|(mismatch|invalid|incorrect|wrong) chain ?id|network changed/i.test(
    reason,
  );
}

function nameOf(error: unknown): string {
  return String((Object(error) as { name?: unknown }).name);
}

/** Says why something failed, in the words of whoever noticed first. */
export function reasonOf(error: unknown): string {
  const { shortMessage, message, error: inner } = Object(error) as Record<string, unknown>;
  // What ethers could not make sense of says more than ethers does.
  if (isError(error, "UNKNOWN_ERROR") && inner !== undefined) return reasonOf(inner);
  // A node that refuses to run a call at all looks to ethers like a contract that gives no reason.
  if (isError(error, "CALL_EXCEPTION") && error.info?.error !== undefined) return reasonOf(error.info.error);

  return String(shortMessage ?? message ?? error);
}

function isNetworkError(error: unknown): boolean {
  const code = String((Object(error) as { code?: unknown }).code);

  // Ethers' codes, Node's, and fetch's TypeError in the browser.
  return (
    /^(NETWORK_ERROR|SERVER_ERROR|TIMEOUT|ECONN\w+|ENOTFOUND|ETIMEDOUT|EPIPE|EAI_AGAIN|E\w+UNREACH)$/.test(code) ||
    (error instanceof TypeError && /fetch/i.test(error.message)) ||
    // Half an answer, or what a network puts in the place of one.
    (isError(error, "UNSUPPORTED_OPERATION") && /^body/.test(error.operation))
  );
}
