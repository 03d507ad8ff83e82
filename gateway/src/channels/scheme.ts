import type { ListedCurrency } from "@commonweal/sdk";
import { parseAmount } from "@commonweal/sdk";
import type {
  AssetAmount,
  PaymentPayload,
  PaymentRequirements,
  SchemeNetworkFacilitator,
  SchemeNetworkServer,
  VerifyResponse,
} from "@x402/core/types";
import { channelStateOf, type Entry, voucherStateOf } from "./book.js";
import type { Observer } from "./observer.js";
import { ChannelRefusal } from "./refusals.js";
import type { ChannelService } from "./service.js";
import { currencyOf, refusal } from "./verify.js";
import {
  CHANNEL_SCHEME,
  type ChannelRequirementsExtra,
  type ChannelResponseExtra,
  readPayload,
  type VoucherFields,
} from "./wire.js";

export interface SchemeOptions {
  network: `eip155:${string}`;
  service: ChannelService;
  observer: Observer;
  currency: ListedCurrency;
  /** What every 402 says. */
  extra: ChannelRequirementsExtra;
  known: (channelId: string) => Entry | undefined;
  /** Who sends the transactions. */
  sender: string;
}

/** The gateway's side of the scheme, as x402 has it: what is asked for, and what is checked and settled. */
export function schemeOf(options: SchemeOptions): {
  server: SchemeNetworkServer;
  facilitator: SchemeNetworkFacilitator;
} {
  const { network, service, observer, currency, extra, known, sender } = options;
  // What was wrong with a payment, for the 402 that answers it.
  const refusals = new WeakMap<object, ChannelRefusal>();

  async function verify(payload: PaymentPayload, { amount }: PaymentRequirements): Promise<VerifyResponse> {
    try {
      const { channel } = await service.verify(payload.payload, BigInt(amount));

      return { isValid: true, payer: channel.payer };
    } catch (error) {
      if (!(error instanceof ChannelRefusal)) throw error;
      refusals.set(payload, error);
      observer.refused?.(error.code);

      return { isValid: false, invalidReason: error.code, invalidMessage: error.message };
    }
  }

  const facilitator: SchemeNetworkFacilitator = {
    scheme: CHANNEL_SCHEME,
    caipFamily: "eip155:*",
    getExtra: () => undefined,
    getSigners: () => [sender],
    verify,

    async settle({ payload }, { amount }) {
      try {
        const entry = await service.settle(voucherOf(payload), BigInt(amount));
        const response: ChannelResponseExtra = { chargedAmount: amount, channelState: channelStateOf(entry) };

        return {
          ...{ success: true, transaction: "", network, payer: entry.channel.payer, amount },
          extra: { ...response },
        };
      } catch (error) {
        if (!(error instanceof ChannelRefusal)) throw error;
        observer.refused?.(error.code);

        return { success: false, errorReason: error.code, errorMessage: error.message, transaction: "", network };
      }
    },
  };

  const server: SchemeNetworkServer = {
    scheme: CHANNEL_SCHEME,
    // The name that x402 gives to a scheme with one way of transfer; it is not on the wire.
    defaultAssetTransferMethod: "default",
    paymentFlows: { default: { supported: ["authorization"], default: "authorization" } },
    dynamicExtraFields: ["channelState", "voucherState", "refusal"],
    schemeHooks: {
      async onVerifiedPaymentCanceled({ paymentPayload }) {
        service.cancel(voucherOf(paymentPayload.payload));
      },
    },

    /** Takes units of the currency, or an amount in it such as "0.001". */
    async parsePrice(price): Promise<AssetAmount> {
      if (typeof price === "object") {
        if (currencyOf(price.asset) !== currency.currency) {
          throw refusal("currency_mismatch", `the price is in ${price.asset}; give it in ${currency.currency}`);
        }
        return { ...price, asset: currency.address };
      }

      return { asset: currency.address, amount: String(parseAmount(String(price), currency.decimals)) };
    },

    async enhancePaymentRequirements(requirements) {
      return { ...requirements, extra: { ...requirements.extra, ...extra } };
    },

    /** Tells a payer whose voucher was refused why, and where its channel stands. */
    async enrichPaymentRequiredResponse({ requirements, paymentPayload }) {
      if (paymentPayload === undefined) return;
      const problem = refusals.get(paymentPayload);
      const entry = known(readPayload(paymentPayload.payload)?.voucher.channelId ?? "");
      if (problem === undefined && entry === undefined) return;
      const told: Partial<ChannelRequirementsExtra> = {
        ...(problem && { refusal: problem.toJSON() }),
        ...(entry && { channelState: channelStateOf(entry), voucherState: voucherStateOf(entry) }),
      };

      return requirements.map((each) =>
        each.scheme === CHANNEL_SCHEME && each.network === network
          ? { ...each, extra: { ...each.extra, ...told } }
          : each,
      );
    },
  };

  return { server, facilitator };
}

function voucherOf(payload: unknown): VoucherFields {
  const read = readPayload(payload);
  if (read === undefined) throw refusal("payload_invalid", "the payment is none of this scheme; see its fields");

  return read.voucher;
}
