import { type BytesLike, Contract, type Provider, Transaction } from "ethers";
import { TEST_NETWORKS, type TestNetworkName } from "../networks.js";

/** Where chains of the OP stack say what they charge for data: https://specs.optimism.io/protocol/predeploys.html */
export const GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F";

const ORACLE_ABI = ["function getL1Fee(bytes) view returns (uint256)"];

/** The prices of a moment, in wei. */
export interface Prices {
  baseFee: bigint;
  tip: bigint;
}

/** Returns what gas costs now. */
export async function pricesOf(provider: Provider): Promise<Prices> {
  const [block, fees] = [await provider.getBlock("latest"), await provider.getFeeData()];
  const baseFee = block?.baseFeePerGas ?? fees.gasPrice ?? 0n;

  return { baseFee, tip: fees.maxPriorityFeePerGas ?? 0n };
}

/** Returns what a chain of the OP stack charges for posting a transaction's data, in wei; nothing elsewhere. */
export async function dataFee(
  provider: Provider,
  network: string,
  { data, gas, to }: { data: string; gas: bigint; to?: string },
): Promise<bigint> {
  if (TEST_NETWORKS[network as TestNetworkName]?.chainType !== "op") return 0n;

  const [{ chainId }, { maxFeePerGas, maxPriorityFeePerGas }] = await Promise.all([
    provider.getNetwork(),
    provider.getFeeData(),
  ]);
  const sent = { type: 2, chainId, to, data, gasLimit: gas, maxFeePerGas, maxPriorityFeePerGas, nonce: 0 };
  const serialized = Transaction.from(sent).unsignedSerialized;

  return l1FeeOf(provider, serialized);
}

/** Returns the oracle's answer for an unsigned transaction, in wei; it adds the signature's bytes itself. */
export async function l1FeeOf(provider: Provider, serialized: BytesLike): Promise<bigint> {
  return new Contract(GAS_PRICE_ORACLE, ORACLE_ABI, provider).getL1Fee(serialized);
}
