import { expect } from "chai";
import { connect, InvalidArgument } from "../../sdk/src/index.js";
import { type HistoryReader, logHistory } from "../../sdk/src/history/index.js";
import { failureOf } from "./helpers.js";
import { shouldTellTheStory } from "./history.behavior.js";
import { httpHistory, serveHistory, type Story, tellStory } from "./history.support.js";

describe("SDK history", () => {
  let story: Story;

  before(async () => {
    story = await tellStory();
  });

  const readerOf = (options: Partial<Parameters<typeof logHistory>[0]> = {}) =>
    logHistory({ provider: story.connection.ethers.provider, deployment: story.deployment, ...options });

  describe("from logs", () => {
    shouldTellTheStory(() => ({ story, history: story.reader.history }));
  });

  describe("from a server, through JSON", () => {
    let history: HistoryReader;
    let close: () => void;

    before(async () => {
      const server = await serveHistory(readerOf());
      close = server.close;
      ({ history } = await connect(story.connection.ethers.provider, {
        deployment: story.deployment,
        history: httpHistory(server.url),
      }));
    });
    after(() => close());

    shouldTellTheStory(() => ({ story, history }));

    it("is the same, field by field", async () => {
      const own = readerOf();
      const account = story.accounts.bob.address;
      expect(await history.statementOf({ account })).to.deep.equal(await own.statementOf({ account }));
      expect(await history.listModels()).to.deep.equal(await own.listModels());
      for (const model of [story.base, story.child]) {
        expect(await history.historyOf({ model })).to.deep.equal(await own.historyOf({ model }));
        expect(await history.sharesOf({ model })).to.deep.equal(await own.sharesOf({ model }));
        expect(await history.lineageOf({ model })).to.deep.equal(await own.lineageOf({ model }));
      }
    });
  });

  it("refuses what is no cursor, no limit, no kind and no address", async () => {
    const { history } = story.reader;
    await failureOf(InvalidArgument, history.listModels({ after: "next" }));
    await failureOf(InvalidArgument, history.listModels({ limit: 0 }));
    await failureOf(InvalidArgument, history.listModels({ limit: 1_001 }));
    await failureOf(InvalidArgument, history.listModels({ kind: "weights" as never }));
    await failureOf(InvalidArgument, history.listModels({ owner: "0x12" }));
    await failureOf(InvalidArgument, history.sharesOf({ model: "0x12" }));
    await failureOf(InvalidArgument, history.statementOf({ account: "bob" }));
  });

  it("knows a host by what it earned, at any rate; of dust, once it claims or at whole percents", async () => {
    const { child, asDave, accounts, carol, connection } = story;
    const host = accounts.carol.address;
    const { restore } = await connection.networkHelpers.takeSnapshot();
    const sweep = async (hostBps: number, value: bigint) => {
      const hosting = { model: child, host, hostBps };
      const to = await carol.deposits.addressOf(hosting);
      await (await accounts.alice.sendTransaction({ to, value })).wait();
      await asDave.deposits.sweepHosted({ hostings: [hosting], currencies: ["ETH"] });

      return { hosting, deposit: to, income: (value * BigInt(hostBps)) / 10_000n };
    };
    const tell = async () => (await readerOf().statementOf({ account: host })).hostBalances;
    const told = ({ deposit, income }: Awaited<ReturnType<typeof sweep>>, claimed = 0n) => ({
      ...{ place: "deposit", deposit, currency: "ETH", opening: 0n, income, claimed, closing: income - claimed },
    });

    const exact = await sweep(3_333, 10_001n);
    const percent = await sweep(2_500, 4n);
    const dust = await sweep(3_334, 5n);
    expect(await tell()).to.have.deep.members([told(exact), told(percent)]);
    await carol.deposits.claimHostPart({ hostings: [dust.hosting], currency: "ETH" });
    expect(await tell()).to.have.deep.members([told(exact), told(percent), told(dust, 1n)]);
    await restore();
  });

  it("reads nothing twice for the same block", async () => {
    const history = readerOf();
    const first = await history.listModels();
    const calls: unknown[] = [];
    const second = await history.listModels({ onProgress: (progress) => calls.push(progress) });

    expect(second).to.deep.equal(first);
    expect(calls).to.deep.equal([]);
  });
});
