import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";
import { registerModel } from "../helpers/models.js";
import { deployMaintained, terms } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const deploy = () => deployMaintained(connection);

const fixture = () => networkHelpers.loadFixture(deploy);

describe("ModelRegistry", () => {
  describe("setDerivativeTerms", () => {
    for (const [what, derivatives] of Object.entries({
      open: terms.open(5_000),
      "open for a time": terms.open(1, 2 ** 40 - 1),
      "by grant": terms.granted(1),
      closed: terms.closed(),
    })) {
      it(`sets ${what}`, async () => {
        const { registry, model, owner } = await fixture();
        const { mode, rateBps, duration } = derivatives;

        await expect(registry.connect(owner).setDerivativeTerms(model, derivatives))
          .to.emit(registry, "DerivativeTermsUpdated")
          .withArgs(model, [mode, rateBps, duration]);

        // Nothing else of the model changes: it shares a slot with the terms.
        expect(await registry.modelOf(model)).to.deep.equal([
          owner.address,
          1n,
          0n,
          1n,
          [BigInt(mode), BigInt(rateBps), BigInt(duration)],
        ]);
      });
    }

    it("leaves children that are registered as they are", async () => {
      const { registry, ledger, model, owner, publisher } = await fixture();
      const parents = [{ model, rateBps: 100, relation: 3 }];
      const child = await registerModel({ registry }, publisher, { parents });
      await registry.connect(owner).setDerivativeTerms(model, terms.open(2_000));

      expect(await registry.parentsOf(child)).to.deep.equal([[model, 100n, 0n, 3n]]);
      expect(await ledger.edgesOf(child)).to.deep.equal([[model, 100n, 0n]]);
    });

    it("refuses a rate above 5,000 basis points", async () => {
      const { registry, model, owner } = await fixture();

      await expect(registry.connect(owner).setDerivativeTerms(model, terms.open(5_001)))
        .to.be.revertedWithCustomError(registry, "DerivativeRateTooHigh")
        .withArgs(5_001, 5_000);
      expect((await registry.modelOf(model)).derivatives).to.deep.equal([0n, 0n, 0n]);
    });

    it("refuses everybody but the owner, the maintainer too", async () => {
      const { registry, model, publisher, maintainer, stranger } = await fixture();

      for (const caller of [publisher, maintainer, stranger]) {
        await expect(registry.connect(caller).setDerivativeTerms(model, terms.closed()))
          .to.be.revertedWithCustomError(registry, "NotModelOwner")
          .withArgs(model, caller.address);
      }
      expect((await registry.modelOf(model)).derivatives).to.deep.equal([0n, 0n, 0n]);
    });

    it("refuses a model that is not registered", async () => {
      const { registry, owner, stranger } = await fixture();

      await expect(registry.connect(owner).setDerivativeTerms(stranger.address, terms.closed()))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
    });
  });

  describe("setMaintainer", () => {
    it("names and dismisses", async () => {
      const { registry, model, owner, maintainer, stranger } = await fixture();

      await expect(registry.connect(owner).setMaintainer(model, stranger.address, true))
        .to.emit(registry, "MaintainerUpdated")
        .withArgs(model, owner.address, stranger.address, true);
      expect(await registry.isMaintainer(model, stranger.address)).to.equal(true);

      await expect(registry.connect(owner).setMaintainer(model, maintainer.address, false))
        .to.emit(registry, "MaintainerUpdated")
        .withArgs(model, owner.address, maintainer.address, false);
      expect(await registry.isMaintainer(model, maintainer.address)).to.equal(false);
      expect(await registry.isMaintainer(model, stranger.address)).to.equal(true);
      await expect(registry.connect(maintainer).publish(model, id("second"), ""))
        .to.be.revertedWithCustomError(registry, "NotModelMaintainer")
        .withArgs(model, maintainer.address);
    });

    it("holds for the one model", async () => {
      const { registry, owner, maintainer } = await fixture();
      const other = await registerModel({ registry }, owner);

      expect(await registry.isMaintainer(other, maintainer.address)).to.equal(false);
    });

    it("does not make the owner one: it needs no appointment", async () => {
      const { registry, model, owner } = await fixture();

      expect(await registry.isMaintainer(model, owner.address)).to.equal(false);
    });

    it("ends when the model changes hands: a new owner starts with none", async () => {
      const { registry, model, owner, maintainer, stranger } = await fixture();
      await registry.connect(owner).transferFrom(owner.address, stranger.address, model);

      expect(await registry.isMaintainer(model, maintainer.address)).to.equal(false);
      for (const caller of [owner, maintainer]) {
        await expect(registry.connect(caller).publish(model, id("second"), ""))
          .to.be.revertedWithCustomError(registry, "NotModelMaintainer")
          .withArgs(model, caller.address);
      }
      await registry.connect(stranger).publish(model, id("second"), "");
    });

    it("refuses everybody but the owner, the maintainer too", async () => {
      const { registry, model, publisher, maintainer, stranger } = await fixture();

      for (const caller of [publisher, maintainer, stranger]) {
        await expect(registry.connect(caller).setMaintainer(model, stranger.address, true))
          .to.be.revertedWithCustomError(registry, "NotModelOwner")
          .withArgs(model, caller.address);
      }
      expect(await registry.isMaintainer(model, stranger.address)).to.equal(false);
    });

    it("refuses a model that is not registered", async () => {
      const { registry, owner, stranger } = await fixture();

      await expect(registry.connect(owner).setMaintainer(stranger.address, owner.address, true))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
    });
  });

  describe("isMaintainer", () => {
    it("refuses a model that is not registered", async () => {
      const { registry, stranger } = await fixture();

      await expect(registry.isMaintainer(stranger.address, stranger.address))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
    });
  });

  describe("parentsOf", () => {
    it("refuses an address that is no model", async () => {
      const { registry, stranger } = await fixture();

      await expect(registry.parentsOf(stranger.address))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
    });

    it("refuses a model that was opened past the registry, whose parents agreed to nothing here", async () => {
      const { registry, ledger, model, stranger } = await fixture();
      const salt = id("past the registry");
      const past = await ledger.modelIdOf(stranger.address, salt);
      await ledger
        .connect(stranger)
        .open(
          salt,
          [{ parent: model, rateBps: 100, until: 0 }],
          0,
          [{ holder: stranger.address, units: 1_000_000 }],
          [],
        );

      await expect(registry.parentsOf(past))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(past);
    });
  });
});
