import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect } from "chai";
import { HDNodeWallet, JsonRpcProvider, Mnemonic, parseEther } from "ethers";
import { startLocalChain } from "../../scripts/local.js";
import { run } from "../../scripts/pack.js";
import { TestToken__factory } from "../../types/ethers-contracts/index.js";
import { launchChromium } from "../helpers/browser.js";
import { deploymentOf } from "../sdk/helpers.js";
import { installedSdk, NODES, type Project } from "./install.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const DOLLARS = 12_500_000n;

/** What `sdk/consumer/useSdk.mjs` returns. */
interface Use {
  holder: string;
  model: string;
  previewed: string;
  gas: { estimate: number; used: number };
  claimed: string;
  received: string;
  events: { name: string; amount: string }[];
  refusal: {
    name: string;
    errorName: string;
    args: unknown;
    message: string;
    instanceOf: Record<string, boolean>;
  };
}

describe("SDK as installed", function () {
  this.timeout(300_000);

  let project: Project;
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let provider: JsonRpcProvider;

  before(async () => {
    project = await installedSdk();
    chain = await startLocalChain(0);
    provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
  });

  after(async () => {
    provider.destroy();
    await chain.close();
  });

  /** An account of the node that no other test uses, and what it is told of the chain. */
  async function user(index: number) {
    const { address, privateKey } = HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`);
    const minter = HDNodeWallet.fromMnemonic(MNEMONIC, "m/44'/60'/0'/0/9").connect(provider);
    await (await TestToken__factory.connect(chain.usdc, minter).mint(address, DOLLARS)).wait();

    return { address, privateKey, place: { deployment: deploymentOf(chain.plan), usdc: chain.usdc } };
  }

  function expectUse(use: Use, holder: string): void {
    const paid = parseEther("1.5");
    const claimed = paid - paid / 100n;

    expect(use.holder).to.equal(holder);
    expect(use.previewed).to.equal(use.model);
    expect(use.claimed).to.equal(String(claimed));
    expect(use.received).to.equal(String(DOLLARS));
    expect(use.gas.estimate)
      .to.be.at.least(use.gas.used)
      .and.at.most(2 * use.gas.used);
    expect(use.events).to.deep.equal([
      { name: "Paid", amount: String(paid) },
      { name: "Paid", amount: String(DOLLARS) },
      { name: "Claimed", amount: String(claimed) },
    ]);
    const { instanceOf, message, ...refusal } = use.refusal;
    expect(refusal).to.deep.equal({
      name: "ContractError",
      errorName: "NothingToClaim",
      args: { holder, currency: "0x0000000000000000000000000000000000000000" },
    });
    expect(message).to.match(/^NothingToClaim: .+\.$/);
    for (const [what, holds] of Object.entries(instanceOf)) expect(holds, what).to.equal(true);
  }

  let account = 1;
  for (const [version, node] of Object.entries(NODES)) {
    for (const [system, script] of [
      ["a module", "use.mjs"],
      ["CommonJS", "use.cjs"],
    ]) {
      const index = account++;

      it(`serves ${system} in ${version}`, async () => {
        const { address, privateKey, place } = await user(index);
        const config = JSON.stringify({ url: chain.url, key: privateKey, ...place });

        expect((await run(node, ["--version"])).stdout).to.match(new RegExp(`^v${version.split(" ")[1]}\\.`));
        const { stdout } = await run(node, [script, config], { cwd: project.directory });
        expectUse(JSON.parse(stdout), address);
      });
    }
  }

  describe("on a page without a bundler", () => {
    let server: Server;

    before(() => {
      server = pageServer(project, chain.url).listen(0, "127.0.0.1");
    });

    after(() => server.close().closeAllConnections());

    it("serves with the browser's wallet", async () => {
      const browser = await launchChromium();
      try {
        const { address, place } = await user(7);
        const page = await browser.newPage();
        const problems: string[] = [];
        page.on("pageerror", (error) => problems.push(error.message));
        const loaded = new Set<string>();
        page.on("requestfinished", (request) => loaded.add(new URL(request.url()).pathname));

        const config = encodeURIComponent(JSON.stringify({ account: address, ...place }));
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/use.html#${config}`);
        await page.waitForFunction(() => "result" in globalThis);
        const lazy = [...loaded].filter((file) => /contractErrors/.test(file));
        const use = await page.evaluate(() => (globalThis as unknown as { result: Promise<Use> }).result);

        expect(problems).to.deep.equal([]);
        expectUse(use, address);
        // What decodes errors came when there was one.
        expect(lazy).to.deep.equal([]);
        expect([...loaded].filter((file) => /contractErrors/.test(file))).to.have.lengthOf(1);
      } finally {
        await browser.close();
      }
    });
  });
});

/** Serves the page, the SDK's build for pages, and the node, which answers pages of its own origin alone. */
function pageServer({ directory, sdk }: Project, rpc: string): Server {
  const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript" };

  return createServer(async (request, response) => {
    const url = request.url ?? "/";
    if (url === "/rpc") {
      const body = await new Response(request as unknown as ReadableStream).text();
      const answer = await fetch(rpc, { method: "POST", headers: { "content-type": "application/json" }, body });

      return response.writeHead(answer.status).end(await answer.text());
    }
    const file = url.startsWith("/standalone/") ? path.join(sdk, "dist", url) : path.join(directory, url);
    const content = await readFile(file).catch(() => undefined);
    response.writeHead(content ? 200 : 404, { "content-type": TYPES[path.extname(file)] ?? "" }).end(content);
  });
}
