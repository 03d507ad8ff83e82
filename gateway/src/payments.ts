import { x402Facilitator } from "@x402/core/facilitator";
import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import { validatePaymentPayload } from "@x402/core/schemas";
import { type FacilitatorClient, HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import {
  type Network,
  type PaymentPayload,
  type PaymentRequirements,
  SettleError,
  type SettleResponse,
  VerifyError,
} from "@x402/core/types";
import { ExactEvmScheme as ExactFacilitator } from "@x402/evm/exact/facilitator";
import { ExactEvmScheme as ExactServer } from "@x402/evm/exact/server";
import type { Channels } from "./channels/index.js";
import { CHANNEL_SCHEME } from "./channels/wire.js";
import { authorizationOf, explainExact } from "./exact.js";
import { facilitatorSigner } from "./facilitator.js";
import type { PaywallOptions } from "./options.js";
import { providerOf, signerOf, type Terms } from "./pricing.js";
import { PaywallMisconfigured, reasonOf, Refusal } from "./refusals.js";

/** What is asked for. */
export interface Asked {
  method: string;
  url: URL;
  header(name: string): string | undefined;
}

/** A payment that is good and not yet taken. Either {@link settle} or {@link cancel} ends it. */
export interface Ticket {
  scheme: string;
  /** The most units that it pays for. */
  units: number;
  /** Whether what was not used is not charged. */
  isMetered: boolean;
  /**
   * Takes the payment.
   *
   * @throws {Refusal} when the money did not come: the answer must not be sent.
   */
  settle(units: number): Promise<Settled>;
  /** Lets go of the payment: nothing is charged. */
  cancel(responseStatus?: number): Promise<void>;
}

/** A payment that was taken. */
export interface Settled {
  units: number;
  /** In the currency's smallest units. */
  amount: bigint;
  /** What PAYMENT-RESPONSE says of it. */
  receipt: string;
}

/** A refusal of a payment, with the payment, so that a scheme can say what it knows of it. */
class PaymentRefused extends Refusal {
  constructor(
    code: string,
    message: string,
    readonly payload?: PaymentPayload,
    options?: ErrorOptions,
  ) {
    super(code, message, {}, options);
  }
}

/** Something that every 402 tells, by the rules of x402's extensions. */
export interface Extension {
  key: string;
  /** Returns what is told, or undefined for nothing. */
  declare(asked: Asked): Promise<object | undefined>;
}

export interface Payments {
  /** Returns the 402 for a refusal. */
  required(asked: Asked, units: number, refusal: Refusal): Promise<Response>;
  /**
   * Verifies a payment.
   *
   * @throws {Refusal} that says why it is not good.
   */
  take(units: number, header: string): Promise<Ticket>;
}

/** Seconds for which a payment that is signed now must be good at least; the upstream's answer comes within. */
const MIN_TIMEOUT = 300;
/** Sets of requirements that are remembered, one for each number of units. */
const MAX_REMEMBERED = 1_000;

/** Sets up x402 with the schemes that the options ask for. */
export async function paymentsOf(
  options: PaywallOptions & { upstreamSeconds: number; extensions: readonly Extension[] },
  terms: Terms,
  channels: Channels | undefined,
): Promise<Payments> {
  const { commonweal, origin, description = "", name, facilitator: url } = options;
  const network: Network = `eip155:${commonweal.chainId}`;
  const { token, price, payTo } = terms;
  const provider = providerOf(commonweal);
  const takesExact = options.exact ?? token.domain !== undefined;
  const server = await serverOf();
  const remembered = new Map<number, Promise<PaymentRequirements[]>>();
  /** Authorizations that pay for calls which are being served. */
  const inUse = new Set<string>();

  async function serverOf(): Promise<x402ResourceServer> {
    const clients: FacilitatorClient[] = [];
    const own = new x402Facilitator();
    if (takesExact) {
      if (token.domain === undefined) {
        throw new PaywallMisconfigured(`${token.symbol} takes no authorizations (ERC-3009): set exact to false.`);
      }
      if (url === undefined) own.register(network, new ExactFacilitator(await ownSigner()));
      else clients.push(new HTTPFacilitatorClient({ url }));
    }
    if (channels !== undefined) own.register(network, channels.facilitator);
    if (!takesExact && channels === undefined) {
      throw new PaywallMisconfigured("There is no way to pay: set exact to true, or give channels.");
    }
    clients.push({
      verify: (payload, requirements) => own.verify(payload, requirements),
      settle: (payload, requirements) => own.settle(payload, requirements),
      getSupported: async () => own.getSupported() as Awaited<ReturnType<FacilitatorClient["getSupported"]>>,
    });

    const resourceServer = new x402ResourceServer(clients);
    if (takesExact) resourceServer.register(network, new ExactServer());
    if (channels !== undefined) resourceServer.register(network, channels.server);
    await resourceServer.initialize().catch((error: unknown) => {
      throw unfit(error instanceof Error ? reasonOf(error.cause ?? error) : error);
    });
    if (takesExact && resourceServer.getSupportedKind(2, network, "exact") === undefined) {
      throw unfit("it does not offer that");
    }

    return resourceServer;
  }

  function unfit(reason: unknown): PaywallMisconfigured {
    return new PaywallMisconfigured(
      `The facilitator ${url} cannot be used for exact on ${network} (${reason}): give another.`,
    );
  }

  async function ownSigner() {
    const signer = signerOf(commonweal);
    if (signer !== undefined) return facilitatorSigner(signer, token.address);
    throw new PaywallMisconfigured("Settling payments needs a signer: connect with one, or give a facilitator.");
  }

  /** What a call may be paid by, from the cheapest for the payer to set up. */
  async function requirementsOf(units: number): Promise<PaymentRequirements[]> {
    const amount = String(price * BigInt(units));
    const common = { network, maxTimeoutSeconds: Math.max(MIN_TIMEOUT, 2 * options.upstreamSeconds) };

    return server.buildPaymentRequirementsFromOptions(
      [
        ...(takesExact
          ? [{ scheme: "exact", payTo, price: { amount, asset: token.address, extra: { ...token.domain } }, ...common }]
          : []),
        ...(channels === undefined
          ? []
          : [{ scheme: CHANNEL_SCHEME, payTo: terms.host, price: { amount, asset: token.address }, ...common }]),
      ],
      undefined,
    );
  }

  function requirementsFor(units: number): Promise<PaymentRequirements[]> {
    const known = remembered.get(units);
    if (known !== undefined) return known;
    const made = requirementsOf(units);
    void made.catch(() => remembered.delete(units));
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(units, made);

    return made;
  }

  async function verified(payload: PaymentPayload, requirement: PaymentRequirements): Promise<void> {
    let reason: { code: string; message?: string };
    try {
      const result = await server.verifyPayment(payload, requirement);
      if (result.isValid) return;
      reason = { code: result.invalidReason ?? "payment_invalid", message: result.invalidMessage };
    } catch (error) {
      if (!(error instanceof VerifyError) || error.invalidReason === undefined) throw unavailable(error);
      reason = { code: error.invalidReason, message: error.invalidMessage };
    }
    const isExact = requirement.scheme === "exact";
    // A node that does not answer makes x402 call a good signature bad.
    if (isExact && url === undefined) {
      await provider.getBlockNumber().catch((error: unknown) => {
        throw unavailable(error);
      });
    }
    const { code, message } = isExact ? await explainExact(reason, payload, requirement, provider) : reason;

    throw new PaymentRefused(code, message ?? `The payment is not good: ${code}.`, payload);
  }

  function unavailable(error: unknown): Refusal {
    const retry = { "Retry-After": "5" };
    if (url === undefined) {
      const message = `The payment cannot be checked, since the chain does not answer (${reasonOf(error)}): try again.`;
      return new Refusal("chain_unavailable", message, retry, { cause: error });
    }
    const message = `The payment cannot be checked, since the facilitator does not answer (${reasonOf(error)}): try again.`;

    return new Refusal("facilitator_unavailable", message, retry, { cause: error });
  }

  async function settled(payload: PaymentPayload, requirement: PaymentRequirements, charge: string) {
    let response: SettleResponse;
    try {
      const overrides = charge === requirement.amount ? undefined : { amount: charge };
      response = await server.settlePayment(payload, requirement, {}, undefined, overrides);
    } catch (error) {
      if (!(error instanceof SettleError)) throw failedToSettle(payload, "settlement_failed", reasonOf(error), error);
      throw failedToSettle(payload, error.errorReason ?? "settlement_failed", error.errorMessage, error);
    }
    if (response.success) return response;
    const { code, message } = await explainExact(
      { code: response.errorReason ?? "settlement_failed", message: response.errorMessage },
      payload,
      requirement,
      provider,
    );

    throw failedToSettle(payload, code, message);
  }

  function ticketOf(payload: PaymentPayload, requirement: PaymentRequirements, units: number, key?: string): Ticket {
    const isMetered = requirement.scheme === CHANNEL_SCHEME;
    const cancellation = server.createPaymentCancellationDispatcher(payload, requirement);

    return {
      ...{ scheme: requirement.scheme, units, isMetered },

      async settle(used) {
        const charged = isMetered ? Math.min(used, units) : units;
        const amount = price * BigInt(charged);
        try {
          const response = await settled(payload, requirement, String(amount));

          return { units: charged, amount, receipt: encodePaymentResponseHeader(response) };
        } finally {
          if (key !== undefined) inUse.delete(key);
        }
      },

      async cancel(responseStatus) {
        if (key !== undefined) inUse.delete(key);
        await cancellation.cancel({ reason: "handler_failed", responseStatus });
      },
    };
  }

  return {
    async required(asked, units, refusal) {
      const { origin: own } = asked.url;
      const resource = {
        url: origin === undefined ? asked.url.href : asked.url.href.replace(own, new URL(origin).origin),
        description,
        mimeType: "",
        ...(name === undefined ? {} : { serviceName: name }),
      };
      const extensions: Record<string, object> = {};
      for (const { key, declare } of options.extensions) {
        const declared = await declare(asked);
        if (declared !== undefined) extensions[key] = declared;
      }
      const required = await server.createPaymentRequiredResponse(
        await requirementsFor(units),
        resource,
        refusal.code,
        extensions,
        undefined,
        refusal instanceof PaymentRefused ? refusal.payload : undefined,
      );

      return Response.json(
        { ...required, message: refusal.message },
        {
          status: 402,
          headers: {
            "Cache-Control": "no-store",
            ...refusal.headers,
            "PAYMENT-REQUIRED": encodePaymentRequiredHeader(required),
          },
        },
      );
    },

    async take(units, header) {
      const payload = payloadOf(header);
      const requirements = await requirementsFor(units);
      const requirement = server.findMatchingRequirements(requirements, payload);
      if (requirement === undefined) throw mismatch(payload, requirements);

      // By channel the scheme itself takes one call at a time.
      const key = requirement.scheme === "exact" ? authorizationOf(payload).key : undefined;
      if (key !== undefined) {
        if (inUse.has(key)) throw new PaymentRefused("payment_in_use", IN_USE, payload);
        inUse.add(key);
      }
      try {
        await verified(payload, requirement);
      } catch (error) {
        if (key !== undefined) inUse.delete(key);
        throw error;
      }

      return ticketOf(payload, requirement, units, key);
    },
  };
}

const IN_USE = "This payment pays for a call that is being served: sign another for this one.";

function failedToSettle(payload: PaymentPayload, code: string, reason?: string, cause?: unknown): Refusal {
  const message = `The payment was not taken (${reason ?? code}), and the answer is not sent: pay anew.`;

  return new PaymentRefused(code, message, payload, { cause });
}

/** Reads the header PAYMENT-SIGNATURE. */
function payloadOf(header: string): PaymentPayload {
  try {
    const payload = validatePaymentPayload(decodePaymentSignatureHeader(header));
    if (payload.x402Version === 2) return payload as PaymentPayload;
  } catch (error) {
    throw new Refusal("payment_malformed", MALFORMED, {}, { cause: error });
  }
  throw new Refusal("payment_malformed", MALFORMED);
}

const MALFORMED =
  "The header PAYMENT-SIGNATURE is no payment: give the base64 of a PaymentPayload of x402, version 2, as JSON.";

/** Says in which terms a payment is for something else. */
function mismatch({ accepted, ...payload }: PaymentPayload, requirements: readonly PaymentRequirements[]): Refusal {
  const meant = requirements.find(({ scheme, network }) => scheme === accepted.scheme && network === accepted.network);
  if (meant === undefined) {
    const ways = requirements.map(({ scheme, network }) => `${scheme} on ${network}`).join(" or ");
    return new Refusal("payment_mismatch", `Pay by ${ways}, not ${accepted.scheme} on ${accepted.network}.`);
  }
  const terms = ["amount", "asset", "payTo", "maxTimeoutSeconds"] as const;
  const differing = terms.filter((term) => accepted[term] !== meant[term]);
  const text = differing.map((term) => `${term} is ${meant[term]}, not ${accepted[term]}`).join("; ");

  return new PaymentRefused(
    "payment_mismatch",
    `The payment is not for this call: ${text || "its extra differs"}. Sign what this answer asks for.`,
    { accepted, ...payload },
  );
}
