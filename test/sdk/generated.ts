import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ErrorFragment, Interface } from "ethers";
import hre from "hardhat";
import { outputTransformers } from "typechain/dist/codegen/outputTransformers/index.js";
import { GENERATED, generate, staleFiles } from "../../scripts/generate.js";
import { deploymentsSource } from "../../scripts/generate/deployments.js";
import { deployments, erc20Abi, royaltyLedgerAbi } from "../../sdk/src/abi.js";
import { errorIndex } from "../../sdk/src/errorIndex.js";
import { RoyaltyLedger } from "../../sdk/src/generated/fragments/RoyaltyLedger.js";
import { simulatorCode } from "../../sdk/src/generated/simulator.js";

describe("generated files of the SDK", () => {
  let files: Map<string, string>;

  before(async () => {
    files = await generate();
  });

  it("are what the contracts and deployments give, each time", async () => {
    expect(await staleFiles(files, GENERATED)).to.deep.equal([]);
    expect(await generate()).to.deep.equal(files);
  });

  it("are the same when Hardhat has compiled in this process, which keeps TypeChain from formatting", async () => {
    const transformers = outputTransformers.splice(0);
    try {
      expect(await generate()).to.deep.equal(files);
    } finally {
      outputTransformers.push(...transformers);
    }
  });

  it("carry no bytecode but the simulator's, which is loaded when it is needed", async () => {
    const carrying = [...files].filter(([, text]) => /0x[0-9a-f]{65}/i.test(text)).map(([path]) => path);
    expect(carrying).to.deep.equal(["simulator.ts"]);

    const { deployedBytecode } = await hre.artifacts.readArtifact("CallSimulator");
    expect(simulatorCode).to.equal(deployedBytecode);
  });

  it("know every custom error of every contract", async () => {
    const names = [...(await hre.artifacts.getAllFullyQualifiedNames())].filter(
      (name) => name.startsWith("contracts/") && !/^contracts\/(mocks|testnet|interfaces\/IFaucetToken)/.test(name),
    );
    expect(names).to.include("contracts/royalties/RoyaltyLedger.sol:RoyaltyLedger");

    for (const name of names) {
      new Interface((await hre.artifacts.readArtifact(name)).abi).forEachError((error) => {
        expect(errorIndex().get(error.selector), `${error.name} of ${name}`).to.include({ name: error.name });
      });
    }
  });

  it("name each error once, under its selector", () => {
    for (const [selector, { name, error }] of errorIndex()) {
      expect(ErrorFragment.from(error)).to.include({ name, selector });
    }
    const names = [...errorIndex().values()].map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });

  it("have all functions and events of the contracts in short, with the names of what they take", async () => {
    const { abi } = await hre.artifacts.readArtifact("RoyaltyLedger");
    const members = (fragments: readonly unknown[]) =>
      new Interface(fragments as string[]).fragments
        .filter(({ type }) => type === "function" || type === "event")
        .map((fragment) => fragment.format("full"));

    expect(RoyaltyLedger.fragments.length).to.be.above(60);
    expect(members(RoyaltyLedger.fragments)).to.have.members(members(abi));
    expect(RoyaltyLedger.fragments).to.include(
      "function claim(address[] models, address currency, address to) returns (uint256 amount)",
    );
  });

  it("have the contracts' ABIs, and of any ERC-20 what the SDK needs", () => {
    expect(new Interface(royaltyLedgerAbi).getFunction("payMany")?.payable).to.equal(true);
    expect(
      new Interface(erc20Abi).fragments.map((fragment) => ("name" in fragment ? fragment.name : "")),
    ).to.include.members([
      "allowance",
      "approve",
      "balanceOf",
      "decimals",
      "symbol",
      "transfer",
      "ERC20InsufficientBalance",
    ]);
  });

  it("have the local chain's addresses", () => {
    expect(deployments[31337]).to.have.keys(
      "BallotRelay",
      "GenesisClaim",
      "LicenseStore",
      "ModelRegistry",
      "RoyaltyLedger",
      "RoyaltyLens",
      "SafetyBoard",
      "SafetyGovernor",
      "SafetyLens",
      "SafetyTimelock",
      "SourceRegistry",
      "Stakeholding",
      "TimelockController",
      "TrainingRounds",
      "UsageChannels",
      "UsePolicy",
      "WealGovernor",
      "WealToken",
    );
  });

  it("leave out what else a deployment tells", async () => {
    const directory = await mkdtemp(join(tmpdir(), "commonweal-"));
    try {
      const local = join(import.meta.dirname, "..", "..", "deployments", "31337.json");
      const deployment = JSON.parse(await readFile(local, "utf8")) as object;
      await writeFile(join(directory, "31337.json"), JSON.stringify(deployment));
      const plain = await deploymentsSource(directory);
      await writeFile(join(directory, "31337.json"), JSON.stringify({ meta: { commit: "abc" }, ...deployment }));
      await writeFile(join(directory, "notes.json"), "{}");

      expect(plain).to.include(deployments[31337].RoyaltyLedger.address);
      expect(await deploymentsSource(directory)).to.equal(plain);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  describe("staleFiles", () => {
    it("names files that differ, are missing, or should not be there", async () => {
      const directory = await mkdtemp(join(tmpdir(), "commonweal-"));
      try {
        await mkdir(join(directory, "abis"));
        await writeFile(join(directory, "same.ts"), "same");
        await writeFile(join(directory, "abis", "old.ts"), "old");
        await writeFile(join(directory, "changed.ts"), "before");
        const files = new Map([
          ["same.ts", "same"],
          ["changed.ts", "after"],
          ["abis/new.ts", "new"],
        ]);

        expect(await staleFiles(files, directory)).to.deep.equal(["abis/new.ts", "abis/old.ts", "changed.ts"]);
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  });
});
