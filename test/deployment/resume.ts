import { rm } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import hre, { network } from "hardhat";
import type { JsonRpcServer, NetworkConnection } from "hardhat/types/network";
import { governanceModule } from "../../scripts/modules/Governance.js";
import type { Parameters } from "../../scripts/parameters.js";
import { moduleParameters, planProtocol } from "../../scripts/plan.js";
import { deployProtocol } from "../../scripts/protocol.js";
import { testParameters } from "../helpers/protocol.js";

// Ignition keeps its journal for chains that outlive the process only, so these tests talk to one over HTTP.
describe("Deployment", () => {
  describe("run again", () => {
    const deploymentId = `test-resume-${process.pid}`;
    const journal = path.join(hre.config.paths.ignition, "deployments", deploymentId);
    let server: JsonRpcServer;
    let connection: NetworkConnection;

    beforeEach(async () => {
      server = await network.createServer("node", "127.0.0.1", 0);
      const { port } = await server.listen();
      connection = await network.create({ network: "localhost", override: { url: `http://127.0.0.1:${port}` } });
    });

    afterEach(async () => {
      await connection.close();
      await server.close();
      await rm(journal, { recursive: true, force: true });
    });

    /** The code at each planned address, and how many transactions the deployer has sent. */
    async function stateOf(plan: { address: string }[]) {
      const { provider } = connection.ethers;
      const [deployer] = await connection.ethers.getSigners();

      return {
        sent: await provider.getTransactionCount(deployer.address),
        codes: await Promise.all(plan.map(({ address }) => provider.getCode(address))),
      };
    }

    async function parameters() {
      const [deployer] = await connection.ethers.getSigners();

      return testParameters(deployer.address);
    }

    /** Deploys, and returns the message with which that fails. */
    async function failureOf(parameters: Parameters) {
      return deployProtocol(connection, hre.artifacts, parameters, { deploymentId }).then(
        () => "It did not fail.",
        (error: Error) => error.message,
      );
    }

    it("sends nothing when all is deployed", async () => {
      const { plan } = await deployProtocol(connection, hre.artifacts, await parameters(), { deploymentId });
      const before = await stateOf(plan);

      const again = await deployProtocol(connection, hre.artifacts, await parameters(), { deploymentId });

      expect(again.plan).to.deep.equal(plan);
      expect(await again.contracts.sources.getAddress()).to.equal(
        plan.find(({ name }) => name === "SourceRegistry")?.address,
      );
      expect(await stateOf(plan)).to.deep.equal(before);
      expect(before.codes).to.not.include("0x");
    });

    it("finishes what was interrupted", async () => {
      const [deployer] = await connection.ethers.getSigners();
      const plan = await planProtocol(hre.artifacts, deployer.address, await parameters(), 31_337n);
      await connection.ignition.deploy(governanceModule(new Set()), {
        parameters: moduleParameters(plan),
        strategy: "create2",
        strategyConfig: { salt: "0x".padEnd(66, "0") },
        deploymentId,
      });
      const before = await stateOf(plan.contracts);
      expect(before.codes.map((code) => code !== "0x")).to.deep.equal([
        ...new Array(10).fill(true),
        ...new Array(9).fill(false),
      ]);

      await deployProtocol(connection, hre.artifacts, await parameters(), { deploymentId });

      const after = await stateOf(plan.contracts);
      expect(after.codes).to.not.include("0x");
      expect(after.sent - before.sent).to.equal(9);
    });

    it("refuses other parameters than those it was begun with", async () => {
      const { plan } = await deployProtocol(connection, hre.artifacts, await parameters(), { deploymentId });
      const before = await stateOf(plan);
      const changed = { ...(await parameters()), protocolFeeBps: 0 };

      expect(await failureOf(changed)).to.match(/RoyaltyLedger_deployCreate3/);
      expect(await stateOf(plan)).to.deep.equal(before);
    });

    it("refuses to deploy over what is there when the journal is lost", async () => {
      const { plan } = await deployProtocol(connection, hre.artifacts, await parameters(), { deploymentId });
      const before = await stateOf(plan);
      await rm(journal, { recursive: true });

      expect(await failureOf(await parameters())).to.match(/WealToken_deployCreate3/);
      expect(await stateOf(plan)).to.deep.equal(before);
    });
  });
});
