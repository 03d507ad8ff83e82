import { id, MaxUint256, type Signer, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { TrainingRounds } from "../../types/ethers-contracts/index.js";
import { ascending, ETH, freshSalt, registerModel } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deployLedger } from "../royalties/support.js";
import {
  type Changes,
  commitmentOf,
  CYCLE,
  halvesOf,
  Kind,
  type Leaf,
  type LeafPlace,
  MONEY,
  type Opening,
  pairOf,
  type Result,
  roundIdOf,
  type Score,
  SCORE_TYPES,
  scoresHashOf,
  treeOf,
} from "./hashes.support.js";

/**
 * The protocol, rounds, and people: Alice coordinates, Bob, Carol and two others fund and contribute, three review, and an
 * arbiter decides. All have money of both kinds, and let rounds take their USDC.
 */
export async function deployRounds(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const context = await deployLedger(connection);
  const { trainingRounds: rounds, usdc, usdcAddress, ledgerAddress, signers, alice, bob, carol } = context;
  const roundsAddress = await rounds.getAddress();
  const terms = await ethers.getContractAt("RoundTerms", await rounds.terms());
  const [dave, erin, arbiter, challenger] = signers.slice(7, 11);
  const reviewers = signers.slice(11, 14).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const { chainId } = await ethers.provider.getNetwork();
  const domain = { name: "Commonweal TrainingRounds", version: "1", chainId, verifyingContract: roundsAddress };
  for (const account of [alice, bob, carol, dave, erin, challenger, ...reviewers]) {
    await usdc.mint(account.address, 10n ** 12n);
    await usdc.connect(account).approve(roundsAddress, MaxUint256);
  }
  /** A data set that rounds may build on: 5 % at least. */
  const dataset = await registerModel(context, signers[14], { kind: 2, derivatives: { mode: 0, rateBps: 500 } });

  /** Terms that nobody else has: USDC, 20 days for funding and 10 more to submit, two of three reviewers, two attempts. */
  async function openingOf(changes: Changes = {}): Promise<Opening> {
    const now = await networkHelpers.time.latest();

    return {
      coordinator: alice.address,
      arbiter: arbiter.address,
      currency: usdcAddress,
      split: { contributors: 600_000, funders: 333_333, coordinator: 66_667 },
      minReviews: 2,
      reviewers: reviewers.map(({ address }) => address),
      licenseDigest: id("licence"),
      budgetDigest: id("budget"),
      salt: freshSalt(),
      ...changes,
      money: { ...MONEY, ...changes.money },
      schedule: {
        fundingUntil: now + 20 * DAY,
        submissionUntil: now + 30 * DAY,
        revealUntil: now + 32 * DAY,
        reviewPeriod: 5 * DAY,
        challengePeriod: 3 * DAY,
        arbitrationPeriod: CYCLE,
        maxAttempts: 2,
        ...changes.schedule,
      },
      model: {
        owner: alice.address,
        kind: 0,
        maxHostBps: 9_000,
        maxFeeBps: 100,
        derivatives: { mode: 0, rateBps: 0, duration: 0 },
        parents: [],
        ...changes.model,
      },
    };
  }

  /** The terms in the order of their members, which the id depends on. */
  const ordered = (opening: Opening): Opening => ({
    coordinator: opening.coordinator,
    arbiter: opening.arbiter,
    currency: opening.currency,
    money: opening.money,
    schedule: opening.schedule,
    split: opening.split,
    minReviews: opening.minReviews,
    reviewers: opening.reviewers,
    model: opening.model,
    licenseDigest: opening.licenseDigest,
    budgetDigest: opening.budgetDigest,
    salt: opening.salt,
  });

  /** A round that was opened, with what tests do in it. */
  async function opened(changes: Changes = {}) {
    const opening = ordered(await openingOf(changes));
    await rounds.connect(alice).open(opening, "ipfs://terms");

    return roundOf(opening);
  }

  /** What tests do in the round of these terms. */
  async function roundOf(opening: Opening) {
    const roundId = roundIdOf(chainId, roundsAddress, opening);
    const model = await rounds.modelIdOf(roundId);
    const place: LeafPlace = { chainId, contract: roundsAddress, roundId, ledger: ledgerAddress, model };
    const { money, schedule } = opening;
    const ethOf = (amount: bigint) => (opening.currency === ETH ? amount : 0n);

    /** Funds as Bob unless told otherwise. */
    const fund = (amount: bigint, by: Signer = bob) =>
      rounds.connect(by).fund(roundId, amount, { value: ethOf(amount) });

    /** Submits something with a digest of this text, as Dave unless told otherwise. */
    const submit = (text: string, by = dave) =>
      rounds.connect(by).submit(roundId, commitmentOf(by.address, id(text)), Kind.Data, 12n, {
        value: ethOf(money.submissionBond),
      });

    const reveal = (text: string, by: Signer = dave) => rounds.connect(by).reveal(roundId, id(text), `ipfs://${text}`);

    /** A result that gives these leaves, of which the first two are Dave's and Erin's unless told otherwise. */
    function resultOf({
      leaves = [
        { index: 0, account: dave.address, shares: 400_000, cash: 600n },
        { index: 1, account: erin.address, shares: 200_000, cash: 250n },
      ] as Leaf[],
      cash = leaves.reduce((sum, leaf) => sum + leaf.cash, 0n),
      ...changes
    }: Partial<Result> & { leaves?: Leaf[] } = {}) {
      const tree = treeOf(place, leaves);
      const result: Result = {
        manifestDigest: id("manifest"),
        root: tree.root,
        cash,
        mirrorURI: "ipfs://manifest",
        resultURI: "ipfs://result",
        ...changes,
      };

      const proofOf = (leaf: Leaf) => {
        const [own, ledgers] = halvesOf(place, leaf);

        return [own, ...tree.getProof(pairOf(own, ledgers))];
      };

      return { tree, leaves, result, proofOf };
    }

    /** A reviewer's signature under scores: full marks for Dave, unless told otherwise. */
    async function review(
      reviewer: Signer,
      {
        manifestDigest = id("manifest"),
        scores = [{ contributor: dave.address, contentDigest: id("data"), score: 100 }] as Score[],
        of = domain,
        round = roundId,
      } = {},
    ) {
      const signature = await reviewer.signTypedData(of, SCORE_TYPES, { round, manifestDigest, scores });

      return { reviewer: await reviewer.getAddress(), scoresHash: scoresHashOf(scores), signature };
    }

    const reviewsOf = (count = 2, manifestDigest?: string) =>
      Promise.all(reviewers.slice(0, count).map((reviewer) => review(reviewer, { manifestDigest })));

    /** Posts a result with two reviews, as the coordinator. */
    async function post(result = resultOf().result, by: Signer = alice) {
      const reviews = await reviewsOf(2, result.manifestDigest);

      return rounds.connect(by).postResult(opening, result, reviews, { value: ethOf(money.resultBond) });
    }

    const challenge = (attempt = 1, by: Signer = challenger) =>
      rounds.connect(by).challenge(opening, attempt, "ipfs://evidence", { value: ethOf(money.challengeBond) });
    const resolve = (isUpheld: boolean, attempt = 1, by: Signer = arbiter) =>
      rounds.connect(by).resolve(opening, attempt, isUpheld);
    const finalise = (result = resultOf().result, grants: Parameters<TrainingRounds["finalise"]>[2] = []) =>
      rounds.connect(carol).finalise(opening, result, grants);

    const record = () => rounds.roundOf(roundId);
    const { time } = networkHelpers;
    /** Goes to the first second of review in which results can be posted. */
    const toResults = async () => time.increaseTo(schedule.revealUntil);
    /** Goes to the last second for challenges: the next block is past it. */
    const pastChallenges = async () => time.increaseTo((await record()).challengeUntil);
    const pastArbitration = async () => time.increaseTo((await record()).arbitrationUntil);

    return {
      opening,
      roundId,
      model,
      place,
      money,
      schedule,
      ethOf,
      fund,
      submit,
      reveal,
      resultOf,
      review,
      reviewsOf,
      post,
      challenge,
      resolve,
      finalise,
      record,
      toResults,
      pastChallenges,
      pastArbitration,
      stateOf: () => rounds.stateOf(roundId),
    };
  }

  type Round = Awaited<ReturnType<typeof roundOf>>;

  /** A round in which Bob paid 700 and Carol 300, and a result was posted. */
  async function posted(changes: Changes = {}, result?: (round: Round) => Result) {
    const round = await opened(changes);
    await round.fund(700n, bob);
    await round.fund(300n, carol);
    await round.toResults();
    await round.post(result?.(round));

    return round;
  }

  /** As {@link posted}, and finalised. */
  async function finalised(changes: Changes = {}, result?: (round: Round) => Result) {
    const round = await posted(changes, result);
    await round.pastChallenges();
    await round.finalise(result?.(round));

    return round;
  }

  /** A round that missed its target by one unit: Bob paid 700, Carol 299. */
  async function failed(changes: Changes = {}) {
    const round = await opened(changes);
    await round.fund(700n, bob);
    await round.fund(299n, carol);
    await networkHelpers.time.increaseTo(round.schedule.fundingUntil + 1);

    return round;
  }

  /** What rounds hold in a currency. */
  const balanceOf = (currency: string) =>
    currency === ETH ? ethers.provider.getBalance(roundsAddress) : usdc.balanceOf(roundsAddress);

  return {
    ...context,
    rounds,
    roundsAddress,
    terms,
    dave,
    erin,
    arbiter,
    challenger,
    reviewers,
    chainId,
    domain,
    dataset,
    openingOf: async (changes: Changes = {}) => ordered(await openingOf(changes)),
    opened,
    roundOf,
    posted,
    finalised,
    failed,
    balanceOf,
    NO_RESULT: ZeroHash,
    /** Models as the registry asks for them. */
    ascending,
  };
}

export type RoundsContext = Awaited<ReturnType<typeof deployRounds>>;
export type Round = Awaited<ReturnType<RoundsContext["opened"]>>;
