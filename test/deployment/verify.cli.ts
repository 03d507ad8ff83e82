import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import hre, { network } from "hardhat";
import type { JsonRpcServer, NetworkConnection } from "hardhat/types/network";
import { CREATEX } from "../../scripts/create3.js";
import { type Parameters, parametersDigest } from "../../scripts/parameters.js";
import type { Report } from "../../scripts/verify/report.js";
import type { DeployedContracts } from "../../scripts/verify/subject.js";
import { testParameters } from "../helpers/protocol.js";
import { type Answers, startLesserNode } from "../helpers/nodes.js";
import { deployOverHttp, deploymentOf } from "./verify.support.js";

describe("Verification by command", function () {
  this.timeout(300_000);

  let server: JsonRpcServer;
  let connection: NetworkConnection;
  let url: string;
  let folder: string;
  let deployer: string;
  let parameters: Parameters;
  let deployment: DeployedContracts;

  before(async () => {
    server = await network.createServer("node", "127.0.0.1", 0);
    const { port } = await server.listen();
    url = `http://127.0.0.1:${port}`;
    connection = await network.create({ network: "localhost", override: { url } });
    [{ address: deployer }] = await connection.ethers.getSigners();
    parameters = testParameters(deployer);
    const { plan } = await deployOverHttp(connection, parameters);
    deployment = await deploymentOf(connection.ethers.provider, plan);
    folder = await mkdtemp(path.join(tmpdir(), "commonweal-verify-"));
    const digest = parametersDigest(JSON.stringify(parameters));
    await write("deployment", { ...deployment, meta: { network: "somewhere", deployer, parameters: digest } });
    await write("parameters", parameters);
  });

  after(async () => {
    await rm(folder, { recursive: true });
    await connection.close();
    await server.close();
  });

  const file = (name: string) => path.join(folder, `${name}.json`);
  const write = (name: string, content: unknown) => writeFile(file(name), JSON.stringify(content));
  const files = (deployment = "deployment", parameters = "parameters") => [
    ...["--deployment", file(deployment), "--parameters", file(parameters)],
  ];

  function run(script: string, args: string[]): Promise<{ code: number; out: string; errors: string }> {
    const options = { cwd: hre.config.paths.root, maxBuffer: 2 ** 24 };

    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ["--import", "tsx", `scripts/verify/${script}.ts`, ...args],
        options,
        (error, out, errors) => resolve({ code: error === null ? 0 : Number(error.code), out, errors }),
      );
    });
  }

  it("ends with 0 and says so when every check holds", async () => {
    const { code, out, errors } = await run("deployment", ["--rpc", url, ...files()]);

    expect([code, errors]).to.deep.equal([0, ""]);
    expect(out).to.match(new RegExp(`^Chain 31337, block \\d+\\. Deployed by ${deployer}\\.`));
    expect(out).to.match(/All \d+ checks hold: this is the deployment that the parameters describe\.\n$/);
    expect(out).to.include(`TimelockController.PROPOSER_ROLE  ${deployment.WealGovernor.address}`);
    expect(out).to.include(`LicenseStore._ledger  ${deployment.RoyaltyLedger.address}`);
    expect(out).to.match(/sha-256 of the file {2}0x[\da-f]{64}, as deployed with\n/);
  });

  it("ends with 1 and says what is there and what should be, for people and for programs", async () => {
    await write("other", { ...parameters, protocolFeeBps: 99 });
    const { code, out } = await run("deployment", ["--rpc", url, ...files("deployment", "other")]);
    const json = await run("deployment", ["--rpc", url, ...files("deployment", "other"), "--json"]);
    const { ok, checks } = JSON.parse(json.out) as Report;

    expect([code, json.code, ok]).to.deep.equal([1, 1, false]);
    expect(out).to.include(
      "✗ parameters: RoyaltyLedger.protocolFeeBps\n    is         100\n    should be  99\n\n2 of ",
    );
    expect(out).to.match(/sha-256 of the file {2}0x[\da-f]{64}, deployed with 0x[\da-f]{64}\n/);
    const [sent, ...found] = checks.filter((check) => !check.ok);
    expect(sent).to.include({ area: "creation", subject: "RoyaltyLedger.initCode" });
    expect(found).to.deep.equal([
      { area: "parameters", subject: "RoyaltyLedger.protocolFeeBps", expected: "99", actual: "100", ok: false },
    ]);
  });

  it("asks the node who deployed if the file does not say, and looks at the block that is named", async () => {
    await write("bare", deployment);
    const { block } = deployment.WealToken;
    const { code, out } = await run("deployment", ["--rpc", url, ...files("bare")]);
    const at = await run("deployment", ["--rpc", url, ...files("bare"), "--block", String(block)]);

    expect(code).to.equal(0);
    expect(out).to.include(`Deployed by ${deployer}.`);
    // In this block most contracts were not there yet.
    expect([at.code, at.errors]).to.deep.equal([1, ""]);
    expect(at.out).to.include("✗ code: RoyaltyLedger.code\n    is         nothing: there is no code");
  });

  it("says what is missing instead of guessing", async () => {
    const { RoyaltyLens: _, ...incomplete } = deployment;
    await write("incomplete", incomplete);
    await write("invalid", { ...parameters, protocolFeeBps: 300 });
    const cases: [string[], RegExp][] = [
      [[], /^Say which deployment: --network NAME, or --rpc URL with --parameters FILE\.\n$/],
      [["--rpc", url, "--network", "localhost"], /^Say which deployment/],
      [["--rpc", url], /^With --rpc, give --parameters FILE too\.\n$/],
      [["--network", "mars", "--parameters", file("parameters")], /knows no network "mars", but .*: add it there/],
      [["--network", "sepolia"], /sepolia\.json: it is for you to decide who this is:.*--parameters/s],
      [["--rpc", url, "--moon"], /Unknown option '--moon'/],
      [["--rpc", url, ...files(), "--block", "last"], /^--block takes a number, not "last"\.\n$/],
      [["--rpc", url, ...files("nowhere")], /nowhere\.json cannot be read .*--deployment/],
      [["--rpc", url, ...files("incomplete")], /^The deployment file has no RoyaltyLens: /],
      [["--rpc", url, ...files("deployment", "invalid")], /^protocolFeeBps: /],
    ];
    for (const [args, message] of cases) {
      const { code, out, errors } = await run("deployment", args);

      expect([code, out], errors).to.deep.equal([1, ""]);
      expect(errors).to.match(message);
    }
  });

  it("says so when the node has no logs, or refuses them", async () => {
    const isOf = (filter: unknown, address: string) =>
      (filter as { address: string }).address.toLowerCase() === address.toLowerCase();
    const answers: [Answers, string, RegExp][] = [
      [
        { eth_getLogs: { result: [] } },
        "deployment",
        /^The node has no logs from block \d+ on: the creation of \w+ through CreateX in that block is/,
      ],
      [
        { eth_getLogs: ([filter]) => (isOf(filter, CREATEX) ? undefined : { result: [] }) },
        "deployment",
        /^The node has no logs from block \d+ on: RoleGranted of (TimelockController|SafetyTimelock) is/,
      ],
      [
        { eth_getLogs: ([filter]) => (isOf(filter, deployment.SourceRegistry.address) ? { result: [] } : undefined) },
        "deployment",
        /^The node has no logs from block \d+ on: VerifierUpdated of SourceRegistry is/,
      ],
      [{ eth_getLogs: { error: "pruned history unavailable" } }, "deployment", /an answer to eth_getLogs is missing/],
    ];
    for (const [answer, of, message] of answers) {
      const node = await startLesserNode(url, answer);
      const { code, out, errors } = await run("deployment", ["--rpc", node.url, ...files(of)]);
      node.close();

      expect([code, out], errors).to.deep.equal([1, ""]);
      expect(errors)
        .to.match(message)
        .and.to.match(/give the RPC of a node that keeps logs since the deployment/);
    }
  });

  describe("of explorers", () => {
    it("writes the inputs for their forms", async () => {
      const target = path.join(folder, "input");
      const { code, out } = await run("explorers", ["--rpc", url, ...files(), "--write-input", target]);

      expect(code).to.equal(0);
      const written = await readdir(target);
      expect(written).to.include("contracts.json");
      for (const name of written) expect(out).to.include(name);
    });

    it("says what it cannot do", async () => {
      const moved = { ...deployment, RoyaltyLens: deployment.SafetyLens };
      await write("moved", { ...moved, meta: { deployer } });
      const cases: [string[], RegExp][] = [
        [["--rpc", url, ...files()], /^Explorers are known by network: give --network instead of --rpc\.\n$/],
        [["--explorer", "google"], /^--explorer takes etherscan, blockscout, sourcify, not "google"\.\n$/],
        [
          ["--rpc", url, ...files("moved"), "--write-input", folder],
          /^The deployment file does not say with which arguments RoyaltyLens was deployed/,
        ],
      ];
      for (const [args, message] of cases) {
        const { code, errors } = await run("explorers", args);

        expect(code, errors).to.equal(1);
        expect(errors).to.match(message);
      }
    });
  });
});
