import { gasOf } from "../test/helpers/models.js";
import type { Measure } from "./measures.js";
import type { Scenario } from "./scenario.js";
import { prepaidChannels } from "./vouchers.js";

/** Prepaid use: a payer's deposits, and a host that redeems the newest vouchers of several channels of one model. */
export async function measureUsage(scenario: Scenario) {
  const { usageChannels, token, bob, register } = scenario;
  const { channels, deposit, sign } = await prepaidChannels(scenario, await register(), 4);
  const gasOfRedeem = async (count: number) => gasOf(usageChannels.connect(bob).redeem(token, await sign(count)));

  const first: bigint[] = [];
  for (const channel of channels) first.push(await gasOf(deposit(channel)));
  const repeat = await gasOf(deposit(channels[0]));
  await gasOfRedeem(4);
  const one = await gasOfRedeem(1);
  const four = await gasOfRedeem(4);

  return [
    { operation: "deposit into a new channel, ERC-20", gas: first[1] },
    { operation: "deposit into a channel, ERC-20, repeat", gas: repeat },
    { operation: "redeem one channel, ERC-20, repeat", gas: one, bound: 86_000 },
    { operation: "redeem, each further channel in a batch, repeat", gas: (four - one) / 3n, bound: 33_000 },
  ] satisfies Measure[];
}
