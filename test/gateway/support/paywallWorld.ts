import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { createAdaptorServer } from "@hono/node-server";
import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import type { PaymentRequired, SettleResponse } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { expect } from "chai";
import {
  Contract,
  ContractFactory,
  HDNodeWallet,
  id,
  JsonRpcProvider,
  JsonRpcSigner,
  Mnemonic,
  parseEther,
  toBeHex,
  Wallet,
} from "ethers";
import hre from "hardhat";
import { Hono } from "hono";
import { privateKeyToAccount } from "viem/accounts";
import { type Paywall, type PaywallOptions, paywall } from "../../../gateway/src/index.js";
import { serially } from "../../../gateway/src/sender.js";
import { startLocalChain } from "../../../scripts/local.js";
import { type Commonweal, connect, type Registration } from "../../../sdk/src/index.js";
import { deploymentOf, registerFor } from "../../sdk/helpers.js";
import type { Upstream } from "./paywallUpstream.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const PATIENCE = 20_000;
const TOKEN_ABI = ["function mint(address, uint256)", "function balanceOf(address) view returns (uint256)"];

/** What a host may keep of the models of these tests, in basis points. */
export const MAX_HOST_BPS = 3_000;
/** USDC has six decimals. */
export const CENT = 10_000n;

export type World = Awaited<ReturnType<typeof startPaywallWorld>>;

/** What the tests look at of an answer that is not the upstream's. */
export interface Refused {
  error: string;
  message: string;
}

/** A local chain with the protocol, a maker with a model, a host, payers, and gateways that end with it. */
export async function startPaywallWorld() {
  const chain = await startLocalChain(0);
  const provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = 20;
  const deployment = deploymentOf(chain.plan);
  const walletAt = (index: number) => HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(provider);
  const as = (wallet: Parameters<typeof connect>[0]): Promise<Commonweal> => connect(wallet, { deployment });
  const maker = await as(walletAt(1));
  const makerAddress = walletAt(1).address;
  const usdc = new Contract(chain.usdc, TOKEN_ABI, walletAt(2));
  const closing: (() => unknown)[] = [];

  async function account(ether = "10"): Promise<Wallet> {
    const wallet = new Wallet(id(`account ${Math.random()}`), provider);
    await provider.send("hardhat_setBalance", [wallet.address, toBeHex(parseEther(ether))]);

    return wallet;
  }

  /** Somebody with USDC and no ETH, whose stock client pays. */
  async function payer(amount = 100n * CENT) {
    const wallet = new Wallet(id(`payer ${Math.random()}`), provider);
    await serially(walletAt(2).address, async () => (await usdc.mint(wallet.address, amount)).wait());
    const account = privateKeyToAccount(wallet.privateKey as `0x${string}`);
    const client = new x402Client().register("eip155:31337", new ExactEvmScheme(account));
    // Stock clients pay only in tokens that they know; this chain's is not one.
    client.setSpendControls({ allowedAssets: [{ network: "eip155:31337", asset: chain.usdc }] });

    return { wallet, account, address: wallet.address, client, fetch: wrapFetchWithPayment(fetch, client) };
  }

  const balanceOf = async (holder: string): Promise<bigint> => usdc.balanceOf(holder);

  /** Registers a model of the maker's. */
  const register = (options: Partial<Registration> = {}) =>
    registerFor(makerAddress, maker, { maxHostBps: MAX_HOST_BPS, ...options });

  /** Puts up a paywall as a host does; it ends with the world. */
  async function wallOf(options: Partial<PaywallOptions> & { model: string }): Promise<Paywall> {
    const host = options.commonweal ?? (await as(await account()));
    const wall = await paywall({
      commonweal: host,
      price: "0.01",
      currency: chain.usdc,
      factsSeconds: 3_600,
      ...options,
    });
    closing.unshift(() => wall.stop());

    return wall;
  }

  /** Serves an app, on a free port by default. */
  async function serve(app: { fetch: Hono["fetch"] }, port = 0): Promise<string> {
    const server = createAdaptorServer({ fetch: app.fetch }) as ReturnType<typeof createServer>;
    closing.unshift(() => server.close().closeAllConnections());
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));

    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A port that nothing listens on now, for what must know its own address beforehand. */
  async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));

    return port;
  }

  /** A paywall before an upstream, in one app as a user writes it. */
  async function gateway(
    options: Partial<PaywallOptions> & { model: string },
    upstream: Upstream,
    { knowsOrigin = false } = {},
  ) {
    const port = knowsOrigin ? await freePort() : 0;
    const wall = await wallOf({ ...(knowsOrigin ? { origin: `http://127.0.0.1:${port}` } : {}), ...options });
    const app = new Hono();
    app.use("/v1/*", wall);
    app.all("/v1/*", ({ req }) => upstream.pass(req.raw));

    return { wall, url: await serve(app, port) };
  }

  /** Deploys one of this repository's contracts. */
  async function deploy(name: string, args: unknown[] = []): Promise<string> {
    const { abi, bytecode } = await hre.artifacts.readArtifact(name);
    const contract = await new ContractFactory([...abi], bytecode, walletAt(3)).deploy(...args);

    return (await contract.waitForDeployment()).getAddress();
  }

  /** Acts as any account, a contract too. */
  async function impersonate(address: string): Promise<Commonweal> {
    await provider.send("hardhat_impersonateAccount", [address]);
    await provider.send("hardhat_setBalance", [address, toBeHex(parseEther("10"))]);

    return as(new JsonRpcSigner(provider, address));
  }

  async function pass(seconds: number): Promise<void> {
    await provider.send("evm_increaseTime", [seconds]);
    await provider.send("evm_mine", []);
  }

  async function close(): Promise<void> {
    for (const end of closing) await end();
    provider.destroy();
    await chain.close();
  }

  return {
    ...{
      chain,
      provider,
      deployment,
      usdc,
      maker,
      makerAddress,
      as,
      account,
      payer,
      balanceOf,
      register,
      wallOf,
      serve,
    },
    ...{ freePort, gateway, deploy, impersonate, pass, close, closing },
  };
}

/** Returns what a 402 asks for. */
export function requiredBy(response: Response): PaymentRequired {
  const header = response.headers.get("PAYMENT-REQUIRED");
  expect(header, "PAYMENT-REQUIRED").to.be.a("string");

  return decodePaymentRequiredHeader(header as string);
}

/** Returns what an answer says of its payment. */
export function receiptOf(response: Response): SettleResponse {
  const header = response.headers.get("PAYMENT-RESPONSE");
  expect(header, "PAYMENT-RESPONSE").to.be.a("string");

  return decodePaymentResponseHeader(header as string);
}

/** Asserts that a call was refused, and returns why, in words. */
export async function expectRefused(response: Response, status: number, error: string): Promise<string> {
  const body = (await response.json()) as Refused;
  expect({ status: response.status, error: body.error, message: body.message }).to.deep.include({ status, error });
  expect(body.message).to.match(/\S.*\.$/s);
  expect(response.headers.get("PAYMENT-RESPONSE") === null || response.status === 402).to.equal(true);

  return body.message;
}

/** Signs what a 402 asks for, and returns the header that pays it. */
export async function paymentFor(
  client: x402Client,
  response: Response,
  change: (payment: object) => object = (p) => p,
) {
  const payment = await client.createPaymentPayload(requiredBy(response));

  return { "PAYMENT-SIGNATURE": Buffer.from(JSON.stringify(change(payment))).toString("base64") };
}

/** Waits for something to be so. */
export async function until<T>(
  look: () => Promise<T | false | undefined> | T | false | undefined,
  what: string,
): Promise<T> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const found = await look();
    if (found !== false && found !== undefined) return found;
    await setTimeout(20);
  }

  return expect.fail(`Waited in vain for ${what}`);
}

/** Returns the samples of a gateway's metrics by name and labels. */
export async function metricsOf(admin: { request(path: string): Response | Promise<Response> }) {
  const text = await (await admin.request("/metrics")).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}
