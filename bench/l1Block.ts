import { toBeHex, zeroPadValue } from "ethers";

/** Where chains of the OP stack keep what Ethereum charges: https://specs.optimism.io/protocol/predeploys.html */
export const L1_BLOCK = "0x4200000000000000000000000000000000000015";

/** What posting data to Ethereum costs a chain of the OP stack, and how it passes that on. */
export interface DataPrices {
  /** Ethereum's base fee, in wei. */
  l1BaseFee: bigint;
  /** Ethereum's base fee of blobs, in wei. */
  blobBaseFee: bigint;
  /** The chain's own factors, in millionths. */
  baseFeeScalar: bigint;
  blobBaseFeeScalar: bigint;
}

/** Returns the storage of `L1Block` for such prices: a local chain has nobody who writes them. */
export function l1BlockStorage(prices: DataPrices): [slot: number, value: string][] {
  const scalars = (prices.baseFeeScalar << 96n) | (prices.blobBaseFeeScalar << 64n);

  return [
    [1, prices.l1BaseFee],
    [3, scalars],
    [7, prices.blobBaseFee],
  ].map(([slot, value]) => [Number(slot), zeroPadValue(toBeHex(value), 32)]);
}
