/** A round: many people make one model together, and it is theirs by what they brought. */
import { id, sha256, toUtf8Bytes, Wallet } from "ethers";
import { type Commonweal, connect, type OpenedRound } from "../../sdk/src/index.js";
import { leavesOf, readResult, type RoundResult, writeResult } from "../../sdk/src/roundScoring.js";
import { holdersOf, type Person, PEOPLE, type Role } from "./cast.js";
import { passTime } from "./latecomers.js";
import {
  ARBITER,
  BROUGHT,
  BUDGET,
  CHALLENGER,
  COORDINATOR,
  DECIMALS,
  DONOR,
  EARNED,
  FUNDED,
  LEFT,
  MONEY,
  NAME,
  PARENT,
  REVIEWERS,
  SPLIT,
  SYMBOL,
  type Contents,
  contentsOf,
  dueOf,
  type Earned,
  partOf,
  units,
} from "./roundTerms.js";
import type { World } from "./world.js";

const DAY = 86_400;

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
  earned: Earned;
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
  await fillPurses(stage);
  const start = await measure(stage);

  const round = await open(stage, parent, before.feeBps);
  await fund(stage, round);
  const contents = await contribute(stage, round);
  const result = await review(stage, round, contents);
  await dispute(stage, round, result);
  const { model, pool } = await commonwealOf.Relayer.rounds.finalise({ opening: round.opening });
  world.say(`  finalised: “${NAME}” is registered, and belongs to all of them`);
  await payOut(stage, round, { result, model, parent, holders });

  const end = await measure(stage, pool);
  const shares = await sharesOf(stage, model);
  const due = dueOf({ ...before.earned, feeBps: before.feeBps });

  return {
    ...{ name: NAME, model, decimals: DECIMALS, symbol: SYMBOL },
    gains: [...end].map(([name, balance]) => ({
      ...{ name, part: partOf(name, holders), due: due.gains.get(name) ?? 0n },
      got: balance - (start.get(name) ?? 0n),
      shares: { due: due.shares.get(name) ?? 0n, got: shares.get(name) ?? 0n },
    })),
  };
}

/** Everybody who pays in has enough for it; each by a transaction of its own, all at once. */
async function fillPurses({ donor, world: { usdc, wallets } }: Stage): Promise<void> {
  const payers = [...BROUGHT.map(({ contributor }) => contributor), "Farid", "Hana", COORDINATOR, "Buyer"] as const;
  const purses = [
    ...payers.map((person) => ({ by: wallets[person], to: wallets[person].address })),
    { by: wallets.Relayer, to: donor.address },
  ];
  await Promise.all(purses.map(async ({ by, to }) => (await usdc.connect(by).mint(to, units("1000"))).wait()));
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
  world.say(`  ${COORDINATOR} opens a round for “${NAME}”, which needs ${MONEY.target} ${SYMBOL}`);

  return round;
}

/** One after the other: how a part is rounded depends on what was raised before it. */
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
  const contents = await contentsOf();
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
  const broughtBy = new Map(BROUGHT.map((brought) => [world.wallets[brought.contributor].address, brought]));
  const revealed = (await rounds.submissionsOf({ roundId })).filter(({ contentDigest }) => contentDigest !== undefined);
  const reviews = await Promise.all(
    REVIEWERS.map((reviewer, r) => {
      const scores = revealed.map(({ contributor, contentDigest }) => ({
        ...{ contributor, contentDigest: contentDigest as string, score: broughtBy.get(contributor)?.scores[r] ?? 0 },
      }));

      return commonwealOf[reviewer].rounds.signScores({ roundId, manifestDigest: manifest.digest, scores });
    }),
  );
  const result = await rounds.aggregate({ opening, budget: BUDGET.text, manifestDigest: manifest.digest, reviews });
  await rounds.postResult({ result, mirrorURI: manifest.mirrorURI });
  world.say(`  scored: ${REVIEWERS.join(", ")} sign scores, and medians make the result`);

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
  world.say("  (the clock was put forward by 17 days in all: to bring, to reveal, to challenge)");
  await commonwealOf[ARBITER].rounds.resolve({ opening, attempt, isUpheld: false });
  world.say(`  ${ARBITER}, the arbiter, rejects the challenge: its bond is the funders'`);
}

/** The model is paid before anybody has come for shares: it is theirs all the same. */
async function payOut(
  { commonwealOf, currency, donor, world }: Stage,
  { opening, roundId }: OpenedRound,
  { result, model, parent, holders }: { result: RoundResult; model: string; parent: string; holders: Person[] },
): Promise<void> {
  const { wallets, say } = world;
  const { royalties, contracts } = commonwealOf.Relayer;
  await commonwealOf.Buyer.royalties.pay({ model, currency, amount: EARNED });
  await royalties.cascade({ models: [model, parent], currency });
  say(`  paid ${EARNED} ${SYMBOL} and cascaded, before anybody has come for shares`);

  const published = readResult(writeResult(result));
  const claimLeaf = async (person: Person) => {
    const [leaf] = leavesOf(published, wallets[person].address);
    await commonwealOf[person].rounds.claim({ roundId, leaf });
  };
  const claimFundings = async ({ rounds }: Commonweal, funder: string) => {
    await rounds.claimFundings({ roundId, funder });
    await rounds.withdrawEarnings({ roundId, funder, currency });
  };
  const claimEarnings = (person: Person, models: string[]) =>
    commonwealOf[person].royalties.claim({ models, currency, to: wallets[person].address });
  const makers: Person[] = BROUGHT.map(({ contributor }) => contributor);
  const parentOf = (person: Person) => (holders.includes(person) ? [parent] : []);

  // All at once: nobody's part depends on who comes first.
  await Promise.all([
    ...makers.map((person) => claimLeaf(person).then(() => claimEarnings(person, [model, ...parentOf(person)]))),
    ...holders.filter((person) => !makers.includes(person)).map((person) => claimEarnings(person, [parent])),
    ...FUNDED.map(({ funder }) =>
      funder === DONOR
        ? claimFundings(commonwealOf.Relayer, donor.address)
        : claimFundings(commonwealOf[funder], wallets[funder].address),
    ),
    commonwealOf[COORDINATOR].rounds.payCoordinator({ opening }).then(() => claimEarnings(COORDINATOR, [model])),
  ]);
  await (await contracts.RoyaltyLedger.collectFees(currency)).wait();
  say("  claimed: everybody has cash, shares and what these earned, and funders what was not spent");
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

async function timeOf({ world: { provider } }: Stage): Promise<number> {
  return ((await provider.getBlock("latest")) as { timestamp: number }).timestamp;
}

async function passUntil(stage: Stage, time: number): Promise<void> {
  await passTime(stage.world.provider, time - (await timeOf(stage)));
}
