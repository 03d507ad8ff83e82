import { type Ballot, CommonwealError, type Transaction } from "@commonweal/sdk";

/** What a relayer says of a ballot. */
export interface BallotStatus {
  id: string;
  status: "waiting" | "sent" | "cast" | "refused";
  governor: string;
  proposalId: string;
  voter: string;
  /** The transaction that it is in. */
  hash?: string;
  /** Why it was refused, in a word and in words. */
  error?: string;
  message?: string;
}

/** Whether a relayer took the ballot, or it was sent in the other way. */
export type SentBallot = { by: "relayer"; status: BallotStatus } | { by: "voter"; transaction: Transaction };

/** A relayer does not take a ballot, or does not answer. The vote is not lost. */
export class BallotNotRelayed extends CommonwealError {
  /**
   * @param reason What the relayer said, or what happened on the way to it.
   * @param code The relayer's word for it; undefined if it did not answer as a relayer does.
   * @param retryAfter Seconds after which the relayer may take it.
   */
  constructor(
    readonly url: string,
    readonly reason: string,
    readonly code?: string,
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(
      `The relayer ${url} did not take the ballot (${reason.replace(/\.$/, "")}). It can still be sent by governance.voteBySignature(ballot).`,
      options,
    );
  }
}

/** Milliseconds after which a relayer is taken to be dead. */
const TIMEOUT = 15_000;

/**
 * Hands a signed vote to a relayer, which pays for its transaction.
 *
 * @param url Where the relayer is, such as `https://relayer.example`.
 * @param options.governor The address of the governor that the ballot was signed for.
 * @param options.fallback What to do when the relayer is dead or refuses, such as to send the ballot from a wallet.
 * @param options.signal Gives up waiting for the relayer.
 * @throws {BallotNotRelayed} when the relayer is dead or refuses, and there is no fallback.
 * @example
 * const ballot = await governance.signVote({ proposalId, support: "for" });
 * await sendBallot("https://relayer.example", ballot, {
 *   governor: String(contracts.WealGovernor.target),
 *   fallback: (ballot) => governance.voteBySignature(ballot),
 * });
 */
export async function sendBallot(
  url: string,
  ballot: Ballot,
  options: { governor: string; fallback?: (ballot: Ballot) => Promise<Transaction>; signal?: AbortSignal },
): Promise<SentBallot> {
  const { governor, fallback, signal } = options;
  try {
    const body = JSON.stringify({ ...ballot, governor });
    const headers = { "content-type": "application/json" };

    return { by: "relayer", status: await ask(url, "ballots", { method: "POST", headers, body, signal }) };
  } catch (error) {
    if (fallback === undefined || !(error instanceof BallotNotRelayed)) throw error;

    return { by: "voter", transaction: await fallback(ballot) };
  }
}

/**
 * Asks a relayer what became of a ballot.
 *
 * @throws {BallotNotRelayed} when the relayer is dead, or does not know the ballot.
 * @example
 * const { status, hash } = await ballotStatus("https://relayer.example", id);
 */
export async function ballotStatus(
  url: string,
  id: string,
  options: { signal?: AbortSignal } = {},
): Promise<BallotStatus> {
  return ask(url, `ballots/${encodeURIComponent(id)}`, options);
}

async function ask(url: string, path: string, { signal, ...init }: RequestInit): Promise<BallotStatus> {
  const timeout = AbortSignal.timeout(TIMEOUT);
  const { response, body } = await fetchJson(url, path, {
    ...init,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  if (response.ok && isStatus(body)) return body;

  const { error, message } = Object(body) as Record<string, unknown>;
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new BallotNotRelayed(
    url,
    typeof message === "string" ? message : `it answered with HTTP ${response.status}`,
    typeof error === "string" ? error : undefined,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  );
}

async function fetchJson(url: string, path: string, init: RequestInit) {
  try {
    const response = await fetch(new URL(path, url.endsWith("/") ? url : `${url}/`), init);

    return { response, body: await response.json().catch(() => undefined) };
  } catch (error) {
    const { cause, message } = error as Error;
    throw new BallotNotRelayed(url, String((cause as Error | undefined)?.message || message), undefined, undefined, {
      cause: error,
    });
  }
}

function isStatus(body: unknown): body is BallotStatus {
  const { id, status } = Object(body) as Record<string, unknown>;

  return typeof id === "string" && typeof status === "string";
}
