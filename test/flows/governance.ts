import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { expect } from "chai";
import { id, MaxUint256, parseEther, ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { ClaimTree } from "../../scripts/genesis.js";
import type { WealGovernor } from "../../types/ethers-contracts/index.js";
import { fractions, Vote, weal } from "../governance/support.js";
import { ETH, NO_REF, registerModel } from "../helpers/models.js";
import { DAY, FOUNDER, VERIFIERS } from "../helpers/protocol.js";
import { signClaim, WAIT } from "../registry/sources.support.js";
import { addressOf, call, dollars, type Rehearsal, rehearse } from "./governance.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** Each step goes on where the last one ended. */
describe("Governance, from genesis through every kind of proposal", () => {
  let protocol: Rehearsal;
  let people: Rehearsal["people"];
  let wallet: string;
  let chainId: bigint;
  let decide: Rehearsal["decide"];
  let model: string;

  before(async () => {
    protocol = await rehearse(connection);
    ({ people, wallet, chainId, decide } = protocol);
  });

  describe("genesis", () => {
    it("has the community claim its part, by proof, whoever sends it", async () => {
      const { genesisClaim, claims } = protocol;
      const tree = StandardMerkleTree.load(claims as ClaimTree);
      const [, , index, account, amount] = tree.at(0) as string[];
      expect(account).to.equal(people.deployer.address);

      await expect(genesisClaim.connect(people.stranger).claim(index, account, amount, tree.getProof(0)))
        .to.emit(genesisClaim, "GenesisClaimed")
        .withArgs(0, account, weal("50000000"));
      expect(await protocol.weal.balanceOf(account)).to.equal(weal("650000000"));
    });

    it("lets holders delegate: to themselves, to somebody else, by signature, and from a wallet", async () => {
      const { weal: token } = protocol;
      const { deployer, alice, bob, carol, stranger } = people;
      for (const [holder, amount] of [
        [alice.address, "45000000"],
        [bob.address, "30000000"],
        [carol.address, "20000000"],
        [wallet, "15000000"],
      ]) {
        await token.connect(deployer).transfer(holder, weal(amount));
      }

      await expect(token.connect(alice).delegate(alice.address))
        .to.emit(token, "DelegateChanged")
        .withArgs(alice.address, ZeroAddress, alice.address)
        .and.to.emit(token, "DelegateVotesChanged")
        .withArgs(alice.address, 0, weal("45000000"));
      await expect(token.connect(deployer).delegate(carol.address))
        .to.emit(token, "DelegateVotesChanged")
        .withArgs(carol.address, 0, weal("540000000"));
      // Once seen, taken back: a delegate of more than half would decide alone.
      await token.connect(deployer).delegate(ZeroAddress);
      await token.connect(carol).delegate(carol.address);

      const domain = { name: "Commonweal", version: "1", chainId, verifyingContract: await addressOf(token) };
      const word = (name: string, type: string) => ({ name, type });
      const delegation = { delegatee: bob.address, nonce: 0n, expiry: MaxUint256 };
      const fields = [word("delegatee", "address"), word("nonce", "uint256"), word("expiry", "uint256")];
      const { r, s, v } = ethers.Signature.from(await bob.signTypedData(domain, { Delegation: fields }, delegation));
      await expect(token.connect(stranger).delegateBySig(bob.address, 0, MaxUint256, v, r, s))
        .to.emit(token, "DelegateVotesChanged")
        .withArgs(bob.address, 0, weal("30000000"));
      const ofWallet = await bob.signTypedData(
        domain,
        { WalletDelegation: [word("delegator", "address"), ...fields] },
        { ...delegation, delegator: wallet, delegatee: wallet },
      );
      await expect(token.connect(stranger).delegateBySignature(wallet, wallet, 0, MaxUint256, ofWallet))
        .to.emit(token, "DelegateChanged")
        .withArgs(wallet, ZeroAddress, wallet);
      expect(await token.getVotes(wallet)).to.equal(weal("15000000"));
    });

    it("leaves the deployer without a say in anything", async () => {
      const { governor, ledger, timelock } = protocol;

      await expect(ledger.connect(people.deployer).setProtocolFee(0))
        .to.be.revertedWithCustomError(ledger, "NotGovernance")
        .withArgs(people.deployer.address);
      expect(await timelock.hasRole(await timelock.PROPOSER_ROLE(), await addressOf(governor))).to.equal(true);
      expect(await timelock.hasRole(await timelock.DEFAULT_ADMIN_ROLE(), people.deployer.address)).to.equal(false);
    });
  });

  describe("development", () => {
    it("pays a grant in ETH, USDC and WEAL from the treasury; votes are for, against and to abstain", async () => {
      const { ledger, usdc, weal: token, timelock, registry } = protocol;
      const { alice, bob, carol, maker, payer, stranger } = people;
      const usdcAddress = await addressOf(usdc);
      model = await registerModel({ registry }, maker);
      await usdc.mint(payer.address, dollars("1000000"));
      await usdc.connect(payer).approve(ledger, MaxUint256);
      await ledger.connect(payer).pay(model, ETH, parseEther("10"), NO_REF, { value: parseEther("10") });
      await ledger.connect(payer).pay(model, usdcAddress, dollars("10000"), NO_REF);
      for (const [currency, fee] of [
        [ETH, parseEther("0.1")],
        [usdcAddress, dollars("100")],
      ] as const) {
        await ledger.cascade([model], currency);
        await expect(ledger.collectFees(currency)).to.emit(ledger, "FeesCollected").withArgs(currency, fee);
      }
      const grantee = ethers.Wallet.createRandom().address;

      const execution = decide(
        "A grant for a tokenizer",
        [
          Promise.resolve({ target: grantee, value: parseEther("0.1"), data: "0x" }),
          call(usdc, "transfer", [grantee, dollars("75")]),
          call(token, "transfer", [grantee, weal("1234")]),
        ],
        {
          async vote(governor, proposalId) {
            await expect(governor.connect(alice).castVoteWithReason(proposalId, Vote.For, "We need it"))
              .to.emit(governor, "VoteCast")
              .withArgs(alice.address, proposalId, Vote.For, weal("45000000"), "We need it");
            await governor.connect(carol).castVote(proposalId, Vote.Against);
            await governor.connect(bob).castVote(proposalId, Vote.Abstain);
            expect(await governor.proposalVotes(proposalId)).to.deep.equal([
              weal("20000000"),
              weal("45000000"),
              weal("30000000"),
            ]);
            await expect(governor.connect(stranger).castVote(proposalId, Vote.Against))
              .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
              .withArgs(stranger.address);
          },
        },
      );
      const treasury = await addressOf(timelock);
      await expect(execution).to.changeEtherBalances(
        ethers,
        [treasury, grantee],
        [-parseEther("0.1"), parseEther("0.1")],
      );
      await expect(execution).to.emit(usdc, "Transfer").withArgs(treasury, grantee, dollars("75"));
      await expect(execution).to.emit(token, "Transfer").withArgs(treasury, grantee, weal("1234"));
      expect(await usdc.balanceOf(treasury)).to.equal(dollars("25"));
    });

    it("changes the fee of models to come and lists a currency; a custodian splits its votes", async () => {
      const { ledger, registry } = protocol;
      const { alice, carol, maker } = people;
      const euro = await ethers.deployContract("TestToken", ["Test Euro", "EURT", 6]);
      expect(await ledger.isListed(euro)).to.equal(false);

      const execution = decide(
        "Half the fee, and euros",
        [call(ledger, "setProtocolFee", [50]), call(ledger, "addCurrency", [await addressOf(euro)])],
        {
          async vote(governor, proposalId) {
            await governor.connect(alice).castVote(proposalId, Vote.For);
            const split = fractions(weal("12000000"), weal("5000000"), weal("3000000"));
            await expect(
              governor.connect(carol).castVoteWithReasonAndParams(proposalId, Vote.Fractional, "For three", split),
            )
              .to.emit(governor, "VoteCastWithParams")
              .withArgs(carol.address, proposalId, Vote.Fractional, weal("20000000"), "For three", split);
            expect(await governor.proposalVotes(proposalId)).to.deep.equal([
              weal("12000000"),
              weal("50000000"),
              weal("3000000"),
            ]);
          },
        },
      );
      await expect(execution).to.emit(ledger, "ProtocolFeeUpdated").withArgs(100, 50);
      await expect(execution)
        .to.emit(ledger, "CurrencyListed")
        .withArgs(await addressOf(euro), 3);
      expect(await ledger.isListed(euro)).to.equal(true);
      expect((await ledger.modelTermsOf(model)).feeBps).to.equal(100n);
      const later = await registerModel({ registry }, maker);
      expect((await ledger.modelTermsOf(later)).feeBps).to.equal(50n);
    });

    it("sets what fees earn in votes; people vote by signature, from a wallet too, and others send it", async () => {
      const { stakeholding } = protocol;
      const { alice, bob, stranger } = people;
      const rate = 2_000n * 10n ** 18n;

      const execution = decide(
        "Two thousand WEAL for an ETH of fees",
        [call(stakeholding, "setRate", [ETH, rate]), call(stakeholding, "setEpochCap", [weal("500000")])],
        {
          async vote(governor, proposalId) {
            const domain = await protocol.domainOf(governor);
            const word = (name: string, type: string) => ({ name, type });
            const types = {
              Ballot: [
                word("proposalId", "uint256"),
                word("support", "uint8"),
                word("voter", "address"),
                word("nonce", "uint256"),
              ],
            };
            for (const [voter, signer, votes] of [
              [alice.address, alice, "45000000"],
              [wallet, bob, "15000000"],
            ] as const) {
              const ballot = { proposalId, support: Vote.For, voter, nonce: 0n };
              const signature = await signer.signTypedData(domain, types, ballot);
              await expect(governor.connect(stranger).castVoteBySig(proposalId, Vote.For, voter, signature))
                .to.emit(governor, "VoteCast")
                .withArgs(voter, proposalId, Vote.For, weal(votes), "");
            }
          },
        },
      );
      await expect(execution).to.emit(stakeholding, "RateUpdated").withArgs(ETH, 0, rate);
      await expect(execution).to.emit(stakeholding, "EpochCapUpdated").withArgs(weal("1000000"), weal("500000"));
      expect(await stakeholding.rateOf(ETH)).to.equal(rate);
    });

    it("makes a voter of a contributor: fees earn WEAL, which the maker claims and delegates", async () => {
      const { stakeholding, ledger, weal: token } = protocol;
      const { maker, stranger } = people;
      const wealAddress = await addressOf(token);

      // A hundredth of 10 ETH, at 2,000 WEAL; of those the protocol takes a hundredth as of any income.
      await expect(stakeholding.connect(stranger).award([model], ETH))
        .to.emit(stakeholding, "FeesCounted")
        .withArgs(model, ETH, parseEther("0.1"), weal("200"));
      await ledger.connect(maker).claim([model], wealAddress, maker.address);
      await token.connect(maker).delegate(maker.address);

      expect(await token.getVotes(maker.address)).to.equal(weal("198"));
    });
  });

  describe("use", () => {
    it("publishes a policy and names verifiers; the contributor votes, and a late quorum gives others time", async () => {
      const { usePolicy, sources } = protocol;
      const { alice, carol, maker, stranger } = people;
      expect(await usePolicy.policyVersion()).to.equal(1n);
      const digest = id("the second use policy");

      const execution = decide(
        "A second policy, and who verifies",
        [
          call(usePolicy, "publishPolicy", [digest, 9, "ipfs://second"]),
          call(sources, "setVerifier", [stranger.address, true]),
          call(sources, "setVerifier", [VERIFIERS[2].address, false]),
          call(sources, "setThreshold", [1]),
        ],
        {
          async vote(governor, proposalId) {
            await expect(governor.connect(maker).castVote(proposalId, Vote.For))
              .to.emit(governor, "VoteCast")
              .withArgs(maker.address, proposalId, Vote.For, weal("198"), "");
            const late = (await governor.proposalDeadline(proposalId)) - 3_600n;
            await networkHelpers.time.setNextBlockTimestamp(late);
            await expect(governor.connect(alice).castVote(proposalId, Vote.For))
              .to.emit(governor, "ProposalExtended")
              .withArgs(proposalId, late + BigInt(2 * DAY));
            await networkHelpers.time.increase(DAY);
            await governor.connect(carol).castVote(proposalId, Vote.Against);
          },
        },
      );
      const executedAt = (await (await execution).getBlock())?.timestamp as number;
      await expect(execution).to.emit(usePolicy, "PolicyPublished").withArgs(2, digest, 9, "ipfs://second");
      await expect(execution)
        .to.emit(sources, "VerifierUpdated")
        .withArgs(stranger.address, executedAt + WAIT);
      await expect(execution).to.emit(sources, "VerifierUpdated").withArgs(VERIFIERS[2].address, 0);
      await expect(execution)
        .to.emit(sources, "ThresholdUpdated")
        .withArgs(1, executedAt + WAIT);
      expect(await usePolicy.policyOf(2)).to.deep.equal([digest, 9n, BigInt(executedAt)]);
      expect(await sources.threshold()).to.equal(2n);
      await networkHelpers.time.increase(WAIT);
      expect(await sources.threshold()).to.equal(1n);
      expect(await sources.isVerifier(stranger.address)).to.equal(true);
      expect(await sources.isVerifier(VERIFIERS[2].address)).to.equal(false);
    });

    it("cancels the claim of a source while it waits", async () => {
      const { sources } = protocol;
      const { bob, stranger } = people;
      await sources.registerSource(0, "org/name");
      const source = await sources.sourceIdOf(0, "org/name");
      const deadline = (await networkHelpers.time.latest()) + DAY;
      const terms = { source, recipient: bob.address, model: ZeroAddress, nonce: 0n, deadline };
      const domain = { chainId, verifyingContract: await addressOf(sources) };
      const attestations = await signClaim([VERIFIERS[0]], domain, terms);
      await sources.claimSource(source, bob.address, ZeroAddress, deadline, attestations);

      const execution = decide("Not Bob's", [call(sources, "cancelClaim", [source, 0, []])]);
      await expect(execution).to.emit(sources, "SourceClaimCancelled").withArgs(source, bob.address);
      await networkHelpers.time.increase(WAIT);
      await expect(sources.connect(stranger).completeClaim(source))
        .to.be.revertedWithCustomError(sources, "SourceClaimNotFound")
        .withArgs(source);
    });
  });

  describe("governance itself", () => {
    it("changes its own periods and quorum, and its timelock's delay", async () => {
      const { governor, timelock } = protocol;

      const execution = decide("Slower, and with more", [
        call(governor, "setVotingDelay", [2 * DAY]),
        call(governor, "setVotingPeriod", [10 * DAY]),
        call(governor, "updateQuorumNumerator", [6]),
        call(timelock, "updateDelay", [4 * DAY]),
      ]);
      await expect(execution)
        .to.emit(governor, "VotingDelaySet")
        .withArgs(DAY, 2 * DAY);
      await expect(execution)
        .to.emit(governor, "VotingPeriodSet")
        .withArgs(7 * DAY, 10 * DAY);
      await expect(execution).to.emit(governor, "QuorumNumeratorUpdated").withArgs(4, 6);
      await expect(execution)
        .to.emit(timelock, "MinDelayChange")
        .withArgs(2 * DAY, 4 * DAY);
      expect(await governor.votingPeriod()).to.equal(10 * DAY);
      expect(await timelock.getMinDelay()).to.equal(4 * DAY);
    });

    it("asks for the new quorum from then on: Alice alone is not enough any more", async () => {
      const { governor, ledger } = protocol;
      const actions = [call(ledger, "setProtocolFee", [0])];

      await expect(decide("Alone", actions)).to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState");
      const both = async (each: WealGovernor, proposalId: bigint) => {
        for (const voter of [people.alice, people.bob]) await each.connect(voter).castVote(proposalId, Vote.For);
      };
      await expect(decide("Together", actions, { vote: both }))
        .to.emit(ledger, "ProtocolFeeUpdated")
        .withArgs(50, 0);
    });
  });

  describe("founders", () => {
    it("get theirs over the years, and vote with what has vested alone", async () => {
      const { weal: token, plan } = protocol;
      const vesting = plan.find(({ name }) => name === "VestingWallet0")?.address as string;
      const release = (await ethers.getContractAt("VestingWallet", vesting)).getFunction("release(address)");
      const middle = Date.parse("2035-01-01T00:00:00Z") / 1_000;
      const [start, end] = [Date.parse("2030-01-01T00:00:00Z") / 1_000, Date.parse("2040-01-01T00:00:00Z") / 1_000];
      await networkHelpers.time.setNextBlockTimestamp(middle);
      await release(await addressOf(token));
      const vested = (weal("50000000") * BigInt(middle - start)) / BigInt(end - start);
      expect(await token.balanceOf(FOUNDER)).to.equal(vested);

      await networkHelpers.impersonateAccount(FOUNDER);
      await networkHelpers.setBalance(FOUNDER, parseEther("1"));
      await token.connect(await ethers.getSigner(FOUNDER)).delegate(FOUNDER);

      expect(await token.getVotes(FOUNDER)).to.equal(vested);
    });
  });
});
