import { expect } from "chai";
import { id, type Interface } from "ethers";
import { network } from "hardhat";
import { DAY } from "../helpers/protocol.js";
import { commitmentOf, Kind } from "./hashes.support.js";
import { deployRounds, type Round, type RoundsContext } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;

const ACTORS = ["coordinator", "arbiter", "funder", "contributor", "challenger", "stranger"] as const;
type Actor = (typeof ACTORS)[number];

const ACTIONS = [
  ...(["open", "fund", "submit", "reveal", "post", "challenge", "resolve", "finalise"] as const),
  ...(["claim", "claimFunding", "refund", "coordinator", "revealed", "sealed", "challenged"] as const),
];
type Action = (typeof ACTIONS)[number];

/** What the marks of the table stand for; `x` is what the action itself is called with a thing that is not due. */
const MARKS: Record<string, string> = {
  ok: "",
  "–": "RoundNotInState",
  early: "RoundTooEarly",
  late: "RoundTooLate",
  again: "RoundAlreadyOpened",
  other: "AttemptMismatch",
  wait: "ChallengesUnresolved",
  none: "NothingToResolve",
};
const NOT_DUE: Partial<Record<Action, string>> = {
  coordinator: "NothingForCoordinator",
  revealed: "SubmissionBondNotDue",
  sealed: "SubmissionBondNotDue",
  challenged: "ChallengeBondNotDue",
};

/** Actions that are one actor's, whatever the state, and what the others are told. */
const RESERVED: Partial<Record<Action, [Actor, string]>> = {
  open: ["coordinator", "NotRoundCoordinator"],
  post: ["coordinator", "NotRoundCoordinator"],
  resolve: ["arbiter", "NotRoundArbiter"],
};

/**
 * What happens, in each situation, when somebody does something: from its first second to its last. The last four columns
 * pay the coordinator, the bond of a submission that was revealed, of one that was not, and of a challenge of the first result.
 * All of those, and claims and refunds, are for anybody to call, to whom they belong.
 */
const TABLE = `
                     | open  fund  submit reveal post  challenge resolve finalise claim claimFunding refund coordinator revealed sealed challenged
  not opened         | ok    –     –      –      –     –         –       –        –     –            –      x           x        x      x
  funding            | again ok    ok     –      –     –         –       –        –     –            –      x           x        x      x
  submitting         | again late  ok     –      –     –         –       –        –     –            –      x           x        x      x
  revealing          | again –     –      ok     early –         –       –        –     –            –      x           ok       x      x
  reviewing          | again –     –      late   ok    –         –       –        –     –            –      x           ok       x      x
  posted             | again –     –      –      –     ok        early   early    –     –            –      x           ok       x      x
  challenged         | again –     –      –      –     ok        early   early    –     –            –      x           ok       x      x
  before the arbiter | again –     –      –      –     late      ok      wait     –     –            –      x           ok       x      x
  accepted           | again –     –      –      –     late      none    ok       –     –            –      x           ok       x      x
  rejected           | again –     –      –      –     late      none    ok       –     –            –      x           ok       x      x
  upheld             | again –     –      late   ok    –         –       –        –     –            –      x           ok       x      ok
  posted again       | again –     –      –      –     other     other   early    –     –            –      x           ok       x      ok
  finalised          | again –     –      –      –     –         –       –        ok    ok           –      ok          ok       ok     x
  after a rejection  | again –     –      –      –     –         –       –        ok    ok           –      ok          ok       ok     x
  target missed      | again –     –      –      –     –         –       –        –     –            ok     x           ok       ok     x
  nothing posted     | again –     –      –      –     –         –       –        –     –            ok     x           ok       ok     x
  arbiter silent     | again –     –      –      –     –         –       –        –     –            ok     ok          ok       ok     ok
  attempts used up   | again –     –      –      –     –         –       –        –     –            ok     x           ok       ok     ok
  not finalised      | again –     –      –      –     –         –       –        –     –            ok     ok          ok       ok     x
  nor after a reject | again –     –      –      –     –         –       –        –     –            ok     ok          ok       ok     x
`;

/** A situation: the round, and the first and the last second of it. */
interface Situation {
  round: Round;
  first: number;
  last: number;
}

const deploy = () => deployRounds(connection);
const latest = () => time.latest();
const FAR = 2_000 * DAY;

/** A round in which 1,000 were paid, 700 of them by Bob, and Dave submitted two things. */
async function funded(context: RoundsContext, changes = {}, amounts = [700n, 300n]): Promise<Round> {
  const round = await context.opened(changes);
  for (const [i, amount] of amounts.entries()) await round.fund(amount, [context.bob, context.carol][i]);
  for (const text of ["revealed", "sealed"]) await round.submit(text);

  return round;
}

async function revealed(context: RoundsContext, changes = {}): Promise<Round> {
  const round = await funded(context, changes);
  await time.increaseTo(round.schedule.submissionUntil);
  await round.reveal("revealed");

  return round;
}

async function posted(context: RoundsContext, changes = {}): Promise<Round> {
  const round = await revealed(context, changes);
  await round.toResults();
  await round.post();

  return round;
}

async function challenged(context: RoundsContext, changes = {}): Promise<Round> {
  const round = await posted(context, changes);
  await round.challenge();

  return round;
}

async function resolved(context: RoundsContext, isUpheld: boolean, changes = {}): Promise<Round> {
  const round = await challenged(context, changes);
  await round.pastChallenges();
  await round.resolve(isUpheld);

  return round;
}

const seconds = async (round: Round) => {
  const record = await round.record();

  return {
    challengeUntil: Number(record.challengeUntil),
    arbitrationUntil: Number(record.arbitrationUntil),
    finaliseUntil: Number(record.finaliseUntil),
    reviewUntil: Number(record.reviewUntil),
  };
};

const SITUATIONS: Record<string, (context: RoundsContext) => Promise<Situation>> = {
  "not opened": async (context) => {
    const round = await context.roundOf(await context.openingOf());

    return { round, first: await latest(), last: round.schedule.fundingUntil };
  },
  funding: async (context) => {
    const round = await funded(context);

    return { round, first: await latest(), last: round.schedule.fundingUntil };
  },
  submitting: async (context) => {
    const round = await funded(context);

    return { round, first: round.schedule.fundingUntil + 1, last: round.schedule.submissionUntil };
  },
  revealing: async (context) => {
    const round = await revealed(context);

    return { round, first: round.schedule.submissionUntil + 1, last: round.schedule.revealUntil };
  },
  reviewing: async (context) => {
    const round = await revealed(context);

    return { round, first: round.schedule.revealUntil + 1, last: (await seconds(round)).reviewUntil };
  },
  posted: async (context) => {
    const round = await posted(context);

    return { round, first: await latest(), last: (await seconds(round)).challengeUntil };
  },
  challenged: async (context) => {
    const round = await challenged(context);

    return { round, first: await latest(), last: (await seconds(round)).challengeUntil };
  },
  "before the arbiter": async (context) => {
    const round = await challenged(context);
    const { challengeUntil, arbitrationUntil } = await seconds(round);

    return { round, first: challengeUntil + 1, last: arbitrationUntil };
  },
  accepted: async (context) => {
    const round = await posted(context);
    const { challengeUntil, finaliseUntil } = await seconds(round);

    return { round, first: challengeUntil + 1, last: finaliseUntil };
  },
  rejected: async (context) => {
    const round = await resolved(context, false);

    return { round, first: await latest(), last: (await seconds(round)).finaliseUntil };
  },
  upheld: async (context) => {
    const round = await resolved(context, true);

    return { round, first: await latest(), last: (await seconds(round)).reviewUntil };
  },
  "posted again": async (context) => {
    const round = await resolved(context, true);
    await round.post();

    return { round, first: await latest(), last: (await seconds(round)).challengeUntil };
  },
  finalised: async (context) => {
    const round = await posted(context);
    await round.pastChallenges();
    await round.finalise();

    return { round, first: await latest(), last: (await latest()) + FAR };
  },
  "after a rejection": async (context) => {
    const round = await resolved(context, false);
    await round.finalise();

    return { round, first: await latest(), last: (await latest()) + FAR };
  },
  "target missed": async (context) => {
    const round = await funded(context, {}, [700n, 299n]);
    const first = round.schedule.fundingUntil + 1;

    return { round, first, last: first + FAR };
  },
  "nothing posted": async (context) => {
    const round = await revealed(context);
    const first = (await seconds(round)).reviewUntil + 1;

    return { round, first, last: first + FAR };
  },
  "arbiter silent": async (context) => {
    const round = await challenged(context);
    const first = (await seconds(round)).arbitrationUntil + 1;

    return { round, first, last: first + FAR };
  },
  "attempts used up": async (context) => {
    const round = await resolved(context, true, { schedule: { maxAttempts: 1 } });

    return { round, first: await latest(), last: (await latest()) + FAR };
  },
  "not finalised": async (context) => {
    const round = await posted(context);
    const first = (await seconds(round)).finaliseUntil + 1;

    return { round, first, last: first + FAR };
  },
  "nor after a reject": async (context) => {
    const round = await resolved(context, false);
    const first = (await seconds(round)).finaliseUntil + 1;

    return { round, first, last: first + FAR };
  },
};

/** The calls, which change nothing: what would happen in a block of this second. */
async function callsOf({ rounds, alice, bob, dave, challenger, signers }: RoundsContext, round: Round) {
  const { opening, roundId } = round;
  const { result, leaves, proofOf } = round.resultOf();
  const reviews = await round.reviewsOf();
  const [shown, hidden] = ["revealed", "sealed"].map((text) => commitmentOf(dave.address, id(text)));
  type Caller = (typeof signers)[number];

  return {
    open: (by: Caller) => rounds.connect(by).open.staticCall(opening, ""),
    fund: (by: Caller) => rounds.connect(by).fund.staticCall(roundId, 1n),
    submit: (by: Caller) => rounds.connect(by).submit.staticCall(roundId, id("fresh"), Kind.Compute, 1n),
    reveal: (by: Caller) => rounds.connect(by).reveal.staticCall(roundId, id("sealed"), ""),
    post: (by: Caller) => rounds.connect(by).postResult.staticCall(opening, result, reviews),
    challenge: (by: Caller) => rounds.connect(by).challenge.staticCall(opening, 1, ""),
    resolve: (by: Caller) => rounds.connect(by).resolve.staticCall(opening, 1, true),
    finalise: (by: Caller) => rounds.connect(by).finalise.staticCall(opening, result, []),
    claim: (by: Caller) => rounds.connect(by).claim.staticCall(roundId, leaves[0], proofOf(leaves[0]), dave),
    claimFunding: (by: Caller) => rounds.connect(by).claimFundings.staticCall(roundId, [0], bob),
    refund: (by: Caller) => rounds.connect(by).refund.staticCall(roundId, [0], bob),
    coordinator: (by: Caller) => rounds.connect(by).payCoordinator.staticCall(opening, alice),
    revealed: (by: Caller) => rounds.connect(by).takeSubmissionBond.staticCall(roundId, dave, shown, dave),
    sealed: (by: Caller) => rounds.connect(by).takeSubmissionBond.staticCall(roundId, dave, hidden, dave),
    challenged: (by: Caller) => rounds.connect(by).takeChallengeBond.staticCall(opening, 1, challenger, challenger),
  } satisfies Record<Action, (by: Caller) => Promise<unknown>>;
}

/** The error that a call ends with; nothing if it works. */
async function outcomeOf(call: Promise<unknown>, contract: Interface): Promise<string> {
  try {
    await call;

    return "";
  } catch (error) {
    const { data = "0x" } = error as { data?: string };

    return contract.parseError(data)?.name ?? String(error);
  }
}

/** What an actor is told, by a mark of the table. */
function expectedOf(situation: string, action: Action, actor: Actor, mark: string): string {
  const [owner, refusal] = RESERVED[action] ?? [actor, ""];
  if (actor !== owner) return refusal;
  if (mark === "x") return NOT_DUE[action] ?? "";
  if (mark === "ok" && action === "reveal" && actor !== "contributor") return "ContributionNotSealed";
  // Of two errors the first that is looked for.
  if (mark === "ok" && action === "challenge" && situation === "challenged" && actor === "challenger") {
    return "AlreadyChallenged";
  }

  return MARKS[mark];
}

const [heading, ...rows] = TABLE.trim()
  .split("\n")
  .map((line) => line.split("|").map((part) => part.trim()));
const columns = heading[heading.length - 1].split(/\s+/);

describe("TrainingRounds", () => {
  describe("the table of states, actors and actions", () => {
    it("has every situation, and every action", () => {
      expect(rows.map(([name]) => name)).to.deep.equal(Object.keys(SITUATIONS));
      expect(columns).to.deep.equal(ACTIONS);
    });

    for (const [name, cells] of rows) {
      it(`holds in the first and the last second of: ${name}`, async function () {
        this.timeout(120_000);
        const context = await networkHelpers.loadFixture(deploy);
        const { rounds, alice, arbiter, bob, dave, challenger, stranger, usdc, roundsAddress } = context;
        const actors = { coordinator: alice, arbiter, funder: bob, contributor: dave, challenger, stranger };
        for (const account of [arbiter, stranger]) {
          await usdc.mint(account.address, 1_000n);
          await usdc.connect(account).approve(roundsAddress, 1_000n);
        }
        const { round, first, last } = await SITUATIONS[name](context);
        const calls = await callsOf(context, round);

        for (const second of [first, last]) {
          if (second > (await latest())) await time.increaseTo(second);
          expect(await latest()).to.equal(second);
          for (const [i, mark] of cells.split(/\s+/).entries()) {
            for (const actor of ACTORS) {
              const outcome = await outcomeOf(calls[ACTIONS[i]](actors[actor]), rounds.interface);
              const expected = expectedOf(name, ACTIONS[i], actor, mark);
              expect(outcome, `${actor}: ${ACTIONS[i]} in second ${second - first}`).to.equal(expected);
            }
          }
        }
      });
    }
  });
});
