import { freshSalt } from "../test/helpers/models.js";
import { type Channel, channelIdOf, voucherTypedData } from "../sdk/src/index.js";
import { ODD_AMOUNT, type Scenario } from "./scenario.js";

/** Names channels of one model, and lets their contract take what they cost; nothing is deposited yet. */
export async function prepaidChannels(scenario: Scenario, model: string, count: number) {
  const { usageChannels, plain, token, payer, bob, connection } = scenario;
  const contract = await usageChannels.getAddress();
  const { chainId } = await connection.ethers.provider.getNetwork();
  const place = { chainId, contract };
  await (await plain.connect(payer).approve(contract, 2n ** 256n - 1n)).wait();
  const channels = Array.from({ length: count }, (): Channel => ({
    payer: payer.address,
    signer: payer.address,
    model,
    host: bob.address,
    hostBps: 2_503,
    currency: token,
    notice: 604_800,
    salt: freshSalt(),
  }));
  let calls = 0;

  return {
    channels,
    deposit: (channel: Channel) => usageChannels.connect(payer).deposit(channel, ODD_AMOUNT * 1_000n),

    /** Signs the newest vouchers of the first channels, each for as many more calls as there were until then. */
    async sign(first = count) {
      calls += 1_003;
      const amount = BigInt(calls) * 7_919n;

      return Promise.all(
        channels.slice(0, first).map(async (channel) => {
          const channelId = channelIdOf(channel, place);
          const { domain, types, message } = voucherTypedData({ channelId, amount, calls }, place);

          return { channel, amount, calls, signature: await payer.signTypedData(domain, types, message) };
        }),
      );
    },
  };
}
