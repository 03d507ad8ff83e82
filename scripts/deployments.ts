import { Interface, keccak256, type Log, type Provider, type TransactionResponse } from "ethers";
import { CREATEX, creationFilter, createXAbi } from "./create3.js";
import type { PlannedContract } from "./plan.js";

/** A contract that was deployed. */
export interface DeployedContract {
  address: string;
  /** In which it was deployed: its logs begin there. */
  block: number;
  transaction: string;
  /** keccak256 of its runtime code. */
  bytecodeHash: string;
  /** Safe for JSON: what was a `bigint` is a string of its decimals. */
  constructorArguments: unknown[];
}

/** What holds for a whole deployment. */
export interface DeploymentMeta {
  network: string;
  chainId: number;
  deployer: string;
  /** `create3`: through CreateX, at the same addresses on every chain. `plain`: through a copy of it. */
  strategy: "create3" | "plain";
  /** CreateX, or the copy. */
  createX: string;
  /** The compiler's long version. */
  compiler: string;
  /** The profile of `hardhat.config.ts` that holds the compiler's settings. */
  profile: string;
  /** Of this repository, whose contracts were deployed. A local chain has none: its file would name its own commit. */
  commit?: string;
  /** sha-256 of the file of parameters. */
  parameters: string;
}

/** What `deployments/<chainId>.json` says: every contract under its name, and beside them `meta`. */
export type DeploymentFile = { meta: DeploymentMeta } & Record<string, DeployedContract | DeploymentMeta>;

/** The transaction that deployed a contract. */
export interface Creation {
  block: number;
  transaction: string;
  /** What CreateX was asked to deploy. */
  initCode: string;
}

/** Where to look for what was deployed. */
export interface CreationOptions {
  createX?: string;
  /** Hashes of transactions that may have deployed it, so that no logs are searched. */
  transactions?: readonly string[];
}

/** Thrown when no log tells of a contract that is on the chain. */
export class CreationNotFound extends Error {
  override readonly name = "CreationNotFound";

  constructor(address: string, options?: ErrorOptions) {
    super(
      `The node gives no log of the creation of ${address}. ` +
        "Use an RPC URL of a node that serves eth_getLogs for old blocks, and run this again.",
      options,
    );
  }
}

/** Reads from the chain what `deployments/<chainId>.json` says of each planned contract. */
export async function deploymentOf(
  provider: Provider,
  plan: readonly PlannedContract[],
  options: CreationOptions = {},
): Promise<Record<string, DeployedContract>> {
  const creations = await creationsOf(provider, plan, options);
  const entries = plan.map(async ({ name, address, constructorArguments }) => {
    const { block, transaction } = creations.get(address) as Creation;
    const bytecodeHash = keccak256(await provider.getCode(address));

    return [
      name,
      { address, block, transaction, bytecodeHash, constructorArguments: plainOf(constructorArguments) as unknown[] },
    ] as const;
  });

  return Object.fromEntries(await Promise.all(entries));
}

/**
 * Finds the transactions that deployed contracts, by address.
 *
 * @throws {CreationNotFound} when the node gives no log of one.
 */
export async function creationsOf(
  provider: Provider,
  contracts: readonly { address: string }[],
  { createX = CREATEX, transactions = [] }: CreationOptions = {},
): Promise<Map<string, Creation>> {
  const created = new Interface(createXAbi);
  const known = new Map<string, Log>();
  const receipts = await Promise.all(transactions.map((hash) => provider.getTransactionReceipt(hash)));
  for (const log of receipts.flatMap((receipt) => receipt?.logs ?? [])) {
    if (log.address === createX && log.topics[0] === created.getEvent("ContractCreation")?.topicHash) {
      known.set(created.parseLog(log)?.args.newContract, log);
    }
  }

  const creations = contracts.map(async ({ address }) => {
    const log = known.get(address) ?? (await newestLog(provider, address, createX));
    const { data } = (await provider.getTransaction(log.transactionHash)) as TransactionResponse;

    return [
      address,
      {
        block: log.blockNumber,
        transaction: log.transactionHash,
        initCode: created.decodeFunctionData("deployCreate3", data).initCode as string,
      },
    ] as const;
  });

  return new Map(await Promise.all(creations));
}

/** Asks for the whole chain at once, and for less at a time when the node refuses that. */
async function newestLog(provider: Provider, address: string, createX: string): Promise<Log> {
  const filter = creationFilter(address, createX);
  let toBlock = await provider.getBlockNumber();
  for (let size = toBlock + 1; toBlock >= 0;) {
    const fromBlock = Math.max(0, toBlock - size + 1);
    try {
      const [log] = await provider.getLogs({ ...filter, fromBlock, toBlock });
      if (log !== undefined) return log;
      toBlock = fromBlock - 1;
    } catch (error) {
      if (size <= 1_000) throw new CreationNotFound(address, { cause: error });
      size = Math.max(1_000, Math.floor(size / 10));
    }
  }

  throw new CreationNotFound(address);
}

/** Returns a value as JSON can say it. */
function plainOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? inner.toString() : inner)));
}
