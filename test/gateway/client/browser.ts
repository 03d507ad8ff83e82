import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { build } from "tsup";

describe("Gateway client in a browser", () => {
  it("is one file that needs nothing of Node", async function () {
    this.timeout(60_000);
    const outDir = await mkdtemp(path.join(tmpdir(), "commonweal-browser-"));
    await build({
      ...{ entry: ["gateway/src/client.ts"], outDir, format: "esm", platform: "browser", silent: true },
      ...{ noExternal: [/./], removeNodeProtocol: false, config: false, clean: false, splitting: false },
    });
    const files = (await readdir(outDir)).filter((file) => /\.m?js$/.test(file));
    expect(files.length).to.equal(1);
    const code = await readFile(path.join(outDir, files[0]), "utf8");
    await rm(outDir, { recursive: true });

    expect(code.match(/^import\b.*"|\bimport\(|\brequire\("|node:/gm)).to.equal(null);
    expect(code).to.include("channelFetch");
  });
});
