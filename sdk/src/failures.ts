import { AbiCoder, dataSlice, ErrorFragment, isError, isHexString } from "ethers";
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
import { type KnownError, errorIndex } from "./errorIndex.js";
import type { ContractErrors } from "./generated/errors.js";
import { instructions } from "./instructions.js";

/** Waits for something whose failure becomes an error of this SDK. */
export async function withTypedError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw typedError(error);
  }
}

/** Returns the same functions, whose failures are all errors of this SDK. */
export function withTypedErrors<T extends { [Name in keyof T]: (...args: never[]) => Promise<unknown> }>(
  functions: T,
): T {
  const entries = Object.entries<(...args: never[]) => Promise<unknown>>(functions).map(([name, call]) => [
    name,
    (...args: never[]) => withTypedError(call(...args)),
  ]);

  return Object.fromEntries(entries) as T;
}

/** Returns the error of this SDK for whatever ethers, a wallet or a node threw. */
export function typedError(error: unknown): CommonwealError {
  if (error instanceof CommonwealError) return error;
  const options = { cause: error };

  if (isError(error, "CALL_EXCEPTION") && error.receipt) return new TransactionFailed(error.receipt, options);
  // Providers cannot send, and signers without a key cannot sign.
  if (isError(error, "UNSUPPORTED_OPERATION") && /^(send|sign)/.test(error.operation)) {
    return new SignerRequired(options);
  }

  const data = revertData(error);
  if (data !== undefined) return contractError(data, options);

  // Ethers does not recognise every wallet's and every node's way to say so.
  const reason = reasonOf(error);
  if (isError(error, "ACTION_REJECTED") || /user (rejected|denied)/i.test(reason)) return new UserRejected(options);
  if (isError(error, "INSUFFICIENT_FUNDS") || /insufficient funds|enough funds/i.test(reason)) {
    return new InsufficientFunds(options);
  }
  if (isError(error, "NONCE_EXPIRED") || isError(error, "REPLACEMENT_UNDERPRICED")) {
    return new TransactionConflict(reason, options);
  }
  if (isError(error, "CALL_EXCEPTION")) return contractError("0x", options);
  if (isError(error, "INVALID_ARGUMENT")) {
    return new InvalidArgument(error.argument, error.value, `what the contract takes (${error.shortMessage})`, options);
  }
  if (isNetworkError(error)) return new NetworkFailure(reason, options);

  return new CallFailed(reason, options);
}

/* REVERTS */

/** Decodes what a contract reverted with. */
export function contractError(data: string, options?: ErrorOptions): ContractError {
  const known = errorIndex().get(data.slice(0, 10));
  const args = known === undefined ? undefined : argumentsOf(known, data);
  if (known === undefined || args === undefined) {
    const reason = data === "0x" ? "gave no reason" : `gave a reason that is not known here (${data})`;

    return new ContractError("Unknown", { data }, undefined, `The contract ${reason}; check the arguments.`, options);
  }

  const instruct = instructions[known.name as keyof ContractErrors] as (args: Record<string, unknown>) => string;
  // Errors of a standard are declared by more than one contract, and any token may throw them.
  const contract = known.contracts.length === 1 ? known.contracts[0] : undefined;
  const ErrorClass = (known.errorClass ?? ContractError) as typeof ContractError;

  return new ErrorClass(known.name, args, contract, instruct(args), options);
}

/** Returns undefined for bytes that only begin like the error: any contract may revert with anything. */
function argumentsOf({ error }: KnownError, data: string): Record<string, unknown> | undefined {
  const { inputs } = ErrorFragment.from(error);
  try {
    return AbiCoder.defaultAbiCoder().decode(inputs, dataSlice(data, 4)).toObject();
  } catch {
    return undefined;
  }
}

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

/* REASONS */

function reasonOf(error: unknown): string {
  const { shortMessage, message, error: inner } = Object(error) as Record<string, unknown>;
  // What ethers could not make sense of says more than ethers does.
  if (isError(error, "UNKNOWN_ERROR") && inner !== undefined) return reasonOf(inner);

  return String(shortMessage ?? message ?? error);
}

function isNetworkError(error: unknown): boolean {
  const code = String((Object(error) as { code?: unknown }).code);

  // Ethers' codes, Node's, and fetch's TypeError in the browser.
  return (
    /^(NETWORK_ERROR|SERVER_ERROR|TIMEOUT|ECONN\w+|ENOTFOUND|ETIMEDOUT|EPIPE|EAI_AGAIN|E\w+UNREACH)$/.test(code) ||
    (error instanceof TypeError && /fetch/i.test(error.message))
  );
}
