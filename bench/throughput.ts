import { availableParallelism } from "node:os";
import { ref } from "../test/helpers/models.js";
import type { Measure } from "./measures.js";
import { ODD_AMOUNT, type Scenario } from "./scenario.js";

/** Chains as they are assumed to be: what a block may use, and seconds from one to the next. */
const CHAINS = [
  { name: "Ethereum", blockGas: 60_000_000, blockTime: 12 },
  { name: "Base, an OP Stack rollup", blockGas: 400_000_000, blockTime: 2 },
];
const PAYMENTS = ["pay ETH, repeat", "pay ERC-20, repeat", "payMany ERC-20, each further model, repeat"];

const COUNT = 500;
/** Enough for a payment, and little enough for all of them to fit into a block. */
const GAS_LIMIT = 60_000;

/** Payments that fit into the blocks of chains, as a table. */
export function capacityTable(measures: Measure[]): string {
  const columns = CHAINS.map(
    ({ name, blockGas, blockTime }) => `${name}: ${blockGas / 1e6} M gas every ${blockTime} s`,
  );
  const rows = PAYMENTS.map((payment) => {
    const gas = Number(measures.find(({ operation }) => operation === payment)?.gas);

    return [payment, ...CHAINS.map(({ blockGas, blockTime }) => rate(blockGas / blockTime / gas))];
  });

  return [["payments a second", ...columns], ["---", ...columns.map(() => "---:")], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** Times ERC-20 payments to one model, and writes the page about it, in Markdown. */
export async function throughputPage(scenario: Scenario): Promise<string> {
  const oneByOne = await timeOneByOne(scenario);
  const together = await timeTogether(scenario);

  return [
    "# Payments on the simulated chain",
    "",
    "Written by `pnpm bench --time`, and compared by nobody: times differ from machine to machine and from run to run.",
    "",
    `A run on ${availableParallelism()} cores: ${COUNT} ERC-20 payments to one model on Hardhat's simulated chain, in one process that`,
    "also plays the payer, signs and waits for receipts.",
    "",
    "| mining | payments a second |",
    "| --- | ---: |",
    `| a block for each payment, one after the other | ${rate(oneByOne)} |`,
    `| all in one block, from the first signature to the last receipt | ${rate(together.all)} |`,
    `| all in one block, the block alone | ${rate(together.mining)} |`,
    "",
    "What real chains could take is in [gas.md](gas.md#payments-a-second).",
    "",
  ].join("\n");
}

async function timeOneByOne({ register, pay }: Scenario): Promise<number> {
  const model = await register();
  await pay(model);

  return perSecond(async () => {
    for (let i = 0; i < COUNT; i++) await (await pay(model)).wait();
  });
}

async function timeTogether({ connection, ledger, payer, token, register, pay }: Scenario) {
  const { provider } = connection;
  const model = await register();
  await pay(model);
  const nonce = await payer.getNonce();
  const send = (i: number) =>
    ledger.connect(payer).pay(model, token, ODD_AMOUNT, ref("order"), { nonce: nonce + i, gasLimit: GAS_LIMIT });

  let mining = 0;
  await provider.request({ method: "evm_setAutomine", params: [false] });
  const all = await perSecond(async () => {
    const payments = await Promise.all(Array.from({ length: COUNT }, (_, i) => send(i)));
    mining = await perSecond(() => provider.request({ method: "evm_mine" }));
    const receipts = await Promise.all(payments.map((payment) => payment.wait()));
    const blocks = new Set(receipts.map((receipt) => receipt?.blockNumber));
    if (blocks.size !== 1) throw new Error(`The payments are in ${blocks.size} blocks, not in one`);
  });
  await provider.request({ method: "evm_setAutomine", params: [true] });

  return { all, mining };
}

async function perSecond(payAll: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await payAll();

  return COUNT / ((performance.now() - start) / 1_000);
}

/** With a decimal: rounded to integers, a small rate would move by more than the tolerance. */
function rate(value: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
