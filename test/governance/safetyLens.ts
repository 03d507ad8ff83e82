import { expect } from "chai";
import { network } from "hardhat";
import { registerModel } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { advisoryOf, deploySafety, Level, LINEAGE, NO_ADVISORY, REASON, RESTRICTION } from "./safetyBoard.support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;

/** A diamond: `child` of `left` and `right`, both of `root`; and a model that is of none of them. */
async function deploy() {
  const context = await deploySafety(connection);
  const { publisher } = context;
  const derive = (...parents: string[]) =>
    registerModel(context, publisher, { parents: parents.map((model) => ({ model, rateBps: 100 })) });

  const root = await derive();
  const [left, right] = [await derive(root), await derive(root)];
  const child = await derive(left, right);
  const unrelated = await derive();

  return { ...context, derive, root, left, right, child, unrelated };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** What the lens says of a model on which nothing stands. */
const clean = (model: string) => [model, 0n, NO_ADVISORY, NO_ADVISORY];

describe("SafetyLens", () => {
  it("knows the board and the lens of lineages", async () => {
    const { safetyLens, safetyBoard, lens } = await fixture();

    expect(await safetyLens.board()).to.equal(await safetyBoard.getAddress());
    expect(await safetyLens.royaltyLens()).to.equal(await lens.getAddress());
  });

  describe("statusOf", () => {
    it("tells the model itself, and nothing else, where nothing stands", async () => {
      const { safetyLens, child, root } = await fixture();

      for (const model of [child, root]) expect(await safetyLens.statusOf(model)).to.deep.equal([clean(model)]);
    });

    it("tells what is inherited through a diamond, each ancestor once, children before parents", async () => {
      const { safetyLens, vote, board, root, left, right, child } = await fixture();
      await vote.decide(root, 0, Level.Recalled, REASON, "");
      const decidedAt = await time.latest();
      await board.restrict(root, LINEAGE, "");
      const restrictedAt = await time.latest();
      await board.warn(right, 0, REASON, "");
      const warnedAt = await time.latest();

      const ofRoot = [
        root,
        BigInt(Level.Recalled),
        advisoryOf({ level: Level.Recalled, issuedAt: decidedAt }),
        advisoryOf({
          ...{ level: Level.Restricted, reason: LINEAGE },
          ...{ issuedAt: restrictedAt, expiresAt: restrictedAt + RESTRICTION },
        }),
      ];
      const notice = advisoryOf({ level: Level.Notice, issuedAt: warnedAt });
      const ofRight = [right, BigInt(Level.Notice), NO_ADVISORY, notice];
      expect(await safetyLens.statusOf(child)).to.deep.equal([clean(child), ofRight, ofRoot]);
      expect(await safetyLens.statusOf(right)).to.deep.equal([ofRight, ofRoot]);
      expect(await safetyLens.statusOf(left)).to.deep.equal([clean(left), ofRoot]);
      expect(await safetyLens.statusOf(root)).to.deep.equal([ofRoot]);
    });

    it("tells ancestors nothing of their descendants, nor models of others", async () => {
      const { safetyLens, vote, child, root, unrelated } = await fixture();
      await vote.decide(child, 0, Level.Recalled, REASON, "");

      for (const model of [root, unrelated]) {
        expect(await safetyLens.statusOf(model)).to.deep.equal([clean(model)]);
      }
    });

    it("reaches the end of a deep chain, in its order", async () => {
      const { safetyLens, vote, derive } = await fixture();
      const chain = [await derive()];
      for (let i = 1; i <= 40; ++i) chain.unshift(await derive(chain[0]));
      const advised = [chain[11], chain[30], chain[40]];
      for (const model of advised) await vote.decide(model, 0, Level.Notice, REASON, "");

      const findings = await safetyLens.statusOf(chain[0]);
      expect(findings.map(({ model }) => model)).to.deep.equal([chain[0], ...advised]);
      expect(findings.map(({ level }) => level)).to.deep.equal([Level.None, 1, 1, 1].map(BigInt));
    });

    it("leaves out what has ended, to the second, was withdrawn or lifted", async () => {
      const { safetyLens, board, vote, root, left, right, child } = await fixture();
      const told = async () => (await safetyLens.statusOf(child)).map(({ model }) => model);
      await board.warn(left, 0, REASON, "");
      await vote.decide(right, 0, Level.Restricted, REASON, "");
      await board.restrict(root, REASON, "");
      const end = (await time.latest()) + RESTRICTION;
      expect(await told()).to.have.members([child, left, right, root]);

      await board.withdraw(left, 0);
      await vote.lift(right, 0);
      await time.increaseTo(end - 1);
      expect(await told()).to.deep.equal([child, root]);
      await time.increaseTo(end);
      expect(await told()).to.deep.equal([child]);
    });

    it("leaves advisories on single versions to the board", async () => {
      const { safetyLens, vote, root, child } = await fixture();
      for (const model of [root, child]) await vote.decide(model, 1, Level.Recalled, REASON, "");

      expect(await safetyLens.statusOf(child)).to.deep.equal([clean(child)]);
    });

    it("goes on when an edge has ended: what was built from a model stays so", async () => {
      const context = await fixture();
      const { safetyLens, vote, publisher } = context;
      const parent = await registerModel(context, publisher, {
        derivatives: { mode: 0, rateBps: 100, duration: DAY },
      });
      const until = (await time.latest()) + 2 * DAY;
      const parents = [{ model: parent, rateBps: 100, until }];
      const derived = await registerModel(context, publisher, { parents });
      await vote.decide(parent, 0, Level.Notice, REASON, "");
      await time.increaseTo(until + 1);

      expect((await safetyLens.statusOf(derived)).map(({ model }) => model)).to.deep.equal([derived, parent]);
    });

    it("refuses what is no model", async () => {
      const { safetyLens, ledger, vote, stranger } = await fixture();
      await vote.decide(stranger.address, 0, Level.Recalled, REASON, "");

      await expect(safetyLens.statusOf(stranger.address))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
    });
  });
});
