import { expect } from "chai";
import { id, type Interface, MaxUint256, parseEther, type Provider, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { type Action, connect, type Warning } from "../../sdk/src/index.js";
import { ModelRegistry__factory, TestToken__factory } from "../../types/ethers-contracts/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, expectRefusal } from "./helpers.js";
import { oddly } from "./runners.js";

const ERC20 = TestToken__factory.createInterface();

describe("SDK governance.explain", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let treasury: string;
  const [someone, another] = [Wallet.createRandom().address, Wallet.createRandom().address];

  beforeEach(async () => {
    sdk = await deploySdk();
    treasury = await sdk.timelock.getAddress();
    await sdk.deployer.governance.delegate();
    await sdk.accounts.deployer.sendTransaction({ to: treasury, value: parseEther("110") });
    await sdk.usdc.mint(treasury, 1_000_000_000n);
  });

  afterEach(() => sdk.connection.close());

  const send = (to: string, value: bigint): Action => ({ target: to, value, data: "0x" });
  const call = (target: string, abi: Interface, name: string, args: unknown[], value?: bigint): Action => ({
    target,
    data: abi.encodeFunctionData(name, args),
    ...(value === undefined ? {} : { value }),
  });
  /** A call of one of the protocol's contracts. */
  function own(name: keyof typeof sdk.reader.contracts, method: string, args: unknown[], value?: bigint): Action {
    const { target, interface: abi } = sdk.reader.contracts[name];
    return call(String(target), abi, method, args, value);
  }
  const usdc = (method: string, args: unknown[]) => call(sdk.usdcAddress, ERC20, method, args);
  const explain = (...actions: Action[]) => sdk.reader.governance.explain({ actions });
  const codesOf = (warnings: Warning[]) => warnings.map(({ code, calls }) => [code, ...calls]);

  describe("calls", () => {
    it("are said in sentences", async () => {
      const token = await (
        await sdk.connection.ethers.deployContract("TestToken", ["Other", "OTH\nER", 8])
      ).getAddress();
      const governor = await sdk.governor.getAddress();
      const model = "0x00000000000000000000000000000000000A11cE";
      const reason = { ground: 0, clause: 3, evidenceDigest: id("evidence") };
      const sentences: [Action, string][] = [
        [own("RoyaltyLedger", "setProtocolFee", [50]), "Set the protocol fee of future models to 0.5 %"],
        [own("RoyaltyLedger", "setProtocolFee", [200]), "Set the protocol fee of future models to 2 %"],
        [own("RoyaltyLedger", "addCurrency", [token]), `List OTH?ER (${token}) as a currency, for ever`],
        [own("RoyaltyLedger", "collectFees", [ZeroAddress]), "Bring the collected fees of ETH to the treasury"],
        [
          own("RoyaltyLedger", "pay", [model, ZeroAddress, parseEther("1.5"), ZeroHash], parseEther("1.5")),
          `Pay 1.5 ETH to the model ${model}, with 1.5 ETH`,
        ],
        [
          own("SourceRegistry", "setVerifier", [someone, true]),
          `Name ${someone} a verifier, who counts once the waiting period is over`,
        ],
        [own("SourceRegistry", "setVerifier", [someone, false]), `Remove ${someone} from the verifiers`],
        [
          own("SourceRegistry", "setThreshold", [3]),
          "Ask for 3 verifiers to attest an author, once the waiting period is over",
        ],
        [own("SourceRegistry", "cancelClaim", [model, 0, []]), `Cancel the claim of the source ${model}`],
        [
          own("TimelockController", "grantRole", [id("CANCELLER_ROLE"), someone]),
          `Give ${someone} the role canceller of TimelockController`,
        ],
        [
          own("TimelockController", "revokeRole", [ZeroHash, governor]),
          "Take the role admin of TimelockController from WealGovernor",
        ],
        [
          own("TimelockController", "grantRole", [id("OTHER_ROLE"), someone]),
          `Give ${someone} the role ${id("OTHER_ROLE")} of TimelockController`,
        ],
        [
          own("TimelockController", "updateDelay", [3 * DAY]),
          "Let 3 days pass between a decision and its execution by TimelockController",
        ],
        [own("TimelockController", "cancel", [id("op")]), `Cancel the operation ${id("op")} of TimelockController`],
        [
          own("WealGovernor", "setVotingDelay", [3_600]),
          "Let 1 hour pass between a proposal to WealGovernor and its vote",
        ],
        [own("SafetyGovernor", "setVotingPeriod", [90]), "Let votes of SafetyGovernor last 90 seconds"],
        [
          own("WealGovernor", "setProposalThreshold", [parseEther("1.5")]),
          "Ask for 1.5 WEAL in votes of who proposes to WealGovernor",
        ],
        [own("WealGovernor", "updateQuorumNumerator", [7]), "Set the quorum of WealGovernor to 7 % of the supply"],
        [
          own("WealGovernor", "setProposalGuardian", [someone]),
          `Let ${someone} be the guardian of WealGovernor, who can cancel proposals`,
        ],
        [own("WealGovernor", "setProposalGuardian", [ZeroAddress]), "Let nobody be the guardian of WealGovernor"],
        [
          own("WealGovernor", "setLateQuorumVoteExtension", [120]),
          "Keep votes of WealGovernor open for 2 minutes at least once quorum is reached",
        ],
        [own("WealGovernor", "updateTimelock", [someone]), `Let ${someone} carry out what WealGovernor decides`],
        [own("WealGovernor", "relay", [treasury, 0, "0x"]), "Let WealGovernor call the treasury"],
        [own("WealToken", "delegate", [someone]), `Give the votes of all WEAL in the treasury to ${someone}`],
        [own("WealToken", "transfer", [someone, parseEther("2.5")]), `Send 2.5 WEAL to ${someone}`],
        [usdc("transfer", [someone, 1_250_000n]), `Send 1.25 USDC to ${someone}`],
        [usdc("approve", [someone, 5_000_000n]), `Let ${someone} take 5 USDC from the treasury`],
        [usdc("approve", [someone, MaxUint256]), `Let ${someone} take any amount of USDC from the treasury`],
        [usdc("approve", [someone, 0n]), `Let ${someone} take no USDC from the treasury any more`],
        [usdc("transferFrom", [someone, treasury, 7n]), `Send 0.000007 USDC from ${someone} to the treasury`],
        [call(token, ERC20, "transfer", [someone, 150_000_000n]), `Send 1.5 OTH?ER (${token}) to ${someone}`],
        [send(someone, parseEther("0.25")), `Send 0.25 ETH to ${someone}`],
        [
          own("SafetyBoard", "decide", [model, 0, 3, reason, "ipfs://evidence"]),
          `Issue an advisory on the model ${model} that lasts: recalled, by clause 3 of the use policy`,
        ],
        [
          own("SafetyBoard", "decide", [model, 2, 1, { ...reason, ground: 1, clause: 0 }, ""]),
          `Issue an advisory on version 2 of the model ${model} that lasts: notice, for its lineage`,
        ],
        [own("SafetyBoard", "lift", [model, 0]), `Lift what stands on the model ${model}`],
        [own("SafetyBoard", "rearm", [model]), `Let the board restrict the model ${model} once more`],
        [own("SafetyBoard", "setMember", [someone, true]), `Name ${someone} a member of the safety board`],
        [own("SafetyBoard", "setMember", [someone, false]), `Dismiss ${someone} from the safety board`],
        [own("SafetyBoard", "setSafetyGovernance", [someone]), `Put ${someone} in charge of safety`],
        [
          own("Stakeholding", "setEpochCap", [parseEther("5000")]),
          "Let an epoch pay 5000 WEAL for protocol fees at most",
        ],
        [
          own("Stakeholding", "setRate", [ZeroAddress, parseEther("2000")]),
          "Pay 2000 WEAL for each ETH of protocol fees",
        ],
        // One WEAL for a coin of 6 decimals is 10³⁰, as the contract's docs say.
        [
          own("Stakeholding", "setRate", [sdk.usdcAddress, 5n * 10n ** 29n]),
          "Pay 0.5 WEAL for each USDC of protocol fees",
        ],
        [
          own("Stakeholding", "setRate", [someone, 7n]),
          `Pay 7 units of WEAL for each 10¹⁸ units of ${someone} of protocol fees`,
        ],
        [
          own("UsePolicy", "publishPolicy", [id("policy"), 9, "ipfs://a\nb"]),
          `Publish the next use policy, of 9 clauses, with the sha-256 ${id("policy")}, at "ipfs://a\\nb"`,
        ],
      ];

      const { calls } = await explain(...sentences.map(([action]) => action));

      expect(calls.map(({ sentence }) => sentence)).to.deep.equal(sentences.map(([, sentence]) => sentence));
    });

    it("have the contract's name, the function's, and its arguments as plain data", async () => {
      const grant = { ground: 1, clause: 0, evidenceDigest: id("evidence") };
      const [decide, transfer, gift] = (
        await explain(
          own("SafetyBoard", "decide", [someone, 4, 2, grant, "ipfs://e"]),
          usdc("transfer", [someone, 12n]),
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
          reason: { ground: 1n, clause: 0n, evidenceDigest: id("evidence") },
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
      const built: Record<keyof typeof proposals | keyof typeof safety.proposals, Action> = {
        grant: await proposals.grant({ to: someone, currency: sdk.usdcAddress, amount: "5" }),
        setProtocolFee: proposals.setProtocolFee(50),
        addCurrency: proposals.addCurrency(sdk.usdcAddress),
        setStakeholdingRate: await proposals.setStakeholdingRate({ currency: "ETH", weal: "2000" }),
        setStakeholdingCap: proposals.setStakeholdingCap("5000"),
        publishPolicy: proposals.publishPolicy({ digest: id("policy"), clauseCount: 8 }),
        setVerifier: proposals.setVerifier({ verifier: someone, allowed: true }),
        setVerifierThreshold: proposals.setVerifierThreshold(3),
        cancelSourceClaim: proposals.cancelSourceClaim({ source: someone }),
        setSafetyGovernance: proposals.setSafetyGovernance(someone),
        decideAdvisory: safety.proposals.decideAdvisory({ model: someone, level: "recalled", reason }),
        liftAdvisory: safety.proposals.liftAdvisory({ model: someone }),
        rearm: safety.proposals.rearm({ model: someone }),
        setMember: safety.proposals.setMember({ account: someone, allowed: true }),
      };
      const { calls, warnings } = await governance.explain({ actions: Object.values(built) });

      // As calls without a sentence begin: `Contract.function(`.
      for (const { sentence } of calls) expect(sentence).to.match(/^[A-Z][a-z]+ /);
      expect(warnings).to.deep.equal([]);
    });

    it("without a sentence are said by name and arguments, texts in quotes", async () => {
      const registry = ModelRegistry__factory.createInterface();
      const target = await sdk.registry.getAddress();
      const { calls, warnings } = await explain(
        call(target, registry, "transferFrom", [treasury, someone, 7n]),
        own("WealGovernor", "propose", [[someone], [1n], ["0x"], 'Nice", target: 0x00']),
      );

      expect(calls.map(({ sentence }) => sentence)).to.deep.equal([
        `ModelRegistry.transferFrom(from: ${treasury}, to: ${someone}, tokenId: 7)`,
        `WealGovernor.propose(targets: [${someone}], values: [1], calldatas: [0x], description: "Nice\\", target: 0x00")`,
      ]);
      expect(warnings).to.deep.equal([]);
    });
  });

  describe("a proposal that was made", () => {
    it("is found by its id, with its description", async () => {
      const { governance } = sdk.deployer;
      const actions = [governance.proposals.setProtocolFee(50), send(someone, 1n)];
      await governance.propose({ actions: [actions[0]], description: "Another" });
      const { proposalId } = await governance.propose({ actions, description: "Halve the fee" });
      const { calls } = await governance.explain({ actions });

      const expected = { proposalId, description: "Halve the fee", calls, warnings: [] };
      expect(await sdk.reader.governance.explain(proposalId)).to.deep.equal(expected);
      expect(await sdk.reader.governance.explain(String(proposalId))).to.deep.equal(expected);
      await expectRefusal(sdk.reader.governance.explain(5n), "GovernorNonexistentProposal", { proposalId: 5n });
    });

    it("may be one of the safety governor", async () => {
      const { safety } = sdk.deployer.governance;
      const actions = [own("SafetyBoard", "rearm", [someone])];
      const { proposalId } = await safety.propose({ actions, description: "Once more" });

      const { calls, warnings, description } = await sdk.reader.governance.safety.explain(proposalId);
      expect(calls[0].sentence).to.equal(`Let the board restrict the model ${someone} once more`);
      expect({ warnings, description }).to.deep.equal({ warnings: [], description: "Once more" });
      await expectRefusal(sdk.reader.governance.explain(proposalId), "GovernorNonexistentProposal", { proposalId });
    });
  });

  describe("warnings", () => {
    it("name calls that are not known", async () => {
      const { warnings, calls } = await explain(
        { target: sdk.usdcAddress, data: "0x12345678" },
        // The first bytes are a function's, the rest is not its arguments.
        { target: await sdk.ledger.getAddress(), data: own("RoyaltyLedger", "setProtocolFee", [50]).data.slice(0, 20) },
        { target: sdk.accounts.alice.address, data: "0x1234" },
        own("RoyaltyLedger", "setProtocolFee", [50]),
      );

      expect(codesOf(warnings)).to.deep.equal([
        ["UnknownFunction", 0],
        ["UnknownFunction", 1],
        ["UnknownTarget", 2],
        ["TargetWithoutCode", 2],
      ]);
      for (const { message } of warnings) expect(message).to.match(/0x[\da-fA-F]{40}.*\.$/);
      expect(calls.map(({ sentence }) => sentence).slice(0, 3)).to.deep.equal([
        `Make a call that is not known here to ${sdk.usdcAddress} (0x12345678)`,
        `Make a call that is not known here to RoyaltyLedger (${own("RoyaltyLedger", "setProtocolFee", [50]).data.slice(0, 10)})`,
        `Make a call that is not known here to ${sdk.accounts.alice.address} (0x1234)`,
      ]);
    });

    it("do not take a plain transfer for a call, whoever gets it", async () => {
      const { warnings } = await explain(send(someone, 1n), send(sdk.usdcAddress, 1n), send(treasury, 10n ** 30n));

      expect(warnings).to.deep.equal([]);
    });

    it("name tokens that are not listed", async () => {
      const token = await (
        await sdk.connection.ethers.deployContract("TestToken", ["USD Coin", "USDC", 6])
      ).getAddress();
      const { calls, warnings } = await explain(call(token, ERC20, "transfer", [someone, 0n]));

      expect(calls[0]).to.deep.include({ contract: "ERC20", sentence: `Send 0 USDC (${token}) to ${someone}` });
      expect(codesOf(warnings)).to.deep.equal([["UnknownTarget", 0]]);
    });

    it("name targets whose code changed since the proposal, also behind a proxy", async () => {
      const { networkHelpers, ethers } = sdk.connection;
      const deploy = async () => (await ethers.deployContract("TestToken", ["T", "T", 6])).getAddress();
      const [changed, proxy, same] = [await deploy(), await deploy(), await deploy()];
      const actions = [changed, same, changed, proxy, someone].map((target) =>
        target === someone ? send(someone, 1n) : call(target, ERC20, "transfer", [another, 0n]),
      );
      const { proposalId } = await sdk.deployer.governance.propose({ actions, description: "Trust me" });
      const changes = async () =>
        codesOf((await sdk.reader.governance.explain(proposalId)).warnings).filter(
          ([code]) => code !== "UnknownTarget",
        );
      expect(await changes()).to.deep.equal([]);

      await networkHelpers.mine();
      await networkHelpers.setCode(changed, "0x00");
      // keccak256("eip1967.proxy.implementation") − 1, by ERC-1967.
      const slot = ethers.toBeHex(BigInt(id("eip1967.proxy.implementation")) - 1n, 32);
      await networkHelpers.setStorageAt(proxy, slot, someone);
      await networkHelpers.setCode(someone, "0x60006000fd");

      expect(await changes()).to.deep.equal([
        ["CodeChanged", 0, 2],
        ["CodeChanged", 3],
        ["CodeChanged", 4],
      ]);
    });

    it("say so when the node has no state so old", async () => {
      const actions = [own("RoyaltyLedger", "setProtocolFee", [50]), send(someone, 1n)];
      const { proposalId } = await sdk.deployer.governance.propose({ actions, description: "Old" });
      const { provider } = sdk.connection.ethers;
      const getCode = async (address: string, block?: number) => {
        if (block !== undefined) throw new Error("missing trie node");
        return provider.getCode(address);
      };
      const pruned = await connect(oddly<Provider>(provider, { getCode }), { deployment: sdk.deployment });

      expect(codesOf((await pruned.governance.explain(proposalId)).warnings)).to.deep.equal([
        ["CodeNotCompared", 0],
        ["CodeNotCompared", 1],
      ]);
      // Of what is not proposed there is no earlier state.
      expect((await pruned.governance.explain({ actions })).warnings).to.deep.equal([]);
    });

    it("say so when the node has no log of the proposal", async () => {
      const actions = [own("RoyaltyLedger", "setProtocolFee", [50])];
      const { proposalId } = await sdk.deployer.governance.propose({ actions, description: "Lost" });
      const forgetful = oddly<Provider>(sdk.connection.ethers.provider, { getLogs: async () => [] });
      const { governance } = await connect(forgetful, { deployment: sdk.deployment });

      const { description, warnings } = await governance.explain(proposalId);
      expect(description).to.equal(undefined);
      expect(codesOf(warnings)).to.deep.equal([["CodeNotCompared", 0]]);
    });

    it("name accounts that follow another one's code", async () => {
      const delegate = await sdk.usdc.getAddress();
      // EIP-7702: 0xef0100 and the address of the code.
      await sdk.connection.networkHelpers.setCode(someone, `0xef0100${delegate.slice(2)}`);
      const { warnings } = await explain(send(someone, 1n), { target: someone, data: "0x12345678" });

      expect(codesOf(warnings)).to.deep.equal([
        ["UnknownTarget", 1],
        ["DelegatedAccount", 0, 1],
      ]);
      expect(warnings[1].message).to.include(delegate.toLowerCase());
    });

    describe("of transfers", () => {
      const only = (warnings: Warning[]) => warnings.filter(({ code }) => code === "LargeTransfer");

      it("begin above a tenth of what the treasury holds", async () => {
        const tenth = [send(someone, parseEther("11")), usdc("transfer", [someone, 100_000_000n])];
        expect((await explain(...tenth)).warnings).to.deep.equal([]);

        const above = [send(someone, parseEther("11") + 1n), usdc("transfer", [someone, 100_000_001n])];
        expect((await explain(...above)).warnings).to.deep.equal([
          {
            code: "LargeTransfer",
            currency: "ETH",
            amount: parseEther("11") + 1n,
            held: parseEther("110"),
            calls: [0],
            message:
              "This moves 11.000000000000000001 ETH of the treasury's 110 ETH, above a tenth of it; make sure that it is meant.",
          },
          {
            code: "LargeTransfer",
            currency: sdk.usdcAddress,
            amount: 100_000_001n,
            held: 1_000_000_000n,
            calls: [1],
            message:
              "This moves 100.000001 USDC of the treasury's 1000 USDC, above a tenth of it; make sure that it is meant.",
          },
        ]);
      });

      it("see through parts, approvals and values of calls", async () => {
        const parts = Array.from({ length: 11 }, () => send(Wallet.createRandom().address, parseEther("1")));
        expect((await explain(...parts)).warnings).to.deep.equal([]);

        const { target } = sdk.reader.contracts.RoyaltyLedger;
        const payment = own("RoyaltyLedger", "pay", [someone, ZeroAddress, 1n, ZeroHash], 1n);
        expect(target).to.equal(payment.target);
        const [eth] = only((await explain(...parts, payment)).warnings);
        expect(eth).to.deep.include({ currency: "ETH", amount: parseEther("11") + 1n, calls: [...parts.keys(), 11] });

        const tokens = [
          usdc("transfer", [someone, 40_000_000n]),
          usdc("approve", [another, 40_000_000n]),
          usdc("transferFrom", [treasury, someone, 20_000_000n]),
        ];
        expect((await explain(...tokens)).warnings).to.deep.equal([]);
        const [dollars] = only((await explain(...tokens, usdc("approve", [someone, 1n]))).warnings);
        expect(dollars).to.deep.include({ amount: 100_000_001n, calls: [0, 1, 2, 3] });
      });

      it("count WEAL as any currency", async () => {
        const held = await sdk.weal.balanceOf(treasury);
        const weal = await sdk.weal.getAddress();
        const send = (units: bigint) => own("WealToken", "transfer", [someone, units]);

        expect((await explain(send(held / 10n))).warnings).to.deep.equal([]);
        expect(only((await explain(send(held / 10n), send(1n))).warnings)[0]).to.deep.include({
          ...{ currency: weal, amount: held / 10n + 1n, held },
        });
      });

      it("count nothing that stays, or that is not the treasury's", async () => {
        const { warnings } = await explain(
          send(treasury, parseEther("100")),
          usdc("transfer", [treasury, 900_000_000n]),
          usdc("transferFrom", [someone, another, 900_000_000n]),
          usdc("approve", [treasury, MaxUint256]),
        );

        expect(warnings).to.deep.equal([]);
      });

      it("take anything for large where there is nothing, or no token", async () => {
        const registry = await sdk.registry.getAddress();
        const transfer = call(sdk.accounts.alice.address, ERC20, "transfer", [someone, 1n]);
        expect(codesOf((await explain(transfer)).warnings)).to.deep.equal([
          ["UnknownTarget", 0],
          ["TargetWithoutCode", 0],
          ["LargeTransfer", 0],
        ]);
        expect(codesOf((await explain(call(registry, ERC20, "transfer", [someone, 1n]))).warnings)).to.deep.equal([
          ["UnknownFunction", 0],
        ]);
      });
    });
  });
});
