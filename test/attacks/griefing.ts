import { expect } from "chai";
import { network } from "hardhat";
import type { WealGovernor } from "../../types/ethers-contracts/index.js";
import {
  bitmap,
  deployWithVoters,
  operationOf,
  proposalOf,
  State,
  Vote,
  weal as units,
} from "../governance/support.js";
import { DAY } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A griefer with enough votes to propose, as the proposer has. */
async function deploy() {
  const context = await deployWithVoters(connection);
  const { weal, ledger, deployer, signers } = context;
  const griefer = signers[7];
  await weal.connect(deployer).transfer(griefer.address, units("100000"));
  await weal.connect(griefer).delegate(griefer.address);
  await networkHelpers.mine();
  const target = await ledger.getAddress();
  const proposalWith = (description: string) =>
    proposalOf([{ target, data: ledger.interface.encodeFunctionData("setProtocolFee", [50]) }], description);

  return { ...context, griefer, proposalWith, proposal: proposalWith("Half the fee") };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** Moves to the end of a vote in which Alice was for it. */
async function win({ governor, alice }: Awaited<ReturnType<typeof deploy>>, proposalId: bigint) {
  await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
  await governor.connect(alice).castVote(proposalId, Vote.For);
  await networkHelpers.time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);
}

describe("Griefing of governance", () => {
  describe("a proposal that somebody else makes first, to cancel it", () => {
    it("is lost to who reads it before it is mined, if its description does not name its proposer", async () => {
      const { governor, proposer, griefer, proposal } = await fixture();
      const proposalId = await governor.getProposalId(...proposal.asHashed);
      await governor.connect(griefer).propose(...proposal.asProposed);
      await governor.connect(griefer)["cancel(uint256)"](proposalId);

      await expect(governor.connect(proposer).propose(...proposal.asProposed))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(proposalId, State.Canceled, bitmap());
    });

    it("can be made again at once, with another description: nothing but that is lost", async () => {
      const context = await fixture();
      const { governor, proposer, griefer, proposal, proposalWith } = context;
      const proposalId = await governor.getProposalId(...proposal.asHashed);
      await governor.connect(griefer).propose(...proposal.asProposed);
      await governor.connect(griefer)["cancel(uint256)"](proposalId);
      const again = proposalWith("Half the fee, once more");

      await governor.connect(proposer).propose(...again.asProposed);

      const newId = await governor.getProposalId(...again.asHashed);
      await win(context, newId);
      expect(await governor.state(newId)).to.equal(State.Succeeded);
    });

    it("is the proposer's alone if its description ends with who may make it", async () => {
      const context = await fixture();
      const { governor, proposer, griefer, proposalWith } = context;
      const proposal = proposalWith(`Half the fee#proposer=${proposer.address}`);
      const proposalId = await governor.getProposalId(...proposal.asHashed);

      await expect(governor.connect(griefer).propose(...proposal.asProposed))
        .to.be.revertedWithCustomError(governor, "GovernorRestrictedProposer")
        .withArgs(griefer.address);
      await governor.connect(proposer).propose(...proposal.asProposed);
      await expect(governor.connect(griefer)["cancel(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposalId, griefer.address);

      await win(context, proposalId);
      expect(await governor.state(proposalId)).to.equal(State.Succeeded);
    });

    it("leaves who made it first as its proposer, who can cancel it until it is executed while there is no guardian", async () => {
      const context = await fixture();
      const { governor, griefer, proposal } = context;
      const proposalId = await governor.getProposalId(...proposal.asHashed);
      await governor.connect(griefer).propose(...proposal.asProposed);
      await win(context, proposalId);
      await governor["queue(uint256)"](proposalId);
      await networkHelpers.time.increase(2 * DAY);

      await expect(governor.connect(griefer)["cancel(uint256)"](proposalId))
        .to.emit(governor, "ProposalCanceled")
        .withArgs(proposalId);
    });
  });

  it("by a hundred proposals leaves another one as it is, in no turn and at no greater price", async () => {
    const context = await fixture();
    const { governor, proposer, griefer, proposal, proposalWith } = context;
    const first = await governor.connect(griefer).propose(...proposalWith("Spam 0").asProposed);
    for (let i = 1; i < 100; ++i) await governor.connect(griefer).propose(...proposalWith(`Spam ${i}`).asProposed);
    const honest = await governor.connect(proposer).propose(...proposal.asProposed);
    const proposalId = await governor.getProposalId(...proposal.asHashed);
    const [before, after] = await Promise.all([first.wait(), honest.wait()]);

    // But for a description of other length.
    expect((after?.gasUsed ?? 0n) - (before?.gasUsed ?? 0n)).to.be.lessThan(5_000n);
    await win(context, proposalId);
    await governor["queue(uint256)"](proposalId);
    await networkHelpers.time.increase(2 * DAY);
    await expect(governor["execute(uint256)"](proposalId))
      .to.emit(context.ledger, "ProtocolFeeUpdated")
      .withArgs(100, 50);
    const spam = await governor.getProposalId(...proposalWith("Spam 7").asHashed);
    expect(await governor.state(spam)).to.equal(State.Defeated);
  });

  it("with a ballot that was signed for the other governor counts nothing, though the proposals have one id", async () => {
    const { governor, safetyGovernor, proposer, alice, griefer, proposal } = await fixture();
    const ids = await Promise.all([governor, safetyGovernor].map((each) => each.getProposalId(...proposal.asHashed)));
    expect(ids[0]).to.equal(ids[1]);
    const [proposalId] = ids;
    for (const each of [governor, safetyGovernor]) await each.connect(proposer).propose(...proposal.asProposed);
    await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
    expect(await safetyGovernor.state(proposalId)).to.equal(State.Active);
    const word = (name: string, type: string) => ({ name, type });
    const sign = async (each: WealGovernor) =>
      alice.signTypedData(
        {
          name: await each.name(),
          version: "1",
          chainId: (await ethers.provider.getNetwork()).chainId,
          verifyingContract: await each.getAddress(),
        },
        {
          Ballot: [
            word("proposalId", "uint256"),
            word("support", "uint8"),
            word("voter", "address"),
            word("nonce", "uint256"),
          ],
        },
        { proposalId, support: Vote.For, voter: alice.address, nonce: 0n },
      );

    for (const [signedFor, other] of [
      [governor, safetyGovernor],
      [safetyGovernor, governor],
    ]) {
      const signature = await sign(signedFor);
      await expect(other.connect(griefer).castVoteBySig(proposalId, Vote.For, alice.address, signature))
        .to.be.revertedWithCustomError(other, "GovernorInvalidSignature")
        .withArgs(alice.address);
      expect(await other.hasVoted(proposalId, alice.address)).to.equal(false);
    }
    for (const each of [governor, safetyGovernor]) {
      await each.connect(griefer).castVoteBySig(proposalId, Vote.For, alice.address, await sign(each));
      expect(await each.hasVoted(proposalId, alice.address)).to.equal(true);
    }
  });

  it("by one id on both governors decides nothing that is not in each one's reach", async () => {
    const context = await fixture();
    const { safetyGovernor, safetyTimelock, ledger, proposer, alice, stranger, proposal } = context;
    await safetyGovernor.connect(proposer).propose(...proposal.asProposed);
    const proposalId = await safetyGovernor.getProposalId(...proposal.asHashed);
    await networkHelpers.time.increaseTo((await safetyGovernor.proposalSnapshot(proposalId)) + 1n);
    await safetyGovernor.connect(alice).castVote(proposalId, Vote.For);
    await networkHelpers.time.increaseTo((await safetyGovernor.proposalDeadline(proposalId)) + 1n);
    await safetyGovernor["queue(uint256)"](proposalId);
    await networkHelpers.time.increase(DAY);

    await expect(safetyGovernor.connect(stranger)["execute(uint256)"](proposalId))
      .to.be.revertedWithCustomError(ledger, "NotGovernance")
      .withArgs(await safetyTimelock.getAddress());
  });

  it("by strangers who queue and execute does what was decided, and nothing sooner or twice", async () => {
    const context = await fixture();
    const { governor, timelock, ledger, stranger, griefer, propose, proposal } = context;
    const proposalId = await propose(proposal);
    await win(context, proposalId);

    await governor.connect(stranger)["queue(uint256)"](proposalId);
    await expect(governor.connect(griefer)["queue(uint256)"](proposalId))
      .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
      .withArgs(proposalId, State.Queued, bitmap(State.Succeeded));
    const eta = await governor.proposalEta(proposalId);
    await networkHelpers.time.setNextBlockTimestamp(eta - 1n);
    await expect(governor.connect(griefer)["execute(uint256)"](proposalId))
      .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
      .withArgs(await operationOf(context, proposal), bitmap(2n));
    await networkHelpers.time.setNextBlockTimestamp(eta);
    await expect(governor.connect(griefer)["execute(uint256)"](proposalId))
      .to.emit(ledger, "ProtocolFeeUpdated")
      .withArgs(100, 50);
    await expect(governor.connect(stranger)["execute(uint256)"](proposalId))
      .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
      .withArgs(proposalId, State.Executed, bitmap(State.Queued));
  });

  it("by too little gas executes all of it or nothing, and it stays ready", async () => {
    const context = await fixture();
    const { governor, ledger, weal, usdc, griefer, stranger, timelock, propose } = context;
    const [token, euro] = [await usdc.getAddress(), await ethers.deployContract("TestToken", ["Euro", "EUR", 6])];
    await usdc.mint(await timelock.getAddress(), 100n);
    const proposal = proposalOf(
      [
        {
          target: await weal.getAddress(),
          data: weal.interface.encodeFunctionData("transfer", [stranger.address, 7n]),
        },
        { target: token, data: usdc.interface.encodeFunctionData("transfer", [stranger.address, 100n]) },
        // Has a call in a try: it must not take a lack of gas for an answer.
        {
          target: await ledger.getAddress(),
          data: ledger.interface.encodeFunctionData("addCurrency", [await euro.getAddress()]),
        },
      ],
      "Three things at once",
    );
    const proposalId = await propose(proposal);
    await win(context, proposalId);
    await governor["queue(uint256)"](proposalId);
    await networkHelpers.time.increase(2 * DAY);
    const before = [await weal.balanceOf(stranger.address), await usdc.balanceOf(stranger.address)];
    const enough = await governor["execute(uint256)"].estimateGas(proposalId);

    let failed = 0;
    for (let gasLimit = 60_000n; ; gasLimit += 6_000n) {
      expect(gasLimit).to.be.lessThan(2n * enough);
      const isDone = await governor
        .connect(griefer)
        ["execute(uint256)"](proposalId, { gasLimit })
        .then(
          () => true,
          () => false,
        );
      if (isDone) break;

      failed += 1;
      expect(await governor.state(proposalId)).to.equal(State.Queued);
      expect([await weal.balanceOf(stranger.address), await usdc.balanceOf(stranger.address)]).to.deep.equal(before);
      expect(await ledger.isListed(euro)).to.equal(false);
    }
    expect(failed).to.be.greaterThan(10);
    expect(await governor.state(proposalId)).to.equal(State.Executed);
    expect(await usdc.balanceOf(stranger.address)).to.equal(100n);
    expect(await ledger.isListed(euro)).to.equal(true);
  });
});
