/** A process of its own: signs vouchers beforehand, then calls a server with and without them. */
import { Agent, request } from "node:http";
import { decodePaymentRequiredHeader, encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { JsonRpcProvider, TypedDataEncoder, Wallet } from "ethers";
import { sign } from "viem/accounts";
import { createChannels, storeAt } from "../../gateway/src/channels/index.js";
import { type Channel, type ChannelPlace, channelIdOf, connect, voucherTypedData } from "../../sdk/src/index.js";
import { quantile } from "./figures.js";
import type { ServerOptions } from "./server.js";

export interface LoadOptions {
  server: ServerOptions;
  place: ChannelPlace;
  /** Who signs for all channels. */
  signerKey: string;
  /** The first is for the calls by one channel. */
  channels: Channel[];
  rounds: number;
  /** Pairs of calls in a round, for one channel and for many. */
  pairs: number;
  /** Calls by one channel in a round, one after the other. */
  calls: number;
  /** Calls at a time by many channels, of which each calls once in a round. */
  connections: number;
}

/** What to do next. */
export type Task = { measure: number } | "alone";

/** Of one round; times in milliseconds. */
export interface Round {
  /** One call at a time, in turn without and with a voucher. */
  free: { p50: number; p99: number };
  paid: { p50: number; p99: number };
  /** Of the differences between neighbours. */
  overhead: { p50: number; p99: number };
  /** As many calls as go through. */
  freeRate: number;
  paidRate: number;
  /** Processor time of the server for a call. */
  freeWork: number;
  paidWork: number;
}

export interface Measured {
  one: Round[];
  many: Round[];
}

process.once("message", async (options: LoadOptions) => {
  const { server, channels, rounds, pairs, calls } = options;
  const [one, ...many] = channels.map((channel) => pen(channel, options));
  for (const write of [one, ...many]) await write.prepare(write === one ? rounds * (pairs + calls) : 0);
  for (let i = 0; i < rounds * pairs; i++) await many[i % many.length].prepare(1);
  for (const write of many) await write.prepare(rounds);

  process.on("message", async (task: Task) => {
    for (const write of [one, ...many]) write.rewind();
    process.send?.(task === "alone" ? await alone(server, one, rounds * calls) : await measure(task.measure));
  });
  process.send?.("ready");

  async function measure(port: number): Promise<Measured> {
    const client = clientOf(port);
    const { headers } = await client.get("/paid");
    const [accepted] = decodePaymentRequiredHeader(String(headers["payment-required"])).accepts;
    const measured: Measured = { one: [], many: [] };
    for (let round = 0; round < rounds; round++) {
      measured.one.push(await measureRound(client, [one], accepted, { ...options, connections: 1, round }));
      measured.many.push(await measureRound(client, many, accepted, { ...options, calls: many.length, round }));
    }
    client.close();

    return measured;
  }
});

type Pen = ReturnType<typeof pen>;

/** Signs the vouchers of a channel in advance, and hands them out one by one. */
function pen(channel: Channel, { place, signerKey, server: { price } }: LoadOptions) {
  const channelId = channelIdOf(channel, place);
  const vouchers: object[] = [];
  let next = 0;

  return {
    async prepare(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        const calls = vouchers.length + 1;
        const amount = BigInt(calls) * price;
        const { domain, types, message } = voucherTypedData({ channelId, amount, calls }, place);
        const hash = TypedDataEncoder.hash(domain, types, message) as `0x${string}`;
        const signature = await sign({ hash, privateKey: signerKey as `0x${string}`, to: "hex" });
        vouchers.push({ channelId, maxClaimableAmount: String(amount), calls, signature });
      }
    },
    /** A new store knows none of them. */
    rewind(): void {
      next = 0;
    },
    payment: (accepted: PaymentRequirements): PaymentPayload => ({
      ...{ x402Version: 2, accepted },
      payload: { type: "voucher", channelConfig: channel, voucher: vouchers[next++] },
    }),
  };
}

async function measureRound(
  { get, work }: Client,
  pens: Pen[],
  accepted: PaymentRequirements,
  { pairs, calls, connections, round }: Pick<LoadOptions, "pairs" | "calls" | "connections"> & { round: number },
): Promise<Round> {
  const headerOf = (index: number) => encodePaymentSignatureHeader(pens[index % pens.length].payment(accepted));
  const timed = async (path: string, header?: string) => {
    const begun = performance.now();
    await get(path, header);

    return performance.now() - begun;
  };
  /** Returns calls a second, and the server's milliseconds for each. */
  const block = async (path: string, headers: (string | undefined)[]) => {
    let next = 0;
    const [before, begun] = [await work(), performance.now()];
    const worker = async () => {
      while (next < headers.length) await get(path, headers[next++]);
    };
    await Promise.all(Array.from({ length: connections }, worker));
    const seconds = (performance.now() - begun) / 1_000;

    return { rate: headers.length / seconds, work: ((await work()) - before) / headers.length };
  };

  const pairHeaders = Array.from({ length: pairs }, (_, i) => headerOf(round * pairs + i));
  const [free, paid, overhead]: number[][] = [[], [], []];
  for (const [index, header] of pairHeaders.entries()) {
    free.push(await timed("/free"));
    paid.push(await timed("/paid", header));
    overhead.push(paid[index] - free[index]);
  }
  const headers = Array.from({ length: calls }, (_, i) => headerOf(i));
  const blocks = {
    free: await block("/free", Array(calls).fill(undefined)),
    paid: await block("/paid", headers),
  };
  const quantiles = (times: number[]) => ({ p50: quantile(times, 0.5), p99: quantile(times, 0.99) });

  return {
    ...{ free: quantiles(free), paid: quantiles(paid), overhead: quantiles(overhead) },
    ...{ freeRate: blocks.free.rate, paidRate: blocks.paid.rate },
    ...{ freeWork: blocks.free.work, paidWork: blocks.paid.work },
  };
}

/** Verifies and settles vouchers without HTTP, and returns the milliseconds for each. */
async function alone({ rpc, deployment, key, price, store: _, ...terms }: ServerOptions, one: Pen, count: number) {
  const host = new Wallet(key, new JsonRpcProvider(rpc, undefined, { cacheTimeout: -1, polling: true }));
  const commonweal = await connect(host, { deployment });
  const { facilitator, network } = await createChannels({
    ...{ commonweal, ...terms, host: host.address, store: storeAt("memory:") },
  });
  const accepted = { scheme: "usage-channel", network, amount: String(price) } as PaymentRequirements;
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const payment = one.payment(accepted);
    const begun = performance.now();
    const verified = await facilitator.verify(payment, accepted);
    const settled = await facilitator.settle(payment, accepted);
    times.push(performance.now() - begun);
    if (!verified.isValid || !settled.success) throw new Error(`A voucher was refused: ${verified.invalidReason}`);
  }

  return times;
}

type Client = ReturnType<typeof clientOf>;

function clientOf(port: number) {
  const agent = new Agent({ keepAlive: true });
  const send = (path: string, payment?: string) =>
    new Promise<{ status?: number; headers: NodeJS.Dict<string | string[]>; body: string }>((resolve, reject) => {
      const headers = payment === undefined ? {} : { "PAYMENT-SIGNATURE": payment };
      const call = request({ agent, port, host: "127.0.0.1", path, headers }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (part) => (body += part));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      call.on("error", reject);
      call.end();
    });

  return {
    /** Calls, and fails if a call is not served, unless it was to learn the price. */
    async get(path: string, payment?: string) {
      const answer = await send(path, payment);
      const expected = path === "/paid" && payment === undefined ? 402 : 200;
      if (answer.status === expected) return answer;
      throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
    },
    /** The server's processor time so far, in milliseconds. */
    async work(): Promise<number> {
      const { user, system } = JSON.parse((await send("/usage")).body) as NodeJS.CpuUsage;

      return (user + system) / 1_000;
    },
    close: () => agent.destroy(),
  };
}
