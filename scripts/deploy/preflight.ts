import { Contract, formatEther, formatUnits } from "ethers";
import { creationsOf } from "../deployments.js";
import type { Parameters } from "../parameters.js";
import { coinOf, TEST_NETWORKS } from "../networks.js";
import { requireFutureDatesIfNew } from "../protocol.js";
import { dataFee, pricesOf } from "./cost.js";
import { journaledTransactions } from "./journal.js";
import type { Deployment } from "./send.js";
import { namesOf, type Standing, standingOf } from "./standing.js";

/** What is looked at before anything is sent. */
export interface Preflight {
  /** The plan and its cost, to read. */
  lines: string[];
  /** What keeps it from being sent; nothing, if all is well. */
  problems: string[];
  /** How many contracts are to be deployed. */
  missing: number;
  /** In wei, at today's prices. */
  cost: bigint;
}

/** Prices move while a deployment is under way: the balance must cover this much of today's cost, in percent. */
const MARGIN_PERCENT = 150n;

const ARBITRUM: ReadonlySet<number> = new Set([TEST_NETWORKS.arbitrumSepolia.chainId]);

/** An ERC-20's largest supply that the ledger lists. */
const MAX_SUPPLY = 2n ** 96n;

const WORDS: Record<Standing, string> = {
  missing: "to be deployed",
  deployed: "is there",
  other: "HOLDS OTHER CODE",
};

/** Makes the plan readable, adds up its cost, and checks all that can be checked before anything is sent. */
export async function preflight(deployment: Deployment): Promise<Preflight> {
  const { target, plan, factory, rehearsal, parameters } = deployment;
  const { provider } = target.connection.ethers;
  const standings = await standingOf(provider, plan, rehearsal);
  const missing = namesOf(standings, "missing");

  const rows = plan.contracts.map(({ name, address }) => {
    const standing = standings.get(name) as Standing;
    const gas = standing === "missing" ? (rehearsal.contracts.get(name)?.gas ?? 0n) : 0n;

    return `  ${name.padEnd(20)}${address}  ${WORDS[standing].padEnd(16)}${gas === 0n ? "" : digits(gas).padStart(12)}`;
  });
  if (factory.missing !== undefined) {
    const gas = digits(rehearsal.factoryGas).padStart(12);
    rows.unshift(`  ${"copy of CreateX".padEnd(20)}${factory.address}  ${WORDS.missing.padEnd(16)}${gas}`);
  }

  const { gas, data, price, cost } = await costOf(deployment, missing);
  const balance = await provider.getBalance(target.deployer);
  const needed = (cost * MARGIN_PERCENT) / 100n;
  const coin = coinOf(target.network);
  const pending = await pendingOf(deployment);
  const lines = [
    `Network     ${target.network}, chain ${target.chainId}`,
    `Deployer    ${target.deployer}, nonce ${await provider.getTransactionCount(target.deployer)}${pending}`,
    `Factory     ${factory.address}${factory.missing === undefined ? "" : ", a copy of CreateX to be deployed first"}`,
    "",
    `  ${"contract".padEnd(20)}${"address".padEnd(44)}${"state".padEnd(16)}${"gas".padStart(12)}`,
    ...rows,
    "",
    `Gas         ${digits(gas)} in all, measured on a chain in memory`,
    `Gas price   ${formatUnits(price, "gwei")} gwei now`,
    ...(data > 0n ? [`Data        ${formatEther(data)} ${coin} for posting it to Ethereum`] : []),
    ...(ARBITRUM.has(target.chainId)
      ? ["Data        not in these figures: Arbitrum adds gas for posting it to Ethereum"]
      : []),
    `Cost        ${formatEther(cost)} ${coin} at that price`,
    `Balance     ${formatEther(balance)} ${coin}`,
  ];

  const problems = [
    ...[...namesOf(standings, "other")].map(
      (name) =>
        `${name}: its address holds other code than this version and these parameters give. The deployer has deployed ` +
        "another there before; take the version and parameters of then, or another deployer.",
    ),
    ...(await changedParameters(deployment, namesOf(standings, "deployed"))),
    ...(await dateProblems(deployment)),
    // The ledger lists them when it is deployed, and never again.
    ...(missing.has("RoyaltyLedger") ? await currencyProblems(deployment, parameters) : []),
    ...(balance < needed
      ? [
          `The balance is too low: send ${formatEther(needed - balance)} ${coin} to ${target.deployer}, which makes it ` +
            `${MARGIN_PERCENT} % of today's cost, since prices move.`,
        ]
      : []),
  ];

  return { lines, problems, missing: missing.size, cost };
}

async function costOf({ target, factory, rehearsal }: Deployment, missing: ReadonlySet<string>) {
  const { provider } = target.connection.ethers;
  const { baseFee, tip } = await pricesOf(provider);
  const transactions = [...rehearsal.contracts]
    .filter(([name]) => missing.has(name))
    .map(([, { gas, data }]) => ({ gas, data, to: factory.address }));
  let [gas, data] = [rehearsal.factoryGas, 0n];
  if (factory.missing !== undefined) {
    data += await dataFee(provider, target.network, { gas, data: factory.missing.initCode });
  }
  for (const transaction of transactions) {
    gas += transaction.gas;
    data += await dataFee(provider, target.network, transaction);
  }
  const price = baseFee + tip;

  return { gas, data, price, cost: gas * price + data };
}

async function pendingOf({ target }: Deployment): Promise<string> {
  const { provider } = target.connection.ethers;
  const [pending, latest] = await Promise.all([
    provider.getTransactionCount(target.deployer, "pending"),
    provider.getTransactionCount(target.deployer, "latest"),
  ]);

  return pending > latest ? `; ${pending - latest} transactions wait, and will be waited for` : "";
}

/** Code does not tell parameters that are in storage; what was sent does. */
async function changedParameters({ target, plan, factory }: Deployment, deployed: ReadonlySet<string>) {
  const contracts = plan.contracts.filter(({ name }) => deployed.has(name));
  const creations = await creationsOf(target.connection.ethers.provider, contracts, {
    createX: factory.address,
    transactions: await journaledTransactions(target),
  });

  return contracts
    .filter(({ address, initCode }) => creations.get(address)?.initCode !== initCode)
    .map(
      ({ name }) =>
        `${name}: it is deployed with other parameters. Take the file it was deployed with, or another deployer.`,
    );
}

async function dateProblems({ target, plan, parameters }: Deployment): Promise<string[]> {
  try {
    await requireFutureDatesIfNew(target.connection.ethers.provider, plan.contracts[0].address, parameters);

    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** A wrong address or decimals could never be mended: a listed currency stays. */
async function currencyProblems({ target }: Deployment, { currencies }: Parameters): Promise<string[]> {
  const { provider } = target.connection.ethers;
  const problems = currencies.map(async ({ symbol, address, decimals }, index) => {
    const says = (problem: string) => [`currencies[${index}]: ${address} ${problem}`];
    if ((await provider.getCode(address)) === "0x") return says("is no contract on this chain; correct it.");
    const abi = [
      "decimals() view returns (uint8)",
      "symbol() view returns (string)",
      "totalSupply() view returns (uint256)",
    ];
    const token = new Contract(
      address,
      abi.map((each) => `function ${each}`),
      provider,
    );
    try {
      const [actual, name, supply] = await Promise.all([token.decimals(), token.symbol(), token.totalSupply()]);
      if (Number(actual) !== decimals) return says(`has ${actual} decimals, not ${decimals}; correct it.`);
      if (name !== symbol) return says(`calls itself ${name}, not ${symbol}; correct it.`);
      if (supply > MAX_SUPPLY)
        return says("has a supply beyond 2^96 units, which the ledger does not list; leave it out.");
    } catch {
      return says("is no ERC-20 with decimals, symbol and supply; correct it.");
    }

    return [];
  });

  return (await Promise.all(problems)).flat();
}

/** 1234567 as 1,234,567. */
function digits(value: bigint): string {
  return value.toLocaleString("en-US");
}
