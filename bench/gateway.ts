import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { Contract, HDNodeWallet, id, JsonRpcProvider, Mnemonic, Wallet } from "ethers";
import { type Channel, connect, type Currency } from "../sdk/src/index.js";
import { startLocalChain } from "../scripts/local.js";
import { deploymentOf, registerFor } from "../test/sdk/helpers.js";
import { median, quantile } from "./gateway/figures.js";
import type { LoadOptions, Measured, Round, Task } from "./gateway/load.js";
import type { ServerOptions } from "./gateway/server.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const TOKEN_ABI = ["function mint(address, uint256)", "function approve(address, uint256)"];
const MANY = 1_000;
const CONNECTIONS = 16;
/** Of which the first warms everything up, and is not counted. */
const ROUNDS = 6;
const PAIRS = 300;
const CALLS = 400;
const PRICE = 100n;
const HOST_BPS = 2_000;
const DAY = 86_400;
const DEPOSIT = 10n ** 9n;
/** Transactions in a block. */
const BATCH = 100;
/** What a database writes at once. */
const PAGE_BYTES = 4_096;
const AIM = 2;

/** Times calls that are paid by voucher beside the same calls without a paywall, and writes the page, in Markdown. */
export async function gatewayPage(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "commonweal-bench-"));
  const [load1] = loadavg();
  const world = await openWorld();
  const load = start("load");
  try {
    await ask(load, world.load);
    const stores = { memory: "memory:", SQLite: path.join(directory, "vouchers.sqlite") };
    const measured: [store: string, Measured][] = [];
    for (const [name, store] of Object.entries(stores)) {
      const server = start("server");
      const port = (await ask(server, { ...world.load.server, store })) as number;
      measured.push([name, (await ask(load, { measure: port } satisfies Task)) as Measured]);
      // Nothing is redeemed, so that the next store is given the same vouchers.
      server.kill("SIGKILL");
    }
    const alone = (await ask(load, "alone" satisfies Task)) as number[];

    return pageOf(measured, alone, await timeDisk(path.join(directory, "probe")), load1);
  } finally {
    load.kill();
    await world.close();
    await rm(directory, { recursive: true });
  }
}

function start(name: string): ChildProcess {
  const execArgv = ["--import", "tsx", "--no-warnings"];

  return fork(path.join(import.meta.dirname, `gateway/${name}.ts`), { execArgv, serialization: "advanced" });
}

/** Sends a process a message, and returns its answer. */
async function ask(child: ChildProcess, message: ServerOptions | LoadOptions | Task): Promise<unknown> {
  const ended = new AbortController();
  child.once("exit", (code) => ended.abort(new Error(`A process of the benchmark ended with ${code}`)));
  child.send(message);
  const [answer] = await once(child, "message", { signal: ended.signal });

  return answer;
}

/** A local chain with a model, a host, and a payer with channels. */
async function openWorld() {
  const chain = await startLocalChain(0);
  const provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
  const deployment = deploymentOf(chain.plan);
  const walletAt = (index: number) => HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(provider);
  const [payer, host, signer] = [walletAt(1), walletAt(2), new Wallet(id("signer of vouchers"))];
  const commonweal = await connect(payer, { deployment });
  const { UsageChannels } = commonweal.contracts;
  const model = await registerFor(payer.address, commonweal, { maxHostBps: HOST_BPS });
  const channels = Array.from({ length: MANY + 1 }, (_, i): Channel => ({
    ...{ payer: payer.address, signer: signer.address, model, host: host.address, hostBps: HOST_BPS },
    ...{ currency: chain.usdc as Currency, notice: DAY, salt: id(`channel ${i}`) },
  }));
  await provider.send("hardhat_setBalance", [payer.address, "0xffffffffffffffffffff"]);
  const token = new Contract(chain.usdc, TOKEN_ABI, payer);
  const contract = await UsageChannels.getAddress();
  await (await token.mint(payer.address, DEPOSIT * BigInt(channels.length))).wait();
  await (await token.approve(contract, 2n ** 256n - 1n)).wait();
  let nonce = await payer.getNonce();
  // What arrives in another order than it was sent waits for its block.
  await provider.send("evm_setAutomine", [false]);
  for (let i = 0; i < channels.length; i += BATCH) {
    const sent = channels
      .slice(i, i + BATCH)
      .map((channel) => UsageChannels.deposit(channel, DEPOSIT, { nonce: nonce++, gasLimit: 250_000 }));
    await Promise.all(sent);
    await provider.send("evm_mine", []);
  }
  await provider.send("evm_setAutomine", [true]);

  const load: LoadOptions = {
    server: {
      ...{ rpc: chain.url, deployment, key: host.privateKey, model, hostBps: HOST_BPS, currency: chain.usdc },
      ...{ price: PRICE, store: "memory:" },
    },
    ...{ place: { chainId: commonweal.chainId, contract }, signerKey: signer.privateKey, channels },
    ...{ rounds: ROUNDS, pairs: PAIRS, calls: CALLS, connections: CONNECTIONS },
  };

  return {
    load,
    async close(): Promise<void> {
      provider.destroy();
      await chain.close();
    },
  };
}

/** Returns how long the disk takes to keep a page, in milliseconds, again and again. */
async function timeDisk(file: string): Promise<number[]> {
  const handle = await open(file, "w");
  const times: number[] = [];
  for (let i = 0; i < PAIRS; i++) {
    const begun = performance.now();
    await handle.write(Buffer.alloc(PAGE_BYTES, i));
    await handle.datasync();
    times.push(performance.now() - begun);
  }
  await handle.close();

  return times;
}

function pageOf(measured: [store: string, Measured][], alone: number[], disk: number[], load: number): string {
  const cases = measured.flatMap(([store, { one, many }]) => [
    { store, channels: 1, connections: 1, rounds: one.slice(1) },
    { store, channels: MANY, connections: CONNECTIONS, rounds: many.slice(1) },
  ]);
  const latencies = cases.map(({ store, channels, rounds }) => {
    const of = (value: (round: Round) => number) => ms(median(rounds.map(value)));

    return [
      ...[store, count(channels), of(({ free }) => free.p50), of(({ free }) => free.p99), of(({ paid }) => paid.p50)],
      ...[of(({ paid }) => paid.p99), of(({ overhead }) => overhead.p50), of(({ overhead }) => overhead.p99)],
    ];
  });
  const rates = cases.map(({ store, channels, connections, rounds }) => {
    const of = (value: (round: Round) => number) => median(rounds.map(value));

    return [
      ...[store, count(channels), count(connections), count(of(({ freeRate }) => freeRate))],
      ...[
        count(of(({ paidRate }) => paidRate)),
        ms(of(({ freeWork }) => freeWork)),
        ms(of(({ paidWork }) => paidWork)),
      ],
      count(1_000 / of(({ paidWork }) => paidWork)),
    ];
  });
  const met = cases.filter(({ rounds }) => median(rounds.map(({ overhead }) => overhead.p99)) < AIM);
  const settled = alone.slice(alone.length / ROUNDS);

  return [
    "# Calls through the gateway",
    "",
    "Written by `pnpm bench --gateway`, and compared by nobody: times differ from machine to machine and from run to run.",
    "",
    `A run on ${availableParallelism()} cores (${cpus()[0].model.trim()}), Node ${process.version}, with a load of ${load.toFixed(1)} before it began. One process`,
    "is an app of Hono with a small JSON answer on two routes, one of which has the package's `paywall` before it, as",
    "[serving.md](../docs/serving.md) shows it. Another process calls both over HTTP on loopback, by connections that are",
    "kept alive; its vouchers were signed beforehand, so what a client's signature costs is not in these figures. Each",
    `figure is the median of ${ROUNDS - 1} rounds, after one that warms up and in which the gateway reads each channel from the chain.`,
    "",
    "## What a voucher adds to a call",
    "",
    `One call at a time, in turn without and with a voucher, ${PAIRS} pairs a round. The overhead is the difference within a`,
    "pair, so its p99 has the hiccups of both. Milliseconds:",
    "",
    ...table(
      ["store", "channels", "free, p50", "p99", "paid, p50", "p99", "overhead, p50", "overhead, p99"],
      latencies,
    ),
    "",
    `The aim is an overhead below ${AIM} ms at the p99: met in ${met.length} of these ${cases.length} rows. What else the machine does at the time takes its`,
    "turns of the processor and of the disk, and is in the p99 of the free calls too.",
    "",
    "## Calls a second",
    "",
    "As many as go through. A channel has one call at a time; many channels call by several connections. The gateway's",
    "JavaScript runs on one core; the last column is what that core could serve if it did nothing else and waited for no disk:",
    "a second by the processor time that the process takes for a paid call.",
    "",
    ...table(
      ["store", "channels", "connections", "free", "paid", "ms of processor, free", "paid", "paid by one core"],
      rates,
    ),
    "",
    "## Where the time goes",
    "",
    ...table(
      ["alone", "p50", "p99"],
      [
        ["verify and settle a voucher, in memory, without HTTP", ...quantilesOf(settled)],
        [
          `write ${count(PAGE_BYTES)} bytes and wait for the disk, as SQLite does for each commit`,
          ...quantilesOf(disk),
        ],
      ],
    ),
    "",
    "Most of the first is one recovery of a public key. A voucher is on the disk before its call is answered, so SQLite costs what",
    "the disk costs; those of one moment share the wait.",
    "",
    "For comparison, quoted and not measured here: [a Rust implementation](https://github.com/x402-rs/x402-rs/issues/92) of x402's",
    "`batch-settlement` states an overhead of about 0.39 ms at the p99 for a voucher, and of about 2.4 s for `exact` on a public",
    "testnet.",
    "",
  ].join("\n");
}

function table(columns: string[], rows: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;

  return [line(columns), line(columns.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)];
}

function quantilesOf(times: readonly number[]): string[] {
  return [0.5, 0.99].map((part) => `${ms(quantile(times, part))} ms`);
}

function ms(value: number): string {
  return value.toFixed(2);
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}
