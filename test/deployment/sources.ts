import { expect } from "chai";
import hre, { network } from "hardhat";
import { create3Address } from "../../scripts/create3.js";
import { planProtocol } from "../../scripts/plan.js";
import { deployTestProtocol, testParameters, VERIFIERS } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployTestProtocol(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

// The ids of sources hang on the first, so both are pinned: they follow from the first test account and the names alone.
const ADDRESSES = {
  SourceRegistry: "0x3d515361dFcAfC86ad28F43dCa847416e7c01126",
  RoyaltyLens: "0x855F65e2AB240Ae3c84973410c1E5561C139b132",
};

describe("Deployment", () => {
  describe("SourceRegistry and RoyaltyLens", () => {
    it("have addresses that are known before anything is deployed", async () => {
      const { plan, sources, lens, signers } = await fixture();

      for (const [name, contract] of [
        ["SourceRegistry", sources],
        ["RoyaltyLens", lens],
      ] as const) {
        expect(await contract.getAddress()).to.equal(ADDRESSES[name]);
        expect(create3Address(signers[0].address, name)).to.equal(ADDRESSES[name]);
        expect(plan.find((planned) => planned.name === name)?.address).to.equal(ADDRESSES[name]);
      }
    });

    it("keep them whatever the parameters are", async () => {
      const { signers } = await fixture();
      const [deployer, other] = signers;
      const parameters = {
        ...testParameters(deployer.address),
        sources: { threshold: 1, verifiers: [other.address] },
      };
      const { contracts } = await planProtocol(hre.artifacts, deployer.address, parameters, 31_337n);

      expect(contracts.find(({ name }) => name === "SourceRegistry")).to.deep.include({
        address: ADDRESSES.SourceRegistry,
        constructorArguments: [
          create3Address(deployer.address, "ModelRegistry"),
          create3Address(deployer.address, "TimelockController"),
          1,
          [other.address],
        ],
      });
    });

    it("know the registry, the ledger and the timelock", async () => {
      const { sources, lens, ledger, registry, timelock } = await fixture();

      expect(await sources.registry()).to.equal(await registry.getAddress());
      expect(await sources.governance()).to.equal(await timelock.getAddress());
      expect(await lens.ledger()).to.equal(await ledger.getAddress());
    });

    it("begin with the parameters' verifiers and threshold, which count at once", async () => {
      const { sources, parameters } = await fixture();
      const updates = await sources.queryFilter(sources.filters.VerifierUpdated());

      expect(await sources.threshold()).to.equal(parameters.sources.threshold);
      expect(updates.map(({ args }) => args.verifier)).to.deep.equal(VERIFIERS.map(({ address }) => address));
      for (const { args } of updates) expect(await sources.isVerifier(args.verifier)).to.equal(true);
      expect(await sources.queryFilter(sources.filters.ThresholdUpdated())).to.have.length(1);
    });

    it("leave the deployer without a say", async () => {
      const { sources, signers } = await fixture();
      const [deployer] = signers;
      await sources.registerSource(0, "org/name");
      const source = await sources.sourceIdOf(0, "org/name");
      const deadline = (await networkHelpers.time.latest()) + 1_000;

      expect(await sources.isVerifier(deployer.address)).to.equal(false);
      for (const call of [
        () => sources.connect(deployer).setVerifier(deployer.address, true),
        () => sources.connect(deployer).setThreshold(1),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(sources, "NotSourceGovernance").withArgs(deployer.address);
      }
      await expect(sources.connect(deployer).claimSource(source, deployer.address, ethers.ZeroAddress, deadline, []))
        .to.be.revertedWithCustomError(sources, "AttestationsMissing")
        .withArgs(0, 2);
    });

    it("leave the deployer without shares and tokens of a source, and the contracts without money", async () => {
      const { sources, lens, registry, ledger, usdc, weal, signers } = await fixture();
      const [deployer] = signers;
      await sources.connect(deployer).registerSource(0, "org/name");
      const source = await sources.sourceIdOf(0, "org/name");

      expect(await ledger.balanceOf(deployer.address, source)).to.equal(0n);
      expect(await registry.balanceOf(deployer.address)).to.equal(0n);
      expect(await registry.isApprovedForAll(await sources.getAddress(), deployer.address)).to.equal(false);
      for (const contract of [sources, lens]) {
        const address = await contract.getAddress();
        expect(await ethers.provider.getBalance(address)).to.equal(0n);
        for (const token of [usdc, weal]) expect(await token.balanceOf(address)).to.equal(0n);
      }
    });

    it("take no ETH", async () => {
      const { sources, lens, signers } = await fixture();

      for (const contract of [sources, lens]) {
        await expect(signers[1].sendTransaction({ to: await contract.getAddress(), value: 1n })).to.be.revert(ethers);
      }
    });
  });
});
