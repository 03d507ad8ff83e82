import type { Ballot } from "@commonweal/sdk";
import type { Posted } from "./ballots.js";
import type { Refusal } from "./refusals.js";

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
  finish(entry: Entry, end: { hash: string } | { refusal: Refusal }): void;
}

/** How many ballots that came to an end are remembered. */
const MAX_FINISHED = 10_000;

/** @param onFinish Called with each ballot that comes to an end. */
export function queueOf(onFinish: (entry: Entry) => void = () => {}): Queue {
  const entries = new Map<string, Entry>();
  const voters = new Map<string, Entry>();
  const finished: string[] = [];

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

    putBack(entry) {
      Object.assign(entry, { status: "waiting", hash: undefined });
    },

    finish(entry, end) {
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

function isOpen(entry: Entry | undefined): boolean {
  return entry?.status === "waiting" || entry?.status === "sent";
}
