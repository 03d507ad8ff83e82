import { AbiCoder, concat, id, keccak256, toBeHex, TypedDataEncoder } from "ethers";
import { freshSalt, gasOf } from "../test/helpers/models.js";
import { DAY } from "../test/helpers/protocol.js";
import type { Measure } from "./measures.js";
import { ODD_AMOUNT, type Scenario, stranger } from "./scenario.js";

const URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
const SCORE_TYPES = {
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
/** The halves of a leaf: of chain, contract, round or model, index, account, shares; the round's own has cash too. */
const LEDGERS_HALF = ["uint256", "address", "address", "uint256", "address", "uint256"];
const OWN_HALF = ["uint256", "address", "bytes32", "uint256", "address", "uint256", "uint256"];
const SHARES = 333;
const CASH = 7_919n;

/**
 * A round of an ERC-20, from its opening to its claims, by three reviewers of whom all score. Two leaves are claimed of a
 * hundred thousand: the first, and a second, of which what is "repeat" is only the word of 256 leaves that it is noted in.
 */
export async function measureRounds({
  trainingRounds: rounds,
  plain,
  token,
  alice,
  bob,
  payer,
  ...scenario
}: Scenario) {
  const { connection, signers, parents, ledger, timelock } = scenario;
  const { ethers, networkHelpers } = connection;
  const { time } = networkHelpers;
  const contract = await rounds.getAddress();
  const { chainId } = await ethers.provider.getNetwork();
  const reviewers = signers.slice(10, 13).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  for (const account of [alice, bob, payer]) {
    await plain.mint(account.address, 10n ** 12n);
    await plain.connect(account).approve(contract, 2n ** 256n - 1n);
  }

  const now = await time.latest();
  const schedule = {
    ...{ fundingUntil: now + DAY, submissionUntil: now + DAY, revealUntil: now + 2 * DAY, reviewPeriod: DAY },
    ...{ challengePeriod: DAY, arbitrationPeriod: 10 * DAY, maxAttempts: 3 },
  };
  const opening = {
    coordinator: alice.address,
    arbiter: await timelock.getAddress(),
    currency: token,
    money: {
      ...{ target: ODD_AMOUNT, cap: ODD_AMOUNT * 9n, coordinatorCash: 1_003n },
      ...{ submissionBond: 101n, resultBond: 1_009n, challengeBond: 503n },
    },
    schedule,
    split: { contributors: 600_007, funders: 300_001, coordinator: 99_992 },
    minReviews: 3,
    reviewers: reviewers.map(({ address }) => address),
    model: {
      ...{ owner: alice.address, kind: 0, maxHostBps: 9_000, maxFeeBps: 250 },
      derivatives: { mode: 0, rateBps: 701, duration: 0 },
      parents: [...parents]
        .sort((a, b) => (BigInt(a.model) < BigInt(b.model) ? -1 : 1))
        .map((parent) => ({ ...parent, until: 0, relation: 0 })),
    },
    licenseDigest: id("licence"),
    budgetDigest: id("budget"),
    salt: freshSalt(),
  };
  const roundId = await rounds.roundIdOf(opening);
  const model = await rounds.modelIdOf(roundId);
  const opened = await gasOf(rounds.connect(alice).open(opening, URI));

  const fund = () => gasOf(rounds.connect(payer).fund(roundId, ODD_AMOUNT));
  const submit = (text: string) => {
    const commitment = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [bob.address, id(text)]));

    return gasOf(rounds.connect(bob).submit(roundId, commitment, 1, 123_457));
  };
  const firstFunding = await fund();
  const funding = await fund();
  await submit("first");
  const submission = await submit("second");
  await time.increaseTo(schedule.submissionUntil + 1);
  const revealed = await gasOf(rounds.connect(bob).reveal(roundId, id("second"), URI));

  /** Leaves whose siblings are stand-ins, but for the lowest: a claim sees no more of the others. */
  const pair = (a: string, b: string) => keccak256(a < b ? concat([a, b]) : concat([b, a]));
  const leaves = [1, 2].map((index) => ({ index, account: stranger(70 + index), shares: SHARES, cash: CASH }));
  const hash = (types: string[], values: unknown[]) =>
    keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(types, values)));
  const ledgerAddress = await ledger.getAddress();
  const owns = leaves.map(({ index, account, shares, cash }) =>
    hash(OWN_HALF, [chainId, contract, roundId, index, account, shares, cash]),
  );
  const nodes = leaves.map(({ index, account, shares }, i) =>
    pair(owns[i], hash(LEDGERS_HALF, [chainId, ledgerAddress, model, index, account, shares])),
  );
  const above = Array.from({ length: Math.ceil(Math.log2(100_000)) - 1 }, (_, level) => keccak256(toBeHex(level, 32)));
  const result = {
    manifestDigest: id("manifest"),
    root: above.reduce(pair, pair(nodes[0], nodes[1])),
    cash: ODD_AMOUNT,
    ...{ mirrorURI: URI, resultURI: URI },
  };
  const scores = [{ contributor: bob.address, contentDigest: id("second"), score: 100 }];
  const scoresHash = keccak256(
    concat(scores.map((score) => TypedDataEncoder.hashStruct("Score", { Score: SCORE_TYPES.Score }, score))),
  );
  const domain = { name: "Commonweal TrainingRounds", version: "1", chainId, verifyingContract: contract };
  const message = { round: roundId, manifestDigest: result.manifestDigest, scores };
  const reviews = await Promise.all(
    reviewers.map(async (reviewer) => ({
      ...{ reviewer: reviewer.address, scoresHash },
      signature: await reviewer.signTypedData(domain, SCORE_TYPES, message),
    })),
  );
  await time.increaseTo(schedule.revealUntil);
  const posted = await gasOf(rounds.connect(alice).postResult(opening, result, reviews));
  await time.increaseTo((await rounds.roundOf(roundId)).challengeUntil);
  const finalised = await gasOf(rounds.connect(bob).finalise(opening, result, []));
  await scenario.pay(model);

  const claim = async (i: 0 | 1) => {
    const { account } = leaves[i];
    await plain.mint(account, 1n);

    return gasOf(rounds.connect(bob).claim(roundId, leaves[i], [owns[i], nodes[1 - i], ...above], account));
  };
  const firstClaim = await claim(0);
  const repeatClaim = await claim(1);
  const fundingClaimed = await gasOf(rounds.connect(payer).claimFundings(roundId, [0], payer));

  return [
    { operation: "open a round", gas: opened },
    { operation: "fund a round, ERC-20, first", gas: firstFunding },
    { operation: "fund a round, ERC-20, repeat", gas: funding, bound: 80_000 },
    { operation: "submit to a round, bond in an ERC-20, repeat", gas: submission, bound: 90_000 },
    { operation: "reveal a submission", gas: revealed },
    { operation: "post a result with three reviews", gas: posted },
    { operation: "finalise a round", gas: finalised },
    { operation: "claim a leaf of 100,000, shares and ERC-20, first of 256", gas: firstClaim },
    { operation: "claim a leaf of 100,000, shares and ERC-20", gas: repeatClaim, bound: 160_000 },
    { operation: "claim a funding's shares and what is left", gas: fundingClaimed },
  ] satisfies Measure[];
}
