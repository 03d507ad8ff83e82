import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { network } from "hardhat";
import { deploySafety } from "./safetyBoard.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deploySafety(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("UsePolicy", () => {
  describe("constructor", () => {
    it("publishes the first version, the deployment's", async () => {
      const { usePolicy, timelock, parameters } = await fixture();
      const [published, ...others] = await usePolicy.queryFilter(usePolicy.filters.PolicyPublished());
      const { digest, clauseCount, uri } = parameters.usePolicy;
      const block = await published.getBlock();

      expect(others).to.deep.equal([]);
      expect(published.args).to.deep.equal([1n, digest, BigInt(clauseCount), uri]);
      expect(await usePolicy.policyVersion()).to.equal(1n);
      expect(await usePolicy.policyOf(1)).to.deep.equal([digest, BigInt(clauseCount), BigInt(block.timestamp)]);
      expect(await usePolicy.governance()).to.equal(await timelock.getAddress());
    });

    for (const [what, digest, clauseCount] of [
      ["without a digest", ZeroHash, 1],
      ["without clauses", id("text"), 0],
    ] as const) {
      it(`refuses a policy ${what}`, async () => {
        const { usePolicy, stranger } = await fixture();

        await expect(ethers.deployContract("UsePolicy", [stranger.address, digest, clauseCount, ""]))
          .to.be.revertedWithCustomError(usePolicy, "PolicyEmpty")
          .withArgs();
      });
    }
  });

  describe("publishPolicy", () => {
    it("appends a version, which holds from the same second on", async () => {
      const { usePolicy, main, parameters } = await fixture();
      const now = (await networkHelpers.time.latest()) + 1_000;
      expect(await usePolicy.connect(main).publishPolicy.staticCall(id("second"), 9, "ipfs://second")).to.equal(2n);

      await networkHelpers.time.setNextBlockTimestamp(now);
      await expect(usePolicy.connect(main).publishPolicy(id("second"), 9, "ipfs://second"))
        .to.emit(usePolicy, "PolicyPublished")
        .withArgs(2, id("second"), 9, "ipfs://second");
      await usePolicy.connect(main).publishPolicy(id("third"), 65_535, "");

      expect(await usePolicy.policyVersion()).to.equal(3n);
      expect((await usePolicy.policyOf(1)).digest).to.equal(parameters.usePolicy.digest);
      expect(await usePolicy.policyOf(2)).to.deep.equal([id("second"), 9n, BigInt(now)]);
      expect(await usePolicy.policyOf(3)).to.deep.equal([id("third"), 65_535n, BigInt(now + 1)]);
    });

    it("takes the text of an earlier version again: what held before can hold anew", async () => {
      const { usePolicy, main, parameters } = await fixture();
      const { digest, clauseCount, uri } = parameters.usePolicy;

      await expect(usePolicy.connect(main).publishPolicy(digest, clauseCount, uri))
        .to.emit(usePolicy, "PolicyPublished")
        .withArgs(2, digest, clauseCount, uri);
    });

    it("is the main timelock's alone", async () => {
      const { usePolicy, safety, member, deployer, stranger } = await fixture();

      for (const caller of [safety, member, deployer, stranger]) {
        await expect(usePolicy.connect(caller).publishPolicy(id("text"), 1, ""))
          .to.be.revertedWithCustomError(usePolicy, "NotPolicyGovernance")
          .withArgs(caller.address);
      }
      expect(await usePolicy.policyVersion()).to.equal(1n);
    });

    it("refuses a policy without a digest or without clauses", async () => {
      const { usePolicy, main } = await fixture();

      for (const [digest, clauseCount] of [
        [ZeroHash, 1],
        [id("text"), 0],
      ] as const) {
        await expect(usePolicy.connect(main).publishPolicy(digest, clauseCount, ""))
          .to.be.revertedWithCustomError(usePolicy, "PolicyEmpty")
          .withArgs();
      }
      expect(await usePolicy.policyVersion()).to.equal(1n);
    });
  });

  describe("policyOf", () => {
    it("refuses a version that there is not", async () => {
      const { usePolicy } = await fixture();

      for (const version of [0, 2, 4_294_967_295]) {
        await expect(usePolicy.policyOf(version))
          .to.be.revertedWithCustomError(usePolicy, "PolicyNotFound")
          .withArgs(version);
      }
    });
  });
});
