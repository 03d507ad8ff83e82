import { expect } from "chai";
import { HDNodeWallet, JsonRpcProvider, Mnemonic } from "ethers";
import { startLocalChain } from "../../scripts/local.js";
import {
  Aborted,
  type Commonweal,
  connect,
  type Deployment,
  NetworkFailure,
  SendUnanswered,
  WaitAborted,
  WaitUnanswered,
} from "../../sdk/src/index.js";
import { type Answer, honest, type RpcProxy, startProxy } from "../helpers/rpcProxy.js";
import { deploymentOf, failureOf, registerFor } from "./helpers.js";
import { oddly } from "./runners.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");

const methodsOf = (body: string): string[] => [JSON.parse(body)].flat().map(({ method }) => method);

describe("SDK writes through a node that fails once it has the transaction", function () {
  this.timeout(60_000);

  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let proxy: RpcProxy;
  let provider: JsonRpcProvider;
  let deployment: Deployment;
  let alice: Commonweal;
  let bob: Commonweal;
  let bobsWallet: HDNodeWallet;
  let model: string;
  const { random } = Math;

  const walletAt = (index: number, url: string) => {
    const through = new JsonRpcProvider(url, undefined, { cacheTimeout: -1 });

    return HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(through);
  };

  before(async () => {
    chain = await startLocalChain(0);
    proxy = await startProxy(chain.url);
    deployment = deploymentOf(chain.plan);
    const wallet = walletAt(1, chain.url);
    provider = wallet.provider as JsonRpcProvider;
    alice = await connect(wallet, { deployment });
    model = await registerFor(wallet.address, alice);
    bobsWallet = walletAt(2, proxy.url);
    bob = await connect(bobsWallet, { deployment });
    // Pauses are drawn at random: these are the shortest.
    Math.random = () => 0;
  });

  afterEach(async () => {
    proxy.answer = honest;
    await provider.send("evm_setAutomine", [true]);
    await provider.send("evm_mine", []);
  });

  after(async () => {
    Math.random = random;
    provider.destroy();
    bobsWallet.provider?.destroy();
    proxy.close();
    await chain.close();
  });

  const received = async () => (await alice.royalties.booksOf({ model, currency: "ETH" })).received;

  /** Answers until it has a transaction, and from the next request on as it is told, so many times. */
  function failingFor(times: number, fail: Answer): Answer {
    let left = Number.POSITIVE_INFINITY;

    return async (response, body, forward) => {
      if (left <= 0 || left > times) await honest(response, body, forward);
      else await fail(response, body, forward);
      left = methodsOf(body).includes("eth_sendRawTransaction") ? times : left - 1;
    };
  }

  const hangUp: Answer = (response) => response.destroy();
  const refuse: Answer = (response, body) => {
    const error = { code: -32_005, message: "limit exceeded" };
    const answers = [JSON.parse(body)].flat().map(({ id }) => ({ jsonrpc: "2.0", id, error }));
    response.end(JSON.stringify(body.startsWith("[") ? answers : answers[0]));
  };

  for (const [what, fail] of [
    ["hangs up", hangUp],
    ["limits how often it is asked", refuse],
    ["answers with a page", (response) => response.end("<h1>Bad gateway</h1>")],
  ] as [string, Answer][]) {
    it(`are done when it ${what} for a while`, async () => {
      const [before, nonce] = [await received(), await bobsWallet.getNonce()];
      proxy.answer = failingFor(6, fail);

      const { receipt } = await bob.royalties.pay({ model, currency: "ETH", amount: 5n });

      expect(receipt).to.include({ status: 1, from: bobsWallet.address });
      expect(await received()).to.equal(before + 5n);
      expect(await bobsWallet.getNonce()).to.equal(nonce + 1);
    });

    it(`tell the hash when it ${what} for good`, async () => {
      const before = await received();
      const hashes: string[] = [];
      proxy.answer = failingFor(1_000, fail);

      const failure = await failureOf(
        WaitUnanswered,
        bob.royalties.pay({ model, currency: "ETH", amount: 5n, onSent: (hash) => hashes.push(hash) }),
      );

      expect(failure).not.to.be.instanceOf(NetworkFailure);
      expect(hashes).to.deep.equal([failure.hash]);
      expect(failure.message).to.include(failure.hash).and.include("do not send it again");
      expect(await provider.getTransactionReceipt(failure.hash)).to.include({ status: 1 });
      expect(await received()).to.equal(before + 5n);
    });
  }

  it("tell the hash when it fails for good and more confirmations are waited for", async () => {
    const sent = await bob.royalties.pay({ model, currency: "ETH", amount: 5n });
    proxy.answer = hangUp;

    expect(await failureOf(WaitUnanswered, sent.wait({ confirmations: 2 }))).to.have.property("hash", sent.hash);
  });

  it("say that they may be sent when it limits what is asked beside the transaction", async () => {
    const before = await received();
    proxy.answer = async (response, body, forward) => {
      if (!methodsOf(body).includes("eth_sendRawTransaction")) return honest(response, body, forward);
      const error = { code: -32_005, message: "request rate limited" };
      const payloads = [JSON.parse(body)].flat();
      const answers = [JSON.parse(await forward())].flat().map((answer) => {
        const { method } = payloads.find(({ id }) => id === answer.id);

        return method === "eth_blockNumber" ? { jsonrpc: "2.0", id: answer.id, error } : answer;
      });
      response.end(JSON.stringify(body.startsWith("[") ? answers : answers[0]));
    };

    await failureOf(SendUnanswered, bob.royalties.pay({ model, currency: "ETH", amount: 5n }));
    expect(await received()).to.equal(before + 5n);
  });

  it("end with their signal, whatever its reason, also when it does not answer at all", async () => {
    const controller = new AbortController();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    proxy.answer = failingFor(1_000, async (...request) => {
      controller.abort(new Error("Enough"));
      await ended;
      await honest(...request);
    });

    const { signal } = controller;
    const failure = await failureOf(WaitAborted, bob.royalties.pay({ model, currency: "ETH", amount: 5n, signal }));
    end();

    expect(await provider.getTransactionReceipt(failure.hash)).to.include({ status: 1 });
  });

  it("tell the approval's hash when their signal ends them before the payment", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const hashes: string[] = [];
    let isMined = false;
    proxy.answer = async (response, body, forward) => {
      if (isMined && methodsOf(body).includes("eth_blockNumber")) controller.abort();
      isMined ||= methodsOf(body).includes("eth_getTransactionReceipt");
      await honest(response, body, forward);
    };

    const payment = { model, currency: chain.usdc, amount: "5" };
    const failure = await failureOf(
      WaitAborted,
      bob.royalties.pay({ ...payment, signal, onSent: (hash) => hashes.push(hash) }),
    );
    expect(hashes).to.deep.equal([failure.hash]);
  });

  it("tell the hash when whoever is told of it fails", async () => {
    const error = new TypeError("fetch failed");
    const onSent = () => {
      throw error;
    };

    const failure = await failureOf(WaitAborted, bob.royalties.pay({ model, currency: "ETH", amount: 5n, onSent }));
    expect(failure.cause).to.equal(error);
    expect(await provider.getTransactionReceipt(failure.hash)).to.include({ status: 1 });
  });

  it("may be sent when it is the connection that is aborted, or too late", async () => {
    for (const name of ["AbortError", "TimeoutError"]) {
      const wallet = oddly(bobsWallet, {
        sendTransaction: () => Promise.reject(new DOMException("The connection ended", name)),
      });
      const { royalties } = await connect(wallet, { deployment });

      await failureOf(SendUnanswered, royalties.pay({ model, currency: "ETH", amount: 5n }));
    }
  });

  it("end before they are sent with their signal, whatever its reason", async () => {
    const reason = new Error("Enough");
    const signal = AbortSignal.abort(reason);

    const failure = await failureOf(Aborted, bob.royalties.pay({ model, currency: "ETH", amount: 5n, signal }));
    expect(failure).not.to.be.instanceOf(WaitAborted);
    expect(failure.cause).to.equal(reason);
  });
});
