import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import type { Page } from "playwright-core";
import type * as Sdk from "../../sdk/src/manifest/index.js";
import { hashFile } from "../../sdk/src/manifest/node.js";
import { startBrowser, type TestBrowser } from "./manifest.browser.support.js";
import { safetensors } from "./manifest.headers.support.js";
import { pattern, useFolder } from "./manifest.support.js";

const MIB = 2 ** 20;

/** What the page has. */
interface PageGlobals {
  sdk: typeof Sdk;
  /** Another file than the worker's is not there. */
  worker(file?: string): Sdk.HashWorker;
}

/** What a page's function is passed; its own types are those of a page. */
interface Hashed {
  size: number;
  sha256: string;
  chunkRoot: string;
  leaves: number[];
  progress: number[];
  ticks: number;
}

describe("SDK files of a manifest, in Chromium", function () {
  this.timeout(120_000);
  const folder = useFolder();
  let started: TestBrowser;
  let page: Page;

  before(async () => {
    started = await startBrowser();
  });

  beforeEach(async () => {
    page = await started.browser.newPage();
  });

  afterEach(() => page.close());

  after(() => started?.close());

  /** Has the page hash a file of the disk in a worker. */
  async function hashOnPage(url: string, file: string): Promise<Hashed> {
    await page.goto(url);
    await page.setInputFiles("input", file);

    return page.evaluate(async () => {
      const { sdk, worker } = globalThis as unknown as PageGlobals;
      const document = (globalThis as unknown as { document: { querySelector(name: string): { files: File[] } } })
        .document;
      const progress: number[] = [];
      let ticks = 0;
      const timer = setInterval(() => {
        ticks += 1;
      }, 10);
      const hashed = await sdk.hashInWorker(worker(), document.querySelector("input").files[0], {
        path: "file",
        onProgress: ({ bytes }) => progress.push(bytes),
      });
      clearInterval(timer);
      const { size, sha256, chunkRoot, leaves } = hashed;

      return { size, sha256, chunkRoot, leaves: [...leaves], progress, ticks };
    });
  }

  it("are hashed in a worker as in Node, also where WebCrypto is not to be had", async () => {
    const file = path.join(folder(), "file");
    await writeFile(file, pattern(3 * MIB + 5));
    const { path: _, leaves, ...expected } = await hashFile(file, { path: "file" });
    for (const url of [started.urls.secure, started.urls.insecure]) {
      const { ticks: __, ...hashed } = await hashOnPage(url, file);
      expect(hashed).to.deep.equal({
        ...{ ...expected, leaves: [...leaves] },
        progress: [MIB, 2 * MIB, 3 * MIB, 3 * MIB + 5],
      });
      expect(await page.evaluate("Boolean(crypto.subtle)")).to.equal(url === started.urls.secure);
    }
  });

  it("are hashed in little memory, and the page goes on meanwhile", async () => {
    const file = path.join(folder(), "file");
    const size = 320 * MIB;
    await writeFile(file, new Uint8Array(size));
    const { sha256, chunkRoot } = await hashFile(file, { path: "file" });
    await page.goto(started.urls.secure);
    const before = started.memory();
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, started.memory());
    }, 100);
    const hashed = await hashOnPage(started.urls.secure, file);
    clearInterval(timer);

    expect(hashed).to.include({ size, sha256, chunkRoot });
    expect(hashed.ticks).to.be.above(10);
    expect(before).to.be.above(10 * MIB);
    // What is not collected yet counts too.
    expect(most - before).to.be.below(size / 2);
  });

  it("make a manifest, with a header and a proof, that Node verifies", async () => {
    const file = path.join(folder(), "model.safetensors");
    const bytes = safetensors({ w: { dtype: "F32", shape: [300_000], data_offsets: [0, 1_200_000] } }, 1_200_000);
    await writeFile(file, bytes);
    await page.goto(started.urls.secure);
    await page.setInputFiles("input", file);
    const made = await page.evaluate(async () => {
      const { sdk, worker } = globalThis as unknown as PageGlobals;
      const document = (globalThis as unknown as { document: { querySelector(name: string): { files: File[] } } })
        .document;
      const [blob] = document.querySelector("input").files;
      const source = sdk.blobSource(blob);
      const hashed = await sdk.hashInWorker(worker(), blob, { path: "model.safetensors" });
      const header = sdk.headerFacts(await sdk.readHeader(source));
      const { text, digest } = await sdk.manifest.create({
        name: "M",
        description: "",
        license: "MIT",
        files: [{ ...hashed, header }],
      });
      const range = await sdk.proveRange({ source, offset: 1_100_000, length: 10, leaves: hashed.leaves });

      return { text, digest, range: { offset: range.offset, bytes: [...range.bytes], proof: [...range.proof] } };
    });

    const { manifest, verifyRange } = await import("../../sdk/src/manifest/index.js");
    const { files } = await manifest.verify({ manifest: made.text, digest: made.digest });
    expect(files[0].header).to.deep.equal({
      format: "safetensors",
      tensors: 1,
      parameters: 300_000,
      dtypes: { F32: 1 },
    });
    const { leaves: _, ...entry } = await hashFile(file, { path: "model.safetensors" });
    expect({ ...files[0], header: undefined }).to.deep.equal({ ...entry, header: undefined });
    const { offset } = made.range;
    const [range, proof] = [Uint8Array.from(made.range.bytes), Uint8Array.from(made.range.proof)];
    await verifyRange({ root: entry.chunkRoot, size: entry.size, offset, bytes: range, proof });
  });

  it("can be given up, and the worker used again", async () => {
    const file = path.join(folder(), "file");
    await writeFile(file, new Uint8Array(64 * MIB));
    await page.goto(started.urls.secure);
    await page.setInputFiles("input", file);
    const outcome = await page.evaluate(async () => {
      const { sdk, worker } = globalThis as unknown as PageGlobals;
      const document = (globalThis as unknown as { document: { querySelector(name: string): { files: File[] } } })
        .document;
      const [blob] = document.querySelector("input").files;
      const one = worker();
      const controller = new AbortController();
      const seen: number[] = [];
      const given = await sdk
        .hashInWorker(one, blob, {
          path: "file",
          signal: controller.signal,
          onProgress: ({ bytes }) => {
            seen.push(bytes);
            controller.abort("enough");
          },
        })
        .catch((error: unknown) => error);
      const [a, b] = await Promise.all(
        ["abc", "abd"].map((text) => sdk.hashInWorker(one, new Blob([text]), { path: "text" })),
      );

      return { given, seen, digests: [a.sha256, b.sha256] };
    });

    expect(outcome.given).to.equal("enough");
    expect(outcome.seen).to.deep.equal([MIB]);
    expect(outcome.digests).to.deep.equal([
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9",
    ]);
  });

  it("tell what is wrong with a worker: it may not run WebAssembly, or was not loaded", async () => {
    await page.goto(started.urls.withoutWasm);
    const failures = await page.evaluate(async () => {
      const { sdk, worker } = globalThis as unknown as PageGlobals;
      const nameOf = (error: Error) => `${error.name}: ${error.message}`;
      const blob = new Blob(["abc"]);

      return [
        await sdk.hashInWorker(worker(), blob, { path: "x" }).then(() => "done", nameOf),
        await sdk.hashInWorker(worker("/none.js"), blob, { path: "x" }).then(() => "done", nameOf),
        await sdk.hashInWorker(worker(), blob, { path: "../x" }).then(() => "done", nameOf),
      ];
    });

    expect(failures[0]).to.match(/^WorkerFailed: .*WebAssembly/);
    expect(failures[1]).to.match(/^WorkerFailed: The worker failed \(it was not loaded\)/);
    expect(failures[2]).to.match(/^FilePathInvalid: /);
  });
});
