import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import {
  ContractFactory,
  HDNodeWallet,
  id,
  JsonRpcProvider,
  Mnemonic,
  parseEther,
  toBeHex,
  type TypedDataField,
  Wallet,
} from "ethers";
import hre from "hardhat";
import { type BallotStatus, ballotStatus } from "../../relayer/src/index.js";
import { type Config, startRelayer } from "../../relayer/src/service.js";
import { startLocalChain } from "../../scripts/local.js";
import { type Ballot, connect, type Deployment, type Vote } from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploymentOf } from "../sdk/helpers.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");

/** Long enough for a batch on a busy machine. */
const PATIENCE = 30_000;

export const EXTENDED_BALLOT = [
  { name: "proposalId", type: "uint256" },
  { name: "support", type: "uint8" },
  { name: "voter", type: "address" },
  { name: "nonce", type: "uint256" },
  { name: "reason", type: "string" },
  { name: "params", type: "bytes" },
];

export type World = Awaited<ReturnType<typeof startWorld>>;

/** A local chain with the protocol, a BallotRelay, and what tests of a relayer do with them. */
export async function startWorld() {
  const chain = await startLocalChain(0);
  const provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = 20;
  const deployment: Deployment = deploymentOf(chain.plan);
  const walletAt = (index: number) => HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(provider);
  const rich = walletAt(1);
  const { contracts, governance } = await connect(rich, { deployment });
  const { WealGovernor: governor, WealToken: weal } = contracts;
  const governorAddress = String(governor.target);
  await governance.delegate();

  /** Deploys one of this repository's contracts. */
  async function deploy(name: string, args: unknown[] = []): Promise<string> {
    const { abi, bytecode } = await hre.artifacts.readArtifact(name);
    const contract = await new ContractFactory([...abi], bytecode, rich).deploy(...args);

    return (await contract.waitForDeployment()).getAddress();
  }

  const relay = await deploy("BallotRelay");
  let proposals = 0;

  /** Returns a new person with so much WEAL, delegated to itself. */
  async function voter(amount = "1000") {
    const wallet = new Wallet(id(`voter ${Math.random()}`), provider);
    await provider.send("hardhat_setBalance", [wallet.address, toBeHex(parseEther("1"))]);
    await (await weal.transfer(wallet.address, parseEther(amount))).wait();
    const sdk = await connect(wallet, { deployment });
    await sdk.governance.delegate();

    return { wallet, address: wallet.address, ...sdk };
  }

  /** Returns so many new people with so much WEAL each, as fast as a chain can have them. */
  async function crowd(count: number, amount = "10") {
    const wallets = Array.from({ length: count }, (_, i) => new Wallet(id(`crowd ${i} ${Math.random()}`), provider));
    const gas = { gasLimit: 200_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };
    const nonce = await rich.getNonce();
    await provider.send("evm_setAutomine", [false]);
    const requests = wallets.map(async (wallet, i) => {
      await provider.send("hardhat_setBalance", [wallet.address, toBeHex(parseEther("1"))]);
      const transfer = await weal.transfer.populateTransaction(wallet.address, parseEther(amount), gas);
      const delegation = await weal.delegate.populateTransaction(wallet.address, gas);
      for (const [sender, request] of [
        [rich, { ...transfer, nonce: nonce + i }],
        [wallet, { ...delegation, nonce: 0 }],
      ] as const) {
        const raw = await sender.signTransaction({ ...request, type: 2, chainId: 31_337 });
        await provider.send("eth_sendRawTransaction", [raw]);
      }
    });
    await Promise.all(requests);
    await provider.send("evm_setAutomine", [true]);
    await provider.send("evm_mine", []);

    return Promise.all(wallets.map((wallet) => connect(wallet, { deployment })));
  }

  /** Proposes a call that does nothing; its vote begins in a day. */
  async function propose(): Promise<string> {
    proposals += 1;
    const { proposalId } = await governance.propose({
      actions: [{ target: Wallet.createRandom().address, data: "0x" }],
      description: `Proposal ${proposals}`,
    });

    return String(proposalId);
  }

  async function pass(seconds: number): Promise<void> {
    await provider.send("evm_increaseTime", [seconds]);
    await provider.send("evm_mine", []);
  }

  async function proposeAndOpen(): Promise<string> {
    const proposalId = await propose();
    await pass(DAY + 1);

    return proposalId;
  }

  /** Moves the time to so many seconds before a vote's end. */
  async function passToEnd(proposalId: string, secondsBefore: number): Promise<void> {
    await provider.send("evm_setNextBlockTimestamp", [
      Number(await governor.proposalDeadline(proposalId)) - secondsBefore,
    ]);
    await provider.send("evm_mine", []);
  }

  /** Signs a vote of a contract with a person's key. */
  async function signAs(contract: string, { wallet }: { wallet: Wallet }, vote: Vote): Promise<Ballot> {
    const ballot = { proposalId: String(vote.proposalId), support: 1, voter: contract, reason: vote.reason ?? "" };
    const domain = {
      ...{ name: "Commonweal Governor", version: "1", chainId: 31_337, verifyingContract: governorAddress },
    };
    const types: Record<string, TypedDataField[]> =
      ballot.reason === "" ? { Ballot: EXTENDED_BALLOT.slice(0, 4) } : { ExtendedBallot: EXTENDED_BALLOT };
    const signature = await wallet.signTypedData(domain, types, { ...ballot, nonce: 0n, params: "0x" });

    return { ...ballot, params: "0x", signature };
  }

  /** Returns votes against, for and abstain, in WEAL. */
  async function tally(proposalId: string): Promise<string[]> {
    return (await governor.proposalVotes(proposalId)).map((votes) => String(votes / 10n ** 18n));
  }

  /** The account that pays; a new one each time, so that relayers do not meet. */
  async function payer(ether = "10"): Promise<Wallet> {
    const wallet = new Wallet(id(`payer ${Math.random()}`), provider);
    await provider.send("hardhat_setBalance", [wallet.address, toBeHex(parseEther(ether))]);

    return wallet;
  }

  async function configOf(options: Partial<Config> = {}): Promise<Config> {
    return {
      ...{ rpc: chain.url, governors: [governorAddress], relay, host: "127.0.0.1", port: 0, trustProxy: false },
      ...{ batchSize: 50, batchSeconds: 0, closingSeconds: 60, resendSeconds: 60, stopSeconds: 20, confirmations: 1 },
      ...{ queueSize: 1_000, requestsPerMinute: 10_000, ballotsPerVoter: 100, maxReasonBytes: 1_000 },
      ...{ minWeight: parseEther("1"), ballotGas: 300_000n, batchGas: 16_700_000n },
      ...{ maxFeePerGas: 50n * 10n ** 9n, dailyBudget: parseEther("5") },
      key: options.key ?? (await payer()).privateKey,
      ...options,
    };
  }

  const services: { stop(): Promise<void> }[] = [];

  /** Starts a relayer in this process; it ends with the world. */
  async function relayer(options: Partial<Config> = {}) {
    const lines: string[] = [];
    const service = await startRelayer(await configOf(options), (line) => lines.push(line));
    let stopping: Promise<void> | undefined;
    const running = { ...service, lines, stop: () => (stopping ??= service.stop()) };
    services.push(running);

    return running;
  }

  async function close(): Promise<void> {
    await Promise.all(services.map(({ stop }) => stop()));
    provider.destroy();
    await chain.close();
  }

  return {
    ...{ chain, provider, deployment, governor, governorAddress, weal, relay, deploy, voter, crowd, propose, pass },
    ...{ proposeAndOpen, passToEnd, signAs, tally, payer, configOf, relayer, close },
  };
}

/** What a relayer answers, as far as tests look at it. */
interface Answer {
  id: string;
  error: string;
  message: string;
  status: string;
  problem?: string;
  waiting: number;
  sent: number;
  budgetLeft: string;
}

export const answerOf = async (response: Response) => (await response.json()) as Answer;

/** Returns a relayer's health, and the HTTP status with which it tells of it. */
export async function healthOf(url: string): Promise<Answer & { http: number }> {
  const response = await fetch(`${url}/health`);

  return { http: response.status, ...(await answerOf(response)) };
}

/** Posts anything to a relayer. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/ballots`, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

  return { status: response.status, headers: response.headers, body: await answerOf(response) };
}

/** Waits for something to be so. */
export async function until<T>(look: () => Promise<T | false | undefined>, what: string): Promise<T> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const found = await look();
    if (found !== false && found !== undefined) return found;
    await setTimeout(50);
  }

  return expect.fail(`Waited in vain for ${what}`);
}

/** Waits until a ballot comes to an end, or to another status. */
export async function settled(url: string, id: string, status?: string): Promise<BallotStatus> {
  return until(
    async () => {
      const found = await ballotStatus(url, id);

      return (status === undefined ? !["waiting", "sent"].includes(found.status) : found.status === status) && found;
    },
    `ballot ${id} to be ${status ?? "done"}`,
  );
}

/** What a relayer asks its node. */
interface Call {
  id: number;
  method: string;
  params: unknown[];
}

/** Stands between a relayer and its node: it can be cut, swallow transactions, refuse a method, or fail as a server. */
export async function startProxy(url: string) {
  const state = {
    ...{ isCut: false, isSwallowing: false, swallowed: [] as string[] },
    isRefused: (_: Call): boolean => false,
    httpStatus: (_: Call): number | undefined => undefined,
  };

  async function answered(call: Call): Promise<object> {
    const { id, method, params } = call;
    if (state.isSwallowing && method === "eth_sendRawTransaction") {
      state.swallowed.push(String(params[0]));

      return { jsonrpc: "2.0", id, result: `0x${"00".repeat(32)}` };
    }
    if (state.isRefused(call)) {
      return { jsonrpc: "2.0", id, error: { code: -32_005, message: "query exceeds the limit" } };
    }
    const headers = { "content-type": "application/json" };

    return (await fetch(url, { method: "POST", headers, body: JSON.stringify(call) })).json() as Promise<object>;
  }

  const server = createServer((request, response) => {
    if (state.isCut) return request.socket.destroy();

    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      // Ethers sends a single request as it is, and several at once as a list.
      const body: Call | Call[] = JSON.parse(Buffer.concat(chunks).toString());
      const failing = [body].flat().map(state.httpStatus).find(Boolean);
      if (failing !== undefined) return response.writeHead(failing).end();

      const answers = Array.isArray(body) ? await Promise.all(body.map(answered)) : await answered(body);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answers));
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));

  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close().closeAllConnections(),
  };
}
