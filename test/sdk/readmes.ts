import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { InvalidArgument, type Platform, ReadmeUnavailable, type Source } from "../../sdk/src/index.js";
import { fetchReadme } from "../../sdk/src/fundingEntries.js";
import { failureOf } from "./helpers.js";

const README = "---\nlicense: mit\n---\n# Schön\n";
const source: Source = { platform: "huggingface", name: "org/name" };

/** Stands in for the hubs: each test says what it answers. */
describe("SDK fetchReadme", () => {
  let hub: Server;
  let base: string;
  let answer: RequestListener;
  let asked: string[];

  before(async () => {
    hub = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      answer(request, response);
    });
    await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  });

  after(() => {
    hub.closeAllConnections();
    hub.close();
  });

  beforeEach(() => {
    asked = [];
    answer = (_, response) => response.writeHead(404).end("Entry not found");
  });

  const says = (body: string | Buffer) => {
    answer = (_, response) => response.end(body);
  };
  const unavailable = (given: Source = source, signal?: AbortSignal) =>
    failureOf(ReadmeUnavailable, fetchReadme(given, { base, signal }));

  for (const [platform, path] of [
    ["huggingface", "/org/name/raw/main/README.md"],
    ["huggingface-dataset", "/datasets/org/name/raw/main/README.md"],
    ["github", "/org/name/HEAD/README.md"],
    ["gitlab", "/org/name/-/raw/HEAD/README.md"],
  ] as const) {
    it(`gets a text from ${platform}`, async () => {
      says(README);

      expect(await fetchReadme({ platform, name: "Org/Name" }, { base })).to.equal(README);
      expect(asked).to.deep.equal([`GET ${path}`]);
    });
  }

  it("gets a field of JSON from npm", async () => {
    says(JSON.stringify({ name: "@scope/name", readme: README }));

    expect(await fetchReadme({ platform: "npm", name: "@scope/name" }, { base })).to.equal(README);
    expect(asked).to.deep.equal(["GET /@scope%2fname"]);
  });

  it("gets a field of JSON from PyPI", async () => {
    says(JSON.stringify({ info: { description: README } }));

    expect(await fetchReadme({ platform: "pypi", name: "Some.Name" }, { base })).to.equal(README);
    expect(asked).to.deep.equal(["GET /pypi/some-name/json"]);
  });

  it("puts letters together that come in pieces", async () => {
    const bytes = Buffer.from("# Schön");
    answer = (_, response) => {
      response.write(bytes.subarray(0, 6));
      setTimeout(() => response.end(bytes.subarray(6)), 20);
    };

    expect(await fetchReadme(source, { base })).to.equal("# Schön");
  });

  it("follows the hub to where a repository moved", async () => {
    answer = ({ url }, response) =>
      url === "/new/raw/main/README.md"
        ? response.end(README)
        : response.writeHead(307, { location: "/new/raw/main/README.md" }).end();

    expect(await fetchReadme(source, { base })).to.equal(README);
  });

  it("takes an empty README", async () => {
    says("");

    expect(await fetchReadme(source, { base })).to.equal("");
  });

  it("says when there is none", async () => {
    const url = `${base}/org/name/raw/main/README.md`;
    const error = await unavailable();

    expect(error).to.include({ url, status: 404 });
    expect(error.message).to.equal(
      `${url} gave no README (HTTP 404): check the source's name, that anyone may read it, and that it has a README.`,
    );
  });

  it("says when nobody answers", async () => {
    const error = await failureOf(ReadmeUnavailable, fetchReadme(source, { base: "http://127.0.0.1:1" }));

    expect(error.status).to.equal(undefined);
    expect(error.cause).to.be.instanceOf(Error);
  });

  it("reads a megabyte and no more", async () => {
    says("x".repeat(1_000_000));
    expect(await fetchReadme(source, { base })).to.have.length(1_000_000);

    says("x".repeat(1_000_001));
    expect((await unavailable()).message).to.include("too long");
  });

  it("gives up an answer without an end", async () => {
    answer = (_, response) => {
      const write = () => {
        while (!response.destroyed && response.write("x".repeat(100_000)));
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    };

    expect(await unavailable()).to.include({ status: 200 });
  });

  it("looks at a README in JSON for its length too", async () => {
    says(JSON.stringify({ readme: "x".repeat(1_000_000), versions: "x".repeat(1_000_000) }));
    expect(await fetchReadme({ platform: "npm", name: "name" }, { base })).to.have.length(1_000_000);

    says(JSON.stringify({ readme: "x".repeat(1_000_001) }));
    expect((await unavailable({ platform: "npm", name: "name" })).message).to.include("too long");
  });

  for (const body of ["<html>", "null", "[]", "{}", '{"readme":7}', '{"readme":""}', '{"__proto__":{"readme":"x"}}']) {
    it(`finds no README in npm's ${body}`, async () => {
      says(body);

      expect((await unavailable({ platform: "npm", name: "name" })).message).to.include("no readme in the answer");
    });
  }

  for (const body of ["{}", '{"info":null}', '{"info":"description"}', '{"info":{"description":null}}']) {
    it(`finds no README in PyPI's ${body}`, async () => {
      says(body);

      expect((await unavailable({ platform: "pypi", name: "name" })).message).to.include("no info.description in");
    });
  }

  it("waits no longer than it is told to", async () => {
    answer = () => {};

    expect((await unavailable(source, AbortSignal.timeout(50))).message).to.include("timeout");
  });

  it("also stops in the middle of an answer", async () => {
    answer = (_, response) => response.write("# half");

    expect(await unavailable(source, AbortSignal.timeout(100))).to.include({ status: 200 });
  });

  it("waits 30 seconds if nobody says how long, with whatever fetches", async () => {
    const calls: [unknown, RequestInit | undefined][] = [];
    const fetch = async (url: unknown, init?: RequestInit) => {
      calls.push([url, init]);
      return new Response(README);
    };

    expect(await fetchReadme(source, { fetch })).to.equal(README);
    expect(calls[0][0]).to.equal("https://huggingface.co/org/name/raw/main/README.md");
    expect(calls[0][1]?.signal).to.be.instanceOf(AbortSignal);
    expect(await fetchReadme(source, { fetch: async () => new Response(null) })).to.equal("");
  });

  it("refuses what has no README, and what is no source", async () => {
    const doi = await failureOf(InvalidArgument, fetchReadme({ platform: "doi", name: "10.5281/zenodo.1" }, { base }));
    expect(doi).to.include({ argument: "source.platform", value: "doi" });

    await failureOf(InvalidArgument, fetchReadme({ platform: "github", name: "../x" }, { base }));
    await failureOf(InvalidArgument, fetchReadme({ platform: "bitbucket" as Platform, name: "a/b" }, { base }));
    expect(asked).to.deep.equal([]);
  });
});
