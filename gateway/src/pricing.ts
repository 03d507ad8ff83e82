import { type Commonweal, InvalidArgument, parseAmount } from "@commonweal/sdk";
import { Contract, getAddress, type Provider, type Signer, TypedDataEncoder, ZeroAddress } from "ethers";
import { type PaywallOptions, type PerUnit, UNITS_HEADER } from "./options.js";
import { PaywallMisconfigured, Refusal } from "./refusals.js";

/** A currency as payments need it. */
export interface Token {
  /** The zero address for ETH. */
  address: string;
  symbol: string;
  decimals: number;
  /** What ERC-3009's signatures name; none for a currency that does not take them. */
  domain?: { name: string; version: string };
}

/** What a call costs, and who is paid. */
export interface Terms {
  token: Token;
  /** Of a unit, or of a call, in the currency's smallest units. */
  price: bigint;
  per?: PerUnit;
  model: string;
  host: string;
  hostBps: number;
  /** Where `exact` pays: the model's address, or the one that it shares with the host. */
  payTo: string;
}

const TOKEN_ABI = [
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
  "function authorizationState(address, bytes32) view returns (bool)",
];

/** Returns the account that the protocol is connected as, or undefined for a provider. */
export function signerOf({ contracts }: Commonweal): Signer | undefined {
  const { runner } = contracts.RoyaltyLedger;

  return runner !== null && "signTypedData" in runner ? (runner as Signer) : undefined;
}

/** Returns the provider that the protocol is connected to. */
export function providerOf({ contracts }: Commonweal): Provider {
  // `connect` takes no runner without one.
  return contracts.RoyaltyLedger.runner?.provider as Provider;
}

/**
 * Reads what there is to know of price and payee, once: none of it changes.
 *
 * @throws {PaywallMisconfigured} when the options do not fit together, or not with the model.
 */
export async function readTerms(options: PaywallOptions): Promise<Terms> {
  const { commonweal, currency, hostBps = 0, per = "call" } = options;
  const { RoyaltyLedger: ledger } = commonweal.contracts;
  const model = addressOf(options.model, "model");
  const host = addressOf(options.host ?? (await signerOf(commonweal)?.getAddress()) ?? model, "host");
  const { maxHostBps } = await ledger.modelTermsOf(model);
  if (!Number.isInteger(hostBps) || hostBps < 0 || BigInt(hostBps) > maxHostBps) {
    throw new PaywallMisconfigured(
      `hostBps is ${hostBps}, and the model allows hosts ${maxHostBps} basis points: give 0 to ${maxHostBps}.`,
    );
  }
  if (hostBps > 0 && host === model) {
    throw new PaywallMisconfigured("hostBps is for a host: give its address as host, or connect with a signer.");
  }
  if (per !== "call" && !(Number.isSafeInteger(per.max) && per.max > 0)) {
    throw new PaywallMisconfigured(`per.max is ${per.max}: give the most units of a call, a whole number from 1.`);
  }
  if (per !== "call" && options.files !== undefined) {
    throw new PaywallMisconfigured("Files are sold by the download, whatever units a call asks for: leave per out.");
  }
  const token = await readToken(commonweal, currency);
  const price = parseAmount(options.price, token.decimals);
  if (price <= 0n) throw new PaywallMisconfigured("The price is 0: give more, or take the paywall away.");

  return {
    ...{ token, price, model, host, hostBps },
    per: per === "call" ? undefined : per,
    payTo: hostBps === 0 ? model : await commonweal.deposits.addressOf({ model, host, hostBps }),
  };
}

async function readToken(commonweal: Commonweal, currency: string): Promise<Token> {
  const listed = await commonweal.royalties.currencies();
  const wanted = currency === "ETH" ? ZeroAddress : addressOf(currency, "currency");
  const found = listed.find(({ address }) => address === wanted);
  if (found === undefined) {
    const known = listed.map((each) => `${each.symbol} (${each.currency})`).join(", ");
    throw new PaywallMisconfigured(`${currency} is not on the ledger's list of currencies: give one of ${known}.`);
  }
  const { address, symbol, decimals } = found;

  return { address, symbol, decimals, domain: await domainOf(commonweal, address) };
}

/** Returns what the token says of itself if that is what it checks signatures with. */
async function domainOf(commonweal: Commonweal, address: string): Promise<Token["domain"]> {
  if (address === ZeroAddress) return undefined;

  const token = new Contract(address, TOKEN_ABI, providerOf(commonweal));
  try {
    const [name, version, separator] = await Promise.all([
      token.name() as Promise<string>,
      (token.version() as Promise<string>).catch(() => "1"),
      token.DOMAIN_SEPARATOR() as Promise<string>,
      token.authorizationState(address, NO_NONCE),
    ]);
    const domain = { name, version, chainId: commonweal.chainId, verifyingContract: address };

    return TypedDataEncoder.hashDomain(domain) === separator ? { name, version } : undefined;
  } catch {
    return undefined;
  }
}

const NO_NONCE = `0x${"00".repeat(32)}`;

/**
 * Returns how many units a request asks for; 1 if calls are paid, not units.
 *
 * @throws {Refusal} `units_invalid`.
 */
export function unitsAsked({ per }: Pick<Terms, "per">, asked: { url: URL; header(name: string): string | undefined }) {
  if (per === undefined) return 1;

  const text = asked.header(UNITS_HEADER) ?? asked.url.searchParams.get("units");
  if (text === null) return per.max;
  const units = Number(text);
  if (/^\d{1,15}$/.test(text) && units >= 1 && units <= per.max) return units;

  throw new Refusal(
    "units_invalid",
    `Ask for 1 to ${per.max} units (${per.unit}) in ${UNITS_HEADER}, or leave it out.`,
  );
}

function addressOf(value: string, argument: string): string {
  try {
    return getAddress(value);
  } catch (error) {
    throw new InvalidArgument(argument, value, "an address, 0x… in hex", { cause: error });
  }
}
