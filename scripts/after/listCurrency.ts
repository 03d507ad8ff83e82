import { Contract, isAddress } from "ethers";
import type { Commonweal } from "../../sdk/src/index.js";
import { CurrencyUnfit } from "./errors.js";
import { propose, type ProposeOptions } from "./propose.js";
import type { Session } from "./session.js";

/** The largest supply, in units, that the ledger's numbers hold. */
const MAX_SUPPLY = 2n ** 96n;
const MAX_CURRENCIES = 16;
const ERC20 = [
  "function decimals() view returns (uint8)",
  "function symbol() view returns (string)",
  "function totalSupply() view returns (uint256)",
];

/**
 * Proposes to list an ERC-20 as a currency, for ever, once it is known to be fit.
 *
 * @returns The proposal's id, if it was sent.
 * @throws {CurrencyUnfit} when it is no ERC-20, listed already, or has too large a supply, or the list is full.
 */
export async function listCurrency(
  session: Session,
  commonweal: Commonweal,
  token: string,
  options: Pick<ProposeOptions, "send"> = {},
): Promise<bigint | undefined> {
  const { symbol, decimals } = await requireFit(session, commonweal, token);
  session.say(`${token} is ${symbol}, with ${decimals} decimals.`);
  const { target, data } = await commonweal.governance.proposals.addCurrency({ currency: token });
  const description = `List ${symbol} (${token}) as a currency`;

  return propose(session, commonweal, { description, actions: [{ target, data }] }, options);
}

async function requireFit({ signer }: Session, { contracts }: Commonweal, token: string) {
  if (!isAddress(token)) throw new CurrencyUnfit(token, "it is no address; give --currency 0x…");
  const listed = await contracts.RoyaltyLedger.currencies();
  if (listed.some((each) => each.toLowerCase() === token.toLowerCase())) throw new CurrencyUnfit(token, "it is listed");
  if (listed.length >= MAX_CURRENCIES) throw new CurrencyUnfit(token, `the list is full with ${MAX_CURRENCIES}`);
  if ((await signer.provider?.getCode(token)) === "0x") {
    throw new CurrencyUnfit(token, "there is no contract; look at the address and the network");
  }

  const contract = new Contract(token, ERC20, signer);
  const ask = async (view: string) => {
    try {
      return await contract.getFunction(view).staticCall();
    } catch {
      throw new CurrencyUnfit(token, `it has no ${view}(), so it is no ERC-20 that wallets show`);
    }
  };
  const [decimals, symbol, supply] = [await ask("decimals"), await ask("symbol"), await ask("totalSupply")];
  if (supply > MAX_SUPPLY) throw new CurrencyUnfit(token, `its supply is ${supply} units, above 2^96`);

  return { decimals, symbol } as { decimals: bigint; symbol: string };
}
