/**
 * Measures what the protocol costs on chains of the OP stack, where a transaction pays for the data that it has posted to
 * Ethereum besides its gas, and writes the tables of `docs/fees.md`.
 *
 *   npx pnpm@12 bench:fees            writes
 *   npx pnpm@12 bench:fees --check    compares, and fails if a figure has moved
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type ContractTransactionResponse, id, Transaction } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { format } from "prettier";
import { CREATEX } from "../scripts/create3.js";
import { l1FeeOf } from "../scripts/deploy/cost.js";
import { ETH, freshSalt, registrationOf } from "../test/helpers/models.js";
import { type DataPrices, L1_BLOCK, l1BlockStorage } from "./l1Block.js";
import { ODD_AMOUNT, openScenario, type Scenario } from "./scenario.js";
import { prepaidChannels } from "./vouchers.js";

const GWEI = 10n ** 9n;
const MONTH = 30 * 86_400;
const DAY = 86_400;

/** Prices that a page can be checked against. Scalars are Base's. */
interface Assumption extends DataPrices {
  name: string;
  /** Of the chain itself, base fee and tip, in wei. */
  gasPrice: bigint;
}

const BASE = { baseFeeScalar: 2_269n, blobBaseFeeScalar: 1_055_762n };
const ASSUMPTIONS: Assumption[] = [
  { name: "calm", gasPrice: GWEI / 100n, l1BaseFee: GWEI, blobBaseFee: GWEI / 100n, ...BASE },
  { name: "busy", gasPrice: GWEI / 10n, l1BaseFee: 30n * GWEI, blobBaseFee: 10n * GWEI, ...BASE },
];
const USD_PER_ETH = 3_000;

/** What one does, and the transactions that it takes. */
interface Operation {
  name: string;
  transactions: ContractTransactionResponse[];
}

/** How far a figure may be from the committed one: signatures and salts compress differently each time. */
const TOLERANCE = 0.02;
const PAGE = path.join(hre.config.paths.root, "docs", "fees.md");
const [BEGIN, END] = ["<!-- fees: written by bench/l2.ts -->", "<!-- /fees -->"];

const connection = await hre.network.create({ chainType: "op", override: { hardfork: "isthmus" } });
try {
  // An own chain of the OP stack does all that one of Ethereum does.
  const scenario = await openScenario(connection as unknown as NetworkConnection);
  const operations = [await deploymentOf(scenario), ...(await operationsOf(scenario))];
  const page = await readFile(PAGE, "utf8");
  const written = await withTable(page, await tableOf(scenario, operations));
  if (!process.argv.includes("--check")) await writeFile(PAGE, written);
  else if (moved(page, written)) {
    console.error("docs/fees.md is out of date: run npx pnpm@12 bench:fees");
    process.exitCode = 1;
  }
} finally {
  await connection.close();
}

/* OPERATIONS */

/** Every transaction that deployed a contract of ours. */
async function deploymentOf({ connection, signers }: Scenario): Promise<Operation> {
  const { provider } = connection.ethers;
  const transactions: ContractTransactionResponse[] = [];
  for (let number = await provider.getBlockNumber(); number > 0; --number) {
    const block = await provider.getBlock(number, true);
    for (const transaction of block?.prefetchedTransactions ?? []) {
      if (transaction.from === signers[0].address && transaction.to === CREATEX) {
        transactions.push(transaction as ContractTransactionResponse);
      }
    }
  }

  return { name: `deploy the protocol, ${transactions.length} contracts`, transactions };
}

/** Each is done once before, so that it is what people do every day. */
async function operationsOf(scenario: Scenario): Promise<Operation[]> {
  const { ledger, registry, licenseStore, plain, alice, bob, payer, token, parents, holdings } = scenario;
  const model = await scenario.register();
  const operation = async (name: string, send: () => Promise<ContractTransactionResponse>): Promise<Operation> => {
    const sent = await send();
    await sent.wait();

    return { name, transactions: [sent] };
  };
  const register = async () =>
    registry.connect(alice).register(await registrationOf(alice, { parents, holdings, mirrorURI: "ipfs://manifest" }));
  const twice = async (name: string, send: () => Promise<ContractTransactionResponse>) => {
    await (await send()).wait();

    return operation(name, send);
  };

  const operations = [
    await operation("register a model with two parents", register),
    await twice("pay ETH", () => scenario.pay(model, ETH)),
    await twice("pay an ERC-20", () => scenario.pay(model)),
    await twice("cascade one model", async () => {
      await (await scenario.pay(model)).wait();

      return ledger.cascade([model], token);
    }),
    await twice("claim from one model", async () => {
      await (await scenario.pay(model)).wait();

      return scenario.claim([model]);
    }),
  ];

  await plain.connect(payer).approve(licenseStore, 2n ** 256n - 1n);
  const terms = { model, currency: token, price: ODD_AMOUNT, duration: MONTH, supply: 1_000 };
  const offer = { ...terms, textDigest: id("text"), salt: freshSalt() };
  await licenseStore.connect(alice).postOffer(offer, "ipfs://text");
  const purchase = { recipient: payer.address, periods: 1, policyVersion: 1 };
  operations.push(await twice("buy a licence", () => licenseStore.connect(payer).buy(offer, purchase)));

  for (const count of [1, 100]) {
    const { usageChannels } = scenario;
    const { channels, deposit, sign } = await prepaidChannels(scenario, model, count);
    for (const channel of channels) await (await deposit(channel)).wait();
    operations.push(
      await twice(`redeem ${count} ${count === 1 ? "voucher" : "vouchers"}`, async () =>
        usageChannels.connect(bob).redeem(token, await sign()),
      ),
    );
  }
  operations.push(await vote(scenario, operation));

  return operations;
}

async function vote(
  { governor, weal, signers, connection }: Scenario,
  operation: (name: string, send: () => Promise<ContractTransactionResponse>) => Promise<Operation>,
): Promise<Operation> {
  const [deployer] = signers;
  const { time } = connection.networkHelpers;
  await (await weal.connect(deployer).delegate(deployer.address)).wait();
  await time.increase(1);
  const actions = [[deployer.address], [0n], ["0x"], "Nothing, to be voted on"] as const;
  const proposalId = await governor
    .connect(deployer)
    .propose.staticCall([...actions[0]], [...actions[1]], [...actions[2]], actions[3]);
  await governor.connect(deployer).propose([...actions[0]], [...actions[1]], [...actions[2]], actions[3]);
  await time.increase(DAY + 1);

  return operation("vote", () => governor.connect(deployer).castVote(proposalId, 1));
}

/* TABLE */

async function tableOf({ connection }: Scenario, operations: Operation[]): Promise<string> {
  const { provider } = connection.ethers;
  const rows: string[][] = [];
  for (const { name, transactions } of operations) {
    let gas = 0n;
    for (const { hash } of transactions) gas += (await provider.getTransactionReceipt(hash))?.gasUsed ?? 0n;
    const unsigned = transactions.map((sent) => {
      const { type, chainId, nonce, to, data, value, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = sent;
      const fields = { type, chainId, nonce, to, data, value, gasLimit, maxFeePerGas, maxPriorityFeePerGas };

      return Transaction.from(fields).unsignedSerialized;
    });
    const bytes = unsigned.reduce((sum, each) => sum + (each.length - 2) / 2, 0);
    const fees: string[] = [];
    for (const assumption of ASSUMPTIONS) {
      for (const [slot, value] of l1BlockStorage(assumption)) {
        await connection.networkHelpers.setStorageAt(L1_BLOCK, slot, value);
      }
      let data = 0n;
      for (const each of unsigned) data += await l1FeeOf(provider, each);
      const execution = gas * assumption.gasPrice;
      fees.push(gweiOf(execution), gweiOf(data), usdOf(execution + data));
    }
    rows.push([name, gas.toLocaleString("en-US"), bytes.toLocaleString("en-US"), ...fees]);
  }
  const columns = ASSUMPTIONS.flatMap(({ name }) => [`${name}: gas, gwei`, `${name}: data, gwei`, `${name}: sum, USD`]);
  const head = ["operation", "gas", "bytes", ...columns];

  return [head, head.map((_, i) => (i === 0 ? "---" : "--:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

function gweiOf(wei: bigint): string {
  return Number(wei / GWEI).toLocaleString("en-US");
}

function usdOf(wei: bigint): string {
  return ((Number(wei) / 1e18) * USD_PER_ETH).toLocaleString("en-US", { maximumSignificantDigits: 2 });
}

async function withTable(page: string, table: string): Promise<string> {
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest.split(END);

  return format(`${before}${BEGIN}\n\n${table}\n\n${END}${after}`, { parser: "markdown", printWidth: 120 });
}

/** Whether a figure of the page is off by more than noise, or a word is another. */
function moved(page: string, written: string): boolean {
  const wordsOf = (text: string) => text.replace(/[-\s|]+/g, " ").split(" ");
  const [before, after] = [wordsOf(page), wordsOf(written)];

  return (
    before.length !== after.length ||
    before.some((word, i) => {
      const [old, now] = [word, after[i]].map((each) => Number(each.replaceAll(",", "")));

      return Number.isNaN(old) ? word !== after[i] : Math.abs(old - now) > Math.max(old * TOLERANCE, 1);
    })
  );
}
