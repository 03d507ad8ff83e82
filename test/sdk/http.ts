import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import {
  BrowserProvider,
  type Eip1193Provider,
  FetchRequest,
  HDNodeWallet,
  JsonRpcProvider,
  Mnemonic,
  NonceManager,
  parseUnits,
  Wallet,
} from "ethers";
import { startLocalChain } from "../../scripts/local.js";
import {
  type Commonweal,
  connect,
  type Deployment,
  InsufficientFunds,
  NetworkFailure,
  type Runner,
  TransactionConflict,
  TransactionFailed,
  TransactionReplaced,
  UserRejected,
} from "../../sdk/src/index.js";
import { TestToken__factory } from "../../types/ethers-contracts/index.js";
import { deploymentOf, expectRefusal, failureOf, registerFor } from "./helpers.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");

/** Enough to be mined before others, or instead of them. */
const HIGH_FEE = { maxFeePerGas: parseUnits("100", "gwei"), maxPriorityFeePerGas: parseUnits("100", "gwei") };

describe("SDK over HTTP", () => {
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let provider: JsonRpcProvider;
  let deployment: Deployment;
  let alice: Commonweal;
  let model: string;

  const walletAt = (index: number) => HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(provider);
  const as = (runner: Runner) => connect(runner, { deployment });

  before(async () => {
    chain = await startLocalChain(0);
    provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
    deployment = deploymentOf(chain.plan);
    alice = await as(walletAt(1));
    model = await registerFor(walletAt(1).address, alice);
  });

  after(async () => {
    provider.destroy();
    await chain.close();
  });

  it("registers, pays, cascades and claims", async () => {
    const [alicesWallet, bobsWallet, carolsWallet] = [walletAt(1), walletAt(2), walletAt(3)];
    const [bob, carol] = [await as(bobsWallet), await as(carolsWallet)];
    const parents = [{ model, rateBps: 1_000, relation: "fineTune" }] as const;
    const child = await registerFor(bobsWallet.address, bob, { parents });

    await carol.royalties.pay({ model: child, currency: "ETH", amount: "1" });
    await carol.royalties.cascade({ models: [model, child], currency: "ETH" });
    await carol.royalties.claimFor({ holder: bobsWallet.address, models: [child], currency: "ETH" });
    const to = Wallet.createRandom().address;
    const { amount } = await alice.royalties.claim({ models: [model], currency: "ETH", to });

    // A tenth of 1 ETH, less the protocol's hundredth.
    expect(amount).to.equal(parseUnits("0.099"));
    expect(await provider.getBalance(to)).to.equal(amount);
    expect(
      await alice.royalties.claimable({ holder: alicesWallet.address, models: [model], currency: "ETH" }),
    ).to.have.property("total", 0n);
  });

  it("approves and pays in one go through a provider that remembers nonces", async () => {
    const remembering = new JsonRpcProvider(chain.url);
    const wallet = walletAt(4);
    await (await TestToken__factory.connect(chain.usdc, wallet).mint(wallet, 20_000_000n)).wait();

    const payer = await as(wallet.connect(remembering));
    await payer.royalties.pay({ model, currency: chain.usdc, amount: "20" });

    expect(await alice.royalties.booksOf({ model, currency: chain.usdc })).to.have.property("received", 20_000_000n);
    remembering.destroy();
  });

  describe("a send that fails in gas estimation", () => {
    it("is decoded when the signer is a wallet of ethers", async () => {
      const wallet = walletAt(2);
      const bob = await as(wallet);

      await expectRefusal(bob.registry.withdrawVersion({ model, version: 1 }), "NotModelMaintainer", {
        model,
        caller: wallet.address,
      });
    });

    it("is decoded when the node or a wallet behind it signs", async () => {
      const signer = await provider.getSigner(2);
      const bob = await as(signer);

      await expectRefusal(bob.royalties.claim({ models: [model], currency: chain.usdc }), "NothingToClaim", {
        holder: signer.address,
        currency: chain.usdc,
      });
    });

    it("says so when the sender has no ETH", async () => {
      const poor = await as(Wallet.createRandom(provider));

      await failureOf(InsufficientFunds, poor.royalties.pay({ model, currency: "ETH", amount: 1n }));
      await failureOf(InsufficientFunds, poor.governance.delegate());
    });
  });

  describe("a transaction that was sent", () => {
    beforeEach(() => provider.send("evm_setAutomine", [false]));
    afterEach(() => provider.send("evm_setAutomine", [true]));

    /** Waits until a transaction waits to be mined, and returns it. */
    async function pending() {
      for (;;) {
        const { transactions } = await provider.send("eth_getBlockByNumber", ["pending", true]);
        if (transactions.length > 0) return transactions[0];
        await setTimeout(10);
      }
    }

    /** Mines blocks until something has happened: ethers looks for replacements when a block comes. */
    async function mineUntil<T>(happened: Promise<T>): Promise<T> {
      const mining = new AbortController();
      void happened.finally(() => mining.abort()).catch(() => undefined);
      while (!mining.signal.aborted) {
        await provider.send("evm_mine", []);
        await setTimeout(50);
      }

      return happened;
    }

    it("fails when another one came first", async () => {
      const { ModelRegistry } = alice.contracts;
      const maintainer = await as(walletAt(2));
      await mineUntil(alice.registry.setMaintainer({ model, maintainer: walletAt(2).address, allowed: true }));

      const overtaken = failureOf(TransactionFailed, maintainer.registry.withdrawVersion({ model, version: 1 }));
      const { hash } = await pending();
      await ModelRegistry.withdrawVersion(model, 1, { ...HIGH_FEE, gasLimit: 200_000 });

      const failure = await mineUntil(overtaken);
      expect(failure.hash).to.equal(hash);
      expect(failure.receipt.status).to.equal(0);
    });

    it("is the same at another price", async () => {
      const wallet = walletAt(5);
      const payment = (await as(wallet)).royalties.pay({ model, currency: "ETH", amount: 7n });
      const { to, input: data, value, nonce, gas: gasLimit } = await pending();
      const replacement = await wallet.sendTransaction({
        ...{ to, data, value, gasLimit, nonce: Number(nonce) },
        ...HIGH_FEE,
      });

      expect((await mineUntil(payment)).hash).to.equal(replacement.hash);
    });

    it("is the same at another price, also when it fails", async () => {
      const wallet = walletAt(5);
      const payment = failureOf(
        TransactionFailed,
        (await as(wallet)).royalties.pay({ model, currency: "ETH", amount: 7n }),
      );
      const { to, input: data, value, nonce } = await pending();
      const replacement = await wallet.sendTransaction({
        ...{ to, data, value, gasLimit: 25_000, nonce: Number(nonce) },
        ...HIGH_FEE,
      });

      expect((await mineUntil(payment)).hash).to.equal(replacement.hash);
    });

    it("is another when the sender replaced it", async () => {
      const wallet = walletAt(6);
      const payment = failureOf(
        TransactionReplaced,
        (await as(wallet)).royalties.pay({ model, currency: "ETH", amount: 7n }),
      );
      const { hash, nonce } = await pending();
      const replacement = await wallet.sendTransaction({ to: wallet.address, nonce: Number(nonce), ...HIGH_FEE });

      expect(await mineUntil(payment)).to.include({ hash, replacement: replacement.hash });
    });
  });

  it("says so when the sender's nonce was used elsewhere", async () => {
    const wallet = walletAt(7);
    const manager = new NonceManager(wallet);
    await manager.getNonce("pending");
    await (await wallet.sendTransaction({ to: wallet.address })).wait();

    await failureOf(TransactionConflict, (await as(manager)).royalties.pay({ model, currency: "ETH", amount: 1n }));
  });

  it("says so when the wallet's user says no", async () => {
    const wallet: Eip1193Provider = {
      async request({ method, params }) {
        if (/^eth_(sendTransaction|signTypedData_v4)$/.test(method)) throw { code: 4_001, message: "No." };
        return provider.send(method, (params as unknown[]) ?? []);
      },
    };
    const user = await as(await new BrowserProvider(wallet).getSigner());

    await failureOf(UserRejected, user.royalties.pay({ model, currency: "ETH", amount: 1n }));
    await failureOf(UserRejected, user.governance.signVote({ proposalId: 1n, support: "for" }));
  });

  describe("a node that does not answer", () => {
    const servers: Server[] = [];

    after(() => {
      for (const server of servers) server.close().closeAllConnections();
    });

    /** Connects to a server that does to each request what it is told. */
    async function connectTo(answer: Parameters<typeof createServer>[1] & object, timeout = 5_000) {
      const server = createServer(answer).listen(0, "127.0.0.1");
      servers.push(server);
      await new Promise((resolve) => server.once("listening", resolve));
      const request = new FetchRequest(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      request.timeout = timeout;

      return connect(new JsonRpcProvider(request));
    }

    it("is a NetworkFailure when it hangs up", async () => {
      await failureOf(
        NetworkFailure,
        connectTo((request) => request.socket.destroy()),
      );
    });

    it("is a NetworkFailure when its server fails", async () => {
      await failureOf(
        NetworkFailure,
        connectTo((_, response) => response.writeHead(500).end()),
      );
    });

    it("is a NetworkFailure when it takes too long", async () => {
      await failureOf(
        NetworkFailure,
        connectTo(() => undefined, 100),
      );
    });

    it("is a NetworkFailure when it is gone", async () => {
      const gone = await startLocalChain(0);
      const provider = new JsonRpcProvider(gone.url, undefined, { cacheTimeout: -1 });
      const reader = await connect(provider, { deployment });
      await gone.close();

      await failureOf(NetworkFailure, reader.registry.get({ model }));
      provider.destroy();
    });
  });
});
