import { channelFetch } from "@commonweal/gateway/client";
import { connect } from "@commonweal/sdk";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import type { BaseWallet } from "ethers";
import { privateKeyToAccount } from "viem/accounts";
import { toPcm } from "./pcm.js";

/** From which probability on Silero's own code takes a frame for speech. */
const THRESHOLD = 0.5;

/** What an agent may spend, in the currency's smallest units. */
export interface Budget {
  currency: string;
  /** The only model that it pays for. */
  model: string;
  /** The most for a call. */
  maxPrice: bigint;
  /** What it puts into its channel at a time, and in all. */
  deposit: bigint;
  limit: bigint;
}

/** Asks whether somebody speaks, and pays for the answer. */
export type Ask = (samples: Float32Array) => Promise<boolean>;

/**
 * Returns an agent that pays a speech detector out of a wallet of its own. The wallet needs no ETH: all that it does is sign.
 *
 * @param url Of the server.
 */
export async function createAgent(
  url: string,
  wallet: BaseWallet,
  budget: Budget,
): Promise<{ ask: Ask; askOnce: Ask }> {
  const { currency, model, maxPrice, deposit, limit } = budget;
  const commonweal = await connect(wallet);
  const network = `eip155:${commonweal.chainId}` as const;

  // Each call by itself, with the stock client of x402. That pays in the dollars it knows, and in those it is told of.
  const account = privateKeyToAccount(wallet.privateKey as `0x${string}`);
  const client = new x402Client().register(network, new ExactEvmScheme(account));
  client.setSpendControls({
    allowedAssets: [{ network, asset: currency, maxAmountPerPayment: String(maxPrice) }],
  });
  const fetchOnce = wrapFetchWithPayment(fetch, client);

  // Many small calls out of one deposit.
  const fetchByChannel = await channelFetch({ commonweal, currency, model, maxPrice, deposit, limit });

  const askBy =
    (send: typeof fetch): Ask =>
    async (samples) => {
      const response = await send(`${url}/v1/speech`, { method: "POST", body: toPcm(samples) });
      if (!response.ok) throw new Error(`The server answers ${response.status}: ${await response.text()}`);
      const { speech } = (await response.json()) as { speech: number[] };

      return Math.max(...speech) >= THRESHOLD;
    };

  return { ask: askBy(fetchByChannel), askOnce: askBy(fetchOnce) };
}
