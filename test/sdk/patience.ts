import { expect } from "chai";
import { makeError } from "ethers";
import { NetworkFailure } from "../../sdk/src/index.js";
import { patiently, refusalOf } from "../../sdk/src/patience.js";

/** An error of a node as ethers passes it on: with the request in its message. */
function nodeError(message: string, code = -32_000): Error {
  const info = { error: { code, message }, payload: { method: "eth_getLogs", params: [{ topics: ["0x429"] }] } };

  return makeError("could not coalesce error", "UNKNOWN_ERROR", info as never);
}

/** An answer by HTTP as ethers passes it on. */
function httpError(status: number, body: string): Error {
  const info = { response: { statusCode: status }, responseBody: body, info: { responseStatus: `${status}` } };

  return makeError(`server response ${status}`, "SERVER_ERROR", info as never);
}

describe("SDK patience", () => {
  const refusals: [string, Error, ReturnType<typeof refusalOf>][] = [
    [
      "Alchemy",
      nodeError(
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the response size, or you can request any block range with a cap of 10K logs in the response. Based on your parameters and the response size limit, this block range should work: [0x10, 0x20f]",
        -32_602,
      ),
      { kind: "tooMuch", blocks: 512 },
    ],
    [
      "Infura",
      nodeError("query returned more than 10000 results. Try with this block range [0x100, 0x1ff].", -32_005),
      { kind: "tooMuch", blocks: 256 },
    ],
    ["QuickNode", nodeError("eth_getLogs is limited to a 10,000 range"), { kind: "tooMuch" }],
    ["Ankr", nodeError("block range is too wide"), { kind: "tooMuch" }],
    ["BNB Chain", nodeError("exceed maximum block range: 5000"), { kind: "tooMuch", blocks: 5_000 }],
    [
      "Chainstack",
      nodeError("Block range limit exceeded. Consider to use 100 blocks range"),
      { kind: "tooMuch", blocks: 100 },
    ],
    ["a short range", nodeError("eth_getLogs is limited to a 1000 blocks range"), { kind: "tooMuch", blocks: 1_000 }],
    ["Geth", nodeError("query timeout exceeded"), { kind: "tooMuch" }],
    ["Erigon", nodeError("query exceeds max results 20000"), { kind: "tooMuch" }],
    ["a proxy's limit", httpError(413, "Request Entity Too Large"), { kind: "tooMuch" }],
    ["a request that took too long", makeError("request timeout", "TIMEOUT", {} as never), { kind: "tooMuch" }],
    ["too many requests", httpError(429, "Too Many Requests"), { kind: "tooOften" }],
    ["a limit of requests", nodeError("limit exceeded", -32_005), { kind: "tooOften" }],
    [
      "a limit of capacity",
      nodeError("Your app has exceeded its compute units per second capacity", 429),
      { kind: "tooOften" },
    ],
    ["a gateway", httpError(502, "Bad Gateway"), { kind: "broken" }],
    ["a connection", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), { kind: "broken" }],
    ["a browser's fetch", new TypeError("fetch failed"), { kind: "broken" }],
    ["this SDK", new NetworkFailure("it lags"), { kind: "broken" }],
    ["another error", nodeError("method not found", -32_601), { kind: "other" }],
    ["no error at all", "nothing" as unknown as Error, { kind: "other" }],
  ];

  for (const [name, error, expected] of refusals) {
    it(`knows what ${name} says`, () => expect(refusalOf(error)).to.deep.equal(expected));
  }

  it("asks again when it was too often, and gives up some time", async () => {
    let asked = 0;
    const answer = await patiently(async () => {
      asked += 1;
      if (asked < 3) throw httpError(429, "");
      return asked;
    });
    expect(answer).to.equal(3);

    asked = 0;
    const broken = httpError(502, "");
    const failure = await patiently(async () => {
      asked += 1;
      throw broken;
    }).catch((error: unknown) => error);
    expect(failure).to.equal(broken);
    expect(asked).to.equal(4);
  });

  it("asks once for what asking again does not mend", async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      throw nodeError("method not found");
    };
    await patiently(ask).catch(() => undefined);
    expect(asked).to.equal(1);
  });

  it("stops at once when told so: before, while it waits for an answer, and while it pauses", async () => {
    const reason = new Error("Enough");
    const stopped = (ask: () => Promise<never>, signal: AbortSignal) =>
      patiently(ask, { signal }).catch((error: unknown) => error);
    const never = () => new Promise<never>(() => undefined);

    expect(await stopped(never, AbortSignal.abort(reason))).to.equal(reason);
    for (const ask of [never, () => Promise.reject(httpError(429, ""))]) {
      const controller = new AbortController();
      const stopping = stopped(ask, controller.signal);
      setTimeout(() => controller.abort(reason), 20);
      expect(await stopping).to.equal(reason);
    }
  });
});
