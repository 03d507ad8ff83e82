import { expect } from "chai";
import { id, Wallet, ZeroHash } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { DAY } from "../helpers/protocol.js";
import {
  advisoryOf,
  deploySafety,
  Ground,
  Level,
  NO_ADVISORY,
  type Reason,
  RESTRICTION,
  type SafetyContext,
} from "./safetyBoard.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const MODELS = ["one", "two"].map((name) => new Wallet(id(`model ${name}`)).address);
const VERSIONS = [0, 1, 2];

/* What may happen. */

const model = fc.nat(MODELS.length - 1);
/** All of a model more often than a version of it. */
const version = fc.constantFrom(0, 0, 0, 1, 2);
const evidenceDigest = fc.constantFrom(ZeroHash, ...["a", "b", "c", "d", "e"].map(id));
const reason: fc.Arbitrary<Reason> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ ground: fc.constant(Ground.UsePolicy), clause: fc.constantFrom(0, 1, 1, 1, 2, 8, 9), evidenceDigest },
      policyVersion: fc.constantFrom(0, 1, 1, 1, 1, 2, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ ground: fc.constant(Ground.Lineage), clause: fc.constantFrom(0, 0, 0, 1), evidenceDigest },
      policyVersion: fc.constantFrom(0, 0, 0, 1),
    }),
  },
);
const by = fc.constantFrom("member", "member", "member", "member", "safety", "stranger");
const voter = fc.constantFrom("safety", "safety", "safety", "safety", "member", "main");
const seconds = fc.constantFrom(1, DAY, RESTRICTION - 3, RESTRICTION - 2, RESTRICTION - 1, RESTRICTION);
const level = fc.constantFrom(Level.None, Level.Notice, Level.Notice, Level.Restricted, Level.Recalled);
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("warn" as const), by, model, version, reason }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("restrict" as const), by, model, reason }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), by, model, version }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("decide" as const), by: voter, model, version, level, reason }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lift" as const), by: voter, model, version }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rearm" as const), by: voter, model }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("publish" as const), clauseCount: fc.constantFrom(1, 2, 8) }) },
);

type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;
type Transaction = Exclude<Action, { kind: "wait" }>;

/** Something that was said, until when it counts. */
interface Advisory {
  level: number;
  reason: Reason;
  issuedAt: number;
  until: number;
}

/** What the docs say that there is to know. */
interface State {
  policies: number[];
  /** By model and version: what the vote and the board said last, unless it was taken back. */
  decided: Map<string, Advisory>;
  provisional: Map<string, Advisory>;
  /** By model: how often the board may restrict it, and how often it did. */
  armings: number[];
  restrictions: number[];
  armed: boolean[];
}

const keyOf = (model: number, version: number) => `${model}/${version}`;

function standing(advisories: Map<string, Advisory>, key: string, now: number): Advisory | undefined {
  const advisory = advisories.get(key);

  return advisory !== undefined && now < advisory.until ? advisory : undefined;
}

/** Returns why an action is refused at a time: each reason that the docs give, in no order. */
function refusalsOf(state: State, action: Transaction, now: number): string[] {
  const refusals: string[] = [];
  if (action.kind === "publish") return refusals;

  const isBoards = ["warn", "restrict", "withdraw"].includes(action.kind);
  if (isBoards && action.by !== "member") refusals.push("NotBoardMember");
  if (!isBoards && action.by !== "safety") refusals.push("NotSafetyGovernance");
  if ("reason" in action) {
    const { ground, clause, policyVersion, evidenceDigest } = action.reason;
    const isLineage = ground === Ground.Lineage;
    const clauseCount = state.policies[policyVersion - 1];
    if (evidenceDigest === ZeroHash) refusals.push("EvidenceMissing");
    if (isLineage && (clause !== 0 || policyVersion !== 0)) refusals.push("ClauseNotFound");
    if (!isLineage && clauseCount === undefined) refusals.push("PolicyNotFound");
    if (!isLineage && (clause < 1 || clause > clauseCount)) refusals.push("ClauseNotFound");
  }
  const said = "version" in action && standing(state.provisional, keyOf(action.model, action.version), now);
  if (action.kind === "warn" && said) refusals.push("AdvisoryStands");
  if (action.kind === "withdraw" && !said) refusals.push("AdvisoryNotFound");
  if (action.kind === "restrict" && !state.armed[action.model]) refusals.push("RestrictionUsed");
  if (action.kind === "decide" && action.level === Level.None) refusals.push("LevelNone");

  return refusals;
}

/** Does to the state what an action does that is not refused. */
function apply(state: State, action: Transaction, now: number): void {
  const issue = (reason: Reason, level: number, until = Number.POSITIVE_INFINITY): Advisory => ({
    ...{ level, reason, issuedAt: now, until },
  });

  if (action.kind === "publish") {
    state.policies.push(action.clauseCount);
  } else if (action.kind === "rearm") {
    state.armed[action.model] = true;
    state.armings[action.model] += 1;
  } else if (action.kind === "restrict") {
    state.armed[action.model] = false;
    state.restrictions[action.model] += 1;
    state.provisional.set(keyOf(action.model, 0), issue(action.reason, Level.Restricted, now + RESTRICTION));
  } else {
    const key = keyOf(action.model, action.version);
    if (action.kind !== "warn") state.provisional.delete(key);
    if (action.kind === "warn") state.provisional.set(key, issue(action.reason, Level.Notice));
    if (action.kind === "decide") state.decided.set(key, issue(action.reason, action.level));
    if (action.kind === "lift") state.decided.delete(key);
  }
}

/** Sends what an action stands for. */
async function send(context: SafetyContext, action: Transaction) {
  const { safetyBoard, usePolicy, main } = context;
  // Given, so that a transaction that fails is mined too, at the time that was set for it.
  const options = { gasLimit: 1_000_000n };
  if (action.kind === "publish") {
    return usePolicy.connect(main).publishPolicy(id("text"), action.clauseCount, "", options);
  }

  const caller = { member: context.member, safety: context.safety, main, stranger: context.stranger }[action.by];
  const board = safetyBoard.connect(caller);
  const model = MODELS[action.model];
  switch (action.kind) {
    case "warn":
      return board.warn(model, action.version, action.reason, "", options);
    case "restrict":
      return board.restrict(model, action.reason, "", options);
    case "withdraw":
      return board.withdraw(model, action.version, options);
    case "decide":
      return board.decide(model, action.version, action.level, action.reason, "", options);
    case "lift":
      return board.lift(model, action.version, options);
    case "rearm":
      return board.rearm(model, options);
  }
}

/** Requires that the contract is as the state says. */
async function compare({ safetyBoard }: SafetyContext, state: State, now: number) {
  for (const [i, model] of MODELS.entries()) {
    for (const version of VERSIONS) {
      const key = keyOf(i, version);
      const said = [state.decided, state.provisional].map((advisories) => standing(advisories, key, now));
      const levels = said.map((advisory) => advisory?.level ?? Level.None);

      expect(await safetyBoard.levelOf(model, version)).to.equal(Math.max(...levels));
      expect(await safetyBoard.advisoriesOf(model, version)).to.deep.equal(
        said.map((advisory) =>
          advisory === undefined
            ? NO_ADVISORY
            : advisoryOf({ ...advisory, expiresAt: Number.isFinite(advisory.until) ? advisory.until : 0 }),
        ),
      );
      if (version === 0) {
        expect(await safetyBoard.isRestricted(model)).to.equal(Math.max(...levels) >= Level.Restricted);
      }
    }
    expect(await safetyBoard.canRestrict(model)).to.equal(state.armed[i]);
  }
}

/** What a vote has decided about everything, as the contract tells it. */
async function decisions({ safetyBoard }: SafetyContext) {
  const advisories = MODELS.flatMap((model) => VERSIONS.map((version) => safetyBoard.advisoriesOf(model, version)));

  return (await Promise.all(advisories)).map(([decided]) => decided);
}

/** Returns the name of the error that a transaction fails with, if it does. */
async function errorOf(transaction: Promise<unknown>): Promise<string | undefined> {
  try {
    await transaction;

    return undefined;
  } catch (error) {
    const name = /custom error '(\w+)\(/.exec(String(error))?.[1];
    if (name === undefined) throw error;

    return name;
  }
}

const deploy = () => deploySafety(connection);

describe("SafetyBoard", () => {
  describe("any course of reports, votes and time", () => {
    it("goes as the docs say; the board lowers no vote, and restricts for 14 days an arming at most", async function () {
      this.timeout(240_000);
      const happened = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40, size: "max" }), async (actions) => {
          const context = await networkHelpers.loadFixture(deploy);
          const state: State = {
            policies: [context.parameters.usePolicy.clauseCount],
            decided: new Map(),
            provisional: new Map(),
            armings: MODELS.map(() => 1),
            restrictions: MODELS.map(() => 0),
            armed: MODELS.map(() => true),
          };
          const restrictedFor = MODELS.map(() => 0);

          let now = await networkHelpers.time.latest();
          for (const action of actions) {
            const then = now;
            const until = MODELS.map((_, i) => standing(state.provisional, keyOf(i, 0), now)).map((advisory) =>
              advisory?.level === Level.Restricted ? advisory.until : 0,
            );
            if (action.kind === "wait") {
              now += action.seconds;
              await networkHelpers.time.increaseTo(now);
            } else {
              now += 1;
              const before = await decisions(context);
              const refusals = refusalsOf(state, action, now);
              await networkHelpers.time.setNextBlockTimestamp(now);
              const error = await errorOf(send(context, action));
              if (refusals.length === 0) {
                expect(error, action.kind).to.equal(undefined);
                apply(state, action, now);
              } else {
                expect(refusals, action.kind).to.include(error);
              }
              if ("by" in action && action.by === "member") expect(await decisions(context)).to.deep.equal(before);
              const outcome = error ?? action.kind;
              happened.set(outcome, (happened.get(outcome) ?? 0) + 1);
            }
            await compare(context, state, now);
            for (const i of MODELS.keys()) {
              restrictedFor[i] += Math.max(0, Math.min(now, until[i]) - then);
              expect(state.restrictions[i]).to.be.at.most(state.armings[i]);
              expect(restrictedFor[i]).to.be.at.most(state.armings[i] * RESTRICTION);
            }
          }
        }),
        { numRuns: 60 },
      );

      // Nothing of it is idle: each action was taken, and each refusal seen.
      expect([...happened.keys()]).to.have.members([
        ...["warn", "restrict", "withdraw", "decide", "lift", "rearm", "publish"],
        ...["NotBoardMember", "NotSafetyGovernance", "EvidenceMissing", "ClauseNotFound", "PolicyNotFound"],
        ...["AdvisoryStands", "AdvisoryNotFound", "RestrictionUsed", "LevelNone"],
      ]);
    });
  });
});
