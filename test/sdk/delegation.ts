import { expect } from "chai";
import { parseEther, TypedDataEncoder, Wallet, ZeroAddress } from "ethers";
import { type Delegation, InvalidArgument, NotDelegated, NoVotes } from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf } from "./helpers.js";

describe("SDK delegation", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;

  beforeEach(async () => {
    sdk = await deploySdk();
    await sdk.deployer.governance.delegate();
    await sdk.weal.transfer(sdk.accounts.alice, parseEther("1000"));
  });

  afterEach(() => sdk.connection.close());

  const wait = (seconds: number) => sdk.connection.networkHelpers.time.increase(seconds);

  async function propose(): Promise<bigint> {
    const { governance } = sdk.deployer;
    const actions = [governance.proposals.setProtocolFee({ feeBps: 50 })];

    return (await governance.propose({ actions, description: String(Math.random()) })).proposalId;
  }

  async function proposeAndOpen(): Promise<bigint> {
    const proposalId = await propose();
    await wait(DAY + 1);

    return proposalId;
  }

  describe("who has no vote is told before voting", () => {
    /** What is told, which is the same before a vote and before signing one. */
    async function told<T extends NotDelegated | NoVotes>(
      type: new (...args: never[]) => T,
      proposalId: bigint,
    ): Promise<T> {
      const [voted, signed] = [
        await failureOf(type, sdk.alice.governance.vote({ proposalId, support: "for" })),
        await failureOf(type, sdk.alice.governance.signVote({ proposalId, support: "for" })),
      ];
      expect(signed.message).to.equal(voted.message);

      return voted;
    }

    it("when it never delegated", async () => {
      const { account, balance, message } = await told(NotDelegated, await proposeAndOpen());

      expect({ account, balance }).to.deep.equal({ account: sdk.accounts.alice.address, balance: parseEther("1000") });
      expect(message).to.include("governance.delegate()");
      expect(message).to.include("it counts in votes that begin after that");
    });

    it("when it never delegated, while there is still time to: before the vote begins", async () => {
      const proposalId = await propose();
      const signed = () => sdk.alice.governance.signVote({ proposalId, support: "for" });
      expect((await failureOf(NotDelegated, signed())).message).to.include("it counts in votes that begin after that");

      await sdk.alice.governance.delegate();
      const ballot = await signed();
      await wait(DAY + 1);
      await sdk.carol.governance.voteBySignature(ballot);
      expect(await sdk.governor.hasVoted(proposalId, sdk.accounts.alice)).to.equal(true);
    });

    it("when it delegated after the vote had begun", async () => {
      const proposalId = await proposeAndOpen();
      await sdk.alice.governance.delegate();

      const alice = sdk.accounts.alice.address;
      expect(await told(NoVotes, proposalId)).to.include({ account: alice, reason: "tooLate", delegate: alice });
    });

    it("when its WEAL came after the vote had begun", async () => {
      await sdk.alice.governance.delegate();
      await sdk.weal.connect(sdk.accounts.alice).transfer(sdk.accounts.bob, parseEther("1000"));
      const proposalId = await proposeAndOpen();
      await sdk.weal.transfer(sdk.accounts.alice, 1n);

      expect((await told(NoVotes, proposalId)).reason).to.equal("tooLate");
    });

    it("when somebody else votes with its WEAL", async () => {
      await sdk.alice.governance.delegate({ to: sdk.accounts.bob.address });
      const { reason, delegate, message } = await told(NoVotes, await proposeAndOpen());

      expect({ reason, delegate }).to.deep.equal({ reason: "delegatedAway", delegate: sdk.accounts.bob.address });
      expect(message).to.include(sdk.accounts.bob.address);
    });

    it("when it holds no WEAL", async () => {
      await sdk.weal.connect(sdk.accounts.alice).transfer(sdk.accounts.bob, parseEther("1000"));

      expect(await told(NoVotes, await proposeAndOpen())).to.include({ reason: "noWeal", delegate: undefined });
    });
  });

  describe("who may vote is not stopped", () => {
    it("when only others' WEAL is delegated to it", async () => {
      await sdk.weal.transfer(sdk.accounts.bob, 5n);
      await sdk.bob.governance.delegate({ to: sdk.accounts.alice.address });
      const proposalId = await proposeAndOpen();
      await sdk.alice.governance.vote({ proposalId, support: "for" });

      expect((await sdk.governor.proposalVotes(proposalId)).forVotes).to.equal(5n);
    });

    it("when it gave its WEAL and votes away after the vote had begun", async () => {
      await sdk.alice.governance.delegate();
      const proposalId = await proposeAndOpen();
      await sdk.alice.governance.delegate({ to: sdk.accounts.bob.address });
      await sdk.weal.connect(sdk.accounts.alice).transfer(sdk.accounts.bob, parseEther("1000"));
      const ballot = await sdk.alice.governance.signVote({ proposalId, support: "against" });
      await sdk.carol.governance.voteBySignature(ballot);

      expect((await sdk.governor.proposalVotes(proposalId)).againstVotes).to.equal(parseEther("1000"));
    });

    it("and may sign before the vote begins, also when votes are still to come", async () => {
      const proposalId = await propose();
      const ballot = await sdk.bob.governance.signVote({ proposalId, support: "for" });
      await sdk.alice.governance.delegate({ to: sdk.accounts.bob.address });
      await wait(DAY + 1);
      await sdk.carol.governance.voteBySignature(ballot);

      expect((await sdk.governor.proposalVotes(proposalId)).forVotes).to.equal(parseEther("1000"));
    });

    it("and hears of the proposal first, once the vote is over", async () => {
      const proposalId = await proposeAndOpen();
      await wait(7 * DAY);

      await expectRefusal(
        sdk.alice.governance.vote({ proposalId, support: "for" }),
        "GovernorUnexpectedProposalState",
        { proposalId, current: 3n, expectedStates: `0x${"0".repeat(63)}2` },
      );
    });
  });

  it("lets ballots for several proposals be signed at once and sent in any order", async () => {
    await sdk.alice.governance.delegate();
    const proposals = [await propose(), await propose(), await proposeAndOpen()];
    const ballots = await Promise.all(
      proposals.map((proposalId) => sdk.alice.governance.signVote({ proposalId, support: "for" })),
    );
    for (const ballot of ballots.reverse()) await sdk.carol.governance.voteBySignature(ballot);

    for (const proposalId of proposals) {
      expect((await sdk.governor.proposalVotes(proposalId)).forVotes).to.equal(parseEther("1000"));
    }
  });

  it("lets the safety governor be voted on like the main one", async () => {
    const { safety } = sdk.alice.governance;
    await sdk.alice.governance.delegate();
    const data = sdk.safetyBoard.interface.encodeFunctionData("rearm", [ZeroAddress]);
    const { proposalId } = await sdk.deployer.governance.safety.propose({
      actions: [{ target: await sdk.safetyBoard.getAddress(), data }],
      description: "Once more",
    });
    await wait(DAY / 4 + 1);
    await sdk.carol.governance.safety.voteBySignature(await safety.signVote({ proposalId, support: "for" }));

    expect((await sdk.safetyGovernor.proposalVotes(proposalId)).forVotes).to.equal(parseEther("1000"));
    expect(await safety.state({ proposalId })).to.equal("active");
  });

  describe("signDelegation and delegateBySignature", () => {
    const posted = (delegation: Delegation): Delegation => JSON.parse(JSON.stringify(delegation));

    for (const [whom, to] of [
      ["itself", undefined],
      ["another", Wallet.createRandom().address],
    ] as const) {
      it(`lets a relayer give an account's votes to ${whom}, once`, async () => {
        const { alice, carol, accounts, connection } = sdk;
        const balance = await connection.ethers.provider.getBalance(accounts.alice);
        const delegation = posted(await alice.governance.signDelegation({ to }));
        await carol.governance.delegateBySignature(delegation);

        expect(await alice.governance.delegateOf({ account: accounts.alice.address })).to.equal(
          to ?? accounts.alice.address,
        );
        expect(await alice.governance.votesOf({ account: to ?? accounts.alice.address })).to.equal(parseEther("1000"));
        expect(await connection.ethers.provider.getBalance(accounts.alice)).to.equal(balance);
        await expectRefusal(carol.governance.delegateBySignature(delegation), "InvalidAccountNonce", {
          account: accounts.alice.address,
          currentNonce: 1n,
        });
      });
    }

    it("serves a week by default, or as long as it says", async () => {
      const { alice, carol, connection } = sdk;
      const now = await connection.networkHelpers.time.latest();
      const week = await alice.governance.signDelegation();
      expect(week.expiry).to.equal(now + 7 * DAY);

      const short = await alice.governance.signDelegation({ expiry: now + 60 });
      await wait(61);
      await expectRefusal(carol.governance.delegateBySignature(short), "VotesExpiredSignature", {
        expiry: BigInt(now + 60),
      });
      await carol.governance.delegateBySignature(week);
    });

    it("holds only as it was signed", async () => {
      const { alice, carol, accounts } = sdk;
      const delegation = await alice.governance.signDelegation();

      for (const forged of [
        { ...delegation, delegatee: accounts.bob.address },
        { ...delegation, expiry: delegation.expiry + 1 },
        { ...delegation, delegator: accounts.bob.address },
      ]) {
        await expectRefusal(carol.governance.delegateBySignature(forged), "DelegationInvalid", {
          delegator: forged.delegator,
        });
      }
      await failureOf(InvalidArgument, carol.governance.delegateBySignature({ ...delegation, delegatee: "bob" }));
      await failureOf(InvalidArgument, alice.governance.signDelegation({ to: "bob" }));
    });

    it("signs for the domain that the token announces, for smart wallets too", async () => {
      const { accounts, carol, connection, weal } = sdk;
      const wallet = await connection.ethers.deployContract("ERC1271Wallet", [accounts.bob]);
      const delegator = await wallet.getAddress();
      await weal.transfer(delegator, parseEther("7"));
      const { name, version, chainId, verifyingContract } = await weal.eip712Domain();
      const types = {
        WalletDelegation: [
          { name: "delegator", type: "address" },
          { name: "delegatee", type: "address" },
          { name: "nonce", type: "uint256" },
          { name: "expiry", type: "uint256" },
        ],
      };
      const domain = { name, version, chainId, verifyingContract };
      const unsigned = { delegator, delegatee: accounts.carol.address, nonce: "0", expiry: 4_000_000_000 };
      await carol.governance.delegateBySignature({
        ...unsigned,
        signature: await accounts.bob.signTypedData(domain, types, unsigned),
      });
      expect(await carol.governance.votesOf({ account: accounts.carol.address })).to.equal(parseEther("7"));

      const { signature, ...own } = await sdk.alice.governance.signDelegation();
      const digest = TypedDataEncoder.hash(domain, types, own);
      expect(connection.ethers.recoverAddress(digest, signature)).to.equal(accounts.alice.address);
    });
  });

  describe("votesOf and delegateOf", () => {
    it("tell who votes with what", async () => {
      const { governance } = sdk.reader;
      const { alice, bob } = sdk.accounts;
      expect(await governance.delegateOf({ account: alice.address })).to.equal(undefined);
      expect(await governance.votesOf({ account: alice.address })).to.equal(0n);

      await sdk.alice.governance.delegate({ to: bob.address });
      expect(await governance.delegateOf({ account: alice.address })).to.equal(bob.address);
      expect([
        await governance.votesOf({ account: alice.address }),
        await governance.votesOf({ account: bob.address }),
      ]).to.deep.equal([0n, parseEther("1000")]);
      await failureOf(InvalidArgument, governance.votesOf({ account: "alice" }));
      await failureOf(InvalidArgument, governance.delegateOf({ account: "alice" }));
    });
  });
});
