import { realpath } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import send from "@fastify/send";
import type { FilesOptions } from "./options.js";
import type { Asked } from "./payments.js";
import { Refusal } from "./refusals.js";

/** What a request for a file comes to. */
export interface Found {
  /** Without a body. Only 200 and 206 hand out bytes of the file. */
  head: Response;
  /** Its path below the prefix, decoded. */
  path: string;
  /** Names the version of the file. */
  etag: string;
  /** Opens the file, if it is still that version. */
  open(): Promise<Response>;
}

export interface Files {
  /**
   * Looks for what a request asks for; opens nothing.
   *
   * @throws {Refusal} `file_not_found`, `file_refused`.
   */
  look(asked: Asked): Promise<Found>;
}

/** Serves a folder: ranges, validators, nothing that starts with a dot, nothing outside. */
export async function filesOf({ root, prefix = "/" }: Pick<FilesOptions, "root" | "prefix">): Promise<Files> {
  const home = await realpath(root);
  const base = prefix.endsWith("/") ? prefix : `${prefix}/`;

  /** Returns the path below the folder, as it stands in the request. */
  function pathOf({ url }: Asked): string {
    if (url.pathname.startsWith(base)) return url.pathname.slice(base.length - 1);
    throw notFound();
  }

  /** Refuses what a link leads out of the folder to. */
  async function requireInside(file: string): Promise<void> {
    const real = await realpath(file);
    if (!real.startsWith(`${home}${path.sep}`)) throw refused();
  }

  async function answer(asked: Asked, method: string) {
    const headers = Object.fromEntries(
      CONDITIONS.map((name) => [name, asked.header(name)]).filter(([, value]) => value !== undefined),
    );
    // It looks at nothing else of a request.
    const request = { method, headers } as unknown as Readable;
    const result = await send(request, pathOf(asked), {
      ...{ root: home, dotfiles: "deny", index: false, cacheControl: false },
      onFile: requireInside,
    });
    if (result.type === "file" || result.statusCode === 304) return result;

    result.stream.destroy();
    if (result.type === "directory" || [301, 404].includes(result.statusCode)) throw notFound();
    if (result.statusCode === 416 || result.statusCode === 412) return result;
    throw refused();
  }

  return {
    async look(asked) {
      if (asked.method !== "GET" && asked.method !== "HEAD") throw refused();
      const found = await answer(asked, "HEAD");
      const etag = found.headers.ETag ?? "";

      return {
        head: new Response(null, { status: found.statusCode, headers: found.headers }),
        path: asked.url.pathname,
        etag,

        async open() {
          const opened = await answer(asked, "GET");
          if (opened.headers.ETag !== etag) {
            opened.stream.destroy();
            throw new Refusal("pass_file_changed", "The file has changed just now: ask for it again.");
          }
          const { statusCode: status, headers, stream } = opened;
          // Of an empty file there is nothing to read, and a stream would read its first byte.
          const body = asked.method === "HEAD" || headers["Content-Length"] === "0" ? null : stream;
          if (body === null) stream.destroy();

          return new Response(body && (Readable.toWeb(body) as ReadableStream<Uint8Array>), { status, headers });
        },
      };
    },
  };
}

/** Request headers that decide which bytes are sent. */
const CONDITIONS = ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

const notFound = () => new Refusal("file_not_found", "There is no such file.");

const refused = () => new Refusal("file_refused", "This is not served: ask by GET or HEAD for a file of the folder.");
