import type { Ballot } from "@commonweal/sdk";
import type { Posted } from "./ballots.js";
import { Refusal, SEND_IT_YOURSELF } from "./refusals.js";

/** A ballot that was taken. */
export interface Entry extends Posted {
  readonly id: string;
  /** The chain's last block when it was taken: nobody can have cast it before. */
  readonly block: number;
  status: "waiting" | "sent" | "cast" | "refused";
  /** The transaction that it is in. */
  hash?: string;
  /** Why it was not cast. */
  refusal?: Refusal;
  /** Since when it could be sent, in milliseconds. */
  readySince?: number;
  /** In how many transactions it was that failed as a whole. */
  failures: number;
  /** How often in a row it could not be looked at. */
  misses: number;
}

/** Ballots that wait, those that are on their way, and some that came to an end. */
export interface Queue {
  readonly size: number;
  add(entry: Entry): void;
  get(id: string): Entry | undefined;
  /** Returns the ballot of the same voter for the same proposal, if it has not come to an end. */
  rivalOf(posted: Posted): Entry | undefined;
  with(status: Entry["status"]): Entry[];
  send(entries: readonly Entry[], hash: string): void;
  /** Puts what was sent back to those that wait. */
  putBack(entry: Entry): void;
  /** Puts back what failed, unless it has failed too often. */
  retry(entry: Entry): void;
  /** Counts that a ballot that waits could not be looked at; after several times in a row it is refused. */
  miss(entry: Entry, refusal?: Refusal): void;
  finish(entry: Entry, end: { hash: string } | { refusal: Refusal }): void;
}

/** How many ballots that came to an end are remembered. */
const MAX_FINISHED = 10_000;
/** A ballot that failed so often is given up, so that it is in nobody's way. */
const MAX_FAILURES = 3;

/** @param onFinish Called with each ballot that comes to an end. */
export function queueOf(onFinish: (entry: Entry) => void = () => {}): Queue {
  const entries = new Map<string, Entry>();
  const voters = new Map<string, Entry>();
  const finished: string[] = [];

  function putBack(entry: Entry): void {
    Object.assign(entry, { status: "waiting", hash: undefined });
  }

  function finish(entry: Entry, end: { hash: string } | { refusal: Refusal }): void {
    if ("hash" in end) Object.assign(entry, { status: "cast", hash: end.hash });
    else Object.assign(entry, { status: "refused", refusal: end.refusal });
    voters.delete(keyOf(entry));
    finished.push(entry.id);
    if (finished.length > MAX_FINISHED) {
      const oldest = finished.shift() as string;
      // It may have been posted again since.
      if (!isOpen(entries.get(oldest))) entries.delete(oldest);
    }
    onFinish(entry);
  }

  return {
    get size() {
      return voters.size;
    },

    add(entry) {
      entries.set(entry.id, entry);
      voters.set(keyOf(entry), entry);
    },

    get: (id) => entries.get(id),
    rivalOf: (posted) => voters.get(keyOf(posted)),
    with: (status) => [...voters.values()].filter((entry) => entry.status === status),

    send(sent, hash) {
      for (const entry of sent) Object.assign(entry, { status: "sent", hash });
    },

    putBack,
    finish,

    retry(entry) {
      entry.failures += 1;
      if (entry.failures < MAX_FAILURES) putBack(entry);
      else finish(entry, { refusal: failedTooOften("The relayer's transactions with this ballot failed") });
    },

    miss(entry, refusal = failedTooOften("The relayer's node fails to look at this ballot")) {
      entry.misses += 1;
      if (entry.misses >= MAX_FAILURES) finish(entry, { refusal });
    },
  };
}

interface Place {
  governor: string;
  ballot: Pick<Ballot, "proposalId" | "voter">;
}

/** What one voter can have one ballot for. */
export function keyOf({ governor, ballot: { proposalId, voter } }: Place): string {
  return `${governor} ${proposalId} ${voter}`;
}

function failedTooOften(what: string): Refusal {
  return new Refusal("failed_too_often", `${what}, ${MAX_FAILURES} times: ${SEND_IT_YOURSELF}.`);
}

function isOpen(entry: Entry | undefined): boolean {
  return entry?.status === "waiting" || entry?.status === "sent";
}
