import { expect } from "chai";
import { id, type Signer, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import {
  ascending,
  freshSalt,
  type ModelOptions,
  registerModel,
  registrationOf,
  TOTAL_SHARES,
} from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";
import { KINDS, RELATIONS, terms } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const [, publisher, owner, stranger] = protocol.signers;

  return { ...protocol, publisher, owner, stranger, registry: protocol.registry.connect(publisher) };
}

const fixture = () => networkHelpers.loadFixture(deploy);

async function deployWithParents() {
  const protocol = await fixture();
  const { registry, publisher } = protocol;
  const ids: string[] = [];
  for (let i = 0; i < 3; ++i) ids.push(await registerModel({ registry }, publisher));

  return { ...protocol, parents: ascending(ids) };
}

const fixtureWithParents = () => networkHelpers.loadFixture(deployWithParents);

/** As {registrationOf}, but with the parents in the order given. */
async function registrationFrom(publisher: Signer, models: string[], rateBps = 100) {
  return {
    ...(await registrationOf(publisher)),
    parents: models.map((model) => ({ model, rateBps, until: 0, relation: 0 })),
  };
}

describe("ModelRegistry", () => {
  describe("register refuses", () => {
    it("a salt that the publisher has used", async () => {
      const { registry, ledger, publisher, owner } = await fixture();
      const salt = freshSalt();
      const model = await registerModel({ registry }, publisher, { salt });
      const again = await registrationOf(publisher, { salt, owner: owner.address, manifestDigest: id("another") });

      await expect(registry.register(again))
        .to.be.revertedWithCustomError(ledger, "ModelAlreadyOpened")
        .withArgs(model);

      expect(await registry.modelOf(model)).to.deep.equal([publisher.address, 1n, 0n, 1n, [0n, 0n, 0n]]);
      expect(await registry.versionOf(model, 1)).to.deep.equal([id("manifest"), false]);
    });

    it("a manifest digest of zero", async () => {
      const { registry, publisher } = await fixture();

      await expect(registry.register(await registrationOf(publisher, { manifestDigest: ZeroHash })))
        .to.be.revertedWithCustomError(registry, "ManifestDigestZero")
        .withArgs();
    });

    it("the zero address as owner", async () => {
      const { registry, publisher } = await fixture();

      await expect(registry.register(await registrationOf(publisher, { owner: ZeroAddress })))
        .to.be.revertedWithCustomError(registry, "ERC721InvalidReceiver")
        .withArgs(ZeroAddress);
    });

    it("a derivative rate above 5,000 basis points", async () => {
      const { registry, publisher } = await fixture();

      await registerModel({ registry }, publisher, { derivatives: terms.open(5_000) });
      await expect(registry.register(await registrationOf(publisher, { derivatives: terms.open(5_001) })))
        .to.be.revertedWithCustomError(registry, "DerivativeRateTooHigh")
        .withArgs(5_001, 5_000);
    });

    it("a host part above 9,000 basis points", async () => {
      const { registry, ledger, publisher } = await fixture();

      await registerModel({ registry }, publisher, { maxHostBps: 9_000 });
      await expect(registry.register(await registrationOf(publisher, { maxHostBps: 9_001 })))
        .to.be.revertedWithCustomError(ledger, "HostPartTooHigh")
        .withArgs(9_001, 9_000);
    });

    const outOfRange: Record<string, ModelOptions> = {
      kind: { kind: KINDS.length },
      "derivative mode": { derivatives: { mode: 3, rateBps: 0 } },
      relation: { parents: [{ model: ZeroAddress, rateBps: 0, relation: RELATIONS.length }] },
    };
    for (const [what, options] of Object.entries(outOfRange)) {
      it(`a ${what} that does not exist`, async () => {
        const { registry, publisher } = await fixture();
        const registration = await registrationOf(publisher, options);

        await expect(registry.register(registration)).to.be.revertedWithoutReason(ethers);
      });
    }

    describe("parents", () => {
      it("descending", async () => {
        const { registry, ledger, publisher, parents } = await fixtureWithParents();
        const [low, middle, high] = parents;

        await expect(registry.register(await registrationFrom(publisher, [low, high, middle])))
          .to.be.revertedWithCustomError(ledger, "ParentsNotAscending")
          .withArgs(high, middle);
      });

      it("named twice", async () => {
        const { registry, ledger, publisher, parents } = await fixtureWithParents();

        await expect(registry.register(await registrationFrom(publisher, [parents[1], parents[1]])))
          .to.be.revertedWithCustomError(ledger, "ParentsNotAscending")
          .withArgs(parents[1], parents[1]);
      });

      it("the zero address", async () => {
        const { registry, ledger, publisher } = await fixtureWithParents();

        await expect(registry.register(await registrationFrom(publisher, [ZeroAddress])))
          .to.be.revertedWithCustomError(ledger, "ParentsNotAscending")
          .withArgs(ZeroAddress, ZeroAddress);
      });

      it("unknown", async () => {
        const { registry, ledger, publisher, stranger } = await fixtureWithParents();

        await expect(registry.register(await registrationFrom(publisher, [stranger.address])))
          .to.be.revertedWithCustomError(ledger, "ParentNotOpened")
          .withArgs(stranger.address);
      });

      it("the model itself, so lineage has no cycles", async () => {
        const { registry, ledger, publisher } = await fixtureWithParents();
        const registration = await registrationOf(publisher);
        const model = await registry.modelIdOf(publisher.address, registration.salt);

        await expect(registry.register({ ...registration, parents: [{ model, rateBps: 100, until: 0, relation: 0 }] }))
          .to.be.revertedWithCustomError(ledger, "ParentNotOpened")
          .withArgs(model);
      });

      it("known to the ledger but not to the registry", async () => {
        const { registry, ledger, publisher } = await fixtureWithParents();
        const salt = freshSalt();
        const holdings = [{ holder: publisher.address, units: TOTAL_SHARES }];
        await ledger.connect(publisher).open(salt, [], 0, holdings, []);
        const foreign = await ledger.modelIdOf(publisher.address, salt);

        await expect(registry.register(await registrationFrom(publisher, [foreign])))
          .to.be.revertedWithCustomError(registry, "ParentNotRegistered")
          .withArgs(foreign);
      });

      it("closed", async () => {
        const { registry, publisher, parents } = await fixtureWithParents();
        await registry.setDerivativeTerms(parents[1], terms.closed());

        await expect(registry.register(await registrationFrom(publisher, parents)))
          .to.be.revertedWithCustomError(registry, "DerivativesClosed")
          .withArgs(parents[1]);
      });

      it("at less than they ask", async () => {
        const { registry, publisher, parents } = await fixtureWithParents();
        await registry.setDerivativeTerms(parents[2], terms.open(101));

        await expect(registry.register(await registrationFrom(publisher, parents)))
          .to.be.revertedWithCustomError(registry, "RateTooLow")
          .withArgs(parents[2], 100, 101);
      });

      it("at more than 5,000 basis points together", async () => {
        const { registry, ledger, publisher, parents } = await fixtureWithParents();

        await expect(registry.register(await registrationFrom(publisher, parents, 1_667)))
          .to.be.revertedWithCustomError(ledger, "RatesTooHigh")
          .withArgs(5_001, 5_000);
      });

      it("more than 16", async () => {
        const { registry, ledger, publisher, stranger } = await fixtureWithParents();
        // Counted before anything is read of them.
        const models = Array.from({ length: 17 }, () => stranger.address);

        await expect(registry.register(await registrationFrom(publisher, models)))
          .to.be.revertedWithCustomError(ledger, "TooManyParents")
          .withArgs(17, 16);
      });

      it("without a trace: the salt is free and no number is spent", async () => {
        const { registry, ledger, publisher, parents } = await fixtureWithParents();
        await registry.setDerivativeTerms(parents[0], terms.closed());
        const refused = await registrationFrom(publisher, [parents[0]]);
        const model = await registry.modelIdOf(publisher.address, refused.salt);

        await expect(registry.register(refused)).to.be.revertedWithCustomError(registry, "DerivativesClosed");

        expect(await ledger.modelCount()).to.equal(3n);
        expect((await ledger.modelTermsOf(model)).number).to.equal(0n);
        expect(await ledger.balanceOf(publisher.address, model)).to.equal(0n);
        await registry.register({ ...refused, parents: [] });
        expect((await registry.modelOf(model)).number).to.equal(4n);
      });
    });

    describe("shares", () => {
      for (const [what, units, sum] of [
        ["too few", [400_000, 599_999], 999_999],
        ["too many", [400_000, 600_001], 1_000_001],
        ["none", [], 0],
      ] as const) {
        it(what, async () => {
          const { registry, ledger, publisher, stranger } = await fixture();
          const holders = [publisher.address, stranger.address];
          const holdings = units.map((each, i) => ({ holder: holders[i], units: each }));

          await expect(registry.register(await registrationOf(publisher, { holdings })))
            .to.be.revertedWithCustomError(ledger, "SharesSumMismatch")
            .withArgs(sum, TOTAL_SHARES);
        });
      }

      it("a holding of zero", async () => {
        const { registry, ledger, publisher, stranger } = await fixture();
        const holdings = [
          { holder: publisher.address, units: Number(TOTAL_SHARES) },
          { holder: stranger.address, units: 0 },
        ];

        await expect(registry.register(await registrationOf(publisher, { holdings })))
          .to.be.revertedWithCustomError(ledger, "ZeroShares")
          .withArgs(stranger.address);
      });

      it("for nobody, or for the ledger", async () => {
        const { registry, ledger, publisher } = await fixture();

        for (const holder of [ZeroAddress, await ledger.getAddress()]) {
          const holdings = [{ holder, units: Number(TOTAL_SHARES) }];
          await expect(registry.register(await registrationOf(publisher, { holdings })))
            .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
            .withArgs(holder);
        }
      });
    });
  });
});
