import { MaxUint256, ZeroAddress } from "ethers";
import type { ArgumentValue } from "./actions.js";
import { formatAmount } from "./amounts.js";
import type { Context } from "./context.js";
import { contractsToRead } from "./contracts.js";
import { currenciesOf } from "./currencies.js";
import type { Words } from "./explanations.js";
import { WealToken } from "./generated/fragments/WealToken.js";
import { encodedRoundIdOf } from "./roundTerms.js";

/** What sentences and warnings say values with, whatever is called. */
export type CommonWords = Pick<Words, "account" | "amount" | "currency" | "decimals" | "round">;

interface TokenInfo {
  /** How it is called in sentences: by its address where its symbol could mislead. */
  name: string;
  decimals: number;
}

/** More decimals than that serve to confuse; a rate of WEAL cannot be told for them. */
const MAX_DECIMALS = 36;

/** What a symbol looks like that cannot pass for something else. */
const PLAIN_SYMBOL = /^[\w.$-]{1,12}$/;

/** Returns words for the protocol's contracts, the listed currencies, WEAL, and the tokens that are given. */
export async function wordsOf(
  context: Context,
  currencies: Iterable<string>,
  tokens: Iterable<string>,
): Promise<CommonWords> {
  const contracts = contractsToRead(context);
  const known = await tokensOf(context, [...currencies], [...tokens]);
  const names = new Map<string, string>(Object.entries(contracts).map(([name, { target }]) => [String(target), name]));
  names.set(String(contracts.TimelockController.target), "the treasury");
  const currency = (address: ArgumentValue) => known.get(String(address))?.name ?? String(address);

  return {
    account: (address) => names.get(String(address)) ?? String(address),
    currency,
    round: (opening) =>
      encodedRoundIdOf(opening, { chainId: context.chainId, contract: String(contracts.TrainingRounds.target) }),
    decimals: (address) => known.get(String(address))?.decimals,
    amount(address, units) {
      const token = known.get(String(address));
      if (units === MaxUint256) return `any amount of ${currency(address)}`;
      if (token === undefined) return `${units} units of ${address}`;
      const amount = formatAmount(BigInt(String(units)), token.decimals);

      return token.name === address ? `${amount} of ${address}` : `${amount} ${token.name}`;
    },
  };
}

async function tokensOf(
  context: Context,
  currencies: readonly string[],
  tokens: readonly string[],
): Promise<Map<string, TokenInfo>> {
  const { describeCurrency } = currenciesOf(context);
  const ours = [ZeroAddress, String(context.at(WealToken).target)];
  const listed = new Set([...ours, ...currencies]);
  const described = await Promise.all(
    [...new Set([...listed, ...tokens])].map(async (address) => {
      // Any contract may be called like a token, and need not answer like one.
      const info = await describeCurrency(address).catch(() => undefined);

      return info === undefined || info.decimals > MAX_DECIMALS ? [] : [info];
    }),
  );
  const infos = described.flat();
  const isUnique = (symbol: string) =>
    infos.filter((info) => listed.has(info.address) && info.symbol.toUpperCase() === symbol.toUpperCase()).length === 1;

  return new Map(
    infos.map(({ address, symbol, decimals }) => {
      const isPlain = PLAIN_SYMBOL.test(symbol);
      const isBare = ours.includes(address) || (isPlain && listed.has(address) && isUnique(symbol));
      const name = isBare ? symbol : isPlain ? `${symbol} (${address})` : address;

      return [address, { name, decimals }];
    }),
  );
}
