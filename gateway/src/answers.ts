import { DEFAULT_LIMITS, type Limits, PASS_HEADER, type StreamEvent } from "./options.js";
import type { Settled, Ticket } from "./payments.js";
import type { Terms } from "./pricing.js";
import { reasonOf, Refusal } from "./refusals.js";
import { begun, meter, type StreamEnd, within } from "./streams.js";

/** What an answer told, and when it ended. */
export interface Answered {
  /** The call was charged. */
  charged(settled: Settled): void;
  /** It was not served, or only in part; what was not served was not charged. */
  failed(reason: unknown): void;
}

/** Headers that only the gateway may write: an upstream could claim payments that there were not. */
const RESERVED = [
  "payment-required",
  "payment-response",
  "x-payment-response",
  "settlement-overrides",
  "extension-responses",
  PASS_HEADER,
];
/** Such an answer has no body. */
const BODILESS = [204, 205, 304];

/** Returns an answer's headers without those that only the gateway may write. */
export function cleanHeaders(headers: Headers): Headers {
  const clean = new Headers(headers);
  for (const name of RESERVED) clean.delete(name);

  return clean;
}

/** Returns an answer as it came, but for what only the gateway may say. */
export function passOn({ body, status, statusText, headers }: Response): Response {
  return new Response(BODILESS.includes(status) ? null : body, { status, statusText, headers: cleanHeaders(headers) });
}

/** Settles answers: before they are sent or, by channel, when a stream has ended. */
export function settlerOf(terms: Terms, limits: Limits, log: (line: string) => void) {
  const { maxAnswerBytes, maxEventBytes, upstreamSeconds } = { ...DEFAULT_LIMITS, ...limits };
  const { per, token } = terms;

  async function failed(ticket: Ticket, refusal: Refusal, answered: Answered): Promise<never> {
    await ticket.cancel(refusal.status);
    answered.failed(refusal.code);
    throw refusal;
  }

  /** Settles what is sent only after. */
  async function settled(ticket: Ticket, units: number, answered: Answered): Promise<Settled> {
    const done = await ticket.settle(units);
    answered.charged(done);

    return done;
  }

  async function buffered(response: Response, ticket: Ticket, answered: Answered): Promise<Response> {
    const read = await readAll(response.body, maxAnswerBytes, upstreamSeconds).catch((error: unknown) =>
      failed(ticket, refusalOf(error, maxAnswerBytes, upstreamSeconds), answered),
    );

    const headers = cleanHeaders(response.headers);
    // What a call asks for is the payer's to say: an answer that nobody counts may have as many units as there are.
    const counted = per === undefined ? 1 : (per.countBody?.(read, headers.get("content-type") ?? "") ?? per.max);
    const units = Math.max(0, Math.ceil(counted));
    if (units > ticket.units) return failed(ticket, tooFew(units, ticket.units), answered);
    const { receipt } = await settled(ticket, units, answered);
    const isBodiless = BODILESS.includes(response.status);
    // An answer to HEAD tells the length of a body that it does not have.
    if (read.length > 0) headers.set("Content-Length", String(read.length));

    return new Response(isBodiless ? null : read, withReceipt(response, headers, receipt));
  }

  /**
   * Meters a stream. What cannot be charged in part is paid before it begins. The last event says what was charged, since a
   * header would come too early.
   */
  async function streamed(response: Response, ticket: Ticket, answered: Answered): Promise<Response> {
    // A server that fails at once is not paid.
    const source = await begun(response.body ?? new Blob([]).stream(), upstreamSeconds).catch((error: unknown) =>
      failed(ticket, refusalOf(error, maxAnswerBytes, upstreamSeconds), answered),
    );
    if (source === undefined) return failed(ticket, timeout(upstreamSeconds), answered);
    let before: Settled | undefined;
    try {
      before = ticket.isMetered ? undefined : await settled(ticket, ticket.units, answered);
    } catch (error) {
      void source.cancel().catch(() => undefined);
      throw error;
    }

    async function end(units: number, why: StreamEnd): Promise<Uint8Array> {
      if (why !== "done" && why !== "paid_units_spent") answered.failed(why);
      try {
        const done = before ?? (await settled(ticket, units, answered));

        return lastEvent({ reason: why, units, charged: String(done.amount), paymentResponse: done.receipt });
      } catch (error) {
        log(`a stream was sent and could not be settled: ${reasonOf(error)}`);
        answered.failed(error);

        return lastEvent({
          reason: why,
          units,
          charged: "0",
          error: error instanceof Refusal ? error.code : "internal",
        });
      }
    }
    const lastEvent = (payment: object) => {
      const data = JSON.stringify({ ...payment, currency: token.address, unit: per?.unit ?? "call" });

      return Buffer.from(`event: payment\ndata: ${data}\n\n`);
    };
    const body = meter({
      body: source,
      // A call that is paid as a whole has as many events as it has.
      ...(per === undefined
        ? { units: 1, countEvent: () => 0 }
        : { units: ticket.units, countEvent: per.countEvent ?? countData }),
      ...{ maxEventBytes, silenceSeconds: upstreamSeconds },
      end: (units, why) => end(per === undefined ? 1 : units, why),
    });
    const headers = cleanHeaders(response.headers);
    headers.delete("content-length");

    return new Response(body, withReceipt(response, headers, before?.receipt));
  }

  return {
    /**
     * Settles an answer.
     *
     * @throws {Refusal} when it must not be sent.
     */
    async settle(response: Response, ticket: Ticket, answered: Answered): Promise<Response> {
      if (!response.ok) {
        await ticket.cancel(response.status);
        answered.failed(`status_${response.status}`);

        return passOn(response);
      }
      // Without a body nobody would read to its end, as of an answer to HEAD, there is no stream.
      if (response.body === null || !/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) {
        return buffered(response, ticket, answered);
      }
      if (response.headers.has("content-encoding")) {
        void response.body?.cancel().catch(() => undefined);
        const message = "The upstream compressed a stream, which cannot be metered: turn that off there.";

        return failed(ticket, new Refusal("answer_encoded", message), answered);
      }

      return streamed(response, ticket, answered);
    },

    /** Settles before anything is sent of what is too large to hold, such as a file. */
    async settleFirst(response: Response, ticket: Ticket, answered: Answered): Promise<Response> {
      try {
        const { receipt } = await settled(ticket, ticket.units, answered);

        return new Response(response.body, withReceipt(response, new Headers(response.headers), receipt));
      } catch (error) {
        void response.body?.cancel().catch(() => undefined);
        throw error;
      }
    },
  };
}

function withReceipt({ status, statusText }: Response, headers: Headers, receipt?: string): ResponseInit {
  if (receipt !== undefined) headers.set("PAYMENT-RESPONSE", receipt);
  // What was paid for is for the payer alone.
  headers.set("Cache-Control", "private, no-store");

  return { status, statusText, headers };
}

/** One unit an event, but for the one by which many servers say that there are no more. */
const countData = ({ data }: StreamEvent) => (data === "[DONE]" ? 0 : 1);

/** An answer has more bytes than are held in memory. */
const TOO_LARGE = Symbol("too large");
/** The upstream was silent for too long. */
const SILENT = Symbol("silent");

async function readAll(
  body: Response["body"],
  maxBytes: number,
  silenceSeconds: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = (body ?? new Blob([]).stream()).getReader();
  while (true) {
    const read = await within(silenceSeconds, reader.read());
    if (read?.done) return new Uint8Array(Buffer.concat(chunks));
    size += read?.value.length ?? 0;
    if (read === undefined || size > maxBytes) {
      void reader.cancel().catch(() => undefined);
      throw read === undefined ? SILENT : TOO_LARGE;
    }
    chunks.push(read.value);
  }
}

function refusalOf(problem: unknown, maxBytes: number, seconds: number): Refusal {
  if (problem === TOO_LARGE) {
    const message = `The answer has more than ${maxBytes} bytes: ask for less, or for a stream. Nothing was charged.`;
    return new Refusal("answer_too_large", message);
  }
  if (problem === SILENT) return timeout(seconds);

  return new Refusal("upstream_broken", `The upstream's answer broke off (${reasonOf(problem)}). Nothing was charged.`);
}

function tooFew(units: number, paid: number): Refusal {
  const message = `The answer has up to ${units} units, and ${paid} were paid for: ask for more, or for a stream.`;

  return new Refusal("units_too_few", `${message} Nothing was charged.`);
}

/** The refusal when an upstream says nothing. */
export function timeout(seconds: number): Refusal {
  return new Refusal("upstream_timeout", `The upstream was silent for ${seconds} seconds. Nothing was charged.`);
}
