import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { Wallet } from "ethers";
import hre from "hardhat";

const run = promisify(execFile);
const { root } = hre.config.paths;

/** Starts `start` as `pnpm start` does, and gathers what it prints. */
function start(...args: string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/start.ts", ...args], { cwd: root });
  const printed = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed.text += String(data)));

  return { child, printed, ended: once(child, "close").then(([code]) => code as number) };
}

async function waitFor(child: ChildProcess, printed: { text: string }, words: string): Promise<void> {
  while (!printed.text.includes(words)) {
    if (child.exitCode !== null) throw new Error(`start ended before it said "${words}":\n${printed.text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("The command `start`", function () {
  this.timeout(180_000);

  it("ends by itself with --once, and says that all figures are equal", async () => {
    const { printed, ended } = start("--once", "--port", "0");

    expect(await ended, printed.text).to.equal(0);
    expect(printed.text)
      .to.include("What the round brought to whom")
      .and.to.include("All figures are equal to the unit.");
  });

  it("says what to do when its port is taken, and leaves the other program alone", async () => {
    const other = net.createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as net.AddressInfo;
    const { printed, ended } = start("--port", String(port));

    expect(await ended).to.equal(1);
    expect(printed.text).to.include(`Port ${port} of 127.0.0.1 is taken`).and.not.include("    at ");
    expect(other.listening).to.equal(true);
    other.close();
  });

  for (const [args, words] of [
    [["--port", "eighty"], '--port takes a number from 0 to 65535, not "eighty"'],
    [["--port", "65536"], '--port takes a number from 0 to 65535, not "65536"'],
    [["--twice"], "Unknown option '--twice'"],
  ] as const) {
    it(`refuses ${args.join(" ")} and shows its usage`, async () => {
      const { printed, ended } = start(...args);

      expect(await ended).to.equal(1);
      expect(printed.text).to.include(words).and.to.include("Usage: npx pnpm@12 start").and.not.include("    at ");
    });
  }

  for (const words of ["Telling the story", "a host serves it"]) {
    it(`ends cleanly on Ctrl-C in the middle of the story, too, after “${words}”`, async () => {
      const { child, printed, ended } = start("--port", "0");
      await waitFor(child, printed, words);
      child.kill("SIGINT");

      expect(await ended, printed.text).to.equal(0);
      expect(printed.text).to.include("The chain has stopped.").and.not.include("Error");
    });
  }

  it("says so on a Node that is too old", async () => {
    const pretend = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.1.0"})';
    const { child, stderr } = await run(process.execPath, ["--import", pretend, "scripts/node-version.mjs"], {
      cwd: root,
    }).then(
      () => expect.fail("It took an old Node"),
      (error: { code: number; stderr: string }) => ({ child: error.code, stderr: error.stderr }),
    );

    expect(child).to.equal(1);
    expect(stderr).to.include("runs on Node 24 or newer, and this is Node 20.1.0");
  });

  it("stays up, prints a snippet that works with the packed SDK, and ends cleanly on Ctrl-C", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "commonweal-hello-"));
    const { child, printed, ended } = start("--port", "0");
    try {
      await waitFor(child, printed, "node hello.mjs");
      const accounts = [...printed.text.matchAll(/^ {2}(0x[\da-f]{40}) {2}(0x[\da-f]{64})$/gim)];
      expect(accounts.map(([, , key]) => new Wallet(key).address)).to.deep.equal(
        accounts.map(([, address]) => address),
      );
      expect(accounts).to.have.length(2);
      const [, archive] = printed.text.match(/npm install (\S+\.tgz) ethers/) as RegExpMatchArray;
      const [snippet] = printed.text.match(/^ {2}import \{ JsonRpcProvider \}(.*\n){5}/m) as RegExpMatchArray;
      await writeFile(path.join(folder, "hello.mjs"), snippet.replaceAll(/^ {2}/gm, ""));
      await run("npm", ["init", "--yes"], { cwd: folder });
      await run("npm", ["install", archive, "ethers"], { cwd: folder });
      const { stdout } = await run("node", ["hello.mjs"], { cwd: folder, timeout: 30_000 });

      // The story paid 1 ETH and sent 0.123456789012345678, the snippet paid 0.5 more.
      expect(stdout)
        .to.match(/^0x[0-9a-f]{64} /)
        .and.to.include("received: 1623456789012345678n");
    } finally {
      child.kill("SIGINT");
      await rm(folder, { recursive: true });
    }
    expect(await ended, printed.text).to.equal(0);
    expect(printed.text).to.include("The chain has stopped.");
  });
});
