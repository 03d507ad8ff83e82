import { CommonwealError } from "@commonweal/sdk";

/** What a relayer answers when it does not take a ballot; programs may rely on these words. */
export type RefusalCode =
  | "invalid_json"
  | "invalid_ballot"
  | "body_too_large"
  | "unknown_governor"
  | "unknown_ballot"
  | "unknown_path"
  | "another_ballot_waits"
  | "refused_by_governor"
  | "too_little_weight"
  | "too_much_gas"
  | "vote_closed"
  | "closes_too_soon"
  | "failed_too_often"
  | "rate_limited"
  | "voter_limit"
  | "queue_full"
  | "budget_spent"
  | "node_unavailable"
  | "stopping"
  | "internal";

const STATUS = {
  invalid_json: 400,
  invalid_ballot: 400,
  body_too_large: 413,
  unknown_governor: 422,
  unknown_ballot: 404,
  unknown_path: 404,
  another_ballot_waits: 409,
  refused_by_governor: 422,
  too_little_weight: 422,
  too_much_gas: 422,
  vote_closed: 422,
  closes_too_soon: 422,
  failed_too_often: 422,
  rate_limited: 429,
  voter_limit: 429,
  queue_full: 503,
  budget_spent: 503,
  node_unavailable: 503,
  stopping: 503,
  internal: 500,
} as const satisfies Record<RefusalCode, number>;

/** The way that is always open. */
export const SEND_IT_YOURSELF = "send it yourself by governance.voteBySignature(ballot)";

/** Why the relayer does not take a ballot, or will not send it. The message says what to do. */
export class Refusal extends CommonwealError {
  /** @param retryAfter Seconds after which the same request may do. */
  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get status(): (typeof STATUS)[RefusalCode] {
    return STATUS[this.code];
  }

  toJSON(): { error: RefusalCode; message: string } {
    return { error: this.code, message: this.message };
  }
}
