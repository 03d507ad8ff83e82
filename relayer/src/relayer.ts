import { ballotIdOf, type Posted } from "./ballots.js";
import { castOf, type Chain, type Voting, votingOf } from "./chain.js";
import type { Config } from "./config.js";
import { inspect } from "./inspect.js";
import type { Journal } from "./journal.js";
import { dailyLimitOf, type Now, secondsToTomorrow } from "./limits.js";
import { type Entry, keyOf, queueOf } from "./queue.js";
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
  /** Ballots that are being looked at, by what their voter can have one ballot for. */
  const inspections = new Map<string, { id: string; entry: Promise<Entry> }>();
  let isStopping = false;
  let nodeProblem: string | undefined;
  let pausedUntil = 0;

  for (const kept of journal.kept) queue.add({ ...kept, status: "waiting", failures: 0 });

  /* TAKING */

  async function accept(posted: Posted) {
    const id = ballotIdOf(chain.chainId, posted);
    const known = queue.get(id);
    if (known !== undefined && known.status !== "refused") return { entry: known, isNew: false };

    const key = keyOf(posted);
    const inspected = inspections.get(key);
    if (inspected?.id === id) return { entry: await inspected.entry, isNew: false };
    if (inspected !== undefined || queue.rivalOf(posted) !== undefined) {
      throw new Refusal(
        "another_ballot_waits",
        `Another ballot of ${posted.ballot.voter} for this proposal waits here: wait until it is cast, or ${SEND_IT_YOURSELF}.`,
        config.batchSeconds,
      );
    }
    requireRoom(posted);

    const entry = take(id, posted);
    inspections.set(key, { id, entry });
    try {
      return { entry: await entry, isNew: true };
    } finally {
      inspections.delete(key);
    }
  }

  function requireRoom({ ballot: { voter } }: Posted): void {
    if (isStopping) {
      throw new Refusal("stopping", `This relayer is about to stop: try another one, or ${SEND_IT_YOURSELF}.`);
    }
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

  async function take(id: string, posted: Posted): Promise<Entry> {
    const { block } = await inspect(chain, posted, config);
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
      nodeProblem = undefined;
    } catch (error) {
      nodeProblem = `the node does not answer (${reasonOf(error)})`;
      log(nodeProblem);
      pausedUntil = now() + PAUSE;
    }
  }

  async function sendDue(): Promise<void> {
    const waiting = queue.with("waiting");
    const votings = await votingsOf(waiting);
    for (const governor of config.governors) {
      const ready = waiting
        .filter((entry) => entry.governor === governor && votings.get(entry)?.state === "active")
        .sort((a, b) => Number(votings.get(a)?.deadline) - Number(votings.get(b)?.deadline));
      for (const entry of ready) entry.readySince ??= now();
      if (!isDue(ready, votings)) continue;

      const good = await stillGood(ready.slice(0, config.batchSize));
      if (good.length === 0) continue;
      await sender.send(good);
      if (!sender.busy) pausedUntil = now() + PAUSE;
      return;
    }
  }

  /** Asks once for each proposal; gives up the ballots of votes that are over. */
  async function votingsOf(entries: readonly Entry[]): Promise<Map<Entry, Voting>> {
    const proposals = new Map<string, Promise<Voting>>();
    const votings = new Map<Entry, Voting>();
    for (const entry of entries) {
      const { governor, ballot } = entry;
      const key = `${governor} ${ballot.proposalId}`;
      const asked = proposals.get(key) ?? votingOf(chain, governor, ballot.proposalId);
      proposals.set(key, asked);
    }
    await Promise.all(proposals.values());
    for (const entry of entries) {
      const voting = (await proposals.get(`${entry.governor} ${entry.ballot.proposalId}`)) as Voting;
      if (voting.state === "closed") await giveUp(entry, closedBeforeSent());
      else votings.set(entry, voting);
    }

    return votings;
  }

  function isDue(ready: readonly Entry[], votings: ReadonlyMap<Entry, Voting>): boolean {
    if (ready.length === 0) return false;
    if (isStopping || ready.length >= config.batchSize) return true;

    const { deadline, now: chainTime } = votings.get(ready[0]) as Voting;
    const urgent = config.closingSeconds + URGENT_BATCHES * config.batchSeconds;
    const longest = now() - Math.min(...ready.map(({ readySince }) => Number(readySince)));

    return deadline - chainTime <= urgent || longest >= config.batchSeconds * 1_000;
  }

  /** Looks at ballots again, right before money is spent on them. */
  async function stillGood(entries: readonly Entry[]): Promise<Entry[]> {
    const refusals = await Promise.all(
      // One that was taken in time is sent, however little of it is left.
      entries.map((entry) =>
        inspect(chain, entry, { ...config, closingSeconds: 0 }).then(
          () => undefined,
          (reason: unknown) => reason,
        ),
      ),
    );
    for (const [i, refusal] of refusals.entries()) {
      if (refusal === undefined) continue;
      if (!(refusal instanceof Refusal) || refusal.code === "node_unavailable") throw refusal;
      await giveUp(entries[i], refusal);
    }

    return entries.filter((_, i) => refusals[i] === undefined);
  }

  /** A ballot that the governor does not take any more may have been sent by somebody else, and counts. */
  async function giveUp(entry: Entry, refusal: Refusal): Promise<void> {
    const hash = await castOf(chain, entry, entry.block);
    queue.finish(entry, hash === undefined ? { refusal } : { hash });
  }

  /* STOPPING */

  async function stop(): Promise<void> {
    isStopping = true;
    const end = now() + config.stopSeconds * 1_000;
    await Promise.allSettled([...inspections.values()].map(({ entry }) => entry));
    let waiting = queue.with("waiting").length;
    while (now() < end && (sender.busy || waiting > 0)) {
      await step();
      // Those that wait for their vote to open wait in vain.
      const left = queue.with("waiting").filter(({ readySince }) => readySince !== undefined).length;
      if (!sender.busy && left === 0) break;
      waiting = left;
      await new Promise((resolve) => setTimeout(resolve, STEP));
    }
    const [unsent, sent] = [queue.with("waiting"), queue.with("sent")];
    if (unsent.length > 0) {
      const kept = config.journal === undefined ? "their voters can send them" : `they are kept in ${config.journal}`;
      log(`${unsent.length} ballots were not sent: ${kept}`);
    }
    if (sent.length > 0) log(`${sent.length} ballots are on their way and not mined yet: look at ${sent[0].hash}`);
  }

  async function health(): Promise<Health> {
    const problem = nodeProblem ?? sender.problem;

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

function closedBeforeSent(): Refusal {
  return new Refusal("vote_closed", "The vote closed before the relayer could send the ballot, which does not count.");
}
