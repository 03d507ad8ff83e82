import { ballotIdOf, type Posted } from "./ballots.js";
import { castOf, type Chain, type Voting, votingOf } from "./chain.js";
import type { Config } from "./config.js";
import { inspect } from "./inspect.js";
import type { Journal } from "./journal.js";
import { dailyLimitOf, type Now, secondsToTomorrow } from "./limits.js";
import { type Entry, queueOf } from "./queue.js";
import { Refusal, SEND_IT_YOURSELF } from "./refusals.js";
import { reasonOf, senderOf } from "./sender.js";

/** Takes ballots and has them sent. */
export interface Relayer {
  /**
   * Takes a ballot, or returns the one that it is.
   *
   * @throws {Refusal} when it does not take it.
   */
  accept(posted: Posted): Promise<{ entry: Entry; isNew: boolean }>;
  get(id: string): Entry | undefined;
  health(): Promise<Health>;
  /** Goes one step on: follows what is on its way, or sends what is due. It never fails. */
  step(): Promise<void>;
  /** Takes nothing any more, and goes on until all that can be sent is mined, or the time is over. */
  stop(): Promise<void>;
}

/** How a relayer is. */
export interface Health {
  status: "ok" | "degraded" | "stopping";
  /** What is the matter, if something is. */
  problem?: string;
  chainId: string;
  governors: readonly string[];
  relay: string;
  account: string;
  /** Ballots that wait or are on their way. */
  waiting: number;
  sent: number;
  /** In wei. */
  budgetLeft: string;
}

export interface Options {
  chain: Chain;
  config: Config;
  journal: Journal;
  log: (line: string) => void;
  now?: Now;
}

/** Ballots whose vote closes so soon do not wait for others. */
const URGENT_BATCHES = 2;
/** How long to wait after something went wrong with sending, in milliseconds. */
const PAUSE = 5_000;
/** How often to look, in milliseconds. */
export const STEP = 500;

export function relayerOf({ chain, config, journal, log, now = Date.now }: Options): Relayer {
  const queue = queueOf(({ id }) => {
    try {
      journal.finish(id);
    } catch (error) {
      // After a restart it is looked at once more, no worse.
      log(`cannot write the journal (${reasonOf(error)})`);
    }
  });
  // The keys of voters are addresses, and that of the budget is none.
  const budget = dailyLimitOf(config.dailyBudget, now, journal);
  const voters = dailyLimitOf(BigInt(config.ballotsPerVoter), now, journal);
  const sender = senderOf({ chain, queue, budget, config, log, now });
  /** Ballots that are being looked at, by id. */
  const inspections = new Map<string, Promise<Entry>>();
  let isStopping = false;
  let stepProblem: string | undefined;
  /** What went wrong with a single ballot in this step. */
  let missed: string | undefined;
  let pausedUntil = 0;

  for (const kept of journal.kept) {
    // The journal may be of another chain, or of a time when other governors were served.
    const isOurs = config.governors.includes(kept.governor) && ballotIdOf(chain.chainId, kept) === kept.id;
    if (isOurs) queue.add({ ...kept, status: "waiting", failures: 0, misses: 0 });
    else log(`leaves the ballot ${kept.id} in the journal alone, which is not for this chain and governor`);
  }

  /* TAKING */

  async function accept(posted: Posted) {
    const id = ballotIdOf(chain.chainId, posted);
    const known = queue.get(id);
    if (known !== undefined && known.status !== "refused") return { entry: known, isNew: false };

    const inspected = inspections.get(id);
    if (inspected !== undefined) return { entry: await inspected, isNew: false };

    requireRoom(posted);
    const entry = take(id, posted);
    inspections.set(id, entry);
    try {
      return { entry: await entry, isNew: true };
    } finally {
      inspections.delete(id);
    }
  }

  function requireRoom(posted: Posted): void {
    const { voter } = posted.ballot;
    if (isStopping) {
      throw new Refusal("stopping", `This relayer is about to stop: try another one, or ${SEND_IT_YOURSELF}.`);
    }
    requireNoRival(posted);
    if (queue.size + inspections.size >= config.queueSize) {
      throw new Refusal(
        "queue_full",
        `Too many ballots wait here: try again later, or ${SEND_IT_YOURSELF}.`,
        config.batchSeconds,
      );
    }
    const tomorrow = secondsToTomorrow(now);
    if (budget.left() === 0n) {
      throw new Refusal(
        "budget_spent",
        `This relayer has spent what it may today: try tomorrow, or ${SEND_IT_YOURSELF}.`,
        tomorrow,
      );
    }
    if (voters.left(voter) === 0n) {
      throw new Refusal(
        "voter_limit",
        `This relayer takes ${config.ballotsPerVoter} ballots a day of one voter: try tomorrow, or ${SEND_IT_YOURSELF}.`,
        tomorrow,
      );
    }
  }

  function requireNoRival(posted: Posted): void {
    if (queue.rivalOf(posted) === undefined) return;

    throw new Refusal(
      "another_ballot_waits",
      `Another ballot of ${posted.ballot.voter} for this proposal waits here: wait until it is cast, or ${SEND_IT_YOURSELF}.`,
      config.batchSeconds,
    );
  }

  async function take(id: string, posted: Posted): Promise<Entry> {
    const { block } = await inspect(chain, posted, config);
    // Only now is it known to be the voter's: nobody can keep a voter out with ballots that are not.
    requireNoRival(posted);
    const entry: Entry = { ...posted, id, block, status: "waiting", failures: 0, misses: 0 };
    voters.use(1n, posted.ballot.voter);
    journal.add(entry);
    queue.add(entry);

    return entry;
  }

  /* SENDING */

  async function step(): Promise<void> {
    // Nothing is done in a pause, so that what is the matter stays the matter.
    if (!sender.busy && now() < pausedUntil) return;

    missed = undefined;
    try {
      if (sender.busy) await sender.follow();
      else await sendDue();
      stepProblem = missed;
    } catch (error) {
      stepProblem = `the last step failed (${reasonOf(error)})`;
      log(stepProblem);
    }
    if (stepProblem !== undefined) pausedUntil = now() + PAUSE;
  }

  /** What fails for one ballot does not keep the others; it is tried again, and not for ever. */
  function miss(entry: Entry, error: unknown, refusal?: Refusal): void {
    missed = `the ballot ${entry.id} could not be looked at (${reasonOf(error)})`;
    log(missed);
    queue.miss(entry, refusal);
  }

  async function sendDue(): Promise<void> {
    const waiting = queue.with("waiting");
    const votings = await votingsOf(waiting);
    const open = waiting
      .filter((entry) => votings.get(entry)?.state === "active")
      // Those that failed stand behind the others.
      .sort((a, b) => a.misses - b.misses || Number(votings.get(a)?.deadline) - Number(votings.get(b)?.deadline));
    for (const entry of open) entry.readySince ??= now();

    // Whoever has waited for longest comes first, so that no governor has to wait for another for ever.
    const due = config.governors
      .map((governor) => open.filter((entry) => entry.governor === governor))
      .filter((ready) => isDue(ready, votings))
      .sort((a, b) => oldestOf(a) - oldestOf(b));
    for (const ready of due) {
      const good = await stillGood(ready.slice(0, config.batchSize));
      if (good.length === 0) continue;
      await sender.send(good);
      if (!sender.busy) pausedUntil = now() + PAUSE;
      return;
    }
  }

  /** Asks once for each proposal; gives up the ballots of votes that are over. */
  async function votingsOf(entries: readonly Entry[]): Promise<Map<Entry, Voting>> {
    const proposals = new Map(
      entries.map(({ governor, ballot }) => [`${governor} ${ballot.proposalId}`, { governor, ...ballot }]),
    );
    const asked = await Promise.allSettled(
      [...proposals.values()].map(({ governor, proposalId }) => votingOf(chain, governor, proposalId)),
    );
    const answers = new Map([...proposals.keys()].map((key, i) => [key, asked[i]]));
    // A node that answers nothing is gone, and no ballot is to blame.
    if (asked.length > 0 && asked.every(isMissed)) throw asked[0].reason;

    const votings = new Map<Entry, Voting>();
    await Promise.all(
      entries.map(async (entry) => {
        const answer = answers.get(`${entry.governor} ${entry.ballot.proposalId}`) as PromiseSettledResult<Voting>;
        if (answer.status === "rejected") return endWith(entry, answer.reason);
        if (answer.value.state === "closed") return endWith(entry, closedBeforeSent());

        if (answer.value.state === "pending") entry.misses = 0;
        votings.set(entry, answer.value);
      }),
    );

    return votings;
  }

  function isDue(ready: readonly Entry[], votings: ReadonlyMap<Entry, Voting>): boolean {
    if (ready.length === 0) return false;
    if (isStopping || ready.length >= config.batchSize) return true;

    const left = Math.min(
      ...ready.map((entry) => Number(votings.get(entry)?.deadline) - Number(votings.get(entry)?.now)),
    );
    const urgent = config.closingSeconds + URGENT_BATCHES * config.batchSeconds;

    return left <= urgent || now() - oldestOf(ready) >= config.batchSeconds * 1_000;
  }

  /** Looks at ballots again, right before money is spent on them. */
  async function stillGood(entries: readonly Entry[]): Promise<Entry[]> {
    // One that was taken in time is sent, however little of it is left.
    const limits = { ...config, closingSeconds: 0 };
    const looked = entries.map(async (entry) => {
      try {
        await inspect(chain, entry, limits);
        entry.misses = 0;

        return [entry];
      } catch (error) {
        await endWith(entry, error);

        return [];
      }
    });

    return (await Promise.all(looked)).flat();
  }

  /** Gives up a ballot for what is said against it; if nothing is said about it, it is tried again. */
  async function endWith(entry: Entry, reason: unknown): Promise<void> {
    if (!isRefused(reason)) return miss(entry, reason);
    try {
      // One that the governor does not take any more may have been sent by somebody else, and counts.
      const hash = await castOf(chain, entry, entry.block);
      queue.finish(entry, hash === undefined ? { refusal: reason } : { hash });
    } catch (error) {
      miss(entry, error, reason);
    }
  }

  /* STOPPING */

  async function stop(): Promise<void> {
    isStopping = true;
    pausedUntil = 0;
    const end = now() + config.stopSeconds * 1_000;
    await Promise.allSettled(inspections.values());
    // Those that wait for their vote to begin wait in vain.
    const isLeft = () => sender.busy || queue.with("waiting").some(({ readySince }) => readySince !== undefined);
    do {
      await step();
      if (isLeft()) await new Promise((resolve) => setTimeout(resolve, STEP));
    } while (isLeft() && now() < end);
    const [unsent, sent] = [queue.with("waiting"), queue.with("sent")];
    if (unsent.length > 0) {
      const kept = config.journal === undefined ? "their voters can send them" : `they are kept in ${config.journal}`;
      log(`${unsent.length} ballots were not sent: ${kept}`);
    }
    if (sent.length > 0) log(`${sent.length} ballots are on their way and not mined yet: look at ${sent[0].hash}`);
  }

  async function health(): Promise<Health> {
    const problem = stepProblem ?? sender.problem;

    return {
      status: isStopping ? "stopping" : problem === undefined ? "ok" : "degraded",
      problem,
      chainId: String(chain.chainId),
      governors: config.governors,
      relay: chain.relay,
      account: chain.wallet.address,
      waiting: queue.with("waiting").length,
      sent: queue.with("sent").length,
      budgetLeft: String(budget.left()),
    };
  }

  return { accept, get: (id) => queue.get(id), health, step, stop };
}

function oldestOf(ready: readonly Entry[]): number {
  return Math.min(...ready.map(({ readySince }) => Number(readySince)));
}

/** Whether something is said against a ballot, rather than nothing about it. */
function isRefused(reason: unknown): reason is Refusal {
  return reason instanceof Refusal && reason.code !== "node_unavailable";
}

function isMissed(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === "rejected" && !isRefused(result.reason);
}

function closedBeforeSent(): Refusal {
  return new Refusal("vote_closed", "The vote closed before the relayer could send the ballot, which does not count.");
}
