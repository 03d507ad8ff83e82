import { expect } from "chai";
import { id, type TypedDataDomain, Wallet } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { hashTypedData, type Hex } from "viem";
import { InvalidArgument, roundIdOf } from "../../sdk/src/index.js";
import { completeScores, type Score, scoresTypedData, signScores, verifyScores } from "../../sdk/src/roundScoring.js";
import { reviewHashOf, scoresHashOf } from "../../sdk/src/scores.js";
import { openingOf as plainOpening } from "../../sdk/src/roundTerms.js";
import { deployRounds } from "../rounds/support.js";
import { failureOf } from "./helpers.js";
import { account, contribution, manifestDigest, place, reviewers } from "./rounds.support.js";

const roundId = id("round");
const scores: Score[] = [
  { contributor: account(1), contentDigest: id("one"), score: 0 },
  { contributor: account(2), contentDigest: id("two"), score: 2 ** 32 - 1 },
];
const review = { roundId, manifestDigest, scores };
const [rita] = reviewers;

describe("SDK scores", () => {
  const lists = fc.array(
    fc.record({
      contributor: fc.nat(1_000_000).map(account),
      contentDigest: fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`),
      score: fc.nat(2 ** 32 - 1),
    }),
    { maxLength: 5 },
  );

  it("are hashed as viem hashes typed data", () => {
    fc.assert(
      fc.property(lists, (list) => {
        const { domain, types, message, primaryType } = scoresTypedData({ ...review, scores: list }, place);
        const typed = { domain: domain as TypedDataDomain & { verifyingContract: Hex }, types, primaryType, message };

        expect(reviewHashOf({ ...review, scores: list }, place)).to.equal(hashTypedData(typed as never));
      }),
      { numRuns: 30 },
    );
  });

  it("are hashed as the contract does, in a round whose id is the contract's", async () => {
    const { rounds, roundsAddress, chainId, opened, dataset } = await deployRounds(await network.create());
    const here = { chainId, contract: roundsAddress };
    const round = await opened({
      model: { parents: [{ model: dataset, rateBps: 1_234, until: 0, relation: 6 }] },
    });
    const [event] = await rounds.queryFilter(rounds.filters.RoundOpened(round.roundId));
    const opening = plainOpening(event.args.opening as never);

    expect(roundIdOf(opening, here)).to.equal(round.roundId);
    expect(await rounds.reviewHashOf(round.roundId, manifestDigest, scoresHashOf(scores))).to.equal(
      reviewHashOf({ ...review, roundId: round.roundId }, here),
    );
  });

  it("go through JSON and are verified by key", async () => {
    const signed = await signScores(rita, review, place);
    expect(signed).to.deep.equal({ ...review, reviewer: rita.address, signature: signed.signature });
    const shipped = JSON.parse(JSON.stringify(signed));

    expect(verifyScores(shipped, place)).to.equal(true);
    expect(verifyScores({ ...shipped, reviewer: reviewers[1].address }, place)).to.equal(false);
    expect(verifyScores({ ...shipped, roundId: id("another") }, place)).to.equal(false);
    expect(verifyScores({ ...shipped, manifestDigest: id("another") }, place)).to.equal(false);
    expect(verifyScores({ ...shipped, scores: [...scores].reverse() }, place)).to.equal(false);
    expect(verifyScores({ ...shipped, scores: [scores[0], { ...scores[1], score: 1 }] }, place)).to.equal(false);
    expect(verifyScores(shipped, { ...place, chainId: 1n })).to.equal(false);
    expect(verifyScores(shipped, { ...place, contract: account(9) })).to.equal(false);
    for (const signature of ["0x", `${signed.signature.slice(0, -2)}1d`, `0x${"ff".repeat(64)}1b`]) {
      expect(verifyScores({ ...shipped, signature }, place)).to.equal(false);
    }
  });

  it("are completed: ascending, each contribution once, 0 where none is given", () => {
    const brought = [contribution(3, "data"), contribution(2, "code"), contribution(1, "data", account(103))];
    const [three, two, one] = brought;
    const complete = completeScores(brought, [{ ...two, score: 7 }]);
    const inOrder = [three, one].sort((a, b) => (BigInt(a.contentDigest) < BigInt(b.contentDigest) ? -1 : 1));

    expect(complete).to.deep.equal(
      [two, ...inOrder].map(({ contributor, contentDigest }) => ({
        ...{ contributor, contentDigest, score: contentDigest === two.contentDigest ? 7 : 0 },
      })),
    );
  });

  it("are refused where they cannot be meant", async () => {
    const brought = [contribution(1, "data")];
    const [one] = brought;
    const refused = async (work: () => unknown, argument: string) => {
      expect((await failureOf(InvalidArgument, (async () => work())())).argument).to.equal(argument);
    };

    await refused(
      () =>
        completeScores(
          brought,
          [contribution(2, "data")].map((each) => ({ ...each, score: 1 })),
        ),
      "scores",
    );
    await refused(
      () =>
        completeScores(
          brought,
          [one, one].map((each) => ({ ...each, score: 1 })),
        ),
      "scores[1]",
    );
    for (const score of [-1, 0.5, 2 ** 32, Number.NaN]) {
      await refused(() => scoresTypedData({ ...review, scores: [{ ...one, score }] }, place), "scores[0].score");
    }
    await refused(() => signScores(Wallet.createRandom(), { ...review, roundId: "0x" }, place), "roundId");
  });
});
