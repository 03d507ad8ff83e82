import { InvalidArgument } from "./errors.js";

/** In the order in which the `SourceRegistry` numbers them. */
export const PLATFORMS = ["huggingface", "huggingface-dataset", "github", "gitlab", "npm", "pypi", "doi"] as const;

/** Where a source is published. */
export type Platform = (typeof PLATFORMS)[number];

/** Something published elsewhere, whose author has perhaps never heard of Commonweal. */
export interface Source {
  platform: Platform;
  /** As {@link sourceName} writes it: one name for one source. */
  name: string;
}

/** What names look like after they were lowered and tidied up, in a pattern and in words. */
const SHAPES: Record<Platform, [pattern: RegExp, expected: string]> = {
  huggingface: [/^(?!(datasets|spaces)\/)[^/]+(\/[^/]+)?$/, "org/name, or the name of a model that has no org"],
  "huggingface-dataset": [
    /^(?!(datasets|spaces)\/)[^/]+(\/[^/]+)?$/,
    "org/name, or the name of a dataset without an org",
  ],
  github: [/^[^/]+\/[^/]+$/, "owner/repository"],
  gitlab: [/^[^/]+(\/[^/]+)+$/, "group/project, with subgroups between if there are any"],
  npm: [/^[^/]+(\/[^/]+)?$/, "the package's name or @scope/name, in lower case"],
  pypi: [/^[a-z0-9]+(-[a-z0-9]+)*$/, "the project's name"],
  doi: [/^10\.\d{4,9}(\.\d+)*\/.+$/, "10.<registrant>/<suffix>"],
};

/** The first word after a name without an org, in URLs of Hugging Face. */
const HUB_PAGES = ["tree", "blob", "raw", "resolve", "discussions", "commits", "commit", "edit", "settings", "viewer"];

/**
 * Returns the one name of a source, as the `SourceRegistry` takes it: 1 to 100 characters of `a-z 0-9 . _ - /`, no empty
 * part, no `.` or `..` as a part. Names are lowered, since hosts do not tell them apart by case, except npm's, where
 * capitals are refused: old packages that have them are not those in lower case. `@scope/name` becomes `scope/name`;
 * `.git` at the end of a repository's name is dropped; PyPI's runs of `-`, `_` and `.` become one `-`, as PEP 503 says.
 *
 * @throws {InvalidArgument} when the platform is not known, or the name is not one that it could have.
 * @example
 * sourceName("pypi", "Flask_SQLAlchemy"); // "flask-sqlalchemy"
 */
export function sourceName(platform: Platform, name: string): string {
  if (!PLATFORMS.includes(platform)) throw new InvalidArgument("platform", platform, `one of ${PLATFORMS.join(", ")}`);
  const [shape, expected] = SHAPES[platform];
  const argument = `the name on ${platform}`;

  // Before anything is lowered, since some letters beyond ASCII become letters of ASCII.
  const tidy = typeof name === "string" && /^[a-zA-Z0-9@._/-]+$/.test(name) ? tidied(platform, name) : "";
  if (!/^[a-z0-9._/-]{1,100}$/.test(tidy)) {
    throw new InvalidArgument(argument, name, `${expected}: 1 to 100 characters of a-z, 0-9, ".", "_", "-" and "/"`);
  }
  if (!shape.test(tidy) || tidy.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new InvalidArgument(argument, name, expected);
  }

  return tidy;
}

/**
 * Reads a source from what people paste: the URL of its page, or `platform:name`.
 *
 * @throws {InvalidArgument} when it is neither, or of a host that is no platform.
 * @example
 * parseSource("https://huggingface.co/datasets/org/name"); // { platform: "huggingface-dataset", name: "org/name" }
 * parseSource("github:org/name"); // { platform: "github", name: "org/name" }
 */
export function parseSource(text: string): Source {
  const expected = `the URL of a page on ${PLATFORMS.join(", ")}, or platform:name such as "github:owner/repository"`;
  const trimmed = typeof text === "string" ? text.trim() : "";
  const colon = trimmed.indexOf(":");
  const platform = PLATFORMS.find((known) => known === trimmed.slice(0, colon).toLowerCase());
  if (platform !== undefined) return { platform, name: sourceName(platform, trimmed.slice(colon + 1)) };

  const url = /^https?:/i.test(trimmed) && URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  const path = url && decoded(url.pathname);
  if (url === undefined || path === undefined) throw new InvalidArgument("source", text, expected);
  const [place, name] = onHost(url.hostname.replace(/^www\./, ""), path) ?? [];
  if (place === undefined || name === undefined) throw new InvalidArgument("source", text, expected);

  return { platform: place, name: sourceName(place, name) };
}

/** Finds the platform of a host, and the part of a path that names the source. */
function onHost(host: string, path: string): [Platform, string | undefined] | undefined {
  // No page of any host needs the slash at the end, and a DOI's name goes on to there.
  const parts = path.replace(/\/$/, "").split("/").slice(1);
  switch (host) {
    case "huggingface.co":
    case "hf.co":
      return parts[0] === "datasets" ? ["huggingface-dataset", onHub(parts.slice(1))] : ["huggingface", onHub(parts)];
    case "github.com":
      return ["github", parts.slice(0, 2).join("/")];
    case "gitlab.com":
      return ["gitlab", parts.join("/").split("/-/")[0]];
    case "npmjs.com":
      return ["npm", parts[0] === "package" ? parts.slice(1, parts[1]?.startsWith("@") ? 3 : 2).join("/") : undefined];
    case "pypi.org":
      return ["pypi", parts[0] === "project" ? parts[1] : undefined];
    case "doi.org":
    case "dx.doi.org":
      return ["doi", parts.join("/")];
    default:
      return undefined;
  }
}

function onHub(parts: readonly string[]): string {
  return parts.slice(0, parts[1] === undefined || HUB_PAGES.includes(parts[1]) ? 1 : 2).join("/");
}

function tidied(platform: Platform, name: string): string {
  switch (platform) {
    case "npm":
      return name.replace(/^@(?=[^/]+\/)/, "");
    case "pypi":
      return name.toLowerCase().replace(/[-_.]+/g, "-");
    case "doi":
      return name.toLowerCase();
    default:
      return name.toLowerCase().replace(/(\.git)+$/, "");
  }
}

/** Returns a path with what is escaped in it, unless that leads out of it or is no text. */
function decoded(path: string): string | undefined {
  try {
    const text = decodeURIComponent(path);

    return /(^|\/)\.{1,2}(\/|$)/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
