import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { WealGovernor } from "../../types/ethers-contracts/index.js";
import { DAY } from "../helpers/protocol.js";
import { deployWithVoters, operationOf, proposalOf, State, Vote } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A proposal to make `guardian` the guardian. */
async function naming(governor: WealGovernor, guardian: string) {
  const data = governor.interface.encodeFunctionData("setProposalGuardian", [guardian]);

  return proposalOf([{ target: await governor.getAddress(), data }], `Name ${guardian} guardian`);
}

/** Until when a guardian can cancel, as the test's parameters have it. */
const UNTIL = Date.UTC(2100, 0) / 1_000;

/** The protocol with a guardian, named by vote. */
async function deploy() {
  const context = await deployWithVoters(connection);
  const { governor, ledger, signers, proposeAndQueue } = context;
  const guardian = signers[5];
  await governor["execute(uint256)"](await proposeAndQueue(await naming(governor, guardian.address)));
  const proposal = proposalOf(
    [{ target: await ledger.getAddress(), data: ledger.interface.encodeFunctionData("setProtocolFee", [50]) }],
    "Lower the protocol fee to 0.5 %",
  );

  return { ...context, guardian, proposal };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("WealGovernor", () => {
  describe("guardian", () => {
    it("cancels at any time: before the vote, during it, after it", async () => {
      const { governor, guardian, propose, proposeAndOpen, proposeAndPass, proposal } = await fixture();
      expect(await governor.proposalGuardian()).to.equal(guardian.address);
      const start = await networkHelpers.takeSnapshot();

      for (const reach of [propose, proposeAndOpen, proposeAndPass]) {
        const proposalId = await reach(proposal);
        await expect(governor.connect(guardian)["cancel(uint256)"](proposalId))
          .to.emit(governor, "ProposalCanceled")
          .withArgs(proposalId);
        expect(await governor.state(proposalId)).to.equal(State.Canceled);
        await start.restore();
      }
    });

    it("cancels what is queued, in the timelock too", async () => {
      const context = await fixture();
      const { governor, timelock, guardian, proposeAndQueue, proposal } = context;
      const proposalId = await proposeAndQueue(proposal);
      const operation = await operationOf(context, proposal);
      expect(await timelock.isOperationReady(operation)).to.equal(true);

      await expect(governor.connect(guardian)["cancel(address[],uint256[],bytes[],bytes32)"](...proposal.asHashed))
        .to.emit(timelock, "Cancelled")
        .withArgs(operation);

      expect(await timelock.isOperation(operation)).to.equal(false);
      await expect(governor["execute(uint256)"](proposalId)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("leaves the proposer the time before the vote, and others nothing", async () => {
      const { governor, proposer, alice, stranger, deployer, propose, proposal } = await fixture();
      const proposalId = await propose(proposal);

      for (const caller of [alice, stranger, deployer]) {
        await expect(governor.connect(caller)["cancel(uint256)"](proposalId))
          .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
          .withArgs(proposalId, caller.address);
      }
      const pending = await networkHelpers.takeSnapshot();
      await governor.connect(proposer)["cancel(uint256)"](proposalId);
      expect(await governor.state(proposalId)).to.equal(State.Canceled);

      await pending.restore();
      await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
      await expect(governor.connect(proposer)["cancel(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposalId, proposer.address);
    });

    it("can do nothing else: it neither proposes, nor votes, nor executes sooner, nor governs", async () => {
      const { governor, ledger, guardian, proposeAndOpen, proposal } = await fixture();
      const proposalId = await proposeAndOpen(proposal);

      await expect(governor.connect(guardian).propose(...proposal.asProposed)).to.be.revertedWithCustomError(
        governor,
        "GovernorInsufficientProposerVotes",
      );
      // With a weight of zero there is no vote left to cast.
      await expect(governor.connect(guardian).castVote(proposalId, Vote.Against))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(guardian.address);
      await expect(governor.connect(guardian)["execute(uint256)"](proposalId)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
      await expect(governor.connect(guardian).setProposalGuardian(guardian.address))
        .to.be.revertedWithCustomError(governor, "GovernorOnlyExecutor")
        .withArgs(guardian.address);
      await expect(ledger.connect(guardian).setProtocolFee(0))
        .to.be.revertedWithCustomError(ledger, "NotGovernance")
        .withArgs(guardian.address);
    });

    it("is replaced by vote", async () => {
      const { governor, guardian, stranger, proposeAndQueue } = await fixture();
      const proposalId = await proposeAndQueue(await naming(governor, stranger.address));

      await expect(governor["execute(uint256)"](proposalId))
        .to.emit(governor, "ProposalGuardianSet")
        .withArgs(guardian.address, stranger.address);
      expect(await governor.proposalGuardian()).to.equal(stranger.address);
    });
  });

  describe("guardianUntil", () => {
    it("is the deployment's: a date, or nothing where there is no guardian", async () => {
      const { governor, safetyGovernor } = await fixture();

      expect(await governor.guardianUntil()).to.equal(UNTIL);
      expect(await safetyGovernor.guardianUntil()).to.equal(0n);
      expect(await safetyGovernor.proposalGuardian()).to.equal(ZeroAddress);
    });

    it("is the last second at which the guardian can cancel", async () => {
      const { governor, guardian, proposer, propose, proposal } = await fixture();
      await networkHelpers.time.increaseTo(UNTIL - 2 * DAY);
      const proposalId = await propose(proposal);
      await networkHelpers.time.increaseTo(UNTIL - 1);
      expect(await governor.state(proposalId)).to.equal(State.Active);
      const before = await networkHelpers.takeSnapshot();

      await networkHelpers.time.setNextBlockTimestamp(UNTIL);
      await expect(governor.connect(proposer)["cancel(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposalId, proposer.address);
      await before.restore();
      await networkHelpers.time.setNextBlockTimestamp(UNTIL);
      await governor.connect(guardian)["cancel(uint256)"](proposalId);
      expect(await governor.proposalGuardian()).to.equal(guardian.address);

      await before.restore();
      await networkHelpers.time.setNextBlockTimestamp(UNTIL + 1);
      await expect(governor.connect(guardian)["cancel(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposalId, guardian.address);
      await networkHelpers.time.increaseTo(UNTIL + 1);
      expect(await governor.proposalGuardian()).to.equal(ZeroAddress);
      // From then on proposers withdraw what is theirs at any time, as where there is no guardian.
      await governor.connect(proposer)["cancel(uint256)"](proposalId);
      expect(await governor.state(proposalId)).to.equal(State.Canceled);
    });

    it("holds for whoever is named by vote later", async () => {
      const { governor, guardian, stranger, propose, proposeAndQueue, proposal } = await fixture();
      await networkHelpers.time.increaseTo(UNTIL);
      const later = await proposeAndQueue(await naming(governor, stranger.address));

      await expect(governor["execute(uint256)"](later))
        .to.emit(governor, "ProposalGuardianSet")
        .withArgs(guardian.address, stranger.address);

      expect(await governor.proposalGuardian()).to.equal(ZeroAddress);
      const proposalId = await propose(proposal);
      for (const caller of [guardian, stranger]) {
        await expect(governor.connect(caller)["cancel(uint256)"](proposalId))
          .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
          .withArgs(proposalId, caller.address);
      }
    });

    it("is changed by no function", async () => {
      const { governor } = await fixture();
      const names: string[] = [];
      governor.interface.forEachFunction(({ name }) => names.push(name));

      expect(names.filter((name) => /guardian/i.test(name))).to.have.members([
        ...["guardianUntil", "proposalGuardian", "setProposalGuardian"],
      ]);
      expect(governor.interface.getFunction("guardianUntil").constant).to.equal(true);
    });

    it("of a governor that is deployed with a guardian counts at once", async () => {
      const { weal: token, timelock, guardian } = await fixture();
      const until = (await networkHelpers.time.latest()) + DAY;
      const settings = {
        ...{ votingDelay: DAY, votingPeriod: DAY, lateQuorumExtension: DAY, proposalThreshold: 0 },
        ...{ quorumPercent: 1, guardianUntil: until },
      };
      const governor = await ethers.deployContract("WealGovernor", ["G", token, timelock, guardian, settings]);

      await networkHelpers.time.increaseTo(until);
      expect(await governor.proposalGuardian()).to.equal(guardian.address);
      await networkHelpers.time.increaseTo(until + 1);
      expect(await governor.proposalGuardian()).to.equal(ZeroAddress);
    });
  });
});
