import { type FetchRequest, makeError, type Provider } from "ethers";
import { addressOf } from "../arguments.js";
import { contractAt, type Deployment } from "../context.js";
import { type Currency, currencyAddress, listedCurrency } from "../currencies.js";
import { DeploymentNotFound } from "../errors.js";
import { deployments } from "../generated/deployments.js";
import { ModelRegistry } from "../generated/fragments/ModelRegistry.js";
import { RoyaltyLedger } from "../generated/fragments/RoyaltyLedger.js";
import { UsageChannels } from "../generated/fragments/UsageChannels.js";
import type { ModelRegistry as ModelRegistryContract } from "../generated/types/ModelRegistry.js";
import type { RoyaltyLedger as RoyaltyLedgerContract } from "../generated/types/RoyaltyLedger.js";
import type { UsageChannels as UsageChannelsContract } from "../generated/types/UsageChannels.js";
import { HISTORY_CONTRACTS, type HistoryContract, type RawLog } from "./decode.js";

/** The contracts that history knows: those whose logs it reads, and the one whose payments are rewards. */
export type HistoryDeployment = Pick<Deployment, HistoryContract | "Stakeholding">;

/** A block, as far as it matters here. */
export interface Header {
  number: number;
  hash: string;
  /** In Unix time. */
  timestamp: number;
}

/** A node, and the protocol on its chain: all that history asks of either. */
export interface HistorySource {
  provider: Provider;
  chainId: bigint;
  /** Logs begin here. */
  firstBlock: number;
  addresses: Record<keyof HistoryDeployment, string>;
  ledger: RoyaltyLedgerContract;
  registry: ModelRegistryContract;
  channels: UsageChannelsContract;
  /** Returns a block, or undefined if the node has none such. */
  header(block: number | "latest" | "finalized"): Promise<Header | undefined>;
  /** Returns logs of the contracts whose first topic is one of these, as the node gives them. */
  logs(topics: string[], fromBlock: number, toBlock: number): Promise<RawLog[]>;
  /** Returns a currency as it calls itself, if it does. */
  describe(currency: Currency): Promise<{ currency: Currency; symbol: string; decimals: number }>;
}

/**
 * Finds the protocol on the chain of a provider.
 *
 * @param given Where the contracts are, for a chain that this SDK does not know.
 * @throws {DeploymentNotFound} when the chain is not known and nothing was given.
 */
export async function sourceOf(provider: Provider, given?: HistoryDeployment): Promise<HistorySource> {
  const { chainId } = await provider.getNetwork();
  const known: Readonly<Record<string, HistoryDeployment>> = deployments;
  const deployment = given ?? known[String(chainId)];
  if (deployment === undefined) throw new DeploymentNotFound(chainId);

  const names = [...HISTORY_CONTRACTS, "Stakeholding"] as const;
  const addresses = Object.fromEntries(
    names.map((name) => [name, addressOf(deployment[name]?.address, `deployment.${name}`)]),
  ) as HistorySource["addresses"];

  return {
    provider,
    chainId,
    firstBlock: deployment.RoyaltyLedger.block ?? 0,
    addresses,
    ledger: contractAt(RoyaltyLedger, addresses.RoyaltyLedger, provider),
    registry: contractAt(ModelRegistry, addresses.ModelRegistry, provider),
    channels: contractAt(UsageChannels, addresses.UsageChannels, provider),

    async header(tag) {
      const block = await provider.getBlock(tag);
      if (block?.hash === null || block === null) return undefined;

      return { number: block.number, hash: block.hash, timestamp: block.timestamp };
    },

    logs: (topics, fromBlock, toBlock) =>
      logsOf(provider, {
        address: HISTORY_CONTRACTS.map((name) => addresses[name]),
        topics: [topics],
        fromBlock,
        toBlock,
      }),

    async describe(currency) {
      const { symbol, decimals } = await listedCurrency(currencyAddress(currency), provider);

      return { currency, symbol, decimals };
    },
  };
}

/** A provider that passes requests on as they are; those that go by HTTP show their connection. */
interface RawProvider {
  send(method: string, params: unknown[]): Promise<unknown>;
  _getConnection?(): FetchRequest;
}

interface Filter {
  address: string[];
  topics: string[][];
  fromBlock: number;
  toBlock: number;
}

/** Asks for logs as they are where that is possible: ethers' own objects take longer to make than the node takes. */
async function logsOf(provider: Provider, filter: Filter): Promise<RawLog[]> {
  if (!("send" in provider)) {
    const logs = await provider.getLogs(filter);

    return logs.map(({ address, topics, data, blockNumber, blockHash, transactionHash, index }) => ({
      ...{ address, topics: [...topics], data, block: blockNumber, blockHash },
      ...{ transaction: transactionHash, logIndex: index },
    }));
  }
  const { fromBlock, toBlock, ...which } = filter;
  const range = { fromBlock: `0x${fromBlock.toString(16)}`, toBlock: `0x${toBlock.toString(16)}` };
  const found = await sendRaw(provider as unknown as RawProvider, "eth_getLogs", [{ ...which, ...range }]);

  return (found as Record<string, unknown>[]).filter(({ removed }) => removed !== true).map(rawLogOf);
}

/**
 * Sends a request by the provider's own connection, with its headers, retries and timeout. Ethers would turn the bytes of the
 * answer into text one by one, which for a hundred thousand logs takes longer than all the rest.
 */
async function sendRaw(provider: RawProvider, method: string, params: unknown[]): Promise<unknown> {
  const connection = provider._getConnection?.();
  if (connection === undefined) return provider.send(method, params);

  connection.body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  connection.setHeader("content-type", "application/json");
  const response = await connection.send();
  response.assertOk();
  const { result, error } = JSON.parse(new TextDecoder().decode(response.body ?? undefined));
  if (error !== undefined) throw makeError(String(error.message), "UNKNOWN_ERROR", { error } as never);

  return result;
}

function rawLogOf(log: Record<string, unknown>): RawLog {
  return {
    address: String(log.address),
    topics: log.topics as string[],
    data: String(log.data),
    block: Number(log.blockNumber),
    blockHash: String(log.blockHash),
    transaction: String(log.transactionHash),
    logIndex: Number(log.logIndex),
  };
}
