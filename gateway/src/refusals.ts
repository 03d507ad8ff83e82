import { CommonwealError } from "@commonweal/sdk";

/** Why a gateway does not serve a call; programs may rely on these words. Payment schemes have more, all with status 402. */
const STATUS = {
  /* To be paid */
  payment_required: 402,
  payment_malformed: 402,
  payment_mismatch: 402,
  payment_in_use: 402,
  payment_invalid: 402,
  settlement_failed: 402,
  /* Licences */
  sign_in_malformed: 402,
  sign_in_invalid: 402,
  sign_in_used: 402,
  not_licensed: 402,
  license_ended: 402,
  /* Passes */
  pass_invalid: 402,
  pass_expired: 402,
  pass_file_changed: 402,
  /* Nothing is sold */
  model_restricted: 403,
  model_recalled: 451,
  units_invalid: 400,
  units_too_few: 400,
  file_refused: 403,
  file_not_found: 404,
  uri_too_long: 414,
  /* Not now */
  upstream_unreachable: 502,
  upstream_broken: 502,
  answer_too_large: 502,
  answer_encoded: 502,
  chain_unavailable: 503,
  facilitator_unavailable: 503,
  stopping: 503,
  upstream_timeout: 504,
  internal: 500,
} as const;

export type RefusalCode = keyof typeof STATUS;

/** Why a call is not served. The message says what to do. Nothing was charged. */
export class Refusal extends CommonwealError {
  /**
   * @param code One of the gateway's own, or what a payment scheme calls it.
   * @param headers That go with the answer.
   */
  constructor(
    readonly code: RefusalCode | (string & {}),
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get status(): number {
    return Object.hasOwn(STATUS, this.code) ? STATUS[this.code as RefusalCode] : 402;
  }

  toJSON(): { error: string; message: string } {
    return { error: this.code, message: this.message };
  }

  /** The refusal as an answer that nobody keeps. */
  toResponse(): Response {
    return Response.json(this, { status: this.status, headers: { "Cache-Control": "no-store", ...this.headers } });
  }
}

/** The paywall's options do not fit together, or not with the chain. */
export class PaywallMisconfigured extends CommonwealError {}

/** What failed, in words that anybody may read: ethers adds the address of its node, which may have a key in it. */
export function reasonOf(error: unknown): string {
  const { shortMessage, message } = Object(error) as { shortMessage?: unknown; message?: unknown };

  return String(shortMessage ?? message ?? error);
}
