import { x402ResourceServer } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { expect } from "chai";
import type { Signer } from "ethers";
import {
  CHANNEL_SCHEME,
  type ChannelsOptions,
  createChannels,
  type Observer,
} from "../../../gateway/src/channels/index.js";
import { memoryStore } from "../../../gateway/src/channels/stores/memory.js";
import type { ChannelPayload, DepositFields, VoucherFields } from "../../../gateway/src/channels/wire.js";
import { type Channel, connect } from "../../../sdk/src/index.js";
import { freshSalt } from "../../helpers/models.js";
import { DAY } from "../../helpers/protocol.js";
import { idOf, VOUCHER_TYPES } from "../../licensing/channels.support.js";
import { deploySdk, registerFor } from "../../sdk/helpers.js";
import { facilitatorOf } from "./channel.facilitator.js";

/** What a call costs in these tests, in units. */
export const PRICE = 100n;
export const HOST_BPS = 2_000;

export type ChannelWorld = Awaited<ReturnType<typeof deployChannelWorld>>;
export type Gateway = Awaited<ReturnType<ChannelWorld["gateway"]>>;

/** Counts what an observer is told. */
export function countingObserver() {
  const seen: { event: keyof Observer; value: unknown }[] = [];
  const note = (event: keyof Observer) => (value: unknown) => void seen.push({ event, value });
  const observer: Observer = {
    charged: note("charged"),
    refused: note("refused"),
    deposited: note("deposited"),
    redeemed: note("redeemed"),
    hostPaid: note("hostPaid"),
    failed: note("failed"),
  };

  return {
    observer,
    of: (event: keyof Observer) => seen.filter((one) => one.event === event).map(({ value }) => value),
  };
}

/** A chain in this process with a model that Bob hosts, and Carol, who has USDC and pays. */
export async function deployChannelWorld() {
  const sdk = await deploySdk();
  const { bob, carol, accounts, usdc, usdcAddress, usageChannels, deployment, connection } = sdk;
  const host = accounts.bob.address;
  const model = await registerFor(accounts.alice.address, sdk.alice, { maxHostBps: 5_000 });
  const other = await registerFor(accounts.alice.address, sdk.alice, { maxHostBps: 5_000 });
  const contract = await usageChannels.getAddress();
  const { chainId } = bob;
  const domain = { name: "Commonweal UsageChannels", version: "1", chainId, verifyingContract: contract };
  await usdc.mint(accounts.carol, 10n ** 15n);
  await usdc.connect(accounts.carol).approve(contract, 10n ** 15n);

  function channelOf(changes: Partial<Channel> = {}): Channel {
    const payer = accounts.carol.address;

    return {
      ...{ payer, signer: payer, model, host, hostBps: HOST_BPS, currency: usdcAddress, notice: DAY },
      ...{ salt: freshSalt(), ...changes },
    };
  }

  const idFor = (channel: Channel) => idOf(chainId, contract, { ...channel, currency: currencyWord(channel) });

  /** Opens a channel with a deposit, as Carol. */
  async function opened(amount: bigint, changes: Partial<Channel> = {}): Promise<Channel> {
    const channel = channelOf(changes);
    const value = channel.currency === "ETH" ? amount : 0n;
    await usageChannels
      .connect(accounts.carol)
      .deposit({ ...channel, currency: currencyWord(channel) }, amount, { value });

    return channel;
  }

  /** Signs a voucher by a calculation of the tests' own. */
  async function voucher(
    channel: Channel,
    amount: bigint,
    calls: number,
    { by = accounts.carol as Signer, of = domain, id = idFor(channel) } = {},
  ): Promise<VoucherFields> {
    const signature = await by.signTypedData(of, VOUCHER_TYPES, { channel: id, amount, calls });

    return { channelId: id, maxClaimableAmount: String(amount), calls, signature };
  }

  /** A deposit by signature for a channel, from Carol. */
  async function deposit(channel: Channel, amount: bigint): Promise<DepositFields> {
    const { channel: _, amount: units, ...authorization } = await carol.usage.signDeposit({ channel, amount });

    return { amount: units, authorization };
  }

  /** Starts a gateway of Bob's; what a test cares about goes into `changes`. */
  async function gateway(changes: Partial<ChannelsOptions> = {}) {
    const { observer, of } = countingObserver();
    const channels = await createChannels({
      ...{ commonweal: bob, model, host, hostBps: HOST_BPS, currency: usdcAddress, store: memoryStore(), observer },
      ...changes,
    });
    const server = new x402ResourceServer(facilitatorOf(channels)).register(channels.network, channels.server);
    await server.initialize();

    /** What a 402 asks for. */
    async function requirements(price = PRICE): Promise<PaymentRequirements> {
      const [built] = await server.buildPaymentRequirements({
        ...{ scheme: CHANNEL_SCHEME, network: channels.network, payTo: host },
        price: { asset: usdcAddress, amount: String(price) },
        ...{ maxTimeoutSeconds: 60 },
      });

      return built;
    }

    const pay = async (payload: ChannelPayload | Record<string, unknown>, price = PRICE) => {
      const accepted = await requirements(price);
      const payment: PaymentPayload = { x402Version: 2, accepted, payload: { ...payload } };

      return { payment, accepted, result: await server.verifyPayment(payment, accepted) };
    };

    return {
      ...channels,
      resourceServer: server,
      requirements,
      seen: of,

      /** Sends a payment, and returns what to do with it once it is taken. */
      async take(payload: ChannelPayload | Record<string, unknown>, price = PRICE) {
        const { payment, accepted, result } = await pay(payload, price);
        expect(result, result.invalidMessage).to.include({ isValid: true });
        const dispatcher = server.createPaymentCancellationDispatcher(payment, accepted);

        return {
          result,
          settle: (cost = price) => server.settlePayment(payment, accepted, {}, undefined, { amount: String(cost) }),
          cancel: () => dispatcher.cancel({ reason: "handler_failed" }),
        };
      },

      /** Sends a payment and lets the call succeed. */
      async call(payload: ChannelPayload, price = PRICE, cost = price) {
        const { settle } = await this.take(payload, price);
        const settled = await settle(cost);
        expect(settled, settled.errorMessage).to.include({ success: true });

        return settled;
      },

      /** Sends a payment that must be refused, and returns the 402. */
      async refused(payload: ChannelPayload | Record<string, unknown>, code: string, message: RegExp, price = PRICE) {
        const { payment, accepted, result } = await pay(payload, price);
        expect(result).to.include({ isValid: false, invalidReason: `usage_channel_${code}` });
        expect(result.invalidMessage).to.match(message);
        const resource = { url: "http://localhost/", description: "", mimeType: "" };
        const { invalidReason } = result;
        const answer = server.createPaymentRequiredResponse.bind(server, [accepted], resource, invalidReason, {});
        const response = await answer(undefined, payment);
        expect(response.error).to.equal(`usage_channel_${code}`);
        const { extra } = response.accepts[0];
        expect(extra.refusal).to.deep.equal({ code: result.invalidReason, message: result.invalidMessage });

        return extra;
      },
    };
  }

  const as = (signer: Signer) => connect(signer, { deployment });

  return {
    ...sdk,
    ...{ host, model, other, contract, chainId, domain, as, connection },
    ...{ channelOf, idFor, opened, voucher, deposit, gateway },

    /** A payment by voucher. */
    async paid(...[channel, amount, calls, options]: Parameters<typeof voucher>): Promise<ChannelPayload> {
      return { type: "voucher", channelConfig: channel, voucher: await voucher(channel, amount, calls, options) };
    },
  };
}

function currencyWord({ currency }: Channel): string {
  return currency === "ETH" ? `0x${"00".repeat(20)}` : currency;
}
