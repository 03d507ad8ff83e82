import { expect } from "chai";
import { type BaseContract, type FunctionFragment, type ParamType, parseEther } from "ethers";
import { network } from "hardhat";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import { signClaim } from "../registry/sources.support.js";
import { advisoryOf, deploySafety, Level, REASON, type SafetyContext } from "./safetyBoard.support.js";
import { proposalOf, Vote, weal } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

/** Who is in reach of each function that is not the same for everybody; all others are. */
const REACH: Record<string, Record<string, string>> = {
  WealToken: { "transfer(address,uint256)": "main" }, // the treasury
  TimelockController: {
    "grantRole(bytes32,address)": "main",
    "revokeRole(bytes32,address)": "main",
    "updateDelay(uint256)": "main",
  },
  SafetyTimelock: {
    "grantRole(bytes32,address)": "safety",
    "revokeRole(bytes32,address)": "safety",
    "updateDelay(uint256)": "safety",
  },
  WealGovernor: Object.fromEntries(governorSettings("main")),
  SafetyGovernor: Object.fromEntries(governorSettings("safety")),
  UsePolicy: { "publishPolicy(bytes32,uint16,string)": "main" },
  SafetyBoard: {
    "setSafetyGovernance(address)": "main",
    "decide(address,uint32,uint8,(uint8,uint16,uint32,bytes32),string)": "safety",
    "lift(address,uint32)": "safety",
    "rearm(address)": "safety",
    "setMember(address,bool)": "safety",
  },
  Stakeholding: { "setRate(address,uint128)": "main", "setEpochCap(uint128)": "main" },
  GenesisClaim: {},
  BallotRelay: {},
  LicenseStore: {},
  UsageChannels: {},
  TrainingRounds: {},
  RoyaltyLedger: { "setProtocolFee(uint16)": "main", "addCurrency(address)": "main" },
  RoyaltyLens: {},
  SafetyLens: {},
  ModelRegistry: {},
  SourceRegistry: {
    "setVerifier(address,bool)": "main",
    "setThreshold(uint8)": "main",
    "cancelClaim(address,uint40,(address,bytes)[])": "main",
  },
  VestingWallet0: {},
};

/** A governor's settings, which its timelock alone can change, and with a decision alone. */
function governorSettings(timelock: string): [string, string][] {
  return [
    "relay(address,uint256,bytes)",
    "setLateQuorumVoteExtension(uint48)",
    "setProposalGuardian(address)",
    "setProposalThreshold(uint256)",
    "setVotingDelay(uint48)",
    "setVotingPeriod(uint32)",
    "updateQuorumNumerator(uint256)",
    "updateTimelock(address)",
  ].map((signature) => [signature, timelock]);
}

/** Returns a plain value of a type: nothing at all, or something small. */
function plainValue(type: ParamType, some: boolean): unknown {
  if (type.isArray()) return some ? [plainValue(type.arrayChildren, some)] : [];
  if (type.isTuple()) return type.components.map((component) => plainValue(component, some));
  if (type.baseType === "address") return some ? ethers.Wallet.createRandom().address : ethers.ZeroAddress;
  if (type.baseType === "bool") return some;
  if (type.baseType === "string") return some ? "some" : "";
  if (type.baseType === "bytes") return "0x";
  const bytes = /^bytes(\d+)$/.exec(type.baseType)?.[1];
  if (bytes !== undefined) return `0x${(some ? "11" : "00").repeat(Number(bytes))}`;

  return some ? 1 : 0;
}

async function deploy() {
  const context = await deploySafety(connection);
  const { plan, sources, stranger } = context;
  const contracts = await allContracts(context);

  // A claim that waits, for a veto to be possible.
  await sources.registerSource(0, "org/name");
  const source = await sources.sourceIdOf(0, "org/name");
  const deadline = (await time.latest()) + DAY;
  const domain = {
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await sources.getAddress(),
  };
  const terms = { source, recipient: stranger.address, model: ethers.ZeroAddress, nonce: 0n, deadline };
  await sources.claimSource(source, stranger.address, terms.model, deadline, await signClaim(VERIFIERS, domain, terms));

  /** Arguments of a call: nothing, something small, and what alone tells a veto from anybody's call. */
  function argumentsOf(fragment: FunctionFragment): unknown[][] {
    const plain = [false, true].map((some) => fragment.inputs.map((input) => plainValue(input, some)));

    return fragment.name === "cancelClaim" ? [...plain, [source, 0, []]] : plain;
  }

  /** How a call by somebody ends: with an error's data, or with nothing. */
  async function outcomeOf(contract: BaseContract, fragment: FunctionFragment, args: unknown[], from: string) {
    const data = contract.interface.encodeFunctionData(fragment, args);
    try {
      await ethers.provider.send("eth_call", [{ from, to: await contract.getAddress(), data }, "latest"]);

      return "nothing";
    } catch (error) {
      // An error may name its caller.
      const told = (error as { data?: string }).data ?? String(error);

      return told.toLowerCase().replaceAll(from.slice(2).toLowerCase(), "caller");
    }
  }

  /** Which of these callers a function treats otherwise than a stranger, whatever the arguments. */
  async function reachOf(contract: BaseContract, fragment: FunctionFragment, callers: Record<string, string>) {
    const reached = new Set<string>();
    for (const args of argumentsOf(fragment)) {
      const foreign = await outcomeOf(contract, fragment, args, stranger.address);
      for (const [name, caller] of Object.entries(callers)) {
        if ((await outcomeOf(contract, fragment, args, caller)) !== foreign) reached.add(name);
      }
    }

    return [...reached];
  }

  /** What is in reach of callers, by contract and function, and how many functions were looked at. */
  async function reaches(callers: Record<string, string>) {
    const found: Record<string, Record<string, string>> = {};
    let count = 0;
    for (const { name } of plan) {
      found[name] = {};
      for (const fragment of changing(contracts[name])) {
        const reached = await reachOf(contracts[name], fragment, callers);
        if (reached.length > 0) found[name][fragment.format("sighash")] = reached.join(" and ");
        count += 1;
      }
    }

    return { found, count };
  }

  return { ...context, contracts, reaches };
}

/** Every contract that was deployed, by its name in the plan. */
async function allContracts({ plan }: SafetyContext): Promise<Record<string, BaseContract>> {
  const artifactOf: Record<string, string> = {
    SafetyTimelock: "TimelockController",
    SafetyGovernor: "WealGovernor",
    VestingWallet0: "VestingWallet",
  };
  const contracts = plan.map(
    async ({ name, address }) => [name, await ethers.getContractAt(artifactOf[name] ?? name, address)] as const,
  );

  return Object.fromEntries(await Promise.all(contracts));
}

function changing(contract: BaseContract): FunctionFragment[] {
  const fragments: FunctionFragment[] = [];
  contract.interface.forEachFunction((fragment) => {
    if (!fragment.constant) fragments.push(fragment);
  });

  return fragments;
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("Two governors", () => {
  describe("what is in reach", () => {
    it("of the main timelock and of the safety timelock are two sets, of every function of every contract", async function () {
      this.timeout(120_000);
      const { reaches, contracts, main, safety } = await fixture();
      const { found, count } = await reaches({ main: main.address, safety: safety.address });

      expect(found).to.deep.equal(REACH);
      expect(count).to.equal(Object.values(contracts).flatMap(changing).length).and.to.be.greaterThan(100);
    });

    it("of a safety timelock that was replaced is nothing but itself and its governor", async function () {
      this.timeout(120_000);
      const { reaches, safetyBoard, main, safety, other } = await fixture();
      await safetyBoard.connect(main).setSafetyGovernance(other.address);
      const { found } = await reaches({ main: main.address, safety: safety.address, other: other.address });

      const { SafetyBoard } = REACH;
      const expected = Object.entries(SafetyBoard).map(([call, by]) => [call, by === "safety" ? "other" : by]);
      expect(found).to.deep.equal({ ...REACH, SafetyBoard: Object.fromEntries(expected) });
    });

    it("of the governors themselves is nothing but their timelock: proposing, cancelling, executing", async function () {
      this.timeout(120_000);
      const { reaches, plan, governor, safetyGovernor } = await fixture();
      const callers = { main: await governor.getAddress(), safety: await safetyGovernor.getAddress() };
      for (const address of Object.values(callers)) await networkHelpers.setBalance(address, parseEther("1"));
      const { found } = await reaches(callers);

      const roles = (by: string) =>
        Object.fromEntries(
          [
            "schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
            "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)",
            "cancel(bytes32)",
            "execute(address,uint256,bytes,bytes32,bytes32)",
            "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)",
          ].map((call) => [call, by]),
        );
      const nothing = Object.fromEntries(plan.map(({ name }) => [name, {}]));
      expect(found).to.deep.equal({ ...nothing, TimelockController: roles("main"), SafetyTimelock: roles("safety") });
    });
  });

  describe("a whole decision", () => {
    /** Gives votes to the deployer, and has a governor decide something, up to its execution. */
    async function decide(
      { weal: token, deployer }: SafetyContext,
      by: SafetyContext["governor"],
      target: string,
      data: string,
    ) {
      await token.connect(deployer).delegate(deployer.address);
      await networkHelpers.mine();
      const proposal = proposalOf([{ target, data }], `A decision about ${data}`);
      await by.connect(deployer).propose(...proposal.asProposed);
      const proposalId = await by.getProposalId(...proposal.asHashed);
      await time.increaseTo((await by.proposalSnapshot(proposalId)) + 1n);
      await by.connect(deployer).castVote(proposalId, Vote.For);
      await time.increaseTo((await by.proposalDeadline(proposalId)) + 1n);
      await by["queue(uint256)"](proposalId);
      await time.increaseTo(await by.proposalEta(proposalId));

      return () => by["execute(uint256)"](proposalId);
    }

    it("of the safety governor makes the board's restriction last before it ends by itself", async () => {
      const context = await fixture();
      const { safetyBoard, safetyGovernor, safety, board, model } = context;
      await board.restrict(model, REASON, "");
      const data = safetyBoard.interface.encodeFunctionData("decide", [model, 0, Level.Recalled, REASON, ""]);
      const execute = await decide(context, safetyGovernor, await safetyBoard.getAddress(), data);
      expect(await safetyBoard.isRestricted(model)).to.equal(true);

      const now = (await time.latest()) + 1;
      await time.setNextBlockTimestamp(now);
      await expect(execute())
        .to.emit(safetyBoard, "AdvisoryIssued")
        .withArgs(model, 0, safety.address, true, advisoryOf({ level: Level.Recalled, issuedAt: now }), "");
      expect(await safetyBoard.levelOf(model, 0)).to.equal(Level.Recalled);
    });

    it("of the safety governor about anything else fails, and of the main governor about safety", async () => {
      const context = await fixture();
      const { safetyBoard, safetyGovernor, governor, ledger, main, safety, model } = context;
      const fee = ledger.interface.encodeFunctionData("setProtocolFee", [0]);
      const execute = await decide(context, safetyGovernor, await ledger.getAddress(), fee);
      await expect(execute()).to.be.revertedWithCustomError(ledger, "NotGovernance").withArgs(safety.address);

      const lift = safetyBoard.interface.encodeFunctionData("lift", [model, 0]);
      const lifting = await decide(context, governor, await safetyBoard.getAddress(), lift);
      await expect(lifting()).to.be.revertedWithCustomError(safetyBoard, "NotSafetyGovernance").withArgs(main.address);
    });

    it("of the main governor replaces the safety governor, whose decisions fail from then on, queued ones too", async () => {
      const context = await fixture();
      const { safetyBoard, safetyGovernor, governor, weal: token, safety, other, model } = context;
      expect(await token.balanceOf(context.deployer.address)).to.be.greaterThan(weal("40000000"));
      const boardAddress = await safetyBoard.getAddress();
      const lift = safetyBoard.interface.encodeFunctionData("lift", [model, 0]);
      const lifting = await decide(context, safetyGovernor, boardAddress, lift);
      const replace = safetyBoard.interface.encodeFunctionData("setSafetyGovernance", [other.address]);
      const replacing = await decide(context, governor, boardAddress, replace);

      await expect(replacing()).to.emit(safetyBoard, "SafetyGovernanceUpdated").withArgs(safety.address, other.address);
      await expect(lifting())
        .to.be.revertedWithCustomError(safetyBoard, "NotSafetyGovernance")
        .withArgs(safety.address);
    });
  });
});
