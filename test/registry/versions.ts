import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { network } from "hardhat";
import { deployMaintained } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const deploy = () => deployMaintained(connection);

const fixture = () => networkHelpers.loadFixture(deploy);

describe("ModelRegistry", () => {
  describe("publish", () => {
    it("appends a version, by the owner or a maintainer", async () => {
      const { registry, model, owner, maintainer } = await fixture();

      expect(await registry.connect(owner).publish.staticCall(model, id("second"), "")).to.equal(2n);
      await expect(registry.connect(owner).publish(model, id("second"), "https://example.org/2"))
        .to.emit(registry, "VersionPublished")
        .withArgs(model, 2, owner.address, id("second"), "https://example.org/2")
        .and.to.emit(registry, "MetadataUpdate")
        .withArgs(BigInt(model));
      await expect(registry.connect(maintainer).publish(model, id("third"), "ipfs://3"))
        .to.emit(registry, "VersionPublished")
        .withArgs(model, 3, maintainer.address, id("third"), "ipfs://3")
        .and.to.emit(registry, "MetadataUpdate")
        .withArgs(BigInt(model));

      expect((await registry.modelOf(model)).versionCount).to.equal(3n);
      const digests = await Promise.all(
        [1, 2, 3].map(async (version) => (await registry.versionOf(model, version))[0]),
      );
      expect(digests).to.deep.equal([id("manifest"), id("second"), id("third")]);
    });

    it("takes the same digest again: going back is a version too", async () => {
      const { registry, model, owner } = await fixture();
      await registry.connect(owner).publish(model, id("second"), "");
      await registry.connect(owner).publish(model, id("manifest"), "");

      expect(await registry.versionOf(model, 3)).to.deep.equal([id("manifest"), false]);
    });

    it("refuses strangers, and the publisher who is not the owner", async () => {
      const { registry, model, publisher, stranger } = await fixture();

      for (const caller of [publisher, stranger]) {
        await expect(registry.connect(caller).publish(model, id("second"), ""))
          .to.be.revertedWithCustomError(registry, "NotModelMaintainer")
          .withArgs(model, caller.address);
      }
      expect((await registry.modelOf(model)).versionCount).to.equal(1n);
    });

    it("refuses a digest of zero", async () => {
      const { registry, model, owner } = await fixture();

      await expect(registry.connect(owner).publish(model, ZeroHash, ""))
        .to.be.revertedWithCustomError(registry, "ManifestDigestZero")
        .withArgs();
      expect((await registry.modelOf(model)).versionCount).to.equal(1n);
    });

    it("refuses a model that is not registered", async () => {
      const { registry, owner, stranger } = await fixture();

      await expect(registry.connect(owner).publish(stranger.address, id("second"), ""))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
    });
  });

  describe("withdrawVersion", () => {
    it("marks a version, by the owner or a maintainer, and removes nothing", async () => {
      const { registry, model, owner, maintainer } = await fixture();
      await registry.connect(owner).publish(model, id("second"), "");

      await expect(registry.connect(owner).withdrawVersion(model, 1))
        .to.emit(registry, "VersionWithdrawn")
        .withArgs(model, 1);
      expect(await registry.versionOf(model, 1)).to.deep.equal([id("manifest"), true]);
      expect(await registry.versionOf(model, 2)).to.deep.equal([id("second"), false]);

      await expect(registry.connect(maintainer).withdrawVersion(model, 2))
        .to.emit(registry, "VersionWithdrawn")
        .withArgs(model, 2);
      expect(await registry.versionOf(model, 2)).to.deep.equal([id("second"), true]);
      expect((await registry.modelOf(model)).versionCount).to.equal(2n);
    });

    it("cannot be done twice", async () => {
      const { registry, model, owner } = await fixture();
      await registry.connect(owner).withdrawVersion(model, 1);

      await expect(registry.connect(owner).withdrawVersion(model, 1))
        .to.be.revertedWithCustomError(registry, "VersionAlreadyWithdrawn")
        .withArgs(model, 1);
    });

    it("leaves the next version unmarked", async () => {
      const { registry, model, owner } = await fixture();
      await registry.connect(owner).withdrawVersion(model, 1);
      await registry.connect(owner).publish(model, id("manifest"), "");

      expect(await registry.versionOf(model, 2)).to.deep.equal([id("manifest"), false]);
    });

    it("refuses strangers, and the publisher who is not the owner", async () => {
      const { registry, model, publisher, stranger } = await fixture();

      for (const caller of [publisher, stranger]) {
        await expect(registry.connect(caller).withdrawVersion(model, 1))
          .to.be.revertedWithCustomError(registry, "NotModelMaintainer")
          .withArgs(model, caller.address);
      }
      expect(await registry.versionOf(model, 1)).to.deep.equal([id("manifest"), false]);
    });

    it("refuses a version that there is not", async () => {
      const { registry, model, owner } = await fixture();

      for (const version of [0, 2]) {
        await expect(registry.connect(owner).withdrawVersion(model, version))
          .to.be.revertedWithCustomError(registry, "VersionNotFound")
          .withArgs(model, version);
      }
    });

    it("refuses a model that is not registered", async () => {
      const { registry, owner, stranger } = await fixture();

      await expect(registry.connect(owner).withdrawVersion(stranger.address, 1))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
    });
  });

  describe("versionOf", () => {
    it("refuses a version that there is not, and a model that is not registered", async () => {
      const { registry, model, stranger } = await fixture();

      for (const [address, version] of [
        [model, 0],
        [model, 2],
        [stranger.address, 1],
      ] as const) {
        await expect(registry.versionOf(address, version))
          .to.be.revertedWithCustomError(registry, "VersionNotFound")
          .withArgs(address, version);
      }
    });
  });
});
