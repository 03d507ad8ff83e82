import { expect } from "chai";
import { id, parseEther, Wallet } from "ethers";
import { type Commonweal, connect, InvalidArgument, type RoundOptions, SignerRequired } from "../../sdk/src/index.js";
import { leavesOf, verifyResult, writeBudget } from "../../sdk/src/roundScoring.js";
import { deploySdk, expectRefusal, failureOf } from "./helpers.js";
import { BUDGET, manifestDigest, reviewers, roundOptions } from "./rounds.support.js";

const USDC = 1_000_000n;
const contentDigest = id("what Carol brings");
const budget = writeBudget(BUDGET).text;

describe("SDK rounds", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let restore: () => Promise<void>;
  let rounds: string;
  let rita: Commonweal;

  before(async () => {
    sdk = await deploySdk();
    rounds = String(sdk.trainingRounds.target);
    for (const account of Object.values(sdk.accounts)) await sdk.usdc.mint(account, 1_000n * USDC);
    // Reviewers sign and send nothing.
    rita = await connect(reviewers[0].connect(sdk.connection.ethers.provider), { deployment: sdk.deployment });
  });

  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  const goTo = (time: number) => sdk.connection.networkHelpers.time.increaseTo(time);
  const open = async (changes: Partial<RoundOptions> = {}) =>
    sdk.alice.rounds.open({ ...(await roundOptions(sdk)), arbiter: sdk.accounts.deployer.address, ...changes });
  type Opened = Awaited<ReturnType<typeof open>>;

  /** A round that Bob paid 12 into, and Carol brought data to, in the first second in which results can be posted. */
  async function reviewed(changes: Partial<RoundOptions> = {}): Promise<Opened> {
    const round = await open(changes);
    const { roundId, opening } = round;
    await sdk.bob.rounds.fund({ roundId, amount: "12" });
    await sdk.carol.rounds.submit({ roundId, contentDigest, kind: "data", units: 7 });
    await goTo(opening.schedule.submissionUntil + 1);
    await sdk.carol.rounds.reveal({ roundId, contentDigest });
    await goTo(opening.schedule.revealUntil + 1);

    return round;
  }

  const carols = (score: number) => [{ contributor: sdk.accounts.carol.address, contentDigest, score }];

  /** As {@link reviewed}, with a result that was posted. */
  async function posted() {
    const round = await reviewed();
    const { roundId, opening } = round;
    const signed = await rita.rounds.signScores({ roundId, manifestDigest, scores: carols(5) });
    const result = await sdk.alice.rounds.aggregate({ opening, budget, manifestDigest, reviews: [signed] });
    const { challengeUntil } = await sdk.alice.rounds.postResult({ result });

    return { ...round, result, challengeUntil };
  }

  it("pays funders back in ETH when the target is missed, once", async () => {
    const { roundId, opening } = await open({ currency: "ETH", money: { target: "2", cap: "3" } });
    await sdk.bob.rounds.fund({ roundId, amount: "0.5" });
    await sdk.carol.rounds.fund({ roundId, amount: "0.25" });
    await sdk.bob.rounds.fund({ roundId, amount: "0.75" });
    await goTo(opening.schedule.fundingUntil + 1);
    expect((await sdk.reader.rounds.stateOf({ roundId })).state).to.equal("refunding");

    // Anyone may have it paid to the funder, but to nobody else.
    const bob = sdk.accounts.bob.address;
    const before = await sdk.connection.ethers.provider.getBalance(bob);
    await expectRefusal(sdk.carol.rounds.refund({ roundId, funder: bob, to: rounds }), "NotRoundPayee", {
      ...{ account: bob, caller: sdk.accounts.carol.address },
    });
    expect((await sdk.carol.rounds.refund({ roundId, funder: bob })).amount).to.equal(parseEther("1.25"));
    expect((await sdk.connection.ethers.provider.getBalance(bob)) - before).to.equal(parseEther("1.25"));
    const fundings = await sdk.reader.rounds.fundingsOf({ roundId });
    expect(fundings.map(({ isSettled }) => isSettled)).to.deep.equal([true, false, true]);
    expect((await failureOf(InvalidArgument, sdk.bob.rounds.refund({ roundId }))).argument).to.equal("funder");

    await expectRefusal(sdk.carol.rounds.refund({ roundId, offsets: [0n] }), "FundingNotFound", {
      roundId,
      offset: 0n,
    });
    const to = Wallet.createRandom().address;
    await sdk.carol.rounds.refund({ roundId, to });
    expect(await sdk.connection.ethers.provider.getBalance(to)).to.equal(parseEther("0.25"));
  });

  it("takes ETH by no signature of a token", async () => {
    const { roundId } = await open({ currency: "ETH", money: { target: "2", cap: "3" } });

    expect(
      (await failureOf(InvalidArgument, sdk.bob.rounds.fundWithPermit({ roundId, amount: "1" }))).argument,
    ).to.equal("currency");
    await failureOf(InvalidArgument, sdk.bob.rounds.signFunding({ roundId, amount: "1" }));
    await failureOf(SignerRequired, sdk.reader.rounds.fund({ roundId, amount: "1" }));
  });

  it("approves and sends nothing where the round is in another state", async () => {
    const { schedule, ...options } = await roundOptions(sdk);
    const submissionUntil = schedule.fundingUntil + 1_000_000;
    const { roundId, opening } = await open({
      ...options,
      schedule: { ...schedule, submissionUntil, revealUntil: submissionUntil + 200_000 },
    });
    const refused = async (call: Promise<unknown>) => {
      expect((await failureOf(InvalidArgument, call)).message).to.match(/give a round whose state is \w+, not \w+\.$/);
    };
    await sdk.bob.rounds.fund({ roundId, amount: "10" });
    const { result } = await posted();
    const nonces = () => Promise.all(Object.values(sdk.accounts).map((account) => account.getNonce()));
    const before = await nonces();

    // The first round takes submissions still.
    const late = sdk.bob.rounds.fund({ roundId, amount: "1" });
    expect((await failureOf(InvalidArgument, late)).message).to.contain(`did until ${opening.schedule.fundingUntil}`);
    await refused(sdk.bob.rounds.fund({ roundId: result.roundId, amount: "1" }));
    await refused(sdk.bob.rounds.fundWithPermit({ roundId: result.roundId, amount: "1" }));
    await refused(sdk.bob.rounds.submit({ roundId: result.roundId, contentDigest, kind: "code", units: 1n }));
    await refused(sdk.alice.rounds.postResult({ result }));
    await refused(sdk.bob.rounds.challenge({ opening }));
    await refused(sdk.bob.rounds.fund({ roundId: id("no round"), amount: "1" }));
    expect(await nonces()).to.deep.equal(before);
  });

  it("takes scores of a smart wallet, as the contract does", async () => {
    const [owner] = reviewers;
    const wallet = await sdk.connection.ethers.deployContract("ERC1271Wallet", [owner.address]);
    const address = await wallet.getAddress();
    const { roundId, opening } = await reviewed({ reviewers: [address] });
    const byOwner = await rita.rounds.signScores({ roundId, manifestDigest, scores: carols(5) });
    const signed = { ...byOwner, reviewer: address };

    expect(await sdk.reader.rounds.verifyScores(signed)).to.equal(true);
    expect(await sdk.reader.rounds.verifyScores({ ...signed, manifestDigest: id("another") })).to.equal(false);
    // A contract that answers nothing has not signed.
    expect(await sdk.reader.rounds.verifyScores({ ...signed, reviewer: sdk.usdcAddress })).to.equal(false);

    const inputs = { opening, budget, manifestDigest };
    const result = await sdk.alice.rounds.aggregate({ ...inputs, reviews: [signed] });
    expect(verifyResult(result).map(({ code }) => code)).to.deep.equal(["SignatureInvalid"]);
    expect(await sdk.reader.rounds.verify({ roundId, json: result })).to.deep.equal([]);
    await sdk.alice.rounds.postResult({ result });
    expect(await sdk.reader.rounds.verify({ roundId, json: result, attempt: 1 })).to.deep.equal([]);

    const forged = { ...result, reviews: [{ ...result.reviews[0], signature: `0x${"00".repeat(65)}` }] };
    expect((await sdk.reader.rounds.verify({ roundId, json: forged })).map(({ code }) => code)).to.deep.equal([
      "SignatureInvalid",
    ]);

    // The wallet has another owner now; what it signed was asked when it was posted.
    await sdk.connection.networkHelpers.impersonateAccount(owner.address);
    await sdk.connection.networkHelpers.setBalance(owner.address, parseEther("1"));
    const signer = await sdk.connection.ethers.getSigner(owner.address);
    const heir = sdk.accounts.bob.address;
    await signer.sendTransaction({
      ...{ to: address, data: wallet.interface.encodeFunctionData("transferOwnership", [heir]) },
    });
    expect(await sdk.reader.rounds.verifyScores(signed)).to.equal(false);
    expect(await sdk.reader.rounds.verify({ roundId, json: result })).to.deep.equal([]);
    const unsigned = sdk.alice.rounds.aggregate({ ...inputs, reviews: [{ ...signed, signature: "0x" }] });
    expect((await failureOf(InvalidArgument, unsigned)).argument).to.equal("reviews[0].signature");
  });

  it("keeps a result whose challenge is rejected, and gives its bond to the funders", async () => {
    const { roundId, opening, result, challengeUntil } = await posted();
    const { attempt } = await sdk.bob.rounds.challenge({ opening });
    expect(attempt).to.equal(1);
    await expectRefusal(sdk.bob.rounds.challenge({ opening, approve: true }), "AlreadyChallenged", {
      ...{ roundId, challenger: sdk.accounts.bob.address },
    });
    await goTo(challengeUntil);
    await expectRefusal(sdk.bob.rounds.resolve({ opening, attempt, isUpheld: true }), "NotRoundArbiter", {
      ...{ arbiter: opening.arbiter, caller: sdk.accounts.bob.address },
    });
    const { forfeit, until } = await sdk.deployer.rounds.resolve({ opening, attempt, isUpheld: false });
    expect(forfeit).to.equal(3n * USDC);
    const { finaliseUntil, isRejected, forfeits } = await sdk.reader.rounds.stateOf({ roundId });
    expect({ finaliseUntil, isRejected, forfeits }).to.deep.equal({
      ...{ finaliseUntil: until, isRejected: true, forfeits: 3n * USDC },
    });
    await expectRefusal(sdk.bob.rounds.takeChallengeBond({ opening, attempt }), "ChallengeBondNotDue", {
      ...{ roundId, attempt: 1n, challenger: sdk.accounts.bob.address },
    });

    expect(
      (await failureOf(InvalidArgument, sdk.bob.rounds.earningsOf({ roundId, currency: "ETH" }))).argument,
    ).to.equal("roundId");
    await sdk.carol.rounds.finalise({ opening });
    // Nothing was for data in money: all of it goes back, with the bond.
    expect(await sdk.bob.rounds.claimFundings({ roundId })).to.include({ shares: 300_000n, amount: (12n + 3n) * USDC });

    const [leaf] = leavesOf(result, sdk.accounts.carol.address);
    await sdk.bob.rounds.claim({ roundId, leaf });
    const model = (await sdk.reader.rounds.stateOf({ roundId })).model as string;
    expect(await sdk.ledger.balanceOf(sdk.accounts.carol.address, model)).to.equal(600_000n);
  });

  it("finds a result that is not the one that was posted, and one that was not posted", async () => {
    const { roundId, result } = await posted();
    const { reviews } = result;
    expect(await sdk.reader.rounds.verify({ roundId, json: result })).to.deep.equal([]);
    const other = { ...result, reviews: [{ ...reviews[0], scores: [6] }] };
    const mismatches = await sdk.reader.rounds.verify({ roundId, json: other });
    expect(mismatches.map(({ code }) => code)).to.deep.equal(["FactMismatch", "SignatureInvalid"]);
    expect(mismatches[0]).to.include({ fact: "reviews" });

    const missing = sdk.reader.rounds.verify({ roundId, json: result, attempt: 2 });
    expect((await failureOf(InvalidArgument, missing)).argument).to.equal("attempt");
    expect((await sdk.reader.rounds.verify({ roundId, json: "[]" }))[0].code).to.equal("Malformed");
  });

  it("refuses terms that do not fit together before anything is sent", async () => {
    const options = await roundOptions(sdk);
    const nonce = await sdk.accounts.alice.getNonce();
    const wrong: [Partial<RoundOptions>, string][] = [
      [{ money: { target: "0", cap: "1" } }, "money.target"],
      [{ money: { target: "2", cap: "1" } }, "money.target"],
      [{ money: { target: "2", cap: "2", coordinatorCash: "3" } }, "money.coordinatorCash"],
      [{ split: { contributors: 1, funders: 1, coordinator: 1 } }, "split"],
      [{ minReviews: 2 }, "minReviews"],
      [{ minReviews: 0 }, "minReviews"],
      [{ reviewers: ["Rita"] }, "reviewers[0]"],
      [{ schedule: { ...options.schedule, submissionUntil: 1 } }, "schedule.submissionUntil"],
      [{ schedule: { ...options.schedule, reviewPeriod: 0.5 } }, "opening.schedule.reviewPeriod"],
      [{ money: { target: 1n, cap: 2n ** 96n } }, "opening.money.cap"],
      [{ budgetDigest: "0x" }, "opening.budgetDigest"],
      [{ model: { ...options.model, kind: "song" as never } }, "opening.model.kind"],
      [{ arbiter: "Ann" }, "arbiter"],
    ];
    for (const [changes, argument] of wrong) {
      expect((await failureOf(InvalidArgument, open(changes))).argument).to.equal(argument);
    }
    await expectRefusal(open({ schedule: { ...options.schedule, arbitrationPeriod: 1 } }), "RoundPeriodInvalid", {
      ...{ period: 1n, min: 10n * 86_400n, max: 365n * 86_400n },
    });
    expect(await sdk.accounts.alice.getNonce()).to.equal(nonce);

    const get = sdk.reader.rounds.get({ roundId: id("no round") });
    expect((await failureOf(InvalidArgument, get)).argument).to.equal("roundId");
    const finalise = sdk.bob.rounds.finalise({ opening: (await open()).opening });
    expect((await failureOf(InvalidArgument, finalise)).argument).to.equal("opening");
    for (const units of [-1, 0.5, 2n ** 64n]) {
      const submit = sdk.bob.rounds.submit({ roundId: id("no round"), contentDigest, kind: "data", units });
      expect((await failureOf(InvalidArgument, submit)).argument).to.equal("units");
    }
  });
});
