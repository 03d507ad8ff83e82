import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { UNITS_HEADER } from "../../../gateway/src/index.js";
import { meter, type StreamEnd } from "../../../gateway/src/streams.js";
import {
  CENT,
  expectRefused,
  metricsOf,
  receiptOf,
  requiredBy,
  startPaywallWorld,
  until,
  type World,
} from "../support/paywallWorld.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

/** What the last event of a stream says. */
interface Payment {
  reason: StreamEnd;
  units: number;
  charged: string;
}

describe("Gateway streams", () => {
  describe("over HTTP", () => {
    let world: World;
    let upstream: Upstream;
    let model: string;
    let gateway: Awaited<ReturnType<World["gateway"]>>;

    before(async () => {
      world = await startPaywallWorld();
      upstream = await startUpstream();
      model = await world.register();
      gateway = await world.gateway(
        { model, price: "0.001", per: { unit: "token", max: 10 }, limits: { upstreamSeconds: 1 } },
        upstream,
      );
    });

    after(async () => {
      upstream.close();
      await world.close();
    });

    async function streamed(query: string, headers: Record<string, string> = {}) {
      const payer = await world.payer();
      const response = await payer.fetch(`${gateway.url}/v1/stream?${query}`, { headers });
      const events = (await response.text()).split("\n\n").filter((event) => event !== "");
      const last = events.pop() as string;
      const spent = 100n * CENT - (await world.balanceOf(payer.address));

      return { response, events, spent, payment: JSON.parse(last.replace(/^event: payment\ndata: /, "")) as Payment };
    }

    it("asks for the units that a call asks for, in a header or the query, and for the most otherwise", async () => {
      const at = `${gateway.url}/v1/stream`;
      const amountOf = async (url: string, headers?: Record<string, string>) =>
        requiredBy(await fetch(url, { headers })).accepts[0].amount;

      expect(await amountOf(at)).to.equal("10000");
      expect(await amountOf(at, { [UNITS_HEADER]: "3" })).to.equal("3000");
      expect(await amountOf(`${at}?units=7`)).to.equal("7000");
      for (const units of ["0", "11", "-1", "1.5", "1e1", ""]) {
        await expectRefused(await fetch(at, { headers: { [UNITS_HEADER]: units } }), 400, "units_invalid");
      }
    });

    it("ends when the upstream does, and says what was charged", async () => {
      const { response, events, payment, spent } = await streamed("events=3");

      expect(events).to.deep.equal([...[1, 2, 3].map((i) => `id: ${i}\ndata: {"token":"t${i}"}`), "data: [DONE]"]);
      expect(payment).to.deep.include({ reason: "done", units: 3, charged: "10000", unit: "token" });
      expect(receiptOf(response).success).to.equal(true);
      expect(spent).to.equal(CENT);
    });

    it("is cut off when what was paid for is spent, and the upstream is told", async () => {
      const { aborted } = upstream.state;
      const { events, payment, spent } = await streamed("events=50&pause=10", { [UNITS_HEADER]: "4" });

      expect(events).to.deep.equal([1, 2, 3, 4].map((i) => `id: ${i}\ndata: {"token":"t${i}"}`));
      expect(payment).to.deep.include({ reason: "paid_units_spent", units: 4, charged: "4000" });
      expect(spent).to.equal(4_000n);
      await until(() => upstream.state.aborted > aborted, "the upstream to be given up");
    });

    it("says that the upstream broke off, or fell silent", async () => {
      expect((await streamed("events=2&pause=300&then=break")).payment).to.deep.include({
        reason: "upstream_failed",
        units: 2,
      });
      expect((await streamed("events=2&then=hang")).payment).to.deep.include({ reason: "upstream_timeout", units: 2 });
    });

    it("is not paid for when it does not begin", async () => {
      for (const [then, status, code] of [
        ["break", 502, "upstream_broken"],
        ["hang", 504, "upstream_timeout"],
      ] as const) {
        const payer = await world.payer();
        await expectRefused(await payer.fetch(`${gateway.url}/v1/stream?events=0&then=${then}`), status, code);
        expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
      }
    });

    it("gives the upstream up when the client goes away", async () => {
      const counted = async (result: string) =>
        (await metricsOf(gateway.wall.admin))[`commonweal_calls_total{scheme="exact",result="${result}"}`] ?? 0;
      const [failed, paid] = [await counted("failed"), await counted("paid")];
      const { aborted } = upstream.state;
      const payer = await world.payer();
      const abort = new AbortController();
      const response = await payer.fetch(`${gateway.url}/v1/stream?events=1000&pause=10`, { signal: abort.signal });
      await response.body?.getReader().read();
      abort.abort();

      await until(() => upstream.state.aborted > aborted, "the upstream to be given up");
      // It was paid for before it began.
      expect(await counted("failed")).to.equal(failed);
      expect(await counted("paid")).to.equal(paid + 1);
    });

    it("is counted by the host's own counter", async () => {
      const countEvent = ({ data }: { data: string }) => (data === "[DONE]" ? 0 : JSON.parse(data).token.length);
      const per = { unit: "letter", max: 10, countEvent };
      gateway = await world.gateway({ model, price: "0.001", per }, upstream);
      const { events, payment } = await streamed("events=20");

      // t1 to t5 have two letters each.
      expect(events).to.have.length(5);
      expect(payment).to.deep.include({ reason: "paid_units_spent", units: 10, unit: "letter" });
    });

    it("goes on to its end when calls are paid as a whole", async () => {
      gateway = await world.gateway({ model }, upstream);
      const { events, payment, spent } = await streamed("events=30");

      expect(events).to.have.length(31);
      expect(payment).to.deep.include({ reason: "done", units: 1, charged: "10000", unit: "call" });
      expect(spent).to.equal(CENT);
    });
  });

  describe("meter", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);

    async function metered(chunks: readonly string[], options: Partial<Parameters<typeof meter>[0]> = {}) {
      const ends: [number, StreamEnd][] = [];
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(bytes(chunk));
          controller.close();
        },
      });
      const stream = meter({
        ...{ body, units: 2, countEvent: () => 1, maxEventBytes: 100, silenceSeconds: 1 },
        ...options,
        end: async (units, why) => {
          ends.push([units, why]);

          return bytes("END");
        },
      });

      return { text: await new Response(stream).text(), ends };
    }

    for (const [name, end] of [
      ["LF", "\n"],
      ["CRLF", "\r\n"],
      ["CR", "\r"],
    ]) {
      it(`finds events whose lines end with ${name}, however they are cut`, async () => {
        const text = `event: a${end}data: 1${end}${end}: comment${end}${end}data: 2${end}data: 3${end}${end}data: 4${end}${end}`;
        for (const size of [1, 2, 3, 7, text.length]) {
          const chunks = text.match(new RegExp(`.{1,${size}}`, "gs")) as string[];
          const seen: unknown[] = [];
          const countEvent = (event: unknown) => Math.sign(seen.push(event));
          const { text: sent, ends } = await metered(chunks, { countEvent });

          expect(sent).to.equal(`${text.slice(0, text.indexOf("data: 4"))}END`);
          expect(ends).to.deep.equal([[2, "paid_units_spent"]]);
          expect(seen.slice(0, 2)).to.deep.equal([
            { event: "a", data: "1" },
            { event: "message", data: "2\n3" },
          ]);
        }
      });
    }

    it("passes on what no blank line ended", async () => {
      expect(await metered(["data: 1\n\nda", "ta: 2"])).to.deep.equal({
        text: "data: 1\n\ndata: 2END",
        ends: [[2, "done"]],
      });
    });

    it("stops at an event that does not end", async () => {
      const { text, ends } = await metered(["data: 1\n\n", `data: ${"x".repeat(200)}`]);
      expect({ text, ends }).to.deep.equal({ text: "data: 1\n\nEND", ends: [[1, "event_too_large"]] });
    });

    it("stops when the counter fails or counts nonsense", async () => {
      for (const countEvent of [() => Number.NaN, () => -1, () => JSON.parse("{")]) {
        expect(await metered(["data: 1\n\n"], { countEvent })).to.deep.equal({
          text: "END",
          ends: [[0, "counter_failed"]],
        });
      }
    });

    it("charges only for what a client took before it went away", async () => {
      const ends: [number, StreamEnd][] = [];
      let isCancelled = false;
      let made = 0;
      const stream = meter({
        ...{ units: 100, countEvent: () => 1, maxEventBytes: 100, silenceSeconds: 1 },
        body: new ReadableStream<Uint8Array>(
          {
            pull: (controller) => controller.enqueue(bytes(`data: ${++made}\n\n`)),
            cancel: () => {
              isCancelled = true;
            },
          },
          { highWaterMark: 0 },
        ),
        end: async (units, why) => {
          ends.push([units, why]);

          return bytes("");
        },
      });
      const reader = stream.getReader();
      for (let i = 0; i < 3; i++) await reader.read();
      await setTimeout(5);
      await reader.cancel();

      expect(ends).to.deep.equal([[3, "client_gone"]]);
      expect(isCancelled).to.equal(true);
    });
  });
});
