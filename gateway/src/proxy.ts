import { proxy } from "hono/proxy";
import { PASS_HEADER, UNITS_HEADER } from "./options.js";
import { reasonOf, Refusal } from "./refusals.js";

/** Headers that were for the gateway: the upstream has no use for a client's payment. */
const FOR_GATEWAY = ["payment-signature", "x-payment", "sign-in-with-x", PASS_HEADER, UNITS_HEADER];

/**
 * Passes a request on to a server, body and all, and returns its answer as it comes. A request that the client gives up is
 * given up there too. Without an answer it is a {@link Refusal}, `upstream_unreachable`.
 *
 * @param upstream Its path, if it has one, comes before the request's.
 */
export async function passTo(upstream: URL, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const target = new URL(upstream);
  target.pathname = `${upstream.pathname.replace(/\/$/, "")}${pathname}`;
  target.search = search;
  const headers = new Headers(request.headers);
  // Node's client refuses `Expect`, which this server has answered.
  for (const name of [...FOR_GATEWAY, "host", "expect", ...connectionHeaders(headers)]) headers.delete(name);

  try {
    return await proxy(target, {
      raw: new Request(request, { headers }),
      // Where it leads is for the client to decide, who pays for what it gets there.
      redirect: "manual",
    });
  } catch (error) {
    const message = `The server behind the gateway does not answer (${reasonOf(error)}). Nothing was charged.`;
    return new Refusal("upstream_unreachable", message).toResponse();
  }
}

/** Headers that a request says are for the next hop alone. */
function connectionHeaders(headers: Headers): string[] {
  const names = (headers.get("connection") ?? "").split(",").map((name) => name.trim());

  return names.filter((name) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name));
}
