import {
  type Amount,
  type Commonweal,
  type Currency,
  InvalidArgument,
  parseAmount,
  SignerRequired,
} from "@commonweal/sdk";
import { x402Version } from "@x402/core";
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import type { PaymentRequired, PaymentRequirements, SchemeNetworkClient, SettleResponse } from "@x402/core/types";
import { getAddress, type Signer } from "ethers";
import { turns } from "../channels/turns.js";
import { CHANNEL_SCHEME, type ChannelPayload, readPayload } from "../channels/wire.js";
import { type ClientChannel, openClientChannel } from "./channel.js";
import { PaymentNotTaken } from "./errors.js";
import { type ChannelStorage, memoryStorage } from "./storage.js";
import { type Allowed, type Asked, optionOf, readAsked } from "./terms.js";

export interface ChannelFetchOptions {
  /** Connected as the payer. */
  commonweal: Commonweal;
  /** What is paid in, and what the amounts below are of. */
  currency: Currency;
  /** The most that a call may cost. */
  maxPrice: Amount;
  /** What is deposited when a channel is opened, or has too little left. */
  deposit: Amount;
  /** The most to deposit in all, by what the storage remembers. */
  limit: Amount;
  /** For how many seconds the payer waits for what is left of a channel; a server may not ask for more. A day by default. */
  notice?: number;
  /** The only model to pay for; any by default. */
  model?: string;
  /** The only hosts to pay; any by default. */
  hosts?: readonly string[];
  /** The most that a host may keep, in basis points; what the model allows by default. */
  maxHostBps?: number;
  /** Signs vouchers instead of the payer: a key for a program, that can spend what is deposited and nothing else. */
  signer?: Signer;
  /** Keeps channels apart that one payer uses in several programs at once. */
  name?: string;
  /** Where channels are remembered: `localStorage`, a file, or by default nowhere. */
  storage?: ChannelStorage;
  /** Sends the requests. */
  fetch?: typeof fetch;
}

const DAY = 86_400;

/** How often a call is paid again after a 402 that says how. */
const ATTEMPTS = 4;

/** How long to wait for a call that another program, or an earlier one of this, has under way. */
const BUSY_WAITS = [100, 400, 1_600];

/**
 * Returns a `fetch` that pays by channel: it opens one by a signed deposit when there is none, tops it up within the limit,
 * and signs a voucher with each call. Calls of one channel wait for each other; a streamed answer must be read to its end,
 * or cancelled, before the next.
 *
 * Besides what `fetch` throws it throws {@link TermsRefused}, {@link LimitReached}, {@link StateUnproven} and
 * {@link PaymentNotTaken}. A 402 that asks for nothing by this scheme is returned as it is, and so is a redirect of a paid
 * call: it is not followed with the payment.
 *
 * @example
 * const pay = await channelFetch({ commonweal, currency: usdc, maxPrice: "0.01", deposit: "1", limit: "5" });
 * const answer = await pay("https://host.example/v1/generate", { method: "POST", body });
 */
export async function channelFetch(options: ChannelFetchOptions): Promise<typeof fetch> {
  const { fetch: send = globalThis.fetch } = options;
  const payments = await paymentsOf(options);
  const remembered = new Map<string, PaymentRequirements>();

  async function attempt(request: Request, requirements: PaymentRequirements): Promise<Response> {
    let asked = payments.read(requirements);
    const { channel, inTurn } = await payments.channelFor(asked);
    const turn = inTurn(async () => {
      for (let attempts = 1, busy = 0; ; attempts++) {
        request.signal.throwIfAborted();
        const payload = await channel.pay(asked);
        // Wherever a server leads to, the payment is not for it; a redirect is the caller's to judge.
        const paid = new Request(request.clone(), { redirect: "manual" });
        paid.headers.set("PAYMENT-SIGNATURE", headerOf(asked.requirements, payload));
        const response = await send(paid);
        if (response.status !== 402) return finish(channel, payload, response);

        const told = readRequired(response);
        const option = told && optionOf(told, payments.allowed);
        if (option === undefined) return { response, done: Promise.resolve() };
        const { code, message } = refusalOf(option, told);
        // Nobody can take a price back, or another host, that was agreed to once: what is asked for is read again.
        asked = payments.read(withoutState(option));
        remembered.set(routeOf(request), asked.requirements);
        if (code === "usage_channel_busy" && busy < BUSY_WAITS.length) {
          await new Promise((resolve) => setTimeout(resolve, BUSY_WAITS[busy++]));
          continue;
        }
        const isNews = code === undefined || (await channel.corrected(code, option));
        if (!isNews || attempts >= ATTEMPTS) throw new PaymentNotTaken(code ?? String(told?.error), message);
      }
    });

    return raceAbort(turn, request.signal);
  }

  return async (input, init) => {
    const request = new Request(input, init);
    const route = routeOf(request);
    const known = remembered.get(route);
    if (known !== undefined) return attempt(request, known);

    const response = await send(request.clone());
    const required = response.status === 402 ? readRequired(response) : undefined;
    const option = required && optionOf(required, payments.allowed);
    if (option === undefined) return response;
    await response.body?.cancel();
    const requirements = withoutState(option);
    payments.read(requirements);
    remembered.set(route, requirements);

    return attempt(request, requirements);
  };
}

/**
 * Returns the same as a scheme for a stock `x402Client`. That client does not wait for one call before the next, so send one
 * at a time, or use {@link channelFetch}.
 *
 * @example
 * const client = new x402Client().register("eip155:8453", await channelScheme({ commonweal, currency: usdc, … }));
 */
export async function channelScheme(options: ChannelFetchOptions): Promise<SchemeNetworkClient> {
  const payments = await paymentsOf(options);

  return {
    scheme: CHANNEL_SCHEME,

    async createPaymentPayload(version, requirements) {
      const asked = payments.read(withoutState(requirements));
      const { channel } = await payments.channelFor(asked);

      return { x402Version: version, payload: { ...(await channel.pay(asked)) } };
    },

    schemeHooks: {
      async onPaymentResponse({ paymentPayload, requirements, settleResponse, paymentRequired }) {
        const { channel } = await payments.channelFor(payments.read(withoutState(requirements)));
        if (paymentRequired !== undefined) {
          const option = optionOf(paymentRequired, payments.allowed);
          const { code } = option === undefined ? {} : refusalOf(option, paymentRequired);
          const isNews = option !== undefined && code !== undefined && (await channel.corrected(code, option));

          return isNews ? { recovered: true } : undefined;
        }
        const payload = readPayload(paymentPayload.payload);
        if (payload !== undefined) await channel.answered(payload, settleResponse, settleResponse?.success === true);

        return undefined;
      },
    },
  };
}

async function paymentsOf(options: ChannelFetchOptions) {
  const { commonweal, storage = memoryStorage(), name = "" } = options;
  const { runner, target } = commonweal.contracts.UsageChannels;
  if (runner === null || !("signTypedData" in runner)) throw new SignerRequired();
  const payerSigner = runner as Signer;
  const payer = await payerSigner.getAddress();
  const currencies = await commonweal.royalties.currencies();
  const listed = currencies.find(({ currency }) => currency.toLowerCase() === options.currency.toLowerCase());
  if (listed === undefined) {
    const all = currencies.map(({ currency }) => currency).join(", ");
    throw new InvalidArgument("currency", options.currency, `one that the ledger lists: ${all}`);
  }
  const [maxPrice, deposit, limit] = [options.maxPrice, options.deposit, options.limit].map((amount) =>
    parseAmount(amount, listed.decimals),
  );
  const allowed: Allowed = {
    ...{ network: `eip155:${commonweal.chainId}`, contract: getAddress(String(target)), currency: listed.currency },
    ...{ maxPrice, deposit, limit, notice: options.notice ?? DAY, model: options.model, hosts: options.hosts },
    maxHostBps: options.maxHostBps ?? 10_000,
  };
  const opened = new Map<string, Promise<{ channel: ClientChannel; inTurn: ReturnType<typeof inTurns> }>>();

  return {
    allowed,
    read: (requirements: PaymentRequirements) => readAsked(requirements, allowed),

    /** Returns the channel for what is asked, and its queue. */
    channelFor(asked: Asked) {
      const key = JSON.stringify(asked.terms);
      const known = opened.get(key);
      if (known !== undefined) return known;
      const signer = options.signer ?? payerSigner;
      const opening = openClientChannel({ commonweal, signer, payer, name, allowed, storage }, asked).then(
        (channel) => ({ channel, inTurn: inTurns() }),
      );
      opened.set(key, opening);
      void opening.catch(() => opened.delete(key));

      return opening;
    },
  };
}

/** Runs one task after another, each of which may be done later than it has its answer. */
function inTurns() {
  const inTurn = turns();

  return (task: () => Promise<{ response: Response; done: Promise<void> }>): Promise<Response> =>
    new Promise((resolve, reject) => {
      void inTurn(async () => {
        try {
          const { response, done } = await task();
          resolve(response);
          await done;
        } catch (error) {
          reject(error);
        }
      });
    });
}

/** Takes the receipt of an answer. One without is a stream: its channel is free at its end. */
async function finish(channel: ClientChannel, payload: ChannelPayload, response: Response) {
  const header = response.headers.get("PAYMENT-RESPONSE");
  const receipt = header === null ? undefined : readReceipt(header);
  await channel.answered(payload, receipt, response.ok);
  if (receipt !== undefined || !response.ok || response.body === null) return { response, done: Promise.resolve() };

  let end = () => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done: isOver, value } = await reader.read();
        if (!isOver) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      end();
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;

  return { response: new Response(body, { status, statusText, headers }), done };
}

function headerOf(accepted: PaymentRequirements, payload: ChannelPayload): string {
  return encodePaymentSignatureHeader({ x402Version, accepted, payload: { ...payload } });
}

function readRequired(response: Response): PaymentRequired | undefined {
  const header = response.headers.get("PAYMENT-REQUIRED");
  try {
    return header === null ? undefined : decodePaymentRequiredHeader(header);
  } catch {
    return undefined;
  }
}

function readReceipt(header: string): SettleResponse | undefined {
  try {
    return decodePaymentResponseHeader(header);
  } catch {
    return undefined;
  }
}

function refusalOf({ extra }: PaymentRequirements, required: PaymentRequired | undefined) {
  const { code, message } = (extra.refusal ?? {}) as { code?: string; message?: string };

  return { code, message: message ?? required?.error ?? "See the response." };
}

/** What was told of a channel is no part of what was asked for. */
function withoutState(requirements: PaymentRequirements): PaymentRequirements {
  const { channelState: _, voucherState: __, refusal: ___, ...extra } = requirements.extra;

  return { ...requirements, extra };
}

function routeOf({ method, url }: Request): string {
  const { origin, pathname } = new URL(url);

  return `${method} ${origin}${pathname}`;
}

async function raceAbort<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
