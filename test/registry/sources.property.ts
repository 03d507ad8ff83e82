import { expect } from "chai";
import { id, toBeHex, Wallet, ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { TOTAL_SHARES } from "../helpers/models.js";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import {
  deploySources,
  idOfSource,
  type SourcesContext,
  signCancellation,
  signClaim,
  WAIT,
} from "./sources.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** The verifiers of the beginning and some whom governance may name, ascending. */
const CANDIDATES = [...VERIFIERS, new Wallet(id("fourth")), new Wallet(id("fifth"))].sort((a, b) =>
  BigInt(a.address) < BigInt(b.address) ? -1 : 1,
);
const NAMES = ["org/one", "org/two"];

/* What may happen. */

const source = fc.nat(NAMES.length - 1);
const recipient = fc.constantFrom("author", "builder");
const signers = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.subarray(
      VERIFIERS.map((verifier) => CANDIDATES.indexOf(verifier)),
      { minLength: 2 },
    ),
  },
  { weight: 1, arbitrary: fc.subarray([...CANDIDATES.keys()]) },
);
/** Whether to move to the last second of the wait first, or to the one after it. */
const timing = fc.constantFrom("at once", "too early", "in time");
const wait = fc.constantFrom(1, DAY, WAIT - 3, WAIT - 2, WAIT - 1, WAIT);
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: wait }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("enter" as const), source }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("claim" as const), source, recipient, signers, stale: fc.nat(9) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), source, signers }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("veto" as const), source }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("complete" as const), source, timing }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("verifier" as const),
      index: fc.nat(CANDIDATES.length - 1),
      allowed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("threshold" as const), threshold: fc.nat(3) }) },
);

type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

interface SourceState {
  /** The number of the allocation that its shares began in, once it is entered. */
  allocation?: number;
  owner?: string;
  claim?: { recipient: string; readyAt: number };
  nonce: bigint;
}

/** All that decides what happens next, in words of its own: lists of what was said, looked up by time. */
interface State {
  sources: SourceState[];
  /** For each candidate, from when on it counts; infinity if it does not. */
  countsFrom: number[];
  thresholds: { value: number; from: number }[];
}

/** The threshold at a time: the newest that counts, of those that no later one replaced before they did. */
function thresholdAt({ thresholds }: State, now: number): number {
  return thresholds.filter(({ from }) => from <= now).at(-1)?.value ?? 0;
}

/** Returns why attestations of these candidates are refused at a time, if they are; they are looked at in their order. */
function refusalOf(state: State, signers: number[], now: number, stale = false): string | undefined {
  if (signers.length < thresholdAt(state, now)) return "AttestationsMissing";

  for (const index of signers) {
    if (state.countsFrom[index] > now) return "NotVerifier";
    if (stale) return "AttestationInvalid";
  }

  return undefined;
}

/** Does to the state what an action does at a time; returns the name of the error if it is refused. */
function apply(state: State, action: Action, now: number, accounts: Record<string, string>): string | undefined {
  if (action.kind === "wait") return undefined;
  if (action.kind === "verifier") {
    // Who is named already does not begin anew.
    const from = Math.min(state.countsFrom[action.index], now + WAIT);
    state.countsFrom[action.index] = action.allowed ? from : Number.POSITIVE_INFINITY;

    return undefined;
  }
  if (action.kind === "threshold") {
    if (action.threshold === 0) return "ThresholdZero";
    // What still waits is replaced.
    state.thresholds = state.thresholds.filter(({ from }) => from <= now);
    state.thresholds.push({ value: action.threshold, from: now + WAIT });

    return undefined;
  }

  const target = state.sources[action.source];
  if (action.kind === "enter") {
    if (target.allocation !== undefined) return "SourceAlreadyRegistered";
    target.allocation = 1 + state.sources.filter(({ allocation }) => allocation !== undefined).length;
  } else if (action.kind === "claim") {
    if (target.owner !== undefined) return "SourceAlreadyClaimed";
    if (target.claim !== undefined) return "SourceClaimPending";
    if (target.allocation === undefined) return "SourceNotRegistered";
    const refusal = refusalOf(state, action.signers, now, action.stale === 0);
    if (refusal !== undefined) return refusal;
    target.claim = { recipient: accounts[action.recipient], readyAt: now + WAIT };
    target.nonce += 1n;
  } else {
    const { claim } = target;
    if (claim === undefined) return "SourceClaimNotFound";
    if (action.kind === "complete") {
      if (now < claim.readyAt) return "SourceClaimNotReady";
      target.owner = claim.recipient;
    } else {
      const refusal = action.kind === "cancel" ? refusalOf(state, action.signers, now) : undefined;
      if (refusal !== undefined) return refusal;
      target.nonce += 1n;
    }
    target.claim = undefined;
  }

  return undefined;
}

const deploy = () => deploySources(connection);

/** Sends what an action stands for. */
async function send(context: SourcesContext, ids: string[], action: Exclude<Action, { kind: "wait" }>) {
  const { sources, governed, domain, deadline } = context;
  // Given, so that a transaction that fails is mined too, at the time that was set for it.
  const options = { gasLimit: 2_000_000n };
  if (action.kind === "verifier") {
    return governed.setVerifier(CANDIDATES[action.index].address, action.allowed, options);
  }
  if (action.kind === "threshold") return governed.setThreshold(action.threshold, options);

  const source = ids[action.source];
  if (action.kind === "enter") return sources.registerSource(0, NAMES[action.source], options);
  if (action.kind === "veto") return governed.cancelClaim(source, 0, [], options);
  if (action.kind === "complete") return sources.completeClaim(source, options);

  const by = action.signers.map((index) => CANDIDATES[index]);
  const nonce = await sources.nonceOf(source);
  if (action.kind === "cancel") {
    return sources.cancelClaim(
      source,
      deadline,
      await signCancellation(by, domain, { source, nonce, deadline }),
      options,
    );
  }
  const terms = { source, recipient: context[action.recipient].address, model: ZeroAddress, deadline };
  const attestations = await signClaim(by, domain, { ...terms, nonce: action.stale === 0 ? nonce + 1n : nonce });

  return sources.claimSource(source, terms.recipient, terms.model, deadline, attestations, options);
}

/** Requires that the contracts are as the state says. */
async function compare(context: SourcesContext, ids: string[], state: State, now: number) {
  const { sources, registry, ledger, addresses } = context;
  expect(await sources.threshold()).to.equal(thresholdAt(state, now));
  for (const [i, { address }] of CANDIDATES.entries()) {
    expect(await sources.isVerifier(address)).to.equal(state.countsFrom[i] <= now);
  }
  for (const [i, { allocation, owner, claim, nonce }] of state.sources.entries()) {
    expect(await sources.nonceOf(ids[i])).to.equal(nonce);
    expect(await sources.claimOf(ids[i])).to.deep.equal([
      claim?.recipient ?? ZeroAddress,
      BigInt(claim?.readyAt ?? 0),
      ZeroAddress,
    ]);
    if (allocation === undefined) continue;
    expect(await registry.ownerOf(ids[i])).to.equal(owner ?? addresses.sources);
    expect(await ledger.balanceOf(owner ?? toBeHex(allocation, 20), ids[i])).to.equal(TOTAL_SHARES);
  }
}

/** Returns the time at which an action is taken: the next second, or when the action says. */
function timeOf(action: Action, { sources }: State, now: number): number {
  if (action.kind !== "complete" || action.timing === "at once") return now + 1;
  const readyAt = sources[action.source].claim?.readyAt ?? 0;

  return Math.max(now + 1, action.timing === "in time" ? readyAt : readyAt - 1);
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

describe("SourceRegistry", () => {
  describe("any course of claims, cancellations and governance", () => {
    it("goes as the rules say, step by step", async function () {
      this.timeout(180_000);
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40, size: "max" }), async (actions) => {
          const context = await networkHelpers.loadFixture(deploy);
          const { author, builder, addresses } = context;
          const accounts = { author: author.address, builder: builder.address };
          const ids = NAMES.map((name) => idOfSource(addresses, 0, name));
          const state: State = {
            sources: ids.map(() => ({ nonce: 0n })),
            countsFrom: CANDIDATES.map((candidate) => (VERIFIERS.includes(candidate) ? 0 : Number.POSITIVE_INFINITY)),
            thresholds: [{ value: 2, from: 0 }],
          };

          let now = await networkHelpers.time.latest();
          for (const action of actions) {
            if (action.kind === "wait") {
              now += action.seconds;
              await networkHelpers.time.increaseTo(now);
            } else {
              now = timeOf(action, state, now);
              await networkHelpers.time.setNextBlockTimestamp(now);
              const expected = apply(state, action, now, accounts);
              expect(await errorOf(send(context, ids, action)), action.kind).to.equal(expected);
            }
            await compare(context, ids, state, now);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
});
