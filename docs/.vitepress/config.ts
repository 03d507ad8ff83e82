import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { defineConfig, type DefaultTheme } from "vitepress";
import { inSite, repositoryLinks, ROOT, SITE_PAGES } from "./links.js";

/** Pages by section; one that does not exist yet is left out. */
const SECTIONS: [title: string, pages: [title: string, file: string][]][] = [
  [
    "Begin",
    [
      ["Overview", "README.md"],
      ["Tutorial", "docs/tutorial.md"],
    ],
  ],
  [
    "How to",
    [
      ["For model makers", "docs/how-to/make-models.md"],
      ["Manifests", "docs/manifests.md"],
      ["For dApp developers", "docs/how-to/build-dapps.md"],
      ["Safes and batches", "docs/how-to/smart-accounts.md"],
      ["Payments without ETH", "docs/how-to/gasless-payments.md"],
      ["Histories and statements", "docs/history.md"],
      ["For hosts: serving a model", "docs/serving.md"],
      ["Licences and channels", "docs/licensing.md"],
      ["Rounds", "docs/rounds.md"],
      ["For authors: sources", "docs/sources.md"],
      ["For holders of WEAL", "docs/governance.md"],
      ["For deployers", "docs/deploying.md"],
      ["Verifying a deployment", "docs/verifying.md"],
    ],
  ],
  [
    "Concepts",
    [
      ["How money moves", "docs/concepts/money.md"],
      ["Lineage", "docs/concepts/lineage.md"],
      ["Safety", "docs/concepts/safety.md"],
      ["Fees", "docs/fees.md"],
      ["Architecture", "docs/architecture.md"],
      ["Economics of votes", "docs/economics.md"],
      ["Use policy", "docs/use-policy.md"],
    ],
  ],
  [
    "Reference",
    [
      ["API", "docs/reference/index.md"],
      ["SDK", "sdk/README.md"],
      ["Gateway", "gateway/README.md"],
      ["Relayer", "relayer/README.md"],
      ["Security", "SECURITY.md"],
      ["Gas", "bench/gas.md"],
      ["Guidelines", "GUIDELINES.md"],
    ],
  ],
];

const sidebar: DefaultTheme.SidebarItem[] = SECTIONS.map(([text, pages]) => ({
  text,
  items: pages
    .filter(([, file]) => existsSync(path.join(ROOT, file)))
    .map(([title, file]) => ({ text: title, link: inSite(file) })),
}));

/** The reference's own, which is written with it. */
function referenceSidebar(): DefaultTheme.SidebarItem[] {
  const file = path.join(ROOT, "docs/reference/typedoc-sidebar.json");
  const back = { text: "All pages", link: "/overview" };

  return existsSync(file) ? [back, ...JSON.parse(readFileSync(file, "utf8"))] : [back];
}

export default defineConfig({
  title: "Commonweal",
  description: "The economic layer for open-source AI.",
  // Pages stand all over the repository; those of docs/ are at the top of the site.
  srcDir: "..",
  srcExclude: ["**/node_modules/**", "**/dist/**", "{artifacts,cache,contracts,scripts,test,types}/**"],
  rewrites: SITE_PAGES,
  outDir: "../docs/.vitepress/dist",
  cleanUrls: true,
  lastUpdated: false,
  markdown: { config: (markdown) => markdown.use(repositoryLinks) },
  vite: { server: { host: "127.0.0.1" } },
  themeConfig: {
    sidebar: { "/": sidebar, "/reference/": referenceSidebar() },
    nav: [
      { text: "Tutorial", link: "/tutorial" },
      { text: "How money moves", link: "/concepts/money" },
      { text: "API", link: "/reference/" },
    ],
    outline: [2, 3],
    search: { provider: "local" },
  },
});
