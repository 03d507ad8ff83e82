import { type Addressable, Contract, type Overrides, ZeroAddress } from "ethers";
import { type Amount, parseAmount } from "./amounts.js";
import { addressOf } from "./arguments.js";
import { send } from "./calls.js";
import type { Context } from "./context.js";
import { erc20Abi } from "./generated/abis/ERC20.js";
import type { ERC20 } from "./generated/types/ERC20.js";

/** What money is made of: "ETH", the chain's own coin, or the address of an ERC-20. */
export type Currency = "ETH" | (string & {});

/** A currency on the ledger's list. */
export interface ListedCurrency {
  /** As the functions of this SDK take it. */
  currency: Currency;
  /** As the contracts know it: ETH is the zero address. */
  address: string;
  symbol: string;
  decimals: number;
}

const ETH_DECIMALS = 18;

/** Returns a currency as the contracts know it. */
export function currencyAddress(currency: Currency): string {
  return currency === "ETH" ? ZeroAddress : addressOf(currency, "currency", '"ETH", or the address of an ERC-20');
}

/** Returns a currency as this SDK names it. */
export function currencyOf(address: string): Currency {
  return address === ZeroAddress ? "ETH" : address;
}

/** What payments need to know about currencies, with a memory for decimals, which never change. */
export function currenciesOf({ contracts, runner, signer }: Context) {
  const { RoyaltyLedger: ledger } = contracts;
  const knownDecimals = new Map([[ZeroAddress, ETH_DECIMALS]]);

  const tokenAt = (address: string) => new Contract(address, erc20Abi, runner) as unknown as ERC20;

  async function decimalsOf(address: string): Promise<number> {
    const decimals = knownDecimals.get(address) ?? Number(await tokenAt(address).decimals());
    knownDecimals.set(address, decimals);

    return decimals;
  }

  /** Returns a currency as it calls itself. */
  async function describeCurrency(address: string): Promise<ListedCurrency> {
    if (address === ZeroAddress) return { currency: "ETH", address, symbol: "ETH", decimals: ETH_DECIMALS };

    const [symbol, decimals] = await Promise.all([tokenAt(address).symbol(), decimalsOf(address)]);
    return { currency: address, address, symbol, decimals };
  }

  return {
    /** Returns an amount in the currency's smallest units. */
    async unitsOf(address: string, amount: Amount): Promise<bigint> {
      return parseAmount(amount, typeof amount === "string" ? await decimalsOf(address) : 0);
    },

    /**
     * Makes sure that a contract, the ledger by default, can take an amount from the signer; returns what goes with the
     * call that takes it.
     */
    async provide(address: string, units: bigint, approve: boolean, spender: Addressable = ledger): Promise<Overrides> {
      if (address === ZeroAddress) return { value: units };

      const token = tokenAt(address);
      if (!approve || (await token.allowance(await signer().getAddress(), spender)) >= units) return {};

      const approval = await token.approve(spender, units);
      await send(Promise.resolve(approval));
      // The provider may still remember the nonce from before the approval.
      return { nonce: approval.nonce + 1 };
    },

    describeCurrency,

    async listed(): Promise<ListedCurrency[]> {
      return Promise.all((await ledger.currencies()).map(describeCurrency));
    },
  };
}
