import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { Contract, HDNodeWallet, id, JsonRpcProvider, Mnemonic, TypedDataEncoder, Wallet } from "ethers";
import { build } from "tsup";
import type { Hex } from "viem";
import { sign } from "viem/accounts";
import type { VoucherFields } from "../../../gateway/src/channels/wire.js";
import { startLocalChain } from "../../../scripts/local.js";
import { type Channel, type Commonweal, connect, type Deployment } from "../../../sdk/src/index.js";
import { DAY } from "../../helpers/protocol.js";
import { hostPartOf, idOf, VOUCHER_TYPES } from "../../licensing/channels.support.js";
import { deploymentOf, registerFor } from "../../sdk/helpers.js";
import type { GatewayChildOptions } from "../support/channel.gateway.child.js";

const BUILT = "cache/gateway-child";
const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const KILLS = 50;
const PAYERS = 16;
const PRICE = 100n;
const HOST_BPS = 2_000;
const DEPOSIT = 10n ** 9n;
const SEED = 20_260_101;
/** Vouchers of each payer that are signed beforehand, so that the gateway is kept busy and not the payers. */
const SIGNED = 500;

/** mulberry32: the same moments each time. */
function randomOf(seed: number): () => number {
  let state = seed;

  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a client knows of its channel: only what it was answered or shown its own signature of. */
interface Payer {
  wallet: Wallet;
  channel: Channel;
  channelId: string;
  calls: number;
  answered: Set<number>;
  /** Signed, from the first call on; some for calls to come. */
  vouchers: VoucherFields[];
}

describe("Gateway channels: a gateway that is killed", function () {
  this.timeout(300_000);
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let deployment: Deployment;
  let directory: string;
  let host: HDNodeWallet;
  let reader: Commonweal;
  let model: string;
  let payers: Payer[];
  const children = new Set<ChildProcess>();

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "commonweal-killed-"));
    // In one file without types it starts in a fraction of the time.
    await build({
      ...{ entry: ["test/gateway/support/channel.gateway.child.ts"], outDir: BUILT, format: "cjs", silent: true },
      ...{ removeNodeProtocol: false, config: false, clean: false },
      // What opens files of its own stays outside. Both say so: the first goes before the second.
      ...{ noExternal: [/^(?!(pg|tiny-secp256k1)$)/], external: ["pg", "tiny-secp256k1"] },
    });
    chain = await startLocalChain(0);
    deployment = deploymentOf(chain.plan);
    const provider = new JsonRpcProvider(chain.url, 31_337, { cacheTimeout: -1, staticNetwork: true, polling: true });
    provider.pollingInterval = 20;
    const walletAt = (index: number) =>
      HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(provider);
    host = walletAt(2);
    const rich = await connect(walletAt(1), { deployment });
    reader = await connect(provider, { deployment });
    model = await registerFor(walletAt(1).address, rich, { maxHostBps: 5_000 });
    const usdc = new Contract(chain.usdc, ["function mint(address, uint256)"], walletAt(1));
    await (await usdc.mint(walletAt(1).address, BigInt(PAYERS) * DEPOSIT)).wait();
    payers = [];
    for (let i = 0; i < PAYERS; i++) {
      const wallet = new Wallet(id(`payer ${i}`));
      const { channel, channelId } = await rich.usage.open({
        ...{ model, host: host.address, hostBps: HOST_BPS, currency: chain.usdc, amount: DEPOSIT, notice: DAY },
        ...{ signer: wallet.address, salt: id(`channel ${i}`) },
      });
      payers.push({ wallet, channel, channelId, calls: 0, answered: new Set(), vouchers: [] });
    }
    for (const payer of payers) while (payer.vouchers.length < SIGNED) await signNext(payer);
  });

  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await chain.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Signs the voucher for a payer's next call but those that it has signed already. */
  async function signNext({ wallet, channelId, vouchers }: Payer): Promise<void> {
    const calls = vouchers.length + 1;
    const amount = BigInt(calls) * PRICE;
    const place = { name: "Commonweal UsageChannels", version: "1", chainId: 31_337n };
    const domain = { ...place, verifyingContract: deployment.UsageChannels.address };
    const hash = TypedDataEncoder.hash(domain, VOUCHER_TYPES, { channel: channelId, amount, calls });
    // In a third of the time that ethers takes.
    const signature = await sign({ hash: hash as Hex, privateKey: wallet.privateKey as Hex, to: "hex" });
    vouchers.push({ channelId, maxClaimableAmount: String(amount), calls, signature });
  }

  /** Starts a child and waits until it says something. */
  async function start(script: string, execArgv: string[] = []): Promise<[ChildProcess, unknown]> {
    // What is not in that one file is found where the gateway finds it.
    const modules = path.resolve("gateway/node_modules");
    const env = { ...process.env, COMMONWEAL_GATEWAY_CHILD: "1", NODE_NO_WARNINGS: "1", NODE_PATH: modules };
    const child = fork(script, [], { execArgv, env });
    children.add(child);
    child.once("exit", () => children.delete(child));
    const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`${script} ended with ${code}`)));
    const [message] = await Promise.race([once(child, "message"), ended]);
    // Later it is meant to end.
    void ended.catch(() => {});

    return [child, message];
  }

  it("loses nothing that was answered, and serves at most one call of a channel unpaid", async () => {
    const upstreamScript = path.join(import.meta.dirname, "../support/channel.upstream.child.ts");
    const [, upstreamPort] = await start(upstreamScript, ["--import", "tsx"]);
    const options: GatewayChildOptions = {
      ...{ rpc: chain.url, deployment, key: host.privateKey, model, hostBps: HOST_BPS, currency: chain.usdc },
      ...{ store: path.join(directory, "vouchers.sqlite"), price: String(PRICE) },
      ...{ upstreamPort: Number(upstreamPort), port: await freePort() },
    };
    const gatewayScript = path.join(BUILT, "channel.gateway.child.cjs");
    const random = randomOf(SEED);
    const agent = new Agent({ keepAlive: true, maxSockets: PAYERS });
    const accepted = await (async () => {
      const gateway = await serve(await start(gatewayScript));
      const { headers } = await send(agent, options.port, {});
      await end(gateway);
      return JSON.parse(Buffer.from(String(headers["payment-required"]), "base64").toString()).accepts[0];
    })();

    async function serve([gateway]: [ChildProcess, unknown]) {
      gateway.send(options);
      await once(gateway, "message");

      return gateway;
    }

    async function end(gateway: ChildProcess): Promise<void> {
      const ended = once(gateway, "exit");
      gateway.kill("SIGKILL");
      await ended;
    }

    let isOver = false;
    let isUp = false;

    /** Calls again and again, as an honest payer: a voucher whose fate it does not know it sends again. */
    async function pay(payer: Payer): Promise<void> {
      const { channel, channelId, vouchers, answered } = payer;
      expect(idOf(31_337n, deployment.UsageChannels.address, channel)).to.equal(channelId);
      while (!isOver) {
        const calls = payer.calls + 1;
        if (vouchers.length < calls) await signNext(payer);
        const voucher = vouchers[calls - 1];
        const payment = { x402Version: 2, accepted, payload: { type: "voucher", channelConfig: channel, voucher } };
        const header = Buffer.from(JSON.stringify(payment)).toString("base64");
        if (!isUp) await setTimeout(5);
        const headers = { "PAYMENT-SIGNATURE": header, "X-Call": `${channelId} ${calls}` };
        const answer = await send(agent, options.port, headers).catch(() => undefined);
        if (answer === undefined) continue;
        if (answer.status === 200) {
          answered.add(calls);
          payer.calls = calls;
          continue;
        }
        expect(answer.status).to.equal(402);
        const required = JSON.parse(Buffer.from(String(answer.headers["payment-required"]), "base64").toString());
        const { refusal, voucherState } = required.accepts[0].extra;
        expect(refusal.code).to.equal("usage_channel_calls_mismatch", refusal.message);
        // It was stored, and the answer was lost.
        expect(voucherState).to.deep.include({ calls, signature: voucher.signature });
        payer.calls = calls;
      }
    }

    const answeredInAll = () => payers.reduce((sum, { answered }) => sum + answered.size, 0);
    let [answered, time] = [0, 0];
    const ready = [await start(gatewayScript)];
    const calling = Promise.all(payers.map(pay));
    void calling.catch(() => {});
    for (let kills = 0; kills < KILLS; kills++) {
      const gateway = await serve(ready[kills]);
      isUp = true;
      // The next one is loaded now, and takes no time from the one that is measured.
      ready.push(await start(gatewayScript));
      const [before, since] = [answeredInAll(), performance.now()];
      await setTimeout(50 + random() * 450);
      answered += answeredInAll() - before;
      time += performance.now() - since;
      isUp = false;
      await end(gateway);
    }
    const gateway = await serve(ready[KILLS]);
    isUp = true;
    await setTimeout(500);
    isOver = true;
    await calling;
    const stopped = once(gateway, "exit");
    gateway.send("stop");
    await stopped;

    const { body } = await send(agent, Number(upstreamPort), {}, "/served");
    agent.destroy();
    const served = new Map<string, number>(JSON.parse(body));
    let unpaid = 0;
    for (const { channel, channelId, calls, answered } of payers) {
      const { redeemed } = await reader.usage.stateOf({ channel });
      // Everything that was answered, and everything that was stored, is paid; nothing else is.
      expect(redeemed).to.equal(BigInt(calls) * PRICE);
      expect(Math.max(...answered)).to.be.at.most(calls);
      let times = 0;
      for (let call = 1; call <= calls; call++) {
        const count = served.get(`${channelId} ${call}`) ?? 0;
        expect(count).to.be.at.least(1);
        times += count;
      }
      expect(served.get(`${channelId} ${calls + 1}`)).to.equal(undefined);
      expect(times - calls).to.be.at.most(KILLS);
      unpaid += times - calls;
    }
    const total = payers.reduce((sum, { calls }) => sum + calls, 0);
    const owed = payers.reduce((sum, { calls }) => sum + hostPartOf(BigInt(calls) * PRICE, HOST_BPS), 0n);
    expect(await reader.usage.owedToHost({ host: host.address, currency: chain.usdc })).to.equal(owed);

    const rate = Math.round((answered / time) * 1_000);
    console.log(`      ${KILLS} kills, ${total} calls paid, ${unpaid} served unpaid, ${rate} calls a second`);
  });
});

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

function send(agent: Agent, port: number, headers: Record<string, string>, url = "/"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ agent, port, host: "127.0.0.1", path: url, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(parts).toString() });
      });
    });
    call.on("error", reject);
    call.end();
  });
}

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();

  return typeof address === "object" && address !== null ? address.port : 0;
}
