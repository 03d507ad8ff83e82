import { expect } from "chai";
import { parseEther, TypedDataEncoder, ZeroAddress } from "ethers";
import { type Ballot, InvalidAmount, InvalidArgument, type Vote } from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf } from "./helpers.js";

describe("SDK governance", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let proposals = 0;

  beforeEach(async () => {
    sdk = await deploySdk();
    // The deployer has 600 million WEAL. Its own votes and some that it gave away count.
    await sdk.weal.transfer(sdk.accounts.alice, parseEther("1000"));
    await sdk.deployer.governance.delegate();
    await sdk.alice.governance.delegate();
  });

  const wait = (seconds: number) => sdk.connection.networkHelpers.time.increase(seconds);

  async function propose(): Promise<bigint> {
    const { governance } = sdk.deployer;
    proposals += 1;
    const { proposalId } = await governance.propose({
      actions: [governance.proposals.setProtocolFee({ feeBps: 50 })],
      description: `Proposal ${proposals}`,
    });

    return proposalId;
  }

  async function proposeAndOpen(): Promise<bigint> {
    const proposalId = await propose();
    await wait(DAY + 1);

    return proposalId;
  }

  const votesOf = async (proposalId: bigint) => {
    const [against, inFavour, abstain] = await sdk.governor.proposalVotes(proposalId);
    return { against, for: inFavour, abstain };
  };

  it("carries a proposal from its beginning to its end", async () => {
    const { governance } = sdk.deployer;
    const proposalId = await propose();
    expect(await governance.state({ proposalId })).to.equal("pending");

    await wait(DAY + 1);
    expect(await governance.state({ proposalId })).to.equal("active");
    await governance.vote({ proposalId, support: "for" });

    await wait(7 * DAY);
    expect(await governance.state({ proposalId })).to.equal("succeeded");
    await sdk.alice.governance.queue({ proposalId });
    expect(await governance.state({ proposalId })).to.equal("queued");

    const operationId = await operationOf(proposalId);
    await expectRefusal(governance.execute({ proposalId }), "TimelockUnexpectedOperationState", {
      operationId,
      // Ready is the third of the timelock's states.
      expectedStates: `0x${"0".repeat(63)}4`,
    });

    await wait(2 * DAY);
    await sdk.alice.governance.execute({ proposalId });
    expect(await governance.state({ proposalId })).to.equal("executed");
    expect(await sdk.ledger.protocolFeeBps()).to.equal(50n);
  });

  /** As OpenZeppelin's timelock numbers an operation of its governor's. */
  async function operationOf(proposalId: bigint): Promise<string> {
    const [targets, values, calldatas, descriptionHash] = await sdk.governor.proposalDetails(proposalId);
    const salt = BigInt(await sdk.governor.getAddress()) << 96n;
    return sdk.timelock.hashOperationBatch(
      [...targets],
      [...values],
      [...calldatas],
      `0x${"00".repeat(32)}`,
      `0x${(salt ^ BigInt(descriptionHash)).toString(16).padStart(64, "0")}`,
    );
  }

  describe("propose", () => {
    it("takes calls of any contract, with a value", async () => {
      const { governance } = sdk.deployer;
      const target = sdk.accounts.carol.address;
      const { proposalId } = await governance.propose({
        actions: [{ target, value: 5n, data: "0x" }],
        description: "A gift",
      });

      const [targets, values, calldatas] = await sdk.governor.proposalDetails(proposalId);
      expect([[...targets], [...values], [...calldatas]]).to.deep.equal([[target], [5n], ["0x"]]);
    });

    it("names the proposer at the end of the description, so that nobody makes it first to cancel it", async () => {
      const actions = [{ target: sdk.accounts.carol.address, data: "0x" }];
      const { address } = sdk.accounts.deployer;
      const guard = `#proposer=${address.toLowerCase()}`;
      const checksummed = `A gift #proposer=${address}`;
      for (const [given, proposed] of [
        ["A gift", `A gift\n${guard}`],
        ["", `\n${guard}`],
        [`${guard} is not at the end`, `${guard} is not at the end\n${guard}`],
        [checksummed, checksummed],
      ]) {
        const { receipt } = await sdk.deployer.governance.propose({ actions, description: given });
        const [log] = receipt.logs.map((log) => sdk.governor.interface.parseLog(log));
        expect(log?.args.description).to.equal(proposed);

        const { targets, values, calldatas, description } = log?.args.toObject() ?? {};
        const copy = sdk.governor
          .connect(sdk.accounts.alice)
          .propose([...targets], [...values], [...calldatas], description);
        await expect(copy)
          .to.be.revertedWithCustomError(sdk.governor, "GovernorRestrictedProposer")
          .withArgs(sdk.accounts.alice.address);
      }
    });

    it("says so when the proposer has too few votes", async () => {
      await expectRefusal(
        sdk.alice.governance.propose({ actions: [{ target: ZeroAddress, data: "0x" }], description: "" }),
        "GovernorInsufficientProposerVotes",
        { proposer: sdk.accounts.alice.address, votes: parseEther("1000"), threshold: parseEther("100000") },
      );
    });

    it("refuses targets that are no addresses", async () => {
      const proposal = { actions: [{ target: "ledger", data: "0x" }], description: "" };

      await failureOf(InvalidArgument, sdk.deployer.governance.propose(proposal));
    });
  });

  describe("proposals", () => {
    it("make the ledger's calls", async () => {
      const { setProtocolFee, addCurrency } = sdk.reader.governance.proposals;
      const target = await sdk.ledger.getAddress();

      expect(await setProtocolFee({ feeBps: 250 })).to.deep.equal({
        target,
        data: sdk.ledger.interface.encodeFunctionData("setProtocolFee", [250]),
      });
      expect(await addCurrency({ currency: sdk.usdcAddress })).to.deep.equal({
        target,
        data: sdk.ledger.interface.encodeFunctionData("addCurrency", [sdk.usdcAddress]),
      });
    });

    it("refuse what could only fail when it is executed", async () => {
      const { setProtocolFee, addCurrency } = sdk.reader.governance.proposals;

      for (const feeBps of [251, -1, 0.5, Number.NaN]) {
        expect((await failureOf(InvalidArgument, setProtocolFee({ feeBps }))).message).to.include("250");
      }
      await failureOf(InvalidArgument, addCurrency({ currency: "ETH" }));
    });
  });

  describe("vote for nothing", () => {
    it("is refused before anything is sent", async () => {
      const proposalId = await proposeAndOpen();

      for (const support of [{}, { for: "0" }, { against: 0n, abstain: "0.0" }]) {
        await failureOf(InvalidArgument, sdk.deployer.governance.vote({ proposalId, support }));
      }
    });
  });

  describe("vote", () => {
    for (const support of ["against", "for", "abstain"] as const) {
      it(`votes ${support}`, async () => {
        const proposalId = await proposeAndOpen();
        await sdk.alice.governance.vote({ proposalId, support });

        expect(await votesOf(proposalId)).to.deep.equal({
          ...{ against: 0n, for: 0n, abstain: 0n },
          [support]: parseEther("1000"),
        });
      });
    }

    it("votes in parts, and may leave a rest for another time", async () => {
      const proposalId = await proposeAndOpen();
      await sdk.alice.governance.vote({ proposalId, support: { for: "600.5", against: 1n } });
      await sdk.alice.governance.vote({ proposalId, support: { abstain: "100" } });

      expect(await votesOf(proposalId)).to.deep.equal({
        against: 1n,
        for: parseEther("600.5"),
        abstain: parseEther("100"),
      });
      await expectRefusal(
        sdk.alice.governance.vote({ proposalId, support: { for: "300" } }),
        "GovernorExceedRemainingWeight",
        {
          voter: sdk.accounts.alice.address,
          usedVotes: parseEther("300"),
          remainingWeight: parseEther("299.5") - 1n,
        },
      );
    });

    it("tells why", async () => {
      const proposalId = await proposeAndOpen();
      const { receipt } = await sdk.alice.governance.vote({ proposalId, support: "against", reason: "Too early" });

      await expect(Promise.resolve(receipt))
        .to.emit(sdk.governor, "VoteCast")
        .withArgs(sdk.accounts.alice.address, proposalId, 0n, parseEther("1000"), "Too early");
    });

    it("refuses words and parts that are none", async () => {
      const vote = (support: unknown) => sdk.alice.governance.vote({ proposalId: 1n, support } as Vote);

      expect((await failureOf(InvalidArgument, vote("yes"))).argument).to.equal("support");
      await failureOf(InvalidAmount, vote({ for: 600 }));
    });

    it("passes on the governor's refusals", async () => {
      const { governance } = sdk.alice;
      const pending = await propose();
      await expectRefusal(governance.vote({ proposalId: pending, support: "for" }), "GovernorUnexpectedProposalState", {
        proposalId: pending,
        current: 0n,
        expectedStates: `0x${"0".repeat(63)}2`,
      });

      const active = await proposeAndOpen();
      await governance.vote({ proposalId: active, support: "for" });
      await expectRefusal(governance.vote({ proposalId: active, support: "for" }), "GovernorAlreadyCastVote", {
        voter: sdk.accounts.alice.address,
      });
    });
  });

  describe("signVote and voteBySignature", () => {
    const posted = (ballot: Ballot): Ballot => JSON.parse(JSON.stringify(ballot));

    for (const [name, vote, weight] of [
      ["a plain vote", { support: "for" }, parseEther("1000")],
      ["a vote with a reason", { support: "for", reason: "It is time" }, parseEther("1000")],
      ["a vote in parts", { support: { for: "10", abstain: "5" } }, parseEther("10")],
      ["a vote in parts with a reason", { support: { for: "10" }, reason: "A little" }, parseEther("10")],
    ] as const) {
      it(`lets a relayer send ${name}`, async () => {
        const proposalId = await proposeAndOpen();
        const ballot = posted(await sdk.alice.governance.signVote({ proposalId, ...vote }));
        const balance = await sdk.connection.ethers.provider.getBalance(sdk.accounts.alice);

        await sdk.carol.governance.voteBySignature(ballot);

        expect((await votesOf(proposalId)).for).to.equal(weight);
        expect(await sdk.connection.ethers.provider.getBalance(sdk.accounts.alice)).to.equal(balance);
      });
    }

    it("signs for the domain that the governor announces", async () => {
      const { name, version, chainId, verifyingContract } = await sdk.governor.eip712Domain();
      const { signature, ...ballot } = await sdk.alice.governance.signVote({ proposalId: "7", support: "abstain" });
      const types = {
        Ballot: [
          { name: "proposalId", type: "uint256" },
          { name: "support", type: "uint8" },
          { name: "voter", type: "address" },
          { name: "nonce", type: "uint256" },
        ],
      };

      const digest = TypedDataEncoder.hash({ name, version, chainId, verifyingContract }, types, {
        ...ballot,
        // OpenZeppelin's keyed nonces: the key is the proposal, and this is the first of it.
        nonce: 7n << 64n,
      });
      expect(sdk.connection.ethers.recoverAddress(digest, signature)).to.equal(sdk.accounts.alice.address);
    });

    it("takes a ballot once, and only as it was signed", async () => {
      const proposalId = await proposeAndOpen();
      const voter = sdk.accounts.alice.address;
      const ballot = await sdk.alice.governance.signVote({ proposalId, support: "for" });

      for (const forged of [
        { ...ballot, support: 0 },
        { ...ballot, reason: "Words that were put into a mouth" },
        { ...ballot, voter: sdk.accounts.bob.address },
      ]) {
        await expectRefusal(sdk.carol.governance.voteBySignature(forged), "GovernorInvalidSignature", {
          voter: forged.voter,
        });
      }

      await sdk.carol.governance.voteBySignature(ballot);
      await expectRefusal(sdk.carol.governance.voteBySignature(ballot), "GovernorInvalidSignature", { voter });
    });
  });

  describe("cancel", () => {
    it("cancels one's own proposal, and nobody else's", async () => {
      const proposalId = await proposeAndOpen();
      const account = sdk.accounts.alice.address;
      await expectRefusal(sdk.alice.governance.cancel({ proposalId }), "GovernorUnableToCancel", {
        proposalId,
        account,
      });

      // There is no guardian: at any time.
      await sdk.deployer.governance.cancel({ proposalId });
      expect(await sdk.reader.governance.state({ proposalId })).to.equal("canceled");
    });
  });

  describe("queue", () => {
    it("refuses a proposal that is not carried", async () => {
      const proposalId = await propose();

      await expectRefusal(sdk.alice.governance.queue({ proposalId }), "GovernorUnexpectedProposalState", {
        proposalId,
        current: 0n,
        // Succeeded is the fifth of the governor's states.
        expectedStates: `0x${"0".repeat(62)}10`,
      });
    });
  });

  describe("delegate", () => {
    it("gives votes to the signer itself, or to another", async () => {
      const { alice, accounts } = sdk;
      expect(await sdk.weal.delegates(accounts.alice)).to.equal(accounts.alice.address);

      await alice.governance.delegate({ to: accounts.bob.address });

      expect(await sdk.weal.delegates(accounts.alice)).to.equal(accounts.bob.address);
      expect(await sdk.weal.getVotes(accounts.bob)).to.equal(parseEther("1000"));
    });
  });

  describe("state", () => {
    it("knows proposals that failed", async () => {
      const proposalId = await proposeAndOpen();
      await wait(7 * DAY);

      expect(await sdk.reader.governance.state({ proposalId: String(proposalId) })).to.equal("defeated");
    });

    it("knows proposals that were cancelled", async () => {
      const proposalId = await propose();
      await sdk.governor["cancel(uint256)"](proposalId);

      expect(await sdk.reader.governance.state({ proposalId })).to.equal("canceled");
    });

    it("says so when there is no such proposal", async () => {
      await expectRefusal(sdk.reader.governance.state({ proposalId: 1n }), "GovernorNonexistentProposal", {
        proposalId: 1n,
      });
    });
  });
});
