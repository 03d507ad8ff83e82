import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { Contract, formatUnits, parseEther } from "ethers";
import hre, { network } from "hardhat";
import type { JsonRpcServer, NetworkConnection } from "hardhat/types/network";
import { startLesserNode } from "../helpers/nodes.js";
import { DAY, testParameters } from "../helpers/protocol.js";
import { connect, type Deployment } from "../../sdk/src/index.js";
import { deployOverHttp, deploymentOf } from "../deployment/verify.support.js";

const ROOT = hre.config.paths.root;
const DRIP = 1_000_000_000n;

interface Ran {
  code: number;
  output: string;
}

/** Everything goes by command line and HTTP, as it does for whoever deployed to a testnet. */
describe("Scripts after deployment", function () {
  this.timeout(300_000);

  let server: JsonRpcServer;
  let connection: NetworkConnection;
  let url: string;
  let folder: string;
  let deployer: string;
  let at: Record<string, string>;
  let deployment: Deployment;

  before(async () => {
    server = await network.createServer("node", "127.0.0.1", 0);
    const { port } = await server.listen();
    url = `http://127.0.0.1:${port}`;
    connection = await network.create({ network: "localhost", override: { url } });
    [{ address: deployer }] = await connection.ethers.getSigners();
    const { plan } = await deployOverHttp(connection, testParameters(deployer));
    at = Object.fromEntries(plan.map(({ name, address }) => [name, address]));
    folder = await mkdtemp(path.join(tmpdir(), "commonweal-after-"));
    deployment = (await deploymentOf(connection.ethers.provider, plan)) as Deployment;
    await writeFile(file("deployment"), JSON.stringify({ ...deployment, meta: { network: "localhost" } }));
  });

  after(async () => {
    await rm(folder, { recursive: true });
    await connection.close();
    await server.close();
  });

  const file = (name: string) => path.join(folder, `${name}.json`);

  function runBare(args: string[]): Promise<Ran> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ["--import", "tsx", "scripts/after/cli.ts", ...args],
        { cwd: ROOT },
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), output: out + err }),
      );
    });
  }

  const run = (...args: string[]) =>
    runBare([...args, "--network", "localhost", "--rpc", url, "--deployment", file("deployment")]);

  /** Runs what has to go well, and returns what it said. */
  async function said(...args: string[]): Promise<string> {
    const { code, output } = await run(...args);
    expect(code, output).to.equal(0);

    return output;
  }

  /** Runs what has to be refused without anything sent, and returns why. */
  async function refusalOf(...args: string[]): Promise<string> {
    const sent = await connection.ethers.provider.getTransactionCount(deployer);
    const { code, output } = await run(...args);
    expect(code, output).to.equal(1);
    expect(output).to.not.match(/\n {4}at /);
    expect(await connection.ethers.provider.getTransactionCount(deployer)).to.equal(sent);

    return output;
  }

  const addressIn = (output: string, before: string) =>
    new RegExp(`${before} (0x[\\da-fA-F]{40})`).exec(output)?.[1] ?? expect.fail(output);
  const contractAt = async (name: string, address: string) =>
    new Contract(address, (await hre.artifacts.readArtifact(name)).abi as never, connection.ethers.provider);

  /** Makes the deployer's votes count, and as many as they are. */
  async function delegate(to: string): Promise<void> {
    const [signer] = await connection.ethers.getSigners();
    const weal = await connection.ethers.getContractAt("WealToken", at.WealToken, signer);
    await weal.getFunction("delegate")(to);
  }

  async function deployFaucet(...args: string[]): Promise<string> {
    return addressIn(await said("faucet", ...args), "is at");
  }

  describe("faucet", () => {
    it("deploys a token like USDC, or as it is asked for", async () => {
      const facts = async (address: string) => {
        const token = await contractAt("FaucetToken", address);

        return [
          await token.name(),
          await token.symbol(),
          await token.decimals(),
          await token.dripAmount(),
          await token.dripPeriod(),
        ];
      };
      const options = [
        "--name",
        "Test Euro",
        "--symbol",
        "tEUR",
        "--decimals",
        "2",
        "--drip",
        "12.5",
        "--period",
        "60",
      ];

      expect(await facts(await deployFaucet())).to.deep.equal(["Faucet USD", "fUSD", 6n, DRIP, BigInt(DAY)]);
      expect(await facts(await deployFaucet(...options))).to.deep.equal(["Test Euro", "tEUR", 2n, 1_250n, 60n]);
    });
  });

  describe("fund", () => {
    it("has a faucet's token drip for the account itself, or another, once in a period", async () => {
      const address = await deployFaucet();
      const token = await contractAt("FaucetToken", address);
      const other = "0x5000000000000000000000000000000000000005";

      expect(await said("fund", "--token", address)).to.include(`${deployer} has 1000.0 fUSD.`);
      expect(await said("fund", "--token", address, "--account", other)).to.include(`${other} has 1000.0 fUSD.`);
      expect([await token.balanceOf(deployer), await token.balanceOf(other)]).to.deep.equal([DRIP, DRIP]);
      const next = new Date(Number(await token.nextDripAt(other)) * 1_000).toISOString();
      expect(await refusalOf("fund", "--token", address, "--account", other)).to.equal(
        `${other} had its drip: it gets the next at ${next}. Nothing was sent.\n`,
      );
    });

    it("says what is wrong with what it is given", async () => {
      expect(await refusalOf("fund")).to.equal("Give --token. Nothing was sent.\n");
      expect(await refusalOf("fund", "--token", "USDC")).to.include('"USDC" is no address');
      expect(await refusalOf("fund", "--token", at.RoyaltyLedger)).to.include("is no FaucetToken");
    });
  });

  describe("register-model", () => {
    it("registers a model that can be paid at the links that it prints", async () => {
      const output = await said("register-model");
      const model = addressIn(output, "Registered as");
      const registry = await contractAt("ModelRegistry", at.ModelRegistry);
      const [{ args }] = (await registry.queryFilter("VersionPublished")) as unknown as {
        args: Record<string, string>;
      }[];
      const manifest = Buffer.from(args.mirrorURI.split(",")[1], "base64");

      expect(await registry.ownerOf(BigInt(model))).to.equal(deployer);
      expect(args.manifestDigest).to.equal(`0x${createHash("sha256").update(manifest).digest("hex")}`);
      expect(JSON.parse(manifest.toString()).name).to.equal("Sample model");
      expect(output).to.include(`ethereum:${model}@31337?value=${parseEther("0.001")}`);
      expect(output).to.include(`ethereum:${at.WealToken}@31337/transfer?address=${model}&uint256=${parseEther("1")}`);

      // What the first link says, a wallet does.
      const [, payer] = await connection.ethers.getSigners();
      await payer.sendTransaction({ to: model, value: parseEther("0.001") });
      const { deposits, royalties } = await connect(payer, { deployment });
      await deposits.sweep({ models: [model], currencies: ["ETH"] });
      expect((await royalties.booksOf({ model, currency: "ETH" })).received).to.equal(parseEther("0.001"));
    });
  });

  describe("propose, list-currency", () => {
    before(() => delegate(deployer));

    it("list-currency shows first, and then proposes what a vote makes a currency", async () => {
      const token = await deployFaucet("--decimals", "18");
      const shown = await said("list-currency", "--currency", token);
      expect(shown).to.include(`${token} is fUSD, with 18 decimals.`);
      expect(shown).to.include("Nothing was sent: add --yes to propose it.");

      const output = await said("list-currency", "--currency", token, "--yes");
      const proposalId = BigInt(/Proposed as (\d+)\./.exec(output)?.[1] ?? expect.fail(output));
      const [signer] = await connection.ethers.getSigners();
      const governor = await connection.ethers.getContractAt("WealGovernor", at.WealGovernor, signer);
      const dateAfter = (seconds: bigint) => new Date(Number(seconds) * 1_000).toISOString().replace(".000", "");
      const opens = await governor.getFunction("proposalSnapshot")(proposalId);
      for (const date of [opens, opens + BigInt(7 * DAY), opens + BigInt(9 * DAY)]) {
        expect(output).to.include(dateAfter(date));
      }

      const pass = async (seconds: number) => {
        await connection.ethers.provider.send("evm_increaseTime", [seconds]);
        await connection.ethers.provider.send("evm_mine", []);
      };
      await pass(DAY + 1);
      await governor.getFunction("castVote")(proposalId, 1);
      await pass(7 * DAY);
      await governor.getFunction("queue(uint256)")(proposalId);
      await pass(2 * DAY);
      await governor.getFunction("execute(uint256)")(proposalId);

      const ledger = await contractAt("RoyaltyLedger", at.RoyaltyLedger);
      expect(await ledger.isListed(token)).to.equal(true);
      expect(await refusalOf("list-currency", "--currency", token)).to.equal(
        `${token} cannot be a currency: it is listed. Nothing was sent.\n`,
      );
    });

    it("list-currency refuses what is no currency", async () => {
      const [signer] = await connection.ethers.getSigners();
      const large = await connection.ethers.deployContract("TestToken", ["Large", "L", 0], signer);
      await large.waitForDeployment();
      await (await large.getFunction("mint")(deployer, 2n ** 96n)).wait();
      const address = await large.getAddress();
      const { code } = await run("list-currency", "--currency", address);
      expect(code).to.equal(0);
      await (await large.getFunction("mint")(deployer, 1n)).wait();

      for (const [token, reason] of [
        [address, `its supply is ${2n ** 96n + 1n} units, above 2^96`],
        ["0x5000000000000000000000000000000000000005", "there is no contract; look at the address and the network"],
        [at.BallotRelay, "it has no decimals(), so it is no ERC-20 that wallets show"],
        ["USDC", "it is no address; give --currency 0x…"],
      ]) {
        expect(await refusalOf("list-currency", "--currency", token)).to.equal(
          `${token} cannot be a currency: ${reason}. Nothing was sent.\n`,
        );
      }
    });

    it("propose explains, simulates and proposes what a file has, to either governor", async () => {
      const { interface: ledger } = await contractAt("RoyaltyLedger", at.RoyaltyLedger);
      const { interface: board } = await contractAt("SafetyBoard", at.SafetyBoard);
      const fee = { target: at.RoyaltyLedger, data: ledger.encodeFunctionData("setProtocolFee", [50]) };
      const member = { target: at.SafetyBoard, data: board.encodeFunctionData("setMember", [deployer, true]) };
      for (const [action, flags, governor, sentence, change] of [
        [
          fee,
          [],
          "WealGovernor",
          "Set the protocol fee of future models to 0.5 %",
          "RoyaltyLedger.protocolFeeBps: 100 → 50",
        ],
        [member, ["--safety"], "SafetyGovernor", deployer, "SafetyBoard"],
      ] as const) {
        await writeFile(file("proposal"), JSON.stringify({ description: "A change", actions: [action] }));
        const shown = await said("propose", "--proposal", file("proposal"), ...flags);
        expect(shown).to.include(sentence).and.to.include(change).and.to.include("Nothing was sent");

        const output = await said("propose", "--proposal", file("proposal"), ...flags, "--yes");
        const id = BigInt(/Proposed as (\d+)\./.exec(output)?.[1] ?? expect.fail(output));
        const [targets, , calldatas] = await (await contractAt("WealGovernor", at[governor])).proposalDetails(id);
        expect([[...targets], [...calldatas]]).to.deep.equal([[action.target], [action.data]]);
      }
    });

    it("propose refuses what would fail, what is no proposal, and whoever has too few votes", async () => {
      const { interface: ledger } = await contractAt("RoyaltyLedger", at.RoyaltyLedger);
      const failing = { target: at.RoyaltyLedger, data: ledger.encodeFunctionData("setProtocolFee", [251]) };
      await writeFile(file("failing"), JSON.stringify({ description: "Too much", actions: [failing] }));
      await writeFile(file("empty"), JSON.stringify({ description: "Nothing", actions: [] }));
      await writeFile(file("text"), "no JSON");

      expect(await refusalOf("propose", "--proposal", file("failing"), "--yes")).to.include(
        "Executed now, it would fail",
      );
      expect(await refusalOf("propose", "--proposal", file("empty"), "--yes")).to.include(
        'A proposal needs a "description"',
      );
      expect(await refusalOf("propose", "--proposal", file("text"))).to.match(
        /text\.json cannot be read .* --proposal/,
      );

      await delegate("0x5000000000000000000000000000000000000005");
      const fine = { target: at.RoyaltyLedger, data: ledger.encodeFunctionData("setProtocolFee", [51]) };
      await writeFile(file("fine"), JSON.stringify({ description: "Fine", actions: [fine] }));
      await writeFile(file("priced"), JSON.stringify({ description: "Priced", actions: [{ ...fine, value: "1.5" }] }));
      expect(await refusalOf("propose", "--proposal", file("priced"), "--yes")).to.include(
        'actions[0].value takes wei as "0" or "1000", not "1.5".',
      );
      const threshold = formatUnits(parseEther("100000"), 18);
      expect(await refusalOf("propose", "--proposal", file("fine"), "--yes")).to.include(
        `${deployer} has 0.0 votes, and proposing takes ${threshold}`,
      );
    });
  });

  describe("without what they need", () => {
    it("say which command, network or option", async () => {
      const cases: [string[], RegExp][] = [
        [["vote"], /^The commands are faucet, fund, .*, not "vote"\. Nothing was sent\.$/m],
        [["faucet"], /^Give --network\./m],
        [["faucet", "--network", "mars"], /knows no network "mars", but /],
        [["faucet", "--colour", "red"], /Unknown option '--colour'/],
        ...([
          ["--decimals", "six", /--decimals takes a whole number up to 36, not "six"/],
          ["--decimals", "300", /--decimals takes a whole number up to 36, not "300"/],
          ["--period", "1099511627775", /--period takes a whole number up to 3153600000, not "1099511627775"/],
          ["--drip", "abc", /--drip takes an amount with up to 6 decimals, such as 12\.5, not "abc"/],
          ["--drip", "0.0000001", /--drip takes an amount with up to 6 decimals/],
        ].map(([option, value, message]) => [
          ["faucet", "--network", "localhost", "--rpc", url, option, value],
          message,
        ]) as [string[], RegExp][]),
        [
          ["register-model", "--network", "localhost", "--rpc", url, "--deployment", "nowhere.json"],
          /nowhere\.json cannot be read .* --deployment/,
        ],
      ];
      for (const [args, message] of cases) {
        const { code, output } = await runBare(args);
        expect([code, output.split("\n").length], output).to.deep.equal([1, 2]);
        expect(output).to.match(message);
      }
    });

    it("say that the network has no key", async () => {
      const node = await startLesserNode(url, { eth_accounts: { result: [] } });
      const { code, output } = await runBare(["faucet", "--network", "localhost", "--rpc", node.url]);
      node.close();

      expect([code, output]).to.deep.equal([
        1,
        'The network "localhost" has no key to sign with: set the configuration variable that hardhat.config.ts names ' +
          "for its `accounts`, with `npx pnpm@12 exec hardhat keystore set NAME` or as an environment variable. Nothing was sent.\n",
      ]);
    });

    it("say that the account has no funds", async () => {
      const { provider } = connection.ethers;
      const balance = await provider.getBalance(deployer);
      await provider.send("hardhat_setBalance", [deployer, "0x0"]);

      expect(await refusalOf("faucet")).to.equal(
        `${deployer} has nothing on localhost to pay gas with: send it some of the chain's coin, from a faucet. ` +
          "Nothing was sent.\n",
      );
      await provider.send("hardhat_setBalance", [deployer, `0x${balance.toString(16)}`]);
    });
  });
});
