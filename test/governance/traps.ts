/** Traps that governors of OpenZeppelin are known for, each by its name. */

import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { DAY } from "../helpers/protocol.js";
import {
  type Action,
  bitmap,
  deployWithVoters,
  operationOf,
  type Proposal,
  proposalOf,
  State,
  Vote,
  weal,
} from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const SUPPLY = weal("1000000000");

async function deploy() {
  const context = await deployWithVoters(connection);
  const { ledger, governor } = context;
  const ledgerAddress = await ledger.getAddress();
  const governorAddress = await governor.getAddress();

  /** A proposal of one fee. */
  const feeProposal = (feeBps: number, description = `A fee of ${feeBps}`) =>
    proposalOf(
      [{ target: ledgerAddress, data: ledger.interface.encodeFunctionData("setProtocolFee", [feeBps]) }],
      description,
    );
  const onGovernor = (data: string): Action => ({ target: governorAddress, data });

  return { ...context, feeProposal, onGovernor };
}

const fixture = () => networkHelpers.loadFixture(deploy);
type Context = Awaited<ReturnType<typeof deploy>>;

/** Decides on a quorum, in percent, with alice's votes or what else is enough. */
async function setQuorum({ governor, onGovernor, proposeAndQueue }: Context, percent: number) {
  const data = governor.interface.encodeFunctionData("updateQuorumNumerator", [percent]);
  const proposalId = await proposeAndQueue(proposalOf([onGovernor(data)], `A quorum of ${percent} %`));
  await governor["execute(uint256)"](proposalId);
  expect(await governor["quorumNumerator()"]()).to.equal(BigInt(percent));
}

/** Sends transactions that all come into one block, at a time. */
async function inOneBlock(timestamp: number, ...sends: (() => Promise<unknown>)[]) {
  await ethers.provider.send("evm_setAutomine", [false]);
  try {
    for (const send of sends) await send();
    await time.setNextBlockTimestamp(timestamp);
    await networkHelpers.mine();
  } finally {
    await ethers.provider.send("evm_setAutomine", [true]);
  }
  expect((await ethers.provider.getBlock("latest"))?.transactions).to.have.length(sends.length);
}

/** Given, since a transaction that waits for its block cannot be estimated. */
const GAS = { gasLimit: 1_000_000n };

describe("WealGovernor, against traps of its extensions", () => {
  describe("front-run proposals", () => {
    it("without the suffix, who copies a proposal first can cancel it, and the content is burnt", async () => {
      const { governor, alice, proposer, feeProposal } = await fixture();
      const proposal = feeProposal(50);
      await governor.connect(alice).propose(...proposal.asProposed);
      const proposalId = await governor.getProposalId(...proposal.asHashed);
      await governor.connect(alice)["cancel(uint256)"](proposalId);

      await expect(governor.connect(proposer).propose(...proposal.asProposed))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(proposalId, State.Canceled, bitmap());
      // Other words are another proposal.
      await governor.connect(proposer).propose(...feeProposal(50, "The same, again").asProposed);
    });

    it("with the suffix `#proposer=`, nobody else can propose it, so nobody else can cancel it", async () => {
      const { governor, alice, proposer, feeProposal } = await fixture();
      const proposal = feeProposal(50, `Lower the fee#proposer=${proposer.address}`);

      await expect(governor.connect(alice).propose(...proposal.asProposed))
        .to.be.revertedWithCustomError(governor, "GovernorRestrictedProposer")
        .withArgs(alice.address);
      await governor.connect(proposer).propose(...proposal.asProposed);
      const proposalId = await governor.getProposalId(...proposal.asHashed);
      await expect(governor.connect(alice)["cancel(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposalId, alice.address);
      expect(await governor.proposalProposer(proposalId)).to.equal(proposer.address);
    });

    it("a suffix that is no address, or not at the end, protects nothing", async () => {
      const { governor, alice, proposer, feeProposal } = await fixture();
      const { address } = proposer;

      for (const description of [
        `Fee#proposer=${address} `,
        `Fee#proposer=${address.slice(0, -1)}`,
        `Fee#proposer=${address.slice(0, -1)}g`,
        `Fee#proposer=${address.slice(2)}`,
        `Fee#Proposer=${address}`,
      ]) {
        await governor.connect(alice).propose(...feeProposal(50, description).asProposed);
      }
    });
  });

  describe("change of quorum", () => {
    it("never revives a proposal that was defeated, and lets the next one pass", async () => {
      const context = await fixture();
      const { governor, bob, proposeAndOpen, feeProposal } = context;
      const defeat = async (proposal: Proposal) => {
        const proposalId = await proposeAndOpen(proposal);
        await governor.connect(bob).castVote(proposalId, Vote.For);
        await time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);

        return proposalId;
      };
      const defeated = await defeat(feeProposal(50));
      expect(await governor.state(defeated)).to.equal(State.Defeated);

      await setQuorum(context, 3);

      expect(await governor.state(defeated)).to.equal(State.Defeated);
      await expect(governor["queue(uint256)"](defeated))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(defeated, State.Defeated, bitmap(State.Succeeded));
      // The same votes are enough from now on.
      expect(await governor.state(await defeat(feeProposal(60)))).to.equal(State.Succeeded);
    });

    it("never defeats a proposal that succeeded, nor one whose vote had begun", async () => {
      const context = await fixture();
      const { governor, ledger, alice, propose, feeProposal } = context;
      const succeeded = await propose(feeProposal(50));
      await time.increaseTo((await governor.proposalSnapshot(succeeded)) + 1n);
      await governor.connect(alice).castVote(succeeded, Vote.For);
      await time.increaseTo((await governor.proposalDeadline(succeeded)) + 1n);

      // Begun before the decision on the quorum is carried out, counted after it.
      const data = governor.interface.encodeFunctionData("updateQuorumNumerator", [50]);
      const raising = await context.proposeAndPass(proposalOf([context.onGovernor(data)], "A quorum of 50 %"));
      await governor["queue(uint256)"](raising);
      const begun = await context.proposeAndOpen(feeProposal(60));
      await time.increase(DAY);
      await governor["execute(uint256)"](raising);
      expect(await governor["quorumNumerator()"]()).to.equal(50n);
      await governor.connect(alice).castVote(begun, Vote.For);
      await time.increaseTo((await governor.proposalDeadline(begun)) + 1n);

      for (const proposalId of [succeeded, begun]) {
        expect(await governor.state(proposalId)).to.equal(State.Succeeded);
        await governor["queue(uint256)"](proposalId);
      }
      await time.increase(2 * DAY);
      await governor["execute(uint256)"](succeeded);
      expect(await ledger.protocolFeeBps()).to.equal(50n);
      // What comes after needs half of the supply.
      const after = await context.proposeAndPass(feeProposal(70));
      expect(await governor.state(after)).to.equal(State.Defeated);
    });
  });

  describe("clock mode", () => {
    it("is the token's for both governors, and time alone opens a vote: blocks do not", async () => {
      const { governor, safetyGovernor, weal: token, propose, feeProposal } = await fixture();
      for (const contract of [governor, safetyGovernor]) {
        expect(await contract.CLOCK_MODE()).to.equal(await token.CLOCK_MODE());
        expect(await contract.clock()).to.equal(await token.clock());
      }
      const proposalId = await propose(feeProposal(50));
      const snapshot = await governor.proposalSnapshot(proposalId);

      await networkHelpers.mine(10_000);
      expect(await governor.state(proposalId)).to.equal(State.Pending);
      await time.increaseTo(snapshot + 1n);
      expect(await governor.state(proposalId)).to.equal(State.Active);
    });
  });

  describe("self-delegation", () => {
    it("is needed: what was never delegated votes for nobody, and lowers no quorum", async () => {
      const { governor, weal: token, deployer, proposeAndOpen, feeProposal } = await fixture();
      expect(await token.balanceOf(deployer.address)).to.be.greaterThan(SUPPLY / 2n);
      expect(await token.delegates(deployer.address)).to.equal(ethers.ZeroAddress);
      const proposalId = await proposeAndOpen(feeProposal(50));

      // Too late for a vote that has begun.
      await token.connect(deployer).delegate(deployer.address);
      await expect(governor.connect(deployer).castVote(proposalId, Vote.Against))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(deployer.address);
      expect(await governor.quorum(await governor.proposalSnapshot(proposalId))).to.equal((SUPPLY * 4n) / 100n);
    });

    it("is done once: what is received later counts with it", async () => {
      const { governor, weal: token, deployer, alice, proposeAndOpen, feeProposal } = await fixture();
      await token.connect(deployer).transfer(alice.address, weal("5000000"));
      const proposalId = await proposeAndOpen(feeProposal(50));
      await governor.connect(alice).castVote(proposalId, Vote.For);

      expect((await governor.proposalVotes(proposalId)).forVotes).to.equal(weal("50000000"));
    });
  });

  describe("moves within the snapshot's second", () => {
    it("count as they stand at its end: what is borrowed and returned within it has no votes", async () => {
      const { governor, weal: token, deployer, stranger, alice, propose, feeProposal } = await fixture();
      await token.connect(stranger).delegate(stranger.address);
      const proposalId = await propose(feeProposal(50));
      const snapshot = Number(await governor.proposalSnapshot(proposalId));
      const loan = weal("500000000");
      await time.increaseTo(snapshot - 1);

      await inOneBlock(
        snapshot,
        () => token.connect(deployer).transfer(stranger.address, loan, GAS),
        () => token.connect(stranger).transfer(deployer.address, loan, GAS),
        () => token.connect(alice).delegate(deployer.address, GAS),
        () => token.connect(alice).delegate(stranger.address, GAS),
      );

      expect(await token.balanceOf(stranger.address)).to.equal(0n);
      await time.increaseTo(snapshot + 1);
      // What alice gave at the end of it, and none of the loan.
      await governor.connect(stranger).castVote(proposalId, Vote.Against);
      expect(await governor.proposalVotes(proposalId)).to.deep.equal([weal("45000000"), 0n, 0n]);
      for (const voter of [alice, deployer]) {
        await expect(governor.connect(voter).castVote(proposalId, Vote.For))
          .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
          .withArgs(voter.address);
      }
    });

    it("are over before the first vote: none can be cast in it", async () => {
      const { governor, alice, propose, feeProposal } = await fixture();
      const proposalId = await propose(feeProposal(50));
      const snapshot = Number(await governor.proposalSnapshot(proposalId));
      await time.increaseTo(snapshot - 1);

      await inOneBlock(snapshot, () => governor.connect(alice).castVote(proposalId, Vote.For, GAS));
      expect(await governor.hasVoted(proposalId, alice.address)).to.equal(false);
    });
  });

  describe("sums of votes", () => {
    it("are the delegated balances', never above the supply, whatever is moved and delegated", async function () {
      this.timeout(120_000);
      const account = fc.nat(4);
      const move = fc.record({ from: account, to: account, part: fc.nat(100), delegates: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 25 }), async (moves) => {
          const { weal: token, deployer, proposer, alice, bob, stranger } = await fixture();
          const accounts = [deployer, proposer, alice, bob, stranger];
          const balances = [weal("524900000"), weal("100000"), weal("45000000"), weal("30000000"), 0n];
          const delegates = [undefined, 1, 2, 3, undefined] as (number | undefined)[];
          const votesOf = (i: number) =>
            balances.reduce((sum, balance, holder) => (delegates[holder] === i ? sum + balance : sum), 0n);
          const history: [second: number, votes: bigint[]][] = [];

          for (const { from, to, part, delegates: isDelegation } of moves) {
            const amount = (balances[from] * BigInt(part)) / 100n;
            if (isDelegation) {
              await token.connect(accounts[from]).delegate(accounts[to].address);
              delegates[from] = to;
            } else {
              await token.connect(accounts[from]).transfer(accounts[to].address, amount);
              balances[from] -= amount;
              balances[to] += amount;
            }
            const votes = await Promise.all(accounts.map(({ address }) => token.getVotes(address)));
            expect(votes).to.deep.equal(accounts.map((_, i) => votesOf(i)));
            expect(votes.reduce((sum, each) => sum + each, 0n)).to.be.at.most(SUPPLY);
            history.push([await time.latest(), votes]);
          }

          await networkHelpers.mine();
          for (const [second, votes] of history) {
            const past = await Promise.all(accounts.map(({ address }) => token.getPastVotes(address, second)));
            expect(past).to.deep.equal(votes);
            expect(await token.getPastTotalSupply(second)).to.equal(SUPPLY);
          }
        }),
        { numRuns: 25 },
      );
    });

    it("of a second before the token was there are nothing, so no quorum of it is asked for", async () => {
      const { weal: token, alice } = await fixture();
      const [minted] = await token.queryFilter(token.filters.Transfer(ethers.ZeroAddress));
      const { timestamp } = await minted.getBlock();

      expect(await token.getPastTotalSupply(timestamp - 1)).to.equal(0n);
      expect(await token.getPastTotalSupply(timestamp)).to.equal(SUPPLY);
      expect(await token.getPastVotes(alice.address, timestamp)).to.equal(0n);
    });
  });

  describe("proposals of the same content", () => {
    it("are two if their words differ, each with its own operation, and both are carried out", async () => {
      const context = await fixture();
      const { governor, ledger, timelock, alice, propose, feeProposal } = context;
      const proposals = [feeProposal(50, "Once"), feeProposal(50, "Twice")];
      const ids: bigint[] = [];
      for (const proposal of proposals) ids.push(await propose(proposal));
      const operations = await Promise.all(proposals.map((proposal) => operationOf(context, proposal)));
      expect(new Set(ids).size + new Set(operations).size).to.equal(4);

      await time.increaseTo((await governor.proposalSnapshot(ids[1])) + 1n);
      for (const proposalId of ids) await governor.connect(alice).castVote(proposalId, Vote.For);
      await time.increaseTo((await governor.proposalDeadline(ids[1])) + 1n);
      for (const proposalId of ids) await governor["queue(uint256)"](proposalId);
      await time.increase(2 * DAY);
      await governor["execute(uint256)"](ids[0]);
      expect(await timelock.isOperationDone(operations[0])).to.equal(true);
      expect(await timelock.isOperationDone(operations[1])).to.equal(false);
      await expect(governor["execute(uint256)"](ids[1])).to.emit(ledger, "ProtocolFeeUpdated").withArgs(50, 50);
    });

    it("have one id in both governors, and a ballot signed for one serves in it alone", async () => {
      const { governor, safetyGovernor, alice, proposer, feeProposal } = await fixture();
      const proposal = feeProposal(50);
      for (const each of [governor, safetyGovernor]) await each.connect(proposer).propose(...proposal.asProposed);
      const proposalId = await governor.getProposalId(...proposal.asHashed);
      expect(await safetyGovernor.getProposalId(...proposal.asHashed)).to.equal(proposalId);
      await time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);

      const types = {
        Ballot: [
          { name: "proposalId", type: "uint256" },
          { name: "support", type: "uint8" },
          { name: "voter", type: "address" },
          { name: "nonce", type: "uint256" },
        ],
      };
      const [, name, version, chainId, verifyingContract] = await safetyGovernor.eip712Domain();
      const ballot = { proposalId, support: Vote.For, voter: alice.address, nonce: 0n };
      const signature = await alice.signTypedData({ name, version, chainId, verifyingContract }, types, ballot);

      await expect(governor.castVoteBySig(proposalId, Vote.For, alice.address, signature))
        .to.be.revertedWithCustomError(governor, "GovernorInvalidSignature")
        .withArgs(alice.address);
      await safetyGovernor.castVoteBySig(proposalId, Vote.For, alice.address, signature);
      expect(await safetyGovernor.hasVoted(proposalId, alice.address)).to.equal(true);
      expect(await governor.hasVoted(proposalId, alice.address)).to.equal(false);
    });
  });
});
