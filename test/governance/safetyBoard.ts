import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import {
  advisoryOf,
  deploySafety,
  Ground,
  Level,
  LINEAGE,
  NO_ADVISORY,
  REASON,
  type Reason,
  RESTRICTION,
  type SafetyContext,
} from "./safetyBoard.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deploySafety(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** Each way to give a reason, by whom it is open to. */
const REASONED: [string, (context: SafetyContext, reason: Reason) => Promise<unknown>][] = [
  ["report", ({ safetyBoard, stranger, model }, reason) => safetyBoard.connect(stranger).report(model, 0, reason, "")],
  ["warn", ({ board, model }, reason) => board.warn(model, 0, reason, "")],
  ["restrict", ({ board, model }, reason) => board.restrict(model, reason, "")],
  ["decide", ({ vote, model }, reason) => vote.decide(model, 0, Level.Notice, reason, "")],
];

describe("SafetyBoard", () => {
  describe("constructor", () => {
    it("names timelocks, policy and members", async () => {
      const { safetyBoard, timelock, safetyTimelock, usePolicy, member, deployer } = await fixture();
      const [update] = await safetyBoard.queryFilter(safetyBoard.filters.SafetyGovernanceUpdated());

      expect(await safetyBoard.governance()).to.equal(await timelock.getAddress());
      expect(await safetyBoard.safetyGovernance()).to.equal(await safetyTimelock.getAddress());
      expect(await safetyBoard.usePolicy()).to.equal(await usePolicy.getAddress());
      expect(await safetyBoard.members()).to.deep.equal([member.address]);
      expect(await safetyBoard.isMember(deployer.address)).to.equal(false);
      expect(await safetyBoard.restrictionPeriod()).to.equal(RESTRICTION);
      expect(update.args).to.deep.equal([ZeroAddress, await safetyTimelock.getAddress()]);
    });

    it("refuses nobody, or the main timelock, in charge of safety, and nobody as a member", async () => {
      const { safetyBoard, usePolicy, stranger, other } = await fixture();
      const policy = await usePolicy.getAddress();

      for (const account of [ZeroAddress, stranger.address]) {
        await expect(ethers.deployContract("SafetyBoard", [stranger.address, account, policy, []]))
          .to.be.revertedWithCustomError(safetyBoard, "SafetyGovernanceInvalid")
          .withArgs(account);
      }
      await expect(ethers.deployContract("SafetyBoard", [stranger.address, other.address, policy, [ZeroAddress]]))
        .to.be.revertedWithCustomError(safetyBoard, "MemberZero")
        .withArgs();
    });
  });

  describe("report", () => {
    it("is anybody's, on anything, again and again, and only published", async () => {
      const { safetyBoard, model, stranger, other } = await fixture();

      for (const [reporter, version, reason] of [
        [stranger, 0, REASON],
        [stranger, 0, REASON],
        [other, 7, LINEAGE],
      ] as const) {
        const { ground, clause, policyVersion, evidenceDigest } = reason;
        await expect(safetyBoard.connect(reporter).report(model, version, reason, "ipfs://report"))
          .to.emit(safetyBoard, "ReportFiled")
          .withArgs(model, version, reporter.address, [ground, clause, policyVersion, evidenceDigest], "ipfs://report");
        expect(await safetyBoard.advisoriesOf(model, version)).to.deep.equal([NO_ADVISORY, NO_ADVISORY]);
      }
    });
  });

  describe("reasons", () => {
    for (const [name, call] of REASONED) {
      it(`${name}: need evidence`, async () => {
        const context = await fixture();

        for (const reason of [REASON, LINEAGE]) {
          await expect(call(context, { ...reason, evidenceDigest: ZeroHash }))
            .to.be.revertedWithCustomError(context.safetyBoard, "EvidenceMissing")
            .withArgs();
        }
      });

      it(`${name}: cite a clause of a version that there was, or lineage and none`, async () => {
        const context = await fixture();
        const { safetyBoard, usePolicy, main } = context;
        const clauseCount = context.parameters.usePolicy.clauseCount;
        const citing = (policyVersion: number, clause: number, ground: number = Ground.UsePolicy) =>
          call(context, { ground, clause, policyVersion, evidenceDigest: id("evidence") });
        const refused = async (policyVersion: number, clause: number, count: number, ground?: number) =>
          expect(citing(policyVersion, clause, ground))
            .to.be.revertedWithCustomError(safetyBoard, "ClauseNotFound")
            .withArgs(clause, count);

        await refused(1, 0, clauseCount);
        await refused(1, clauseCount + 1, clauseCount);
        await refused(0, 1, 0, Ground.Lineage);
        await refused(1, 0, 0, Ground.Lineage);
        for (const version of [0, 2]) {
          await expect(citing(version, 1)).to.be.revertedWithCustomError(usePolicy, "PolicyNotFound").withArgs(version);
        }

        // The next version has fewer clauses, and the one after it more.
        await usePolicy.connect(main).publishPolicy(id("short"), clauseCount - 1, "");
        await refused(2, clauseCount, clauseCount - 1);
        await usePolicy.connect(main).publishPolicy(id("long"), clauseCount + 1, "");
        await refused(3, clauseCount + 2, clauseCount + 1);
        // A reason means what it meant when it was written: the first version has this clause still.
        await refused(1, clauseCount + 1, clauseCount);
        await citing(1, clauseCount);
      });
    }

    it("keep the version of the policy that they cite, whatever is published later", async () => {
      const { safetyBoard, board, vote, usePolicy, main, model } = await fixture();
      await usePolicy.connect(main).publishPolicy(id("second"), 3, "");
      await vote.decide(model, 0, Level.Notice, { ...REASON, policyVersion: 2 }, "");
      const decidedAt = await time.latest();
      await usePolicy.connect(main).publishPolicy(id("third"), 1, "");
      await board.warn(model, 0, LINEAGE, "");
      const warnedAt = await time.latest();

      expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([
        advisoryOf({ level: Level.Notice, reason: { ...REASON, policyVersion: 2 }, issuedAt: decidedAt }),
        advisoryOf({ level: Level.Notice, reason: LINEAGE, issuedAt: warnedAt }),
      ]);
    });
  });

  describe("warn", () => {
    for (const version of [0, 1, 4_294_967_295]) {
      it(`issues a notice that lasts and stops nothing: version ${version}`, async () => {
        const { safetyBoard, board, member, model } = await fixture();
        const now = (await time.latest()) + 10;
        const advisory = advisoryOf({ level: Level.Notice, issuedAt: now });
        await time.setNextBlockTimestamp(now);

        await expect(board.warn(model, version, REASON, "ipfs://evidence"))
          .to.emit(safetyBoard, "AdvisoryIssued")
          .withArgs(model, version, member.address, false, advisory, "ipfs://evidence");

        await time.increase(10 * RESTRICTION);
        expect(await safetyBoard.advisoriesOf(model, version)).to.deep.equal([NO_ADVISORY, advisory]);
        expect(await safetyBoard.levelOf(model, version)).to.equal(Level.Notice);
        expect(await safetyBoard.isRestricted(model)).to.equal(false);
        expect(await safetyBoard.canRestrict(model)).to.equal(true);
      });
    }

    it("leaves other versions and models alone", async () => {
      const { safetyBoard, board, model, stranger } = await fixture();
      await board.warn(model, 2, REASON, "");

      for (const [other, version] of [
        [model, 0],
        [model, 1],
        [stranger.address, 2],
      ] as const) {
        expect(await safetyBoard.levelOf(other, version)).to.equal(Level.None);
      }
    });

    it("refuses where the board has said as much or more; withdrawn, it can warn again", async () => {
      const { safetyBoard, board, model } = await fixture();
      await board.warn(model, 0, REASON, "");
      await expect(board.warn(model, 0, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "AdvisoryStands")
        .withArgs(model, 0, Level.Notice);

      await board.restrict(model, REASON, "");
      await expect(board.warn(model, 0, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "AdvisoryStands")
        .withArgs(model, 0, Level.Restricted);
      await board.withdraw(model, 0);
      await board.warn(model, 0, REASON, "");

      expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.Notice);
    });

    it("takes the place of a restriction that has ended, from its last second on", async () => {
      const { safetyBoard, board, model } = await fixture();
      await board.restrict(model, REASON, "");
      const end = (await time.latest()) + RESTRICTION;

      await time.setNextBlockTimestamp(end - 1);
      await expect(board.warn(model, 0, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "AdvisoryStands")
        .withArgs(model, 0, Level.Restricted);
      await time.setNextBlockTimestamp(end);
      await board.warn(model, 0, LINEAGE, "");

      const notice = advisoryOf({ level: Level.Notice, reason: LINEAGE, issuedAt: end });
      expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([NO_ADVISORY, notice]);
    });
  });

  describe("restrict", () => {
    it("restricts a model for 14 days to the second", async () => {
      const { safetyBoard, board, member, model } = await fixture();
      const now = (await time.latest()) + 10;
      const advisory = advisoryOf({ level: Level.Restricted, issuedAt: now, expiresAt: now + RESTRICTION });
      await time.setNextBlockTimestamp(now);

      await expect(board.restrict(model, REASON, "ipfs://evidence"))
        .to.emit(safetyBoard, "AdvisoryIssued")
        .withArgs(model, 0, member.address, false, advisory, "ipfs://evidence");

      await time.increaseTo(now + RESTRICTION - 1);
      expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([NO_ADVISORY, advisory]);
      expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.Restricted);
      expect(await safetyBoard.isRestricted(model)).to.equal(true);
      await time.increaseTo(now + RESTRICTION);
      expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([NO_ADVISORY, NO_ADVISORY]);
      expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.None);
      expect(await safetyBoard.isRestricted(model)).to.equal(false);
    });

    it("serves once a model: not again while it holds, withdrawn, or ended", async () => {
      const { safetyBoard, board, model, stranger } = await fixture();
      expect(await safetyBoard.canRestrict(model)).to.equal(true);
      await board.restrict(model, REASON, "");
      const refused = async () => {
        expect(await safetyBoard.canRestrict(model)).to.equal(false);
        await expect(board.restrict(model, LINEAGE, ""))
          .to.be.revertedWithCustomError(safetyBoard, "RestrictionUsed")
          .withArgs(model);
      };

      await refused();
      await board.withdraw(model, 0);
      await refused();
      await time.increase(RESTRICTION);
      await refused();

      // Another model has one of its own.
      expect(await safetyBoard.canRestrict(stranger.address)).to.equal(true);
      await board.restrict(stranger.address, REASON, "");
    });

    it("serves once for all members together", async () => {
      const { safetyBoard, board, vote, model, other } = await fixture();
      await vote.setMember(other.address, true);
      await board.restrict(model, REASON, "");

      await expect(safetyBoard.connect(other).restrict(model, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "RestrictionUsed")
        .withArgs(model);
    });

    it("takes the place of the board's notice, which does not come back", async () => {
      const { safetyBoard, board, model } = await fixture();
      await board.warn(model, 0, LINEAGE, "");
      await board.restrict(model, REASON, "");
      const now = await time.latest();

      const restriction = advisoryOf({ level: Level.Restricted, issuedAt: now, expiresAt: now + RESTRICTION });
      expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([NO_ADVISORY, restriction]);
      await time.increase(RESTRICTION);
      expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.None);
    });
  });

  describe("withdraw", () => {
    it("takes back the board's notice or restriction, by any member", async () => {
      const { safetyBoard, board, vote, model, other } = await fixture();
      await vote.setMember(other.address, true);
      await board.warn(model, 3, REASON, "");
      await board.restrict(model, REASON, "");

      for (const version of [3, 0]) {
        await expect(safetyBoard.connect(other).withdraw(model, version))
          .to.emit(safetyBoard, "AdvisoryWithdrawn")
          .withArgs(model, version, other.address);
        expect(await safetyBoard.advisoriesOf(model, version)).to.deep.equal([NO_ADVISORY, NO_ADVISORY]);
      }
      expect(await safetyBoard.isRestricted(model)).to.equal(false);
    });

    it("refuses where nothing of the board stands, or not any more", async () => {
      const { safetyBoard, board, vote, model } = await fixture();
      const refused = async (version: number) =>
        expect(board.withdraw(model, version))
          .to.be.revertedWithCustomError(safetyBoard, "AdvisoryNotFound")
          .withArgs(model, version);

      await refused(0);
      await vote.decide(model, 1, Level.Notice, REASON, "");
      await refused(1);
      await board.restrict(model, REASON, "");
      await refused(1);
      await time.increase(RESTRICTION);
      await refused(0);
    });
  });
});
