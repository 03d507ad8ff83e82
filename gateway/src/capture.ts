import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { CommonwealError } from "@commonweal/sdk";

/** The answer of a handler that was written for `node:http`, held back. */
export interface Captured {
  /** Resolves when the handler has begun to answer. Rejects when the client went away before. */
  response: Promise<Response>;
  /** Sends an answer to the client; returns when it is sent, or the client has gone. */
  send(answer: Response): Promise<void>;
}

class ClientGone extends CommonwealError {}

type WriteCallback = (error?: Error | null) => void;

/** Answers with these have no body. */
const BODILESS = [204, 205, 304];

/**
 * Holds back what a handler writes: from now on its `write`, `end` and the like go to {@link Captured.response}. Only
 * {@link Captured.send} reaches the client.
 */
export function capture(request: IncomingMessage, response: ServerResponse): Captured {
  const original = {
    writeHead: response.writeHead.bind(response),
    write: response.write.bind(response),
    end: response.end.bind(response),
  };
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let isOpen = true;
  let hasBegun = false;
  let begin: () => void = () => undefined;

  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    pull: () => void response.emit("drain"),
    // Nobody reads on: the handler learns of it as if the client had gone.
    cancel: () => {
      isOpen = false;
    },
  });

  const answered = new Promise<Response>((resolve, reject) => {
    begin = () => {
      if (hasBegun) return;
      hasBegun = true;
      const headers = headersOf(response);
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      const { statusCode: status, statusMessage: statusText } = response;
      resolve(new Response(BODILESS.includes(status) ? null : body, { status, statusText, headers }));
    };
    response.once("close", () => reject(new ClientGone("The client went away before it was answered.")));
  });
  // Who waited for it may have given up.
  void answered.catch(() => undefined);

  function push(chunk: unknown, encoding: unknown): boolean {
    begin();
    if (chunk === undefined || chunk === null || !isOpen) return true;
    controller.enqueue(typeof chunk === "string" ? Buffer.from(chunk, encodingOf(encoding)) : (chunk as Uint8Array));

    return (controller.desiredSize ?? 0) > 0;
  }

  Object.assign(response, {
    writeHead(status: number, ...rest: unknown[]) {
      const [reason, headers] = typeof rest[0] === "string" ? [rest[0], rest[1]] : [undefined, rest[0] ?? rest[1]];
      response.statusCode = status;
      if (reason !== undefined) response.statusMessage = reason;
      setHeaders(response, headers as OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined);
      begin();

      return response;
    },
    flushHeaders: begin,
    write(chunk: unknown, ...rest: unknown[]) {
      const wantsMore = push(chunk, rest[0]);
      callbackOf(rest)?.();

      return wantsMore;
    },
    end(...rest: unknown[]) {
      const callback = callbackOf(rest);
      push(typeof rest[0] === "function" ? undefined : rest[0], rest[1]);
      if (isOpen) controller.close();
      isOpen = false;
      if (callback !== undefined) response.once("finish", callback);

      return response;
    },
  });
  // Handlers of errors look whether it is too late for a status of their own.
  Object.defineProperty(response, "headersSent", { get: () => hasBegun, configurable: true });

  async function send(answer: Response): Promise<void> {
    // What a handler writes that was given up is lost.
    if (!hasBegun) isOpen = false;
    hasBegun = true;
    if (response.destroyed || response.writableEnded) return void answer.body?.cancel();
    original.writeHead(answer.status, answer.statusText || undefined, headerPairs(answer.headers));
    await pump(answer, original, response);
    request.resume();
  }

  return { response: answered, send };
}

/** Sends an answer to the client of a request whose handler was never called. */
export async function sendTo(response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, answer.statusText || undefined, headerPairs(answer.headers));
  await pump(answer, { write: response.write.bind(response), end: response.end.bind(response) }, response);
}

/** Sends a body as fast as the client takes it, and lets go of it when the client goes away. */
async function pump(
  { body }: Response,
  { write, end }: Pick<ServerResponse, "write" | "end">,
  response: ServerResponse,
): Promise<void> {
  const reader = body?.getReader();
  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    leave = () => {
      void reader?.cancel().catch(() => undefined);
      resolve();
    };
  });
  response.once("close", leave);
  try {
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
      if (response.destroyed) return;
      const { value } = read;
      await Promise.race([left, new Promise<void>((resolve) => write(value, () => resolve()))]);
    }
    end();
  } catch {
    // The body broke off when its status was sent already: the client must see that.
    response.destroy();
  } finally {
    response.off("close", leave);
  }
}

function headersOf(response: ServerResponse): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.getHeaders())) {
    for (const each of [value].flat()) if (each !== undefined) headers.append(name, String(each));
  }

  return headers;
}

/** As names and values in turn, since a header such as Set-Cookie may come several times. */
function headerPairs(headers: Headers): string[] {
  const pairs: string[] = [];
  headers.forEach((value, name) => {
    pairs.push(name, value);
  });

  return pairs;
}

function setHeaders(response: ServerResponse, headers?: OutgoingHttpHeaders | OutgoingHttpHeader[]): void {
  if (Array.isArray(headers)) {
    for (let i = 0; i < headers.length; i += 2) response.appendHeader(String(headers[i]), String(headers[i + 1]));
    return;
  }
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) response.setHeader(name, value);
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8";
}

function callbackOf(rest: unknown[]): WriteCallback | undefined {
  return rest.find((each): each is WriteCallback => typeof each === "function");
}
