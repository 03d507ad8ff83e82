import { InvalidArgument, ReadmeUnavailable } from "./errors.js";
import { type Source, sourceName } from "./sourceNames.js";

/** The longest README that is read, in bytes and in characters. */
export const MAX_README = 1_000_000;

/** The longest answer that has a README in it, in bytes: registries of packages list all versions around it. */
const MAX_ANSWER = 32_000_000;

const TIMEOUT_MS = 30_000;

/** How to fetch a README: from which host, by which path, and where it is in the answer if that is JSON. */
interface Place {
  base: string;
  path: string;
  field?: readonly string[];
}

/**
 * Returns where the README of a source can be fetched: as text, or for npm and PyPI in the fields `readme` and
 * `info.description` of JSON.
 *
 * @param base Stands for the platform's host, such as `http://127.0.0.1:8080` in tests.
 * @returns `undefined` for a DOI, which has none.
 * @throws {InvalidArgument} when the source is not one.
 * @example
 * readmeUrl({ platform: "github", name: "org/name" }); // "https://raw.githubusercontent.com/org/name/HEAD/README.md"
 */
export function readmeUrl(source: Source, base?: string): string | undefined {
  const place = placeOf(source);

  return place && `${(base ?? place.base).replace(/\/+$/, "")}${place.path}`;
}

/**
 * Fetches the README of a source, for `readFunding` and `checkFunding` to look at.
 *
 * @param options.fetch What fetches; the platform's own by default.
 * @param options.base Stands for the platform's host.
 * @param options.signal Ends the wait; after 30 seconds by default.
 * @throws {InvalidArgument} when the source is not one, or of a platform without READMEs.
 * @throws {ReadmeUnavailable} when there is no answer, no README, or one of more than a megabyte.
 * @example
 * const readme = await fetchReadme({ platform: "huggingface", name: "org/name" });
 * const { recipient } = await checkFunding(readme, { chainId: 8453n, registry });
 */
export async function fetchReadme(
  source: Source,
  options: { fetch?: typeof globalThis.fetch; base?: string; signal?: AbortSignal } = {},
): Promise<string> {
  const { fetch = globalThis.fetch, base, signal = AbortSignal.timeout(TIMEOUT_MS) } = options;
  const url = readmeUrl(source, base);
  const field = placeOf(source)?.field;
  if (url === undefined) {
    throw new InvalidArgument("source.platform", source.platform, "a platform whose sources have a README");
  }

  let response: Response | undefined;
  let text: string | undefined;
  try {
    response = await fetch(url, { signal });
    if (response.ok) text = await textOf(response, field === undefined ? MAX_README : MAX_ANSWER);
    else await response.body?.cancel();
  } catch (error) {
    throw new ReadmeUnavailable(url, response?.status, reasonOf(error), { cause: error });
  }
  if (!response.ok) throw new ReadmeUnavailable(url, response.status, `HTTP ${response.status}`);
  if (text === undefined) throw new ReadmeUnavailable(url, response.status, "it is too long");
  if (field === undefined) return text;

  const readme = readmeIn(text, field);
  if (readme === undefined) throw new ReadmeUnavailable(url, response.status, `no ${field.join(".")} in the answer`);
  if (readme.length > MAX_README) throw new ReadmeUnavailable(url, response.status, "it is too long");

  return readme;
}

function placeOf({ platform, name: given }: Source): Place | undefined {
  const name = sourceName(platform, given);
  switch (platform) {
    case "huggingface":
      return { base: "https://huggingface.co", path: `/${name}/raw/main/README.md` };
    case "huggingface-dataset":
      return { base: "https://huggingface.co", path: `/datasets/${name}/raw/main/README.md` };
    case "github":
      return { base: "https://raw.githubusercontent.com", path: `/${name}/HEAD/README.md` };
    case "gitlab":
      return { base: "https://gitlab.com", path: `/${name}/-/raw/HEAD/README.md` };
    case "npm":
      // The slash after a scope belongs to the name, so it is escaped.
      return {
        base: "https://registry.npmjs.org",
        path: `/${name.includes("/") ? `@${name.replace("/", "%2f")}` : name}`,
        field: ["readme"],
      };
    case "pypi":
      return { base: "https://pypi.org", path: `/pypi/${name}/json`, field: ["info", "description"] };
    case "doi":
      return undefined;
  }
}

/** Reads an answer, but gives it up once it is longer than allowed. */
async function textOf(response: Response, maxBytes: number): Promise<string | undefined> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Finds a text in JSON that may be anything. */
function readmeIn(text: string, field: readonly string[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const key of field) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }

  return typeof value === "string" && value !== "" ? value : undefined;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;

  return cause instanceof Error ? cause.message : String(cause);
}
