import { expect } from "chai";
import type { BaseContract } from "ethers";
import { network } from "hardhat";
import { deployWithVoters, type Proposal, proposalOf, State, Vote, weal as units } from "../governance/support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const LOAN = units("400000000");
/** What one holder lends another by a plain transfer. */
const LENT = units("100000000");

/** A lender with two fifths of all WEAL, and a borrower who has none and does what a test says. */
async function deploy() {
  const context = await deployWithVoters(connection);
  const { weal, ledger, deployer, stranger } = context;
  const lender = await ethers.deployContract("FlashLender", []);
  await weal.connect(deployer).transfer(await lender.getAddress(), LOAN);
  const borrower = await ethers.deployContract("ScriptedPayer", []);
  const proposal = proposalOf(
    [{ target: await ledger.getAddress(), data: ledger.interface.encodeFunctionData("setProtocolFee", [0]) }],
    "No fee for models to come",
  );

  const step = async (contract: BaseContract, name: string, args: unknown[]) => ({
    target: await contract.getAddress(),
    value: 0n,
    data: contract.interface.encodeFunctionData(name, args),
  });
  /** Borrows all, does this, and gives all back, in one transaction. */
  async function flash(...script: Awaited<ReturnType<typeof step>>[]) {
    const repay = await step(weal, "transfer", [await lender.getAddress(), LOAN]);
    const calls = [...script, repay].map(({ target, value, data }) => [target, value, data]);
    const data = ethers.AbiCoder.defaultAbiCoder().encode(["tuple(address,uint256,bytes)[]"], [calls]);

    return lender.connect(stranger).getFunction("lend")(await weal.getAddress(), await borrower.getAddress(), data);
  }

  const delegate = await step(weal, "delegate", [await borrower.getAddress()]);
  return {
    ...context,
    lender,
    borrower,
    borrowerAddress: await borrower.getAddress(),
    proposal,
    step,
    flash,
    delegate,
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

type Context = Awaited<ReturnType<typeof deploy>>;
type Lending = Pick<Context, "weal" | "deployer" | "stranger">;

/** Lends from one account to another and delegates there, as two transactions of a block would. */
async function borrow({ weal, deployer, stranger }: Lending) {
  await weal.connect(deployer).transfer(stranger.address, LENT);
  await weal.connect(stranger).delegate(stranger.address);
}

async function giveBack({ weal, deployer, stranger }: Lending) {
  await weal.connect(stranger).transfer(deployer.address, LENT);
}

/** Mines transactions in one block, at a time. */
async function inOneBlock(moment: number | bigint, send: () => Promise<unknown>) {
  await connection.provider.request({ method: "evm_setAutomine", params: [false] });
  try {
    await send();
    await networkHelpers.time.setNextBlockTimestamp(moment);
    await networkHelpers.mine();
  } finally {
    await connection.provider.request({ method: "evm_setAutomine", params: [true] });
  }
}

async function snapshotOf({ governor, propose }: Pick<Context, "governor" | "propose">, proposal: Proposal) {
  const proposalId = await propose(proposal);

  return { proposalId, snapshot: await governor.proposalSnapshot(proposalId) };
}

describe("Borrowed votes", () => {
  it("never propose: a loan of one transaction is no vote of the second before", async () => {
    const { governor, proposal, flash, step, delegate, borrowerAddress } = await fixture();

    await expect(flash(delegate, await step(governor, "propose", [...proposal.asProposed])))
      .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
      .withArgs(borrowerAddress, 0n, units("100000"));
  });

  it("never vote if the loan is of one transaction, in the snapshot's second or in any other", async () => {
    const context = await fixture();
    const { governor, weal, proposal, flash, step, delegate, borrowerAddress } = context;
    const { proposalId, snapshot } = await snapshotOf(context, proposal);
    const vote = await step(governor, "castVote", [proposalId, Vote.For]);

    await networkHelpers.time.setNextBlockTimestamp(snapshot);
    await flash(delegate);
    await networkHelpers.time.setNextBlockTimestamp(snapshot + 1n);
    // Nothing to cast: with a weight of zero OpenZeppelin says so.
    await expect(flash(vote))
      .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
      .withArgs(borrowerAddress);
    await networkHelpers.mine();
    expect(await weal.getPastVotes(borrowerAddress, snapshot)).to.equal(0n);
    expect(await governor.proposalVotes(proposalId)).to.deep.equal([0n, 0n, 0n]);
  });

  it("never count if they are given back in the snapshot's block, by other transactions too", async () => {
    const context = await fixture();
    const { governor, weal, proposal, stranger } = context;
    const { proposalId, snapshot } = await snapshotOf(context, proposal);

    await inOneBlock(snapshot, async () => {
      await borrow(context);
      await giveBack(context);
    });

    expect(await networkHelpers.time.latest()).to.equal(snapshot);
    await networkHelpers.mine();
    expect(await weal.getPastVotes(stranger.address, snapshot)).to.equal(0n);
    await expect(governor.connect(stranger).castVote(proposalId, Vote.For))
      .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
      .withArgs(stranger.address);
  });

  it("never count if they are given back in the snapshot's second, where a second has several blocks", async () => {
    const fast = await network.create({ override: { allowBlocksWithSameTimestamp: true } });
    const context = await deployWithVoters(fast);
    const { weal, stranger, alice } = context;
    await fast.networkHelpers.time.increase(1);
    const { snapshot } = await snapshotOf(context, proposalOf([{ target: alice.address, data: "0x" }], "Nothing"));
    const inTheSameSecond = () => fast.networkHelpers.time.setNextBlockTimestamp(snapshot);
    const block = await fast.networkHelpers.time.latestBlock();

    await inTheSameSecond();
    await weal.connect(context.deployer).transfer(stranger.address, LENT);
    await inTheSameSecond();
    await weal.connect(stranger).delegate(stranger.address);
    expect(await weal.getVotes(stranger.address)).to.equal(LENT);
    await inTheSameSecond();
    await giveBack(context);

    expect(await fast.networkHelpers.time.latest()).to.equal(snapshot);
    expect(await fast.networkHelpers.time.latestBlock()).to.equal(block + 3);
    await fast.networkHelpers.time.increase(1);
    expect(await weal.getPastVotes(stranger.address, snapshot)).to.equal(0n);
    await fast.close();
  });

  it("count as bought ones do if they are held at the end of the snapshot's second: who lends for longer lends votes", async () => {
    const context = await fixture();
    const { governor, proposal, stranger } = context;
    const { proposalId, snapshot } = await snapshotOf(context, proposal);

    await inOneBlock(snapshot, () => borrow(context));
    await giveBack(context);
    await governor.connect(stranger).castVote(proposalId, Vote.For);

    expect(await governor.proposalVotes(proposalId)).to.deep.equal([0n, LENT, 0n]);
  });

  it("do not serve twice: what was given back before the snapshot's second votes where it is then", async () => {
    const context = await fixture();
    const { governor, weal, proposal, stranger, deployer } = context;
    const { proposalId, snapshot } = await snapshotOf(context, proposal);
    await weal.connect(deployer).delegate(deployer.address);

    await borrow(context);
    await inOneBlock(snapshot, () => giveBack(context));
    await networkHelpers.mine();

    expect(await weal.getPastVotes(stranger.address, snapshot)).to.equal(0n);
    await governor.connect(deployer).castVote(proposalId, Vote.Against);
    expect((await governor.proposalVotes(proposalId)).againstVotes).to.equal(await weal.balanceOf(deployer.address));
    expect(await governor.state(proposalId)).to.equal(State.Active);
  });
});
