import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import hre, { network } from "hardhat";
import { CREATEX, create3Address, createXAbi } from "../../scripts/create3.js";
import type { Parameters } from "../../scripts/parameters.js";
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
  SafetyTimelock: "0xdde76E4746a56B37600202728081D44A60a3571C",
  SafetyGovernor: "0x600b3021C3Fd892aDf412bD37C2bB9D761aFeA45",
  UsePolicy: "0x2bB4f0868a8Ac320Bd73b06b648DD07b38f79C02",
  SafetyBoard: "0xf6035863a6944712764c2f1469420bC75A023a7E",
  Stakeholding: "0xF0B85644d1aFEd91e3d325d2e2098ae7421fC115",
  GenesisClaim: "0x87922Ce0b2a7352aC974FeD3E80a5385e531550e",
  BallotRelay: "0x58fEbC35873c9098cAC3b699d9742397d4A103A6",
  RoyaltyLedger: "0xd1c2f78ab3209A105fc9669fb0f41FC8aC4c4DFe",
  RoyaltyLens: "0x855F65e2AB240Ae3c84973410c1E5561C139b132",
  SafetyLens: "0x7d1e57b5633711ceeFB5a4bB541ea7B8363f0Ba2",
  ModelRegistry: "0xD790B0b98886d4A1a239F3b2F8938Ee9662F4155",
  SourceRegistry: "0x3d515361dFcAfC86ad28F43dCa847416e7c01126",
  LicenseStore: "0x989cc1a7cE56bf654fC4221A738c4a51C579Eecf",
  UsageChannels: "0x97385A6606FbCa0a836Fd6a2f355086814f80F77",
  TrainingRounds: "0xCE89d7EEa2aCF723589f52cf009B73D6509ECef1",
  VestingWallet0: "0x8891489c396Ae2B6725e06F794dB5412b6aF1c10",
};

/** Everything that a deployer can choose, chosen otherwise than the tests do. */
function otherParameters(deployer: string, other: string): Parameters {
  const parameters = testParameters(deployer);
  const governor = {
    votingDelay: 2 * DAY,
    votingPeriod: 3 * DAY,
    lateQuorumExtension: DAY,
    proposalThreshold: "1",
    quorumPercent: 10,
    timelockDelay: 5 * DAY,
    guardian: { account: other, until: "2090-01-01T00:00:00Z" },
  };

  return {
    ...parameters,
    protocolFeeBps: 25,
    governor,
    safetyGovernor: { ...governor, votingDelay: DAY, timelockDelay: DAY },
    safetyBoard: [deployer, other],
    usePolicy: { digest: id("another use policy"), clauseCount: 1, uri: "" },
    stakeholdingEpochCap: "7",
    sources: { threshold: 1, verifiers: [other] },
    genesis: {
      ...parameters.genesis,
      treasury: "50000000",
      stakeholding: "0",
      community: { until: "2035-01-01T00:00:00Z", claims: [] },
      holders: [{ account: other, weal: "900000000" }],
    },
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
      const { plan, weal, timelock, governor, ledger, lens, registry, sources, ...others } = await fixture();
      const {
        safetyTimelock,
        safetyGovernor,
        usePolicy,
        safetyBoard,
        safetyLens,
        stakeholding,
        genesisClaim,
        ballotRelay,
        licenseStore,
        usageChannels,
        trainingRounds,
      } = others;

      expect(Object.fromEntries(plan.map(({ name, address }) => [name, address]))).to.deep.equal(ADDRESSES);
      expect({
        WealToken: await weal.getAddress(),
        TimelockController: await timelock.getAddress(),
        WealGovernor: await governor.getAddress(),
        SafetyTimelock: await safetyTimelock.getAddress(),
        SafetyGovernor: await safetyGovernor.getAddress(),
        UsePolicy: await usePolicy.getAddress(),
        SafetyBoard: await safetyBoard.getAddress(),
        Stakeholding: await stakeholding.getAddress(),
        GenesisClaim: await genesisClaim.getAddress(),
        BallotRelay: await ballotRelay.getAddress(),
        RoyaltyLedger: await ledger.getAddress(),
        RoyaltyLens: await lens.getAddress(),
        SafetyLens: await safetyLens.getAddress(),
        ModelRegistry: await registry.getAddress(),
        SourceRegistry: await sources.getAddress(),
        LicenseStore: await licenseStore.getAddress(),
        UsageChannels: await usageChannels.getAddress(),
        TrainingRounds: await trainingRounds.getAddress(),
        // Nothing names a founder's wallet but the plan.
        VestingWallet0: ADDRESSES.VestingWallet0,
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
      const { ledger, governor, timelock, wealToken, sources, safetyBoard, usePolicy, genesisClaim } = contracts;
      expect(await ledger.protocolFeeBps()).to.equal(25n);
      expect(await timelock.getMinDelay()).to.equal(5 * DAY);
      expect(await governor.proposalGuardian()).to.equal(guardian.address);
      expect(await governor.proposalThreshold()).to.equal(10n ** 18n);
      expect(await governor["quorumNumerator()"]()).to.equal(10n);
      expect(await sources.threshold()).to.equal(1n);
      expect(await sources.isVerifier(guardian.address)).to.equal(true);
      expect(await wealToken.balanceOf(guardian.address)).to.equal(((await wealToken.SUPPLY()) * 9n) / 10n);
      expect(await safetyBoard.members()).to.deep.equal([deployer.address, guardian.address]);
      expect((await usePolicy.policyOf(1n)).digest).to.equal(id("another use policy"));
      expect(await genesisClaim.root()).to.equal(ZeroHash);
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
      const plan = await planProtocol(hre.artifacts, deployer.address, parameters, 31_337n);
      const createX = new fresh.ethers.Contract(CREATEX, createXAbi, thief);

      for (const { salt } of plan.contracts) {
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
