import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import {
  BrowserProvider,
  FetchRequest,
  getAddress,
  HDNodeWallet,
  JsonRpcProvider,
  JsonRpcSigner,
  Mnemonic,
  type Provider,
  parseEther,
  toBeHex,
  Wallet,
} from "ethers";
import hre from "hardhat";
import { startLocalChain } from "../../scripts/local.js";
import {
  type Commonweal,
  connect,
  type Deployment,
  DeploymentNotFound,
  formatAmount,
  GasPriceTooLow,
  InsufficientFunds,
  InvalidAmount,
  InvalidArgument,
  NetworkFailure,
  RateLimited,
  type Runner,
  SendUnanswered,
  TooManyDecimals,
  TransactionConflict,
  WrongChain,
} from "../../sdk/src/index.js";
import { NoReturnToken__factory, TestToken__factory } from "../../types/ethers-contracts/index.js";
import { honest, type RpcProxy, startProxy } from "../helpers/rpcProxy.js";
import { deploymentOf, expectRefusal, failureOf, registerFor } from "./helpers.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const UNKNOWN = getAddress("0x00000000000000000000000000000000000000aa");

describe("SDK over HTTP, given what is wrong", function () {
  this.timeout(120_000);

  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let proxy: RpcProxy;
  let provider: JsonRpcProvider;
  let deployment: Deployment;
  let alice: Commonweal;
  let model: string;
  const opened: JsonRpcProvider[] = [];

  const accountAt = (index: number) => HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`);
  const as = (runner: Runner) => connect(runner, { deployment });

  /** A provider of the chain itself, or of the node before it. */
  function providerOf(connection: string | FetchRequest): JsonRpcProvider {
    const made = new JsonRpcProvider(connection, undefined, { cacheTimeout: -1, polling: true });
    made.pollingInterval = 20;
    opened.push(made);

    return made;
  }

  const walletOf = (index: number, through: Provider = provider) => accountAt(index).connect(through);

  before(async () => {
    chain = await startLocalChain(0);
    proxy = await startProxy(chain.url);
    provider = providerOf(chain.url);
    deployment = deploymentOf(chain.plan);
    alice = await as(walletOf(1));
    model = await registerFor(accountAt(1).address, alice);
  });

  afterEach(() => {
    proxy.answer = honest;
    proxy.target = chain.url;
  });

  after(async () => {
    for (const one of opened) one.destroy();
    proxy.close();
    await chain.close();
  });

  describe("another chain", () => {
    const OTHER_ID = 4_242;
    let other: Awaited<ReturnType<typeof hre.network.createServer>>;
    let otherUrl: string;

    before(async () => {
      other = await hre.network.createServer({ network: "node", override: { chainId: OTHER_ID } }, "127.0.0.1", 0);
      otherUrl = `http://127.0.0.1:${(await other.listen()).port}`;
    });

    after(() => other.close());

    it("is one where the protocol is not", async () => {
      const failure = await failureOf(DeploymentNotFound, connect(providerOf(otherUrl)));

      expect(failure.chainId).to.equal(BigInt(OTHER_ID));
      expect(failure.message).to.include("pass connect(runner, { deployment })");
    });

    it("is one where there is nothing at the deployment's addresses", async () => {
      const failure = await failureOf(DeploymentNotFound, as(providerOf(otherUrl)));

      expect(failure.address).to.equal(deployment.ModelRegistry.address);
    });

    it("is noticed when a provider's node goes over to it", async () => {
      const bob = await as(walletOf(2, providerOf(proxy.url)));
      proxy.target = otherUrl;

      await failureOf(WrongChain, bob.royalties.pay({ model, currency: "ETH", amount: "1" }));
      await failureOf(WrongChain, bob.registry.get({ model }));
    });

    it("is refused by the node when the provider does not look", async () => {
      const trusting = new JsonRpcProvider(proxy.url, Number((await provider.getNetwork()).chainId), {
        ...{ staticNetwork: true, cacheTimeout: -1 },
      });
      opened.push(trusting);
      const bob = await as(walletOf(2, trusting));
      proxy.target = otherUrl;

      await failureOf(WrongChain, bob.royalties.pay({ model, currency: "ETH", amount: 1n, approve: false }));
      expect(await providerOf(otherUrl).getBlockNumber()).to.equal(0);
    });

    it("is noticed when the wallet's user goes over to it", async () => {
      let walletNode = providerOf(chain.url);
      const browser = new BrowserProvider({
        // As wallets do, it answers for whichever chain it is on, and knows no other.
        request: ({ method, params }) => walletNode.send(method, (params as unknown[]) ?? []),
      });
      const user = await as(await browser.getSigner(2));
      walletNode = providerOf(otherUrl);

      await failureOf(WrongChain, user.royalties.pay({ model, currency: "ETH", amount: "1" }));
      browser.destroy();
    });
  });

  describe("money", () => {
    it("that the sender does not have", async () => {
      const poor = Wallet.createRandom(provider);
      const { royalties } = await as(poor);
      await provider.send("hardhat_setBalance", [poor.address, toBeHex(parseEther("1"))]);

      await failureOf(InsufficientFunds, royalties.pay({ model, currency: "ETH", amount: "1" }));
      await expectRefusal(royalties.pay({ model, currency: chain.usdc, amount: "1" }), "ERC20InsufficientBalance", {
        ...{ sender: poor.address, balance: 0n, needed: 1_000_000n },
      });
    });

    it("with more decimals than its currency", async () => {
      const { royalties } = alice;
      const pay = (currency: string, amount: string) =>
        failureOf(TooManyDecimals, royalties.pay({ model, currency, amount }));

      expect(await pay(chain.usdc, "0.0000001")).to.include({ value: "0.0000001", decimals: 6 });
      expect(await pay("ETH", `0.${"0".repeat(18)}1`)).to.have.property("decimals", 18);
    });

    for (const amount of ["1e3", "-1", "1,5", " 1", "0x10", ".5", "5.", "", "NaN", 1.5, -1n, null]) {
      it(`that is no amount: ${typeof amount} "${amount}"`, async () => {
        await failureOf(InvalidAmount, alice.royalties.pay({ model, currency: "ETH", amount: amount as string }));
      });
    }

    /** Lists a currency as governance does. */
    async function list(currency: string): Promise<void> {
      const governance = await alice.contracts.RoyaltyLedger.governance();
      await provider.send("hardhat_impersonateAccount", [governance]);
      await provider.send("hardhat_setBalance", [governance, toBeHex(parseEther("1"))]);
      const { contracts } = await as(new JsonRpcSigner(provider, governance));
      await (await contracts.RoyaltyLedger.addCurrency(currency)).wait();
    }

    for (const [decimals, amount, units] of [
      [0, "3", 3n],
      [2, "3.25", 325n],
      [30, `0.${"0".repeat(29)}7`, 7n],
      [30, "2", 2n * 10n ** 30n],
    ] as const) {
      it(`of a token with ${decimals} decimals: ${amount}`, async () => {
        const wallet = walletOf(3);
        const token = await new TestToken__factory(wallet).deploy("Odd Token", "ODD", decimals);
        await token.waitForDeployment();
        const currency = await token.getAddress();
        await list(currency);
        await (await token.mint(wallet.address, units)).wait();

        const { royalties } = await as(wallet);
        expect(await royalties.pay({ model, currency, amount })).to.have.property("amount", units);

        expect((await royalties.booksOf({ model, currency })).received).to.equal(units);
        expect(await royalties.currencies()).to.deep.include({ currency, address: currency, symbol: "ODD", decimals });
        expect(formatAmount(units, decimals)).to.equal(amount);
        const finer = `0.${"0".repeat(decimals)}1`;
        await failureOf(TooManyDecimals, royalties.pay({ model, currency, amount: finer }));
      });
    }

    it("of a token that does not tell its decimals", async () => {
      const wallet = walletOf(4);
      const token = await new NoReturnToken__factory(wallet).deploy();
      await token.waitForDeployment();
      const currency = await token.getAddress();
      await list(currency);
      await (await token.mint(wallet.address, 500n)).wait();
      const { royalties } = await as(wallet);

      const failure = await failureOf(InvalidArgument, royalties.pay({ model, currency, amount: "5" }));
      expect(failure).to.include({ argument: "currency", value: currency });
      expect(failure.message).to.include("bigint");

      await royalties.pay({ model, currency, amount: 500n, approve: false });
      expect((await royalties.booksOf({ model, currency })).received).to.equal(500n);
      expect(await royalties.currencies()).to.deep.include({
        ...{ currency, address: currency, symbol: currency, decimals: 0 },
      });
    });

    it("of what is no token at all", async () => {
      const currency = UNKNOWN;

      await failureOf(InvalidArgument, alice.royalties.pay({ model, currency, amount: "1" }));
      await expectRefusal(alice.royalties.pay({ model, currency, amount: 1n, approve: false }), "CurrencyNotListed", {
        currency,
      });
    });
  });

  it("names a model that nobody registered", async () => {
    const { registry, royalties } = alice;

    await expectRefusal(registry.get({ model: UNKNOWN }), "ModelNotRegistered", { model: UNKNOWN });
    for (const call of [
      () => royalties.pay({ model: UNKNOWN, currency: "ETH", amount: "1" }),
      () => royalties.pay.simulate({ model: UNKNOWN, currency: "ETH", amount: "1" }),
      () => royalties.pay.estimate({ model: UNKNOWN, currency: "ETH", amount: "1" }),
      () => royalties.booksOf({ model: UNKNOWN, currency: "ETH" }),
      () => royalties.claim({ models: [UNKNOWN], currency: "ETH" }),
    ]) {
      await expectRefusal(call(), "ModelNotOpened", { model: UNKNOWN });
    }
  });

  describe("a transaction with", () => {
    const payment = () => ({ model, currency: "ETH", amount: 1n }) as const;

    it("a nonce that was used", async () => {
      const wallet = walletOf(5);
      const { royalties } = await as(wallet);
      await royalties.pay(payment());

      const failure = await failureOf(TransactionConflict, royalties.pay({ ...payment(), overrides: { nonce: 0 } }));
      expect(failure.message).to.match(/nonce/i);
    });

    it("a nonce that is too high for the node", async () => {
      const wallet = walletOf(5);
      const nonce = (await wallet.getNonce()) + 5;

      await failureOf(TransactionConflict, (await as(wallet)).royalties.pay({ ...payment(), overrides: { nonce } }));
    });

    it("a fee below the block's", async () => {
      const { royalties } = await as(walletOf(5));
      const overrides = { maxFeePerGas: 1n, maxPriorityFeePerGas: 0n };

      await failureOf(GasPriceTooLow, royalties.pay({ ...payment(), overrides }));
      await failureOf(GasPriceTooLow, royalties.pay({ ...payment(), overrides: { gasPrice: 1n } }));
    });
  });

  describe("a node that", () => {
    /** What the body of a request asks for. */
    const methodsOf = (body: string): string[] => [JSON.parse(body)].flat().map(({ method }) => method);

    /** A connection whose retries are over soon. */
    function impatient({ timeout = 30_000, maxAttempts = 3 } = {}): FetchRequest {
      const request = new FetchRequest(proxy.url);
      request.timeout = timeout;
      request.setThrottleParams({ slotInterval: 10, maxAttempts });

      return request;
    }

    it("hangs up in the middle of an answer", async () => {
      const reader = await as(providerOf(proxy.url));
      proxy.answer = async (response, _, forward) => {
        const answer = await forward();
        response.writeHead(200, { "content-length": answer.length });
        response.write(answer.slice(0, answer.length / 2), () => response.destroy());
      };

      await failureOf(NetworkFailure, reader.registry.get({ model }));
    });

    it("ends in the middle of an answer, as if that were all", async () => {
      const reader = await as(providerOf(proxy.url));
      proxy.answer = async (response, _, forward) => {
        const answer = await forward();
        response.end(answer.slice(0, answer.length / 2));
      };

      await failureOf(NetworkFailure, reader.registry.get({ model }));
    });

    it("answers with a page", async () => {
      const reader = await as(providerOf(proxy.url));
      proxy.answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hotel Wi-Fi</h1>");

      await failureOf(NetworkFailure, reader.registry.get({ model }));
    });

    it("took a transaction and hung up", async () => {
      const { royalties } = await as(walletOf(6, providerOf(proxy.url)));
      const { received } = await alice.royalties.booksOf({ model, currency: "ETH" });
      proxy.answer = async (response, body, forward) => {
        const answer = await forward();
        if (methodsOf(body).includes("eth_sendRawTransaction")) response.destroy();
        else response.end(answer);
      };

      const failure = await failureOf(SendUnanswered, royalties.pay({ model, currency: "ETH", amount: 5n }));
      // Sending it again would pay twice.
      expect(failure).not.to.be.instanceOf(NetworkFailure);
      expect(failure.message).to.include("look at what the sender has sent");
      expect((await alice.royalties.booksOf({ model, currency: "ETH" })).received).to.equal(received + 5n);
    });

    it("answers late, but answers", async () => {
      const { royalties } = await as(walletOf(6, providerOf(proxy.url)));
      proxy.answer = async (response, _, forward) => {
        const answer = await forward();
        await setTimeout(200);
        response.end(answer);
      };

      expect(await royalties.pay({ model, currency: "ETH", amount: 3n })).to.have.property("amount", 3n);
    });

    it("answers too late", async () => {
      const reader = await as(providerOf(impatient({ timeout: 200 })));
      proxy.answer = async (response, body, forward) => {
        await setTimeout(1_000);
        await honest(response, body, forward);
      };

      await failureOf(NetworkFailure, reader.registry.get({ model }));
    });

    it("was asked too much, and says so by HTTP", async () => {
      const reader = await as(providerOf(impatient()));
      const asked = new Map<string, number>();
      proxy.answer = (response, body) => {
        asked.set(body, (asked.get(body) ?? 0) + 1);
        response.writeHead(429).end();
      };

      await failureOf(RateLimited, reader.registry.get({ model }));
      for (const times of asked.values()) expect(times).to.equal(3);
    });

    it("was asked too much, and says so by JSON-RPC", async () => {
      const reader = await as(providerOf(proxy.url));
      proxy.answer = (response, body) => {
        const error = { code: -32_005, message: "daily request count exceeded, request rate limited" };
        const answers = [JSON.parse(body)].flat().map(({ id }) => ({ jsonrpc: "2.0", id, error }));
        response.end(JSON.stringify(body.startsWith("[") ? answers : answers[0]));
      };

      await failureOf(RateLimited, reader.registry.get({ model }));
    });

    it("was asked too much for a moment", async () => {
      const reader = await as(providerOf(impatient()));
      let refusals = 2;
      proxy.answer = (response, body, forward) =>
        refusals-- > 0 ? response.writeHead(429).end() : honest(response, body, forward);

      expect(await reader.registry.get({ model })).to.have.property("model", model);
    });
  });
});
