import { expect } from "chai";
import { type BaseContract, parseUnits, type Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { WealGovernor } from "../../types/ethers-contracts/index.js";
import { type Action, proposalOf, Vote } from "../governance/support.js";
import { deployTestProtocol } from "../helpers/protocol.js";

export const dollars = (amount: string) => parseUnits(amount, 6);

export const addressOf = (contract: BaseContract) => contract.getAddress();

/** A call of a proposal. */
export async function call(contract: BaseContract, name: string, args: unknown[]): Promise<Action> {
  return { target: await addressOf(contract), data: contract.interface.encodeFunctionData(name, args) };
}

/** Deploys the protocol for a story of people who decide; Alice proposes and, if nothing else is said, votes alone. */
export async function rehearse(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const protocol = await deployTestProtocol(connection);
  const [deployer, alice, bob, carol, maker, payer, stranger] = protocol.signers;
  const { chainId } = await ethers.provider.getNetwork();
  /** A contract wallet that obeys Bob. */
  const wallet = await (await ethers.deployContract("ERC1271Wallet", [bob.address])).getAddress();

  const voteFor = (voter: Signer) => async (governor: WealGovernor, proposalId: bigint) => {
    await governor.connect(voter).castVote(proposalId, Vote.For);
  };

  /** Alice proposes, people vote, a stranger queues it, and the delay passes; returns the proposal's id. */
  async function queue(
    description: string,
    actions: Promise<Action>[],
    { governor = protocol.governor, vote = voteFor(alice) } = {},
  ): Promise<bigint> {
    const proposal = proposalOf(await Promise.all(actions), description);
    const proposalId = await governor.getProposalId(...proposal.asHashed);
    await expect(governor.connect(alice).propose(...proposal.asProposed)).to.emit(governor, "ProposalCreated");
    await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
    await vote(governor, proposalId);
    await networkHelpers.time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);
    await expect(governor.connect(stranger)["queue(uint256)"](proposalId)).to.emit(governor, "ProposalQueued");
    await networkHelpers.time.increaseTo(await governor.proposalEta(proposalId));

    return proposalId;
  }

  /** The same, and a stranger carries out what was decided; returns that transaction. */
  async function decide(...[description, actions, options = {}]: Parameters<typeof queue>) {
    const { governor = protocol.governor } = options;
    const proposalId = await queue(description, actions, options);
    const execution = governor.connect(stranger)["execute(uint256)"](proposalId);
    await expect(execution).to.emit(governor, "ProposalExecuted").withArgs(proposalId);

    return execution;
  }

  async function domainOf(contract: WealGovernor) {
    return { name: await contract.name(), version: "1", chainId, verifyingContract: await addressOf(contract) };
  }

  return {
    ...protocol,
    people: { deployer, alice, bob, carol, maker, payer, stranger },
    ...{ wallet, chainId, queue, decide, domainOf },
  };
}

export type Rehearsal = Awaited<ReturnType<typeof rehearse>>;
