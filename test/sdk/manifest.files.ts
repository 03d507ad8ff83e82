import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { appendFile, mkdir, open, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect } from "chai";
import { InvalidArgument } from "../../sdk/src/index.js";
import {
  DigestMismatch,
  FileChanged,
  FilePathInvalid,
  FileUnreadable,
  hashBlob,
  hashStream as hashStreamAnywhere,
  manifest,
  RangeRefused,
  readHeader,
  urlSource,
} from "../../sdk/src/manifest/index.js";
import { hashDirectory, hashFile, hashStream, openFile, verifyDirectory } from "../../sdk/src/manifest/node.js";
import { safetensors } from "./manifest.headers.support.js";
import { entryOf, pattern, refusal, useFolder } from "./manifest.support.js";

const MIB = 2 ** 20;

describe("SDK files of a manifest, in Node", () => {
  const folder = useFolder();
  const at = (name: string) => path.join(folder(), name);
  const seal = async () => {
    const made = await manifest.create({
      name: "Files",
      description: "",
      license: "MIT",
      files: await hashDirectory(folder()),
    });

    return { manifest: made.text, digest: made.digest };
  };

  describe("hashing", () => {
    it("is the same of a path, a handle, a stream and a Blob, and what sha256sum says", async () => {
      const bytes = pattern(3 * MIB + 5);
      await writeFile(at("weights.bin"), bytes);
      const handle = await open(at("weights.bin"));
      const options = { path: "weights.bin" };
      const { leaves, ...entry } = await hashFile(at("weights.bin"), options);

      expect(entry).to.deep.equal(entryOf("weights.bin", bytes));
      expect(entry.sha256).to.equal(execFileSync("sha256sum", [at("weights.bin")], { encoding: "utf8" }).slice(0, 64));
      for (const same of [
        await hashFile(handle, options),
        await hashStream(createReadStream(at("weights.bin")), options),
        await hashStream(new Blob([bytes]).stream(), options),
        await hashStreamAnywhere(createReadStream(at("weights.bin"), { highWaterMark: 1_000 }), options),
        await hashBlob(new Blob([bytes]), options),
      ]) {
        expect(same).to.deep.equal({ ...entry, leaves });
      }
      expect((await handle.stat()).size, "the handle is open").to.equal(bytes.length);
      await handle.close();
    });

    it("tells how far it is", async () => {
      await writeFile(at("x"), pattern(2 * MIB + 1));
      const seen: unknown[] = [];
      await hashFile(at("x"), { path: "x", onProgress: (progress) => seen.push(progress) });

      const total = 2 * MIB + 1;
      expect(seen).to.deep.equal([MIB, 2 * MIB, total].map((bytes) => ({ path: "x", bytes, total })));
      await hashStream([], { path: "empty", onProgress: (progress) => seen.push(progress) });
      expect(seen.at(-1)).to.deep.equal({ path: "empty", bytes: 0, total: undefined });
    });

    it("stops when it is told to, before, on the way, and while it waits for bytes", async () => {
      await writeFile(at("x"), pattern(4 * MIB));
      const reason = new Error("enough");
      for (const after of [0, 2 * MIB]) {
        const controller = new AbortController();
        if (after === 0) controller.abort(reason);
        let bytes = 0;
        const onProgress = (progress: { bytes: number }) => {
          bytes = progress.bytes;
          if (bytes === after) controller.abort(reason);
        };
        const work = hashFile(at("x"), { path: "x", signal: controller.signal, onProgress });
        expect(await work.catch((error: unknown) => error)).to.equal(reason);
        expect(bytes).to.equal(after);
      }

      const controller = new AbortController();
      let cancelled: unknown;
      const endless = new ReadableStream<Uint8Array>({
        cancel: (why) => {
          cancelled = why;
        },
      });
      const work = hashStream(endless, { path: "x", signal: controller.signal });
      setImmediate(() => controller.abort(reason));
      expect(await work.catch((error: unknown) => error)).to.equal(reason);
      expect(cancelled).to.equal(reason);
    });

    it("holds a large file in little memory", async () => {
      await writeFile(at("large"), "");
      await truncate(at("large"), 512 * MIB);
      const before = process.memoryUsage.rss();
      let most = 0;
      const onProgress = () => {
        most = Math.max(most, process.memoryUsage.rss());
      };
      await hashFile(at("large"), { path: "large", onProgress });

      expect(most - before).to.be.below(64 * MIB);
    }).timeout(60_000);

    it("refuses what is not there, no file, and what changes meanwhile", async () => {
      await writeFile(at("x"), pattern(2 * MIB));
      expect(await refusal(() => hashFile(at("none"), { path: "x" }), FileUnreadable)).to.include({ path: at("none") });
      expect((await refusal(() => hashFile(folder(), { path: "x" }), FileUnreadable)).reason).to.equal("it is no file");
      execFileSync("mkfifo", [at("pipe")]);
      expect((await refusal(() => hashFile(at("pipe"), { path: "x" }), FileUnreadable)).reason).to.equal(
        "it is no file",
      );
      await refusal(() => hashFile(at("x"), { path: "../x" }), FilePathInvalid);
      expect(await refusal(() => hashFile(at("x"), { path: "x", chunkSize: 3 }), InvalidArgument)).to.include({
        argument: "chunkSize",
      });

      for (const change of [() => appendFile(at("x"), "more"), () => truncate(at("x"), MIB + 1)]) {
        const changes: Promise<void>[] = [];
        const onProgress = () => {
          if (changes.length === 0) changes.push(change());
        };
        const error = await refusal(() => hashFile(at("x"), { path: "x", onProgress }), FileChanged);
        expect(error.path).to.equal("x");
        await Promise.all(changes);
      }
    });
  });

  describe("hashDirectory", () => {
    it("lists all files in order, but for what is ignored", async () => {
      await mkdir(at("a/b"), { recursive: true });
      await mkdir(at(".git"));
      await mkdir(at("empty"));
      const contents = { "a.txt": "1", "a/b/c.txt": "", "a/z": "2", "é.txt": "3" };
      for (const [name, content] of Object.entries(contents)) await writeFile(at(name), content);
      await writeFile(at(".git/HEAD"), "no");
      await writeFile(at("a/no"), "no");

      const files = await hashDirectory(folder(), { ignore: [".git", "a/no"] });
      expect(files.map(({ leaves: _, ...entry }) => entry)).to.deep.equal(
        Object.entries(contents).map(([name, content]) => entryOf(name, content)),
      );
    });

    it("refuses links, and names that cannot stand in a manifest, before it hashes", async () => {
      await writeFile(at("a"), pattern(MIB));
      let hashed = 0;
      const options = {
        onProgress: () => {
          hashed += 1;
        },
      };
      await symlink("a", at("link"));
      expect(await refusal(() => hashDirectory(folder(), options), FileUnreadable)).to.include({ path: at("link") });
      await rm(at("link"));
      await writeFile(at("A"), "");
      await refusal(() => hashDirectory(folder(), options), FilePathInvalid);
      await rm(at("A"));
      await writeFile(at("a\\b"), "");
      await refusal(() => hashDirectory(folder(), options), FilePathInvalid);
      expect(hashed).to.equal(0);
      await refusal(() => hashDirectory(at("none")), FileUnreadable);
    });
  });

  describe("verifyDirectory", () => {
    it("names what is missing, extra and altered", async () => {
      await mkdir(at("sub"));
      for (const name of ["same", "altered", "longer", "missing", "sub/link", "folder"])
        await writeFile(at(name), name);
      const sealed = await seal();
      expect(await verifyDirectory(folder(), sealed)).to.deep.equal({
        equal: true,
        missing: [],
        extra: [],
        altered: [],
      });

      await writeFile(at("altered"), "ALTERED");
      await appendFile(at("longer"), "!");
      await writeFile(at("sub/extra\n"), "");
      for (const name of ["missing", "sub/link", "folder"]) await rm(at(name));
      await symlink("../same", at("sub/link"));
      await mkdir(at("folder"));
      const contentOf = (name: string, content: string) => {
        const { path: _, ...entry } = entryOf(name, content);

        return entry;
      };
      expect(await verifyDirectory(folder(), sealed)).to.deep.equal({
        equal: false,
        missing: ["folder", "missing"],
        extra: ["sub/extra\n"],
        altered: [
          { path: "altered", expected: contentOf("altered", "altered"), actual: contentOf("altered", "ALTERED") },
          { path: "longer", expected: contentOf("longer", "longer"), actual: contentOf("longer", "longer!") },
          { path: "sub/link", expected: contentOf("sub/link", "sub/link"), actual: undefined },
        ],
      });
    });

    it("reads no file if the manifest is another one", async () => {
      await writeFile(at("a"), "1");
      const { manifest: text, digest } = await seal();
      let hashed = 0;
      const claim = {
        manifest: text.replace("Files", "Other"),
        digest,
        onProgress: () => {
          hashed += 1;
        },
      };
      await refusal(() => verifyDirectory(folder(), claim), DigestMismatch);
      expect(hashed).to.equal(0);
    });

    it("takes the list of more than 2,000 files", async () => {
      for (let i = 0; i < 2_001; i++) await writeFile(at(`${i}`), `${i}`);
      const made = await manifest.create({
        name: "Many",
        description: "",
        license: "MIT",
        files: await hashDirectory(folder()),
      });
      await rm(at("7"));
      const { list, text, digest } = made;
      const { missing, equal } = await verifyDirectory(folder(), { manifest: text, digest, list: list?.text });

      expect({ missing, equal }).to.deep.equal({ missing: ["7"], equal: false });
    }).timeout(60_000);
  });
});

describe("SDK files on a server", () => {
  const file = safetensors({ a: { dtype: "U8", shape: [5_000_000], data_offsets: [0, 5_000_000] } }, 5_000_000);
  let server: Server;
  let url: string;
  let answer: "ranges" | "all" | "longer" | "shorter" | "elsewhere" | "drop";
  let sent: number;
  let etag: string;

  before(async () => {
    server = createServer((request, response) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      if (answer === "all" || from === undefined) return void response.writeHead(200, { etag }).end(file);
      const [start, end] = [Number(from), Math.min(Number(to), file.length - 1)];
      const shift = answer === "elsewhere" ? 1 : 0;
      response.writeHead(206, { etag, "content-range": `bytes ${start + shift}-${end + shift}/${file.length}` });
      const body = file.subarray(start, end + 1);
      sent += body.length;
      if (answer === "drop" && body.length > 1)
        return void response.write(body.subarray(0, 5), () => response.destroy());
      if (answer === "longer" && body.length > 1) return void response.end(Buffer.concat([body, Buffer.from("more")]));
      response.end(answer === "shorter" && body.length > 1 ? body.subarray(1) : body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.safetensors`;
  });

  beforeEach(() => {
    [answer, sent, etag] = ["ranges", 0, '"1"'];
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("are read by ranges: the header without the weights", async () => {
    const { tensors } = await readHeader(await urlSource(url));

    expect(tensors).to.have.length(1);
    expect(sent).to.be.below(300_000);
  });

  for (const bad of ["all", "longer", "shorter", "elsewhere", "drop"] as const) {
    it(`are refused when the server answers otherwise: ${bad}`, async () => {
      answer = bad;
      const error = await refusal(async () => (await urlSource(url)).read(10, 20), Error);
      if (error instanceof RangeRefused) expect(error.url).to.equal(url);
      else expect.fail(String(error));
    });
  }

  it("are refused when they change on the way", async () => {
    const source = await urlSource(url);
    etag = '"2"';
    await refusal(() => source.read(0, 10), RangeRefused);
  });

  it("are refused when there is no server, and given up when it is told to", async () => {
    await refusal(() => urlSource("http://127.0.0.1:1/x"), RangeRefused);
    const reason = new Error("enough");
    expect(await urlSource(url, { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error)).to.equal(
      reason,
    );
  });

  it("can be read on the disk in the same way", async () => {
    const source = await openFile("package.json");
    expect(Buffer.from(await source.read(0, source.size))).to.deep.equal(await readFile("package.json"));
    await source.close();
    await refusal(() => openFile("none.json"), FileUnreadable);
  });
});
