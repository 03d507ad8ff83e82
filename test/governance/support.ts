import { type BytesLike, concat, id, parseUnits, type Signer, toBeHex, zeroPadBytes } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { DAY, deployTestProtocol, type TestProtocol } from "../helpers/protocol.js";

/** As OpenZeppelin's Governor numbers them. */
export const State = {
  Pending: 0n,
  Active: 1n,
  Canceled: 2n,
  Defeated: 3n,
  Succeeded: 4n,
  Queued: 5n,
  Executed: 7n,
} as const;

/** As OpenZeppelin's fractional counting numbers them. */
export const Vote = { Against: 0, For: 1, Abstain: 2, Fractional: 255 } as const;

export interface Action {
  target: string;
  value?: bigint;
  data: string;
}

/** A proposal in the form in which the governor takes it. */
export function proposalOf(actions: Action[], description: string) {
  const targets = actions.map(({ target }) => target);
  const values = actions.map(({ value = 0n }) => value);
  const calldatas = actions.map(({ data }) => data);

  return {
    description,
    asProposed: [targets, values, calldatas, description] as const,
    asHashed: [targets, values, calldatas, id(description)] as const,
  };
}

export type Proposal = ReturnType<typeof proposalOf>;

/** The set of states that an error of Governor or timelock asked for. */
export function bitmap(...states: bigint[]): string {
  return toBeHex(
    states.reduce((sum, state) => sum | (1n << state), 0n),
    32,
  );
}

export const weal = (amount: string) => parseUnits(amount, 18);

/** The params of a fractional vote. */
export function fractions(against: bigint, inFavour: bigint, abstain: bigint): BytesLike {
  return concat([against, inFavour, abstain].map((votes) => toBeHex(votes, 16)));
}

/** The timelock's id of a proposal's operation. */
export async function operationOf({ governor, timelock }: TestProtocol, proposal: Proposal): Promise<string> {
  const [targets, values, calldatas, descriptionHash] = proposal.asHashed;
  // The governor salts with its own address, so that no other proposer can take the operation's id.
  const salt = BigInt(zeroPadBytes(await governor.getAddress(), 32)) ^ BigInt(descriptionHash);

  return timelock.hashOperationBatch(targets, values, calldatas, toBeHex(0, 32), toBeHex(salt, 32));
}

/**
 * Deploys the protocol and gives votes to some: `proposer` just enough to propose, `alice` enough for quorum, `bob` less
 * than quorum; `stranger` has none.
 */
export async function deployWithVoters(connection: NetworkConnection) {
  const protocol = await deployTestProtocol(connection);
  const { networkHelpers } = connection;
  const [deployer, proposer, alice, bob, stranger] = protocol.signers;
  const { weal: token, governor } = protocol;
  const holdings: [Signer, string][] = [
    [proposer, "100000"],
    [alice, "45000000"],
    [bob, "30000000"],
  ];
  for (const [holder, amount] of holdings) {
    const address = await holder.getAddress();
    await token.connect(deployer).transfer(address, weal(amount));
    await token.connect(holder).delegate(address);
  }
  // Votes count as of the second before a proposal.
  await networkHelpers.mine();

  /** Proposes as `proposer`; returns the proposal's id. */
  async function propose(proposal: Proposal): Promise<bigint> {
    await governor.connect(proposer).propose(...proposal.asProposed);

    return governor.getProposalId(...proposal.asHashed);
  }

  /** Proposes, and moves the time to the vote's first second. */
  async function proposeAndOpen(proposal: Proposal): Promise<bigint> {
    const proposalId = await propose(proposal);
    await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);

    return proposalId;
  }

  /** Proposes, has alice vote for it, and moves the time to the end of the vote. */
  async function proposeAndPass(proposal: Proposal): Promise<bigint> {
    const proposalId = await proposeAndOpen(proposal);
    await governor.connect(alice).castVote(proposalId, Vote.For);
    await networkHelpers.time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);

    return proposalId;
  }

  /** Proposes, passes and queues, and moves the time to the end of the timelock's delay. */
  async function proposeAndQueue(proposal: Proposal): Promise<bigint> {
    const proposalId = await proposeAndPass(proposal);
    await governor["queue(uint256)"](proposalId);
    await networkHelpers.time.increase(2 * DAY);

    return proposalId;
  }

  return {
    ...protocol,
    deployer,
    proposer,
    alice,
    bob,
    stranger,
    propose,
    proposeAndOpen,
    proposeAndPass,
    proposeAndQueue,
  };
}
