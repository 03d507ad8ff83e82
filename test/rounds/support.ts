import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { AbiCoder, concat, id, keccak256, MaxUint256, type Signer, TypedDataEncoder, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { TrainingRounds } from "../../types/ethers-contracts/index.js";
import { ascending, ETH, freshSalt, registerModel } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deployLedger } from "../royalties/support.js";

/** The contract's enums, in its order. */
export const State = { None: 0, Open: 1, Review: 2, Challenge: 3, Finalised: 4, Refunding: 5 } as const;
export const Kind = { Data: 0, Compute: 1, Code: 2, Evaluation: 3 } as const;
export const Status = { None: 0, Sealed: 1, Revealed: 2, Settled: 3 } as const;

/** The least time for an arbiter by the tests' parameters: a day, a week, and two days. */
export const CYCLE = 10 * DAY;
/** For how long a result that stands can be finalised. */
export const FINALISATION = 30 * DAY;

export const MONEY = {
  target: 1_000n,
  cap: 3_000n,
  coordinatorCash: 100n,
  submissionBond: 7n,
  resultBond: 50n,
  challengeBond: 20n,
};

type Parent = { model: string; rateBps: number; until: number; relation: number };

/** The terms of a round, by the names and in the order of the contract. */
export interface Opening {
  coordinator: string;
  arbiter: string;
  currency: string;
  money: typeof MONEY;
  schedule: {
    fundingUntil: number;
    submissionUntil: number;
    revealUntil: number;
    reviewPeriod: number;
    challengePeriod: number;
    arbitrationPeriod: number;
    maxAttempts: number;
  };
  split: { contributors: number; funders: number; coordinator: number };
  minReviews: number;
  reviewers: string[];
  model: {
    owner: string;
    kind: number;
    maxHostBps: number;
    maxFeeBps: number;
    derivatives: { mode: number; rateBps: number; duration: number };
    parents: Parent[];
  };
  licenseDigest: string;
  budgetDigest: string;
  salt: string;
}

/** What a test changes of the terms; of nested parts only what it names. */
export type Changes = Partial<Omit<Opening, "money" | "schedule" | "split" | "model">> & {
  money?: Partial<Opening["money"]>;
  schedule?: Partial<Opening["schedule"]>;
  split?: Opening["split"];
  model?: Partial<Opening["model"]>;
};

export interface Leaf {
  index: number;
  account: string;
  shares: number;
  cash: bigint;
}

export interface Result {
  manifestDigest: string;
  root: string;
  cash: bigint;
  mirrorURI: string;
  resultURI: string;
}

/** One reviewer's opinion of one submission. */
export interface Score {
  contributor: string;
  contentDigest: string;
  score: number;
}

export const SCORE_TYPES = {
  Scores: [
    { name: "round", type: "bytes32" },
    { name: "manifestDigest", type: "bytes32" },
    { name: "scores", type: "Score[]" },
  ],
  Score: [
    { name: "contributor", type: "address" },
    { name: "contentDigest", type: "bytes32" },
    { name: "score", type: "uint32" },
  ],
};

const OPENING =
  "tuple(address,address,address,tuple(uint96,uint96,uint96,uint96,uint96,uint96)," +
  "tuple(uint40,uint40,uint40,uint32,uint32,uint32,uint8),tuple(uint32,uint32,uint32),uint8,address[]," +
  "tuple(address,uint8,uint16,uint16,tuple(uint8,uint16,uint40),tuple(address,uint16,uint40,uint8)[])," +
  "bytes32,bytes32,bytes32)";

/** The words of a struct, in order, without its names. */
export function wordsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wordsOf);

  return value !== null && typeof value === "object" ? Object.values(value).map(wordsOf) : value;
}

/** A struct as events return it: numbers as bigints. */
export function asEmitted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asEmitted);
  if (typeof value === "number") return BigInt(value);

  return value !== null && typeof value === "object" ? Object.values(value).map(asEmitted) : value;
}

/** A round's id, by a calculation of the tests' own. */
export function roundIdOf(chainId: bigint, contract: string, opening: Opening): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(["uint256", "address", OPENING], [chainId, contract, wordsOf(opening)]),
  );
}

/** The hash under which a result is kept. */
export function resultHashOf({ manifestDigest, root, cash, mirrorURI, resultURI }: Result): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["tuple(bytes32,bytes32,uint96,string,string)"],
      [[manifestDigest, root, cash, mirrorURI, resultURI]],
    ),
  );
}

/** What a contributor submits before the digest is told. */
export function commitmentOf(contributor: string, contentDigest: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [contributor, contentDigest]));
}

/** The EIP-712 hash of an array of scores: of their hashes, side by side. */
export function scoresHashOf(scores: Score[]): string {
  const { Score } = SCORE_TYPES;

  return keccak256(concat(scores.map((score) => TypedDataEncoder.hashStruct("Score", { Score }, score))));
}

/** A funding's part of what belongs to all funders: the difference of two floors. */
export function partOf(whole: bigint, offset: bigint, amount: bigint, raised: bigint): bigint {
  return (whole * (offset + amount)) / raised - (whole * offset) / raised;
}

/** Where a leaf counts. */
export interface LeafPlace {
  chainId: bigint;
  contract: string;
  roundId: string;
  ledger: string;
  model: string;
}

/** The two halves of a leaf: the round's own, and that of the model's allocation. */
export function halvesOf({ chainId, contract, roundId, ledger, model }: LeafPlace, leaf: Leaf): [string, string] {
  const { index, account, shares, cash } = leaf;
  const coder = AbiCoder.defaultAbiCoder();
  const own = coder.encode(
    ["uint256", "address", "bytes32", "uint256", "address", "uint256", "uint256"],
    [chainId, contract, roundId, index, account, shares, cash],
  );
  const ledgers = coder.encode(
    ["uint256", "address", "address", "uint256", "address", "uint256"],
    [chainId, ledger, model, index, account, shares],
  );

  return [keccak256(keccak256(own)), keccak256(keccak256(ledgers))];
}

/** Two hashes as one, the smaller first. */
export function pairOf(a: string, b: string): string {
  return keccak256(BigInt(a) < BigInt(b) ? concat([a, b]) : concat([b, a]));
}

/** The tree of a result, as OpenZeppelin builds it of leaves that are pairs. */
export function treeOf(place: LeafPlace, leaves: Leaf[]): SimpleMerkleTree {
  return SimpleMerkleTree.of(leaves.map((leaf) => pairOf(...halvesOf(place, leaf))));
}

/**
 * The protocol, rounds, and people: Alice coordinates, Bob, Carol and two others fund and contribute, three review, and an
 * arbiter decides. All have money of both kinds, and let rounds take their USDC.
 */
export async function deployRounds(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const context = await deployLedger(connection);
  const { registry, governor, usdc, usdcAddress, ledgerAddress, signers, alice, bob, carol } = context;
  const rounds = (await ethers.deployContract("TrainingRounds", [
    await registry.getAddress(),
    await governor.getAddress(),
  ])) as unknown as TrainingRounds;
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
    const valueOf = (amount: bigint) => (opening.currency === ETH ? amount : 0n);

    /** Funds as Bob unless told otherwise. */
    const fund = (amount: bigint, by: Signer = bob) =>
      rounds.connect(by).fund(roundId, amount, { value: valueOf(amount) });

    /** Submits something with a digest of this text, as Dave unless told otherwise. */
    const submit = (text: string, by = dave) =>
      rounds.connect(by).submit(roundId, commitmentOf(by.address, id(text)), Kind.Data, 12n, {
        value: valueOf(money.submissionBond),
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

      return rounds.connect(by).postResult(opening, result, reviews, { value: valueOf(money.resultBond) });
    }

    const challenge = (attempt = 1, by: Signer = challenger) =>
      rounds.connect(by).challenge(opening, attempt, "ipfs://evidence", { value: valueOf(money.challengeBond) });
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
      valueOf,
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
