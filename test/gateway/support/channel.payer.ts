import { Wallet } from "ethers";
import { channelFetch, type ChannelFetchOptions } from "../../../gateway/src/client.js";
import { type ChannelWorld, PRICE } from "./channel.world.js";

const DOLLARS = 100_000n;

/** Returns a `fetch` that notes what it sends. */
export function noting(requests: Request[]): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    requests.push(request.clone());

    return fetch(request);
  };
}

/** Returns a payer with dollars and without ETH, and a fetch of its own. */
export async function payerOf(world: ChannelWorld, changes: Partial<ChannelFetchOptions> = {}) {
  const wallet = Wallet.createRandom(world.connection.ethers.provider);
  await world.usdc.mint(wallet.address, DOLLARS);
  const options: ChannelFetchOptions = {
    ...{ commonweal: await world.as(wallet), currency: world.usdcAddress },
    ...{ maxPrice: PRICE, deposit: 1_000n, limit: 3_000n },
    ...changes,
  };

  return {
    ...{ wallet, options, pay: await channelFetch(options) },
    spent: async () => DOLLARS - (await world.usdc.balanceOf(wallet)),
    again: (more: Partial<ChannelFetchOptions> = {}) => channelFetch({ ...options, ...more }),
  };
}
