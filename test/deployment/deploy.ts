import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { Contract, ContractFactory, getCreateAddress, keccak256 } from "ethers";
import hre from "hardhat";
import { CREATEX, create3Address, createXAbi, saltOf } from "../../scripts/create3.js";
import { readArguments } from "../../scripts/deploy/arguments.js";
import { CannotDeploy } from "../../scripts/deploy/problems.js";
import type { DeployedContract, DeploymentFile } from "../../scripts/deployments.js";
import { rpcUrlVariable, TEST_NETWORKS, type TestNetworkName } from "../../scripts/networks.js";
import { jsonSchema, type Parameters, readParameters } from "../../scripts/parameters.js";
import { CONTRACT_NAMES } from "../../scripts/plan.js";
import { testParameters } from "../helpers/protocol.js";
import { DEPLOYER, removeJournals, TestNode } from "./deploy.support.js";

/** What the tests' parameters deploy. */
const NAMES = [...CONTRACT_NAMES, "VestingWallet0"];

/** The commit that is checked out; undefined where the sources came without a repository. */
async function headOf(): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)("git", ["rev-parse", "HEAD"]).catch(() => ({ stdout: undefined }));

  return stdout?.trim();
}

/** Starts a node for each test, and stops it. */
function eachOn(name: TestNetworkName, options: { createX?: boolean } = {}): () => TestNode {
  let node: TestNode;
  beforeEach(async () => {
    node = await TestNode.start(name, options);
  });
  afterEach(() => node.stop());

  return () => node;
}

/** Deploys a test token to a node, from an account that is not the deployer. */
async function tokenOn({ provider }: TestNode): Promise<string> {
  const { abi, bytecode } = await hre.artifacts.readArtifact("TestToken");
  const [, other] = await provider.listAccounts();
  const token = await new ContractFactory([...abi], bytecode, other).deploy("Test USD Coin", "USDC", 6);
  await token.waitForDeployment();

  return token.getAddress();
}

async function recordOf(node: TestNode): Promise<DeploymentFile> {
  const file = path.join(node.folder, `${TEST_NETWORKS[node.name].chainId}.json`);

  return JSON.parse(await readFile(file, "utf8")) as DeploymentFile;
}

const contractsOf = ({ meta, ...contracts }: DeploymentFile) => contracts as Record<string, DeployedContract>;

describe("Deploy script", function () {
  this.timeout(120_000);

  describe("--dry-run", () => {
    const node = eachOn("sepolia");

    it("shows each contract, what it costs and what there is, and sends nothing", async () => {
      const { code, output } = await node().deployAlone("--parameters", await node().parametersFile(), "--dry-run");

      expect(code, output).to.equal(0);
      expect(node().sent).to.deep.equal([]);
      expect(await node().provider.getTransactionCount(DEPLOYER.address, "pending")).to.equal(0);
      for (const name of NAMES) {
        expect(output).to.match(
          new RegExp(`${name} +${create3Address(DEPLOYER.address, name)} +to be deployed +[\\d,]+\\n`),
        );
      }
      expect(output).to.match(/Gas +[\d,]{9,} in all/);
      expect(output).to.match(/Gas price +[\d.]+ gwei now/);
      expect(output).to.match(/Cost +0\.\d+ ETH/);
      expect(output).to.contain("Balance     1000.0 ETH");
      expect(output).to.contain("Nothing was sent.");
    });

    it("is asked for by one who has not enough, and says how much to send", async () => {
      await node().provider.send("hardhat_setBalance", [DEPLOYER.address, "0x1"]);
      const { code, output } = await node().deploy("--parameters", await node().parametersFile(), "--dry-run");

      expect(code).to.equal(1);
      expect(output).to.match(new RegExp(`balance is too low: send 0\\.\\d+ ETH to ${DEPLOYER.address}`));
      expect(node().sent).to.deep.equal([]);
    });

    it("looks at the currencies before it is too late", async () => {
      const address = await tokenOn(node());
      const attempt = async (...currencies: Parameters["currencies"]) => {
        const file = await node().parametersFile({ currencies });

        return node().deploy("--parameters", file, "--dry-run");
      };

      const wrong = await attempt({ symbol: "USDC", address, decimals: 18 });
      expect(wrong.code).to.equal(1);
      expect(wrong.output).to.contain(`currencies[0]: ${address} has 6 decimals, not 18`);

      const other = await attempt(
        { symbol: "EURC", address, decimals: 6 },
        { symbol: "USDC", address: DEPLOYER.address, decimals: 6 },
      );
      expect(other.output).to.contain(`currencies[0]: ${address} calls itself USDC, not EURC`);
      expect(other.output).to.contain(`currencies[1]: ${DEPLOYER.address} is no contract on this chain`);

      const right = await attempt({ symbol: "USDC", address, decimals: 6 });
      expect(right.code, right.output).to.equal(0);
      expect(node().sent).to.deep.equal([]);
    });

    it("refuses dates that have passed", async () => {
      const { genesis } = testParameters(DEPLOYER.address);
      const community = { ...genesis.community, until: "2020-01-01T00:00:00Z" };
      const file = await node().parametersFile({ genesis: { ...genesis, community } });
      const { code, output } = await node().deploy("--parameters", file, "--dry-run");

      expect(code).to.equal(1);
      expect(output).to.contain("genesis.community.until: 2020-01-01T00:00:00Z has passed");
      expect(node().sent).to.deep.equal([]);
    });
  });

  describe("before it looks at a chain", () => {
    const node = eachOn("sepolia");

    it("refuses the committed parameters while they name nobody, and says whom to name", async () => {
      const { code, output } = await node().deploy("--dry-run");

      expect(code).to.equal(1);
      expect(output).to.contain("genesis.holders[0].account: <first holder>");
      expect(output).to.contain("safetyBoard[0]: <member of the safety board>");
    });

    it("names the path of what is wrong in a file", async () => {
      const { genesis } = testParameters(DEPLOYER.address);
      const holders = [...genesis.holders, { account: "0x12", weal: "1" }];
      const file = await node().parametersFile({ genesis: { ...genesis, holders } });
      const refusal = (of: string) =>
        readParameters(of).then(String, (error: Error) => `${error.name}: ${error.message}`);

      expect(await refusal(file)).to.match(/^ParametersInvalid: genesis\.holders\[1\]\.account: "0x12" is no address/);
      await writeFile(file, "{ no JSON");
      expect(await refusal(file)).to.contain(`${file}: it is no JSON: `);
      expect(await refusal(`${file}x`)).to.contain(`${file}x: there is no such file`);
    });

    it("says which variable is missing, and how to set it", async () => {
      const args = ["--network", "sepolia", "--parameters", await node().parametersFile(), "--dry-run"];
      const none = await node().run(args);
      expect(none.code).to.equal(1);
      expect(none.output).to.contain("npx pnpm@12 exec hardhat keystore set SEPOLIA_RPC_URL");

      const keyless = await node().run(args, { [rpcUrlVariable("sepolia")]: node().url });
      expect(keyless.output).to.contain("npx pnpm@12 exec hardhat keystore set DEPLOYER_KEY");
      expect(keyless.output).to.not.contain("at Object");
    });

    it("refuses a node that serves another chain", async () => {
      const args = ["--network", "baseSepolia", "--parameters", await node().parametersFile(), "--dry-run"];
      const { code, output } = await node().run(args, {
        BASE_SEPOLIA_RPC_URL: node().url,
        DEPLOYER_KEY: DEPLOYER.privateKey,
      });

      expect(code).to.equal(1);
      expect(output).to.contain("serves chain 11155111, and baseSepolia is chain 84532");
    });

    it("refuses what it does not know, and tells how it is used", async () => {
      const { code, output } = await node().run(["--network", "mars", "--parameters", await node().parametersFile()]);
      expect(code).to.equal(1);
      expect(output).to.contain('There is no network "mars"; name one of localhost, sepolia, ');

      for (const [args, problem] of [
        [[], "Name a network."],
        [["--network", "sepolia", "--strategy", "create9"], 'There is no strategy "create9"'],
        [["--network", "sepolia", "--confirmations", "none"], '--confirmations takes a number, not "none"'],
        [["--network", "sepolia", "--force"], "Unknown option '--force'"],
      ] as const) {
        expect(() => readArguments(args)).to.throw(CannotDeploy, problem);
        expect(() => readArguments(args)).to.throw(CannotDeploy, "Usage: npx pnpm@12 run deploy --network <name>");
      }
    });

    it("sends nothing while nobody can say yes", async () => {
      const { code, output } = await node().deployAlone("--parameters", await node().parametersFile());

      expect(code).to.equal(1);
      expect(output).to.contain("add --yes");
      expect(node().sent).to.deep.equal([]);
    });
  });

  describe("--yes", () => {
    const node = eachOn("sepolia");

    it("deploys all, records it, and sends nothing when run again", async () => {
      const currencies = [{ symbol: "USDC", address: await tokenOn(node()), decimals: 6 }];
      const args = ["--parameters", await node().parametersFile({ currencies }), "--yes"];
      const first = await node().deployAlone(...args);
      expect(first.code, first.output).to.equal(0);
      expect(node().sent).to.have.length(NAMES.length);

      const { meta, ...contracts } = await recordOf(node());
      expect(meta).to.deep.include({
        network: "sepolia",
        chainId: 11_155_111,
        deployer: DEPLOYER.address,
        strategy: "create3",
        createX: CREATEX,
        profile: "production",
      });
      expect(meta.compiler).to.match(/^0\.8\.34\+commit\.[\da-f]{8}/);
      expect(meta.commit?.replace(" with changes", "")).to.equal(await headOf());
      expect(Object.keys(contracts)).to.have.members(NAMES);
      for (const [name, contract] of Object.entries(contracts as Record<string, DeployedContract>)) {
        expect(contract.address).to.equal(create3Address(DEPLOYER.address, name));
        expect(contract.bytecodeHash).to.equal(keccak256(await node().provider.getCode(contract.address)));
        expect((await node().provider.getTransactionReceipt(contract.transaction))?.blockNumber).to.equal(
          contract.block,
        );
      }
      expect((contracts as Record<string, DeployedContract>).RoyaltyLedger.constructorArguments).to.deep.equal([
        create3Address(DEPLOYER.address, "TimelockController"),
        100,
        [create3Address(DEPLOYER.address, "WealToken"), currencies[0].address],
      ]);

      // What tokens say of themselves may change; what is listed stays.
      await node().provider.send("hardhat_setCode", [currencies[0].address, "0x00"]);
      const again = await node().deploy(...args);
      expect(again.code, again.output).to.equal(0);
      expect(again.output).to.contain("All of it is deployed. Nothing was sent.");
      expect(node().sent).to.have.length(NAMES.length);
      expect(await recordOf(node())).to.deep.equal({ meta, ...contracts });
    });

    it("needs no journal to know what it did, and refuses other parameters for it", async () => {
      const first = await node().deploy("--parameters", await node().parametersFile(), "--yes");
      expect(first.code, first.output).to.equal(0);
      const recorded = await recordOf(node());
      await removeJournals("sepolia");

      const again = await node().deploy("--parameters", await node().parametersFile(), "--yes");
      expect(again.code, again.output).to.equal(0);
      expect(await recordOf(node())).to.deep.equal(recorded);

      // In storage, which no code tells.
      const fee = await node().deploy("--parameters", await node().parametersFile({ protocolFeeBps: 0 }), "--yes");
      expect(fee.code).to.equal(1);
      expect(fee.output).to.contain("RoyaltyLedger: it is deployed with other parameters.");

      // In an immutable, which the code tells.
      const { governor } = testParameters(DEPLOYER.address);
      const changed = { ...governor, guardian: { account: DEPLOYER.address, until: "2099-01-01T00:00:00Z" } };
      const other = await node().deploy("--parameters", await node().parametersFile({ governor: changed }), "--yes");
      expect(other.code).to.equal(1);
      expect(other.output).to.contain("WealGovernor: its address holds other code");
      expect(node().sent).to.have.length(NAMES.length);
    });
  });

  describe("on every network", () => {
    for (const name of Object.keys(TEST_NETWORKS) as TestNetworkName[]) {
      it(`has the same addresses: ${name}, with other parameters and nonces, after a thief`, async () => {
        const node = await TestNode.start(name);
        try {
          // Somebody uses the deployer's salts first: CreateX takes them for others.
          const [, thief] = await node.provider.listAccounts();
          const createX = new Contract(CREATEX, createXAbi, await node.provider.getSigner(thief.address));
          for (const target of ["WealToken", "RoyaltyLedger"]) {
            await createX.deployCreate3(saltOf(DEPLOYER.address, target), "0x60015ff3");
          }
          const { chainId } = TEST_NETWORKS[name];
          await node.provider.send("hardhat_setNonce", [DEPLOYER.address, `0x${(chainId % 1_000).toString(16)}`]);
          const file = await node.parametersFile({ protocolFeeBps: chainId % 250 });

          const { code, output } = await node.deploy("--parameters", file, "--yes");
          expect(code, output).to.equal(0);
          expect((await node.provider.getNetwork()).chainId).to.equal(BigInt(chainId));
          for (const [contract, { address }] of Object.entries(contractsOf(await recordOf(node)))) {
            expect(address).to.equal(create3Address(DEPLOYER.address, contract));
            expect(await node.provider.getCode(address)).to.not.equal("0x");
          }
          expect(output).to.match(new RegExp(`Cost +0\\.\\d+ ${name === "polygonAmoy" ? "POL" : "ETH"} at that price`));
          expect(output.includes("Arbitrum adds gas for posting it")).to.equal(name === "arbitrumSepolia");
          if (TEST_NETWORKS[name].chainType === "op") expect(output).to.match(/Data +0\.\d+ ETH for posting it/);
        } finally {
          await node.stop();
        }
      });
    }
  });

  describe("without CreateX", () => {
    const node = eachOn("hoodi", { createX: false });

    it("says how it comes to a chain, and refuses another contract in its place", async () => {
      const args = ["--parameters", await node().parametersFile(), "--dry-run"];
      const missing = await node().deploy(...args);
      expect(missing.code).to.equal(1);
      expect(missing.output).to.contain("send 0.3 ETH to 0xeD456e05CaAb11d66C4c797dD6c1D6f9A7F352b5");
      expect(missing.output).to.contain("--strategy plain");

      await node().provider.send("hardhat_setCode", [CREATEX, "0x00"]);
      const wrong = await node().deploy(...args);
      expect(wrong.code).to.equal(1);
      expect(wrong.output).to.contain(`The contract at ${CREATEX} is not CreateX`);
    });

    it("deploys through a copy by --strategy plain, and goes on with the same copy when killed", async () => {
      await node().provider.send("hardhat_setNonce", [DEPLOYER.address, "0x7"]);
      const args = ["--parameters", await node().parametersFile(), "--strategy", "plain"];
      const copy = getCreateAddress({ from: DEPLOYER.address, nonce: 7 });
      const look = await node().deploy(...args, "--dry-run");
      expect(look.code, look.output).to.equal(0);
      expect(look.output).to.match(new RegExp(`copy of CreateX +${copy} +to be deployed`));
      expect(node().sent).to.deep.equal([]);

      // The copy, and two contracts.
      node().meddler = async ({ method }, pass) => {
        if (method === "eth_sendRawTransaction" && node().sent.length === 4) node().kill();

        return pass();
      };
      expect((await node().deployAlone(...args, "--yes")).code).to.equal(null);
      node().meddler = (_, pass) => pass();
      const { code, output } = await node().deploy(...args, "--yes");
      expect(code, output).to.equal(0);

      const recorded = await recordOf(node());
      expect(recorded.meta.strategy).to.equal("plain");
      expect(recorded.meta.createX).to.equal(copy);
      const contracts = contractsOf(recorded);
      for (const name of NAMES) {
        expect(contracts[name].address).to.equal(create3Address(DEPLOYER.address, name, recorded.meta.createX));
        expect(await node().provider.getCode(contracts[name].address)).to.not.equal("0x");
      }
      const abi = ["function ledger() view returns (address)"];
      const registry = new Contract(contracts.ModelRegistry.address, abi, node().provider);
      expect(await registry.ledger()).to.equal(contracts.RoyaltyLedger.address);

      const again = await node().deploy(...args, "--yes");
      expect(again.output).to.contain("All of it is deployed. Nothing was sent.");
    });
  });

  describe("what is committed", () => {
    it("is a JSON Schema that says what the schema says", async () => {
      const folder = path.join(hre.config.paths.root, "scripts", "parameters");
      const committed = JSON.parse(await readFile(path.join(folder, "schema.json"), "utf8"));

      expect(committed).to.deep.equal(JSON.parse(JSON.stringify(jsonSchema())));
    });

    it("is a file of parameters for every network, with nobody's address for an account", async () => {
      const folder = path.join(hre.config.paths.root, "scripts", "parameters");
      const files = (await readdir(folder)).filter((file) => !["local.json", "schema.json"].includes(file));

      expect(files).to.have.members(Object.keys(TEST_NETWORKS).map((name) => `${name}.json`));
      for (const file of files) {
        const parameters = JSON.parse(await readFile(path.join(folder, file), "utf8")) as Parameters;
        const { genesis, safetyBoard, sources } = parameters;
        const accounts = [...genesis.holders, ...genesis.founders, ...genesis.community.claims].map(
          ({ account }) => account,
        );
        for (const account of [...accounts, ...safetyBoard, ...sources.verifiers]) expect(account).to.match(/^<.+>$/);
      }
    });
  });
});
