import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import manifest from "../../relayer/package.json" with { type: "json" };
import * as client from "../../relayer/src/index.js";
import * as service from "../../relayer/src/service.js";
import { type Ballot, CommonwealError, type Transaction } from "../../sdk/src/index.js";
import { failureOf } from "../sdk/helpers.js";

const { BallotNotRelayed, ballotStatus, sendBallot } = client;

const GOVERNOR = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const BALLOT: Ballot = {
  ...{ proposalId: "7", support: 1, voter: GOVERNOR, reason: "", params: "0x", signature: `0x${"ab".repeat(65)}` },
};
const STATUS = { id: "0x01", status: "waiting", governor: GOVERNOR, proposalId: "7", voter: GOVERNOR };

describe("relayer client", () => {
  const servers: Server[] = [];

  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  /** Starts something that answers as it is told. */
  async function answering(answer: RequestListener): Promise<string> {
    const server = createServer(answer).listen(0, "127.0.0.1");
    servers.push(server);
    await new Promise((resolve) => server.once("listening", resolve));

    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const json = (status: number, body: unknown, headers = {}) =>
    answering((_, response) => response.writeHead(status, headers).end(JSON.stringify(body)));

  it("has these exports", () => {
    expect(Object.keys(manifest.exports)).to.deep.equal([".", "./service", "./package.json"]);
    expect(client).to.have.all.keys("BallotNotRelayed", "ballotStatus", "sendBallot");
    expect(service).to.have.all.keys(
      ...["ChainUnsuitable", "KEY_VARIABLE", "USAGE", "WrongArguments", "readConfig", "startRelayer"],
    );
  });

  describe("sendBallot", () => {
    it("posts the ballot and its governor, and returns what the relayer says", async () => {
      const asked: unknown[] = [];
      const url = await answering(async (request, response) => {
        let body = "";
        for await (const chunk of request) body += chunk;
        asked.push([request.method, request.url, request.headers["content-type"], JSON.parse(body)]);
        response.writeHead(202).end(JSON.stringify(STATUS));
      });

      for (const place of [url, `${url}/relayer`, `${url}/relayer/`]) {
        expect(await sendBallot(place, BALLOT, { governor: GOVERNOR })).to.deep.equal({
          by: "relayer",
          status: STATUS,
        });
      }
      const rest = ["application/json", { ...BALLOT, governor: GOVERNOR }];
      expect(asked).to.deep.equal([
        ["POST", "/ballots", ...rest],
        ["POST", "/relayer/ballots", ...rest],
        ["POST", "/relayer/ballots", ...rest],
      ]);
    });

    it("says what the relayer has against it, and what can be done", async () => {
      const url = await json(503, { error: "queue_full", message: "Too many wait." }, { "retry-after": "30" });

      const error = await failureOf(BallotNotRelayed, sendBallot(url, BALLOT, { governor: GOVERNOR }));
      expect(error).to.be.instanceOf(CommonwealError);
      expect(error).to.include({ url, reason: "Too many wait.", code: "queue_full", retryAfter: 30 });
      expect(error.message).to.equal(
        `The relayer ${url} did not take the ballot (Too many wait). It can still be sent by governance.voteBySignature(ballot).`,
      );
    });

    for (const [name, start] of [
      ["hangs up", () => answering((request) => void request.socket.destroy())],
      ["is no relayer", () => answering((_, response) => void response.writeHead(200).end("<html>"))],
      ["answers with something else", () => json(200, { id: 1, status: null })],
      ["is not there", async () => "http://127.0.0.1:1"],
      ["has no address", async () => "relayer"],
    ] as const) {
      it(`says so when the relayer ${name}, or lets the voter send the ballot`, async () => {
        const url = await start();
        const error = await failureOf(BallotNotRelayed, sendBallot(url, BALLOT, { governor: GOVERNOR }));
        expect([error.code, error.retryAfter]).to.deep.equal([undefined, undefined]);
        expect(error.message).to.include("governance.voteBySignature(ballot)");

        const transaction = { hash: "0x02" } as Transaction;
        const fallback = async (ballot: Ballot) => (ballot === BALLOT ? transaction : expect.fail());
        expect(await sendBallot(url, BALLOT, { governor: GOVERNOR, fallback })).to.deep.equal({
          by: "voter",
          transaction,
        });
      });
    }

    it("does not wait for longer than it is told", async () => {
      const url = await answering(() => undefined);
      const signal = AbortSignal.timeout(50);

      await failureOf(BallotNotRelayed, sendBallot(url, BALLOT, { governor: GOVERNOR, signal }));
    });
  });

  describe("ballotStatus", () => {
    it("asks for a ballot", async () => {
      const url = await answering((request, response) =>
        response.end(JSON.stringify({ ...STATUS, id: request.url, status: "cast", hash: "0x03" })),
      );

      expect(await ballotStatus(url, "0x01")).to.deep.equal({
        ...STATUS,
        ...{ id: "/ballots/0x01", status: "cast", hash: "0x03" },
      });
    });

    it("says so when the relayer does not know it", async () => {
      const url = await json(404, { error: "unknown_ballot", message: "Post it again." });

      expect((await failureOf(BallotNotRelayed, ballotStatus(url, "0x01"))).code).to.equal("unknown_ballot");
    });
  });
});
