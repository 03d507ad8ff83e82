import type { Address, Digest } from "./brands.js";
import { concat, id, keccak256, recoverAddress, type Signer, Signature, TypedDataEncoder } from "ethers";
import { addressOf, bytes32Of } from "./arguments.js";
import { InvalidArgument } from "./errors.js";
import * as typedData from "./generated/typedData.js";
import type { RoundPlace } from "./roundTerms.js";

/** A reviewer's opinion of one contribution. */
export interface Score {
  contributor: string;
  /** The sha-256 of what was brought. */
  contentDigest: Digest;
  /** A whole number, 0 to 2³² − 1, on a scale that is the same for all that is compared. */
  score: number;
}

/** All scores of one reviewer, signed; plain JSON, to be sent to the coordinator. */
export interface SignedScores {
  roundId: string;
  /** The sha-256 of the manifest of the model that came of the round. */
  manifestDigest: Digest;
  reviewer: Address;
  scores: Score[];
  signature: string;
}

/** What tells contributions apart. */
export type ContributionKey = Pick<Score, "contributor" | "contentDigest">;

export const MAX_SCORE = 2 ** 32 - 1;

/**
 * Returns what a reviewer signs by EIP-712, as wallets and libraries take it: all of its scores at once, for one round and
 * one model. They stand in the order in which `completeScores` puts them.
 *
 * @throws {InvalidArgument} when a score, an address or a digest is not one.
 * @example
 * const { domain, types, message } = scoresTypedData({ roundId, manifestDigest, scores }, { chainId: 8453, contract });
 * const signature = await wallet.signTypedData(domain, types, message);
 */
export function scoresTypedData(
  { roundId, manifestDigest, scores }: Pick<SignedScores, "roundId" | "manifestDigest" | "scores">,
  place: RoundPlace,
) {
  return typedData.scores({
    chainId: place.chainId,
    verifyingContract: addressOf(place.contract, "contract"),
    message: {
      round: bytes32Of(roundId, "roundId"),
      manifestDigest: bytes32Of(manifestDigest, "manifestDigest"),
      scores: scores.map(checkedScore),
    },
  });
}

/**
 * Returns a score for each contribution, ascending by contributor and digest, as results take them: 0 where none is given.
 *
 * @param contributions What was revealed in the round, in any order.
 * @throws {InvalidArgument} when a score is not one, is there twice, or is of something else.
 * @example
 * const scores = completeScores(await rounds.submissionsOf({ roundId }), [{ contributor, contentDigest, score: 80 }]);
 */
export function completeScores(contributions: readonly ContributionKey[], scores: readonly Score[]): Score[] {
  const given = new Map<string, number>();
  for (const [index, each] of scores.entries()) {
    const key = keyOf(each);
    if (given.has(key)) throw new InvalidArgument(`scores[${index}]`, key, "one score for each contribution");
    given.set(key, checkedScore(each, index).score);
  }
  const complete = ascendingContributions(contributions).map(({ contributor, contentDigest }) => {
    const key = keyOf({ contributor, contentDigest });
    const score = given.get(key) ?? 0;
    given.delete(key);

    return { contributor, contentDigest, score };
  });
  for (const key of given.keys()) throw new InvalidArgument("scores", key, "scores of what was revealed in this round");

  return complete;
}

/**
 * Signs all scores of a reviewer for one round and one model; no transaction.
 *
 * @param signer The reviewer.
 * @throws {InvalidArgument} when a score, an address or a digest is not one.
 * @example
 * const signed = await signScores(wallet, { roundId, manifestDigest, scores }, { chainId: 8453, contract });
 */
export async function signScores(
  signer: Signer,
  review: Pick<SignedScores, "roundId" | "manifestDigest" | "scores">,
  place: RoundPlace,
): Promise<SignedScores> {
  const { domain, types, message } = scoresTypedData(review, place);
  const { round: roundId, manifestDigest, scores } = message;
  const reviewer = await signer.getAddress();

  return { roundId, manifestDigest, reviewer, scores, signature: await signer.signTypedData(domain, types, message) };
}

/**
 * Returns whether scores carry their reviewer's own ECDSA signature for this place, as the contract takes it. A smart
 * wallet's (ERC-1271) only the chain can tell: see `rounds.verifyScores`.
 *
 * @throws {InvalidArgument} when a score, an address or a digest is not one.
 * @example
 * if (!verifyScores(signed, { chainId: 8453, contract })) refuse();
 */
export function verifyScores({ reviewer, signature, ...review }: SignedScores, place: RoundPlace): boolean {
  const account = addressOf(reviewer, "reviewer");
  const hash = reviewHashOf(review, place);
  // Short signatures (EIP-2098) and malleable ones are none to the contract.
  if (!/^0x[0-9a-fA-F]{128}1[bcBC]$/.test(signature)) return false;
  try {
    return recoverAddress(hash, Signature.from(signature)) === account;
  } catch {
    return false;
  }
}

/** Returns the EIP-712 hash of the array of scores: by hand, since a coder takes minutes for a hundred thousand. */
export function scoresHashOf(scores: readonly Score[]): string {
  const { Score } = typedData.scores.types;
  const typeHash = id(TypedDataEncoder.from({ Score }).encodeType("Score"));
  const hashes = scores.map((each, index) => {
    const { contributor, contentDigest, score } = checkedScore(each, index);
    const words = [
      contributor.slice(2).padStart(64, "0"),
      contentDigest.slice(2),
      score.toString(16).padStart(64, "0"),
    ];

    return keccak256(typeHash + words.join("")).slice(2);
  });

  return keccak256(`0x${hashes.join("")}`);
}

/** Returns the EIP-712 hash that a reviewer signs. */
export function reviewHashOf(
  { roundId, manifestDigest, scores }: Pick<SignedScores, "roundId" | "manifestDigest" | "scores">,
  place: RoundPlace,
): string {
  const { domain, types, message } = scoresTypedData({ roundId, manifestDigest, scores: [] }, place);
  const struct = keccak256(
    concat([
      id(TypedDataEncoder.from(types).encodeType("Scores")),
      ...[message.round, message.manifestDigest, scoresHashOf(scores)],
    ]),
  );

  return keccak256(concat(["0x1901", TypedDataEncoder.hashDomain(domain), struct]));
}

/** Returns contributions ascending by contributor and digest, with both in lower case. */
export function ascendingContributions<T extends ContributionKey>(contributions: readonly T[]): T[] {
  return contributions
    .map((each) => ({ ...each, ...lowerCaseKey(each) }))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** One text for a contribution, by which it is sorted. */
export function keyOf({ contributor, contentDigest }: ContributionKey): string {
  return `${contributor.toLowerCase()} ${contentDigest.toLowerCase()}`;
}

/** Computing a checksum costs more than a score, so it is left out where none is given. */
function lowerCaseKey({ contributor, contentDigest }: ContributionKey, at = "contributions"): ContributionKey {
  const isLower = /^0x[0-9a-f]{40}$/.test(contributor);

  return {
    contributor: isLower ? contributor : addressOf(contributor, `${at}.contributor`).toLowerCase(),
    contentDigest: bytes32Of(contentDigest, `${at}.contentDigest`).toLowerCase(),
  };
}

function checkedScore({ contributor, contentDigest, score }: Score, index: number): Score {
  if (!Number.isInteger(score) || score < 0 || score > MAX_SCORE) {
    throw new InvalidArgument(`scores[${index}].score`, score, "a whole number from 0 to 2³² − 1");
  }

  return { ...lowerCaseKey({ contributor, contentDigest }, `scores[${index}]`), score };
}
