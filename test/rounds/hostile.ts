import { expect } from "chai";
import { AbiCoder, id, keccak256, MaxUint256 } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { commitmentOf, Kind, State } from "./hashes.support.js";
import { deployRounds, type RoundsContext } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

const keccakOf = (types: string[], values: unknown[]) => keccak256(AbiCoder.defaultAbiCoder().encode(types, values));

/** Lists a token of this kind, of which everybody has some that rounds may take. */
async function introduced(context: RoundsContext, name: string, args: unknown[] = []) {
  const { alice, bob, carol, dave, challenger, roundsAddress } = context;
  const token = await ethers.getContractAt(name, await (await ethers.deployContract(name, args)).getAddress());
  for (const account of [alice, bob, carol, dave, challenger]) {
    await token.getFunction("mint").send(account.address, 10n ** 12n);
    await token.connect(account).getFunction("approve").send(roundsAddress, MaxUint256);
  }

  return { token, currency: await context.list(token) };
}

describe("TrainingRounds", () => {
  describe("with a token that delivers less", () => {
    it("takes nothing of it", async () => {
      const context = await fixture();
      const { rounds } = context;
      const { currency } = await introduced(context, "FeeOnTransferToken", [100]);
      const round = await context.opened({ currency });

      await expect(round.fund(1_000n)).to.be.revertedWithCustomError(rounds, "RoundPaymentShort").withArgs(1_000, 990);
      const dear = await context.opened({ currency, money: { submissionBond: 200n } });
      await expect(dear.submit("data")).to.be.revertedWithCustomError(rounds, "RoundPaymentShort").withArgs(200, 198);
    });

    it("counts no loss as a gain", async () => {
      const context = await fixture();
      const { rounds, roundsAddress } = context;
      const { token, currency } = await introduced(context, "FeeOnTransferToken", [15_000]);
      const { fund } = await context.opened({ currency });
      // Without it the token itself would stop: it burns more than comes.
      await token.getFunction("mint").send(roundsAddress, 10_000n);

      await expect(fund(1_000n)).to.be.revertedWithCustomError(rounds, "RoundPaymentShort").withArgs(1_000, 0);
    });
  });

  describe("with a token that calls back", () => {
    /** Calls that move money, of a round in which each of them might work at some time. */
    const locked = {
      fund: ({ rounds }: RoundsContext, roundId: string) => rounds.interface.encodeFunctionData("fund", [roundId, 1n]),
      submit: ({ rounds }: RoundsContext, roundId: string) =>
        rounds.interface.encodeFunctionData("submit", [roundId, id("x"), Kind.Code, 1n]),
      refund: ({ rounds, bob }: RoundsContext, roundId: string) =>
        rounds.interface.encodeFunctionData("refund", [roundId, [0], bob.address]),
      claimFundings: ({ rounds, bob }: RoundsContext, roundId: string) =>
        rounds.interface.encodeFunctionData("claimFundings", [roundId, [0], bob.address]),
      takeSubmissionBond: ({ rounds, dave }: RoundsContext, roundId: string) =>
        rounds.interface.encodeFunctionData("takeSubmissionBond", [
          ...([roundId, dave.address, commitmentOf(dave.address, id("data")), dave.address] as const),
        ]),
    };

    for (const [name, dataOf] of Object.entries(locked)) {
      it(`has it wait with ${name}`, async () => {
        const context = await fixture();
        const { rounds, roundsAddress } = context;
        const { token, currency } = await introduced(context, "ReentrantToken");
        const round = await context.opened({ currency });
        await round.fund(500n);
        await round.submit("data");

        await token.getFunction("prepare").send(roundsAddress, dataOf(context, round.roundId));
        await expect(round.fund(1n)).to.be.revertedWithCustomError(rounds, "ReentrancyGuardReentrantCall");
      });
    }

    it("does not let a refund come twice", async () => {
      const context = await fixture();
      const { rounds, roundsAddress, bob } = context;
      const { token, currency } = await introduced(context, "ReentrantToken");
      const round = await context.failed({ currency });
      const again = rounds.interface.encodeFunctionData("refund", [round.roundId, [0], bob.address]);

      await token.getFunction("prepare").send(roundsAddress, again);
      await expect(rounds.connect(bob).refund(round.roundId, [0], bob)).to.be.revertedWithCustomError(
        rounds,
        "ReentrancyGuardReentrantCall",
      );
    });
  });

  describe("with a recipient that calls back", () => {
    it("has paid, and noted it, before ETH goes out", async () => {
      const context = await fixture();
      const { rounds, roundsAddress } = context;
      const holder = await ethers.deployContract("ReentrantHolder");
      const account = await holder.getAddress();
      const leaves = [{ index: 0, account, shares: 5, cash: 400n }];
      const round = await context.finalised({ currency: ETH }, ({ resultOf }) => resultOf({ leaves }).result);
      const { proofOf } = round.resultOf({ leaves });
      const proof = proofOf(leaves[0]);

      const again = rounds.interface.encodeFunctionData("claim", [round.roundId, leaves[0], proof, account]);
      await holder.getFunction("prepare").send(roundsAddress, again);
      await expect(rounds.claim(round.roundId, leaves[0], proof, account)).to.be.revert(ethers);
      const nothing = rounds.interface.encodeFunctionData("isLeafClaimed", [round.roundId, 0]);
      await holder.getFunction("prepare").send(roundsAddress, nothing);
      await expect(rounds.claim(round.roundId, leaves[0], proof, account)).to.changeEtherBalance(ethers, account, 400n);
    });
  });

  describe("with somebody who cannot be paid", () => {
    it("lets whoever takes no ETH have it sent elsewhere, and stops nobody else", async () => {
      const context = await fixture();
      const { rounds, ledger, dave, stranger, roundsAddress } = context;
      const holder = await ethers.deployContract("RefusingHolder");
      const account = await holder.getAddress();
      const leaves = [
        { index: 0, account, shares: 5, cash: 400n },
        { index: 1, account: dave.address, shares: 7, cash: 100n },
      ];
      const round = await context.finalised({ currency: ETH }, ({ resultOf }) => resultOf({ leaves }).result);
      const { proofOf } = round.resultOf({ leaves });
      const proof = proofOf(leaves[0]);
      await expect(rounds.claim(round.roundId, leaves[0], proof, account)).to.be.revert(ethers);
      await rounds.claim(round.roundId, leaves[1], proofOf(leaves[1]), dave);

      // Its shares it can have without the cash, in the ledger.
      const { allocation } = await round.record();
      await ledger.claimShares(round.model, allocation, 0, account, 5, proof);
      const claim = rounds.interface.encodeFunctionData("claim", [round.roundId, leaves[0], proof, stranger.address]);
      await expect(holder.getFunction("execute").send(roundsAddress, claim)).to.changeEtherBalance(
        ethers,
        stranger,
        400n,
      );
    });

    it("moves on while its token moves nothing, and pays when it does again", async () => {
      const context = await fixture();
      const { rounds, challenger, dave, bob } = context;
      const { token, currency } = await introduced(context, "FalseReturningToken");
      const round = await context.opened({ currency });
      await round.fund(1_000n);
      await round.submit("data");
      await time.increaseTo(round.schedule.submissionUntil);
      await token.getFunction("setFrozen").send(true);
      await round.reveal("data");
      await token.getFunction("setFrozen").send(false);
      await round.toResults();
      await round.post();
      await round.challenge();
      await round.pastChallenges();
      await token.getFunction("setFrozen").send(true);

      await round.resolve(false);
      await round.finalise();
      expect(await round.stateOf()).to.equal(State.Finalised);
      await expect(
        rounds.takeSubmissionBond(round.roundId, dave, commitmentOf(dave.address, id("data")), dave),
      ).to.be.revert(ethers);
      await token.getFunction("setFrozen").send(false);
      await rounds.takeSubmissionBond(round.roundId, dave, commitmentOf(dave.address, id("data")), dave);
      await rounds.claimFundings(round.roundId, [0], bob);
      expect(await rounds.isChallenger(round.roundId, 1, challenger)).to.equal(true);
    });
  });

  describe("with a coordinator who reposts for ever", () => {
    it("ends after the attempts that the terms allow, by the last second that they allow", async () => {
      const context = await fixture();
      const round = await context.opened({ schedule: { maxAttempts: 10 } });
      await round.fund(1_000n);
      await round.toResults();
      const { schedule } = round;
      for (let attempt = 1; attempt <= 10; ++attempt) {
        await round.post();
        await round.challenge(attempt);
        await time.setNextBlockTimestamp((await round.record()).arbitrationUntil);
        await round.resolve(true, attempt);
      }

      expect(await round.stateOf()).to.equal(State.Refunding);
      expect((await round.record()).forfeits).to.equal(500n);
      const each = schedule.reviewPeriod + schedule.challengePeriod + schedule.arbitrationPeriod;
      expect(await time.latest()).to.be.at.most(schedule.revealUntil + 10 * each);
    });
  });

  describe("with a pool whose money comes short", () => {
    it("touches neither rounds nor other pools", async () => {
      const context = await fixture();
      const { rounds, ledger, bob, roundsAddress, usdc } = context;
      const fees = await ethers.deployContract("FeeOnTransferToken", [1_000]);
      const currency = await context.list(fees);
      const round = await context.finalised();
      const inner = keccakOf(["address", "bytes32"], [roundsAddress, round.roundId]);
      const salt = keccakOf(["address", "bytes32"], [await context.registry.getAddress(), inner]);
      await fees.getFunction("mint").send(round.model, 1_000_000n);
      await ledger.sweep([salt], [currency]);
      const before = await usdc.balanceOf(roundsAddress);

      await rounds.claimFundings(round.roundId, [0], bob);
      const pool = await ethers.getContractAt("FunderPool", (await round.record()).pool);
      const owed = await pool.getFunction("owedTo").staticCall(bob, currency);
      expect(owed).to.be.above(0n);
      // What Bob did not spend came in USDC, as it should.
      expect(before - (await usdc.balanceOf(roundsAddress))).to.equal(35n);
      expect(await fees.getFunction("balanceOf").staticCall(roundsAddress)).to.equal(0n);
    });
  });
});
