import { type Commonweal, connect, type Hosting } from "@commonweal/sdk";
import type { Wallet } from "ethers";
import { type Person, PEOPLE, type Role } from "../../scripts/story/cast.js";
import type { World } from "../../scripts/story/world.js";

/** What an agent pays from, and how many calls it is to make. */
export interface Purse {
  wallet: Wallet;
  /** What was in it at first, in units. */
  filled: bigint;
  /** Paid one by one. */
  exactCalls: number;
  /** Paid by channel. */
  calls: number;
}

/** Credits what came to the address that host and model share, and pays the host: of that address, and of channels. */
export async function collect({ deposits, usage }: Commonweal, hosting: Hosting, currency: string): Promise<void> {
  await deposits.sweepHosted({ hostings: [hosting], currencies: [currency] });
  await deposits.claimHostPart({ hostings: [hosting], currency });
  await usage.payHost({ currency });
}

/** Passes on to parents what is theirs, and pays everybody, the treasury too. */
export async function passOn({ usdc, wallets }: World, roles: Role[], models: Map<string, string>): Promise<void> {
  const currency = await usdc.getAddress();
  const { contracts, royalties } = await connect(wallets.Relayer);
  await royalties.cascade({ models: [...models.values()], currency });
  for (const holder of holdersOf(roles)) {
    const held = roles.filter(({ holdings }) => holdings.some((holding) => holding.holder === holder));
    // Anyone may have it sent to whom it belongs.
    const theirs = held.map(({ key }) => models.get(key) as string);
    await royalties.claimFor({ holder: wallets[holder].address, models: theirs, currency });
  }
  if ((await contracts.RoyaltyLedger.collectableFees(currency)) > 0n) {
    await (await contracts.RoyaltyLedger.collectFees(currency)).wait();
  }
}

/** Returns what agents spent in all: what is gone from their purses, less what they can take out of their channels again. */
export async function spentBy({ usdc, provider }: World, purses: Purse[]): Promise<bigint> {
  const { usage } = await connect(provider);
  let spent = 0n;
  for (const { wallet, filled } of purses) {
    spent += filled - (await usdc.balanceOf(wallet.address));
    for (const { channel } of await usage.channelsOf({ payer: wallet.address })) {
      spent -= (await usage.stateOf({ channel })).left;
    }
  }

  return spent;
}

/** Returns the dollars of everybody, of the treasury and of the ledger, in units. */
export async function balancesOf({ provider, usdc, wallets }: World): Promise<Map<string, bigint>> {
  const { contracts } = await connect(provider);
  const accounts: [string, string][] = [
    ...PEOPLE.map((person): [string, string] => [person, wallets[person].address]),
    ["treasury", String(contracts.TimelockController.target)],
    ["ledger", String(contracts.RoyaltyLedger.target)],
  ];
  const balances = accounts.map(async ([name, account]) => [name, await usdc.balanceOf(account)] as const);

  return new Map(await Promise.all(balances));
}

function holdersOf(roles: Role[]): Person[] {
  return PEOPLE.filter((person) => roles.some(({ holdings }) => holdings.some(({ holder }) => holder === person)));
}
