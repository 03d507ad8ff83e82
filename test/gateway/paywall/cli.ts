import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import {
  CENT,
  expectRefused,
  paymentFor,
  receiptOf,
  requiredBy,
  startPaywallWorld,
  until,
  type World,
} from "../support/paywallWorld.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

const CLI = path.resolve("gateway/src/cli.ts");

describe("commonweal-gateway", () => {
  let world: World;
  let upstream: Upstream;
  let model: string;
  let folder: string;
  let deploymentFile: string;

  before(async () => {
    world = await startPaywallWorld();
    upstream = await startUpstream();
    model = await world.register();
    folder = await mkdtemp(path.join(tmpdir(), "gateway-cli-"));
    deploymentFile = path.join(folder, "deployment.json");
    await writeFile(deploymentFile, JSON.stringify(world.deployment));
  });

  after(async () => {
    upstream.close();
    await world.close();
    await rm(folder, { recursive: true });
  });

  function run(args: readonly string[], environment: Record<string, string> = {}) {
    const child = spawn(process.execPath, ["--import", "tsx", CLI, ...args], {
      env: { PATH: process.env.PATH, ...environment },
    });
    const output = { out: "", err: "" };
    child.stdout.on("data", (chunk) => {
      output.out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output.err += chunk;
    });
    world.closing.unshift(() => child.kill("SIGKILL"));

    return { child, output, closed: once(child, "close") as Promise<[number | null]> };
  }

  async function started(args: readonly string[] = [], behind = ["--upstream", upstream.url]) {
    const { privateKey } = await world.account();
    const running = run(
      [
        ...["--rpc", world.chain.url, "--deployment", deploymentFile, ...behind, "--model", model, "--price", "0.01"],
        ...["--currency", world.chain.usdc, "--port", "0", "--admin-port", "0", ...args],
      ],
      { GATEWAY_KEY: privateKey },
    );
    const [, url, adminUrl] = await until(
      () =>
        /Listening on (\S+)\nHealth and metrics on (\S+)\n/.exec(running.output.out) ??
        ended(running.child, running.output),
      "the gateway to listen",
    );

    return { ...running, url, adminUrl };
  }

  function ended({ exitCode }: ChildProcess, { err }: { err: string }): undefined {
    if (exitCode !== null) expect.fail(`The gateway ended: ${err}`);
  }

  it("helps, and says what is wrong, with a status of 1", async () => {
    const help = run(["--help"]);
    expect((await help.closed)[0]).to.equal(0);
    expect(help.output.out).to.match(/^Usage: commonweal-gateway /);

    const wrong = run(["--rpc", world.chain.url]);
    expect((await wrong.closed)[0]).to.equal(1);
    expect(wrong.output.err).to.equal("--price is missing: give it SUM.\n");
  });

  it("stands before a server: paid, counted, and stopped in peace", async () => {
    const gateway = await started(["--name", "Test model", "--free", "/v1/models"]);
    const payer = await world.payer();
    const response = await payer.fetch(`${gateway.url}/v1/chat?a=b`, { method: "POST", body: "x".repeat(100_000) });

    expect(((await response.json()) as { body: string }).body).to.have.length(100_000);
    expect(receiptOf(response)).to.deep.include({ success: true, payer: payer.address });
    expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
    expect((await fetch(`${gateway.url}/v1/models`)).status).to.equal(200);
    expect(requiredBy(await fetch(`${gateway.url}/`)).resource?.serviceName).to.equal("Test model");

    expect(await (await fetch(`${gateway.adminUrl}/health`)).json()).to.deep.include({
      status: "ok",
      model,
      version: 1,
    });
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).to.contain('commonweal_calls_total{scheme="exact",result="paid"} 1');
    for (const at of ["/health", "/metrics"]) expect((await fetch(`${gateway.url}${at}`)).status).to.equal(402);

    // A call that is being served ends before the gateway does.
    const slow = payer.fetch(`${gateway.url}/v1/stream?events=10&pause=50`);
    const { events } = upstream.state;
    await until(() => upstream.state.events > events, "the stream to begin");
    gateway.child.kill("SIGTERM");
    expect(await (await slow).text()).to.contain('"token":"t10"');
    expect((await gateway.closed)[0]).to.equal(0);
    expect(gateway.output.err).to.contain("has stopped");
  });

  it("lets pages of any origin pay", async () => {
    const { url, child } = await started();
    const headers = { origin: "https://page.example", "access-control-request-headers": "payment-signature" };
    const preflight = await fetch(`${url}/v1/chat`, {
      ...{ method: "OPTIONS", headers: { ...headers, "access-control-request-method": "POST" } },
    });
    expect(preflight.status).to.equal(204);
    expect(preflight.headers.get("access-control-allow-headers")).to.equal("payment-signature");
    const refused = await fetch(`${url}/v1/chat`, { headers: { origin: headers.origin } });
    expect(refused.headers.get("access-control-allow-origin")).to.equal("*");
    expect(refused.headers.get("access-control-expose-headers")).to.contain("PAYMENT-REQUIRED");
    child.kill("SIGTERM");
  });

  it("serves nothing unpaid, however it is asked", async () => {
    const { url, child } = await started(["--free", "/free"]);
    upstream.state.asked.length = 0;
    const targets = [
      ...[
        "/v1/chat",
        "//v1/chat",
        "/free/../v1/chat",
        "/free/%2e%2e/v1/chat",
        "/free%2f..%2fv1/chat",
        "/free/",
        "/FREE",
      ],
      ...["/free;x", "/%66ree", "/free%20", "/./v1/chat", "/free//", "http://127.0.0.1/v1/chat", "/free%00", "*"],
    ];
    const statuses: Record<string, number> = {};
    for (const target of targets) statuses[target] = await rawStatus(url, `GET ${target} HTTP/1.1`);
    statuses.spoofed = await rawStatus(
      url,
      "GET /v1/chat HTTP/1.1",
      "X-Original-URL: /free\r\nX-Forwarded-Path: /free\r\n",
    );
    statuses.smuggled = await rawStatus(
      url,
      "POST /v1/chat HTTP/1.1",
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
      "0\r\n\r\nGET /free HTTP/1.1\r\n\r\n",
    );

    expect(Object.entries(statuses).filter(([, status]) => ![400, 402].includes(status))).to.deep.equal([]);
    expect(upstream.state.asked).to.deep.equal([]);
    expect(await rawStatus(url, "GET /x/../free?y=1 HTTP/1.1")).to.equal(200);
    expect(upstream.state.asked).to.deep.equal(["/free?y=1"]);
    child.kill("SIGTERM");
  });

  it("sells units of a stream", async () => {
    const { url, child } = await started(["--unit", "token", "--max-units", "5"]);
    const payer = await world.payer();
    const text = await (await payer.fetch(`${url}/v1/stream?events=50&units=2`)).text();

    expect(text).to.contain('"reason":"paid_units_spent","units":2,"charged":"20000"');
    expect(await world.balanceOf(payer.address)).to.equal(98n * CENT);
    child.kill("SIGTERM");
  });

  it("sells files", async () => {
    await writeFile(path.join(folder, "data.txt"), "worth it");
    const { url, child } = await started([], ["--files", folder]);
    const payer = await world.payer();

    expect(await (await payer.fetch(`${url}/data.txt`)).text()).to.equal("worth it");
    await expectRefused(await fetch(`${url}/none.txt`), 404, "file_not_found");
    child.kill("SIGTERM");
  });

  it("does not start on a chain where the protocol is not, or with a payment that cannot be", async () => {
    const { privateKey } = await world.account();
    const base = ["--rpc", world.chain.url, "--upstream", upstream.url, "--model", model, "--price", "0.01"];
    const noProtocol = { ...world.deployment, ModelRegistry: { address: NOWHERE } };
    const file = path.join(folder, "wrong.json");
    await writeFile(file, JSON.stringify(noProtocol));
    for (const [args, message] of [
      [["--currency", world.chain.usdc, "--deployment", file], /^There is no contract at 0x12/],
      [["--currency", world.chain.usdc, "--deployment", deploymentFile, "--host-bps", "9000"], /give 0 to 3000\.$/],
      [["--currency", world.chain.usdc, "--deployment", `${file}x`], /no such file/],
    ] as const) {
      const { output, closed } = run([...base, "--admin-port", "0", "--port", "0", ...args], {
        GATEWAY_KEY: privateKey,
      });
      expect((await closed)[0]).to.equal(1);
      expect(output.err.trim()).to.match(message);
      expect(output.err).to.not.contain("    at ");
    }
  });

  it("does not get confused by who pays twice, over one connection", async () => {
    const { url, child } = await started();
    const payer = await world.payer();
    const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));
    const statuses = await Promise.all(
      [1, 2, 3, 4].map(async () => (await fetch(`${url}/v1/chat`, { headers })).status),
    );

    expect(statuses.sort()).to.deep.equal([200, 402, 402, 402]);
    child.kill("SIGTERM");
  });
});

const NOWHERE = `0x${"12".repeat(20)}`;

/** Sends a request exactly as it stands, and returns the status of the first answer. */
async function rawStatus(base: string, line: string, headers = "", body = ""): Promise<number> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.write(`${line}\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n${headers}\r\n${body}`);
  let text = "";
  for await (const chunk of socket) text += chunk;

  return Number(text.split(" ")[1]);
}
