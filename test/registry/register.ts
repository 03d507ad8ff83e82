import { expect } from "chai";
import { AbiCoder, id, keccak256, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ascending, registerModel, registrationOf, TOTAL_SHARES } from "../helpers/models.js";
import { DAY, deployTestProtocol } from "../helpers/protocol.js";
import { KINDS, RELATIONS, terms } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const [deployer, publisher, owner, stranger] = protocol.signers;

  return { ...protocol, deployer, publisher, owner, stranger, registry: protocol.registry.connect(publisher) };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** The salt under which the registry opens a model in the ledger. */
function ledgerSalt(publisher: string, salt: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [publisher, salt]));
}

describe("ModelRegistry", () => {
  describe("register", () => {
    it("enters a model with all that was said of it", async () => {
      const { registry, ledger, publisher, owner, stranger } = await fixture();
      const registration = await registrationOf(publisher, {
        owner: owner.address,
        kind: 1,
        maxHostBps: 1_234,
        derivatives: terms.granted(250),
        manifestDigest: id("first"),
        mirrorURI: "https://example.org/manifest.json",
        holdings: [
          { holder: publisher.address, units: 400_000 },
          { holder: stranger.address, units: 600_000 },
        ],
      });
      const model = await registry.modelIdOf(publisher.address, registration.salt);

      await expect(registry.register(registration))
        .to.emit(registry, "ModelRegistered")
        .withArgs(model, publisher.address, owner.address, 1, registration.salt, 1, [1, 250, 0], [])
        .and.to.emit(registry, "VersionPublished")
        .withArgs(model, 1, publisher.address, id("first"), "https://example.org/manifest.json")
        .and.to.emit(registry, "Transfer")
        .withArgs(ZeroAddress, owner.address, BigInt(model))
        .and.to.emit(ledger, "ModelOpened")
        .withArgs(
          model,
          await registry.getAddress(),
          1,
          ledgerSalt(publisher.address, registration.salt),
          100,
          1_234,
          [],
        );

      expect(await registry.modelOf(model)).to.deep.equal([owner.address, 1n, 1n, 1n, [1n, 250n, 0n]]);
      expect(await registry.parentsOf(model)).to.deep.equal([]);
      expect(await registry.versionOf(model, 1)).to.deep.equal([id("first"), false]);
      expect(await registry.ownerOf(model)).to.equal(owner.address);
      expect(await ledger.balanceOf(publisher.address, model)).to.equal(400_000n);
      expect(await ledger.balanceOf(stranger.address, model)).to.equal(600_000n);
      expect((await ledger.modelTermsOf(model)).maxHostBps).to.equal(1_234n);
    });

    it("gives the publisher nothing but what the registration says", async () => {
      const { registry, ledger, publisher, owner, stranger } = await fixture();
      const model = await registerModel({ registry }, publisher, {
        owner: owner.address,
        holdings: [{ holder: stranger.address, units: Number(TOTAL_SHARES) }],
      });

      expect(await registry.balanceOf(publisher.address)).to.equal(0n);
      expect(await ledger.balanceOf(publisher.address, model)).to.equal(0n);
      expect(await registry.isMaintainer(model, publisher.address)).to.equal(false);
    });

    it("numbers models in the order of their registration", async () => {
      const { registry, publisher } = await fixture();

      for (const number of [1n, 2n, 3n]) {
        const model = await registerModel({ registry }, publisher);
        expect((await registry.modelOf(model)).number).to.equal(number);
      }
    });

    for (const [kind, name] of KINDS.entries()) {
      it(`takes the kind ${name}`, async () => {
        const { registry, publisher } = await fixture();
        const model = await registerModel({ registry }, publisher, { kind });

        expect((await registry.modelOf(model)).kind).to.equal(BigInt(kind));
      });
    }

    it("keeps 16 parents, each with its rate, end and relation, and says so in its events", async () => {
      const { registry, ledger, publisher } = await fixture();
      const ids: string[] = [];
      for (let i = 0; i < 16; ++i) {
        ids.push(await registerModel({ registry }, publisher, { derivatives: terms.open(0, DAY) }));
      }
      const year = (await networkHelpers.time.latest()) + 365 * DAY;
      const parents = ascending(ids).map((model, i) => ({
        model,
        rateBps: i * 41,
        // Every third for ever.
        until: i % 3 === 0 ? 0 : year + i,
        relation: (i * 5) % RELATIONS.length,
      }));
      // So that each relation is there, in an order that is not its number's.
      expect(new Set(parents.map(({ relation }) => relation)).size).to.equal(RELATIONS.length);

      const registration = await registrationOf(publisher, { parents });
      const child = await registry.modelIdOf(publisher.address, registration.salt);

      await expect(registry.register(registration))
        .to.emit(registry, "ModelRegistered")
        .withArgs(
          child,
          publisher.address,
          publisher.address,
          17,
          registration.salt,
          0,
          [0, 0, 0],
          parents.map(({ relation }) => relation),
        )
        .and.to.emit(ledger, "ModelOpened")
        .withArgs(
          child,
          await registry.getAddress(),
          17,
          ledgerSalt(publisher.address, registration.salt),
          100,
          9_000,
          parents.map(({ model, rateBps, until }) => [model, rateBps, until]),
        );

      expect(await registry.parentsOf(child)).to.deep.equal(
        parents.map(({ model, rateBps, until, relation }) => [model, BigInt(rateBps), BigInt(until), BigInt(relation)]),
      );
      expect((await ledger.modelTermsOf(child)).totalRateBps).to.equal(4_920n);
    });

    it("takes parents at 5,000 basis points together, and at none", async () => {
      const { registry, publisher } = await fixture();
      const [first, second] = ascending([
        await registerModel({ registry }, publisher),
        await registerModel({ registry }, publisher),
      ]);
      const child = await registerModel({ registry }, publisher, {
        parents: [
          { model: first, rateBps: 5_000 },
          { model: second, rateBps: 0 },
        ],
      });

      expect(await registry.parentsOf(child)).to.deep.equal([
        [first, 5_000n, 0n, 0n],
        [second, 0n, 0n, 0n],
      ]);
    });

    it("takes a rate equal to what the parent asks, and a higher one", async () => {
      const { registry, publisher } = await fixture();
      const parent = await registerModel({ registry }, publisher, { derivatives: terms.open(300) });

      for (const rateBps of [300, 301]) {
        const child = await registerModel({ registry }, publisher, { parents: [{ model: parent, rateBps }] });
        expect((await registry.parentsOf(child))[0].rateBps).to.equal(BigInt(rateBps));
      }
    });

    it("gives an observer who copies a registration another id", async () => {
      const { registry, publisher, stranger } = await fixture();
      const registration = await registrationOf(publisher);
      const announced = await registry.modelIdOf(publisher.address, registration.salt);

      await registry.connect(stranger).register(registration);
      await expect(registry.modelOf(announced)).to.be.revertedWithCustomError(registry, "ModelNotRegistered");
      await registry.register(registration);

      expect((await registry.modelOf(announced)).number).to.equal(2n);
      expect((await registry.modelOf(await registry.modelIdOf(stranger.address, registration.salt))).number).to.equal(
        1n,
      );
    });
  });

  describe("modelOf", () => {
    it("refuses an address that is no model", async () => {
      const { registry, stranger } = await fixture();

      await expect(registry.modelOf(stranger.address))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
    });
  });
});
