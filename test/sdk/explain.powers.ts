import { expect } from "chai";
import { id, Wallet, ZeroAddress, ZeroHash } from "ethers";
import type { Action } from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { codesOf, deployForExplaining } from "./explain.support.js";

describe("SDK governance.explain warns of powers that are given", () => {
  let sdk: Awaited<ReturnType<typeof deployForExplaining>>;
  const [someone, model] = [Wallet.createRandom().address, Wallet.createRandom().address];
  const tokenId = BigInt(model);
  const allocation = { root: id("root"), units: 1, uri: "", steward: someone, reclaimableFrom: 0 };

  before(async () => {
    sdk = await deployForExplaining();
  });

  after(() => sdk.connection.close());

  const gifts = (to: string): [Action, string][] => [
    [sdk.own("RoyaltyLedger", "claim", [[model], ZeroAddress, to]), `claims income of the treasury to ${to}`],
    [
      sdk.own("RoyaltyLedger", "claimHostPart", [[], ZeroAddress, to]),
      `claims income of the treasury as a host to ${to}`,
    ],
    [
      sdk.own("RoyaltyLedger", "handOverPosition", [model, to]),
      `hands all shares of the treasury in the model ${model}, with their income, to ${to}`,
    ],
    [
      sdk.own("RoyaltyLedger", "reclaimShares", [model, 1, to]),
      `sends shares in the model ${model} that are reclaimed to ${to}`,
    ],
    [
      sdk.own("RoyaltyLedger", "transfer", [to, tokenId, 5n]),
      `gives 5 shares of the treasury in the model ${model} to ${to}`,
    ],
    [
      sdk.own("RoyaltyLedger", "transferFrom", [sdk.treasury, to, tokenId, 5n]),
      `gives 5 shares of the treasury in the model ${model} to ${to}`,
    ],
    [sdk.own("ModelRegistry", "transferFrom", [sdk.treasury, to, tokenId]), `gives the model ${model} to ${to}`],
    [
      sdk.own("ModelRegistry", "safeTransferFrom(address,address,uint256)", [sdk.treasury, to, tokenId]),
      `gives the model ${model} to ${to}`,
    ],
    [sdk.own("WealToken", "delegate", [to]), `gives the votes of all WEAL in the treasury to ${to}`],
  ];

  async function expectPowers(powers: readonly (readonly [Action, string])[]) {
    const { warnings } = await sdk.explain(...powers.map(([action]) => action));

    expect(warnings).to.deep.equal(
      powers.map(([{ target }, power], index) => ({
        ...{ code: "PowerGiven", target, calls: [index] },
        message: `This ${power}; make sure that it is meant.`,
      })),
    );
  }

  it("of income, shares, models and votes that go to somebody", async () => {
    await expectPowers(gifts(someone));
    const kept = gifts(sdk.treasury).map(([action]) => action);
    expect((await sdk.explain(...kept)).warnings).to.deep.equal([]);
  });

  it("of shares and models that somebody may take", async () => {
    await expectPowers([
      [
        sdk.own("RoyaltyLedger", "approve", [someone, tokenId, 5n]),
        `lets ${someone} take shares of the treasury in the model ${model}`,
      ],
      [
        sdk.own("RoyaltyLedger", "setOperator", [someone, true]),
        `lets ${someone} take all shares of the treasury, in any model`,
      ],
      [
        sdk.own("RoyaltyLedger", "allocate", [model, allocation]),
        `gives shares of the treasury in the model ${model} to whoever an allocation names`,
      ],
      [sdk.own("ModelRegistry", "approve", [someone, tokenId]), `lets ${someone} take the model ${model}`],
      [
        sdk.own("ModelRegistry", "setApprovalForAll", [someone, true]),
        `lets ${someone} take all models of the treasury`,
      ],
      [
        sdk.own("ModelRegistry", "setMaintainer", [model, someone, true]),
        `lets ${someone} publish versions of the model ${model}`,
      ],
      [
        sdk.own("RoyaltyLedger", "approve", [someone, 2n ** 160n, 5n]),
        `lets ${someone} take shares of the treasury in the model ${2n ** 160n}`,
      ],
    ]);
    const taken = [
      sdk.own("RoyaltyLedger", "approve", [someone, tokenId, 0n]),
      sdk.own("RoyaltyLedger", "setOperator", [someone, false]),
      sdk.own("RoyaltyLedger", "transfer", [someone, tokenId, 0n]),
      sdk.own("ModelRegistry", "approve", [ZeroAddress, tokenId]),
      sdk.own("ModelRegistry", "setApprovalForAll", [someone, false]),
      sdk.own("ModelRegistry", "setMaintainer", [model, someone, false]),
      sdk.own("WealToken", "delegate", [ZeroAddress]),
    ];
    expect((await sdk.explain(...taken)).warnings).to.deep.equal([]);
  });

  it("of roles of both timelocks that change hands", async () => {
    const governor = await sdk.governor.getAddress();
    const [proposer, canceller] = [id("PROPOSER_ROLE"), id("CANCELLER_ROLE")];
    await expectPowers([
      [
        sdk.own("TimelockController", "grantRole", [proposer, someone]),
        `gives ${someone} the role proposer of TimelockController, which it does not have now`,
      ],
      [
        sdk.own("SafetyTimelock", "grantRole", [ZeroHash, governor]),
        "gives WealGovernor the role admin of SafetyTimelock, which it does not have now",
      ],
      [
        sdk.own("TimelockController", "revokeRole", [proposer, governor]),
        "takes the role proposer of TimelockController from WealGovernor, who has it now",
      ],
      [
        sdk.own("TimelockController", "renounceRole", [ZeroHash, sdk.treasury]),
        "takes the role admin of TimelockController from the treasury, who has it now",
      ],
    ]);
    const idle = [
      sdk.own("TimelockController", "grantRole", [canceller, governor]),
      sdk.own("TimelockController", "revokeRole", [proposer, someone]),
    ];
    expect((await sdk.explain(...idle)).warnings).to.deep.equal([]);
  });

  it("of other timelocks, guardians and safety governors, and of delays that are nearly nothing", async () => {
    const safetyTimelock = String(sdk.reader.contracts.SafetyTimelock.target);
    await expectPowers([
      [sdk.own("WealGovernor", "updateTimelock", [someone]), `lets ${someone} carry out what WealGovernor decides`],
      [
        sdk.own("SafetyGovernor", "setProposalGuardian", [someone]),
        `lets ${someone} cancel any proposal to SafetyGovernor`,
      ],
      [sdk.own("SafetyBoard", "setSafetyGovernance", [someone]), `puts ${someone} in charge of safety`],
      [
        sdk.own("TimelockController", "updateDelay", [0]),
        "lets only 0 seconds pass between a decision and its execution by TimelockController",
      ],
      [
        sdk.own("SafetyTimelock", "updateDelay", [DAY - 1]),
        `lets only ${DAY - 1} seconds pass between a decision and its execution by SafetyTimelock`,
      ],
    ]);
    const idle = [
      sdk.own("WealGovernor", "updateTimelock", [sdk.treasury]),
      sdk.own("WealGovernor", "setProposalGuardian", [ZeroAddress]),
      sdk.own("SafetyBoard", "setSafetyGovernance", [safetyTimelock]),
      sdk.own("TimelockController", "updateDelay", [DAY]),
    ];
    expect((await sdk.explain(...idle)).warnings).to.deep.equal([]);
  });

  it("also when a call is carried by another one, by the name of who makes it", async () => {
    const { target, data } = sdk.own("RoyaltyLedger", "setOperator", [someone, true]);
    const relay = sdk.own("WealGovernor", "relay", [target, 0n, data]);
    const schedule = sdk.own("TimelockController", "schedule", [target, 0n, data, ZeroHash, ZeroHash, 2 * DAY]);
    const { warnings } = await sdk.explain(relay, schedule);

    expect(codesOf(warnings)).to.deep.equal([
      ["PowerGiven", 0],
      ["PowerGiven", 1],
    ]);
    expect(warnings.map(({ message }) => message.split(",")[0])).to.deep.equal([
      `This lets ${someone} take all shares of WealGovernor`,
      `This lets ${someone} take all shares of the treasury`,
    ]);
  });
});
