import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import type { WealGovernor } from "../../types/ethers-contracts/index.js";
import { DAY } from "../helpers/protocol.js";
import { bitmap, deployWithVoters, type Proposal, proposalOf, State, Vote, weal } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

async function deploy() {
  const context = await deployWithVoters(connection);
  const { ledger } = context;
  const proposal = proposalOf(
    [{ target: await ledger.getAddress(), data: ledger.interface.encodeFunctionData("setProtocolFee", [50]) }],
    "Lower the protocol fee to 0.5 %",
  );

  return { ...context, proposal };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** Ends a vote, and requires that it was lost and that nothing comes of it. */
async function expectDefeated(governor: WealGovernor, proposalId: bigint, proposal: Proposal) {
  await networkHelpers.time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);

  expect(await governor.state(proposalId)).to.equal(State.Defeated);
  for (const call of [
    () => governor["queue(uint256)"](proposalId),
    () => governor["queue(address[],uint256[],bytes[],bytes32)"](...proposal.asHashed),
  ]) {
    await expect(call())
      .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
      .withArgs(proposalId, State.Defeated, bitmap(State.Succeeded));
  }
  await expect(governor["execute(uint256)"](proposalId))
    .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
    .withArgs(proposalId, State.Defeated, bitmap(State.Queued));
}

describe("WealGovernor", () => {
  describe("settings", () => {
    it("are the deployment's", async () => {
      const { governor, weal: token, timelock } = await fixture();

      expect(await governor.name()).to.equal("Commonweal Governor");
      expect(await governor.token()).to.equal(await token.getAddress());
      expect(await governor.timelock()).to.equal(await timelock.getAddress());
      expect(await governor.votingDelay()).to.equal(DAY);
      expect(await governor.votingPeriod()).to.equal(7 * DAY);
      expect(await governor.lateQuorumVoteExtension()).to.equal(2 * DAY);
      expect(await governor.proposalThreshold()).to.equal(weal("100000"));
      expect(await governor.proposalGuardian()).to.equal(ZeroAddress);
    });

    it("ask for a quorum of 4 % of the supply", async () => {
      const { governor } = await fixture();

      expect(await governor["quorumNumerator()"]()).to.equal(4n);
      expect(await governor.quorum((await networkHelpers.time.latest()) - 1)).to.equal(weal("40000000"));
    });

    it("refuse a quorum of zero, in the constructor and by vote", async () => {
      const { governor, weal: token, timelock, stranger, proposeAndQueue } = await fixture();
      const settings = {
        ...{ votingDelay: DAY, votingPeriod: DAY, lateQuorumExtension: 0, proposalThreshold: 0 },
        ...{ quorumPercent: 0, guardianUntil: 0 },
      };
      await expect(ethers.deployContract("WealGovernor", ["No quorum", token, timelock, stranger, settings]))
        .to.be.revertedWithCustomError(governor, "QuorumZero")
        .withArgs();

      const data = governor.interface.encodeFunctionData("updateQuorumNumerator", [0]);
      const proposalId = await proposeAndQueue(
        proposalOf([{ target: await governor.getAddress(), data }], "No quorum"),
      );
      await expect(governor["execute(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "QuorumZero")
        .withArgs();
      expect(await governor["quorumNumerator()"]()).to.equal(4n);
    });

    it("refuse a quorum above the supply, and take one of all of it", async () => {
      const { governor, weal: token, timelock, stranger } = await fixture();
      const deploy = (quorumPercent: number) => {
        const settings = {
          ...{ votingDelay: DAY, votingPeriod: DAY, lateQuorumExtension: 0, proposalThreshold: 0 },
          ...{ quorumPercent, guardianUntil: 0 },
        };

        return ethers.deployContract("WealGovernor", ["All", token, timelock, stranger, settings]);
      };

      await expect(deploy(101))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidQuorumFraction")
        .withArgs(101, 100);
      const all = await deploy(100);
      await networkHelpers.mine(2);
      expect(await all.quorum((await networkHelpers.time.latest()) - 1)).to.equal(weal("1000000000"));
    });

    it("of the safety governor are its own, shorter ones", async () => {
      const { safetyGovernor, safetyTimelock, weal: token } = await fixture();

      expect(await safetyGovernor.name()).to.equal("Commonweal Safety Governor");
      expect(await safetyGovernor.token()).to.equal(await token.getAddress());
      expect(await safetyGovernor.timelock()).to.equal(await safetyTimelock.getAddress());
      expect(await safetyGovernor.votingDelay()).to.equal(DAY / 4);
      expect(await safetyGovernor.votingPeriod()).to.equal(3 * DAY);
      expect(await safetyGovernor.lateQuorumVoteExtension()).to.equal(DAY);
      expect(await safetyGovernor.proposalThreshold()).to.equal(weal("100000"));
      expect(await safetyGovernor["quorumNumerator()"]()).to.equal(4n);
      expect(await safetyTimelock.getMinDelay()).to.equal(DAY);
    });

    it("name either governor in what wallets sign", async () => {
      const { governor, safetyGovernor } = await fixture();
      const { chainId } = await ethers.provider.getNetwork();

      for (const [contract, name] of [
        [governor, "Commonweal Governor"],
        [safetyGovernor, "Commonweal Safety Governor"],
      ] as const) {
        expect(await contract.eip712Domain()).to.deep.equal([
          ...["0x0f", name, "1", chainId, await contract.getAddress(), ZeroHash, []],
        ]);
      }
    });

    it("count fractionally, by the token's clock", async () => {
      const { governor } = await fixture();

      expect(await governor.COUNTING_MODE()).to.equal("support=bravo,fractional&quorum=for,abstain&params=fractional");
      expect(await governor.CLOCK_MODE()).to.equal("mode=timestamp");
      expect(await governor.clock()).to.equal(BigInt(await networkHelpers.time.latest()));
    });

    it("change by vote only", async () => {
      const { governor, deployer, alice } = await fixture();

      for (const caller of [deployer, alice]) {
        const asCaller = governor.connect(caller);
        for (const change of [
          () => asCaller.setVotingDelay(1),
          () => asCaller.setVotingPeriod(1),
          () => asCaller.setProposalThreshold(0),
          () => asCaller.updateQuorumNumerator(1),
          () => asCaller.setLateQuorumVoteExtension(0),
          () => asCaller.setProposalGuardian(caller.address),
          () => asCaller.updateTimelock(caller.address),
          () => asCaller.relay(caller.address, 0, "0x"),
        ]) {
          await expect(change())
            .to.be.revertedWithCustomError(governor, "GovernorOnlyExecutor")
            .withArgs(caller.address);
        }
      }
    });
  });

  describe("propose", () => {
    it("announces a proposal, its vote and its end", async () => {
      const { governor, proposer, proposal } = await fixture();
      const [targets, values, calldatas, description] = proposal.asProposed;
      const proposalId = await governor.hashProposal(...proposal.asHashed);
      const now = (await networkHelpers.time.latest()) + 10;
      await networkHelpers.time.setNextBlockTimestamp(now);

      await expect(governor.connect(proposer).propose(...proposal.asProposed))
        .to.emit(governor, "ProposalCreated")
        .withArgs(
          proposalId,
          proposer.address,
          targets,
          values,
          [""],
          calldatas,
          now + DAY,
          now + 8 * DAY,
          description,
        );

      expect(await governor.state(proposalId)).to.equal(State.Pending);
      expect(await governor.proposalProposer(proposalId)).to.equal(proposer.address);
      expect(await governor.proposalSnapshot(proposalId)).to.equal(now + DAY);
      expect(await governor.proposalDeadline(proposalId)).to.equal(now + 8 * DAY);
      expect(await governor.proposalNeedsQueuing(proposalId)).to.equal(true);
    });

    it("stores what is proposed, so that the id alone is enough later", async () => {
      const { governor, propose, proposal } = await fixture();
      const proposalId = await propose(proposal);

      expect(await governor.proposalCount()).to.equal(1n);
      expect(await governor.proposalDetails(proposalId)).to.deep.equal([...proposal.asHashed]);
      expect((await governor.proposalDetailsAt(0))[0]).to.equal(proposalId);
    });

    it("refuses those with fewer votes than the threshold", async () => {
      const { governor, weal: token, proposer, stranger, proposal } = await fixture();

      await expect(governor.connect(stranger).propose(...proposal.asProposed))
        .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
        .withArgs(stranger.address, 0n, weal("100000"));

      await token.connect(proposer).transfer(stranger.address, 1n);
      await networkHelpers.mine();
      await expect(governor.connect(proposer).propose(...proposal.asProposed))
        .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
        .withArgs(proposer.address, weal("100000") - 1n, weal("100000"));
    });

    it("refuses the same proposal twice", async () => {
      const { governor, proposer, propose, proposal } = await fixture();
      const proposalId = await propose(proposal);

      await expect(governor.connect(proposer).propose(...proposal.asProposed))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(proposalId, State.Pending, bitmap());
    });

    it("refuses lists of different lengths, and empty ones", async () => {
      const { governor, proposer, proposal } = await fixture();
      const [targets, values] = proposal.asProposed;

      await expect(governor.connect(proposer).propose(targets, values, [], "No call"))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidProposalLength")
        .withArgs(1, 0, 1);
      await expect(governor.connect(proposer).propose([], [], [], "Nothing"))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidProposalLength")
        .withArgs(0, 0, 0);
    });

    it("lets a proposer protect a description from being taken by others", async () => {
      const { governor, alice, proposer, proposal } = await fixture();
      const [targets, values, calldatas] = proposal.asProposed;
      const description = `Lower the fee#proposer=${proposer.address.toLowerCase()}`;

      await expect(governor.connect(alice).propose(targets, values, calldatas, description))
        .to.be.revertedWithCustomError(governor, "GovernorRestrictedProposer")
        .withArgs(alice.address);
      await governor.connect(proposer).propose(targets, values, calldatas, description);
    });
  });

  describe("state", () => {
    it("refuses a proposal that does not exist", async () => {
      const { governor } = await fixture();

      for (const call of [
        () => governor.state(1n),
        () => governor.proposalDetails(1n),
        () => governor["queue(uint256)"](1n),
        () => governor["execute(uint256)"](1n),
        () => governor["cancel(uint256)"](1n),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(governor, "GovernorNonexistentProposal").withArgs(1n);
      }
    });

    it("is defeated without quorum, even if all who voted were for it", async () => {
      const { governor, bob, proposeAndOpen, proposal } = await fixture();
      const proposalId = await proposeAndOpen(proposal);
      await governor.connect(bob).castVote(proposalId, Vote.For);
      await expectDefeated(governor, proposalId, proposal);
    });

    it("is defeated by as many votes against as for", async () => {
      const { governor, weal: token, alice, bob, proposeAndOpen, proposal } = await fixture();
      await token.connect(alice).transfer(bob.address, weal("7500000"));
      const proposalId = await proposeAndOpen(proposal);
      await governor.connect(alice).castVote(proposalId, Vote.For);
      await governor.connect(bob).castVote(proposalId, Vote.Against);
      await expectDefeated(governor, proposalId, proposal);
    });

    it("succeeds with abstentions for quorum and a majority of the rest", async () => {
      const { governor, alice, bob, proposeAndOpen, proposal } = await fixture();
      const proposalId = await proposeAndOpen(proposal);
      await governor.connect(alice).castVote(proposalId, Vote.Abstain);
      await governor.connect(bob).castVote(proposalId, Vote.For);
      await networkHelpers.time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);

      expect(await governor.state(proposalId)).to.equal(State.Succeeded);
    });
  });

  describe("cancel", () => {
    it("is the proposer's at any time while there is no guardian", async () => {
      const { governor, proposer, stranger, proposeAndPass, proposal } = await fixture();
      const proposalId = await proposeAndPass(proposal);

      await expect(governor.connect(stranger)["cancel(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposalId, stranger.address);
      await expect(governor.connect(proposer)["cancel(uint256)"](proposalId))
        .to.emit(governor, "ProposalCanceled")
        .withArgs(proposalId);

      expect(await governor.state(proposalId)).to.equal(State.Canceled);
    });
  });
});
