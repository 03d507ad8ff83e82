import { id } from "ethers";
import type { ContractError } from "./errors.js";
import { errorTable } from "./generated/errors/table.js";

/** The class of an error of the contracts. */
export type ErrorClass = new (
  errorName: never,
  args: never,
  contract: string | undefined,
  instruction: string,
  options?: ErrorOptions,
) => ContractError;

/** Errors with the contracts that declare each of them. */
export interface ErrorGroup {
  readonly contracts: readonly string[];
  readonly errors: readonly (readonly [class_: ErrorClass, error: string])[];
}

/** An error that a contract can revert with. */
export interface KnownError {
  readonly name: string;
  /** As ethers reads it, such as `error NothingToClaim(address holder, address currency)`. */
  readonly error: string;
  /** The contracts that declare it. */
  readonly contracts: readonly string[];
  /** Undefined for what Solidity itself reverts with. */
  readonly errorClass: ErrorClass | undefined;
}

const BUILT_IN = ["Error(string reason)", "Panic(uint256 code)"];

let index: ReadonlyMap<string, KnownError> | undefined;

/** Returns all errors by selector, the first four bytes of what a contract reverts with. */
export function errorIndex(): ReadonlyMap<string, KnownError> {
  index ??= new Map([
    ...BUILT_IN.map((text) => entryOf(text, [], undefined)),
    ...errorTable.flatMap(({ contracts, errors }) =>
      errors.map(([errorClass, text]) => entryOf(text, contracts, errorClass)),
    ),
  ]);

  return index;
}

function entryOf(
  text: string,
  contracts: readonly string[],
  errorClass: ErrorClass | undefined,
): readonly [string, KnownError] {
  const signature = text.replace(/ \w+(?=[,)])/g, "").replaceAll(" ", "");
  const name = text.slice(0, text.indexOf("("));

  return [id(signature).slice(0, 10), { name, error: `error ${text}`, contracts, errorClass }];
}
