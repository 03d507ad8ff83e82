import { AbiCoder, dataSlice, ErrorFragment } from "ethers";
import { errorIndex, type KnownError } from "./errorIndex.js";
import { ContractError } from "./errors.js";
import type { ContractErrors } from "./generated/errors.js";
import { instructions } from "./instructions.js";

/** Decodes what a contract reverted with. */
export function decodeContractError(data: string, options?: ErrorOptions): ContractError {
  const known = errorIndex().get(data.slice(0, 10));
  const args = known === undefined ? undefined : argumentsOf(known, data);
  if (known === undefined || args === undefined) {
    const reason = data === "0x" ? "gave no reason" : `gave a reason that is not known here (${data})`;

    return new ContractError("Unknown", { data }, undefined, `The contract ${reason}; check the arguments.`, options);
  }

  return errorOf(known, args, options);
}

/** Returns the error with this name and these arguments, as a contract throws it. */
export function knownContractError<Name extends keyof ContractErrors>(
  name: Name,
  args: ContractErrors[Name],
): ContractError {
  const known = [...errorIndex().values()].find((error) => error.name === name) as KnownError;

  return errorOf(known, { ...args });
}

function errorOf(known: KnownError, args: Record<string, unknown>, options?: ErrorOptions): ContractError {
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
