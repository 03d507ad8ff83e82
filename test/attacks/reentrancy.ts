import { expect } from "chai";
import { id, parseEther } from "ethers";
import { network } from "hardhat";
import { type Action, bitmap, operationOf, type Proposal, proposalOf, State, Vote } from "../governance/support.js";
import { ETH, NO_REF } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { type Call, callOn } from "./calls.support.js";
import { deployEconomy } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const GRANT = parseEther("1");

/** A treasury that pays a contract which calls back, by a decision that is ready to be executed. */
async function deploy() {
  const economy = await deployEconomy(connection);
  const { governor, weal, deployer } = economy;
  await weal.connect(deployer).delegate(deployer.address);
  await networkHelpers.mine();
  const recipient = await ethers.deployContract("ReentrantHolder", []);
  const address = await recipient.getAddress();

  async function queue(...proposals: Proposal[]) {
    const ids = await Promise.all(proposals.map(({ asHashed }) => governor.getProposalId(...asHashed)));
    for (const { asProposed } of proposals) await governor.connect(deployer).propose(...asProposed);
    await networkHelpers.time.increaseTo((await governor.proposalSnapshot(ids[ids.length - 1])) + 1n);
    for (const each of ids) await governor.connect(deployer).castVote(each, Vote.For);
    await networkHelpers.time.increaseTo((await governor.proposalDeadline(ids[ids.length - 1])) + 1n);
    for (const each of ids) await governor["queue(uint256)"](each);
    await networkHelpers.time.increase(2 * DAY);

    return ids;
  }
  const pay: Action = { target: address, value: GRANT, data: "0x" };
  const prepare = ({ target, data }: Call) => recipient.getFunction("prepare")(target, data);

  return { ...economy, recipient: address, pay, prepare, queue };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("Who is paid by the treasury and calls back", () => {
  it("cannot have its payment executed once more", async () => {
    const context = await fixture();
    const { governor, timelock, queue, pay, prepare, recipient } = context;
    const proposal = proposalOf([pay, pay], "A grant in two parts");
    const [proposalId] = await queue(proposal);
    const operation = await operationOf(context, proposal);

    await prepare(await callOn(governor, "execute(uint256)", [proposalId]));
    await expect(governor["execute(uint256)"](proposalId))
      .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
      .withArgs(proposalId, State.Executed, bitmap(State.Queued));
    const [targets, values, calldatas] = proposal.asHashed;
    const salt = id("whatever");
    await prepare(await callOn(timelock, "executeBatch", [targets, values, calldatas, operation, salt]));
    await expect(governor["execute(uint256)"](proposalId))
      .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
      .withArgs(recipient, await timelock.EXECUTOR_ROLE());
    expect(await ethers.provider.getBalance(recipient)).to.equal(0n);

    // The call that is prepared is dropped by asking for one of nothing.
    await prepare({ name: "", target: "0x0000000000000000000000000000000000000000", data: "0x", value: 0n });
    await governor["execute(uint256)"](proposalId);
    expect(await ethers.provider.getBalance(recipient)).to.equal(2n * GRANT);
  });

  it("has the timelock's power over nothing", async () => {
    const {
      governor,
      timelock,
      ledger,
      stakeholding,
      sources,
      usePolicy,
      safetyBoard,
      queue,
      pay,
      prepare,
      recipient,
    } = await fixture();
    const [proposalId] = await queue(proposalOf([pay], "A grant"));
    const canceller = await timelock.CANCELLER_ROLE();

    for (const [contract, name, args, error, errorArgs] of [
      [ledger, "setProtocolFee", [0], "NotGovernance", [recipient]],
      [stakeholding, "setRate", [ETH, 1], "NotStakeholdingGovernance", [recipient]],
      [stakeholding, "setEpochCap", [1], "NotStakeholdingGovernance", [recipient]],
      [sources, "setThreshold", [1], "NotSourceGovernance", [recipient]],
      [usePolicy, "publishPolicy", [id("x"), 1, ""], "NotPolicyGovernance", [recipient]],
      [safetyBoard, "setSafetyGovernance", [recipient], "NotBoardGovernance", [recipient]],
      [safetyBoard, "setMember", [recipient, true], "NotSafetyGovernance", [recipient]],
      [timelock, "updateDelay", [0], "TimelockUnauthorizedCaller", [recipient]],
      [timelock, "cancel", [id("x")], "AccessControlUnauthorizedAccount", [recipient, canceller]],
      [governor, "setVotingPeriod", [1], "GovernorOnlyExecutor", [recipient]],
      [governor, "relay", [recipient, 0, "0x"], "GovernorOnlyExecutor", [recipient]],
    ] as const) {
      await prepare(await callOn(contract, name, [...args]));
      await expect(governor["execute(uint256)"](proposalId))
        .to.be.revertedWithCustomError(contract, error)
        .withArgs(...errorArgs);
    }
    expect(await governor.state(proposalId)).to.equal(State.Queued);
  });

  it("can execute another decision that is ready, as anybody can", async () => {
    const { governor, ledger, queue, pay, prepare } = await fixture();
    const other = proposalOf([await callOn(ledger, "setProtocolFee", [0])], "No fee");
    const [first, second] = await queue(proposalOf([pay], "A grant"), other);
    await prepare(await callOn(governor, "execute(uint256)", [second]));

    const execution = governor["execute(uint256)"](first);
    await expect(execution).to.emit(governor, "ProposalExecuted").withArgs(first);
    await expect(execution).to.emit(governor, "ProposalExecuted").withArgs(second);
    expect(await ledger.protocolFeeBps()).to.equal(0n);
  });

  it("can spoil a decision about governance that pays it first, as by refusing the payment, and nothing is half done", async () => {
    const { governor, ledger, queue, pay, prepare, recipient } = await fixture();
    const other = proposalOf([await callOn(ledger, "setProtocolFee", [0])], "No fee");
    const both = proposalOf([pay, await callOn(governor, "setVotingPeriod", [DAY])], "A grant, and shorter votes");
    const [first, second] = await queue(both, other);
    // OpenZeppelin forgets which calls of the governor are awaited when a decision within the decision ends.
    await prepare(await callOn(governor, "execute(uint256)", [second]));

    await expect(governor["execute(uint256)"](first)).to.be.revertedWithPanic(0x31);
    expect(await ethers.provider.getBalance(recipient)).to.equal(0n);
    expect(await governor.state(first)).to.equal(State.Queued);
    expect(await governor.state(second)).to.equal(State.Queued);
    // Once the other one is done, there is nothing to spoil with.
    await governor["execute(uint256)"](second);
    await prepare({ name: "", target: "0x0000000000000000000000000000000000000000", data: "0x", value: 0n });
    await expect(governor["execute(uint256)"](first))
      .to.emit(governor, "VotingPeriodSet")
      .withArgs(7 * DAY, DAY);
  });

  it("gets from an award of that moment what it would get at any other", async () => {
    const { governor, stakeholding, timelocks, app, tune, base, lib, queue, pay, prepare, weal, addresses } =
      await fixture();
    await stakeholding.connect(timelocks.main).setRate(ETH, 10n ** 24n);
    const [proposalId] = await queue(proposalOf([pay], "A grant"));
    const models = [app, tune, base, lib];
    const expected = await stakeholding.award.staticCall(models, ETH);
    expect(expected).to.be.greaterThan(0n);
    await prepare(await callOn(stakeholding, "award", [models, ETH]));

    await expect(governor["execute(uint256)"](proposalId)).to.changeTokenBalances(
      ethers,
      weal,
      [await stakeholding.getAddress(), addresses.ledger],
      [-expected, expected],
    );
    expect(await stakeholding.award.staticCall(models, ETH)).to.equal(0n);
  });

  it("cannot call an award from within a claim of its own: the ledger is locked then", async () => {
    const { stakeholding, ledger, timelocks, dan, app, prepare, recipient, registry, stranger } = await fixture();
    await stakeholding.connect(timelocks.main).setRate(ETH, 10n ** 24n);
    await ledger.connect(dan).transfer(recipient, app, 500_000n);
    await ledger.connect(stranger).pay(app, ETH, 1_000_000n, NO_REF, { value: 1_000_000n });
    await prepare(await callOn(stakeholding, "award", [[app], ETH]));

    await expect(ledger.claimFor(recipient, [app], ETH))
      .to.be.revertedWithCustomError(ledger, "ReentrancyGuardReentrantCall")
      .withArgs();
    expect(await registry.ownerOf(app)).to.equal(dan.address);
  });
});
