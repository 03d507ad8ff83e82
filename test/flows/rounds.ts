import { expect } from "chai";
import { id, parseEther, Wallet } from "ethers";
import { type Commonweal, connect, type OpenedRound } from "../../sdk/src/index.js";
import {
  leavesOf,
  readResult,
  type RoundResult,
  type Score,
  type SignedScores,
  writeBudget,
  writeResult,
} from "../../sdk/src/roundScoring.js";
import { rootOf } from "../../sdk/src/roundTrees.js";
import { DAY } from "../helpers/protocol.js";
import { partOf } from "../rounds/hashes.support.js";
import { carry, deploySdk, expectRefusal, registerFor } from "../sdk/helpers.js";

const USDC = 1_000_000n;
const SHARES = 1_000_000n;
const manifestDigest = id("the manifest of the model");

const budget = writeBudget({
  text: "Compute and code are paid, data gets shares. Compute is scored 1 a GPU hour that was of use, the rest 0 to 100.",
  maxCash: String(900n * USDC),
  kinds: {
    data: { cash: 0, shares: 3 },
    compute: { cash: 1, shares: 1, perUnit: true },
    code: { cash: 1, shares: 1 },
  },
});

/** What five people bring, with what three reviewers say of it: the last of them means no good. */
const brought = {
  dave: { kind: "data", units: 12_000n, scores: [60, 90, 0] },
  erin: { kind: "data", units: 9_000n, scores: [20, 30, 2 ** 32 - 1] },
  fay: { kind: "compute", units: 50n, scores: [1, 1, 0] },
  gus: { kind: "compute", units: 25n, scores: [1, 1, 2 ** 32 - 1] },
  hal: { kind: "code", units: 800n, scores: [55, 66, 77] },
} as const;
type Contributor = keyof typeof brought;
const contributors = Object.keys(brought) as Contributor[];

/**
 * By hand: of 600,000 shares, three fifths are for data, and one each for compute and code; the medians are 60 and 30 for
 * data, and 50 and 25 hours of compute. Money is for compute and code alone, half each of 900.
 */
const due: Record<Contributor, { shares: bigint; cash: bigint }> = {
  dave: { shares: 240_000n, cash: 0n },
  erin: { shares: 120_000n, cash: 0n },
  fay: { shares: 80_000n, cash: 300n * USDC },
  gus: { shares: 40_000n, cash: 150n * USDC },
  hal: { shares: 120_000n, cash: 450n * USDC },
};

/** Each step goes on where the last one ended. */
describe("A round, by the SDK", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let coordinator: Commonweal;
  let people: Record<Contributor | "challenger", Commonweal>;
  let addresses: Record<Contributor | "challenger", string>;
  let reviewers: { address: string; commonweal: Commonweal }[];
  let parent: string;
  let round: OpenedRound & { model: string };
  let result: RoundResult;
  let text: string;
  let rounds: string;
  let treasury: string;
  let donor: Wallet;
  let paid: { funder: string; offset: bigint; amount: bigint }[];

  const contentOf = (name: Contributor) => id(`what ${name} brings`);
  const goTo = (time: number) => sdk.connection.networkHelpers.time.increaseTo(time);
  const stateOf = () => sdk.reader.rounds.stateOf({ roundId: round.roundId });
  const roundsHold = () => sdk.usdc.balanceOf(rounds);

  before(async () => {
    sdk = await deploySdk();
    const as = (signer: Parameters<typeof connect>[0]) => connect(signer, { deployment: sdk.deployment });
    coordinator = sdk.alice;
    rounds = String(sdk.trainingRounds.target);
    treasury = String(sdk.timelock.target);
    donor = new Wallet(id("a donor without ETH"), sdk.connection.ethers.provider);

    const others = sdk.signers.slice(4, 10);
    const named = [...contributors, "challenger" as const].map((name, i) => [name, others[i]] as const);
    addresses = Object.fromEntries(named.map(([name, { address }]) => [name, address])) as typeof addresses;
    people = Object.fromEntries(
      await Promise.all(named.map(async ([name, signer]) => [name, await as(signer)])),
    ) as typeof people;
    reviewers = await Promise.all(
      sdk.signers.slice(10, 13).map(async (signer) => ({ address: signer.address, commonweal: await as(signer) })),
    );
    for (const account of [
      treasury,
      donor.address,
      sdk.accounts.alice.address,
      sdk.accounts.bob.address,
      ...Object.values(addresses),
    ]) {
      await sdk.usdc.mint(account, 10_000n * USDC);
    }
    await sdk.deployer.governance.delegate();
    parent = await registerFor(sdk.accounts.carol.address, sdk.carol, {
      ...{ kind: "dataset", derivatives: { mode: "open", rateBps: 1_000 } },
    });
  });

  it("is opened by its coordinator, with the timelock as its arbiter", async () => {
    const now = await sdk.connection.networkHelpers.time.latest();
    expect(await sdk.reader.rounds.minArbitrationPeriod()).to.equal(10 * DAY);
    round = await coordinator.rounds.open({
      currency: sdk.usdcAddress,
      money: {
        ...{ target: "1000", cap: "5000", coordinatorCash: "100" },
        ...{ submissionBond: "1", resultBond: "20", challengeBond: "30" },
      },
      schedule: {
        ...{ fundingUntil: now + 20 * DAY, submissionUntil: now + 30 * DAY, revealUntil: now + 32 * DAY },
        ...{ reviewPeriod: 5 * DAY, challengePeriod: 3 * DAY, arbitrationPeriod: 12 * DAY, maxAttempts: 2 },
      },
      split: { contributors: 600_000, funders: 300_000, coordinator: 100_000 },
      reviewers: reviewers.map(({ address }) => address),
      minReviews: 2,
      model: {
        ...{ kind: "model", maxHostBps: 2_000, maxFeeBps: 100, derivatives: { mode: "open", rateBps: 500 } },
        parents: [{ model: parent, rateBps: 1_000, relation: "trainedOn" }],
      },
      ...{ licenseDigest: id("Apache-2.0"), budgetDigest: budget.digest, uri: "ipfs://terms" },
    });

    const { roundId, opening, uri } = round;
    expect(opening.arbiter).to.equal(treasury);
    expect(await sdk.reader.rounds.get({ roundId })).to.deep.equal({ roundId, opening, uri });
    expect(await sdk.reader.rounds.roundsOf({ coordinator: opening.coordinator })).to.deep.equal([
      { roundId, opening, uri },
    ]);
    expect(await sdk.reader.rounds.roundsOf({ coordinator: sdk.accounts.bob.address })).to.deep.equal([]);
    expect(await stateOf()).to.include({ state: "open", raised: 0n, attempt: 0, currency: sdk.usdcAddress });
  });

  it("is funded by permit, by a signature that another sends, and by a vote of the treasury", async () => {
    const { roundId } = round;
    const { governance } = sdk.deployer;
    await sdk.bob.rounds.fundWithPermit({ roundId, amount: "500" });
    const signed = await (
      await connect(donor, { deployment: sdk.deployment })
    ).rounds.signFunding({ roundId, amount: "300", validBefore: 2 ** 40 });
    await sdk.bob.rounds.fundSigned(JSON.parse(JSON.stringify(signed)));

    const actions = await governance.proposals.fundRound({ roundId, amount: "400" });
    const { calls, warnings } = await governance.explain({ actions });
    expect(calls.map(({ sentence }) => sentence)).to.deep.equal([
      "Let TrainingRounds take 400 USDC from the treasury",
      `Fund the round ${roundId} with 400 USDC`,
    ]);
    expect(warnings).to.deep.equal([]);
    const { balances } = await governance.simulate({ actions });
    expect(balances.find(({ account, currency }) => account === treasury && currency === sdk.usdcAddress)).to.include({
      ...{ before: 10_000n * USDC, after: 9_600n * USDC },
    });
    const wait = sdk.connection.networkHelpers.time.increase;
    await (await carry({ governance }, wait, actions, "Fund the round")).execute();

    paid = [
      { funder: sdk.accounts.bob.address, offset: 0n, amount: 500n * USDC },
      { funder: donor.address, offset: 500n * USDC, amount: 300n * USDC },
      { funder: treasury, offset: 800n * USDC, amount: 400n * USDC },
    ];
    expect(await sdk.reader.rounds.fundingsOf({ roundId })).to.deep.equal(
      paid.map((each) => ({ ...each, isSettled: false })),
    );
    expect((await stateOf()).raised).to.equal(1_200n * USDC);
  });

  it("takes what five people bring, as hashes first", async () => {
    const { roundId, opening } = round;
    for (const name of contributors) {
      const { kind, units } = brought[name];
      await people[name].rounds.submit({ roundId, contentDigest: contentOf(name), kind, units });
    }
    await goTo(opening.schedule.submissionUntil + 1);
    for (const name of contributors) {
      await people[name].rounds.reveal({ roundId, contentDigest: contentOf(name), uri: `ipfs://${name}` });
    }

    const submissions = await sdk.reader.rounds.submissionsOf({ roundId });
    expect(submissions.map(({ commitment: _, ...rest }) => rest)).to.deep.equal(
      contributors.map((name) => ({
        ...{ contributor: addresses[name], kind: brought[name].kind, units: brought[name].units },
        ...{ contentDigest: contentOf(name), uri: `ipfs://${name}`, isSettled: false },
      })),
    );
    for (const [i, name] of contributors.entries()) {
      const { amount } = await people[name].rounds.takeSubmissionBond({ roundId, ...submissions[i] });
      expect(amount).to.equal(1n * USDC);
    }
    expect(await roundsHold()).to.equal(1_200n * USDC);
  });

  it("is scored by three reviewers, of whom one cannot do harm", async () => {
    const { roundId, opening } = round;
    await goTo(opening.schedule.revealUntil + 1);
    const reviews: SignedScores[] = [];
    for (const [r, { commonweal }] of reviewers.entries()) {
      const scores = contributors.map((name): Score => ({
        ...{ contributor: addresses[name], contentDigest: contentOf(name), score: brought[name].scores[r] },
      }));
      const signed = await commonweal.rounds.signScores({ roundId, manifestDigest, scores });
      expect(await sdk.reader.rounds.verifyScores(signed)).to.equal(true);
      reviews.push(JSON.parse(JSON.stringify(signed)));
    }

    result = await coordinator.rounds.aggregate({ opening, budget: budget.text, manifestDigest, reviews });
    text = writeResult(result);
    const byAccount = new Map(result.leaves.map(({ account, shares, cash }) => [account, { shares, cash }]));
    for (const name of contributors) {
      const { shares, cash } = due[name];
      expect(byAccount.get(addresses[name].toLowerCase()), name).to.deep.equal({
        shares: Number(shares),
        cash: String(cash),
      });
    }
    expect(byAccount.size).to.equal(5);
    expect(result.model).to.equal(round.model.toLowerCase());
    expect(await sdk.reader.rounds.verify({ roundId, json: text })).to.deep.equal([]);
  });

  it("has a false result challenged, upheld by a vote, and its bond lost", async () => {
    const { roundId, opening } = round;
    // All of Gus' money for Dave.
    const [gus, dave] = (["gus", "dave"] as const).map((name) => addresses[name].toLowerCase());
    const leaves = result.leaves.map((leaf) =>
      leaf.account === gus
        ? { ...leaf, cash: "0" }
        : leaf.account === dave
          ? { ...leaf, cash: String(due.gus.cash) }
          : leaf,
    );
    const forged = { ...result, leaves, root: rootOf(result, leaves) };
    const { attempt, challengeUntil } = await coordinator.rounds.postResult({
      result: forged,
      resultURI: "ipfs://forged",
    });
    expect(attempt).to.equal(1);

    const mismatches = await people.challenger.rounds.verify({ roundId, json: writeResult(forged) });
    expect(mismatches.map(({ code }) => code)).to.have.members(["LeafMismatch", "LeafMismatch", "RootMismatch"]);
    await people.challenger.rounds.challenge({ opening, evidenceUri: "ipfs://evidence" });
    expect(await stateOf()).to.include({ state: "challenge", challenges: 1 });
    await goTo(challengeUntil);

    const { governance } = sdk.deployer;
    const uphold = await governance.proposals.resolveRound({ opening, attempt, isUpheld: true });
    const { calls } = await governance.explain({ actions: [uphold] });
    expect(calls[0].sentence).to.equal(`Uphold the challenges of result 1 of the round ${roundId}, which falls`);
    const wait = sdk.connection.networkHelpers.time.increase;
    await (await carry({ governance }, wait, [uphold], "The result is false")).execute();

    expect(await stateOf()).to.include({ state: "review", forfeits: 20n * USDC });
    const { amount } = await people.challenger.rounds.takeChallengeBond({ opening, attempt });
    expect(amount).to.equal(30n * USDC);
  });

  it("is finalised with the true one, which anybody can check", async () => {
    const { roundId, opening } = round;
    const posted = await coordinator.rounds.postResult({
      ...{ result: readResult(text), mirrorURI: "ipfs://manifest", resultURI: "ipfs://result" },
    });
    expect(posted.attempt).to.equal(2);
    expect(await sdk.reader.rounds.verify({ roundId, json: text })).to.deep.equal([]);
    expect((await sdk.reader.rounds.verify({ roundId, json: text, attempt: 1 })).map(({ code }) => code)).to.deep.equal(
      ["FactMismatch"],
    );
    const results = await sdk.reader.rounds.resultsOf({ roundId });
    expect(results.map(({ attempt, root }) => ({ attempt, isRight: root === result.root }))).to.deep.equal([
      { attempt: 1, isRight: false },
      { attempt: 2, isRight: true },
    ]);

    await expectRefusal(sdk.bob.rounds.finalise({ opening }), "RoundTooEarly", {
      ...{ roundId, from: BigInt(posted.challengeUntil + 1) },
    });
    await goTo(posted.challengeUntil);
    const { model } = await sdk.bob.rounds.finalise({ opening });
    expect(model).to.equal(round.model);
    expect(await stateOf()).to.include({
      ...{ state: "finalised", model, root: result.root, cashLeft: 900n * USDC, unspent: 200n * USDC },
    });
  });

  it("leaves everybody what is theirs, with what the model earned before", async () => {
    const { roundId, opening, model } = round;
    // A tenth for the parent, and of the rest a hundredth for the protocol.
    const earned = parseEther("10");
    await sdk.bob.royalties.pay({ model, currency: "ETH", amount: earned });
    const kept = earned - earned / 10n;
    const distributed = kept - kept / 100n;
    const incomeOf = (units: bigint) => (distributed * units) / SHARES;
    const income = async (holder: string) =>
      (await sdk.reader.royalties.claimable({ holder, models: [model], currency: "ETH" })).total;

    for (const name of contributors) {
      const before = await sdk.usdc.balanceOf(addresses[name]);
      const [leaf, ...more] = leavesOf(readResult(text), addresses[name]);
      expect(more).to.deep.equal([]);
      await people[name].rounds.claim({ roundId, leaf });

      expect((await sdk.usdc.balanceOf(addresses[name])) - before, name).to.equal(due[name].cash);
      expect(await income(addresses[name]), name).to.equal(incomeOf(due[name].shares));
      expect(await sdk.reader.rounds.isClaimed({ roundId, index: leaf.index })).to.equal(true);
      await expectRefusal(people[name].rounds.claim({ roundId, leaf }), "LeafAlreadyClaimed", {
        ...{ roundId, index: BigInt(leaf.index) },
      });
    }

    let [shares, returned] = [0n, 0n];
    for (const { funder, offset, amount } of paid) {
      // Anyone may have it sent to the funder.
      const claimed = await sdk.carol.rounds.claimFundings({ roundId, funder });
      const units = partOf(300_000n, offset, amount, 1_200n * USDC);

      expect(claimed).to.include({ shares: units, amount: partOf(220n * USDC, offset, amount, 1_200n * USDC) });
      expect(await sdk.reader.rounds.earningsOf({ roundId, funder, currency: "ETH" })).to.equal(incomeOf(units));
      const withdrawn = await sdk.carol.rounds.withdrawEarnings({ roundId, funder, currency: "ETH" });
      expect(withdrawn.amount).to.equal(incomeOf(units));
      shares += claimed.shares;
      returned += claimed.amount;
    }
    expect([shares, returned]).to.deep.equal([300_000n, 220n * USDC]);

    expect(await coordinator.rounds.payCoordinator({ opening })).to.include({ cash: 100n * USDC, bond: 20n * USDC });
    expect(await income(opening.coordinator)).to.equal(incomeOf(100_000n));
    expect(await roundsHold()).to.equal(0n);
    expect((await stateOf()).cashLeft).to.equal(0n);
  });
});
