import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, registerModel } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { asEmitted, type Changes, CYCLE, MONEY, roundIdOf, State } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const YEAR = 365 * DAY;

const deploy = () => deployRounds(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("TrainingRounds", () => {
  it("knows its registry, and its terms the governor", async () => {
    const { rounds, terms, registry, governor } = await fixture();

    expect(await rounds.registry()).to.equal(await registry.getAddress());
    expect(await terms.registry()).to.equal(await registry.getAddress());
    expect(await terms.governor()).to.equal(await governor.getAddress());
  });

  describe("roundIdOf", () => {
    it("commits to every term, on this chain and in this contract", async () => {
      const { rounds, roundsAddress, chainId, openingOf, stranger, dataset } = await fixture();
      const opening = await openingOf();
      const { money, schedule, model } = opening;
      const other = stranger.address;
      const changed = [
        opening,
        { ...opening, coordinator: other },
        { ...opening, arbiter: other },
        { ...opening, currency: ETH },
        ...Object.keys(money).map((key) => ({ ...opening, money: { ...money, [key]: 1n } })),
        ...Object.keys(schedule).map((key) => ({ ...opening, schedule: { ...schedule, [key]: 1 } })),
        ...["contributors", "funders", "coordinator"].map((key) => ({
          ...opening,
          split: { ...opening.split, [key]: 1 },
        })),
        { ...opening, minReviews: 1 },
        { ...opening, reviewers: opening.reviewers.slice(1) },
        { ...opening, model: { ...model, owner: other } },
        ...["kind", "maxHostBps", "maxFeeBps"].map((key) => ({ ...opening, model: { ...model, [key]: 2 } })),
        { ...opening, model: { ...model, derivatives: { mode: 1, rateBps: 0, duration: 0 } } },
        {
          ...opening,
          model: { ...model, parents: [{ model: dataset, rateBps: 500, until: 0, relation: 6 }] },
        },
        { ...opening, licenseDigest: id("other") },
        { ...opening, budgetDigest: id("other") },
        { ...opening, salt: id("other") },
      ];
      const ids = new Set<string>();

      for (const terms of changed) {
        const roundId = roundIdOf(chainId, roundsAddress, terms);
        expect(await rounds.roundIdOf(terms)).to.equal(roundId);
        ids.add(roundId);
      }
      expect(ids.size).to.equal(changed.length);
    });
  });

  describe("open", () => {
    it("opens a round, whose terms are emitted", async () => {
      const { rounds, roundsAddress, registry, chainId, alice, openingOf, usdcAddress } = await fixture();
      const opening = await openingOf();
      const roundId = roundIdOf(chainId, roundsAddress, opening);
      expect(await rounds.stateOf(roundId)).to.equal(State.None);
      expect(await rounds.connect(alice).open.staticCall(opening, "")).to.equal(roundId);

      await expect(rounds.connect(alice).open(opening, "ipfs://terms"))
        .to.emit(rounds, "RoundOpened")
        .withArgs(roundId, alice.address, asEmitted(opening), "ipfs://terms");
      const round = await rounds.roundOf(roundId);
      expect([round.state, round.currency, round.raised]).to.deep.equal([BigInt(State.Open), usdcAddress, 0n]);
      expect(round.reviewUntil).to.equal(opening.schedule.revealUntil + opening.schedule.reviewPeriod);
      expect(await rounds.modelIdOf(roundId)).to.equal(await registry.modelIdOf(roundsAddress, roundId));
    });

    it("is the coordinator's, once for the same terms", async () => {
      const { rounds, roundsAddress, chainId, alice, stranger, openingOf } = await fixture();
      const opening = await openingOf();

      await expect(rounds.connect(stranger).open(opening, ""))
        .to.be.revertedWithCustomError(rounds, "NotRoundCoordinator")
        .withArgs(alice.address, stranger.address);
      await rounds.connect(alice).open(opening, "");
      await expect(rounds.connect(alice).open(opening, ""))
        .to.be.revertedWithCustomError(rounds, "RoundAlreadyOpened")
        .withArgs(roundIdOf(chainId, roundsAddress, opening));
    });

    it("refuses no arbiter, the coordinator as one, and no owner", async () => {
      const { rounds, terms, alice, openingOf } = await fixture();

      for (const arbiter of [ZeroAddress, alice.address]) {
        await expect(rounds.connect(alice).open(await openingOf({ arbiter }), ""))
          .to.be.revertedWithCustomError(terms, "RoundPartyInvalid")
          .withArgs(arbiter);
      }
      await expect(rounds.connect(alice).open(await openingOf({ model: { owner: ZeroAddress } }), ""))
        .to.be.revertedWithCustomError(terms, "RoundPartyInvalid")
        .withArgs(ZeroAddress);
    });

    it("refuses a currency that is not listed", async () => {
      const { terms, unlisted, openingOf } = await fixture();

      await expect(terms.check(await openingOf({ currency: unlisted })))
        .to.be.revertedWithCustomError(terms, "RoundCurrencyNotListed")
        .withArgs(unlisted);
    });

    it("refuses a target of nothing, above the cap, or below the coordinator's part", async () => {
      const { terms, openingOf } = await fixture();

      for (const money of [
        { target: 0n, cap: 10n, coordinatorCash: 0n },
        { target: 11n, cap: 10n, coordinatorCash: 0n },
        { target: 9n, cap: 10n, coordinatorCash: 10n },
      ]) {
        await expect(terms.check(await openingOf({ money: { ...MONEY, ...money } })))
          .to.be.revertedWithCustomError(terms, "RoundTargetInvalid")
          .withArgs(money.target, money.cap, money.coordinatorCash);
      }
      await terms.check(await openingOf({ money: { target: 10n, cap: 10n, coordinatorCash: 10n } }));
    });

    it("refuses shares that do not sum to a million", async () => {
      const { terms, openingOf } = await fixture();

      for (const contributors of [600_001, 599_999, 2 ** 32 - 1]) {
        const split = { contributors, funders: 333_333, coordinator: 66_667 };
        await expect(terms.check(await openingOf({ split })))
          .to.be.revertedWithCustomError(terms, "RoundSplitMismatch")
          .withArgs(contributors + 400_000, 1_000_000);
      }
    });

    it("refuses funding that has ended, or ends after submissions", async () => {
      const { terms, openingOf } = await fixture();
      const now = await time.latest();

      for (const [fundingUntil, submissionUntil] of [
        [now - 1, now + DAY],
        [now + DAY, now + DAY - 1],
      ]) {
        await expect(terms.check(await openingOf({ schedule: { fundingUntil, submissionUntil } })))
          .to.be.revertedWithCustomError(terms, "RoundDeadlinesInvalid")
          .withArgs(fundingUntil, submissionUntil);
      }
      await terms.check(await openingOf({ schedule: { fundingUntil: now, submissionUntil: now } }));
    });

    const SPANS: [what: string, changes: (now: number) => Changes["schedule"], span: number, min: number][] = [
      ["to submit of more than a year", (now) => ({ submissionUntil: now + YEAR + 1 }), YEAR + 1, 0],
      ["to reveal of less than a day", (now) => ({ revealUntil: now + 31 * DAY - 1 }), DAY - 1, DAY],
      ["to reveal that ends before it begins", (now) => ({ revealUntil: now + 30 * DAY - 1 }), 0, DAY],
      ["to reveal of more than a year", (now) => ({ revealUntil: now + 30 * DAY + YEAR + 1 }), YEAR + 1, DAY],
      ["to review of less than a day", () => ({ reviewPeriod: DAY - 1 }), DAY - 1, DAY],
      ["to review of more than a year", () => ({ reviewPeriod: YEAR + 1 }), YEAR + 1, DAY],
      ["to challenge of less than a day", () => ({ challengePeriod: DAY - 1 }), DAY - 1, DAY],
      ["to challenge of more than a year", () => ({ challengePeriod: YEAR + 1 }), YEAR + 1, DAY],
      ["to arbitrate that the governor cannot meet", () => ({ arbitrationPeriod: CYCLE - 1 }), CYCLE - 1, CYCLE],
      ["to arbitrate of more than a year", () => ({ arbitrationPeriod: YEAR + 1 }), YEAR + 1, CYCLE],
    ];
    for (const [what, changes, span, min] of SPANS) {
      it(`refuses a time ${what}`, async () => {
        const { terms, openingOf } = await fixture();

        await expect(terms.check(await openingOf({ schedule: changes(await time.latest()) })))
          .to.be.revertedWithCustomError(terms, "RoundPeriodInvalid")
          .withArgs(span, min, YEAR);
      });
    }

    it("takes the shortest times that there are, and the longest", async () => {
      const { terms, openingOf } = await fixture();
      const now = await time.latest();
      const shortest = { fundingUntil: now, submissionUntil: now, revealUntil: now + DAY };
      const longest = { fundingUntil: now, submissionUntil: now + YEAR, revealUntil: now + 2 * YEAR };

      await terms.check(
        await openingOf({ schedule: { ...shortest, reviewPeriod: DAY, challengePeriod: DAY, maxAttempts: 1 } }),
      );
      const periods = { reviewPeriod: YEAR, challengePeriod: YEAR, arbitrationPeriod: YEAR, maxAttempts: 10 };
      await terms.check(await openingOf({ schedule: { ...longest, ...periods } }));
    });

    it("gives the arbiter a full cycle of the governor, as it is set now", async () => {
      const { terms, timelock, treasury, openingOf } = await fixture();
      expect(await terms.minArbitrationPeriod()).to.equal(CYCLE);
      await terms.check(await openingOf());

      await timelock.connect(await ethers.getSigner(treasury)).updateDelay(3 * DAY);
      expect(await terms.minArbitrationPeriod()).to.equal(CYCLE + DAY);
      await expect(terms.check(await openingOf()))
        .to.be.revertedWithCustomError(terms, "RoundPeriodInvalid")
        .withArgs(CYCLE, CYCLE + DAY, YEAR);
    });

    it("refuses no attempt, and more than ten", async () => {
      const { terms, openingOf } = await fixture();

      for (const maxAttempts of [0, 11, 255]) {
        await expect(terms.check(await openingOf({ schedule: { maxAttempts } })))
          .to.be.revertedWithCustomError(terms, "RoundAttemptsInvalid")
          .withArgs(maxAttempts, 10);
      }
    });

    it("refuses no reviewers, too many, and more or fewer who must score than there are", async () => {
      const { terms, reviewers, openingOf } = await fixture();
      const addresses = reviewers.map(({ address }) => address);
      const many = Array.from({ length: 65 }, (_, i) => ethers.toBeHex(i + 1, 20));

      for (const [minReviews, list] of [
        [0, addresses],
        [4, addresses],
        [1, []],
        [1, many],
      ] as const) {
        await expect(terms.check(await openingOf({ minReviews, reviewers: [...list] })))
          .to.be.revertedWithCustomError(terms, "RoundReviewersInvalid")
          .withArgs(minReviews, list.length);
      }
      await terms.check(await openingOf({ minReviews: 64, reviewers: many.slice(1) }));
    });

    it("refuses reviewers who do not ascend: each counts once", async () => {
      const { terms, reviewers, openingOf } = await fixture();
      const [first, second, third] = reviewers.map(({ address }) => address);

      for (const [list, previous, reviewer] of [
        [[first, first, third], first, first],
        [[first, third, second], third, second],
        [[ZeroAddress, first, second], ZeroAddress, ZeroAddress],
      ] as [string[], string, string][]) {
        await expect(terms.check(await openingOf({ reviewers: list })))
          .to.be.revertedWithCustomError(terms, "ReviewersNotAscending")
          .withArgs(previous, reviewer);
      }
    });

    it("refuses a protocol fee above the terms'", async () => {
      const { terms, openingOf } = await fixture();

      await expect(terms.check(await openingOf({ model: { maxFeeBps: 99 } })))
        .to.be.revertedWithCustomError(terms, "RoundFeeTooHigh")
        .withArgs(100, 99);
    });

    it("refuses parents that are not registered, not in order, or that ask for more than half", async () => {
      const context = await fixture();
      const { terms, registry, ledger, dataset, stranger, alice, openingOf } = context;
      const other = await registerModel(context, alice);
      const [low, high] = context.ascending([dataset, other]);
      const parent = (model: string, rateBps = 500) => ({ model, rateBps, until: 0, relation: 6 });

      await expect(terms.check(await openingOf({ model: { parents: [parent(stranger.address)] } })))
        .to.be.revertedWithCustomError(registry, "ModelNotRegistered")
        .withArgs(stranger.address);
      await expect(terms.check(await openingOf({ model: { parents: [parent(high), parent(low)] } })))
        .to.be.revertedWithCustomError(ledger, "ParentsNotAscending")
        .withArgs(high, low);
      await expect(terms.check(await openingOf({ model: { parents: [parent(low, 2_501), parent(high, 2_500)] } })))
        .to.be.revertedWithCustomError(ledger, "RatesTooHigh")
        .withArgs(5_001, 5_000);
      await terms.check(await openingOf({ model: { parents: [parent(low, 2_500), parent(high, 2_500)] } }));
    });

    it("refuses a model that could never be registered", async () => {
      const { terms, registry, ledger, dataset, openingOf } = await fixture();
      const { revealUntil } = (await openingOf()).schedule;
      const parentsOf = (count: number, until = 0) =>
        Array.from({ length: count }, () => ({ model: dataset, rateBps: 0, until, relation: 6 }));

      await expect(terms.check(await openingOf({ model: { maxHostBps: 9_001 } })))
        .to.be.revertedWithCustomError(ledger, "HostPartTooHigh")
        .withArgs(9_001, 9_000);
      const derivatives = { mode: 0, rateBps: 5_001, duration: 0 };
      await expect(terms.check(await openingOf({ model: { derivatives } })))
        .to.be.revertedWithCustomError(registry, "DerivativeRateTooHigh")
        .withArgs(5_001, 5_000);
      await expect(terms.check(await openingOf({ model: { parents: parentsOf(17) } })))
        .to.be.revertedWithCustomError(ledger, "TooManyParents")
        .withArgs(17, 16);
      const schedule = { revealUntil };
      await expect(terms.check(await openingOf({ schedule, model: { parents: parentsOf(1, revealUntil) } })))
        .to.be.revertedWithCustomError(ledger, "EdgeEndPassed")
        .withArgs(dataset, revealUntil);
      await terms.check(
        await openingOf({
          schedule,
          model: {
            ...{ maxHostBps: 9_000, derivatives: { ...derivatives, rateBps: 5_000 } },
            parents: parentsOf(1, revealUntil + 1),
          },
        }),
      );
    });
  });
});
