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
import { startExplorer, verify } from "./explorer.support.js";
import { deployOverHttp, deploymentOf } from "./verify.support.js";

/** Sepolia's: of local chains' ids nobody keeps sources. */
const CHAIN_ID = 11_155_111;
const API_KEY = "a key of Etherscan's";
/** Explorers compile what they are given. */
const PATIENCE = 900_000;

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

  it("of Etherscan's kind verify all of it: code, and constructor arguments", async () => {
    expect(await failuresOf(submissions, ["etherscan"])).to.deep.equal([]);

    expect([...explorer.verified.etherscan].sort()).to.deep.equal(submissions.map(({ address }) => address).sort());
    // What they have verified is not submitted again.
    const count = explorer.submissions.length;
    expect(count).to.be.at.least(submissions.length);
    expect(await failuresOf(submissions, ["etherscan"])).to.deep.equal([]);
    expect(explorer.submissions.length).to.equal(count);
  });

  for (const kind of ["blockscout", "sourcify"] as const) {
    it(`of ${kind}'s kind verify what comes from our sources, from OpenZeppelin's, and from another contract`, async () => {
      const some = named("GenesisClaim", "SafetyTimelock", "VestingWallet0", "RoundTerms");

      expect(await failuresOf(some, [kind])).to.deep.equal([]);
      expect([...explorer.verified[kind]].sort()).to.deep.equal(some.map(({ address }) => address).sort());
    });
  }

  it("refuse wrong arguments and other code, which keeps no other contract from being verified", async () => {
    const [claim, relay, lens] = named("GenesisClaim", "BallotRelay", "RoyaltyLens");
    const [weal, treasury, root] = claim.constructorArguments;
    explorer.verified.etherscan.clear();
    const wrong = { ...claim, constructorArguments: [weal, treasury, root, 7] };
    const elsewhere = { ...relay, address: lens.address };

    const failures = await failuresOf([wrong, elsewhere, lens], ["etherscan"]);

    expect(failures).to.have.length(2);
    expect(failures[0]).to.match(/^GenesisClaim: .*constructor argument/s);
    expect(failures[1]).to.match(/^BallotRelay: /);
    expect([...explorer.verified.etherscan]).to.deep.equal([lens.address]);
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
    it("compiles, with the compiler that it names, to exactly what is deployed", async () => {
      const folder = await mkdtemp(path.join(tmpdir(), "commonweal-input-"));
      const files = await writeInputs(hre.artifacts, submissions, folder);
      const list = JSON.parse(await readFile(path.join(folder, "contracts.json"), "utf8"));

      expect(list.map(({ name }: { name: string }) => name)).to.deep.equal(submissions.map(({ name }) => name));
      expect(new Set([...list.map(({ input }: { input: string }) => input), "contracts.json"])).to.deep.equal(
        new Set(files),
      );
      for (const { name, input: file, ...entry } of list) {
        const input = await readFile(path.join(folder, file), "utf8");

        expect(await verify(connection.ethers.provider, { ...entry, input }), name).to.equal(undefined);
      }
      await rm(folder, { recursive: true });
    });
  });
});
