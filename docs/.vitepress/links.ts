import { existsSync } from "node:fs";
import path from "node:path";
import type { MarkdownEnv, MarkdownRenderer } from "vitepress";

export const ROOT = path.resolve(import.meta.dirname, "../..");

/** Where pages of the repository are in the site. */
export const SITE_PAGES: Record<string, string> = {
  "README.md": "overview.md",
  "docs/:path(.*)": ":path",
};

/** A page links to what is not there. */
class LinkDead extends Error {
  override readonly name = "LinkDead";
}

/** Returns the address in the site of a page of the repository. */
export function inSite(file: string): string {
  if (file === "README.md") return "/overview";

  return `/${file
    .replace(/^docs\//, "")
    .replace(/\.md$/, "")
    .replace(/(^|\/)index$/, "$1")}`;
}

/**
 * Leads relative links, which are those of the repository, to where their pages are in the site. A link to what is no page,
 * such as a contract, becomes plain text: the site has no sources.
 *
 * @throws {LinkDead} when there is no such file.
 */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("repository-links", ({ tokens, env }) => {
    const { path: served, realPath: page = served } = env as MarkdownEnv;
    for (const { children } of tokens) {
      let plain = 0;
      for (const token of children ?? []) {
        if (token.type === "link_close" && plain > 0) {
          plain--;
          token.type = "text";
        }
        if (token.type !== "link_open") continue;
        const href = token.attrGet("href") ?? "";
        if (/^([a-z]+:|#|\/)/.test(href)) continue;

        const [file, anchor] = href.split("#");
        const target = path.resolve(path.dirname(page), decodeURI(file));
        if (!existsSync(target))
          throw new LinkDead(`${path.relative(ROOT, page)} links to ${href}, which is not there.`);
        if (target.endsWith(".md") && target.startsWith(ROOT)) {
          token.attrSet("href", inSite(path.relative(ROOT, target)) + (anchor === undefined ? "" : `#${anchor}`));
        } else {
          plain++;
          token.type = "text";
          token.attrs = null;
        }
      }
    }
  });
}
