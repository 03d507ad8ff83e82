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
  const queue = queueOf(({ id }) => journal.finish(id));
  const budget = dailyLimitOf(config.dailyBudget, now);
  const voters = dailyLimitOf(BigInt(config.ballotsPerVoter), now);
  const sender = senderOf({ chain, queue, budget, config, log, now });
  /** Ballots that are being looked at, by id. */
  const inspections = new Map<string, Promise<Entry>>();
  let isStopping = false;
  let stepProblem: string | undefined;
  let pausedUntil = 0;

  for (const kept of journal.kept) {
    // The journal may be of another chain, or of a time when other governors were served.
    const isOurs = config.governors.includes(kept.governor) && ballotIdOf(chain.chainId, kept) === kept.id;
    if (isOurs) queue.add({ ...kept, status: "waiting", failures: 0 });
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
    const entry: Entry = { ...posted, id, block, status: "waiting", failures: 0 };
    journal.add(entry);
    queue.add(entry);
    voters.use(1n, posted.ballot.voter);

    return entry;
  }

  /* SENDING */

  async function step(): Promise<void> {
    try {
      if (sender.busy) await sender.follow();
      else if (now() >= pausedUntil) await sendDue();
      stepProblem = undefined;
    } catch (error) {
      stepProblem = `the last step failed (${reasonOf(error)})`;
      log(stepProblem);
      pausedUntil = now() + PAUSE;
    }
  }

  async function sendDue(): Promise<void> {
    const waiting = queue.with("waiting");
    const votings = await votingsOf(waiting);
    const open = waiting
      .filter((entry) => votings.get(entry)?.state === "active")
      .sort((a, b) => Number(votings.get(a)?.deadline) - Number(votings.get(b)?.deadline));
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
    const asked = await Promise.all(
      [...proposals].map(async ([key, { governor, proposalId }]) => {
        return [key, await votingOf(chain, governor, proposalId).catch(refusalOrThrow)] as const;
      }),
    );
    const answers = new Map(asked);
    const votings = new Map<Entry, Voting>();
    for (const entry of entries) {
      const answer = answers.get(`${entry.governor} ${entry.ballot.proposalId}`) as Voting | Refusal;
      if (answer instanceof Refusal) await giveUp(entry, answer);
      else if (answer.state === "closed") await giveUp(entry, closedBeforeSent());
      else votings.set(entry, answer);
    }

    return votings;
  }

  function isDue(ready: readonly Entry[], votings: ReadonlyMap<Entry, Voting>): boolean {
    if (ready.length === 0) return false;
    if (isStopping || ready.length >= config.batchSize) return true;

    const { deadline, now: chainTime } = votings.get(ready[0]) as Voting;
    const urgent = config.closingSeconds + URGENT_BATCHES * config.batchSeconds;

    return deadline - chainTime <= urgent || now() - oldestOf(ready) >= config.batchSeconds * 1_000;
  }

  /** Looks at ballots again, right before money is spent on them. */
  async function stillGood(entries: readonly Entry[]): Promise<Entry[]> {
    // One that was taken in time is sent, however little of it is left.
    const limits = { ...config, closingSeconds: 0 };
    const answers = await Promise.all(entries.map((entry) => inspect(chain, entry, limits).catch(refusalOrThrow)));
    for (const [i, answer] of answers.entries()) {
      if (answer instanceof Refusal) await giveUp(entries[i], answer);
    }

    return entries.filter((_, i) => !(answers[i] instanceof Refusal));
  }

  /** A ballot that the governor does not take any more may have been sent by somebody else, and counts. */
  async function giveUp(entry: Entry, refusal: Refusal): Promise<void> {
    const hash = await castOf(chain, entry, entry.block);
    queue.finish(entry, hash === undefined ? { refusal } : { hash });
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

/** Returns what is said against a ballot; throws what says nothing about it. */
function refusalOrThrow(reason: unknown): Refusal {
  if (reason instanceof Refusal && reason.code !== "node_unavailable") return reason;
  throw reason;
}

function closedBeforeSent(): Refusal {
  return new Refusal("vote_closed", "The vote closed before the relayer could send the ballot, which does not count.");
}
