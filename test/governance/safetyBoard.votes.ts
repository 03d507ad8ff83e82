import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import {
  advisoryOf,
  deploySafety,
  Level,
  LINEAGE,
  NO_ADVISORY,
  REASON,
  RESTRICTION,
  type SafetyContext,
} from "./safetyBoard.support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deploySafety(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

const VOTED = { notice: Level.Notice, restriction: Level.Restricted, recall: Level.Recalled };

/** All that the board can do about a version, or about all of a model. */
const BOARD_ACTS: Record<string, (context: SafetyContext, version: number) => Promise<unknown>> = {
  nothing: async () => {},
  "a notice": ({ board, model }, version) => board.warn(model, version, LINEAGE, ""),
  "a withdrawn notice": async ({ board, model }, version) => {
    await board.warn(model, version, LINEAGE, "");
    await board.withdraw(model, version);
  },
  "a restriction": ({ board, model }) => board.restrict(model, LINEAGE, ""),
  "a withdrawn restriction": async ({ board, model }) => {
    await board.restrict(model, LINEAGE, "");
    await board.withdraw(model, 0);
  },
};

describe("SafetyBoard", () => {
  describe("decide", () => {
    for (const [name, level] of Object.entries(VOTED)) {
      for (const version of [0, 1]) {
        it(`issues a ${name} that lasts: version ${version}`, async () => {
          const { safetyBoard, vote, safety, model } = await fixture();
          const now = (await time.latest()) + 10;
          const advisory = advisoryOf({ level, issuedAt: now });
          await time.setNextBlockTimestamp(now);

          await expect(vote.decide(model, version, level, REASON, "ipfs://evidence"))
            .to.emit(safetyBoard, "AdvisoryIssued")
            .withArgs(model, version, safety.address, true, advisory, "ipfs://evidence");

          await time.increase(100 * RESTRICTION);
          expect(await safetyBoard.advisoriesOf(model, version)).to.deep.equal([advisory, NO_ADVISORY]);
          expect(await safetyBoard.levelOf(model, version)).to.equal(level);
          expect(await safetyBoard.levelOf(model, 1 - version)).to.equal(Level.None);
          // A version's advisory stops nothing.
          expect(await safetyBoard.isRestricted(model)).to.equal(version === 0 && level >= Level.Restricted);
          expect(await safetyBoard.canRestrict(model)).to.equal(true);
        });
      }
    }

    it("takes the place of what a vote decided before, be it more or less", async () => {
      const { safetyBoard, vote, model } = await fixture();

      for (const level of [Level.Recalled, Level.Notice, Level.Restricted]) {
        await vote.decide(model, 0, level, LINEAGE, "");
        const advisory = advisoryOf({ level, reason: LINEAGE, issuedAt: await time.latest() });
        expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([advisory, NO_ADVISORY]);
      }
    });

    it("refuses to decide nothing", async () => {
      const { safetyBoard, vote, model } = await fixture();

      await expect(vote.decide(model, 0, Level.None, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "LevelNone")
        .withArgs();
    });
  });

  describe("board and vote", () => {
    for (const [said, act] of Object.entries(BOARD_ACTS)) {
      for (const [name, level] of Object.entries(VOTED)) {
        it(`a voted ${name} takes the place of ${said} of the board`, async () => {
          const context = await fixture();
          const { safetyBoard, vote, model } = context;
          await act(context, 0);
          const couldRestrict = await safetyBoard.canRestrict(model);
          await vote.decide(model, 0, level, REASON, "");

          const advisory = advisoryOf({ level, issuedAt: await time.latest() });
          expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([advisory, NO_ADVISORY]);
          expect(await safetyBoard.levelOf(model, 0)).to.equal(level);
          expect(await safetyBoard.canRestrict(model)).to.equal(couldRestrict);
        });

        it(`a voted ${name} stays under ${said} of the board`, async () => {
          const context = await fixture();
          const { safetyBoard, vote, model } = context;
          await vote.decide(model, 0, level, REASON, "");
          const advisory = advisoryOf({ level, issuedAt: await time.latest() });
          await act(context, 0);

          const [decided, provisional] = await safetyBoard.advisoriesOf(model, 0);
          expect(decided).to.deep.equal(advisory);
          const higher = provisional.level > BigInt(level) ? provisional.level : BigInt(level);
          expect(await safetyBoard.levelOf(model, 0)).to.equal(higher);
          await time.increase(RESTRICTION);
          expect((await safetyBoard.advisoriesOf(model, 0))[0]).to.deep.equal(advisory);
          expect(await safetyBoard.levelOf(model, 0)).to.equal(level);
        });
      }

      it(`lift clears ${said} of the board and what was decided, and re-arms nothing`, async () => {
        const context = await fixture();
        const { safetyBoard, vote, model } = context;
        await vote.decide(model, 0, Level.Recalled, REASON, "");
        await vote.decide(model, 1, Level.Notice, REASON, "");
        await act(context, 0);
        const couldRestrict = await safetyBoard.canRestrict(model);

        await expect(vote.lift(model, 0)).to.emit(safetyBoard, "AdvisoryLifted").withArgs(model, 0);

        expect(await safetyBoard.advisoriesOf(model, 0)).to.deep.equal([NO_ADVISORY, NO_ADVISORY]);
        expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.None);
        expect(await safetyBoard.canRestrict(model)).to.equal(couldRestrict);
        // The model's, not its versions'.
        expect(await safetyBoard.levelOf(model, 1)).to.equal(Level.Notice);
        await vote.lift(model, 1);
        expect(await safetyBoard.levelOf(model, 1)).to.equal(Level.None);
      });
    }

    it("a vote's notice ends the board's restriction, which stays used", async () => {
      const { safetyBoard, board, vote, model } = await fixture();
      await board.restrict(model, REASON, "");
      await vote.decide(model, 0, Level.Notice, REASON, "");

      expect(await safetyBoard.isRestricted(model)).to.equal(false);
      await expect(board.restrict(model, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "RestrictionUsed")
        .withArgs(model);
    });

    it("the board can neither decide, nor lift, nor re-arm, nor name members, nor choose who governs", async () => {
      const { safetyBoard, member, board, model } = await fixture();
      await board.restrict(model, REASON, "");

      for (const call of [
        () => board.decide(model, 0, Level.Recalled, REASON, ""),
        () => board.lift(model, 0),
        () => board.rearm(model),
        () => board.setMember(member.address, true),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(safetyBoard, "NotSafetyGovernance").withArgs(member.address);
      }
      await expect(board.setSafetyGovernance(member.address))
        .to.be.revertedWithCustomError(safetyBoard, "NotBoardGovernance")
        .withArgs(member.address);
    });

    it("the vote cannot act as the board: neither timelock is a member", async () => {
      const { safetyBoard, main, safety, deployer, model } = await fixture();

      for (const caller of [main, safety, deployer]) {
        const asCaller = safetyBoard.connect(caller);
        for (const call of [
          () => asCaller.warn(model, 0, REASON, ""),
          () => asCaller.restrict(model, REASON, ""),
          () => asCaller.withdraw(model, 0),
        ]) {
          await expect(call()).to.be.revertedWithCustomError(safetyBoard, "NotBoardMember").withArgs(caller.address);
        }
      }
    });

    it("the main timelock, the deployer and others decide nothing about safety", async () => {
      const { safetyBoard, main, deployer, stranger, model } = await fixture();

      for (const caller of [main, deployer, stranger]) {
        const asCaller = safetyBoard.connect(caller);
        for (const call of [
          () => asCaller.decide(model, 0, Level.Notice, REASON, ""),
          () => asCaller.lift(model, 0),
          () => asCaller.rearm(model),
          () => asCaller.setMember(caller.address, true),
        ]) {
          await expect(call())
            .to.be.revertedWithCustomError(safetyBoard, "NotSafetyGovernance")
            .withArgs(caller.address);
        }
      }
    });
  });

  describe("rearm", () => {
    it("lets the board restrict a model once more", async () => {
      const { safetyBoard, board, vote, model, stranger } = await fixture();
      await board.restrict(model, REASON, "");
      await board.restrict(stranger.address, REASON, "");
      await time.increase(RESTRICTION);

      await expect(vote.rearm(model)).to.emit(safetyBoard, "RestrictionRearmed").withArgs(model);
      expect(await safetyBoard.canRestrict(model)).to.equal(true);
      expect(await safetyBoard.canRestrict(stranger.address)).to.equal(false);
      expect(await safetyBoard.isRestricted(model)).to.equal(false);

      await board.restrict(model, REASON, "");
      expect(await safetyBoard.isRestricted(model)).to.equal(true);
      await expect(board.restrict(model, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "RestrictionUsed")
        .withArgs(model);
    });

    it("does not add up: armed twice, it serves once", async () => {
      const { safetyBoard, board, vote, model } = await fixture();
      await vote.rearm(model);
      await vote.rearm(model);
      await board.restrict(model, REASON, "");

      await expect(board.restrict(model, REASON, ""))
        .to.be.revertedWithCustomError(safetyBoard, "RestrictionUsed")
        .withArgs(model);
    });

    it("during a restriction lets a second one begin, whose 14 days count from its own beginning", async () => {
      const { safetyBoard, board, vote, model } = await fixture();
      await board.restrict(model, REASON, "");
      await vote.rearm(model);
      const [, { issuedAt }] = await safetyBoard.advisoriesOf(model, 0);
      await time.setNextBlockTimestamp(issuedAt + BigInt(RESTRICTION) - 1n);
      await board.restrict(model, REASON, "");
      const end = (await time.latest()) + RESTRICTION;

      await time.increaseTo(end - 1);
      expect(await safetyBoard.isRestricted(model)).to.equal(true);
      await time.increaseTo(end);
      expect(await safetyBoard.isRestricted(model)).to.equal(false);
    });
  });

  describe("setMember", () => {
    it("names and dismisses; what a member said stays", async () => {
      const { safetyBoard, vote, member, model, other } = await fixture();
      const named = vote.setMember(other.address, true);
      await expect(named).to.emit(safetyBoard, "MemberUpdated").withArgs(other.address, true);
      expect(await safetyBoard.members()).to.have.members([member.address, other.address]);
      await safetyBoard.connect(other).restrict(model, REASON, "");

      const dismissed = vote.setMember(other.address, false);
      await expect(dismissed).to.emit(safetyBoard, "MemberUpdated").withArgs(other.address, false);

      expect(await safetyBoard.isMember(other.address)).to.equal(false);
      expect(await safetyBoard.members()).to.deep.equal([member.address]);
      expect(await safetyBoard.isRestricted(model)).to.equal(true);
      await expect(safetyBoard.connect(other).withdraw(model, 0))
        .to.be.revertedWithCustomError(safetyBoard, "NotBoardMember")
        .withArgs(other.address);
    });

    it("is the same when said twice, and can leave the board empty", async () => {
      const { safetyBoard, vote, member } = await fixture();

      for (const [allowed, members] of [
        [true, [member.address]],
        [false, []],
        [false, []],
      ] as const) {
        await expect(vote.setMember(member.address, allowed))
          .to.emit(safetyBoard, "MemberUpdated")
          .withArgs(member.address, allowed);
        expect(await safetyBoard.members()).to.deep.equal(members);
      }
    });

    it("refuses nobody", async () => {
      const { safetyBoard, vote } = await fixture();

      for (const allowed of [true, false]) {
        await expect(vote.setMember(ZeroAddress, allowed))
          .to.be.revertedWithCustomError(safetyBoard, "MemberZero")
          .withArgs();
      }
    });
  });

  describe("setSafetyGovernance", () => {
    it("puts another in charge, and the one before reaches nothing more", async () => {
      const { safetyBoard, main, safety, vote, model, other } = await fixture();
      await vote.decide(model, 0, Level.Recalled, REASON, "");

      await expect(safetyBoard.connect(main).setSafetyGovernance(other.address))
        .to.emit(safetyBoard, "SafetyGovernanceUpdated")
        .withArgs(safety.address, other.address);

      expect(await safetyBoard.safetyGovernance()).to.equal(other.address);
      for (const call of [
        () => vote.decide(model, 0, Level.Notice, REASON, ""),
        () => vote.lift(model, 0),
        () => vote.rearm(model),
        () => vote.setMember(safety.address, true),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(safetyBoard, "NotSafetyGovernance").withArgs(safety.address);
      }
      // What was decided holds until the new one says otherwise.
      expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.Recalled);
      await safetyBoard.connect(other).lift(model, 0);
      expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.None);
    });

    it("is the main timelock's alone", async () => {
      const { safetyBoard, safety, deployer, stranger } = await fixture();

      for (const caller of [safety, deployer, stranger]) {
        await expect(safetyBoard.connect(caller).setSafetyGovernance(caller.address))
          .to.be.revertedWithCustomError(safetyBoard, "NotBoardGovernance")
          .withArgs(caller.address);
      }
    });

    it("refuses nobody and the main timelock", async () => {
      const { safetyBoard, main } = await fixture();

      for (const account of [ZeroAddress, main.address]) {
        await expect(safetyBoard.connect(main).setSafetyGovernance(account))
          .to.be.revertedWithCustomError(safetyBoard, "SafetyGovernanceInvalid")
          .withArgs(account);
      }
    });
  });
});
