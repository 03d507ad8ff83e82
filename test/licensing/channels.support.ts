import { AbiCoder, keccak256, MaxUint256, type Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { ETH, freshSalt } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deployLedger } from "../royalties/support.js";

/** The terms of a channel. */
export interface Channel {
  payer: string;
  signer: string;
  model: string;
  host: string;
  hostBps: number;
  currency: string;
  notice: number;
  salt: string;
}

/** A channel as Solidity encodes it: eight words. */
const CHANNEL_WORDS = ["address", "address", "address", "address", "uint16", "address", "uint32", "bytes32"];

/** The words of a channel, in order. */
export function wordsOf({ payer, signer, model, host, hostBps, currency, notice, salt }: Channel) {
  return [payer, signer, model, host, hostBps, currency, notice, salt] as const;
}

/** A channel's id, by a calculation of the tests' own. */
export function idOf(chainId: bigint, contract: string, channel: Channel): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", ...CHANNEL_WORDS],
      [chainId, contract, ...wordsOf(channel)],
    ),
  );
}

export const VOUCHER_TYPES = {
  Voucher: [
    { name: "channel", type: "bytes32" },
    { name: "amount", type: "uint112" },
    { name: "calls", type: "uint32" },
  ],
};

/** The host's part of all that was ever redeemed: ⌊redeemed · hostBps / 10⁴⌋. */
export function hostPartOf(redeemed: bigint, hostBps: number): bigint {
  return (redeemed * BigInt(hostBps)) / 10_000n;
}

/**
 * Two models that allow hosts 90 %, and Alice, who has USDC and lets the channels take it. Bob is the host. Alice pays
 * and signs unless a test says otherwise.
 */
export async function deployChannels(connection: NetworkConnection) {
  const context = await deployLedger(connection);
  const { usageChannels: channels, usdc, usdcAddress, alice, bob, stranger, open } = context;
  const channelsAddress = await channels.getAddress();
  const { chainId } = await connection.ethers.provider.getNetwork();
  const model = await open({ maxHostBps: 9_000 });
  const other = await open({ maxHostBps: 9_000 });
  await usdc.mint(alice.address, 10n ** 12n);
  await usdc.connect(alice).approve(channelsAddress, MaxUint256);

  /** What EIP-712 calls the domain of vouchers. */
  const domain = { name: "Commonweal UsageChannels", version: "1", chainId, verifyingContract: channelsAddress };

  /** Terms that nobody else has: 25.03 % for Bob, a notice of a day, in USDC. */
  function channelOf(changes: Partial<Channel> = {}): Channel {
    return {
      payer: alice.address,
      signer: alice.address,
      model,
      host: bob.address,
      hostBps: 2_503,
      currency: usdcAddress,
      notice: DAY,
      salt: freshSalt(),
      ...changes,
    };
  }

  const idFor = (channel: Channel) => idOf(chainId, channelsAddress, channel);

  /** Deposits as Alice, with the right amount of ETH. */
  function deposit(channel: Channel, amount: bigint, by: Signer = alice) {
    return channels.connect(by).deposit(channel, amount, { value: channel.currency === ETH ? amount : 0n });
  }

  /** Opens a channel with a deposit. */
  async function opened(amount: bigint, changes: Partial<Channel> = {}): Promise<Channel> {
    const channel = channelOf(changes);
    await deposit(channel, amount);

    return channel;
  }

  /** A voucher by Alice for the channel, to be redeemed. */
  async function voucher(
    channel: Channel,
    amount: bigint,
    { calls = 1, by = alice as Signer, of = domain, id = idFor(channel) } = {},
  ) {
    const signature = await by.signTypedData(of, VOUCHER_TYPES, { channel: id, amount, calls });

    return { channel, amount, calls, signature };
  }

  type Redemption = Awaited<ReturnType<typeof voucher>>;

  /** Redeems as a stranger: it makes no difference who does. */
  function redeem(redemptions: Redemption[], currency = usdcAddress) {
    return channels.connect(stranger).redeem(currency, redemptions);
  }

  const stateOf = (channel: Channel) => channels.channelStateOf(idFor(channel));

  /** What a model has received in a currency. */
  async function receivedBy(receiver: string, currency = usdcAddress): Promise<bigint> {
    return (await context.ledger.booksOf(receiver, currency)).received;
  }

  return {
    ...context,
    channels,
    channelsAddress,
    chainId,
    domain,
    model,
    other,
    channelOf,
    idFor,
    deposit,
    opened,
    voucher,
    redeem,
    stateOf,
    receivedBy,
  };
}
