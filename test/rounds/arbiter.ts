import { expect } from "chai";
import { network } from "hardhat";
import { proposalOf, Vote } from "../governance/support.js";
import { CYCLE, State } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;

/** A deployer who decides alone, and a round whose arbiter is the timelock, with the shortest time that it may have. */
async function deploy() {
  const context = await deployRounds(connection);
  const { weal, deployer, timelock } = context;
  await weal.connect(deployer).delegate(deployer.address);
  const arbiter = await timelock.getAddress();
  const round = await context.posted({ arbiter, schedule: { challengePeriod: CYCLE, arbitrationPeriod: CYCLE } });

  return { ...context, ...round };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("TrainingRounds", () => {
  describe("with the timelock as its arbiter", () => {
    it("gives a vote the time that it takes, from the last second for challenges", async () => {
      const { rounds, governor, deployer, opening, roundId, challenge, record, schedule } = await fixture();
      const { challengeUntil, arbitrationUntil } = await record();
      await time.setNextBlockTimestamp(challengeUntil - 3n);
      await challenge();
      const data = rounds.interface.encodeFunctionData("resolve", [opening, 1, true]);
      const proposal = proposalOf([{ target: await rounds.getAddress(), data }], "Challenges are right");

      await governor.connect(deployer).propose(...proposal.asProposed);
      const proposalId = await governor.getProposalId(...proposal.asHashed);
      await time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
      await governor.connect(deployer).castVote(proposalId, Vote.For);
      await time.increaseTo(await governor.proposalDeadline(proposalId));
      await governor["queue(uint256)"](proposalId);
      await time.increase(2 * 86_400 - 1);
      const execution = governor["execute(uint256)"](proposalId);
      const until = (await execution.then(() => time.latest())) + schedule.reviewPeriod;
      await expect(execution).to.emit(rounds, "ChallengesResolved").withArgs(roundId, 1, true, 50, until);
      expect(await rounds.stateOf(roundId)).to.equal(State.Review);
      expect(await time.latest()).to.be.at.most(Number(arbitrationUntil));
    });
  });
});
