import { expect } from "chai";
import { dataLength, dataSlice, id } from "ethers";
import hre, { network } from "hardhat";
import { CREATEX } from "../../scripts/create3.js";
import { deployTestProtocol } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployTestProtocol(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** Where CreateX itself comes from: an account that is sent ETH to deploy it. */
const CREATEX_DEPLOYER = "0xeD456e05CaAb11d66C4c797dD6c1D6f9A7F352b5";

describe("Deployment", () => {
  describe("wiring", () => {
    it("is what the design says: token, timelock, governor, ledger, lens, registry, sources", async () => {
      const { weal, timelock, governor, ledger, lens, registry, sources, usdc } = await fixture();

      expect(await governor.token()).to.equal(await weal.getAddress());
      expect(await governor.timelock()).to.equal(await timelock.getAddress());
      expect(await ledger.governance()).to.equal(await timelock.getAddress());
      expect(await lens.ledger()).to.equal(await ledger.getAddress());
      expect(await registry.ledger()).to.equal(await ledger.getAddress());
      expect(await sources.registry()).to.equal(await registry.getAddress());
      expect(await sources.governance()).to.equal(await timelock.getAddress());
      expect(await ledger.currencies()).to.deep.equal([
        ethers.ZeroAddress,
        await weal.getAddress(),
        await usdc.getAddress(),
      ]);
    });

    it("is what the design says: two governors, each with a timelock, and what they decide about", async () => {
      const { weal, timelock, governor, safetyTimelock, safetyGovernor, ledger, lens, registry, ...others } =
        await fixture();
      const { usePolicy, safetyBoard, safetyLens, stakeholding, genesisClaim } = others;

      expect(await safetyGovernor.token()).to.equal(await weal.getAddress());
      expect(await safetyGovernor.timelock()).to.equal(await safetyTimelock.getAddress());
      expect(await governor.timelock()).to.not.equal(await safetyGovernor.timelock());
      expect(await safetyBoard.safetyGovernance()).to.equal(await safetyTimelock.getAddress());
      expect(await safetyBoard.usePolicy()).to.equal(await usePolicy.getAddress());
      expect(await registry.safetyBoard()).to.equal(await safetyBoard.getAddress());
      expect(await safetyLens.board()).to.equal(await safetyBoard.getAddress());
      expect(await safetyLens.royaltyLens()).to.equal(await lens.getAddress());
      expect(await stakeholding.weal()).to.equal(await weal.getAddress());
      expect(await stakeholding.ledger()).to.equal(await ledger.getAddress());
      expect(await genesisClaim.weal()).to.equal(await weal.getAddress());
      expect(await genesisClaim.treasury()).to.equal(await timelock.getAddress());
      for (const governed of [ledger, usePolicy, safetyBoard, stakeholding]) {
        expect(await governed.governance()).to.equal(await timelock.getAddress());
      }
    });

    it("is complete with each contract: the deployer calls CreateX, and nothing of ours", async () => {
      const { signers, plan } = await fixture();
      const latest = await ethers.provider.getBlockNumber();
      const called: string[] = [];
      for (let number = 1; number <= latest; ++number) {
        const block = await ethers.provider.getBlock(number, true);
        for (const { from, to, data } of block?.prefetchedTransactions ?? []) {
          if (from !== signers[0].address || to === CREATEX_DEPLOYER) continue;

          expect(to).to.equal(CREATEX);
          called.push(dataSlice(data, 0, 4));
        }
      }

      expect(called).to.deep.equal(plan.map(() => dataSlice(id("deployCreate3(bytes32,bytes)"), 0, 4)));
    });
  });

  describe("code", () => {
    it("is within EIP-170, on a chain that enforces it", async () => {
      const { plan } = await fixture();

      for (const networkConfig of Object.values(hre.config.networks)) {
        expect(networkConfig).to.not.have.property("allowUnlimitedContractSize", true);
      }
      for (const { name, address } of plan) {
        const size = dataLength(await ethers.provider.getCode(address));
        expect(size, name).to.be.greaterThan(0).and.at.most(24_576);
      }
    });
  });

  describe("deployer", () => {
    it("has no power", async () => {
      const { signers, ledger, usdc } = await fixture();
      const [deployer] = signers;

      await expect(ledger.connect(deployer).setProtocolFee(0))
        .to.be.revertedWithCustomError(ledger, "NotGovernance")
        .withArgs(deployer.address);
      await expect(ledger.connect(deployer).addCurrency(await usdc.getAddress()))
        .to.be.revertedWithCustomError(ledger, "NotGovernance")
        .withArgs(deployer.address);
    });
  });
});
