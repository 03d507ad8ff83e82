import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ErrorFragment, Interface } from "ethers";
import hre from "hardhat";
import { GENERATED, generate, staleFiles } from "../../scripts/generate.js";
import { deployments } from "../../sdk/src/contracts.js";
import { erc20Abi, royaltyLedgerAbi } from "../../sdk/src/contracts.js";
import { errorTable } from "../../sdk/src/generated/errors.js";
import { simulatorCode } from "../../sdk/src/generated/simulator.js";

describe("generated files of the SDK", () => {
  it("are what the contracts and deployments give", async () => {
    expect(await staleFiles(await generate(), GENERATED)).to.deep.equal([]);
  });

  it("carry no bytecode but the simulator's, which is loaded when it is needed", async () => {
    const carrying = [...(await generate())].filter(([, text]) => /0x[0-9a-f]{65}/i.test(text)).map(([path]) => path);
    expect(carrying).to.deep.equal(["simulator.ts"]);

    const { deployedBytecode } = await hre.artifacts.readArtifact("ProposalSimulator");
    expect(simulatorCode).to.equal(deployedBytecode);
  });

  it("know every custom error of every contract", async () => {
    const names = [...(await hre.artifacts.getAllFullyQualifiedNames())].filter(
      (name) => name.startsWith("contracts/") && !/^contracts\/(mocks|testnet)\//.test(name),
    );
    expect(names).to.include("contracts/royalties/RoyaltyLedger.sol:RoyaltyLedger");

    for (const name of names) {
      new Interface((await hre.artifacts.readArtifact(name)).abi).forEachError((error) => {
        expect(errorTable, `${error.name} of ${name}`).to.have.property(error.selector);
      });
    }
  });

  it("name each error once, under its selector", () => {
    const entries = Object.entries(errorTable);
    for (const [selector, { error }] of entries) expect(ErrorFragment.from(error).selector).to.equal(selector);
    expect(new Set(entries.map(([, { error }]) => error)).size).to.equal(entries.length);
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
