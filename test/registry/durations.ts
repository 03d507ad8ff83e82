import { expect } from "chai";
import { network } from "hardhat";
import { ascending, freshSalt, registerModel, registrationOf } from "../helpers/models.js";
import { DAY, deployTestProtocol } from "../helpers/protocol.js";
import { signGrant, terms } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const YEAR = 365 * DAY;

/** A parent whose children must pass on 5 % for a year, and its owner. */
async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const [, owner, publisher, stranger] = protocol.signers;
  const registry = protocol.registry.connect(publisher);
  const parent = await registerModel(protocol, owner, { derivatives: terms.open(500, YEAR) });

  /** A child's registration with an edge that ends then. */
  const childUntil = (until: number, of = parent) =>
    registrationOf(publisher, { parents: [{ model: of, rateBps: 500, until }] });

  /** Requires that an edge to the parent that ends then, registered at `time`, ends too early. */
  async function expectTooEarly(time: number, until: number, minUntil: number, of = parent) {
    const before = await networkHelpers.takeSnapshot();
    await networkHelpers.time.setNextBlockTimestamp(time);
    await expect(registry.register(await childUntil(until, of)))
      .to.be.revertedWithCustomError(registry, "EdgeEndTooEarly")
      .withArgs(of, until, minUntil);
    await before.restore();
  }

  /** Registers a child at `time`; returns its id. */
  async function registerAt(time: number, until: number, of = parent): Promise<string> {
    const registration = await childUntil(until, of);
    await networkHelpers.time.setNextBlockTimestamp(time);
    await registry.register(registration);
    expect(await networkHelpers.time.latest()).to.equal(time);

    return registry.modelIdOf(publisher.address, registration.salt);
  }

  const now = await networkHelpers.time.latest();

  return { ...protocol, owner, publisher, stranger, registry, parent, now, expectTooEarly, registerAt };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("ModelRegistry", () => {
  describe("terms with a duration", () => {
    it("let a child in that passes on for ever", async () => {
      const { registry, ledger, parent, now, registerAt } = await fixture();
      const child = await registerAt(now + 100, 0);

      expect(await registry.parentsOf(child)).to.deep.equal([[parent, 500n, 0n, 0n]]);
      expect(await ledger.edgesOf(child)).to.deep.equal([[parent, 500n, 0n]]);
    });

    it("let a child in whose edge ends after them to the second, or later", async () => {
      const { registry, ledger, parent, now, registerAt } = await fixture();
      const exact = await registerAt(now + 100, now + 100 + YEAR);
      const later = await registerAt(now + 200, now + 201 + YEAR);

      expect(await registry.parentsOf(exact)).to.deep.equal([[parent, 500n, BigInt(now + 100 + YEAR), 0n]]);
      expect(await ledger.edgesOf(exact)).to.deep.equal([[parent, 500n, BigInt(now + 100 + YEAR)]]);
      expect(await registry.parentsOf(later)).to.deep.equal([[parent, 500n, BigInt(now + 201 + YEAR), 0n]]);
    });

    it("refuse a child whose edge ends a second earlier, or at once", async () => {
      const { now, expectTooEarly } = await fixture();
      const time = now + 100;

      for (const until of [time + YEAR - 1, time + 1]) await expectTooEarly(time, until, time + YEAR);
      // As time goes on, so does the least end.
      await expectTooEarly(time + 1, time + YEAR, time + 1 + YEAR);
    });

    it("of 0 refuse any end", async () => {
      const { registry, owner, now, expectTooEarly, registerAt } = await fixture();
      const parent = await registerModel({ registry }, owner, { derivatives: terms.open(500) });
      const time = now + 100;

      for (const until of [time + 1, time + YEAR, 2 ** 40 - 1]) await expectTooEarly(time, until, 0, parent);
      const child = await registerAt(time, 0, parent);
      expect((await registry.parentsOf(child))[0].until).to.equal(0n);
    });

    it("longer than time goes leave only for ever", async () => {
      const { registry, owner, now, expectTooEarly, registerAt } = await fixture();
      const longest = 2 ** 40 - 1;
      const parent = await registerModel({ registry }, owner, { derivatives: terms.open(500, longest) });
      const time = now + 100;

      await expectTooEarly(time, longest, time + longest, parent);
      await registerAt(time, 0, parent);
    });

    it("are asked of each parent by itself", async () => {
      const { registry, owner, publisher, now } = await fixture();
      const [short, long] = [DAY, 2 * DAY];
      const parents = ascending([
        await registerModel({ registry }, owner, { derivatives: terms.open(500, short) }),
        await registerModel({ registry }, owner, { derivatives: terms.open(500, short) }),
      ]);
      await registry.connect(owner).setDerivativeTerms(parents[1], terms.open(500, long));
      const time = now + 100;
      const registration = (untils: number[]) =>
        registrationOf(publisher, { parents: parents.map((model, i) => ({ model, rateBps: 500, until: untils[i] })) });

      for (const [i, untils, minUntil] of [
        [0, [time + short - 1, time + long], time + short],
        [1, [time + short, time + long - 1], time + long],
      ] as const) {
        await networkHelpers.time.setNextBlockTimestamp(time);
        await expect(registry.register(await registration([...untils])))
          .to.be.revertedWithCustomError(registry, "EdgeEndTooEarly")
          .withArgs(parents[i], untils[i], minUntil);
      }
      await networkHelpers.time.setNextBlockTimestamp(time);
      await registry.register(await registration([time + short, time + long]));
    });

    it("do not stand in for the rate", async () => {
      const { registry, publisher, parent, now } = await fixture();

      await expect(
        registry.register(
          await registrationOf(publisher, { parents: [{ model: parent, rateBps: 499, until: now + 2 * YEAR }] }),
        ),
      )
        .to.be.revertedWithCustomError(registry, "RateTooLow")
        .withArgs(parent, 499, 500);
    });

    it("show in modelOf and change for future children only", async () => {
      const { registry, ledger, owner, parent, now, registerAt, expectTooEarly } = await fixture();
      const time = now + 100;
      const child = await registerAt(time, time + YEAR);
      expect((await registry.modelOf(parent)).derivatives).to.deep.equal([0n, 500n, BigInt(YEAR)]);

      await expect(registry.connect(owner).setDerivativeTerms(parent, terms.open(500, 2 * YEAR)))
        .to.emit(registry, "DerivativeTermsUpdated")
        .withArgs(parent, [0, 500, 2 * YEAR]);

      expect((await registry.modelOf(parent)).derivatives).to.deep.equal([0n, 500n, BigInt(2 * YEAR)]);
      expect(await ledger.edgesOf(child)).to.deep.equal([[parent, 500n, BigInt(time + YEAR)]]);
      const later = time + 100;
      await expectTooEarly(later, later + 2 * YEAR - 1, later + 2 * YEAR);
      await registerAt(later, later + 2 * YEAR);
      // And to nothing but for ever.
      await registry.connect(owner).setDerivativeTerms(parent, terms.open(500));
      await expectTooEarly(later + 100, later + 10 * YEAR, 0);
    });

    it("are said by the registration's event", async () => {
      const { registry, publisher } = await fixture();
      const registration = await registrationOf(publisher, { derivatives: terms.open(250, YEAR) });
      const model = await registry.modelIdOf(publisher.address, registration.salt);

      await expect(registry.register(registration))
        .to.emit(registry, "ModelRegistered")
        .withArgs(model, publisher.address, publisher.address, 2, registration.salt, 0, [0, 250, YEAR], []);
    });
  });

  describe("grants with an end", () => {
    /** A parent by grant only, and how a child with an edge that ends then asks to be let in. */
    async function grantedFixture() {
      const context = await fixture();
      const { registry, owner, publisher, now } = context;
      const granting = await registerModel({ registry }, owner, {
        // The duration is of use in mode Open only.
        derivatives: { mode: 1, rateBps: 0, duration: 10 * YEAR },
      });
      const salt = freshSalt();
      const child = await registry.modelIdOf(publisher.address, salt);
      const domain = {
        chainId: (await ethers.provider.getNetwork()).chainId,
        verifyingContract: await registry.getAddress(),
      };

      const sign = (until: number) =>
        signGrant(owner, domain, { parent: granting, child, rateBps: 700, until, deadline: now + DAY });
      const registration = (grant: Awaited<ReturnType<typeof sign>>, until: number) =>
        registrationOf(publisher, { salt, parents: [{ model: granting, rateBps: 700, until }], grants: [grant] });

      return { ...context, granting, child, sign, registration };
    }

    it("let the child end then, later, or never", async () => {
      const { registry, granting, child, sign, registration, now } = await grantedFixture();
      const grant = await sign(now + YEAR);

      for (const until of [now + YEAR, now + YEAR + 1, 2 ** 40 - 1, 0]) {
        const before = await networkHelpers.takeSnapshot();
        await registry.register(await registration(grant, until));
        expect(await registry.parentsOf(child)).to.deep.equal([[granting, 700n, BigInt(until), 0n]]);
        await before.restore();
      }
    });

    it("do not let it end earlier", async () => {
      const { registry, granting, sign, registration, now } = await grantedFixture();
      const grant = await sign(now + YEAR);

      await expect(registry.register(await registration(grant, now + YEAR - 1)))
        .to.be.revertedWithCustomError(registry, "EdgeEndTooEarly")
        .withArgs(granting, now + YEAR - 1, now + YEAR);
    });

    it("of 0 let it never end", async () => {
      const { registry, granting, sign, registration, now } = await grantedFixture();
      const grant = await sign(0);

      for (const until of [now + 100 * YEAR, 2 ** 40 - 1]) {
        await expect(registry.register(await registration(grant, until)))
          .to.be.revertedWithCustomError(registry, "EdgeEndTooEarly")
          .withArgs(granting, until, 0);
      }
      await registry.register(await registration(grant, 0));
    });

    it("do not hold with another end than was signed", async () => {
      const { registry, owner, granting, child, sign, registration, now } = await grantedFixture();

      for (const [signed, claimed] of [
        [now + YEAR, now + DAY],
        [0, now + DAY],
        [now + YEAR, 0],
      ]) {
        const grant = { ...(await sign(signed)), until: claimed };
        await expect(registry.register(await registration(grant, claimed)))
          .to.be.revertedWithCustomError(registry, "GrantInvalid")
          .withArgs(granting, child, owner.address);
      }
    });

    it("of an end that has passed meet the ledger's own rule", async () => {
      const { registry, ledger, granting, sign, registration, now } = await grantedFixture();
      const grant = await sign(now + 10);
      await networkHelpers.time.increaseTo(now + 100);

      await expect(registry.register(await registration(grant, now + 10)))
        .to.be.revertedWithCustomError(ledger, "EdgeEndPassed")
        .withArgs(granting, now + 10);
      await registry.register(await registration(grant, now + YEAR));
    });
  });

  describe("parentsOf", () => {
    it("shows ends and, after the ledger retired an edge, a rate of 0, each with its own relation", async () => {
      const { registry, ledger, owner, publisher, stranger, now } = await fixture();
      const parents: string[] = [];
      for (let i = 0; i < 3; ++i) {
        parents.push(await registerModel({ registry }, owner, { derivatives: terms.open(0, DAY) }));
      }
      parents.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      const registration = await registrationOf(publisher, {
        parents: [
          { model: parents[0], rateBps: 100, until: now + 2 * DAY, relation: 7 },
          { model: parents[1], rateBps: 200, until: now + 3 * DAY, relation: 2 },
          { model: parents[2], rateBps: 300, relation: 5 },
        ],
      });
      await registry.register(registration);
      const child = await registry.modelIdOf(publisher.address, registration.salt);
      const shown = (...rates: bigint[]) => [
        [parents[0], rates[0], BigInt(now + 2 * DAY), 7n],
        [parents[1], rates[1], BigInt(now + 3 * DAY), 2n],
        [parents[2], rates[2], 0n, 5n],
      ];
      expect(await registry.parentsOf(child)).to.deep.equal(shown(100n, 200n, 300n));

      await networkHelpers.time.increaseTo(now + 2 * DAY + 1);
      await ledger.connect(stranger).retire(child);
      expect(await registry.parentsOf(child)).to.deep.equal(shown(0n, 200n, 300n));
      await networkHelpers.time.increaseTo(now + 3 * DAY + 1);
      await ledger.connect(stranger).retire(child);
      expect(await registry.parentsOf(child)).to.deep.equal(shown(0n, 0n, 300n));
    });
  });
});
