import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { Transaction } from "ethers";
import hre from "hardhat";
import { ballotIdOf } from "../../relayer/src/ballots.js";
import { BallotNotRelayed, ballotStatus, sendBallot } from "../../relayer/src/index.js";
import { ChainUnsuitable, startRelayer } from "../../relayer/src/service.js";
import type { Ballot } from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { failureOf } from "../sdk/helpers.js";
import { healthOf, settled, startProxy, startWorld, until, type World } from "./support.js";

const CLI = path.join("relayer", "src", "cli.ts");

describe("relayer in trouble", function () {
  this.timeout(180_000);
  let world: World;
  const children: ReturnType<typeof spawn>[] = [];
  const proxies: Awaited<ReturnType<typeof startProxy>>[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), "relayer-"));

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await world.close();
    for (const proxy of proxies) proxy.close();
    rmSync(folder, { recursive: true });
  });

  async function taken(url: string, ballot: Ballot): Promise<string> {
    const sent = await sendBallot(url, ballot, { governor: world.governorAddress });

    return sent.by === "relayer" ? sent.status.id : expect.fail("It was sent by the voter");
  }

  async function proxied() {
    const proxy = await startProxy(world.chain.url);
    proxies.push(proxy);

    return proxy;
  }

  describe("as a program", () => {
    /** Starts the command line; returns once it listens. */
    async function start(...args: string[]) {
      const { privateKey } = await world.payer();
      const given = ["--rpc", world.chain.url, "--governor", world.governorAddress, "--relay", world.relay];
      const child = spawn(process.execPath, ["--import", "tsx", CLI, ...given, "--port", "0", ...args], {
        cwd: hre.config.paths.root,
        env: { ...process.env, RELAYER_KEY: privateKey },
        stdio: ["ignore", "pipe", "pipe"],
      });
      children.push(child);
      const lines: string[] = [];
      createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
      const [line] = await once(createInterface({ input: child.stdout }), "line");
      const closed = once(child, "close");

      return { child, closed, lines, url: /^Listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1] as string };
    }

    it("loses no vote when it is killed: the voter sends the ballot", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const { child, closed, url } = await start("--batch-seconds", "600");
      const ballot = await alice.governance.signVote({ proposalId, support: "for" });
      const id = await taken(url, ballot);
      expect((await ballotStatus(url, id)).status).to.equal("waiting");

      child.kill("SIGKILL");
      expect(await closed).to.deep.equal([null, "SIGKILL"]);

      const error = await failureOf(BallotNotRelayed, taken(url, ballot));
      expect(error).to.include({ url, code: undefined });
      expect(error.message).to.match(/It can still be sent by governance\.voteBySignature\(ballot\)\.$/);
      const sent = await sendBallot(url, ballot, {
        governor: world.governorAddress,
        fallback: (unsent) => alice.governance.voteBySignature(unsent),
      });
      expect(sent.by).to.equal("voter");
      expect(await world.tally(proposalId)).to.deep.equal(["0", "1000", "0"]);
    });

    it("goes on with its journal after it was killed", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const journal = ["--journal", path.join(folder, "ballots.jsonl")];
      const first = await start("--batch-seconds", "600", ...journal);
      const id = await taken(first.url, await alice.governance.signVote({ proposalId, support: "for" }));
      first.child.kill("SIGKILL");
      await first.closed;

      const second = await start("--batch-seconds", "0", ...journal);

      expect((await settled(second.url, id)).status).to.equal("cast");
      expect(await world.tally(proposalId)).to.deep.equal(["0", "1000", "0"]);
    });

    it("leaves ballots of another chain in the journal alone", async () => {
      const alice = await world.voter();
      const file = path.join(folder, "other.jsonl");
      const proposalId = await world.proposeAndOpen();
      const ballot = await alice.governance.signVote({ proposalId, support: "for" });
      const kept = { block: 1, governor: world.governorAddress, ballot };
      writeFileSync(file, `${JSON.stringify({ ...kept, id: ballotIdOf(1n, kept) })}\n`);

      const { url, lines } = await start("--journal", file);

      expect(await healthOf(url)).to.include({ waiting: 0 });
      expect(lines.join("\n")).to.include("is not for this chain and governor");
    });

    it("sends what waits when it is told to end, and says what it could not send", async () => {
      const [alice, bob] = [await world.voter(), await world.voter()];
      const open = await world.proposeAndOpen();
      const later = await world.propose();
      const { child, closed, lines, url } = await start("--batch-seconds", "600");
      await taken(url, await alice.governance.signVote({ proposalId: open, support: "for" }));
      await taken(url, await bob.governance.signVote({ proposalId: later, support: "for" }));

      child.kill("SIGTERM");
      expect(await closed).to.deep.equal([0, null]);

      expect(await world.tally(open)).to.deep.equal(["0", "1000", "0"]);
      expect(lines.join("\n")).to.include("1 ballots were not sent: their voters can send them");
      expect(lines.at(-1)).to.include("has stopped");
    });

    it("says what it misses, and does not start", async () => {
      const run = async (env: Record<string, string>, ...args: string[]) => {
        const child = spawn(process.execPath, ["--import", "tsx", CLI, ...args], {
          ...{ cwd: hre.config.paths.root, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] },
        });
        children.push(child);
        const lines: string[] = [];
        for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) lines.push(line);

        return { code: child.exitCode ?? (await once(child, "exit"))[0], lines };
      };
      const given = ["--rpc", world.chain.url, "--governor", world.governorAddress, "--relay", world.relay];

      expect(await run({ RELAYER_KEY: "" }, ...given)).to.deep.equal({
        code: 1,
        lines: ["Set RELAYER_KEY to the private key of the account that pays, 32 bytes, 0x… in hex."],
      });
    });
  });

  it("does not start without its contracts, or its node", async () => {
    const nowhere = (await world.payer()).address;
    const config = await world.configOf();

    expect((await failureOf(ChainUnsuitable, startRelayer({ ...config, relay: nowhere }))).message).to.include(nowhere);
    const gone = await proxied();
    gone.state.isCut = true;
    await failureOf(ChainUnsuitable, startRelayer({ ...config, rpc: gone.url }));
  });

  it("says so while its node is gone, keeps what waits, and goes on when it is back", async () => {
    const [alice, bob] = [await world.voter(), await world.voter()];
    const proposalId = await world.propose();
    const { state, url: rpc } = await proxied();
    const { url } = await world.relayer({ rpc });
    const id = await taken(url, await alice.governance.signVote({ proposalId, support: "for" }));

    state.isCut = true;
    await world.pass(DAY + 1);
    const ballot = await bob.governance.signVote({ proposalId, support: "for" });
    const error = await failureOf(BallotNotRelayed, taken(url, ballot));
    expect([error.code, error.retryAfter]).to.deep.equal(["node_unavailable", 10]);
    const health = await until(async () => {
      const found = await healthOf(url);

      return found.http === 503 && found;
    }, "the relayer to miss its node");
    expect(health).to.include({ status: "degraded", waiting: 1 });
    expect(health.problem).to.match(/^the last step failed/);

    state.isCut = false;
    expect((await settled(url, id)).status).to.equal("cast");
    await settled(url, await taken(url, ballot), "cast");
    expect(await world.tally(proposalId)).to.deep.equal(["0", "2000", "0"]);
  });

  it("goes on with a node that does not look back", async () => {
    const [alice, bob] = [await world.voter(), await world.voter()];
    const proposalId = await world.proposeAndOpen();
    const { state, url: rpc } = await proxied();
    const { url } = await world.relayer({ rpc, batchSeconds: 600, batchSize: 2 });
    state.isRefused = ({ method }) => method === "eth_getLogs";
    const ballot = await alice.governance.signVote({ proposalId, support: { for: "10" } });
    const id = await taken(url, ballot);
    await bob.governance.voteBySignature(ballot);
    await taken(url, await bob.governance.signVote({ proposalId, support: "for" }));

    // It cannot know better.
    expect(await settled(url, id)).to.include({ status: "refused", error: "refused_by_governor" });
  });

  it("sends a transaction again, for more, when it was dropped, and counts it once", async () => {
    const alice = await world.voter();
    const proposalId = await world.proposeAndOpen();
    const { state, url: rpc } = await proxied();
    const { url } = await world.relayer({ rpc, resendSeconds: 1 });
    state.isSwallowing = true;
    const id = await taken(url, await alice.governance.signVote({ proposalId, support: "for" }));
    const [first, second] = await until(async () => state.swallowed.length >= 2 && state.swallowed, "two attempts");
    expect((await ballotStatus(url, id)).status).to.equal("sent");
    state.isSwallowing = false;

    const { hash } = await settled(url, id, "cast");
    const [a, b] = [Transaction.from(first), Transaction.from(second)];
    expect(b.nonce).to.equal(a.nonce);
    expect(b.data).to.equal(a.data);
    expect(Number(b.maxFeePerGas)).to.be.at.least(Number(a.maxFeePerGas) * 1.125);
    expect(Number(b.maxPriorityFeePerGas)).to.be.at.least(Number(a.maxPriorityFeePerGas) * 1.125);
    expect(await world.provider.getTransactionReceipt(String(hash))).to.have.property("status", 1);
    expect(await world.tally(proposalId)).to.deep.equal(["0", "1000", "0"]);
  });

  it("pays no more than it may for a transaction that is stuck, and finds it when it is mined", async () => {
    const alice = await world.voter();
    const proposalId = await world.proposeAndOpen();
    const { maxFeePerGas } = await world.provider.getFeeData();
    await world.provider.send("evm_setAutomine", [false]);
    try {
      const most = ((maxFeePerGas as bigint) * 114n) / 100n;
      const { url, lines } = await world.relayer({ resendSeconds: 1, maxFeePerGas: most });
      const id = await taken(url, await alice.governance.signVote({ proposalId, support: "for" }));
      await until(async () => lines.some((line) => / again$/.test(line)), "the same transaction to be sent again");
      await world.provider.send("evm_mine", []);

      const { hash } = await settled(url, id, "cast");
      const transaction = await world.provider.getTransaction(String(hash));
      expect(Number(transaction?.maxFeePerGas)).to.be.within(Number(maxFeePerGas), Number(most));
    } finally {
      await world.provider.send("evm_setAutomine", [true]);
    }
  });

  it("sends ballots anew when the account's nonce went to another transaction", async () => {
    const alice = await world.voter();
    const proposalId = await world.proposeAndOpen();
    const payer = await world.payer();
    const { state, url: rpc } = await proxied();
    const { url, lines } = await world.relayer({ rpc, key: payer.privateKey, resendSeconds: 3 });
    state.isSwallowing = true;
    const id = await taken(url, await alice.governance.signVote({ proposalId, support: "for" }));
    await settled(url, id, "sent");
    await (await payer.sendTransaction({ to: payer.address })).wait();
    state.isSwallowing = false;

    expect((await settled(url, id)).status).to.equal("cast");
    expect(lines.filter((line) => /was replaced by another transaction/.test(line))).to.have.length(1);
    expect(await world.tally(proposalId)).to.deep.equal(["0", "1000", "0"]);
  });
});
