import { AbiCoder, keccak256 } from "ethers";
import { freshSalt } from "../test/helpers/models.js";
import { ODD_AMOUNT, type Scenario } from "./scenario.js";

const VOUCHER_TYPES = {
  Voucher: [
    { name: "channel", type: "bytes32" },
    { name: "amount", type: "uint112" },
    { name: "calls", type: "uint32" },
  ],
};
const CHANNEL_WORDS = ["address", "address", "address", "address", "uint16", "address", "uint32", "bytes32"];

/** Opens channels of one model, and returns what signs the next voucher of each. */
export async function signedRedemptions(scenario: Scenario, model: string, count: number) {
  const { usageChannels, plain, token, payer, bob, connection } = scenario;
  const contract = await usageChannels.getAddress();
  const { chainId } = await connection.ethers.provider.getNetwork();
  const domain = { name: "Commonweal UsageChannels", version: "1", chainId, verifyingContract: contract };
  await (await plain.connect(payer).approve(contract, 2n ** 256n - 1n)).wait();
  const channels = Array.from({ length: count }, () => ({
    payer: payer.address,
    signer: payer.address,
    model,
    host: bob.address,
    hostBps: 2_503,
    currency: token,
    notice: 604_800,
    salt: freshSalt(),
  }));
  for (const channel of channels) {
    await (await usageChannels.connect(payer).deposit(channel, ODD_AMOUNT * 1_000n)).wait();
  }
  let calls = 0;

  return async () => {
    calls += 1_003;
    const amount = BigInt(calls) * 7_919n;

    return Promise.all(
      channels.map(async (channel) => {
        const words = [chainId, contract, ...Object.values(channel)];
        const id = keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", ...CHANNEL_WORDS], words));

        return {
          channel,
          amount,
          calls,
          signature: await payer.signTypedData(domain, VOUCHER_TYPES, { channel: id, amount, calls }),
        };
      }),
    );
  };
}
