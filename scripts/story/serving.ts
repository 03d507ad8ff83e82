/** A host serves a model; an agent pays it, call by call and by channel. */
import { Wallet, id } from "ethers";
import { createAgent } from "../../examples/paid-inference/agent.js";
import { quiz } from "../../examples/paid-inference/quiz.js";
import { startSpeechServer } from "../../examples/paid-inference/server.js";
import type { Commonweal } from "../../sdk/src/index.js";
import { packageFile } from "./cast.js";
import { hostPartOf } from "./expected.js";
import type { World } from "./world.js";

/** What is served, and on which terms. */
export const SERVED = {
  model: "Silero VAD v6",
  currency: "USDC",
  /** Of a call, in units: odd, so that something is rounded. */
  price: 1_234n,
  hostBps: 2_000,
  exactCalls: 3,
  channelCalls: 41,
} as const;

/** Returns what an agent pays in all, and the host's part of it, in units, from the rules alone. */
export function expectedOfCalls(): { paid: bigint; hostPart: bigint } {
  const { price, hostBps, exactCalls, channelCalls } = SERVED;
  // Calls that are paid one by one come to one address, the others through one channel.
  const ways = [price * BigInt(exactCalls), price * BigInt(channelCalls)];

  return {
    paid: ways.reduce((sum, paid) => sum + paid, 0n),
    hostPart: ways.reduce((sum, paid) => sum + hostPartOf(paid, BigInt(hostBps)), 0n),
  };
}

/**
 * Serves the model, has it paid for, and sends the host its part.
 *
 * @param relayer Sends what the gateway sends: the host's own wallet only earns.
 * @returns What the agent spent, in units.
 */
export async function serve({ provider, usdc, wallets, say }: World, relayer: Commonweal, model: string) {
  const { price, hostBps, exactCalls, channelCalls } = SERVED;
  const currency = await usdc.getAddress();
  const hosting = { model, host: wallets.Host.address, hostBps };
  const wallet = new Wallet(id("agent"), provider);
  const limit = price * BigInt(channelCalls);
  const purse = price * BigInt(exactCalls) + limit;
  await (await usdc.mint(wallet.address, purse)).wait();

  const server = await startSpeechServer(packageFile("@ricky0123/vad-web", "silero_vad_v6.onnx"), {
    ...{ commonweal: relayer, ...hosting, currency, price, name: SERVED.model, channels: { store: "memory:" } },
  });
  try {
    const agent = await createAgent(server.url, wallet, { currency, model, maxPrice: price, deposit: limit, limit });
    await quiz(agent.askOnce, exactCalls);
    say(`  ${SERVED.model}: a host serves it; an agent without ETH pays for ${exactCalls} calls with a client of x402`);
    await quiz(agent.ask, channelCalls);
    say(`  and for ${channelCalls} more out of a channel: one deposit, then a signature with each call`);
  } finally {
    await server.stop();
  }

  await relayer.deposits.sweepHosted({ hostings: [hosting], currencies: [currency] });
  await relayer.deposits.claimHostPart({ hostings: [hosting], currency, to: hosting.host });
  await relayer.usage.payHost({ currency, host: hosting.host });
  say("  swept and redeemed: the host has its part, and the model the rest");

  return purse - (await usdc.balanceOf(wallet.address));
}
