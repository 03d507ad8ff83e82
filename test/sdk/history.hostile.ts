import { EventEmitter, once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { Aborted, LogsIncomplete, NetworkFailure } from "../../sdk/src/index.js";
import {
  type HistoryCache,
  type HistoryReader,
  logHistory,
  memoryCache,
  type ScanProgress,
} from "../../sdk/src/history/index.js";
import { failureOf, registerFor } from "./helpers.js";
import { limited, type Manners, rangeOf, startProxy } from "./history.nodes.js";
import { type Story, tellStory } from "./history.support.js";

type RawLog = Record<string, unknown> & { topics: string[] };

describe("SDK history from odd nodes", () => {
  let story: Story;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  const providers: JsonRpcProvider[] = [];

  before(async () => {
    story = await tellStory();
    const { provider } = story.connection;
    proxy = await startProxy((method, params) => provider.request({ method, params }));
  });
  afterEach(() => {
    for (const provider of providers.splice(0)) provider.destroy();
    proxy.behave((_, pass) => pass());
  });
  after(() => proxy.close());

  /** A reader of its own, over HTTP, that knows nothing yet. */
  function readerOf(options: Partial<Parameters<typeof logHistory>[0]> = {}, manners?: Manners): HistoryReader {
    const provider = new JsonRpcProvider(proxy.url, undefined, { cacheTimeout: -1 });
    providers.push(provider);
    if (manners !== undefined) proxy.behave(manners);

    return logHistory({ provider, deployment: story.deployment, confirmations: 2, ...options });
  }

  /** Everything that history tells of the story. */
  async function tellAll(history: HistoryReader) {
    const account = story.accounts.bob.address;

    return [
      await history.listModels(),
      await history.historyOf({ model: story.child }),
      await history.sharesOf({ model: story.base }),
      await history.lineageOf({ model: story.base }),
      await history.statementOf({ account }),
    ];
  }

  /** Has logs changed on their way. */
  function lying(change: (logs: RawLog[]) => RawLog[]): Manners {
    return async ({ method }, pass) => {
      const answer = await pass();

      return method === "eth_getLogs" && "result" in answer ? { result: change(answer.result as RawLog[]) } : answer;
    };
  }

  describe("that take little at once", () => {
    for (const [name, limits] of Object.entries({
      "ranges of 7 blocks": { blocks: 7 },
      "answers of 12 logs": { results: 12 },
      both: { blocks: 9, results: 8 },
    })) {
      it(`tells the same: ${name}`, async () => {
        const expected = await tellAll(story.reader.history);

        expect(await tellAll(readerOf({}, limited(limits)))).to.deep.equal(expected);
        const { length } = proxy.logRequests();
        const head = await story.connection.ethers.provider.getBlockNumber();
        // Halves of what is allowed, at worst, a refusal for every fourth, and a dozen to find out.
        expect(length).to.be.within(head / 10, head + 12);
      });
    }

    it("are not asked again for what they refused", async () => {
      const history = readerOf({}, limited({ blocks: 7 }));
      await history.listModels();
      await story.connection.networkHelpers.mine(100);
      proxy.requests.length = 0;

      await history.listModels();
      for (const request of proxy.logRequests()) {
        const { from, to } = rangeOf(request);
        expect(to - from).to.be.below(7);
      }
      expect(proxy.logRequests().length).to.be.below(30);
    });

    it("may be busy now and then", async () => {
      let count = 0;
      const expected = await tellAll(story.reader.history);
      const busy: Manners = async ({ method }, pass) => {
        if (method !== "eth_getLogs") return pass();
        count += 1;
        if (count % 2 === 1) return { error: { code: -32_005, message: "limit exceeded" } };
        return pass();
      };

      expect(await tellAll(readerOf({}, busy))).to.deep.equal(expected);
    });
  });

  describe("that lie", () => {
    it("is not misled by what was not asked for, by order, repetition or logs that were taken back", async () => {
      const expected = await tellAll(story.reader.history);
      const change = (logs: RawLog[]) => [
        ...logs.toReversed(),
        ...logs.slice(0, 5),
        ...logs.slice(0, 1).map((log) => ({ ...log, address: story.usdc })),
        ...logs.slice(0, 1).map((log) => ({ ...log, topics: [`0x${"ab".repeat(32)}`] })),
        ...logs.slice(0, 1).map((log) => ({ ...log, blockNumber: "0xffffff" })),
        ...logs.slice(0, 1).map((log) => ({ ...log, data: "0x", logIndex: "0xfff", removed: true })),
      ];

      expect(await tellAll(readerOf({}, lying(change)))).to.deep.equal(expected);
    });

    it("finds out whichever single log is missing", async function () {
      this.timeout(120_000);
      const total = (await allLogs()).length;
      const undetected: string[] = [];
      for (let missing = 0; missing < total; ++missing) {
        const history = readerOf(
          {},
          lying((logs) => logs.filter((log) => log !== known(logs)[missing])),
        );
        const outcome = await tellEverything(history).then(
          () => "nothing",
          (error: unknown) => error,
        );
        if (!(outcome instanceof LogsIncomplete))
          undetected.push(`${missing}: ${(await allLogs())[missing].topics[0]}`);
      }
      // What has no view and no successor: an offer, a report, a withdrawn version and new terms can be kept back.
      const names = undetected.map((line) => nameOf(line.split(" ")[1]));
      expect(names).to.have.members(UNDETECTABLE);
    });

    /** What can be kept back without a contradiction, as docs/history.md says. */
    const UNDETECTABLE = [
      ...["OfferPosted", "LicenseBought", "VersionWithdrawn", "DerivativeTermsUpdated", "ReportFiled"],
    ];

    it("says where, and what to do", async () => {
      const history = readerOf(
        {},
        lying((logs) => logs.filter(({ topics }) => nameOf(topics[0]) !== "RoyaltyPassed")),
      );
      const error = await failureOf(LogsIncomplete, history.listModels());

      expect(error.address).to.equal(story.ledger.target);
      expect(error.message).to.match(
        /^The node lacks logs of 0x\w+ since block 0 \(.+ was not credited .+\); connect to one that has them all\.$/,
      );
      // The next question begins anew.
      proxy.behave((_, pass) => pass());
      expect((await history.listModels()).items).to.have.length(2);
    });

    it("finds out two logs at one place, two blocks of one number, and logs that are no logs", async () => {
      const first = (change: (log: RawLog) => object) => (logs: RawLog[]) => [
        ...logs,
        ...logs.slice(0, 1).map((log) => ({ ...log, ...change(log) })),
      ];
      for (const change of [
        first(() => ({ data: `0x${"1".padStart(64, "0")}` })),
        first(() => ({ blockHash: `0x${"12".repeat(32)}`, logIndex: "0xffff" })),
        first(() => ({ data: "0x12", logIndex: "0xffff" })),
      ]) {
        await failureOf(LogsIncomplete, readerOf({}, lying(change)).listModels());
      }
    });

    it("waits for a node that lags behind its own newest block", async () => {
      const head = await story.connection.ethers.provider.getBlockNumber();
      let lags = 3;
      const lagging: Manners = async ({ method, params }, pass) => {
        const asksForHead = method === "eth_getBlockByNumber" && Number(params[0]) === head;
        if (asksForHead && lags-- > 0) return { result: null };
        return pass();
      };

      expect((await readerOf({}, lagging).listModels()).asOf.block).to.equal(head);
      expect(lags).to.be.below(1);
    });
  });

  describe("that stop", () => {
    it("goes on where it stopped, after the connection was dropped", async () => {
      const expected = await tellAll(story.reader.history);
      const seen: ScanProgress[] = [];
      const onProgress = (progress: ScanProgress) => seen.push(progress);
      const half = Math.floor((await story.connection.ethers.provider.getBlockNumber()) / 2);
      const cut: Manners = async (request, pass, response) => {
        const { from, to } = request.method === "eth_getLogs" ? rangeOf(request) : { from: 0, to: 0 };
        if (to > half && to - from < 10) response.destroy();
        return limited({ blocks: 10 })(request, pass, response);
      };
      const history = readerOf({}, cut);

      await failureOf(NetworkFailure, history.listModels({ onProgress }));
      const reached = Math.max(...seen.map(({ toBlock }) => toBlock));
      expect(reached).to.be.within(half - 40, half);
      seen.length = 0;
      proxy.behave(limited({ blocks: 10 }));
      await history.listModels({ onProgress });
      expect(Math.min(...seen.map(({ fromBlock }) => fromBlock))).to.equal(reached + 1);
      expect(await tellAll(history)).to.deep.equal(expected);
    });

    it("stops when told so, keeps what it has, and others go on", async () => {
      const controller = new AbortController();
      const history = readerOf({}, limited({ blocks: 10 }));
      let read = 0;
      const stopped = history.listModels({
        signal: controller.signal,
        onProgress: ({ toBlock }) => {
          read = toBlock;
          if (toBlock > 20) controller.abort();
        },
      });
      const other = history.sharesOf({ model: story.base });

      await failureOf(Aborted, stopped);
      expect(read).to.be.within(21, 40);
      expect((await other).items).to.have.length(4);
    });

    it("stops a question that waits for another's turn to end, which goes on", async () => {
      const node = new EventEmitter();
      const history = readerOf({}, async ({ method }, pass) => {
        if (method === "eth_getLogs") {
          node.emit("asked");
          await once(node, "answer");
        }
        return pass();
      });
      const asked = once(node, "asked");
      const other = history.listModels();
      await asked;

      const before = history.sharesOf({ model: story.base, signal: AbortSignal.abort() });
      await failureOf(Aborted, before);
      const controller = new AbortController();
      const waiting = history.sharesOf({ model: story.base, signal: controller.signal });
      await setImmediate();
      controller.abort();
      await failureOf(Aborted, waiting);

      node.emit("answer");
      proxy.behave((_, pass) => pass());
      expect((await other).items).to.have.length(2);
    });
  });

  describe("whose chain changes", () => {
    it("tells what holds after a reorganisation, of the newest blocks and of older ones", async () => {
      const { connection, carol, base, bob, accounts } = story;
      const { restore } = await connection.networkHelpers.takeSnapshot();
      const history = readerOf();
      await registerFor(accounts.bob.address, bob);
      expect((await history.listModels()).items).to.have.length(3);
      const paidBefore = (await history.historyOf({ model: base })).items.length;
      await carol.royalties.pay({ model: base, currency: "ETH", amount: 5n });
      expect((await history.historyOf({ model: base })).items).to.have.length(paidBefore + 1);

      // Two blocks deep, then twenty: what was final is not.
      for (const blocks of [2, 20]) {
        await restore();
        const again = await connection.networkHelpers.takeSnapshot();
        for (let i = 0; i < blocks; ++i) await carol.royalties.pay({ model: base, currency: "ETH", amount: 7n });
        expect((await history.listModels()).items).to.have.length(2);
        const { items } = await history.historyOf({ model: base });
        expect(items).to.have.length(paidBefore + blocks);
        expect(items).to.deep.equal((await readerOf().historyOf({ model: base })).items);
        await again.restore();
      }
    });
  });

  describe("with a cache", () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "history-"));
    });
    after(() => rm(folder, { recursive: true }));

    /** As docs/history.md shows it. */
    const fileCache = (): HistoryCache => ({
      get: (key) => readFile(path.join(folder, key), "utf8").catch(() => undefined),
      set: (key, text) => writeFile(path.join(folder, key), text),
    });

    for (const [name, cacheOf] of [["memory", memoryCache] as const, ["files", fileCache] as const]) {
      it(`reads only what is new: ${name}`, async () => {
        const cache = cacheOf();
        const expected = await tellAll(readerOf({ cache }));
        const head = await story.connection.ethers.provider.getBlockNumber();
        proxy.requests.length = 0;

        expect(await tellAll(readerOf({ cache }))).to.deep.equal(expected);
        // The two newest blocks are not final.
        expect(proxy.logRequests().map(rangeOf)).to.deep.equal([{ from: head - 1, to: head }]);
      });
    }

    it("does without what is broken or of another chain", async () => {
      const expected = await tellAll(story.reader.history);
      for (const file of await readdir(folder)) await writeFile(path.join(folder, file), '{"fromBlock":0,"toBl');
      expect(await tellAll(readerOf({ cache: fileCache() }))).to.deep.equal(expected);

      const [file] = await readdir(folder);
      const segment = JSON.parse(await readFile(path.join(folder, file), "utf8"));
      await writeFile(path.join(folder, file), JSON.stringify({ ...segment, hash: `0x${"1".repeat(64)}`, logs: [] }));
      expect(await tellAll(readerOf({ cache: fileCache() }))).to.deep.equal(expected);
    });
  });

  /* WHAT THE STORY LOGGED */

  const NAMES = new Map<string, string>();
  function nameOf(topic: string): string {
    if (NAMES.size === 0) {
      for (const contract of [
        story.ledger,
        story.registry,
        story.licenseStore,
        story.usageChannels,
        story.safetyBoard,
      ]) {
        contract.interface.forEachEvent(({ name, topicHash }) => NAMES.set(topicHash, name));
      }
    }

    return NAMES.get(topic) ?? topic;
  }

  /** Those that history reads: a licence's own transfer is none. */
  function known(logs: RawLog[]): RawLog[] {
    return logs.filter(
      ({ address, topics }) =>
        String(address).toLowerCase() !== String(story.licenseStore.target).toLowerCase() ||
        nameOf(topics[0]) !== "Transfer",
    );
  }

  async function allLogs(): Promise<RawLog[]> {
    const history = readerOf({ verify: false });
    await history.listModels();
    const [{ params }] = proxy.logRequests().slice(-1);
    const filter = { ...(params[0] as object), fromBlock: "0x0", toBlock: "latest" };

    return known((await story.connection.provider.request({ method: "eth_getLogs", params: [filter] })) as RawLog[]);
  }

  /** All that can be asked of the story. */
  async function tellEverything(history: HistoryReader): Promise<void> {
    for (const model of [story.base, story.child]) {
      await history.historyOf({ model });
      await history.sharesOf({ model });
      await history.lineageOf({ model });
    }
    const { alice, bob, carol } = story.accounts;
    for (const account of [alice.address, bob.address, carol.address, story.dave])
      await history.statementOf({ account });
  }
});
