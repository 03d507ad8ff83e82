import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import hre, { network } from "hardhat";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { JsonRpcServer, NetworkConnection } from "hardhat/types/network";
import config from "../../hardhat.config.js";
import { CREATEX } from "../../scripts/create3.js";
import { type Explorer, publish } from "../../scripts/verify/publish.js";
import { subjectOf } from "../../scripts/verify/subject.js";
import { type Submission, submissionsOf, writeInputs } from "../../scripts/verify/submissions.js";
import { deployTestProtocol, testParameters } from "../helpers/protocol.js";
import { initCodeOf, startExplorer, type Submitted, verify } from "./explorer.support.js";
import { deployOverHttp, deploymentOf } from "./verify.support.js";

/** Sepolia's: of local chains' ids nobody keeps sources. */
const CHAIN_ID = 11_155_111;
const API_KEY = "a key of Etherscan's";
/** Explorers compile what they are given. */
const PATIENCE = 300_000;
/** What they are given here: one of our sources, one of OpenZeppelin's, one that another contract deployed. */
const COMPILED = ["GenesisClaim", "VestingWallet0", "FunderPool"];

/** A contract in `contracts.json`. */
type Entry = Submitted & { name: string };

describe("Explorers", function () {
  this.timeout(PATIENCE);

  let server: JsonRpcServer;
  let connection: NetworkConnection;
  let explorer: Awaited<ReturnType<typeof startExplorer>>;
  let environment: HardhatRuntimeEnvironment;
  let submissions: Submission[];

  before(async () => {
    server = await network.createServer({ network: "node", override: { chainId: CHAIN_ID } }, "127.0.0.1", 0);
    const { port } = await server.listen();
    const url = `http://127.0.0.1:${port}`;
    connection = await network.create({ network: "localhost", override: { url } });
    const { provider } = connection.ethers;

    // CreateX comes from a chain where Ignition put it.
    const other = await network.create();
    await deployTestProtocol(other);
    await provider.send("hardhat_setCode", [CREATEX, await other.ethers.provider.getCode(CREATEX)]);
    await other.close();

    const [{ address }] = await connection.ethers.getSigners();
    const parameters = testParameters(address);
    const { plan } = await deployOverHttp(connection, parameters);
    const deployment = await deploymentOf(provider, plan);
    const subject = await subjectOf({ provider, artifacts: hre.artifacts, deployment, parameters });
    submissions = await submissionsOf(subject, hre.artifacts);

    explorer = await startExplorer(provider, { apiKey: API_KEY, chainId: CHAIN_ID });
    environment = await createHardhatRuntimeEnvironment(
      {
        ...config,
        networks: { ...config.networks, explored: { type: "http", url } },
        chainDescriptors: {
          [CHAIN_ID]: {
            name: "Sepolia",
            blockExplorers: {
              etherscan: { url: explorer.url, apiUrl: `${explorer.url}/etherscan` },
              blockscout: { url: explorer.url, apiUrl: `${explorer.url}/blockscout` },
            },
          },
        },
        verify: { etherscan: { apiKey: API_KEY }, sourcify: { apiUrl: explorer.url } },
      },
      { network: "explored" },
    );
  });

  after(async () => {
    explorer.close();
    await connection.close();
    await server.close();
  });

  const named = (...names: string[]) => submissions.filter(({ name }) => names.includes(name));
  const failuresOf = async (of: readonly Submission[], explorers: readonly Explorer[]) =>
    (await publish(environment, of, explorers)).flatMap(({ name, failure }) =>
      failure ? [`${name}: ${failure}`] : [],
    );

  it("are given every contract, also those that others deployed, and the vesting wallets", () => {
    expect(submissions.map(({ name }) => name)).to.include.members(["RoundTerms", "FunderPool", "VestingWallet0"]);
    expect(submissions).to.have.length(21);
    for (const { compiler } of submissions) expect(compiler).to.equal("v0.8.34+commit.80d5c536");
  });

  it("of Etherscan's kind verify code and constructor arguments, and are asked once", async () => {
    const some = named(...COMPILED);
    expect(await failuresOf(some, ["etherscan"])).to.deep.equal([]);

    expect([...explorer.verified.etherscan].sort()).to.deep.equal(some.map(({ address }) => address).sort());
    // What they have verified is not submitted again.
    const count = explorer.submissions.length;
    expect(count).to.be.at.least(some.length);
    expect(await failuresOf(some, ["etherscan"])).to.deep.equal([]);
    expect(explorer.submissions.length).to.equal(count);
  });

  for (const kind of ["blockscout", "sourcify"] as const) {
    it(`of ${kind}'s kind verify`, async () => {
      const some = named("GenesisClaim");

      expect(await failuresOf(some, [kind])).to.deep.equal([]);
      expect([...explorer.verified[kind]]).to.deep.equal(some.map(({ address }) => address));
    });
  }

  it("refuse wrong arguments and other code, which keeps no other contract from being verified", async () => {
    const [claim, wallet, pool] = COMPILED.map((name) => named(name)[0]);
    const [weal, treasury, root] = claim.constructorArguments;
    explorer.verified.etherscan.clear();
    const wrong = { ...claim, constructorArguments: [weal, treasury, root, 7] };
    const elsewhere = { ...pool, address: claim.address };

    const failures = await failuresOf([wrong, elsewhere, wallet], ["etherscan"]);

    expect(failures).to.have.length(2);
    expect(failures[0]).to.match(/^GenesisClaim: .*constructor argument/s);
    expect(failures[1]).to.match(/^FunderPool: /);
    expect([...explorer.verified.etherscan]).to.deep.equal([wallet.address]);
  });

  it("are asked with the key of Etherscan, and say so when it is not right", async () => {
    const other = await createHardhatRuntimeEnvironment(
      { ...environment.userConfig, verify: { etherscan: { apiKey: "another" } } },
      { network: "explored" },
    );
    const [{ failure }] = await publish(other, named("BallotRelay"), ["etherscan"]);

    expect(failure).to.match(/Invalid API Key/);
  });

  describe("input for their forms", () => {
    let folder: string;
    let list: Entry[];
    let files: string[];

    before(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "commonweal-input-"));
      files = await writeInputs(hre.artifacts, submissions, folder);
      list = JSON.parse(await readFile(path.join(folder, "contracts.json"), "utf8"));
    });
    after(() => rm(folder, { recursive: true }));

    const inputOf = ({ input }: Entry) => readFile(path.join(folder, input), "utf8");

    it("is there for every contract, with the sources of here and the arguments that were sent", async () => {
      expect(list.map(({ name }) => name)).to.deep.equal(submissions.map(({ name }) => name));
      expect(new Set([...list.map(({ input }) => input), "contracts.json"])).to.deep.equal(new Set(files));

      for (const entry of list) {
        const { name, address, contract } = entry;
        const { language, sources, settings } = JSON.parse(await inputOf(entry));
        const [source, contractName] = contract.split(":");
        expect([language, settings.viaIR, settings.evmVersion], name).to.deep.equal(["Solidity", true, "cancun"]);
        // From here, or from npm.
        const file = source
          .replace(/^project\//, "")
          .replace(/^npm\/(@openzeppelin\/contracts)@[\d.]+/, "node_modules/$1");
        expect(sources[source].content, name).to.equal(await readFile(path.join(hre.config.paths.root, file), "utf8"));
        // Two were deployed by another contract, not by CreateX.
        const sent = await initCodeOf(connection.ethers.provider, address);
        if (sent !== undefined) {
          const { bytecode } = await hre.artifacts.readArtifact(contractName);
          expect(sent, name).to.equal(bytecode + entry.constructorArguments);
        } else expect(name).to.be.oneOf(["RoundTerms", "FunderPool"]);
      }
    });

    it("compiles, with the compiler that it names, to exactly what is deployed", async () => {
      for (const { name, ...entry } of list.filter(({ name }) => COMPILED.includes(name))) {
        const input = await inputOf({ name, ...entry });

        expect(await verify(connection.ethers.provider, { ...entry, input }), name).to.equal(undefined);
      }
    });
  });
});
