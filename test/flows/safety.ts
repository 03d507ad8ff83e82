import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";
import { State, weal } from "../governance/support.js";
import { registerModel, registrationOf } from "../helpers/models.js";
import { BOARD_MEMBER, DAY } from "../helpers/protocol.js";
import { addressOf, call, type Rehearsal, rehearse } from "./governance.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** Each step goes on where the last one ended. */
describe("Safety, through every kind of proposal", () => {
  let protocol: Rehearsal;
  let people: Rehearsal["people"];
  let decide: Rehearsal["decide"];
  let model: string;

  before(async () => {
    protocol = await rehearse(connection);
    ({ people, decide } = protocol);
    const { alice, deployer, maker } = people;
    await protocol.weal.connect(deployer).transfer(alice.address, weal("45000000"));
    await protocol.weal.connect(alice).delegate(alice.address);
    model = await registerModel(protocol, maker);
  });

  const evidence = "ipfs://evidence";
  const reason = { ground: 0, clause: 8, policyVersion: 1, evidenceDigest: id("evidence") };
  const safety = () => ({ governor: protocol.safetyGovernor });

  /** An advisory as its event has it. */
  async function advisoryOf(execution: ReturnType<typeof decide>, level: number) {
    const { timestamp } = (await (await execution).getBlock()) as { timestamp: number };

    return [level, reason.ground, reason.clause, reason.policyVersion, timestamp, 0, reason.evidenceDigest];
  }

  it("names a member of the board and dismisses one", async () => {
    const { safetyBoard } = protocol;
    const { carol } = people;

    const execution = decide(
      "Carol for the board",
      [call(safetyBoard, "setMember", [carol.address, true]), call(safetyBoard, "setMember", [BOARD_MEMBER, false])],
      safety(),
    );
    await expect(execution).to.emit(safetyBoard, "MemberUpdated").withArgs(carol.address, true);
    await expect(execution).to.emit(safetyBoard, "MemberUpdated").withArgs(BOARD_MEMBER, false);
    expect(await safetyBoard.members()).to.deep.equal([carol.address]);
  });

  it("makes the board's restriction last, warns of a version, and lifts both", async () => {
    const { safetyBoard, safetyTimelock, registry } = protocol;
    const { carol, bob } = people;
    await safetyBoard.connect(carol).restrict(model, reason, evidence);
    const child = await registrationOf(bob, { parents: [{ model, rateBps: 100 }] });

    const decision = decide(
      "Restrict it, and recall its first version",
      [
        call(safetyBoard, "decide", [model, 0, 2, reason, evidence]),
        call(safetyBoard, "decide", [model, 1, 3, reason, evidence]),
      ],
      safety(),
    );
    const issuer = await addressOf(safetyTimelock);
    await expect(decision)
      .to.emit(safetyBoard, "AdvisoryIssued")
      .withArgs(model, 0, issuer, true, await advisoryOf(decision, 2), evidence);
    await expect(decision)
      .to.emit(safetyBoard, "AdvisoryIssued")
      .withArgs(model, 1, issuer, true, await advisoryOf(decision, 3), evidence);
    await networkHelpers.time.increase(20 * DAY);
    await expect(registry.connect(bob).register(child))
      .to.be.revertedWithCustomError(registry, "ParentRestricted")
      .withArgs(model);

    const lifting = decide(
      "It was mended",
      [call(safetyBoard, "lift", [model, 0]), call(safetyBoard, "lift", [model, 1])],
      safety(),
    );
    await expect(lifting).to.emit(safetyBoard, "AdvisoryLifted").withArgs(model, 0);
    await expect(lifting).to.emit(safetyBoard, "AdvisoryLifted").withArgs(model, 1);
    expect(await safetyBoard.levelOf(model, 1)).to.equal(0n);
    await registry.connect(bob).register(child);
  });

  it("arms the board again", async () => {
    const { safetyBoard } = protocol;
    expect(await safetyBoard.canRestrict(model)).to.equal(false);

    await expect(decide("Once more", [call(safetyBoard, "rearm", [model])], safety()))
      .to.emit(safetyBoard, "RestrictionRearmed")
      .withArgs(model);
    expect(await safetyBoard.canRestrict(model)).to.equal(true);
  });

  it("is put in other hands by the main governor, and back", async () => {
    const { safetyBoard, safetyTimelock, safetyGovernor } = protocol;
    const [first, second] = [await addressOf(safetyTimelock), people.bob.address];

    await expect(decide("Bob decides", [call(safetyBoard, "setSafetyGovernance", [second])]))
      .to.emit(safetyBoard, "SafetyGovernanceUpdated")
      .withArgs(first, second);
    const proposalId = await protocol.queue("In vain", [call(safetyBoard, "rearm", [model])], safety());
    await expect(safetyGovernor["execute(uint256)"](proposalId))
      .to.be.revertedWithCustomError(safetyBoard, "NotSafetyGovernance")
      .withArgs(first);
    expect(await safetyGovernor.state(proposalId)).to.equal(State.Queued);

    await expect(decide("And back", [call(safetyBoard, "setSafetyGovernance", [first])]))
      .to.emit(safetyBoard, "SafetyGovernanceUpdated")
      .withArgs(second, first);
    await expect(safetyGovernor["execute(uint256)"](proposalId))
      .to.emit(safetyBoard, "RestrictionRearmed")
      .withArgs(model);
  });
});
