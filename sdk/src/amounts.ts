import { formatUnits, parseUnits } from "ethers";
import { InvalidAmount, TooManyDecimals } from "./errors.js";

/** An amount of money: a decimal string in the currency, such as "12.5", or a bigint in its smallest units. */
export type Amount = bigint | string;

/**
 * Returns an amount in a currency's smallest units.
 *
 * @throws {InvalidAmount} when it is neither a bigint nor a decimal string, or negative.
 * @throws {TooManyDecimals} when it has more decimals than the currency.
 * @example
 * parseAmount("12.5", 6); // 12_500_000n
 */
export function parseAmount(amount: Amount, decimals: number): bigint {
  if (typeof amount === "bigint" && amount >= 0n) return amount;
  if (typeof amount !== "string" || !/^\d+(\.\d+)?$/.test(amount)) throw new InvalidAmount(amount);

  const fraction = amount.split(".")[1] ?? "";
  if (fraction.length > decimals) throw new TooManyDecimals(amount, decimals);

  return parseUnits(amount, decimals);
}

/**
 * Returns an amount as a decimal string, without trailing zeros.
 *
 * @example
 * formatAmount(12_500_000n, 6); // "12.5"
 */
export function formatAmount(units: bigint, decimals: number): string {
  return formatUnits(units, decimals).replace(/\.0$/, "");
}
