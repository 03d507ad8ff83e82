import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { DAY } from "../helpers/protocol.js";
import { bitmap, deployWithVoters, operationOf, proposalOf, State } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const ROLES = {
  DEFAULT_ADMIN_ROLE: ZeroHash,
  PROPOSER_ROLE: id("PROPOSER_ROLE"),
  EXECUTOR_ROLE: id("EXECUTOR_ROLE"),
  CANCELLER_ROLE: id("CANCELLER_ROLE"),
};

/** The state of an operation whose delay has passed, as the timelock numbers it. */
const READY = 2n;

async function deploy() {
  const context = await deployWithVoters(connection);
  const { ledger, timelock } = context;
  const proposal = proposalOf(
    [{ target: await ledger.getAddress(), data: ledger.interface.encodeFunctionData("setProtocolFee", [50]) }],
    "Lower the protocol fee to 0.5 %",
  );

  return { ...context, proposal, operation: await operationOf(context, proposal), delay: await timelock.getMinDelay() };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("TimelockController", () => {
  describe("roles", () => {
    it("are the governor's, and the admin's is the timelock's: nobody else has one", async () => {
      const { timelock, governor } = await fixture();
      const changes = [
        ...(await timelock.queryFilter(timelock.filters.RoleGranted())),
        ...(await timelock.queryFilter(timelock.filters.RoleRevoked())),
      ].sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);

      // Every holder of every role there ever was, as the events tell it.
      const holders: Record<string, string[]> = {};
      for (const { eventName, args } of changes) {
        const others = (holders[args.role] ?? []).filter((holder) => holder !== args.account);
        holders[args.role] = eventName === "RoleGranted" ? [...others, args.account] : others;
      }

      const governorAddress = await governor.getAddress();
      expect(holders).to.deep.equal({
        [ROLES.DEFAULT_ADMIN_ROLE]: [await timelock.getAddress()],
        [ROLES.PROPOSER_ROLE]: [governorAddress],
        [ROLES.EXECUTOR_ROLE]: [governorAddress],
        [ROLES.CANCELLER_ROLE]: [governorAddress],
      });
    });

    it("are not the deployer's, nor open to everybody", async () => {
      const { timelock, deployer } = await fixture();

      for (const role of Object.values(ROLES)) {
        expect(await timelock.getRoleAdmin(role)).to.equal(ROLES.DEFAULT_ADMIN_ROLE);
        for (const account of [deployer.address, ZeroAddress]) {
          expect(await timelock.hasRole(role, account)).to.equal(false);
        }
      }
    });

    it("leave strangers and the deployer nothing to call", async () => {
      const { timelock, deployer, stranger, proposal, operation, proposeAndQueue, delay } = await fixture();
      await proposeAndQueue(proposal);
      const [targets, values, payloads] = proposal.asHashed;

      for (const caller of [deployer, stranger]) {
        const asCaller = timelock.connect(caller);
        for (const [role, call] of [
          [ROLES.PROPOSER_ROLE, () => asCaller.scheduleBatch(targets, values, payloads, ZeroHash, ZeroHash, delay)],
          [ROLES.PROPOSER_ROLE, () => asCaller.schedule(targets[0], 0, payloads[0], ZeroHash, ZeroHash, delay)],
          [ROLES.EXECUTOR_ROLE, () => asCaller.executeBatch(targets, values, payloads, ZeroHash, ZeroHash)],
          [ROLES.EXECUTOR_ROLE, () => asCaller.execute(targets[0], 0, payloads[0], ZeroHash, ZeroHash)],
          [ROLES.CANCELLER_ROLE, () => asCaller.cancel(operation)],
          [ROLES.DEFAULT_ADMIN_ROLE, () => asCaller.grantRole(ROLES.PROPOSER_ROLE, caller.address)],
        ] as const) {
          await expect(call())
            .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
            .withArgs(caller.address, role);
        }
        await expect(asCaller.updateDelay(0))
          .to.be.revertedWithCustomError(timelock, "TimelockUnauthorizedCaller")
          .withArgs(caller.address);
      }
    });
  });

  describe("delay", () => {
    it("is the deployment's, and lies between a decision and its execution", async () => {
      const { governor, timelock, ledger, stranger, proposal, operation, proposeAndPass, delay } = await fixture();
      expect(delay).to.equal(2 * DAY);
      const proposalId = await proposeAndPass(proposal);
      const eta = (await networkHelpers.time.latest()) + 1 + 2 * DAY;

      await expect(governor.connect(stranger)["queue(uint256)"](proposalId))
        .to.emit(governor, "ProposalQueued")
        .withArgs(proposalId, eta);
      expect(await governor.state(proposalId)).to.equal(State.Queued);
      expect(await governor.proposalEta(proposalId)).to.equal(eta);

      await networkHelpers.time.setNextBlockTimestamp(eta - 1);
      await expect(governor["execute(uint256)"](proposalId))
        .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
        .withArgs(operation, bitmap(READY));
      expect(await ledger.protocolFeeBps()).to.equal(100n);

      await networkHelpers.time.increaseTo(eta - 1);
      await networkHelpers.time.setNextBlockTimestamp(eta);
      await expect(governor.connect(stranger)["execute(uint256)"](proposalId))
        .to.emit(governor, "ProposalExecuted")
        .withArgs(proposalId)
        .and.to.emit(ledger, "ProtocolFeeUpdated")
        .withArgs(100, 50);
      expect(await governor.state(proposalId)).to.equal(State.Executed);
    });

    it("cannot be skipped: what passed has to be queued", async () => {
      const { governor, proposal, proposeAndPass } = await fixture();
      const proposalId = await proposeAndPass(proposal);
      await networkHelpers.time.increase(30 * DAY);

      await expect(governor["execute(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(proposalId, State.Succeeded, bitmap(State.Queued));
    });

    it("is the same when proposals are queued and executed by their content", async () => {
      const { governor, ledger, proposal, proposeAndPass } = await fixture();
      const proposalId = await proposeAndPass(proposal);
      const queue = governor["queue(address[],uint256[],bytes[],bytes32)"];
      const execute = governor["execute(address[],uint256[],bytes[],bytes32)"];

      await queue(...proposal.asHashed);
      await networkHelpers.time.increase(2 * DAY);
      await execute(...proposal.asHashed);

      expect(await governor.state(proposalId)).to.equal(State.Executed);
      expect(await ledger.protocolFeeBps()).to.equal(50n);
    });

    it("is served once: neither queue nor execution can be repeated", async () => {
      const { governor, proposal, proposeAndQueue } = await fixture();
      const proposalId = await proposeAndQueue(proposal);
      await expect(governor["queue(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(proposalId, State.Queued, bitmap(State.Succeeded));
      await governor["execute(uint256)"](proposalId);

      await expect(governor["execute(uint256)"](proposalId))
        .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
        .withArgs(proposalId, State.Executed, bitmap(State.Queued));
    });
  });

  describe("delay is not bypassed by", () => {
    it("a proposal that schedules an operation of its own: only the governor may", async () => {
      const { governor, timelock, proposal, proposeAndQueue } = await fixture();
      const timelockAddress = await timelock.getAddress();
      const [[target], , [data]] = proposal.asHashed;
      const schedule = timelock.interface.encodeFunctionData("schedule", [target, 0, data, ZeroHash, ZeroHash, 0]);
      const proposalId = await proposeAndQueue(proposalOf([{ target: timelockAddress, data: schedule }], "No delay"));

      await expect(governor["execute(uint256)"](proposalId))
        .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
        .withArgs(timelockAddress, ROLES.PROPOSER_ROLE);
    });

    it("`relay`: what the governor schedules itself waits as long", async () => {
      const { governor, timelock, ledger, proposal, proposeAndQueue } = await fixture();
      const [governorAddress, timelockAddress] = [await governor.getAddress(), await timelock.getAddress()];
      const [[target], , [payload]] = proposal.asHashed;
      const relay = (call: string, description: string) => {
        const data = governor.interface.encodeFunctionData("relay", [timelockAddress, 0, call]);

        return proposeAndQueue(proposalOf([{ target: governorAddress, data }], description));
      };
      const schedule = (delay: number) =>
        timelock.interface.encodeFunctionData("schedule", [target, 0, payload, ZeroHash, ZeroHash, delay]);

      await expect(governor["execute(uint256)"](await relay(schedule(2 * DAY - 1), "Too soon")))
        .to.be.revertedWithCustomError(timelock, "TimelockInsufficientDelay")
        .withArgs(2 * DAY - 1, 2 * DAY);
      const shorter = timelock.interface.encodeFunctionData("updateDelay", [0]);
      await expect(governor["execute(uint256)"](await relay(shorter, "No delay from now on")))
        .to.be.revertedWithCustomError(timelock, "TimelockUnauthorizedCaller")
        .withArgs(governorAddress);
      const grant = timelock.interface.encodeFunctionData("grantRole", [ROLES.PROPOSER_ROLE, timelockAddress]);
      await expect(governor["execute(uint256)"](await relay(grant, "Another proposer")))
        .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
        .withArgs(governorAddress, ZeroHash);

      await governor["execute(uint256)"](await relay(schedule(2 * DAY), "In time"));
      const operation = await timelock.hashOperation(target, 0, payload, ZeroHash, ZeroHash);
      expect(await timelock.getTimestamp(operation)).to.equal((await networkHelpers.time.latest()) + 2 * DAY);
      expect(await ledger.protocolFeeBps()).to.equal(100n);
    });

    it("calls of the timelock to the governor that were not decided", async () => {
      const { governor, timelock, stranger } = await fixture();
      const timelockAddress = await timelock.getAddress();
      await networkHelpers.impersonateAccount(timelockAddress);
      await networkHelpers.setBalance(timelockAddress, 10n ** 18n);
      const asTimelock = governor.connect(await ethers.getSigner(timelockAddress));

      // The queue of decided calls is empty: OpenZeppelin panics.
      for (const call of [
        () => asTimelock.setVotingDelay(0),
        () => asTimelock.updateQuorumNumerator(1),
        () => asTimelock.updateTimelock(stranger.address),
        () => asTimelock.relay(stranger.address, 1, "0x"),
      ]) {
        await expect(call()).to.be.revertedWithPanic(0x31);
      }
    });

    it("executions of what is queued, by anybody, before its time", async () => {
      const { governor, timelock, stranger, proposal, operation, proposeAndPass } = await fixture();
      const proposalId = await proposeAndPass(proposal);
      await governor["queue(uint256)"](proposalId);
      const [targets, values, calldatas] = proposal.asHashed;

      await expect(timelock.connect(stranger).executeBatch(targets, values, calldatas, ZeroHash, ZeroHash))
        .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
        .withArgs(stranger.address, ROLES.EXECUTOR_ROLE);
      await expect(governor["execute(uint256)"](proposalId))
        .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
        .withArgs(operation, bitmap(READY));
    });
  });
});
