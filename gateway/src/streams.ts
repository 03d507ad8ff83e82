import type { StreamEvent } from "./options.js";

/** Why a stream ended. */
export type StreamEnd =
  | "done"
  | "paid_units_spent"
  | "client_gone"
  | "upstream_failed"
  | "upstream_timeout"
  | "event_too_large"
  | "counter_failed";

interface MeterSettings {
  body: ReadableStream<Uint8Array>;
  /** The most units that were paid for. */
  units: number;
  countEvent(event: StreamEvent): number;
  maxEventBytes: number;
  /** For how many seconds the upstream may be silent. */
  silenceSeconds: number;
  /** Called once, when the stream ends; what it returns is the last event. */
  end(units: number, why: StreamEnd): Promise<Uint8Array>;
}

const CR = 13;
const LF = 10;

/**
 * Passes server-sent events on, one by one, as long as what was paid for lasts. An event is passed on whole or not at all,
 * and asked for only when the client takes it.
 */
export function meter(settings: MeterSettings): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { body, units, countEvent, maxEventBytes, silenceSeconds, end } = settings;
  const reader = body.getReader();
  const splitter = splitterOf();
  let sent = 0;
  let ending: Promise<Uint8Array> | undefined;

  const finish = (why: StreamEnd) => (ending ??= end(sent, why));

  /** Returns an event's units; undefined if the counter, which is not ours, fails. */
  function costOf(bytes: Uint8Array): number | undefined {
    const { event, data } = parse(bytes);
    if (data === undefined) return 0;
    try {
      const counted = Math.ceil(countEvent({ event, data }));

      return counted >= 0 ? counted : undefined;
    } catch {
      return undefined;
    }
  }

  /** Returns the next event; text that no blank line ended, at the upstream's end; or why there is none. */
  async function next(): Promise<Uint8Array | StreamEnd> {
    while (true) {
      const event = splitter.take();
      if (event !== undefined) return event;
      if (splitter.size() > maxEventBytes) return "event_too_large";

      const read = await within(silenceSeconds, reader.read()).catch(() => "upstream_failed" as const);
      if (read === undefined) return "upstream_timeout";
      if (read === "upstream_failed") return read;
      if (read.done) return splitter.rest() ?? "done";
      splitter.add(read.value);
    }
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        let found = await next();
        if (ending !== undefined) return;
        if (typeof found !== "string") {
          const cost = costOf(found);
          if (cost !== undefined && sent + cost <= units) {
            sent += cost;
            controller.enqueue(found as Uint8Array<ArrayBuffer>);
            return;
          }
          found = cost === undefined ? "counter_failed" : "paid_units_spent";
        }
        void reader.cancel().catch(() => undefined);
        controller.enqueue((await finish(found)) as Uint8Array<ArrayBuffer>);
        controller.close();
      },

      async cancel() {
        const ended = finish("client_gone");
        await reader.cancel().catch(() => undefined);
        await ended;
      },
    },
    // What is asked for ahead might be charged without being sent.
    { highWaterMark: 0 },
  );
}

/**
 * Waits until a stream has begun, and returns it as it was. A stream of nothing has begun too.
 *
 * @returns undefined when the seconds have passed.
 */
export async function begun(
  body: ReadableStream<Uint8Array>,
  seconds: number,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const reader = body.getReader();
  let first = await within(seconds, reader.read());
  if (first === undefined) {
    void reader.cancel().catch(() => undefined);
    return undefined;
  }

  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = first ?? (await reader.read());
        first = undefined;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Waits for so many seconds at most; undefined when they have passed. */
export async function within<T>(seconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, seconds * 1_000, undefined);
  });
  try {
    return await Promise.race([promise, passed]);
  } finally {
    clearTimeout(timer);
  }
}

/** Cuts bytes where a blank line ends an event; lines end with CR, LF, or both. */
function splitterOf() {
  let held = Buffer.alloc(0);
  /** Where to go on looking, and where the line begins that it is in. */
  let at = 0;
  let line = 0;

  function cut(length: number): Buffer {
    const event = held.subarray(0, length);
    held = held.subarray(length);
    at = line = 0;

    return event;
  }

  return {
    add(chunk: Uint8Array): void {
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    },

    /** How much waits for the end of its event. */
    size: () => held.length,

    take(): Buffer | undefined {
      for (; at < held.length; at++) {
        const byte = held[at];
        if (byte !== CR && byte !== LF) continue;
        // A CR that comes last may be half of a CRLF.
        if (byte === CR && at + 1 === held.length) return undefined;
        const isBlank = at === line;
        if (byte === CR && held[at + 1] === LF) at++;
        line = at + 1;
        if (isBlank) return cut(line);
      }

      return undefined;
    },

    rest: () => (held.length === 0 ? undefined : cut(held.length)),
  };
}

function parse(bytes: Uint8Array): { event: string; data?: string } {
  const data: string[] = [];
  let event = "message";
  for (const text of new TextDecoder().decode(bytes).split(/\r\n|\r|\n/)) {
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(text) ?? [];
    if (field === "data") data.push(value ?? "");
    if (field === "event" && value) event = value;
  }

  return { event, data: data.length === 0 ? undefined : data.join("\n") };
}
