import { expect } from "chai";
import { type Filter, type Log, makeError, type Provider } from "ethers";
import { connect, NetworkFailure } from "../../sdk/src/index.js";
import { readLogs } from "../../sdk/src/logs.js";
import { deploySdk, failureOf, registerFor } from "./helpers.js";
import { oddly } from "./runners.js";

type Range = Filter & { fromBlock: number; toBlock: number };

/** How nodes say that it is too much. */
const REFUSALS = [
  "query returned more than 10000 results",
  "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
  "exceed maximum block range: 5000",
  "block range is too wide",
  "query timeout exceeded",
  "eth_getLogs is limited to a 1000 blocks range",
].flatMap((message) => [
  makeError("could not coalesce error", "UNKNOWN_ERROR", { error: { code: -32_005, message } } as never),
  makeError(message, "SERVER_ERROR", {} as never),
]);

/** A node with a log in each of these blocks that refuses what it is told to refuse, and what it was asked for. */
function nodeWith(
  blocks: readonly number[],
  refuses: (range: Range, count: number) => Error | undefined = () => undefined,
) {
  const requests: [number, number][] = [];
  const getLogs = async (filter: Range) => {
    const { fromBlock, toBlock } = filter;
    requests.push([fromBlock, toBlock]);
    expect(filter).to.deep.include({ address: "0xabc", topics: ["0x01"] });
    const logs = blocks.filter((block) => block >= fromBlock && block <= toBlock);
    const refusal = refuses(filter, logs.length);
    if (refusal !== undefined) throw refusal;

    return logs.map((blockNumber) => ({ blockNumber }) as Log);
  };

  return { provider: { getLogs } as unknown as Provider, requests };
}

const everything = { address: "0xabc", topics: ["0x01"], fromBlock: 100, toBlock: 100_000 };
const blocks = Array.from({ length: 700 }, (_, i) => 100 + i * i).filter((block) => block <= everything.toBlock);
const numbersOf = (logs: readonly Log[]) => logs.map(({ blockNumber }) => blockNumber);

describe("SDK logs", () => {
  it("are read in one request where the node allows", async () => {
    const { provider, requests } = nodeWith(blocks);

    expect(numbersOf(await readLogs(provider, everything))).to.deep.equal(blocks);
    expect(requests).to.deep.equal([[100, 100_000]]);
  });

  for (const max of [1, 7, 99_900]) {
    it(`are the same from a node that takes ranges of ${max} blocks at most`, async () => {
      const short = { ...everything, toBlock: max === 1 ? 400 : everything.toBlock };
      const { provider, requests } = nodeWith(blocks, ({ fromBlock, toBlock }) =>
        toBlock - fromBlock + 1 > max ? REFUSALS[0] : undefined,
      );

      expect(numbersOf(await readLogs(provider, short))).to.deep.equal(
        blocks.filter((block) => block <= short.toBlock),
      );
      // Halves of what is allowed, at worst, and a refusal for each.
      expect(requests).to.have.length.below((4 * (short.toBlock - 99)) / max + 20);
    });
  }

  for (const refusal of REFUSALS) {
    const name = `${refusal.code} ${String((refusal as { error?: Error }).error?.message ?? refusal.message).slice(0, 60)}`;

    it(`are the same from a node that takes ranges of 2,000 blocks at most and says ${name}`, async () => {
      const { provider, requests } = nodeWith(blocks, ({ fromBlock, toBlock }) =>
        toBlock - fromBlock + 1 > 2_000 ? refusal : undefined,
      );

      expect(numbersOf(await readLogs(provider, everything))).to.deep.equal(blocks);
      expect(requests).to.have.length.below(220);
    });

    it(`are the same from a node that gives 20 logs at most and says ${name}`, async () => {
      const { provider, requests } = nodeWith(blocks, (_, count) => (count > 20 ? refusal : undefined));

      expect(numbersOf(await readLogs(provider, everything))).to.deep.equal(blocks);
      expect(requests).to.have.length.below(150);
    });
  }

  it("are not there in an empty chain", async () => {
    const { provider, requests } = nodeWith([]);

    expect(await readLogs(provider, { ...everything, fromBlock: 0, toBlock: 0 })).to.deep.equal([]);
    expect(requests).to.deep.equal([[0, 0]]);
    expect(await readLogs(provider, { ...everything, fromBlock: 5, toBlock: 4 })).to.deep.equal([]);
    expect(requests).to.have.length(1);
  });

  it("are given up after few requests when the node always fails", async () => {
    for (const refusal of REFUSALS) {
      const { provider, requests } = nodeWith(blocks, () => refusal);

      expect(await readLogs(provider, everything).catch((error) => error)).to.equal(refusal);
      expect(requests).to.have.length.below(20);
      expect(requests.at(-1)).to.deep.equal([100, 100]);
    }
  });

  it("are given up when a node fails on the way", async () => {
    const { provider } = nodeWith(blocks, ({ fromBlock, toBlock }) =>
      toBlock > 50_000 || toBlock - fromBlock > 9_000 ? REFUSALS[0] : undefined,
    );

    expect(await readLogs(provider, everything).catch((error) => error)).to.equal(REFUSALS[0]);
  });

  it("are given up between two requests when told so", async () => {
    const controller = new AbortController();
    const { provider, requests } = nodeWith(blocks, ({ fromBlock, toBlock }) => {
      if (fromBlock > 30_000) controller.abort(new Error("Enough"));
      return toBlock - fromBlock > 9_000 ? REFUSALS[0] : undefined;
    });

    const error = await readLogs(provider, everything, controller.signal).catch((reason: Error) => reason);
    expect(error).to.equal(controller.signal.reason);
    expect(requests.at(-1)?.[1]).to.be.below(60_000);
  });

  describe("of the ledger", () => {
    let sdk: Awaited<ReturnType<typeof deploySdk>>;
    let holder: string;

    before(async () => {
      sdk = await deploySdk();
      holder = sdk.accounts.alice.address;
      const parents: string[] = [];
      for (let i = 0; i < 8; ++i) {
        const edges = parents.slice(-1).map((model) => ({ model, rateBps: 1_000, relation: "merge" as const }));
        parents.push(await registerFor(holder, sdk.alice, { parents: edges }));
        await sdk.carol.royalties.pay({ model: parents[i], currency: "ETH", amount: 10_000n });
      }
    });

    /** Reads through a node that answers for logs as it is told. */
    async function readerWith(getLogs: (filter: Filter) => Promise<Log[]>, firstBlock?: number) {
      const { provider } = sdk.connection.ethers;
      const { RoyaltyLedger, ...others } = sdk.deployment;
      const deployment = { ...others, RoyaltyLedger: { ...RoyaltyLedger, block: firstBlock } };

      return connect(oddly<Provider>(provider, { getLogs }), { deployment });
    }

    it("give the same plan from a node with limits, and from the ledger's first block on", async () => {
      const { provider } = sdk.connection.ethers;
      const asked: number[] = [];
      const limited = async (filter: Filter) => {
        const [from, to] = [Number(filter.fromBlock), Number(filter.toBlock)];
        asked.push(from);
        if (to - from > 3) throw REFUSALS[0];
        const logs = await provider.getLogs(filter);
        if (logs.length > 2) throw REFUSALS[2];
        return logs;
      };
      const whole = await sdk.reader.royalties.plan({ holder, gasPrice: 0n });
      expect(whole.steps.map(({ models }) => models.length)).to.deep.equal([7, 8]);

      const reader = await readerWith(limited);
      expect(await reader.royalties.plan({ holder, gasPrice: 0n })).to.deep.equal(whole);
      expect(Math.min(...asked)).to.equal(0);

      asked.length = 0;
      const { blockNumber } = (await sdk.ledger.queryFilter(sdk.ledger.filters.ModelOpened()))[0];
      const later = await readerWith(limited, blockNumber);
      expect(await later.royalties.plan({ holder, gasPrice: 0n })).to.deep.equal(whole);
      expect(Math.min(...asked)).to.equal(blockNumber);
    });

    it("are a NetworkFailure when the node always fails, after few requests", async () => {
      let requests = 0;
      const reader = await readerWith(async () => {
        requests += 1;
        throw makeError("bad gateway", "SERVER_ERROR", {} as never);
      });

      await failureOf(NetworkFailure, reader.royalties.plan({ holder }));
      expect(requests).to.be.within(1, 20);
    });
  });
});
