import { expect } from "chai";
import { AbiCoder, encodeBytes32String, id, JsonRpcProvider, parseEther } from "ethers";
import { type HistoryReader, logHistory, statementCsv } from "../../sdk/src/history/index.js";
import { type Manners, startProxy } from "./history.nodes.js";
import { type Story, tellStory } from "./history.support.js";

describe("SDK statements of odd tokens", () => {
  let story: Story;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let provider: JsonRpcProvider;

  before(async () => {
    story = await tellStory();
    const { provider: node } = story.connection;
    proxy = await startProxy((method, params) => node.request({ method, params }));
    provider = new JsonRpcProvider(proxy.url, undefined, { cacheTimeout: -1 });
  });
  after(() => {
    provider.destroy();
    proxy.close();
  });

  const history = (): HistoryReader => logHistory({ provider, deployment: story.deployment });

  it("state the money of a token that tells neither symbol nor decimals, in its smallest units", async () => {
    const { accounts, base, carol, connection, ledger } = story;
    const { restore } = await connection.networkHelpers.takeSnapshot();
    const token = await connection.ethers.deployContract("NoReturnToken");
    const currency = await token.getAddress();
    const treasury = await connection.ethers.getImpersonatedSigner(await ledger.governance());
    await connection.networkHelpers.setBalance(treasury.address, parseEther("1"));
    await ledger.connect(treasury).addCurrency(currency);
    await token.mint(accounts.carol, 1_000n);
    await carol.royalties.pay({ model: base, currency, amount: 1_000n, approve: false });
    const from = await connection.networkHelpers.time.latest();

    const statement = await history().statementOf({ account: accounts.alice.address, from });
    await restore();
    expect(statement.currencies).to.deep.include({ currency, symbol: currency, decimals: 0 });
    const [, row] = statementCsv(statement).split("\r\n");
    expect(row).to.include(`,income,${base},${currency},${currency},594,6,594,6,`);
  });

  for (const [name, answer] of [
    ["bytes32", encodeBytes32String("USDC")],
    ["a text that is no UTF-8", AbiCoder.defaultAbiCoder().encode(["bytes"], ["0xff"])],
  ]) {
    it(`call a token by its address whose symbol is ${name}`, async () => {
      const symbol = id("symbol()").slice(0, 10);
      const odd: Manners = async ({ method, params: [call] }, pass) =>
        method === "eth_call" && (call as { data: string }).data === symbol ? { result: answer } : pass();

      proxy.behave(odd);
      const { currencies } = await history().statementOf({ account: story.dave });
      const currency = story.usdc;
      expect(currencies).to.deep.include({ currency, symbol: currency, decimals: 6 });
    });
  }
});
