import { getAddress, isHexString } from "ethers";
import { InvalidArgument } from "./errors.js";

/** The shares of every model. */
export const TOTAL_SHARES = 1_000_000;

const ADDRESS = "an address of 20 bytes, 0x… in hex";

/** Returns an address with its checksum. */
export function addressOf(value: string, argument: string, expected = ADDRESS): string {
  try {
    return getAddress(value);
  } catch (error) {
    throw new InvalidArgument(argument, value, expected, { cause: error });
  }
}

/** Returns 32 bytes in hex. */
export function bytes32Of(value: string, argument: string): string {
  if (!isHexString(value, 32)) throw new InvalidArgument(argument, value, "32 bytes, 0x… in hex");

  return value;
}

/** Returns a number of shares. */
export function unitsOf(units: number, argument: string): number {
  if (Number.isInteger(units) && units >= 1 && units <= TOTAL_SHARES) return units;

  throw new InvalidArgument(argument, units, "a whole number of shares from 1 to 1,000,000");
}

/** Returns the ids of models ascending and each once, as the ledger asks for them. */
export function ascending(models: readonly string[]): string[] {
  const ids = new Set(models.map((model) => addressOf(model, "models")));
  if (ids.size === 0) throw new InvalidArgument("models", "empty", "at least one model's id");

  return [...ids].sort(byAddress);
}

/** Orders addresses as Solidity does: by their number. */
export function byAddress(a: string, b: string): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}

/** Returns the number that Solidity has for a word. */
export function numberOf<Word extends string>(words: readonly Word[], word: Word, argument: string): number {
  const number = words.indexOf(word);
  if (number === -1) throw new InvalidArgument(argument, word, `one of ${words.join(", ")}`);

  return number;
}
