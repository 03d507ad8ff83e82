import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { CHROMIUM_ARGS, chromiumPath } from "../helpers/browser.js";

/** A name that is the loopback address too, and where a page is no secure context: WebCrypto is not there. */
const INSECURE = "insecure.test";

export interface TestBrowser {
  browser: Browser;
  /** Of a page that has the module as `sdk`, and `worker()`, which makes a worker. */
  urls: { secure: string; insecure: string; withoutWasm: string };
  /** Returns how much memory the pages' processes have together, in bytes. */
  memory(): number;
  close(): Promise<void>;
}

/** Bundles module and worker as an app would, serves them on the loopback address, and starts Chromium. */
export async function startBrowser(): Promise<TestBrowser> {
  const bundle = async (entry: string) => {
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      write: false,
      platform: "browser",
    });

    return outputFiles[0].text;
  };
  const files: Record<string, [type: string, body: string]> = {
    "/": [
      "text/html",
      `<!doctype html><input type="file"><script type="module">
        import * as sdk from "/sdk.js";
        globalThis.sdk = sdk;
        globalThis.worker = (file = "/worker.js") => new Worker(new URL(file, import.meta.url), { type: "module" });
      </script>`,
    ],
    "/sdk.js": ["text/javascript", await bundle("sdk/src/manifest/index.ts")],
    "/worker.js": ["text/javascript", await bundle("sdk/src/manifest/worker.ts")],
  };
  let allowsWasm = true;
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://127.0.0.1");
    if (pathname === "/") allowsWasm = search !== "?without-wasm";
    const [type, body] = files[pathname] ?? ["text/plain", ""];
    const policy = `default-src 'self'; script-src 'self' 'unsafe-inline'${allowsWasm ? " 'wasm-unsafe-eval'" : ""}`;
    response.writeHead(body === "" ? 404 : 200, { "content-type": type, "content-security-policy": policy }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const host = await chromium.launchServer({
    executablePath: await chromiumPath(),
    args: [...CHROMIUM_ARGS, `--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`],
  });
  const browser = await chromium.connect(host.wsEndpoint());
  const pid = host.process().pid as number;

  return {
    browser,
    urls: {
      secure: `http://127.0.0.1:${port}/`,
      insecure: `http://${INSECURE}:${port}/`,
      withoutWasm: `http://127.0.0.1:${port}/?without-wasm`,
    },
    memory: () =>
      descendants(pid)
        .filter(isRenderer)
        .reduce((sum, each) => sum + residentBytes(each), 0),
    close: async () => {
      await browser.close();
      await host.close();
      server.close();
    },
  };
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    const status = read(`/proc/${name}/status`);
    parents.set(Number(name), Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0));
  }
  const within = (pid: number): boolean =>
    pid === root || (parents.has(pid) && pid > 1 && within(parents.get(pid) as number));

  return [...parents.keys()].filter(within);
}

const isRenderer = (pid: number) => read(`/proc/${pid}/cmdline`).includes("--type=renderer");

const residentBytes = (pid: number) =>
  1_024 * Number(/^VmRSS:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);

/** Processes end while they are looked at. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
