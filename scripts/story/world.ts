import { HDNodeWallet, JsonRpcProvider, Mnemonic } from "ethers";
import { type TestToken, TestToken__factory } from "../../types/ethers-contracts/index.js";
import { PEOPLE, type Person } from "./cast.js";

/** The phrase behind the accounts of every Hardhat node: public, so never send real money to them. */
const PHRASE = Mnemonic.fromPhrase("test test test test test test test test test test test junk");

/** The verifiers' places among the node's accounts. */
const VERIFIERS = [17, 18, 19];

/** What the teller needs to know of the world. */
export interface World {
  provider: JsonRpcProvider;
  usdc: TestToken;
  wallets: Record<Person, HDNodeWallet>;
  /** Who attests which source is whose: those that `scripts/parameters/local.json` names. */
  verifiers: HDNodeWallet[];
  /** Prints a line of progress. */
  say(line: string): void;
}

/** Connects everybody in the story to a local chain. The provider is the caller's to destroy. */
export function openWorld(url: string, usdc: string, say: World["say"]): World {
  // A local chain mines at once: neither remembered answers nor a long wait between looks.
  const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, pollingInterval: 50 });
  const walletAt = (index: number) => HDNodeWallet.fromMnemonic(PHRASE, `m/44'/60'/0'/0/${index}`).connect(provider);
  const wallets = Object.fromEntries(PEOPLE.map((person) => [person, walletAt(accountOf(person))])) as World["wallets"];

  return {
    provider,
    wallets,
    verifiers: VERIFIERS.map(walletAt),
    usdc: TestToken__factory.connect(usdc, wallets.Buyer),
    say,
  };
}

/** Returns a person's index among the node's accounts; the first is the deployer's. */
export function accountOf(person: Person): number {
  return PEOPLE.indexOf(person) + 1;
}
