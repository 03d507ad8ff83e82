import { CommonwealError } from "@commonweal/sdk";

/** A call would need a deposit beyond what the user allowed. Nothing was signed. */
export class LimitReached extends CommonwealError {
  /** Sums are in the currency's smallest units. */
  constructor(
    readonly limit: bigint,
    readonly deposited: bigint,
    readonly needed: bigint,
  ) {
    super(
      `The call needs a deposit of ${needed} units; ${deposited} were deposited, and the limit is ${limit}: raise the limit.`,
    );
  }
}

/** A server asks for something that the user did not allow. Nothing was signed. */
export class TermsRefused extends CommonwealError {
  constructor(
    readonly term: "price" | "model" | "host" | "hostBps" | "notice" | "contract" | "form",
    readonly asked: string,
    readonly allowed: string,
  ) {
    super(`The server asks for ${term} ${asked}, and ${allowed}: allow it in channelFetch(), or call another server.`);
  }
}

/** A server tells something of a channel that neither the payer's own signature nor the chain proves. */
export class StateUnproven extends CommonwealError {
  constructor(
    readonly channelId: string,
    readonly claim: string,
  ) {
    super(`The server says of the channel ${channelId} that ${claim}, which nothing proves: do not pay this server.`);
  }
}

/** The gateway did not take the payment, for a reason that the client cannot mend. */
export class PaymentNotTaken extends CommonwealError {
  constructor(
    readonly code: string,
    readonly reason: string,
  ) {
    super(`The payment was not taken (${code}). ${reason}`);
  }
}
