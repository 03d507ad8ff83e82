import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHash } from "node:crypto";
import { expect } from "chai";
import { id } from "ethers";
import { Hono } from "hono";
import { PASS_HEADER, type PaywallOptions } from "../../../gateway/src/index.js";
import { CENT, expectRefused, paymentFor, receiptOf, startPaywallWorld, type World } from "../support/paywallWorld.js";
import { signed } from "../support/paywallSignIn.js";

const SIZE = 3_000_000;

describe("Gateway files", () => {
  let world: World;
  let model: string;
  let folder: string;
  let root: string;
  let url: string;
  /** Bytes that look like weights. */
  const weights = Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7_919) % 251));

  before(async () => {
    world = await startPaywallWorld();
    model = await world.register();
    folder = await mkdtemp(path.join(tmpdir(), "gateway-files-"));
    root = path.join(folder, "root");
    await mkdir(path.join(root, "sub", ".git"), { recursive: true });
    await writeFile(path.join(root, "weights.bin"), weights);
    await writeFile(path.join(root, "empty.txt"), "");
    await writeFile(path.join(root, "sub", "a b.txt"), "inside");
    await writeFile(path.join(root, ".env"), "secret");
    await writeFile(path.join(root, "sub", ".git", "config"), "secret");
    await writeFile(path.join(folder, "outside.txt"), "secret");
    await symlink(path.join(folder, "outside.txt"), path.join(root, "link.txt"));
    await symlink(folder, path.join(root, "up"));
    await symlink(path.join(root, "sub", "a b.txt"), path.join(root, "good.txt"));
    url = await shop();
  });

  after(async () => {
    await world.close();
    await rm(folder, { recursive: true });
  });

  async function shop(options: Partial<PaywallOptions> = {}): Promise<string> {
    const wall = await world.wallOf({ model, ...options, files: { root, prefix: "/files", ...options.files } });
    const app = new Hono();
    app.all("/files/*", wall);

    return world.serve(app);
  }

  const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

  it("sells a download to a stock client", async () => {
    const payer = await world.payer();
    const response = await payer.fetch(`${url}/files/weights.bin`);

    expect(response.status).to.equal(200);
    expect(response.headers.get("content-length")).to.equal(String(SIZE));
    expect(response.headers.get("accept-ranges")).to.equal("bytes");
    expect(response.headers.get("cache-control")).to.equal("private, no-store");
    expect(digest(await bytesOf(response))).to.equal(digest(weights));
    expect(receiptOf(response)).to.deep.include({ success: true, payer: payer.address });
    expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
    expect(await world.balanceOf(model)).to.equal(CENT);
  });

  it("tells of a file without payment, but hands out none of it", async () => {
    const head = await fetch(`${url}/files/weights.bin`, { method: "HEAD" });
    expect(head.status).to.equal(200);
    expect(head.headers.get("content-length")).to.equal(String(SIZE));
    expect((await fetch(`${url}/files/weights.bin`)).status).to.equal(402);
    await expectRefused(
      await fetch(`${url}/files/weights.bin`, { headers: { range: "bytes=0-9" } }),
      402,
      "payment_required",
    );
    const etag = head.headers.get("etag") as string;
    expect((await fetch(`${url}/files/weights.bin`, { headers: { "if-none-match": etag } })).status).to.equal(304);
  });

  it("lets a client resume by its pass after it was cut off, in ranges, without paying again", async () => {
    const payer = await world.payer();
    const abort = new AbortController();
    const cut = await payer.fetch(`${url}/files/weights.bin`, { signal: abort.signal });
    const reader = (cut.body as ReadableStream<Uint8Array>).getReader();
    const first = (await reader.read()).value as Uint8Array;
    abort.abort();
    const headers = {
      [PASS_HEADER]: cut.headers.get(PASS_HEADER) as string,
      "if-range": cut.headers.get("etag") as string,
    };
    const get = (range: string) => fetch(`${url}/files/weights.bin`, { headers: { ...headers, range } });
    const rest = await get(`bytes=${first.length}-`);

    expect(rest.status).to.equal(206);
    expect(rest.headers.get("content-range")).to.equal(`bytes ${first.length}-${SIZE - 1}/${SIZE}`);
    expect(digest(Buffer.concat([first, await bytesOf(rest)]))).to.equal(digest(weights));
    const middle = await get("bytes=1000-1999");
    expect(Buffer.compare(await bytesOf(middle), weights.subarray(1_000, 2_000))).to.equal(0);
    const tail = await get("bytes=-5");
    expect(Buffer.compare(await bytesOf(tail), weights.subarray(-5))).to.equal(0);
    const beyond = await get(`bytes=${SIZE}-`);
    expect([beyond.status, beyond.headers.get("content-range")]).to.deep.equal([416, `bytes */${SIZE}`]);
    expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
  });

  it("takes a pass for its file and version alone, and for its time", async () => {
    const own = await shop({ files: { root, passSeconds: 2 } });
    const file = path.join(root, "changing.txt");
    await writeFile(file, "one");
    const payer = await world.payer();
    const paid = await payer.fetch(`${own}/files/changing.txt`);
    const headers = { [PASS_HEADER]: paid.headers.get(PASS_HEADER) as string };
    expect(await (await fetch(`${own}/files/changing.txt`, { headers })).text()).to.equal("one");

    await expectRefused(await fetch(`${own}/files/weights.bin`, { headers }), 402, "pass_invalid");
    await expectRefused(await fetch(`${url}/files/changing.txt`, { headers }), 402, "pass_invalid");
    await writeFile(file, "two!");
    await utimes(file, 1, 1);
    await expectRefused(await fetch(`${own}/files/changing.txt`, { headers }), 402, "pass_file_changed");
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await expectRefused(await fetch(`${own}/files/changing.txt`, { headers }), 402, "pass_expired");
    for (const pass of ["", ".", "a.b", "e30.e30", "x".repeat(9_000)]) {
      const response = await fetch(`${own}/files/changing.txt`, { headers: { [PASS_HEADER]: pass } });
      await expectRefused(response, 402, "pass_invalid");
    }
  });

  it("keeps passes good over a restart when it has a secret", async () => {
    const secret = "a secret of more than thirty-two characters";
    const [before, after] = [await shop({ secret }), await shop({ secret })];
    const payer = await world.payer();
    const paid = await payer.fetch(`${before}/files/sub/a%20b.txt`);
    expect(await paid.text()).to.equal("inside");
    const headers = { [PASS_HEADER]: paid.headers.get(PASS_HEADER) as string };

    expect(await (await fetch(`${after}/files/sub/a%20b.txt`, { headers })).text()).to.equal("inside");
  });

  it("lets a licence holder download, and resume by the pass that comes with it", async () => {
    const port = await world.freePort();
    const origin = `http://127.0.0.1:${port}`;
    const app = new Hono();
    app.all("/files/*", await world.wallOf({ model, origin, files: { root, prefix: "/files" } }));
    await world.serve(app, port);
    const holder = await world.account();
    const terms = { model, currency: world.chain.usdc, price: 0n, textDigest: id("The licence") };
    const { offer } = await world.maker.licensing.offer(terms);
    await world.maker.licensing.buy({ offer, recipient: holder.address });
    const at = `${origin}/files/weights.bin`;
    const response = await fetch(at, { headers: await signed(at, holder) });

    expect(digest(await bytesOf(response))).to.equal(digest(weights));
    const pass = response.headers.get(PASS_HEADER) as string;
    const again = await fetch(at, { headers: { [PASS_HEADER]: pass, range: "bytes=5-9" } });
    expect(Buffer.compare(await bytesOf(again), weights.subarray(5, 10))).to.equal(0);
  });

  it("serves an empty file, and a link that stays inside", async () => {
    const payer = await world.payer();
    expect(await (await payer.fetch(`${url}/files/empty.txt`)).text()).to.equal("");
    expect(await (await payer.fetch(`${url}/files/good.txt`)).text()).to.equal("inside");
  });

  it("hands out nothing from outside, nothing that starts with a dot, and no lists", async () => {
    const payer = await world.payer();
    const expected = {
      ...{ "/files/.env": 403, "/files/sub/.git/config": 403, "/files/link.txt": 403, "/files/up/outside.txt": 403 },
      ...{ "/files/../outside.txt": 404, "/files/%2e%2e/outside.txt": 404, "/files/..%2foutside.txt": 403 },
      ...{ "/files/sub/..%2f..%2foutside.txt": 403, "/files/%2e%2e%2foutside.txt": 403, "/files/a%00.txt": 403 },
      ...{ "/files//etc/passwd": 404, "/files/sub": 404, "/files/sub/": 403, "/files/": 403, "/files/none": 404 },
      ...{ "/files/..%5coutside.txt": 403, "/files/%zz": 403 },
    };
    const headers = await paymentFor(payer.client, await fetch(`${url}/files/weights.bin`));
    const found: Record<string, number> = {};
    for (const target of Object.keys(expected)) {
      const { status, text } = await rawGet(url, target, headers);
      found[target] = status;
      expect(text, target).to.not.contain("secret");
    }
    expect(found).to.deep.equal(expected);
    expect((await fetch(`${url}/files/weights.bin`, { method: "POST", headers })).status).to.equal(403);
    expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
  });
});

/** Asks for a path exactly as it stands: `fetch` would tidy it up. */
async function rawGet(base: string, target: string, headers: Record<string, string>) {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ Host: `${hostname}:${port}`, Connection: "close", ...headers });
  socket.write(`GET ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  let text = "";
  for await (const chunk of socket) text += chunk;

  return { status: Number(text.split(" ")[1]), text };
}
