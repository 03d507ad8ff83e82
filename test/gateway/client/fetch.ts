import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { expect } from "chai";
import { Wallet } from "ethers";
import {
  channelFetch,
  type ChannelFetchOptions,
  channelScheme,
  LimitReached,
  memoryStorage,
  TermsRefused,
} from "../../../gateway/src/client.js";
import { fileStorage } from "../../../gateway/src/client/fileStorage.js";
import { InvalidArgument, SignerRequired } from "../../../sdk/src/index.js";
import { DAY } from "../../helpers/protocol.js";
import { failureOf } from "../../sdk/helpers.js";
import { type PaidServer, startPaidServer } from "../support/channel.http.js";
import { noting, payerOf } from "../support/channel.payer.js";
import { type ChannelWorld, deployChannelWorld, type Gateway, PRICE } from "../support/channel.world.js";

describe("Gateway client", () => {
  let world: ChannelWorld;
  let gateway: Gateway;
  let server: PaidServer;
  let served: string[];
  let requests: Request[];
  let upstream: (request: Request) => Promise<Response>;
  let price: bigint;

  before(async () => {
    world = await deployChannelWorld();
  });

  beforeEach(async () => {
    served = [];
    requests = [];
    price = PRICE;
    upstream = async (request) => {
      served.push(await request.text());
      return new Response(`answer ${served.length}`);
    };
    gateway = await world.gateway();
    server = await startServer(gateway);
  });

  afterEach(async () => {
    await server.close();
    await gateway.stop();
  });

  function startServer(channels: Gateway, port = 0) {
    return startPaidServer({
      ...{ channels, host: world.host, asset: world.usdcAddress, priceOf: () => price, port },
      upstream: (request) => upstream(request),
    });
  }

  /** A payer with dollars and without ETH, and a fetch of its own. */
  const payer = (changes: Partial<ChannelFetchOptions> = {}) => payerOf(world, { fetch: noting(requests), ...changes });

  const charged = () => gateway.seen("charged").map((call) => (call as { amount: bigint }).amount);

  it("opens a channel without ETH, and then pays each call in one request", async () => {
    const { pay, spent } = await payer();
    const first = await pay(`${server.url}/generate`, { method: "POST", body: "hello" });
    expect(await first.text()).to.equal("answer 1");
    expect(requests.length).to.equal(2);

    expect(await (await pay(`${server.url}/generate`, { method: "POST", body: "again" })).text()).to.equal("answer 2");
    expect(requests.length).to.equal(3);
    expect(served).to.deep.equal(["hello", "again"]);
    expect(charged()).to.deep.equal([PRICE, PRICE]);
    expect(await spent()).to.equal(1_000n);
    // Another route is asked for its price once.
    await pay(`${server.url}/other`);
    expect(requests.length).to.equal(5);
  });

  it("tops the channel up within the limit, and says before anything is signed that it is reached", async () => {
    const { pay, spent, again } = await payer({ deposit: 250n, limit: 600n });
    for (let calls = 1; calls <= 6; calls++) expect((await pay(server.url)).status).to.equal(200);
    expect(await spent()).to.equal(600n);
    const before = requests.length;

    const error = await failureOf(LimitReached, pay(server.url));
    expect(error).to.include({ limit: 600n, deposited: 600n, needed: 100n });
    expect(error.message).to.match(/raise the limit\.$/);
    expect(requests.length).to.equal(before);
    const raised = await again({ limit: 700n });
    expect((await raised(server.url)).status).to.equal(200);
    expect(await spent()).to.equal(700n);
    const { message } = await failureOf(LimitReached, (await payer({ limit: 99n })).pay(server.url));
    expect(message).to.match(/needs a deposit of 100 units; 0 were deposited, and the limit is 99/);
  });

  it("sends calls of one channel one after another", async () => {
    const { pay } = await payer();
    const answers = await Promise.all(Array.from({ length: 8 }, () => pay(server.url)));

    expect(answers.map(({ status }) => status)).to.deep.equal(Array(8).fill(200));
    expect(charged().length).to.equal(8);
    expect(gateway.seen("refused")).to.deep.equal([]);
  });

  it("uses what calls did not cost", async () => {
    upstream = async () => new Response("cheap", { headers: { "X-Cost": "30" } });
    const { pay, spent } = await payer({ deposit: 100n });
    for (let calls = 1; calls <= 3; calls++) await pay(server.url);

    expect(charged()).to.deep.equal([30n, 30n, 30n]);
    expect(await spent()).to.equal(200n);
  });

  it("pays nothing for a call that failed, and goes on with the next", async () => {
    const { pay } = await payer();
    const good = upstream;
    upstream = async () => new Response("broken", { status: 500 });
    const failed = await pay(server.url);
    expect([failed.status, await failed.text()]).to.deep.equal([500, "broken"]);

    upstream = good;
    expect((await pay(server.url)).status).to.equal(200);
    expect(charged()).to.deep.equal([PRICE]);
    expect(gateway.seen("refused")).to.deep.equal([]);
  });

  it("learns after a stream what it cost, and waits for its end", async () => {
    upstream = async () =>
      new Response("data: 1\n\ndata: 2\n\n", { headers: { "Content-Type": "text/event-stream", "X-Cost": "20" } });
    const { pay } = await payer();
    const first = await pay(server.url);
    let isOver = false;
    const second = pay(server.url).then((answer) => {
      expect(isOver).to.equal(true);
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    isOver = true;
    expect(await first.text()).to.equal("data: 1\n\ndata: 2\n\n");
    await (await second).body?.cancel();

    upstream = async () => new Response("plain");
    expect((await pay(server.url)).status).to.equal(200);
    expect(charged().slice(0, 2)).to.deep.equal([20n, 20n]);
    const [{ channelId }] = gateway.seen("charged") as { channelId: string }[];
    const { redeemed, left } = await redeemedOf(channelId);
    // 20 and 20 and 100, and not a price for each.
    expect(redeemed).to.equal(140n);
    expect(left).to.equal(860n);
  });

  async function redeemedOf(channelId: string) {
    await gateway.redeem();
    const { deposited, redeemed } = await world.usageChannels.channelStateOf(channelId);

    return { redeemed, left: deposited - redeemed };
  }

  it("stops when it is told to, and finds out afterwards whether the call was paid", async () => {
    const { pay } = await payer();
    await pay(server.url);
    const good = upstream;
    upstream = async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return good(request);
    };
    const controller = new AbortController();
    const call = pay(server.url, { signal: controller.signal });
    const waiting = pay(server.url, { signal: AbortSignal.timeout(50) }).catch((error: Error) => error.name);
    setTimeout(() => controller.abort(), 100);
    expect(await call.catch((error: Error) => error.name)).to.equal("AbortError");
    expect(await waiting).to.equal("TimeoutError");

    // The gateway served and stored it: the next call is told so, with the client's own signature.
    expect((await pay(server.url)).status).to.equal(200);
    expect(charged()).to.deep.equal([PRICE, PRICE, PRICE]);
    expect(gateway.seen("refused")).to.include("usage_channel_calls_mismatch");
  });

  it("finds its channel again without a memory, by the chain and its own signature", async () => {
    const { pay, again, spent } = await payer();
    await pay(server.url);
    await pay(server.url);
    const forgetful = await again({ storage: memoryStorage() });

    expect((await forgetful(server.url)).status).to.equal(200);
    expect(charged().length).to.equal(3);
    expect(await spent()).to.equal(1_000n);
  });

  it("remembers in a file", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "commonweal-client-"));
    const file = path.join(directory, "channels.json");
    const { pay, again, spent } = await payer({ storage: fileStorage(file), deposit: 200n, limit: 300n });
    await pay(server.url);
    await pay(server.url);
    const restarted = await again({ storage: fileStorage(file) });
    expect((await restarted(server.url)).status).to.equal(200);

    expect(gateway.seen("refused")).to.deep.equal([]);
    await failureOf(LimitReached, restarted(server.url));
    expect(await spent()).to.equal(300n);
    await rm(directory, { recursive: true });
  });

  it("goes on when the gateway lost what it had", async () => {
    const { pay } = await payer();
    await pay(server.url);
    const { port } = new URL(server.url);
    await server.close();
    await gateway.stop();
    gateway = await world.gateway();
    server = await startServer(gateway, Number(port));

    expect((await pay(server.url)).status).to.equal(200);
    expect((await pay(server.url)).status).to.equal(200);
  });

  it("opens another channel after notice, when asked for more", async () => {
    const { pay, wallet, options } = await payer();
    await pay(server.url);
    await world.accounts.deployer.sendTransaction({ to: wallet.address, value: 10n ** 17n });
    const [{ channelId, channel }] = await world.reader.usage.channelsOf({ payer: wallet.address });
    await options.commonweal.usage.giveNotice({ channel });
    const { port } = new URL(server.url);
    await server.close();
    await gateway.stop();
    gateway = await world.gateway();
    server = await startServer(gateway, Number(port));

    expect((await pay(server.url)).status).to.equal(200);
    const channels = await world.reader.usage.channelsOf({ payer: wallet.address });
    expect(channels.length).to.equal(2);
    expect(channels[0].channelId).to.equal(channelId);
  });

  it("signs with a key that can spend what is deposited and nothing else", async () => {
    const key = Wallet.createRandom();
    const { pay, wallet } = await payer({ signer: key });
    await pay(server.url);
    await pay(server.url);

    const [{ channel }] = await world.reader.usage.channelsOf({ payer: wallet.address });
    expect(channel).to.include({ payer: wallet.address, signer: key.address });
    expect(charged().length).to.equal(2);
  });

  it("pays in ETH by a transaction", async () => {
    const eth = await world.gateway({ currency: "ETH" });
    const paid = await startPaidServer({
      ...{ channels: eth, host: world.host, asset: `0x${"00".repeat(20)}`, priceOf: () => price },
      upstream: async () => new Response("answer"),
    });
    const { pay, wallet, options } = await payer({ currency: "ETH" });
    await world.accounts.deployer.sendTransaction({ to: wallet.address, value: 10n ** 17n });
    expect((await pay(paid.url)).status).to.equal(200);

    const [{ channel }] = await options.commonweal.usage.channelsOf({ payer: wallet.address });
    expect((await world.reader.usage.stateOf({ channel })).deposited).to.equal(1_000n);
    await paid.close();
    await eth.stop();
  });

  it("is a scheme for a stock x402 client", async () => {
    const { options } = await payer();
    const scheme = await channelScheme(options);
    const client = x402Client.fromConfig({
      ...{ schemes: [{ network: "eip155:31337", client: scheme }], spendControls: { allowedAssets: true } },
    });
    const pay = wrapFetchWithPayment(options.fetch ?? fetch, client);

    expect((await pay(server.url)).status).to.equal(200);
    expect((await pay(server.url)).status).to.equal(200);
    expect(charged()).to.deep.equal([PRICE, PRICE]);
    const forgetful = await channelScheme({ ...options, storage: memoryStorage() });
    const other = x402Client.fromConfig({
      ...{ schemes: [{ network: "eip155:31337", client: forgetful }], spendControls: { allowedAssets: true } },
    });
    const answer = await wrapFetchWithPayment(options.fetch ?? fetch, other)(server.url);
    expect(answer.status).to.equal(200);
  });

  describe("refuses", () => {
    it("what the user did not allow", async () => {
      for (const [changes, term, message] of [
        [{ maxPrice: PRICE - 1n }, "price", /asks for price 100 units, and 99 are allowed/],
        [{ model: world.other }, "model", /asks for model 0x.+ is allowed: allow it in channelFetch\(\)/],
        [{ hosts: [world.accounts.alice.address] }, "host", /only 0x.+ is allowed/],
        [{ maxHostBps: 1_999 }, "hostBps", /asks for hostBps 2000, and 1999 are allowed/],
        [{ notice: DAY - 1 }, "notice", /asks for notice 86400 seconds, and 86399 are allowed/],
      ] as const) {
        const { pay, spent } = await payer({ ...changes });
        const error = await failureOf(TermsRefused, pay(server.url));
        expect(error.term).to.equal(term);
        expect(error.message).to.match(message);
        expect(await spent()).to.equal(0n);
      }
      const { model, hosts } = { model: world.model.toLowerCase(), hosts: [world.host.toLowerCase()] };
      expect((await (await payer({ model, hosts })).pay(server.url)).status).to.equal(200);
    });

    it("a price that rose above what is allowed, also on a route that it knows", async () => {
      const { pay } = await payer({ maxPrice: 2n * PRICE });
      await pay(server.url);
      price = 2n * PRICE;
      expect((await pay(server.url)).status).to.equal(200);
      price = 2n * PRICE + 1n;
      await failureOf(TermsRefused, pay(server.url));
      expect(charged()).to.deep.equal([PRICE, 2n * PRICE]);
    });

    it("a currency that is not listed, and a payer that cannot sign", async () => {
      const { options } = await payer();

      await failureOf(InvalidArgument, channelFetch({ ...options, currency: world.host }));
      await failureOf(SignerRequired, channelFetch({ ...options, commonweal: world.reader }));
    });

    it("nothing else: what is free, and what asks for other schemes, is returned", async () => {
      const { options } = await payer();
      const answers = [new Response("free"), new Response("{}", { status: 402 })];
      const pay = await channelFetch({ ...options, fetch: async () => answers.shift() as Response });

      expect((await pay(server.url)).status).to.equal(200);
      expect((await pay(server.url)).status).to.equal(402);
    });
  });
});
