import { expect } from "chai";
import { id, parseEther, Wallet } from "ethers";
import { InvalidArgument } from "../../sdk/src/index.js";
import { codesOf, deployForExplaining } from "./explain.support.js";
import { failureOf } from "./helpers.js";
import { roundOptions } from "./rounds.support.js";

describe("SDK governance and rounds", () => {
  let sdk: Awaited<ReturnType<typeof deployForExplaining>>;
  let inUsdc: string;
  let inEth: string;
  const someone = Wallet.createRandom().address;

  before(async () => {
    sdk = await deployForExplaining();
    const open = async (currency: string) =>
      sdk.alice.rounds.open({ ...(await roundOptions(sdk)), currency, money: { target: "10", cap: "500" } });
    inUsdc = (await open(sdk.usdcAddress)).roundId;
    inEth = (await open("ETH")).roundId;
  });

  const proposals = () => sdk.reader.governance.proposals;
  const sentencesOf = async (actions: Parameters<typeof sdk.explain>) =>
    (await sdk.explain(...actions)).calls.map(({ sentence }) => sentence);

  describe("proposals.fundRound", () => {
    it("is one action in ETH", async () => {
      const actions = await proposals().fundRound({ roundId: inEth, amount: "5" });

      expect(actions.map(({ value }) => value)).to.deep.equal([parseEther("5")]);
      expect(await sentencesOf(actions)).to.deep.equal([`Fund the round ${inEth} with 5 ETH, with 5 ETH`]);
      expect((await sdk.explain(...actions)).warnings).to.deep.equal([]);
    });

    it("goes into a proposal beside others, waited for or not", async () => {
      const { propose, proposals: own } = sdk.deployer.governance;
      const [approval, funding] = await own.fundRound({ roundId: inUsdc, amount: "5" });
      const fee = await own.setProtocolFee({ feeBps: 50 });
      const populated = await propose.populate({
        actions: [own.fundRound({ roundId: inUsdc, amount: "5" }), fee, own.setProtocolFee({ feeBps: 50 })],
        description: "Fund it, and lower the fee",
      });
      const waitedFor = { actions: [approval, funding, fee, fee], description: "Fund it, and lower the fee" };

      expect(populated).to.deep.equal(await propose.populate(waitedFor));
    });

    it("fails the proposal when it is refused", async () => {
      const { propose, proposals: own } = sdk.deployer.governance;
      const actions = [own.setProtocolFee({ feeBps: 251 }), own.fundRound({ roundId: id("no round"), amount: "5" })];

      expect((await failureOf(InvalidArgument, propose({ actions, description: "" }))).argument).to.equal("feeBps");
    });

    it("is refused for a round that takes no funding", async () => {
      const refused = proposals().fundRound({ roundId: id("no round"), amount: "5" });

      expect((await failureOf(InvalidArgument, refused)).argument).to.equal("roundId");
    });
  });

  describe("proposals.resolveRound", () => {
    it("is refused where the timelock is not the arbiter, or there is no such attempt", async () => {
      const options = { ...(await roundOptions(sdk)), arbiter: someone };
      const { opening } = await sdk.alice.rounds.open(options);
      const refused = async (changes: object) =>
        failureOf(InvalidArgument, proposals().resolveRound({ opening, attempt: 1, isUpheld: true, ...changes }));

      expect((await refused({})).argument).to.equal("opening.arbiter");
      const ours = { ...opening, arbiter: sdk.treasury };
      expect((await refused({ opening: ours, attempt: 0 })).argument).to.equal("attempt");
    });
  });

  describe("explain", () => {
    it("names the currency of a round, and says units where there is no such round", async () => {
      expect(
        await sentencesOf([
          sdk.own("TrainingRounds", "fund", [inUsdc, 2_500_000n]),
          sdk.own("TrainingRounds", "fund", [id("no round"), 7n]),
          sdk.own("TrainingRounds", "claimFundings", [inUsdc, [0n], sdk.treasury]),
          sdk.own("TrainingRounds", "refund", [inUsdc, [0n], sdk.treasury]),
        ]),
      ).to.deep.equal([
        `Fund the round ${inUsdc} with 2.5 USDC`,
        `Fund the round ${id("no round")} with 7 units of its currency`,
        `Claim shares for what was paid into the round ${inUsdc}, and send what it returns to the treasury`,
        `Send what was paid into the failed round ${inUsdc} to the treasury`,
      ]);
    });

    it("warns of much money, approved before or not, and once", async () => {
      // A tenth of 1,000 USDC is not much.
      const [few, many] = [100_000_000n, 100_000_001n];
      const fund = (amount: bigint) => sdk.own("TrainingRounds", "fund", [inUsdc, amount]);
      const approve = (amount: bigint) => sdk.usdcCall("approve", [String(sdk.trainingRounds.target), amount]);

      expect(codesOf((await sdk.explain(fund(few))).warnings)).to.deep.equal([]);
      expect(codesOf((await sdk.explain(approve(few), fund(few))).warnings)).to.deep.equal([]);
      const { warnings } = await sdk.explain(fund(many));
      expect(codesOf(warnings)).to.deep.equal([["LargeTransfer", 0]]);
      expect(warnings[0]).to.deep.include({ currency: sdk.usdcAddress, amount: many, held: 1_000_000_000n });
    });

    it("warns of what is sent to somebody else than the treasury", async () => {
      const gifts = (to: string) => [
        sdk.own("TrainingRounds", "claimFundings", [inUsdc, [0n], to]),
        sdk.own("TrainingRounds", "refund", [inUsdc, [0n], to]),
        sdk.own("TrainingRounds", "takeSubmissionBond", [inUsdc, sdk.treasury, id("commitment"), to]),
        sdk.own("TrainingRounds", "claim", [inUsdc, { index: 0, account: sdk.treasury, shares: 0, cash: 5 }, [], to]),
      ];
      expect((await sdk.explain(...gifts(sdk.treasury))).warnings).to.deep.equal([]);

      const { warnings } = await sdk.explain(...gifts(someone));
      expect(warnings.map(({ message }) => message)).to.deep.equal([
        `This sends what a round returns to the treasury to ${someone}; make sure that it is meant.`,
        `This sends what a failed round pays back to the treasury to ${someone}; make sure that it is meant.`,
        `This sends a bond of the treasury to ${someone}; make sure that it is meant.`,
        `This sends the cash of the treasury from a round to ${someone}; make sure that it is meant.`,
      ]);
      expect(codesOf(warnings)).to.deep.equal([0, 1, 2, 3].map((index) => ["PowerGiven", index]));
    });
  });

  it("simulates what a funding does to the round", async () => {
    const [action] = await proposals().fundRound({ roundId: inEth, amount: "5" });
    const { parameters, error } = await sdk.reader.governance.simulate({ actions: [action] });
    const shown = parameters.find(({ name }) => name === "roundOf");

    expect(error).to.equal(undefined);
    expect(shown).to.deep.include({ contract: "TrainingRounds", args: [inEth], changed: true });
    expect(shown?.before).to.include({ raised: 0n });
    expect(shown?.after).to.include({ raised: parseEther("5") });
  });
});
