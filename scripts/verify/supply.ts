import { getAddress, ZeroAddress } from "ethers";
import { distributionOf, SUPPLY, vestingArguments } from "../genesis.js";
import { LogsMissing } from "./errors.js";
import { check, type Check, type Fact, type Findings } from "./report.js";
import type { EmittedEvent, Subject } from "./subject.js";

type Balances = Map<string, bigint>;

/**
 * Replays every transfer of WEAL since its deployment: the mints are the genesis of the parameters, there are no others,
 * and what accounts have today is what the transfers left them.
 */
export async function checkSupply(subject: Subject): Promise<Findings> {
  const transfers = await subject.events("WealToken", "Transfer");
  if (transfers.length === 0) throw new LogsMissing(subject.deployment.WealToken.block, "the mint of WEAL");

  const balances: Balances = new Map();
  for (const { args } of transfers) {
    const [from, to, amount] = args as [string, string, bigint];
    add(balances, from, -amount);
    add(balances, to, amount);
  }
  balances.delete(ZeroAddress);

  return {
    checks: [
      ...genesisChecks(subject, transfers),
      check("supply", "WealToken.totalSupply", SUPPLY, await subject.read("WealToken", "totalSupply")),
      check("supply", "WealToken sum of balances", SUPPLY, await sumOfBalances(subject, balances)),
      ...(await balanceChecks(subject, balances)),
      ...(await vestingChecks(subject)),
    ],
    facts: [...expectedGenesis(subject)].map(([account, amount]): Fact => ({
      area: "supply",
      subject: account,
      value: `${amount} units of WEAL at genesis`,
    })),
  };
}

/** Who is to be minted how much. Somebody who has several parts has their sum. */
export function expectedGenesis({ parameters, at }: Subject): Balances {
  const addresses = {
    treasury: at("TimelockController"),
    stakeholding: at("Stakeholding"),
    claim: at("GenesisClaim"),
    vesting: (index: number) => at(`VestingWallet${index}`),
  };
  const expected: Balances = new Map();
  for (const { account, amount } of distributionOf(parameters, addresses)) add(expected, account, amount);

  return expected;
}

function genesisChecks(subject: Subject, transfers: readonly EmittedEvent[]): Check[] {
  const minted: Balances = new Map();
  const late: string[] = [];
  for (const { block, args } of transfers) {
    const [from, to, amount] = args as [string, string, bigint];
    if (from !== ZeroAddress) continue;
    if (block === subject.deployment.WealToken.block) add(minted, to, amount);
    else late.push(`${amount} to ${to}`);
  }
  const expected = expectedGenesis(subject);
  const accounts = new Set([...expected.keys(), ...minted.keys()]);

  return [
    ...[...accounts].map((account) =>
      check("supply", `genesis of ${account}`, expected.get(account) ?? 0n, minted.get(account) ?? 0n),
    ),
    check("supply", "WEAL minted after genesis", [], late),
  ];
}

async function sumOfBalances(subject: Subject, balances: Balances): Promise<bigint | string> {
  const held = await Promise.all(
    [...balances.keys()].map((account) => subject.read("WealToken", "balanceOf", account)),
  );
  if (held.some((each) => typeof each !== "bigint")) return "no answer";

  return (held as bigint[]).reduce((sum, each) => sum + each, 0n);
}

function balanceChecks(subject: Subject, balances: Balances): Promise<Check[]> {
  return Promise.all(
    [...balances].map(async ([account, balance]) =>
      check("supply", `WEAL of ${account}`, balance, await subject.read("WealToken", "balanceOf", account)),
    ),
  );
}

async function vestingChecks(subject: Subject): Promise<Check[]> {
  const checks = subject.parameters.genesis.founders.map(async (founder, index) => {
    const name = `VestingWallet${index}` as const;
    const [, start, duration] = vestingArguments(founder);

    return [
      check("supply", `${name}.start`, start, await subject.read(name, "start")),
      check("supply", `${name}.duration`, duration, await subject.read(name, "duration")),
    ];
  });

  return (await Promise.all(checks)).flat();
}

function add(balances: Balances, account: string, amount: bigint): void {
  const key = getAddress(account);
  balances.set(key, (balances.get(key) ?? 0n) + amount);
}
