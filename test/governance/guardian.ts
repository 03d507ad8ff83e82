import { expect } from "chai";
import { network } from "hardhat";
import type { WealGovernor } from "../../types/ethers-contracts/index.js";
import { deployWithVoters, operationOf, proposalOf, State, Vote } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** A proposal to make `guardian` the guardian. */
async function naming(governor: WealGovernor, guardian: string) {
  const data = governor.interface.encodeFunctionData("setProposalGuardian", [guardian]);

  return proposalOf([{ target: await governor.getAddress(), data }], `Name ${guardian} guardian`);
}

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
});
