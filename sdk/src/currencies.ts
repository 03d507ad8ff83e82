import type { Address } from "./brands.js";
import { type Addressable, type ContractRunner, isError, type TransactionRequest, ZeroAddress } from "ethers";
import { type Amount, parseAmount } from "./amounts.js";
import { addressOf } from "./arguments.js";
import { callOf, type TypedCall } from "./calls.js";
import { type Context, contractAt } from "./context.js";
import { ERC20 } from "./generated/fragments/ERC20.js";
import { InvalidArgument } from "./errors.js";
import { isRevert } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";

/** What money is made of: "ETH", the chain's own coin, or the address of an ERC-20. */
export type Currency = "ETH" | Address;

/** A currency on the ledger's list. */
export interface ListedCurrency {
  /** As the functions of this SDK take it. */
  currency: Currency;
  /** As the contracts know it: ETH is the zero address. */
  address: string;
  /** The address of a token that does not tell, or not as a text. */
  symbol: string;
  /** 0 for a token that does not tell; give its amounts as bigints, in its smallest units. */
  decimals: number;
}

const ETH: ListedCurrency = { currency: "ETH", address: ZeroAddress, symbol: "ETH", decimals: 18 };

/** Returns a currency as the contracts know it. */
export function currencyAddress(currency: Currency): string {
  return currency === "ETH" ? ZeroAddress : addressOf(currency, "currency", '"ETH", or the address of an ERC-20');
}

/** Returns a currency as this SDK names it. */
export function currencyOf(address: string): Currency {
  return address === ZeroAddress ? "ETH" : address;
}

/** Returns a currency as lists and statements have it: a token need not tell its symbol and decimals. */
export async function listedCurrency(address: string, runner: ContractRunner): Promise<ListedCurrency> {
  if (address === ZeroAddress) return { ...ETH };

  const token = contractAt(ERC20, address, runner);
  const [symbol, decimals] = await Promise.all([
    token.symbol().catch(insteadOfMissing(address)),
    token.decimals().catch(insteadOfMissing(0n)),
  ]);

  return { currency: address, address, symbol, decimals: Number(decimals) };
}

/** What payments need to know about currencies, with a memory for decimals, which never change. */
export function currenciesOf({ at, provider, reads, signer }: Context) {
  const ledger = at(RoyaltyLedger);
  const knownDecimals = new Map([[ZeroAddress, ETH.decimals]]);

  const tokenAt = (address: string) => contractAt(ERC20, address, reads);

  async function decimalsOf(address: string): Promise<number> {
    const decimals = knownDecimals.get(address) ?? Number(await tokenAt(address).decimals().catch(explain));
    knownDecimals.set(address, decimals);

    return decimals;

    function explain(error: unknown): never {
      if (!isMissing(error)) throw error;
      throw new InvalidArgument(
        "currency",
        address,
        "one that tells its decimals, or the amount as a bigint in its units",
        {
          cause: error,
        },
      );
    }
  }

  /** Whether a token would not do something now. */
  async function refuses(call: TransactionRequest): Promise<boolean> {
    try {
      await provider.call(call);

      return false;
    } catch (error) {
      if (await isRevert(error)) return true;
      throw error;
    }
  }

  /** Returns a currency as it calls itself; fails if it does not. */
  async function describeCurrency(address: string): Promise<ListedCurrency> {
    if (address === ZeroAddress) return { ...ETH };

    const [symbol, decimals] = await Promise.all([tokenAt(address).symbol(), decimalsOf(address)]);
    return { currency: address, address, symbol, decimals };
  }

  return {
    /** Returns an amount in the currency's smallest units. */
    async unitsOf(address: string, amount: Amount): Promise<bigint> {
      return parseAmount(amount, typeof amount === "string" ? await decimalsOf(address) : 0);
    },

    /**
     * Returns what lets a contract, the ledger by default, take an amount from the signer: the coin that goes with the call
     * that takes it, or an approval before it. Tokens that change an allowance only from or to 0, such as USDT on Ethereum,
     * are asked for 0 first.
     */
    async provide(
      address: string,
      units: bigint,
      approve = true,
      spender: Addressable = ledger,
    ): Promise<{ value: bigint; approvals: TypedCall[] }> {
      if (address === ZeroAddress) return { value: units, approvals: [] };
      if (!approve) return { value: 0n, approvals: [] };

      const token = tokenAt(address);
      const from = await signer().getAddress();
      const allowance = await token.allowance(from, spender);
      if (allowance >= units) return { value: 0n, approvals: [] };

      const approval = await callOf(token.approve, [spender, units]);
      const isRefused = allowance > 0n && (await refuses({ from, to: address, data: approval.data }));

      return { value: 0n, approvals: [...(isRefused ? [await callOf(token.approve, [spender, 0n])] : []), approval] };
    },

    describeCurrency,

    async listed(): Promise<ListedCurrency[]> {
      return Promise.all((await ledger.currencies()).map((address) => listedCurrency(address, reads)));
    },
  };
}

/** Whether a contract does not have the function that was called, or answers with something else. */
function isMissing(error: unknown): boolean {
  // What ethers says of a text that is no UTF-8 is inside an error without a code.
  const { error: inner } = error as { error?: unknown };

  return isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA") || isError(inner, "INVALID_ARGUMENT");
}

function insteadOfMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (!isMissing(error)) throw error;

    return value;
  };
}
