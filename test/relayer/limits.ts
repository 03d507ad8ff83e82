import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { parseEther, parseUnits } from "ethers";
import { readConfig, USAGE, WrongArguments } from "../../relayer/src/config.js";
import { noJournal, openJournal } from "../../relayer/src/journal.js";
import { clientOf, dailyLimitOf, rateLimitOf, secondsToTomorrow } from "../../relayer/src/limits.js";
import { type Entry, queueOf } from "../../relayer/src/queue.js";
import { Refusal } from "../../relayer/src/refusals.js";
import { gasFor } from "../../relayer/src/sender.js";

const DAY = 86_400_000;
const ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const KEY = `0x${"01".repeat(32)}`;

const entryOf = (id: string, voter = id): Entry => ({
  ...{ id, governor: ADDRESS, block: 1, status: "waiting", failures: 0, misses: 0 },
  ballot: { proposalId: "1", support: 1, voter, reason: "", params: "0x", signature: "0x" },
});

describe("relayer limits", () => {
  describe("rateLimitOf", () => {
    it("lets each client make so many requests at once, and then so many a minute", () => {
      let now = 0;
      const { take } = rateLimitOf(6, () => now);

      for (let i = 0; i < 6; ++i) expect(take("alice")).to.equal(0);
      expect(take("alice")).to.equal(10);
      expect(take("bob")).to.equal(0);
      now = 9_000;
      expect(take("alice")).to.equal(1);
      now = 10_000;
      expect(take("alice")).to.equal(0);
      expect(take("alice")).to.equal(10);
      now = 10_000_000;
      for (let i = 0; i < 6; ++i) expect(take("alice")).to.equal(0);
      expect(take("alice")).to.equal(10);
    });

    it("forgets whoever was quiet for longest once there are 10,000 others", () => {
      const { take } = rateLimitOf(1, () => 0);
      take("first");
      take("second");
      take("first");
      for (let i = 0; i < 9_999; ++i) take(`other ${i}`);

      expect(take("first")).to.be.above(0);
      expect(take("second")).to.equal(0);
    });
  });

  describe("dailyLimitOf", () => {
    it("counts for each key, and begins anew with the day", () => {
      let now = 5 * DAY - 1_500;
      const { left, use } = dailyLimitOf(10n, () => now);
      use(7n, "alice");
      use(4n, "bob");

      expect([left("alice"), left("bob"), left()]).to.deep.equal([3n, 6n, 10n]);
      use(4n, "alice");
      expect(left("alice")).to.equal(0n);
      expect(secondsToTomorrow(() => now)).to.equal(2);
      now = 5 * DAY;
      expect(left("alice")).to.equal(10n);
      expect(secondsToTomorrow(() => now)).to.equal(86_400);
    });

    it("takes back what was not used after all, unless that was yesterday", () => {
      let now = 5 * DAY;
      const { left, use } = dailyLimitOf(10n, () => now);
      use(7n);
      use(-3n);
      expect(left()).to.equal(6n);
      now = 6 * DAY;
      use(-4n);

      expect(left()).to.equal(10n);
    });

    it("does not begin anew with a journal that knows of the day", () => {
      const used = [{ day: 5, key: "alice", amount: "7" }];
      const limitOn = (day: number) => dailyLimitOf(10n, () => day * DAY, { ...noJournal, used });

      expect([limitOn(5).left("alice"), limitOn(5).left("bob"), limitOn(6).left("alice")]).to.deep.equal([
        3n,
        10n,
        10n,
      ]);
    });
  });

  describe("gasFor", () => {
    it("is never below what the bytes of a transaction cost at least", () => {
      // As EIP-7623 has it, for bytes of which none is zero.
      const floor = (bytes: number) => 21_000n + 40n * BigInt(bytes);

      for (const bytes of [0, 500, 9_000, 120_000]) expect(gasFor(1, bytes, 50_000n) >= floor(bytes)).to.equal(true);
      // 60,000 for the batch, 62,000 for the ballot, and what has to stay behind.
      expect(gasFor(1, 500, 50_000n)).to.equal(60_000n + 16n * 500n + 62_000n + 793n);
    });
  });

  describe("clientOf", () => {
    for (const [address, client] of [
      ["192.0.2.1", "192.0.2.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
      ["2001:db8::6", "2001:db8:0:0"],
      ["::1", "0:0:0:0"],
      ["", ""],
    ]) {
      it(`is ${client || "nobody"} for ${address || "nothing"}`, () => expect(clientOf(address)).to.equal(client));
    }
  });

  describe("queueOf", () => {
    it("has one open ballot of a voter for a proposal", () => {
      const done: string[] = [];
      const queue = queueOf(({ id }) => done.push(id));
      const entry = entryOf("a", "alice");
      queue.add(entry);

      expect(queue.rivalOf(entryOf("b", "alice"))).to.equal(entry);
      expect(queue.rivalOf(entryOf("b", "bob"))).to.equal(undefined);
      queue.send([entry], "0x1");
      expect(queue.with("sent")).to.deep.equal([entry]);
      queue.finish(entry, { hash: "0x2" });

      expect([queue.size, queue.rivalOf(entry), done]).to.deep.equal([0, undefined, ["a"]]);
      expect(queue.get("a")).to.include({ status: "cast", hash: "0x2" });
    });

    it("remembers the last 10,000 that came to an end", () => {
      const queue = queueOf();
      const finish = (id: string) => {
        const entry = entryOf(id);
        queue.add(entry);
        queue.finish(entry, { refusal: new Refusal("vote_closed", "Over.") });
      };
      finish("first");
      finish("second");
      // Posted again, it waits again.
      queue.add(entryOf("second"));
      for (let i = 0; i < 10_000; ++i) finish(String(i));

      expect(queue.get("first")).to.equal(undefined);
      expect(queue.get("second")?.status).to.equal("waiting");
      expect(queue.get("0")?.status).to.equal("refused");
    });
  });

  describe("openJournal", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), "journal-"));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it("keeps what was used on the last day, in a line for each key", () => {
      const file = path.join(folder, "uses.jsonl");
      let now = 5 * DAY;
      const limitWith = () => dailyLimitOf(10n, () => now, openJournal(file));
      limitWith().use(9n, "alice");
      now = 6 * DAY;
      const { use } = limitWith();
      use(6n, "alice");
      use(-4n, "alice");
      use(3n, "bob");

      const again = limitWith();

      expect([again.left("alice"), again.left("bob")]).to.deep.equal([8n, 7n]);
      expect(readFileSync(file, "utf8").trimEnd().split("\n")).to.have.length(2);
    });

    it("keeps what did not come to an end, also when its last line is torn", () => {
      const file = path.join(folder, "ballots.jsonl");
      const journal = openJournal(file);
      expect(journal.kept).to.deep.equal([]);
      for (const id of ["a", "b", "c"]) journal.add(entryOf(id));
      journal.finish("b");
      writeFileSync(file, `${readFileSync(file, "utf8")}{"id":"d","gov`);

      const again = openJournal(file);

      expect(again.kept.map(({ id }) => id)).to.deep.equal(["a", "c"]);
      const { id, block, governor, ballot } = entryOf("a");
      expect(again.kept[0]).to.deep.equal({ id, block, governor, ballot });
      expect(readFileSync(file, "utf8").trimEnd().split("\n")).to.have.length(2);
    });
  });

  describe("readConfig", () => {
    const REQUIRED = ["--rpc", "http://node", "--governor", ADDRESS, "--relay", ADDRESS];
    const read = (args: readonly string[], key: string | undefined = KEY) => readConfig(args, { RELAYER_KEY: key });

    it("has a limit for everything", () => {
      expect(read(REQUIRED)).to.deep.equal({
        ...{ rpc: "http://node", governors: [ADDRESS], relay: ADDRESS, key: KEY, host: "127.0.0.1", port: 8_547 },
        ...{ journal: undefined, trustProxy: false, batchSize: 50, batchSeconds: 30, closingSeconds: 60 },
        ...{ resendSeconds: 60, stopSeconds: 20, confirmations: 1, queueSize: 1_000, requestsPerMinute: 30 },
        ...{ ballotsPerVoter: 20, maxReasonBytes: 1_000, minWeight: parseEther("1"), ballotGas: 300_000n },
        ...{ batchGas: 16_700_000n, maxFeePerGas: parseUnits("50", "gwei"), dailyBudget: parseEther("0.1") },
      });
    });

    it("takes several governors, and units that people write", () => {
      const args = ["--governor", ADDRESS.toLowerCase(), "--max-fee", "0.5", "--daily-budget", "2", "--trust-proxy"];

      expect(read([...REQUIRED, ...args])).to.include({
        ...{ maxFeePerGas: 500_000_000n, dailyBudget: parseEther("2"), trustProxy: true },
      });
      expect(read([...REQUIRED, ...args])?.governors).to.deep.equal([ADDRESS, ADDRESS]);
    });

    it("explains itself", () => {
      expect(read(["--help"], undefined)).to.equal(undefined);
      expect(USAGE).to.include("--daily-budget ETH").and.include("RELAYER_KEY");
    });

    for (const [name, args, key, message] of [
      ["an option that there is not", [...REQUIRED, "--speed", "9"], KEY, /--speed.* See commonweal-relayer --help\.$/],
      ["a node that is missing", ["--governor", ADDRESS, "--relay", ADDRESS], KEY, /^--rpc is missing: give it URL\.$/],
      ["a governor that is missing", REQUIRED.slice(0, 2).concat(REQUIRED.slice(4)), KEY, /^--governor is missing/],
      ["an address that is none", [...REQUIRED, "--relay", "0x1"], KEY, /^--relay is 0x1: give an address/],
      ["a port that is none", [...REQUIRED, "--port", "65536"], KEY, /^--port is 65536: .+ from 0 to 65535\.$/],
      ["a number that is none", [...REQUIRED, "--batch-size", "1.5"], KEY, /^--batch-size is 1.5: give a whole/],
      ["an amount that is none", [...REQUIRED, "--daily-budget", "-1"], KEY, /^--daily-budget|ambiguous/],
      ["more gas than a transaction has", [...REQUIRED, "--batch-gas", "16777217"], KEY, /to 16777216\.$/],
      ["a key that is missing", REQUIRED, undefined, /^Set RELAYER_KEY to the private key/],
      ["a key that is none", REQUIRED, "0x01", /^Set RELAYER_KEY to the private key/],
    ] as const) {
      it(`refuses ${name}`, () => {
        expect(() => readConfig(args, { RELAYER_KEY: key })).to.throw(WrongArguments, message);
      });
    }
  });
});
