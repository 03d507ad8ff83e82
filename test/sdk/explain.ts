import { expect } from "chai";
import { id, MaxUint256, parseEther, Wallet, ZeroAddress, ZeroHash } from "ethers";
import type { Action } from "../../sdk/src/index.js";
import { ModelRegistry__factory } from "../../types/ethers-contracts/index.js";
import { DAY } from "../helpers/protocol.js";
import { call, codesOf, deployForExplaining, ERC20, send } from "./explain.support.js";
import { expectRefusal } from "./helpers.js";
import { roundOptions } from "./rounds.support.js";

describe("SDK governance.explain", () => {
  let sdk: Awaited<ReturnType<typeof deployForExplaining>>;
  const [someone, another] = [Wallet.createRandom().address, Wallet.createRandom().address];

  beforeEach(async () => {
    sdk = await deployForExplaining();
  });

  afterEach(() => sdk.connection.close());

  describe("calls", () => {
    it("are said in sentences", async () => {
      const token = await (
        await sdk.connection.ethers.deployContract("TestToken", ["Other", "OTH\nER", 8])
      ).getAddress();
      const governor = await sdk.governor.getAddress();
      const model = "0x00000000000000000000000000000000000A11cE";
      const reason = { ground: 0, clause: 3, policyVersion: 1, evidenceDigest: id("evidence") };
      const sentences: [Action, string][] = [
        [sdk.own("RoyaltyLedger", "setProtocolFee", [50]), "Set the protocol fee of future models to 0.5 %"],
        [sdk.own("RoyaltyLedger", "setProtocolFee", [200]), "Set the protocol fee of future models to 2 %"],
        [sdk.own("RoyaltyLedger", "addCurrency", [token]), `List ${token} as a currency, for ever`],
        [sdk.own("RoyaltyLedger", "collectFees", [ZeroAddress]), "Bring the collected fees of ETH to the treasury"],
        [
          sdk.own("RoyaltyLedger", "pay", [model, ZeroAddress, parseEther("1.5"), ZeroHash], parseEther("1.5")),
          `Pay 1.5 ETH to the model ${model}, with 1.5 ETH`,
        ],
        [
          sdk.own("SourceRegistry", "setVerifier", [someone, true]),
          `Name ${someone} a verifier, who counts once the waiting period is over`,
        ],
        [sdk.own("SourceRegistry", "setVerifier", [someone, false]), `Remove ${someone} from the verifiers`],
        [
          sdk.own("SourceRegistry", "setThreshold", [3]),
          "Ask for 3 verifiers to attest an author, once the waiting period is over",
        ],
        [sdk.own("SourceRegistry", "cancelClaim", [model, 0, []]), `Cancel the claim of the source ${model}`],
        [
          sdk.own("TimelockController", "grantRole", [id("CANCELLER_ROLE"), someone]),
          `Give ${someone} the role canceller of TimelockController`,
        ],
        [
          sdk.own("TimelockController", "revokeRole", [ZeroHash, governor]),
          "Take the role admin of TimelockController from WealGovernor",
        ],
        [
          sdk.own("TimelockController", "grantRole", [id("OTHER_ROLE"), someone]),
          `Give ${someone} the role ${id("OTHER_ROLE")} of TimelockController`,
        ],
        [
          sdk.own("TimelockController", "updateDelay", [3 * DAY]),
          "Let 3 days pass between a decision and its execution by TimelockController",
        ],
        [sdk.own("TimelockController", "cancel", [id("op")]), `Cancel the operation ${id("op")} of TimelockController`],
        [
          sdk.own("WealGovernor", "setVotingDelay", [3_600]),
          "Let 1 hour pass between a proposal to WealGovernor and its vote",
        ],
        [sdk.own("SafetyGovernor", "setVotingPeriod", [90]), "Let votes of SafetyGovernor last 90 seconds"],
        [
          sdk.own("WealGovernor", "setProposalThreshold", [parseEther("1.5")]),
          "Ask for 1.5 WEAL in votes of who proposes to WealGovernor",
        ],
        [sdk.own("WealGovernor", "updateQuorumNumerator", [7]), "Set the quorum of WealGovernor to 7 % of the supply"],
        [
          sdk.own("WealGovernor", "setProposalGuardian", [someone]),
          `Let ${someone} be the guardian of WealGovernor, who can cancel proposals`,
        ],
        [sdk.own("WealGovernor", "setProposalGuardian", [ZeroAddress]), "Let nobody be the guardian of WealGovernor"],
        [
          sdk.own("WealGovernor", "setLateQuorumVoteExtension", [120]),
          "Keep votes of WealGovernor open for 2 minutes at least once quorum is reached",
        ],
        [sdk.own("WealGovernor", "updateTimelock", [someone]), `Let ${someone} carry out what WealGovernor decides`],
        [
          sdk.own("WealGovernor", "relay", [sdk.treasury, 0, "0x"]),
          "Let WealGovernor itself do: [Send 0 ETH to the treasury]",
        ],
        [sdk.own("WealToken", "delegate", [someone]), `Give the votes of all WEAL in the treasury to ${someone}`],
        [sdk.own("WealToken", "transfer", [someone, parseEther("2.5")]), `Send 2.5 WEAL to ${someone}`],
        [sdk.usdcCall("transfer", [someone, 1_250_000n]), `Send 1.25 USDC to ${someone}`],
        [sdk.usdcCall("approve", [someone, 5_000_000n]), `Let ${someone} take 5 USDC from the treasury`],
        [sdk.usdcCall("approve", [someone, MaxUint256]), `Let ${someone} take any amount of USDC from the treasury`],
        [sdk.usdcCall("approve", [someone, 0n]), `Let ${someone} take no USDC from the treasury any more`],
        [
          sdk.usdcCall("transferFrom", [someone, sdk.treasury, 7n]),
          `Send 0.000007 USDC from ${someone} to the treasury`,
        ],
        [call(token, ERC20, "transfer", [someone, 150_000_000n]), `Send 1.5 of ${token} to ${someone}`],
        [send(someone, parseEther("0.25")), `Send 0.25 ETH to ${someone}`],
        [
          sdk.own("SafetyBoard", "decide", [model, 0, 3, reason, "ipfs://evidence"]),
          `Issue an advisory on the model ${model} that lasts: recalled, by clause 3 of the use policy`,
        ],
        [
          sdk.own("SafetyBoard", "decide", [model, 2, 1, { ...reason, ground: 1, clause: 0 }, ""]),
          `Issue an advisory on version 2 of the model ${model} that lasts: notice, for its lineage`,
        ],
        [sdk.own("SafetyBoard", "lift", [model, 0]), `Lift what stands on the model ${model}`],
        [sdk.own("SafetyBoard", "rearm", [model]), `Let the board restrict the model ${model} once more`],
        [sdk.own("SafetyBoard", "setMember", [someone, true]), `Name ${someone} a member of the safety board`],
        [sdk.own("SafetyBoard", "setMember", [someone, false]), `Dismiss ${someone} from the safety board`],
        [sdk.own("SafetyBoard", "setSafetyGovernance", [someone]), `Put ${someone} in charge of safety`],
        [
          sdk.own("Stakeholding", "setEpochCap", [parseEther("5000")]),
          "Let an epoch pay 5000 WEAL for protocol fees at most",
        ],
        [
          sdk.own("Stakeholding", "setRate", [ZeroAddress, parseEther("2000")]),
          "Pay 2000 WEAL for each ETH of protocol fees",
        ],
        // One WEAL for a coin of 6 decimals is 10³⁰, as the contract's docs say.
        [
          sdk.own("Stakeholding", "setRate", [sdk.usdcAddress, 5n * 10n ** 29n]),
          "Pay 0.5 WEAL for each USDC of protocol fees",
        ],
        [
          sdk.own("Stakeholding", "setRate", [someone, 7n]),
          `Pay 7 units of WEAL for each 10¹⁸ units of ${someone} of protocol fees`,
        ],
        [
          sdk.own("UsePolicy", "publishPolicy", [id("policy"), 9, "ipfs://a\nb"]),
          `Publish the next use policy, of 9 clauses, with the sha-256 ${id("policy")}, at "ipfs://a\\nb"`,
        ],
      ];

      const { calls } = await sdk.explain(...sentences.map(([action]) => action));

      expect(calls.map(({ sentence }) => sentence)).to.deep.equal(sentences.map(([, sentence]) => sentence));
    });

    it("have the contract's name, the function's, and its arguments as plain data", async () => {
      const grant = { ground: 1, clause: 0, policyVersion: 0, evidenceDigest: id("evidence") };
      const [decide, transfer, gift] = (
        await sdk.explain(
          sdk.own("SafetyBoard", "decide", [someone, 4, 2, grant, "ipfs://e"]),
          sdk.usdcCall("transfer", [someone, 12n]),
          send(another, 5n),
        )
      ).calls;

      expect(decide).to.deep.include({
        target: await sdk.safetyBoard.getAddress(),
        value: 0n,
        contract: "SafetyBoard",
        function: "decide",
        args: {
          model: someone,
          version: 4n,
          level: 2n,
          reason: { ground: 1n, clause: 0n, policyVersion: 0n, evidenceDigest: id("evidence") },
          evidenceURI: "ipfs://e",
        },
      });
      expect(transfer).to.deep.include({ contract: "ERC20", function: "transfer", args: { to: someone, value: 12n } });
      expect(gift).to.deep.include({ target: another, value: 5n, data: "0x", args: {} });
      expect([gift.contract, gift.function]).to.deep.equal([undefined, undefined]);
    });

    it("have a sentence whenever they come from a builder", async () => {
      const { governance } = sdk.reader;
      const { proposals, safety } = governance;
      const reason = { ground: "lineage", evidenceDigest: id("evidence") } as const;
      const { opening, roundId } = await sdk.alice.rounds.open(await roundOptions(sdk));
      const built: Record<keyof typeof proposals | keyof typeof safety.proposals, Promise<Action | Action[]>> = {
        fundRound: proposals.fundRound({ roundId, amount: "5" }),
        resolveRound: proposals.resolveRound({ opening, attempt: 1, isUpheld: false }),
        grant: proposals.grant({ to: someone, currency: sdk.usdcAddress, amount: "5" }),
        setProtocolFee: proposals.setProtocolFee({ feeBps: 50 }),
        addCurrency: proposals.addCurrency({ currency: sdk.usdcAddress }),
        setStakeholdingRate: proposals.setStakeholdingRate({ currency: "ETH", weal: "2000" }),
        setStakeholdingCap: proposals.setStakeholdingCap({ weal: "5000" }),
        publishPolicy: proposals.publishPolicy({ digest: id("policy"), clauseCount: 8 }),
        setVerifier: proposals.setVerifier({ verifier: someone, allowed: true }),
        setVerifierThreshold: proposals.setVerifierThreshold({ threshold: 3 }),
        cancelSourceClaim: proposals.cancelSourceClaim({ source: someone }),
        setSafetyGovernance: proposals.setSafetyGovernance({ timelock: someone }),
        decideAdvisory: safety.proposals.decideAdvisory({ model: someone, level: "recalled", reason }),
        liftAdvisory: safety.proposals.liftAdvisory({ model: someone }),
        rearm: safety.proposals.rearm({ model: someone }),
        setMember: safety.proposals.setMember({ account: someone, allowed: true }),
      };
      const actions = (await Promise.all(Object.values(built))).flat();
      const { calls, warnings } = await governance.explain({ actions });

      // As calls without a sentence begin: `Contract.function(`.
      for (const { sentence } of calls) expect(sentence).to.match(/^[A-Z][a-z]+ /);
      expect(codesOf(warnings)).to.deep.equal([
        ["PowerGiven", actions.indexOf((await built.setSafetyGovernance) as Action)],
      ]);
    });

    it("without a sentence are said by name and arguments, texts in quotes", async () => {
      const registry = ModelRegistry__factory.createInterface();
      const target = await sdk.registry.getAddress();
      const { calls, warnings } = await sdk.explain(
        call(target, registry, "withdrawVersion", [someone, 7n]),
        sdk.own("WealGovernor", "castVoteWithReason", [5n, 1, 'Nice", support: 0']),
        sdk.own("WealGovernor", "cancel(address[],uint256[],bytes[],bytes32)", [[someone], [1n], ["0x"], ZeroHash]),
      );

      expect(calls.map(({ sentence }) => sentence)).to.deep.equal([
        `ModelRegistry.withdrawVersion(model: ${someone}, version: 7)`,
        'WealGovernor.castVoteWithReason(proposalId: 5, support: 1, reason: "Nice\\", support: 0")',
        `WealGovernor.cancel(targets: [${someone}], values: [1], calldatas: [0x], descriptionHash: ${ZeroHash})`,
      ]);
      expect(warnings).to.deep.equal([]);
    });
  });

  describe("a proposal that was made", () => {
    it("is found by its id, with its description", async () => {
      const { governance } = sdk.deployer;
      const actions = [governance.proposals.setProtocolFee({ feeBps: 50 }), send(someone, 1n)];
      await governance.propose({ actions: [actions[0]], description: "Another" });
      const { proposalId } = await governance.propose({ actions, description: "Halve the fee" });
      const { calls } = await governance.explain({ actions });

      const description = `Halve the fee\n#proposer=${sdk.accounts.deployer.address.toLowerCase()}`;
      const expected = { proposalId, description, calls, warnings: [] };
      expect(await sdk.reader.governance.explain(proposalId)).to.deep.equal(expected);
      expect(await sdk.reader.governance.explain(String(proposalId))).to.deep.equal(expected);
      await expectRefusal(sdk.reader.governance.explain(5n), "GovernorNonexistentProposal", { proposalId: 5n });
    });

    it("may be one of the safety governor", async () => {
      const { safety } = sdk.deployer.governance;
      const actions = [sdk.own("SafetyBoard", "rearm", [someone])];
      const { proposalId } = await safety.propose({ actions, description: "Once more" });

      const { calls, warnings, description } = await sdk.reader.governance.safety.explain(proposalId);
      expect(calls[0].sentence).to.equal(`Let the board restrict the model ${someone} once more`);
      expect(warnings).to.deep.equal([]);
      expect(description).to.match(/^Once more\n#proposer=0x/);
      await expectRefusal(sdk.reader.governance.explain(proposalId), "GovernorNonexistentProposal", { proposalId });
    });
  });
});
