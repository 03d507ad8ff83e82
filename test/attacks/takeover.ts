import { expect } from "chai";
import { parseEther, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";
import { type Action, proposalOf, State, Vote } from "../governance/support.js";
import { callOn } from "./calls.support.js";
import { deployEconomy, type Money } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** The deployer has three fifths of all votes, and what it proposes is executed. */
async function deploy() {
  const economy = await deployEconomy(connection);
  const { governor, safetyGovernor, weal, deployer } = economy;
  await weal.connect(deployer).delegate(deployer.address);
  await networkHelpers.mine();

  async function pass(actions: Action[], by = governor) {
    const proposal = proposalOf(actions, `The majority's proposal ${(await by.proposalCount()) + 1n}`);
    await by.connect(deployer).propose(...proposal.asProposed);
    const proposalId = await by.getProposalId(...proposal.asHashed);
    // The first second of the vote, which may be the last.
    await networkHelpers.time.setNextBlockTimestamp((await by.proposalSnapshot(proposalId)) + 1n);
    await by.connect(deployer).castVote(proposalId, Vote.For);
    await networkHelpers.time.increaseTo((await by.proposalDeadline(proposalId)) + 1n);
    await by["queue(uint256)"](proposalId);
    const eta = Number(await by.proposalEta(proposalId));
    if (eta > (await networkHelpers.time.latest())) await networkHelpers.time.increaseTo(eta);
    await by["execute(uint256)"](proposalId);
    expect(await by.state(proposalId)).to.equal(State.Executed);
  }

  return { economy, pass, governors: { main: governor, safety: safetyGovernor } };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("A hostile majority that takes over governance itself", () => {
  let expected: Record<string, Money>;
  before(async () => {
    const { economy } = await fixture();
    expected = await economy.claimEverything();
  });

  it("empties the treasury and bends every rule of votes, and no unit of what anybody has earned moves", async () => {
    const { economy, pass, governors } = await fixture();
    const { attacker, weal, usdc, addresses, timelock, balanceOf } = economy;
    await usdc.mint(addresses.timelock, 10n ** 9n);
    const treasury = await balanceOf(addresses.timelock, addresses.weal);
    const before = await economy.figures();
    const roles = await Promise.all([
      timelock.PROPOSER_ROLE(),
      timelock.EXECUTOR_ROLE(),
      timelock.DEFAULT_ADMIN_ROLE(),
    ]);

    for (const [name, governor] of Object.entries(governors)) {
      const own = name === "main" ? economy.timelock : economy.safetyTimelock;
      await pass(
        await Promise.all([
          callOn(governor, "setProposalGuardian", [attacker.address]),
          callOn(governor, "setProposalThreshold", [0]),
          callOn(governor, "setVotingDelay", [0]),
          callOn(governor, "setVotingPeriod", [1]),
          callOn(governor, "setLateQuorumVoteExtension", [0]),
          callOn(governor, "updateQuorumNumerator", [1]),
          callOn(governor, "relay", [
            addresses.weal,
            0,
            weal.interface.encodeFunctionData("delegate", [attacker.address]),
          ]),
          callOn(own, "updateDelay", [0]),
          ...roles.map((role) => callOn(own, "grantRole", [role, attacker.address])),
        ]),
        governor,
      );
      expect(await governor.votingPeriod()).to.equal(1n);
      expect(await own.getMinDelay()).to.equal(0n);
    }
    await pass([
      { target: attacker.address, value: parseEther("99"), data: "0x" },
      await callOn(weal, "transfer", [attacker.address, treasury]),
      await callOn(usdc, "transfer", [attacker.address, 10n ** 9n]),
    ]);
    expect(await balanceOf(attacker.address, addresses.weal)).to.equal(treasury);
    expect(await balanceOf(attacker.address, addresses.usdc)).to.equal(10n ** 9n);

    expect(await economy.figures()).to.deep.equal(before);
    expect(await economy.claimEverything()).to.deep.equal(expected);
  });

  it("makes one hand the timelock's master, who does all at once without a vote, and can reach no more", async () => {
    const { economy, pass } = await fixture();
    const { attacker, timelock, ledger, source, accounts, addresses, sources, registry, base, alice } = economy;
    const roles = await Promise.all([timelock.PROPOSER_ROLE(), timelock.EXECUTOR_ROLE()]);
    await pass(
      await Promise.all([
        callOn(timelock, "updateDelay", [0]),
        ...roles.map((role) => callOn(timelock, "grantRole", [role, attacker.address])),
      ]),
    );
    const before = await economy.figures();
    const asMaster = timelock.connect(attacker);
    let salt = 0;
    const order = async ({ target, data }: Action) => {
      salt += 1;
      await asMaster.schedule(target, 0, data, ZeroHash, toBeHex(salt, 32), 0);

      return asMaster.execute(target, 0, data, ZeroHash, toBeHex(salt, 32));
    };

    await order(await callOn(ledger, "setProtocolFee", [250]));
    await order(await callOn(sources, "setVerifier", [attacker.address, true]));
    const number = await ledger.allocationCount();
    for (const [contract, name, args, error, errorArgs] of [
      [
        ledger,
        "reclaimShares",
        [source, economy.sourceShares, attacker.address],
        "NotAllocationSteward",
        [economy.sourceShares, addresses.timelock],
      ],
      [
        ledger,
        "reclaimShares",
        [economy.tune, number, attacker.address],
        "NotAllocationSteward",
        [number, addresses.timelock],
      ],
      [
        ledger,
        "transferFrom",
        [alice.address, attacker.address, base, 1],
        "ERC6909InsufficientAllowance",
        [addresses.timelock, 0, 1, base],
      ],
      [
        ledger,
        "transferFrom",
        [accounts.source, attacker.address, source, 1],
        "ERC6909InsufficientAllowance",
        [addresses.timelock, 0, 1, source],
      ],
      [
        registry,
        "transferFrom",
        [alice.address, attacker.address, base],
        "ERC721InsufficientApproval",
        [addresses.timelock, base],
      ],
      [
        registry,
        "transferFrom",
        [addresses.sources, attacker.address, source],
        "ERC721InsufficientApproval",
        [addresses.timelock, source],
      ],
    ] as const) {
      await expect(order(await callOn(contract, name, [...args])))
        .to.be.revertedWithCustomError(contract, error)
        .withArgs(...errorArgs);
    }

    expect(await economy.figures()).to.deep.equal(before);
    expect(await economy.claimEverything()).to.deep.equal(expected);
  });

  it("hands its governor to an account without code, so that nothing is ever decided again, and all is claimed", async () => {
    const { economy, pass } = await fixture();
    const { governor, attacker, deployer, ledger } = economy;
    await pass([await callOn(governor, "updateTimelock", [attacker.address])]);
    const proposal = proposalOf([await callOn(ledger, "setProtocolFee", [0])], "Nobody carries this out");
    await governor.connect(deployer).propose(...proposal.asProposed);
    const proposalId = await governor.getProposalId(...proposal.asHashed);
    await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
    await governor.connect(deployer).castVote(proposalId, Vote.For);
    await networkHelpers.time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);

    await expect(governor["queue(uint256)"](proposalId)).to.revert(connection.ethers);

    expect(await economy.claimEverything()).to.deep.equal(expected);
    expect(await economy.claimSource()).to.deep.equal(expected.source);
  });
});
