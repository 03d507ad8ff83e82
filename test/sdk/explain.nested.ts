import { expect } from "chai";
import { parseEther, Wallet, ZeroAddress, ZeroHash } from "ethers";
import type { Action } from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { call, codesOf, deployForExplaining, ERC20, send } from "./explain.support.js";

describe("SDK governance.explain sees calls within calls", () => {
  let sdk: Awaited<ReturnType<typeof deployForExplaining>>;
  const [someone, another] = [Wallet.createRandom().address, Wallet.createRandom().address];

  before(async () => {
    sdk = await deployForExplaining();
  });

  after(() => sdk.connection.close());

  const relay = ({ target, value = 0n, data }: Action) => sdk.own("WealGovernor", "relay", [target, value, data]);
  const schedule = ({ target, value = 0n, data }: Action, contract: "TimelockController" | "SafetyTimelock") =>
    sdk.own(contract, "schedule", [target, value, data, ZeroHash, ZeroHash, 2 * DAY]);
  const lists = (actions: Action[]) => [
    actions.map(({ target }) => target),
    actions.map(({ value = 0n }) => value),
    actions.map(({ data }) => data),
  ];
  /** Everything that carries calls of the treasury, and what its sentence says before them. */
  const carriers: Record<string, [begin: string, carry: (...actions: [Action, Action]) => Action]> = {
    scheduleBatch: [
      "Let TimelockController carry out after 2 days",
      (...actions) => sdk.own("TimelockController", "scheduleBatch", [...lists(actions), ZeroHash, ZeroHash, 2 * DAY]),
    ],
    executeBatch: [
      "Let TimelockController carry out at once",
      (...actions) => sdk.own("TimelockController", "executeBatch", [...lists(actions), ZeroHash, ZeroHash]),
    ],
    propose: [
      'Propose to WealGovernor as "Gifts"',
      (...actions) => sdk.own("WealGovernor", "propose", [...lists(actions), "Gifts"]),
    ],
    queue: [
      "Let WealGovernor queue",
      (...actions) =>
        sdk.own("WealGovernor", "queue(address[],uint256[],bytes[],bytes32)", [...lists(actions), ZeroHash]),
    ],
    execute: [
      "Let WealGovernor carry out",
      (...actions) =>
        sdk.own("WealGovernor", "execute(address[],uint256[],bytes[],bytes32)", [...lists(actions), ZeroHash]),
    ],
  };

  for (const [name, [begin, carry]] of Object.entries(carriers)) {
    it(`that empty the treasury by ${name}`, async () => {
      const gifts = [send(someone, parseEther("110")), sdk.usdcCall("transfer", [another, 1_000_000_000n])] as const;
      const plain = await sdk.explain(...gifts);
      const { calls, warnings } = await sdk.explain(carry(...gifts));

      expect(calls[0].sentence).to.equal(`${begin}: [Send 110 ETH to ${someone}], [Send 1000 USDC to ${another}]`);
      expect(calls[0].calls).to.deep.equal(plain.calls);
      expect(warnings).to.deep.equal(plain.warnings.map((warning) => ({ ...warning, calls: [0] })));
      expect(codesOf(warnings)).to.deep.equal([
        ["LargeTransfer", 0],
        ["LargeTransfer", 0],
      ]);
    });
  }

  it("that empty the treasury by a relay of schedule and execute", async () => {
    const gift = send(someone, parseEther("110"));
    const execute = sdk.own("TimelockController", "execute", [someone, gift.value, "0x", ZeroHash, ZeroHash]);
    const { calls, warnings } = await sdk.explain(relay(schedule(gift, "TimelockController")), relay(execute));

    const sentence = `[Send 110 ETH to ${someone}]`;
    expect(calls.map((explained) => explained.sentence)).to.deep.equal([
      `Let WealGovernor itself do: [Let TimelockController carry out after 2 days: ${sentence}]`,
      `Let WealGovernor itself do: [Let TimelockController carry out at once: ${sentence}]`,
    ]);
    expect(warnings[0]).to.deep.include({ code: "LargeTransfer", amount: parseEther("220"), calls: [0, 1] });
  });

  it("that a governor makes with its own money, which is the treasury's as well", async () => {
    const governor = await sdk.governor.getAddress();
    const value = parseEther("11") + 1n;
    const relayed = { ...relay(send(someone, value)), value };
    expect(codesOf((await sdk.explain(relayed)).warnings)).to.deep.equal([["LargeTransfer", 0]]);
    // Until it is sent on, it has not left.
    expect((await sdk.explain(send(governor, value))).warnings).to.deep.equal([]);

    const pull = relay(sdk.usdcCall("transferFrom", [sdk.treasury, someone, 100_000_001n]));
    expect((await sdk.explain(pull)).warnings[0]).to.deep.include({ code: "LargeTransfer", amount: 100_000_001n });
  });

  it("and warns of their targets and functions as of others", async () => {
    const token = await (await sdk.connection.ethers.deployContract("TestToken", ["T", "T", 6])).getAddress();
    const { calls, warnings } = await sdk.explain(
      send(someone, 1n),
      schedule({ target: another, data: "0x12345678" }, "TimelockController"),
      relay({ target: sdk.usdcAddress, data: "0x12345678" }),
      relay(call(token, ERC20, "transfer", [someone, 0n])),
    );

    expect(codesOf(warnings)).to.deep.equal([
      ["UnknownTarget", 1],
      ["TargetWithoutCode", 1],
      ["UnknownFunction", 2],
      ["UnknownTarget", 3],
    ]);
    expect(calls[1].sentence).to.equal(
      `Let TimelockController carry out after 2 days: [Make a call that is not known here to ${another} (0x12345678)]`,
    );
    expect(calls[3].sentence).to.equal(`Let WealGovernor itself do: [Send 0 T (${token}) to ${someone}]`);
  });

  it("and warns of what lies too deep, is too much, or is named by an id", async () => {
    const nested = (depth: number): Action => (depth === 0 ? send(someone, 1n) : relay(nested(depth - 1)));
    const batch = (size: number) => {
      const gifts = Array.from({ length: size }, () => send(someone, 0n));
      return sdk.own("TimelockController", "executeBatch", [...lists(gifts), ZeroHash, ZeroHash]);
    };
    const codes = async (...actions: Action[]) => codesOf((await sdk.explain(...actions)).warnings);

    expect(await codes(nested(4), batch(196))).to.deep.equal([]);
    expect(await codes(send(someone, 1n), nested(5))).to.deep.equal([["CallsNotShown", 1]]);
    expect(await codes(batch(201))).to.deep.equal([["CallsNotShown", 0]]);
    expect(await codes(batch(100), batch(101))).to.deep.equal([["CallsNotShown", 1]]);

    const byId = await sdk.explain(sdk.own("WealGovernor", "execute(uint256)", [7n]));
    expect(codesOf(byId.warnings)).to.deep.equal([["CallsNotShown", 0]]);
    expect(byId.calls[0].sentence).to.equal("Let WealGovernor carry out: the proposal 7");
    const deep = (await sdk.explain(nested(5))).calls[0].sentence;
    expect(deep).to.match(/Let WealGovernor itself do: calls that are not shown here\]{4}$/);
  });

  it("and calls the safety timelock by its own name", async () => {
    const { safety } = sdk.reader.governance;
    const safetyTimelock = String(sdk.reader.contracts.SafetyTimelock.target);
    const actions = [
      sdk.usdcCall("approve", [someone, 1_000_000n]),
      sdk.usdcCall("approve", [someone, 0n]),
      sdk.own("WealToken", "delegate", [someone]),
      send(sdk.treasury, 1n),
      send(safetyTimelock, 1n),
      schedule(sdk.usdcCall("approve", [someone, 1_000_000n]), "SafetyTimelock"),
    ];
    const { calls, warnings } = await safety.explain({ actions });

    expect(calls.map(({ sentence }) => sentence)).to.deep.equal([
      `Let ${someone} take 1 USDC from SafetyTimelock`,
      `Let ${someone} take no USDC from SafetyTimelock any more`,
      `Give the votes of all WEAL in SafetyTimelock to ${someone}`,
      "Send 0.000000000000000001 ETH to the treasury",
      "Send 0.000000000000000001 ETH to SafetyTimelock",
      `Let SafetyTimelock carry out after 2 days: [Let ${someone} take 1 USDC from SafetyTimelock]`,
    ]);
    const large = warnings.filter(({ code }) => code === "LargeTransfer");
    expect(large.map(({ message, calls }) => [message, ...calls])).to.deep.equal([
      ["This moves 2 USDC of SafetyTimelock's 0 USDC, above a tenth of it; make sure that it is meant.", ...[0, 5]],
      [
        "This moves 0.000000000000000001 ETH of SafetyTimelock's 0 ETH, above a tenth of it; make sure that it is meant.",
        3,
      ],
    ]);
    // The main governor may not command it, but what would be done is told.
    const gift = schedule(sdk.own("RoyaltyLedger", "collectFees", [ZeroAddress]), "SafetyTimelock");
    expect((await sdk.explain(gift)).calls[0].calls[0].contract).to.equal("RoyaltyLedger");
  });
});
