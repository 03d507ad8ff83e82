import { expect } from "chai";
import { parseUnits } from "ethers";
import { network } from "hardhat";
import { deploySafety, Level, LINEAGE, REASON, RESTRICTION } from "../governance/safetyBoard.support.js";
import { ascending, ETH, type ModelOptions, NO_REF, registerModel, registrationOf } from "../helpers/models.js";
import { signGrant, terms } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

/** A grandparent, a parent of it, and a second parent that nothing is said about. */
async function deploy() {
  const context = await deploySafety(connection);
  const { publisher, registry, signers } = context;
  const grandparent = await registerModel(context, publisher);
  const parent = await registerModel(context, publisher, { parents: [{ model: grandparent, rateBps: 1_000 }] });
  const second = await registerModel(context, publisher);
  const maker = signers[5];

  /** Registers a child of `parents` as `maker`, not yet sent. */
  async function derive(parents: string[], options: ModelOptions = {}) {
    const edges = parents.map((model) => ({ model, rateBps: 2_000 }));

    return registry.connect(maker).register(await registrationOf(maker, { ...options, parents: edges }));
  }

  return { ...context, grandparent, parent, second, maker, derive };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("ModelRegistry", () => {
  it("knows the board", async () => {
    const { registry, safetyBoard } = await fixture();

    expect(await registry.safetyBoard()).to.equal(await safetyBoard.getAddress());
  });

  describe("register with a parent that is restricted", () => {
    for (const [name, level] of [
      ["restricted by vote", Level.Restricted],
      ["recalled by vote", Level.Recalled],
    ] as const) {
      it(`refuses one that is ${name}, until that is lifted`, async () => {
        const { registry, vote, parent, derive } = await fixture();
        await vote.decide(parent, 0, level, REASON, "");
        await expect(derive([parent]))
          .to.be.revertedWithCustomError(registry, "ParentRestricted")
          .withArgs(parent);
        await time.increase(100 * RESTRICTION);
        await expect(derive([parent]))
          .to.be.revertedWithCustomError(registry, "ParentRestricted")
          .withArgs(parent);

        await vote.lift(parent, 0);
        await derive([parent]);
      });
    }

    it("refuses one that the board restricted, for 14 days to the second", async () => {
      const { registry, board, parent, derive } = await fixture();
      await board.restrict(parent, REASON, "");
      const end = (await time.latest()) + RESTRICTION;

      await time.setNextBlockTimestamp(end - 1);
      await expect(derive([parent]))
        .to.be.revertedWithCustomError(registry, "ParentRestricted")
        .withArgs(parent);
      await time.setNextBlockTimestamp(end);
      await derive([parent]);
    });

    it("refuses it wherever it stands among the parents, and says which it is", async () => {
      const { registry, board, parent, second, derive } = await fixture();
      const start = await networkHelpers.takeSnapshot();

      for (const restricted of [parent, second]) {
        await board.restrict(restricted, REASON, "");
        await expect(derive([parent, second]))
          .to.be.revertedWithCustomError(registry, "ParentRestricted")
          .withArgs(restricted);
        await start.restore();
      }
    });

    it("refuses it whoever asks: its owner, and who has a grant", async () => {
      const { registry, board, publisher, maker, signers } = await fixture();
      const owner = signers[6];
      const parent = await registerModel({ registry }, publisher, {
        owner: owner.address,
        derivatives: terms.granted(),
      });
      const registration = await registrationOf(maker, { parents: [{ model: parent, rateBps: 100 }] });
      const child = await registry.modelIdOf(maker.address, registration.salt);
      const domain = {
        chainId: (await ethers.provider.getNetwork()).chainId,
        verifyingContract: await registry.getAddress(),
      };
      const deadline = (await time.latest()) + 1_000;
      const grants = [await signGrant(owner, domain, { parent, child, rateBps: 100, deadline })];
      await board.restrict(parent, REASON, "");

      await expect(registry.connect(maker).register({ ...registration, grants }))
        .to.be.revertedWithCustomError(registry, "ParentRestricted")
        .withArgs(parent);
      const byOwner = await registrationOf(owner, { parents: [{ model: parent, rateBps: 100 }] });
      await expect(registry.connect(owner).register(byOwner))
        .to.be.revertedWithCustomError(registry, "ParentRestricted")
        .withArgs(parent);
    });

    it("takes it when a vote's notice has settled the board's restriction", async () => {
      const { board, vote, parent, derive } = await fixture();
      await board.restrict(parent, REASON, "");
      await vote.decide(parent, 0, Level.Notice, REASON, "");

      await derive([parent]);
    });

    it("takes it when the board has withdrawn", async () => {
      const { board, parent, derive } = await fixture();
      await board.restrict(parent, REASON, "");
      await board.withdraw(parent, 0);

      await derive([parent]);
    });
  });

  describe("register is not stopped by", () => {
    it("a notice on the parent, of board and vote", async () => {
      const { board, vote, parent, derive } = await fixture();
      await board.warn(parent, 0, REASON, "");
      await derive([parent]);
      await vote.decide(parent, 0, Level.Notice, REASON, "");
      await derive([parent]);
    });

    it("an advisory on a version of the parent, whatever its level", async () => {
      const { vote, parent, derive } = await fixture();
      await vote.decide(parent, 1, Level.Recalled, REASON, "");

      await derive([parent]);
    });

    it("a recalled grandparent: that is inherited as a warning", async () => {
      const { vote, grandparent, parent, derive } = await fixture();
      await vote.decide(grandparent, 0, Level.Recalled, REASON, "");

      await derive([parent]);
    });

    it("reports, and a recalled model that is no parent of it", async () => {
      const { safetyBoard, vote, stranger, parent, second, derive } = await fixture();
      await safetyBoard.connect(stranger).report(parent, 0, LINEAGE, "");
      await vote.decide(second, 0, Level.Recalled, REASON, "");

      await derive([parent]);
      await derive([]);
    });

    it("an advisory on the id that it will have", async () => {
      const { registry, vote, maker } = await fixture();
      const registration = await registrationOf(maker);
      const model = await registry.modelIdOf(maker.address, registration.salt);
      await vote.decide(model, 0, Level.Recalled, REASON, "");

      await registry.connect(maker).register(registration);
      expect(await registry.ownerOf(model)).to.equal(maker.address);
    });
  });

  describe("a model that is recalled", () => {
    /** A child is paid half before and half after `act`; returns what everybody can claim, and claims it. */
    async function moneyWith(act: (context: Awaited<ReturnType<typeof deploy>>, child: string) => Promise<unknown>) {
      const context = await fixture();
      const { registry, ledger, publisher, maker, stranger, parent, grandparent } = context;
      const child = await registerModel({ registry }, maker, { parents: [{ model: parent, rateBps: 2_000 }] });
      const half = parseUnits("50", 6);
      const pay = () => ledger.connect(stranger).pay(child, ETH, half, NO_REF, { value: half });

      await pay();
      await act(context, child);
      await pay();
      await ledger.cascade([child, parent, grandparent], ETH);

      const before = await ethers.provider.getBalance(publisher.address);
      await expect(ledger.connect(stranger).claimFor(maker.address, [child], ETH)).to.changeEtherBalance(
        ethers,
        maker,
        parseUnits("79.2", 6),
      );
      await ledger.connect(stranger).claimFor(publisher.address, ascending([parent, grandparent]), ETH);

      return {
        publisher: (await ethers.provider.getBalance(publisher.address)) - before,
        fees: await ledger.collectableFees(ETH),
      };
    }

    // Of 100: 20 to the parent, 2 of them to the grandparent; each keeps its part less 1 %.
    const expected = { publisher: parseUnits("19.8", 6), fees: parseUnits("1", 6) };

    it("would earn, cascade and be claimed like this if it were not", async () => {
      expect(await moneyWith(async () => {})).to.deep.equal(expected);
    });

    it("earns, cascades and is claimed to the same unit, it and all that it was built from", async () => {
      const money = await moneyWith(async ({ vote, parent, grandparent }, child) => {
        for (const model of [child, parent, grandparent]) await vote.decide(model, 0, Level.Recalled, REASON, "");
      });

      expect(money).to.deep.equal(expected);
    });

    it("keeps its owner and its steering: transfers, terms, versions", async () => {
      const { registry, vote, publisher, stranger, parent } = await fixture();
      await vote.decide(parent, 0, Level.Recalled, REASON, "");

      const asOwner = registry.connect(publisher);
      await asOwner.publish(parent, ethers.id("mended"), "");
      await asOwner.withdrawVersion(parent, 1);
      await asOwner.setDerivativeTerms(parent, terms.open(500));
      await asOwner.transferFrom(publisher.address, stranger.address, parent);
      expect(await registry.ownerOf(parent)).to.equal(stranger.address);
      expect((await registry.modelOf(parent)).versionCount).to.equal(2n);
    });
  });
});
