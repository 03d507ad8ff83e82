import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { ContractFactory, getCreateAddress, keccak256 } from "ethers";
import hre from "hardhat";
import { deployFaucet } from "../../scripts/after/faucet.js";
import { listCurrency } from "../../scripts/after/listCurrency.js";
import { registerModel } from "../../scripts/after/registerModel.js";
import { openSession } from "../../scripts/after/session.js";
import { CREATEX } from "../../scripts/create3.js";
import type { DeploymentFile } from "../../scripts/deployments.js";
import { DEPLOYER_KEY, rpcUrlVariable, TEST_NETWORKS } from "../../scripts/networks.js";
import { WrongUse } from "../../scripts/verify/errors.js";
import { readInputs, type VerificationInputs } from "../../scripts/verify/inputs.js";
import { subjectOf } from "../../scripts/verify/subject.js";
import { submissionsOf } from "../../scripts/verify/submissions.js";
import { verifyDeployment } from "../../scripts/verify/verify.js";
import { DEPLOYER, TestNode } from "./deploy.support.js";

const FAUCET = { name: "Test Euro", symbol: "tEUR", decimals: 6, drip: "10", period: 60 };

/** What the scripts leave to each other is files: what one writes, the next reads. */
describe("Scripts of a deployment, one after the other", function () {
  this.timeout(120_000);

  for (const [strategy, network, createX] of [
    ["create3", "sepolia", CREATEX],
    ["plain", "hoodi", getCreateAddress({ from: DEPLOYER.address, nonce: 0 })],
  ] as const) {
    describe(`--strategy ${strategy}`, () => {
      let node: TestNode;
      let parameters: string;
      let file: string;
      const environment = { ...process.env };

      before(async () => {
        delete process.env[DEPLOYER_KEY];
        node = await TestNode.start(network, { createX: strategy === "create3" });
        const { abi, bytecode } = await hre.artifacts.readArtifact("TestToken");
        const [, other] = await node.provider.listAccounts();
        const token = await new ContractFactory([...abi], bytecode, other).deploy("Test USD Coin", "USDC", 6);
        const currency = { symbol: "USDC", address: await token.getAddress(), decimals: 6 };
        await token.waitForDeployment();
        parameters = await node.parametersFile({ currencies: [currency] });
        const { code, output } = await node.deploy("--parameters", parameters, "--strategy", strategy, "--yes");
        expect(code, output).to.equal(0);
        file = path.join(node.folder, `${TEST_NETWORKS[network].chainId}.json`);
      });
      after(async () => {
        process.env = environment;
        await node.stop();
      });

      const written = async () => JSON.parse(await readFile(file, "utf8")) as DeploymentFile;

      /** Reads what verification reads, from the written file or another, and passes it on. */
      async function withInputs<T>(deployment: string, use: (inputs: VerificationInputs) => Promise<T>): Promise<T> {
        const { close, ...inputs } = await readInputs({ rpc: node.url, deployment, parameters });
        try {
          return await use({ ...inputs, close });
        } finally {
          await close();
        }
      }

      it("deploy writes what verification finds nothing wrong with, by the network's name and with no key", async () => {
        process.env[rpcUrlVariable(network)] = node.url;
        const { close, ...inputs } = await readInputs({ network, deployment: file, parameters });
        const report = await verifyDeployment({ ...inputs, artifacts: hre.artifacts });
        await close();

        expect(report.checks.filter(({ ok }) => !ok)).to.deep.equal([]);
        const { chainId } = TEST_NETWORKS[network];
        expect(report).to.deep.include({ ok: true, chainId: String(chainId), deployer: DEPLOYER.address });
        // The file's hashes too.
        const ledger = report.checks.find(({ subject }) => subject === "RoyaltyLedger.bytecodeHash");
        const { address } = (await written()).RoyaltyLedger as { address: string };
        expect(ledger?.expected).to.equal(keccak256(await node.provider.getCode(address)));
      });

      it("verification finds who deployed, and with which arguments, by the CreateX that the file names", async () => {
        const { meta, ...contracts } = await written();
        expect(meta).to.deep.include({ strategy, createX });
        const bare = Object.entries(contracts).map(([name, contract]) => [
          name,
          { ...contract, constructorArguments: undefined },
        ]);
        const other = path.join(node.folder, "bare.json");
        await writeFile(other, JSON.stringify({ ...Object.fromEntries(bare), meta: { createX } }));
        const artifacts = hre.artifacts;
        const of = (deployment: string) =>
          withInputs(deployment, async (inputs) => {
            const subject = await subjectOf({ ...inputs, artifacts });

            return { deployer: subject.deployer, submissions: await submissionsOf(subject, artifacts) };
          });
        const [said, found] = [await of(file), await of(other)];

        expect(found.deployer).to.equal(DEPLOYER.address);
        const encoded = ({ submissions }: typeof said) => submissions.map((each) => each.encodedArguments);
        expect(encoded(found)).to.deep.equal(encoded(said));
      });

      it("verification refuses the file of another chain", async () => {
        const { meta, ...contracts } = await written();
        const other = path.join(node.folder, "other.json");
        await writeFile(other, JSON.stringify({ ...contracts, meta: { ...meta, chainId: 1 } }));
        const refusal = await readInputs({ rpc: node.url, deployment: other, parameters }).catch((error) => error);

        expect(refusal).to.be.instanceOf(WrongUse);
        expect(refusal.message).to.contain(
          `is of chain 1, and the node serves chain ${TEST_NETWORKS[network].chainId}`,
        );
      });

      it("a model is registered there, and a currency is as good as listed", async () => {
        process.env[DEPLOYER_KEY] = DEPLOYER.privateKey;
        const lines: string[] = [];
        const session = await openSession(network, { rpc: node.url, deployment: file }, (line) => lines.push(line));
        try {
          const commonweal = await session.protocol();
          const model = await registerModel(session, commonweal);
          expect(await commonweal.contracts.ModelRegistry.ownerOf(BigInt(model))).to.equal(DEPLOYER.address);

          const token = await deployFaucet(session, hre.artifacts, FAUCET);
          const sent = await node.provider.getTransactionCount(DEPLOYER.address);
          expect(await listCurrency(session, commonweal, token)).to.equal(undefined);
          expect(lines).to.include(`${token} is tEUR, with 6 decimals.`);
          expect(lines).to.include("Nothing was sent: add --yes to propose it.");
          expect(await node.provider.getTransactionCount(DEPLOYER.address)).to.equal(sent);
        } finally {
          await session.close();
        }
      });
    });
  }
});
