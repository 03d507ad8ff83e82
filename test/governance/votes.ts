import { expect } from "chai";
import type { Signer, TypedDataDomain } from "ethers";
import { network } from "hardhat";
import { DAY } from "../helpers/protocol.js";
import { bitmap, deployWithVoters, fractions, proposalOf, State, Vote, weal } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A proposal whose vote has just begun. */
async function deploy() {
  const context = await deployWithVoters(connection);
  const { ledger, governor, proposer, signers, weal: token } = context;
  const proposal = proposalOf(
    [{ target: await ledger.getAddress(), data: ledger.interface.encodeFunctionData("setProtocolFee", [50]) }],
    "Lower the protocol fee to 0.5 %",
  );

  // A contract wallet with votes, which obeys `keeper`.
  const keeper = signers[6];
  const wallet = await (await ethers.deployContract("ERC1271Wallet", [keeper.address])).getAddress();
  await token.transfer(wallet, weal("1000"));
  const delegation = token.interface.encodeFunctionData("delegate", [wallet]);
  await (await ethers.getContractAt("ERC1271Wallet", wallet, keeper)).execute(token, 0, delegation);

  await governor.connect(proposer).propose(...proposal.asProposed);
  const proposalId = await governor.getProposalId(...proposal.asHashed);
  const start = Number(await governor.proposalSnapshot(proposalId));
  const end = Number(await governor.proposalDeadline(proposalId));
  await networkHelpers.time.increaseTo(start + 1);

  const domain = {
    name: "Commonweal Governor",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await governor.getAddress(),
  };

  return { ...context, proposal, proposalId, start, end, keeper, wallet, domain };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** Signs a vote of `voter`. */
async function signBallot(
  signer: Signer,
  domain: TypedDataDomain,
  ballot: { proposalId: bigint; support: number; voter: string; nonce: bigint },
) {
  return signer.signTypedData(
    domain,
    {
      Ballot: [
        { name: "proposalId", type: "uint256" },
        { name: "support", type: "uint8" },
        { name: "voter", type: "address" },
        { name: "nonce", type: "uint256" },
      ],
    },
    ballot,
  );
}

describe("WealGovernor", () => {
  describe("castVote", () => {
    for (const [name, support, tally] of [
      ["against", Vote.Against, [weal("45000000"), 0n, 0n]],
      ["for", Vote.For, [0n, weal("45000000"), 0n]],
      ["abstain", Vote.Abstain, [0n, 0n, weal("45000000")]],
    ] as const) {
      it(`counts all of the voter's votes: ${name}`, async () => {
        const { governor, alice, proposalId } = await fixture();

        await expect(governor.connect(alice).castVote(proposalId, support))
          .to.emit(governor, "VoteCast")
          .withArgs(alice.address, proposalId, support, weal("45000000"), "");

        expect(await governor.proposalVotes(proposalId)).to.deep.equal([...tally]);
        expect(await governor.hasVoted(proposalId, alice.address)).to.equal(true);
      });
    }

    it("publishes a reason", async () => {
      const { governor, alice, proposalId } = await fixture();

      await expect(governor.connect(alice).castVoteWithReason(proposalId, Vote.For, "Cheaper is better"))
        .to.emit(governor, "VoteCast")
        .withArgs(alice.address, proposalId, Vote.For, weal("45000000"), "Cheaper is better");
    });

    it("counts what was held when the vote began, so tokens cannot vote twice", async () => {
      const { governor, weal: token, alice, bob, proposalId } = await fixture();
      await governor.connect(alice).castVote(proposalId, Vote.For);
      await token.connect(alice).transfer(bob.address, weal("45000000"));
      await governor.connect(bob).castVote(proposalId, Vote.Against);

      expect(await governor.proposalVotes(proposalId)).to.deep.equal([weal("30000000"), weal("45000000"), 0n]);
    });

    it("refuses to vote twice", async () => {
      const { governor, alice, proposalId } = await fixture();
      await governor.connect(alice).castVote(proposalId, Vote.For);

      await expect(governor.connect(alice).castVote(proposalId, Vote.Against))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(alice.address);
      expect(await governor.proposalVotes(proposalId)).to.deep.equal([0n, weal("45000000"), 0n]);
    });

    it("refuses those who had no votes when it began", async () => {
      const { governor, weal: token, stranger, deployer, proposalId } = await fixture();
      await token.connect(deployer).delegate(stranger.address);

      await expect(governor.connect(stranger).castVote(proposalId, Vote.For))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(stranger.address);
    });

    it("refuses a kind of vote that there is not", async () => {
      const { governor, alice, proposalId } = await fixture();

      await expect(governor.connect(alice).castVote(proposalId, 3))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidVoteType")
        .withArgs();
    });

    it("lasts from the second after the snapshot to the deadline's", async () => {
      const { governor, alice, bob, proposer, propose, proposalId, end } = await fixture();
      const later = await propose(proposalOf([{ target: alice.address, data: "0x" }], "Another"));
      const start = Number(await governor.proposalSnapshot(later));

      await networkHelpers.time.setNextBlockTimestamp(start);
      await expect(governor.connect(alice).castVote(later, Vote.For))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(later, State.Pending, bitmap(State.Active));
      await networkHelpers.time.increaseTo(start);
      await networkHelpers.time.setNextBlockTimestamp(start + 1);
      await governor.connect(alice).castVote(later, Vote.For);

      await networkHelpers.time.setNextBlockTimestamp(end);
      await governor.connect(bob).castVote(proposalId, Vote.For);
      await networkHelpers.time.setNextBlockTimestamp(end + 1);
      await expect(governor.connect(proposer).castVote(proposalId, Vote.For))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(proposalId, State.Defeated, bitmap(State.Active));
    });
  });

  describe("castVoteWithReasonAndParams", () => {
    it("splits votes, and lets the rest be cast later", async () => {
      const { governor, alice, proposalId } = await fixture();
      const split = fractions(weal("10000000"), weal("20000000"), weal("5000000"));
      const vote = governor.connect(alice);

      await expect(vote.castVoteWithReasonAndParams(proposalId, Vote.Fractional, "On behalf of three", split))
        .to.emit(governor, "VoteCastWithParams")
        .withArgs(alice.address, proposalId, Vote.Fractional, weal("35000000"), "On behalf of three", split);
      expect(await governor.usedVotes(proposalId, alice.address)).to.equal(weal("35000000"));

      await vote.castVote(proposalId, Vote.For);
      expect(await governor.proposalVotes(proposalId)).to.deep.equal([
        weal("10000000"),
        weal("30000000"),
        weal("5000000"),
      ]);
      await expect(vote.castVoteWithReasonAndParams(proposalId, Vote.Fractional, "", fractions(0n, 1n, 0n)))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(alice.address);
    });

    it("refuses more than the voter has left", async () => {
      const { governor, alice, proposalId } = await fixture();
      const vote = governor.connect(alice);
      await vote.castVoteWithReasonAndParams(proposalId, Vote.Fractional, "", fractions(weal("40000000"), 0n, 0n));

      await expect(
        vote.castVoteWithReasonAndParams(proposalId, Vote.Fractional, "", fractions(0n, weal("5000000"), 1n)),
      )
        .to.be.revertedWithCustomError(governor, "GovernorExceedRemainingWeight")
        .withArgs(alice.address, weal("5000000") + 1n, weal("5000000"));
    });

    it("refuses params of another size, and params with a plain vote", async () => {
      const { governor, alice, proposalId } = await fixture();
      const vote = governor.connect(alice);

      for (const [support, params] of [
        [Vote.Fractional, "0x"],
        [Vote.For, fractions(0n, 1n, 0n)],
      ] as const) {
        await expect(vote.castVoteWithReasonAndParams(proposalId, support, "", params))
          .to.be.revertedWithCustomError(governor, "GovernorInvalidVoteParams")
          .withArgs();
      }
    });
  });

  describe("castVoteBySig", () => {
    it("counts a vote that somebody else sends in", async () => {
      const { governor, alice, stranger, proposalId, domain } = await fixture();
      const ballot = { proposalId, support: Vote.For, voter: alice.address, nonce: 0n };
      const signature = await signBallot(alice, domain, ballot);

      await expect(governor.connect(stranger).castVoteBySig(proposalId, Vote.For, alice.address, signature))
        .to.emit(governor, "VoteCast")
        .withArgs(alice.address, proposalId, Vote.For, weal("45000000"), "");

      expect(await governor["nonces(address)"](alice.address)).to.equal(1n);
      await expect(governor.castVoteBySig(proposalId, Vote.For, alice.address, signature))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidSignature")
        .withArgs(alice.address);
    });

    it("counts the vote of a contract as ERC-1271 says", async () => {
      const { governor, keeper, alice, wallet, proposalId, domain } = await fixture();
      const ballot = { proposalId, support: Vote.Against, voter: wallet, nonce: 0n };

      await expect(governor.castVoteBySig(proposalId, Vote.Against, wallet, await signBallot(alice, domain, ballot)))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidSignature")
        .withArgs(wallet);
      await expect(governor.castVoteBySig(proposalId, Vote.Against, wallet, await signBallot(keeper, domain, ballot)))
        .to.emit(governor, "VoteCast")
        .withArgs(wallet, proposalId, Vote.Against, weal("1000"), "");
    });

    it("refuses a signature for another proposal, choice, voter, nonce, chain or governor", async () => {
      const { governor, alice, bob, proposalId, domain } = await fixture();
      const ballot = { proposalId, support: Vote.For, voter: alice.address, nonce: 0n };

      for (const signature of [
        await signBallot(alice, domain, { ...ballot, proposalId: proposalId + 1n }),
        await signBallot(alice, domain, { ...ballot, support: Vote.Against }),
        await signBallot(alice, domain, { ...ballot, voter: bob.address }),
        await signBallot(alice, domain, { ...ballot, nonce: 1n }),
        await signBallot(alice, { ...domain, chainId: domain.chainId + 1n }, ballot),
        await signBallot(alice, { ...domain, verifyingContract: bob.address }, ballot),
        await signBallot(bob, domain, ballot),
      ]) {
        await expect(governor.castVoteBySig(proposalId, Vote.For, alice.address, signature))
          .to.be.revertedWithCustomError(governor, "GovernorInvalidSignature")
          .withArgs(alice.address);
      }
      expect(await governor.hasVoted(proposalId, alice.address)).to.equal(false);
      expect(await governor["nonces(address)"](alice.address)).to.equal(0n);
    });

    it("counts fractions with a reason", async () => {
      const { governor, alice, proposalId, domain } = await fixture();
      const params = fractions(1n, 2n, 3n);
      const signature = await alice.signTypedData(
        domain,
        {
          ExtendedBallot: [
            { name: "proposalId", type: "uint256" },
            { name: "support", type: "uint8" },
            { name: "voter", type: "address" },
            { name: "nonce", type: "uint256" },
            { name: "reason", type: "string" },
            { name: "params", type: "bytes" },
          ],
        },
        { proposalId, support: Vote.Fractional, voter: alice.address, nonce: 0n, reason: "Three", params },
      );

      await governor.castVoteWithReasonAndParamsBySig(
        proposalId,
        Vote.Fractional,
        alice.address,
        "Three",
        params,
        signature,
      );
      expect(await governor.proposalVotes(proposalId)).to.deep.equal([1n, 2n, 3n]);
    });
  });

  describe("castVoteBySig with a nonce for each proposal", () => {
    /** A second proposal whose vote is open too, and the ballot of alice on either, signed for its own nonce. */
    async function twoBallots() {
      const context = await fixture();
      const { governor, alice, proposeAndOpen, proposalId, domain } = context;
      const second = await proposeAndOpen(proposalOf([{ target: alice.address, data: "0x" }], "Another"));
      const ballotOn = async (proposalId: bigint, support: number, nonce?: bigint) => {
        const key = BigInt.asUintN(192, proposalId);
        // The key, and above it how many ballots with it were counted: none.
        const keyed = await governor["nonces(address,uint192)"](alice.address, key);
        expect(keyed).to.equal(key << 64n);
        const ballot = { proposalId, support, voter: alice.address, nonce: nonce ?? keyed };

        return [proposalId, support, alice.address, await signBallot(alice, domain, ballot)] as const;
      };
      const ballots = [await ballotOn(proposalId, Vote.For), await ballotOn(second, Vote.Against)] as const;

      return { ...context, second, ballotOn, ballots };
    }

    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      it(`counts ballots that were signed together, sent in the order ${order}`, async () => {
        const { governor, alice, stranger, proposalId, second, ballots } = await twoBallots();

        for (const i of order) {
          await expect(governor.connect(stranger).castVoteBySig(...ballots[i]))
            .to.emit(governor, "VoteCast")
            .withArgs(alice.address, ballots[i][0], ballots[i][1], weal("45000000"), "");
        }
        expect(await governor.proposalVotes(proposalId)).to.deep.equal([0n, weal("45000000"), 0n]);
        expect(await governor.proposalVotes(second)).to.deep.equal([weal("45000000"), 0n, 0n]);
        // The voter's other nonce is as it was.
        expect(await governor["nonces(address)"](alice.address)).to.equal(0n);
      });
    }

    it("counts each once", async () => {
      const { governor, alice, proposalId, ballots } = await twoBallots();
      await governor.castVoteBySig(...ballots[0]);
      const key = BigInt.asUintN(192, proposalId);

      expect(await governor["nonces(address,uint192)"](alice.address, key)).to.equal((key << 64n) + 1n);
      await expect(governor.castVoteBySig(...ballots[0]))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidSignature")
        .withArgs(alice.address);
    });

    it("still counts ballots that are signed one after the other, beside them", async () => {
      const { governor, alice, second, ballotOn, ballots } = await twoBallots();
      const unkeyed = await ballotOn(second, Vote.Abstain, 0n);
      await governor.castVoteBySig(...ballots[0]);
      await governor.castVoteBySig(...unkeyed);

      expect(await governor["nonces(address)"](alice.address)).to.equal(1n);
      expect(await governor.proposalVotes(second)).to.deep.equal([0n, 0n, weal("45000000")]);
    });

    it("takes no nonce of another proposal", async () => {
      const { governor, alice, proposalId, second, ballotOn } = await twoBallots();
      const ballot = await ballotOn(second, Vote.For, BigInt.asUintN(192, proposalId) << 64n);

      await expect(governor.castVoteBySig(...ballot))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidSignature")
        .withArgs(alice.address);
    });
  });

  describe("late quorum", () => {
    it("keeps the vote open for two more days when quorum comes in its last hour", async () => {
      const { governor, alice, bob, proposalId, end } = await fixture();
      const late = end - 3_600;
      await networkHelpers.time.setNextBlockTimestamp(late);

      await expect(governor.connect(alice).castVote(proposalId, Vote.For))
        .to.emit(governor, "ProposalExtended")
        .withArgs(proposalId, late + 2 * DAY);

      expect(await governor.proposalDeadline(proposalId)).to.equal(late + 2 * DAY);
      await networkHelpers.time.setNextBlockTimestamp(late + 2 * DAY);
      await governor.connect(bob).castVote(proposalId, Vote.Against);
      expect((await governor.proposalVotes(proposalId)).againstVotes).to.equal(weal("30000000"));
    });

    it("extends a vote once", async () => {
      const { governor, alice, bob, proposalId, end } = await fixture();
      await networkHelpers.time.setNextBlockTimestamp(end);
      await governor.connect(alice).castVote(proposalId, Vote.For);
      await networkHelpers.time.setNextBlockTimestamp(end + 2 * DAY);

      await expect(governor.connect(bob).castVote(proposalId, Vote.Against)).to.not.emit(governor, "ProposalExtended");
      expect(await governor.proposalDeadline(proposalId)).to.equal(end + 2 * DAY);
    });

    it("changes nothing when quorum comes with two days left", async () => {
      const { governor, alice, proposalId, end } = await fixture();
      await networkHelpers.time.setNextBlockTimestamp(end - 2 * DAY);

      await expect(governor.connect(alice).castVote(proposalId, Vote.For)).to.not.emit(governor, "ProposalExtended");
      expect(await governor.proposalDeadline(proposalId)).to.equal(end);
    });

    it("changes nothing when a late vote does not bring quorum", async () => {
      const { governor, bob, proposalId, end } = await fixture();
      await networkHelpers.time.setNextBlockTimestamp(end);

      await expect(governor.connect(bob).castVote(proposalId, Vote.For)).to.not.emit(governor, "ProposalExtended");
      expect(await governor.proposalDeadline(proposalId)).to.equal(end);
    });
  });
});
