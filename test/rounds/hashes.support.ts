import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { AbiCoder, concat, keccak256, TypedDataEncoder } from "ethers";
import { DAY } from "../helpers/protocol.js";

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
