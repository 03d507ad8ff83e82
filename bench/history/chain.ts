import { id, Interface, toQuantity } from "ethers";
import { modelRegistryAbi, royaltyLedgerAbi } from "../../sdk/src/abi.js";

/** Thrown when the chain does not do what the benchmark needs. */
export class ChainRefused extends Error {
  override readonly name = "ChainRefused";
}

const registryAbi = new Interface(modelRegistryAbi);
const ledgerAbi = new Interface(royaltyLedgerAbi);

/** So many go into one block, and so many blocks without any lie between two of them. */
const REGISTRATIONS = 40;
const PAYMENTS = 4;
const EMPTY_BLOCKS = 60;
/** So many models are paid, or cascaded, by one transaction. */
const TOGETHER = 200;
const BLOCK_GAS = 100_000_000n;
const GAS = { register: 700_000n, many: 16_000_000n };

interface Transaction {
  to: string;
  data: string;
  gas: bigint;
  value?: bigint;
}

/**
 * Fills a local chain: models, every other one with a parent, `rounds` payments to each, and a cascade of all. Most blocks
 * stay empty, as on a chain that is shared with others.
 */
export async function fillChain(
  url: string,
  { registry, ledger }: { registry: string; ledger: string },
  { models, rounds }: { models: number; rounds: number },
): Promise<string[]> {
  const [sender] = (await rpc(url, [["eth_accounts"]]))[0] as string[];
  await rpc(url, [["evm_setAutomine", false]]);
  await rpc(url, [["evm_setBlockGasLimit", toQuantity(BLOCK_GAS)]]);

  const bases = await register(0, 100, []);
  const ids = await register(100, models, bases);
  for (let round = 0; round < rounds; ++round) await inBlocks(batches(ids).map(payment), PAYMENTS);
  await inBlocks(batches(ids).map(cascade), PAYMENTS);
  await rpc(url, [["evm_setAutomine", true]]);

  return ids;

  /** Registers models from one number to the next and returns the ids of all so far. */
  async function register(from: number, to: number, parents: readonly string[]): Promise<string[]> {
    const transactions = Array.from({ length: to - from }, (_, i) => registration(from + i, parents));
    await inBlocks(transactions, REGISTRATIONS);
    const filter = { address: registry, topics: [id(registryAbi.getEvent("ModelRegistered")?.format() ?? "")] };
    const [logs] = await rpc(url, [["eth_getLogs", { ...filter, fromBlock: "0x0", toBlock: "latest" }]]);
    const found = (logs as { topics: string[] }[]).map(({ topics }) => `0x${topics[1].slice(26)}`);
    if (found.length !== to) throw new ChainRefused(`${found.length} models were registered, not ${to}`);

    return found;
  }

  function registration(number: number, parents: readonly string[]): Transaction {
    const data = registryAbi.encodeFunctionData("register", [
      {
        salt: id(`model ${number}`),
        owner: sender,
        kind: number % 4,
        maxHostBps: 0,
        derivatives: { mode: 0, rateBps: 0, duration: 0 },
        manifestDigest: id(`manifest ${number}`),
        mirrorURI: "",
        parents:
          parents.length === 0 || number % 2 === 0
            ? []
            : [{ model: parents[number % parents.length], rateBps: 1_003, until: 0, relation: 0 }],
        grants: [],
        holdings: [{ holder: holderAt(number), units: 1_000_000 }],
        allocations: [],
      },
    ]);

    return { to: registry, data, gas: GAS.register };
  }

  function payment(models: readonly string[], i: number): Transaction {
    const amounts = models.map((_, j) => 1_000_003n + BigInt(i * j));
    const value = amounts.reduce((sum, amount) => sum + amount, 0n);
    const data = ledgerAbi.encodeFunctionData("payMany", [models, `0x${"0".repeat(40)}`, amounts, id("order")]);

    return { to: ledger, data, gas: GAS.many, value };
  }

  function cascade(models: readonly string[]): Transaction {
    return {
      to: ledger,
      data: ledgerAbi.encodeFunctionData("cascade", [models, `0x${"0".repeat(40)}`]),
      gas: GAS.many,
    };
  }

  async function inBlocks(transactions: readonly Transaction[], perBlock: number): Promise<void> {
    for (let i = 0; i < transactions.length; i += perBlock) {
      const sends = transactions
        .slice(i, i + perBlock)
        .map(({ to, data, gas, value = 0n }): [string, unknown] => [
          "eth_sendTransaction",
          { from: sender, to, data, gas: toQuantity(gas), value: toQuantity(value) },
        ]);
      await rpc(url, sends);
      await rpc(url, [["hardhat_mine", toQuantity(EMPTY_BLOCKS), "0xc"]]);
    }
  }
}

/** One of a hundred accounts. */
export function holderAt(number: number): string {
  return `0x${id(`holder ${number % 100}`).slice(2, 42)}`;
}

function batches(models: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(models.length / TOGETHER) }, (_, i) =>
    models.slice(i * TOGETHER, (i + 1) * TOGETHER),
  );
}

/** Asks a node several things in one request. */
export async function rpc(url: string, calls: readonly [method: string, ...params: unknown[]][]): Promise<unknown[]> {
  const body = calls.map(([method, ...params], id) => ({ jsonrpc: "2.0", id, method, params }));
  // A connection of its own: one that is kept may be closed at the moment it is used.
  const headers = { connection: "close" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const answers = (await response.json()) as { id: number; result?: unknown; error?: { message: string } }[];

  return answers
    .sort((a, b) => a.id - b.id)
    .map(({ id: i, result, error }) => {
      if (error !== undefined) throw new ChainRefused(`${calls[i][0]}: ${error.message}`);
      return result;
    });
}
