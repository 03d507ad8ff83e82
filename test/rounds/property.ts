import { expect } from "chai";
import { id } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { SYMBOLS } from "../royalties/support.js";
import { commitmentOf, type Leaf, MONEY, partOf, State } from "./hashes.support.js";
import { deployRounds, type Round, type RoundsContext } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;

/** How the arbiter decides about an attempt: not at all if nobody challenges, or if it is silent. */
type Verdict = "upheld" | "rejected" | "silent";

const attempt = fc.record({
  challengers: fc.nat(3),
  verdict: fc.constantFrom<Verdict>("upheld", "upheld", "rejected", "silent"),
});

/** What may become of a round: who pays what, what is submitted and revealed, what is posted, challenged and decided. */
const plan = fc.record({
  symbol: fc.constantFrom(...SYMBOLS),
  fundings: fc.array(fc.record({ funder: fc.nat(2), amount: fc.bigInt(1n, 700n) }), { minLength: 1, maxLength: 5 }),
  submissions: fc.array(fc.record({ contributor: fc.nat(1), isRevealed: fc.boolean() }), { maxLength: 3 }),
  attempts: fc.array(attempt, { maxLength: 3 }),
  isFinalised: fc.boolean(),
  /** Parts of what the leaves could have at most. */
  cash: fc.array(fc.nat(33), { minLength: 1, maxLength: 3 }),
  shares: fc.array(fc.nat(200_000), { minLength: 3, maxLength: 3 }),
  split: fc.constantFrom(
    { contributors: 600_000, funders: 333_333, coordinator: 66_667 },
    { contributors: 1_000_000, funders: 0, coordinator: 0 },
    { contributors: 600_001, funders: 399_999, coordinator: 0 },
  ),
  order: fc.infiniteStream(fc.nat()),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

const MAX_ATTEMPTS = 3;
/** Of which about four plans in five raise more. */
const TARGET = 500n;

/** What the round came to by the test's own account. */
interface Outcome {
  isFinalised: boolean;
  forfeits: bigint;
  /** Whether the coordinator's last bond is its own still. */
  hasBond: boolean;
  /** Challengers whose bonds return, by attempt. */
  returned: { attempt: number; challengers: number }[];
  leaves: Leaf[];
}

const deploy = () => deployRounds(connection);

/** Takes a round to its end; returns what it should have come to. */
async function follow(context: RoundsContext, round: Round, { attempts, isFinalised, cash, shares }: Plan) {
  const { dave, erin, carol, challenger, stranger } = context;
  const outcome: Outcome = { isFinalised: false, forfeits: 0n, hasBond: false, returned: [], leaves: [] };
  const { raised } = await round.record();
  if (raised < TARGET) return outcome;

  const accounts = [dave, erin, carol];
  const leaves = cash.map((percent, index) => ({
    index,
    account: accounts[index].address,
    shares: shares[index],
    cash: ((raised - MONEY.coordinatorCash) * BigInt(percent)) / 100n,
  }));
  const { result } = round.resultOf({ leaves });
  await round.toResults();
  for (const [i, { challengers, verdict }] of attempts.entries()) {
    await round.post(result);
    outcome.hasBond = true;
    for (const account of [challenger, stranger, dave].slice(0, challengers)) await round.challenge(i + 1, account);
    await round.pastChallenges();
    if (challengers > 0 && verdict === "silent") {
      outcome.returned.push({ attempt: i + 1, challengers });

      return outcome;
    }
    if (challengers > 0) await round.resolve(verdict === "upheld", i + 1);
    if (challengers > 0 && verdict === "upheld") {
      outcome.forfeits += MONEY.resultBond;
      outcome.hasBond = false;
      outcome.returned.push({ attempt: i + 1, challengers });
      continue;
    }

    outcome.forfeits += MONEY.challengeBond * BigInt(challengers);
    if (!isFinalised) return outcome;
    await time.increase(1);
    await round.finalise(result);

    return { ...outcome, isFinalised: true, leaves };
  }

  return outcome;
}

describe("TrainingRounds", () => {
  describe("any course of a round", () => {
    it("pays each what is theirs, in any order, and keeps no unit; another round feels nothing", async function () {
      this.timeout(240_000);

      await fc.assert(
        fc.asyncProperty(plan, async (what) => {
          const context = await networkHelpers.loadFixture(deploy);
          const { rounds, ledger, alice, bob, carol, dave, erin, challenger, stranger, usdc, roundsAddress } = context;
          const currency = context.currencyOf(what.symbol);
          await usdc.mint(stranger.address, 1_000n);
          await usdc.connect(stranger).approve(roundsAddress, 1_000n);
          const other = await context.opened({ currency });
          await other.fund(777n);
          const untouched = await other.record();
          const round = await context.opened({
            ...{ currency, split: what.split, money: { target: TARGET, cap: 4_000n } },
            schedule: { maxAttempts: MAX_ATTEMPTS },
          });
          const { roundId, opening } = round;

          const funders = [bob, carol, erin];
          const fundings: { funder: typeof bob; offset: bigint; amount: bigint }[] = [];
          let raised = 0n;
          for (const { funder, amount } of what.fundings) {
            await round.fund(amount, funders[funder]);
            fundings.push({ funder: funders[funder], offset: raised, amount });
            raised += amount;
          }
          const submissions = what.submissions.map(({ contributor, isRevealed }, i) => ({
            ...{ by: [dave, erin][contributor], text: `submission ${i}`, isRevealed },
          }));
          for (const { by, text } of submissions) await round.submit(text, by);
          if (raised >= TARGET) {
            await time.increaseTo(round.schedule.submissionUntil);
            for (const { by, text, isRevealed } of submissions) if (isRevealed) await round.reveal(text, by);
          }

          const outcome = await follow(context, round, what);
          if (!outcome.isFinalised) await time.increase(1_000 * 86_400);
          expect(await round.stateOf()).to.equal(outcome.isFinalised ? State.Finalised : State.Refunding);
          expect((await round.record()).forfeits).to.equal(outcome.forfeits);

          // Everybody takes what is theirs, in an order of the plan's.
          const spent = outcome.leaves.reduce((sum, { cash }) => sum + cash, 0n);
          const pot = (outcome.isFinalised ? raised - MONEY.coordinatorCash - spent : raised) + outcome.forfeits;
          const due: [account: string, amount: bigint, take: () => Promise<unknown>][] = [
            ...fundings.map(({ funder, offset, amount }): (typeof due)[number] => [
              funder.address,
              partOf(pot, offset, amount, raised),
              () => rounds[outcome.isFinalised ? "claimFundings" : "refund"](roundId, [offset], funder),
            ]),
            ...submissions.map(({ by, text }): (typeof due)[number] => [
              by.address,
              MONEY.submissionBond,
              () => rounds.takeSubmissionBond(roundId, by, commitmentOf(by.address, id(text)), by),
            ]),
            ...outcome.returned.flatMap(({ attempt, challengers }) =>
              [challenger, stranger, dave]
                .slice(0, challengers)
                .map((account): (typeof due)[number] => [
                  account.address,
                  MONEY.challengeBond,
                  () => rounds.takeChallengeBond(opening, attempt, account, account),
                ]),
            ),
            ...outcome.leaves.map((leaf): (typeof due)[number] => [
              leaf.account,
              leaf.cash,
              () => rounds.claim(roundId, leaf, round.resultOf({ leaves: outcome.leaves }).proofOf(leaf), leaf.account),
            ]),
          ];
          const coordinatorDue =
            (outcome.isFinalised ? MONEY.coordinatorCash : 0n) + (outcome.hasBond ? MONEY.resultBond : 0n);
          if (coordinatorDue > 0n) {
            due.push([alice.address, coordinatorDue, () => rounds.payCoordinator(opening, alice)]);
          }
          while (due.length > 0) {
            const [[account, amount, take]] = due.splice((what.order.next().value as number) % due.length, 1);
            const before = await context.balanceOf(currency);
            const mine = await balanceOf(context, currency, account);
            await take();
            expect(before - (await context.balanceOf(currency))).to.equal(amount);
            // Whoever calls pays gas, and calls as the deployer.
            expect((await balanceOf(context, currency, account)) - mine).to.equal(amount);
          }

          expect(await context.balanceOf(currency)).to.equal(777n);
          expect((await other.record()).slice(1)).to.deep.equal(untouched.slice(1));
          await time.increaseTo(Math.max(await time.latest(), other.schedule.fundingUntil) + 1);
          await rounds.refund(other.roundId, [0], bob);
          expect(await context.balanceOf(currency)).to.equal(0n);
          if (outcome.isFinalised) {
            const pool = (await round.record()).pool;
            if (what.split.funders > 0) expect(await ledger.balanceOf(pool, round.model)).to.equal(0n);
            const held = await Promise.all(funders.map((funder) => ledger.balanceOf(funder, round.model)));
            const byLeaf = outcome.leaves.filter(({ account }) => funders.some(({ address }) => address === account));
            expect(held.reduce((a, b) => a + b)).to.equal(
              BigInt(what.split.funders + byLeaf.reduce((sum, { shares }) => sum + shares, 0)),
            );
          }
        }),
        { numRuns: 60 },
      );
    });
  });
});

/** What somebody has in a currency. */
function balanceOf({ usdc }: RoundsContext, currency: string, account: string): Promise<bigint> {
  return /^0x0+$/.test(currency) ? connection.ethers.provider.getBalance(account) : usdc.balanceOf(account);
}
