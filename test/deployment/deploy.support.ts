import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { JsonRpcProvider, parseEther, Wallet } from "ethers";
import hre, { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { L1_BLOCK, l1BlockStorage } from "../../bench/l1Block.js";
import { CREATEX } from "../../scripts/create3.js";
import { readArguments } from "../../scripts/deploy/arguments.js";
import { deploy } from "../../scripts/deploy/deploy.js";
import { createXCodes } from "../../scripts/deploy/factory.js";
import { journalsOf } from "../../scripts/deploy/journal.js";
import { rpcUrlVariable, TEST_NETWORKS, type TestNetworkName } from "../../scripts/networks.js";
import { type Parameters, readParameters } from "../../scripts/parameters.js";
import { testParameters } from "../helpers/protocol.js";

/** The first account of every local node, whose key everybody knows. */
export const DEPLOYER = new Wallet("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

/** What a node of the OP stack charges for data: 1 gwei on Ethereum, 1 wei for blobs, OP Mainnet's factors. */
const DATA_PRICES = { l1BaseFee: 10n ** 9n, blobBaseFee: 1n, baseFeeScalar: 5_227n, blobBaseFeeScalar: 1_014_213n };

/** What whoever has been cut off hears. */
export const CUT = "The node has been cut off.";

const ROOT = hre.config.paths.root;

/** A JSON-RPC request, as a node gets it. */
export interface RpcRequest {
  method: string;
  params: unknown[];
}

/** Called with each request, with what passes it on; what it returns is the answer. */
export type Meddler = (request: RpcRequest, pass: () => Promise<string>) => Promise<string>;

/** What a run of the deploy script came to. */
export interface Run {
  code: number | null;
  output: string;
}

/** A node that says it is a public test network, behind a proxy that tests can meddle with. */
export class TestNode {
  readonly sent: string[] = [];
  meddler: Meddler = (_, pass) => pass();
  #isCut = false;
  #child: ChildProcess | undefined;

  private constructor(
    readonly name: TestNetworkName,
    readonly provider: JsonRpcProvider,
    readonly url: string,
    readonly folder: string,
    private readonly closers: (() => Promise<unknown>)[],
  ) {}

  /** Starts one, with CreateX unless it should have none, and ETH for the deployer. */
  static async start(name: TestNetworkName, { createX = true } = {}): Promise<TestNode> {
    const { chainId, chainType } = TEST_NETWORKS[name];
    const server = await network.createServer(
      { network: "node", chainType: chainType === "op" ? "op" : "l1", override: { chainId } },
      "127.0.0.1",
      0,
    );
    const { port } = await server.listen();
    const provider = new JsonRpcProvider(`http://127.0.0.1:${port}`, chainId, { staticNetwork: true });
    if (createX) await provider.send("hardhat_setCode", [CREATEX, (await createXCodes()).code]);
    if (chainType === "op") {
      for (const [slot, value] of l1BlockStorage(DATA_PRICES)) {
        await provider.send("hardhat_setStorageAt", [L1_BLOCK, `0x${slot.toString(16)}`, value]);
      }
    }
    await provider.send("hardhat_setBalance", [DEPLOYER.address, `0x${parseEther("1000").toString(16)}`]);

    const folder = await mkdtemp(path.join(os.tmpdir(), "commonweal-deploy-"));
    const proxy = http.createServer();
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const node: TestNode = new TestNode(name, provider, url, folder, [
      async () => node.kill(),
      async () => provider.destroy(),
      async () => {
        proxy.closeAllConnections();
        proxy.close();
      },
      () => server.close(),
      () => rm(folder, { recursive: true, force: true }),
      () => removeJournals(name),
    ]);
    proxy.on(
      "request",
      (request, response) => void node.#answer(port, request, response).catch(() => response.destroy()),
    );
    await removeJournals(name);

    return node;
  }

  async stop(): Promise<void> {
    for (const close of this.closers) await close();
  }

  /** Parameters of the tests, in a file for the script; what is given replaces what they say. */
  async parametersFile(changes: Partial<Parameters> = {}): Promise<string> {
    const file = path.join(this.folder, "parameters.json");
    await writeFile(file, JSON.stringify({ ...testParameters(DEPLOYER.address), ...changes }));

    return file;
  }

  /** Deploys as the script does, but in this process, which saves the seconds in which another starts. */
  async deploy(...args: string[]): Promise<Run> {
    this.#isCut = false;
    const lines: string[] = [];
    let connection: NetworkConnection | undefined;
    try {
      const { patience, ...options } = readArguments(["--network", this.name, "--output", this.folder, ...args]);
      const given = await readParameters(options.parameters);
      connection = await this.connect();
      const { chainId } = TEST_NETWORKS[this.name];
      const target = { network: this.name, chainId, deployer: DEPLOYER.address, connection };
      await deploy(target, given, { ...options, patience: { ...patience, polling: 50 } }, (line) => lines.push(line));

      return { code: 0, output: lines.join("\n") };
    } catch (error) {
      return { code: 1, output: [...lines, (error as Error).message].join("\n") };
    } finally {
      await connection?.close();
    }
  }

  /** Connects to this node as the deployer. */
  connect(): Promise<NetworkConnection> {
    return network.create({ network: this.name, override: { url: this.url, accounts: [DEPLOYER.privateKey] } });
  }

  /** Ends what deploys in this process as a kill would: whatever it still asks for comes to nothing. */
  cut(): void {
    this.#isCut = true;
  }

  /** Runs the deploy script as its own process against this node. */
  async deployAlone(...args: string[]): Promise<Run> {
    return this.run(["--network", this.name, "--output", this.folder, ...args], {
      [rpcUrlVariable(this.name)]: this.url,
      DEPLOYER_KEY: DEPLOYER.privateKey,
    });
  }

  /** Runs the deploy script with only these arguments and variables. */
  async run(args: readonly string[], variables: Record<string, string> = {}): Promise<Run> {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, ["--import", "tsx", path.join(ROOT, "scripts/deploy.ts"), ...args], {
      cwd: ROOT,
      env: { PATH, HOME, XDG_CONFIG_HOME: this.folder, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    const [code] = (await once(child, "close")) as [number | null];

    return { code, output };
  }

  /** Kills the script that runs, at once and for good. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async #answer(port: number, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    const pass = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });

      return answer.text();
    };
    const asked = [JSON.parse(body) as RpcRequest & { id: number }].flat();
    const cut = () => JSON.stringify({ jsonrpc: "2.0", id: asked[0].id, error: { code: -32_000, message: CUT } });
    const reply = (text: string) => response.writeHead(200, { "content-type": "application/json" }).end(text);
    if (this.#isCut) return void reply(cut());
    for (const { method, params } of asked) if (method === "eth_sendRawTransaction") this.sent.push(String(params[0]));
    const text = await this.meddler(asked[0], pass);
    reply(this.#isCut ? cut() : text);
  }
}

/** Removes what Ignition remembers of a network: of the test's deployer, so of nobody's own. */
export async function removeJournals(name: TestNetworkName): Promise<void> {
  const journals = await journalsOf({ network: name, deployer: DEPLOYER.address });
  for (const journal of journals) await rm(journal, { recursive: true, force: true });
}
