import { AbiCoder, keccak256 } from "ethers";
import { freshSalt, gasOf } from "../test/helpers/models.js";
import type { Measure } from "./measures.js";
import { ODD_AMOUNT, type Scenario } from "./scenario.js";

const VOUCHER_TYPES = {
  Voucher: [
    { name: "channel", type: "bytes32" },
    { name: "amount", type: "uint112" },
    { name: "calls", type: "uint32" },
  ],
};
const CHANNEL_WORDS = ["address", "address", "address", "address", "uint16", "address", "uint32", "bytes32"];

/** Prepaid use: a payer's deposits, and a host that redeems the newest vouchers of several channels of one model. */
export async function measureUsage({ usageChannels, plain, token, payer, bob, register, ...scenario }: Scenario) {
  const contract = await usageChannels.getAddress();
  const { chainId } = await scenario.connection.ethers.provider.getNetwork();
  const domain = { name: "Commonweal UsageChannels", version: "1", chainId, verifyingContract: contract };
  const model = await register();
  const channels = [1, 2, 3, 4].map(() => ({
    payer: payer.address,
    signer: payer.address,
    model,
    host: bob.address,
    hostBps: 2_503,
    currency: token,
    notice: 604_800,
    salt: freshSalt(),
  }));
  type Channel = (typeof channels)[number];
  let calls = 0;

  const deposit = (channel: Channel) => gasOf(usageChannels.connect(payer).deposit(channel, ODD_AMOUNT * 1_000n));
  /** Every channel's newest voucher, for as many more calls as there were until then. */
  const gasOfRedeem = async (count: number) => {
    calls += 1_003;
    const redemptions = channels.slice(0, count).map(async (channel) => {
      const words = [chainId, contract, ...Object.values(channel)];
      const id = keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", ...CHANNEL_WORDS], words));
      const amount = BigInt(calls) * 7_919n;
      const signature = await payer.signTypedData(domain, VOUCHER_TYPES, { channel: id, amount, calls });

      return { channel, amount, calls, signature };
    });

    return gasOf(usageChannels.connect(bob).redeem(token, await Promise.all(redemptions)));
  };

  await plain.connect(payer).approve(contract, 2n ** 256n - 1n);
  const first: bigint[] = [];
  for (const channel of channels) first.push(await deposit(channel));
  const repeat = await deposit(channels[0]);
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
