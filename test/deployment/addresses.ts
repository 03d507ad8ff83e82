import { expect } from "chai";
import hre, { network } from "hardhat";
import { CREATEX, create3Address, createXAbi } from "../../scripts/create3.js";
import { planProtocol } from "../../scripts/plan.js";
import { DeploymentMismatch, deployProtocol, requireAsPlanned } from "../../scripts/protocol.js";
import { DAY, deployTestProtocol, testParameters } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployTestProtocol(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

// Ids of models hang on these, so they are pinned: they follow from the first test account and the names alone.
const ADDRESSES = {
  WealToken: "0xf66D5e4F225879028Db651C38E609aEC6d9Bf028",
  TimelockController: "0x918f7a6FF493C4745dd544aa913F87A86ABB7788",
  WealGovernor: "0x8c11219Aaa58dcd2158CFbcBAa444200CE1737F9",
  RoyaltyLedger: "0xd1c2f78ab3209A105fc9669fb0f41FC8aC4c4DFe",
  RoyaltyLens: "0x855F65e2AB240Ae3c84973410c1E5561C139b132",
  ModelRegistry: "0xD790B0b98886d4A1a239F3b2F8938Ee9662F4155",
  SourceRegistry: "0x3d515361dFcAfC86ad28F43dCa847416e7c01126",
};

/** Everything that a deployer can choose, chosen otherwise than the tests do. */
function otherParameters(deployer: string, guardian: string) {
  return {
    ...testParameters(deployer),
    protocolFeeBps: 25,
    timelockDelay: 5 * DAY,
    guardian,
    governor: {
      votingDelay: 2 * DAY,
      votingPeriod: 3 * DAY,
      lateQuorumExtension: DAY,
      proposalThreshold: "1",
      quorumPercent: 10,
    },
    sources: { threshold: 1, verifiers: [guardian] },
    genesis: [{ account: guardian, weal: "1000000000" }],
  };
}

/** Starts another chain, with CreateX and nothing else on it. */
async function freshChain(chainId: number) {
  await fixture();
  const fresh = await network.create({ override: { chainId } });
  await fresh.networkHelpers.setCode(CREATEX, await ethers.provider.getCode(CREATEX));

  return fresh;
}

describe("Deployment", () => {
  describe("comparison with the plan", () => {
    it("fails when a contract is not where the others expect it, and says which", async () => {
      const { plan, signers } = await fixture();
      const addresses = plan.map(({ address }) => address);
      const elsewhere = addresses.map((address, i) =>
        plan[i].name === "RoyaltyLedger" ? signers[5].address : address,
      );

      expect(() => requireAsPlanned(plan, new Set(addresses))).not.to.throw();
      expect(() => requireAsPlanned(plan, new Set(elsewhere))).to.throw(
        DeploymentMismatch,
        `RoyaltyLedger is not at ${ADDRESSES.RoyaltyLedger}`,
      );
    });
  });

  describe("addresses", () => {
    it("are known before anything is deployed", async () => {
      const { plan, weal, timelock, governor, ledger, lens, registry, sources } = await fixture();

      expect(Object.fromEntries(plan.map(({ name, address }) => [name, address]))).to.deep.equal(ADDRESSES);
      expect({
        WealToken: await weal.getAddress(),
        TimelockController: await timelock.getAddress(),
        WealGovernor: await governor.getAddress(),
        RoyaltyLedger: await ledger.getAddress(),
        RoyaltyLens: await lens.getAddress(),
        ModelRegistry: await registry.getAddress(),
        SourceRegistry: await sources.getAddress(),
      }).to.deep.equal(ADDRESSES);
    });

    it("are the same on another chain with other parameters", async () => {
      const other = await freshChain(1_234);
      const [deployer, guardian] = await other.ethers.getSigners();
      const parameters = otherParameters(deployer.address, guardian.address);
      const { plan, contracts } = await deployProtocol(other, hre.artifacts, parameters);

      expect((await other.ethers.provider.getNetwork()).chainId).to.equal(1_234n);
      expect(Object.fromEntries(plan.map(({ name, address }) => [name, address]))).to.deep.equal(ADDRESSES);
      for (const address of Object.values(ADDRESSES)) {
        expect(await other.ethers.provider.getCode(address)).to.not.equal("0x");
      }
      const { ledger, governor, timelock, wealToken, sources } = contracts;
      expect(await ledger.protocolFeeBps()).to.equal(25n);
      expect(await timelock.getMinDelay()).to.equal(5 * DAY);
      expect(await governor.proposalGuardian()).to.equal(guardian.address);
      expect(await governor.proposalThreshold()).to.equal(10n ** 18n);
      expect(await governor["quorumNumerator()"]()).to.equal(10n);
      expect(await sources.threshold()).to.equal(1n);
      expect(await sources.isVerifier(guardian.address)).to.equal(true);
      expect(await wealToken.balanceOf(guardian.address)).to.equal(await wealToken.SUPPLY());
      await other.close();
    });

    it("are others for another deployer", async () => {
      const [, other] = await ethers.getSigners();

      for (const [name, address] of Object.entries(ADDRESSES)) {
        expect(create3Address(other.address, name)).to.not.equal(address);
      }
    });

    it("cannot be taken by somebody who uses the deployer's salts first", async () => {
      const fresh = await freshChain(31_337);
      const [deployer, thief] = await fresh.ethers.getSigners();
      const parameters = testParameters(deployer.address);
      const plan = await planProtocol(hre.artifacts, deployer.address, parameters);
      const createX = new fresh.ethers.Contract(CREATEX, createXAbi, thief);

      for (const { salt } of plan) {
        // Deploys one byte of code, a STOP.
        const taken = await createX.deployCreate3.staticCall(salt, "0x60015ff3");
        await createX.deployCreate3(salt, "0x60015ff3");
        expect(await fresh.ethers.provider.getCode(taken)).to.equal("0x00");
        expect(Object.values(ADDRESSES)).to.not.include(taken);
      }
      const { contracts } = await deployProtocol(fresh, hre.artifacts, parameters);
      expect(await contracts.registry.getAddress()).to.equal(ADDRESSES.ModelRegistry);
      expect(await contracts.registry.ledger()).to.equal(ADDRESSES.RoyaltyLedger);
      expect(await contracts.sources.getAddress()).to.equal(ADDRESSES.SourceRegistry);
      await fresh.close();
    });
  });
});
