import { CommonwealError } from "./errors.js";

/** What its signal ended; nothing was sent by then. */
export class Aborted extends CommonwealError {
  constructor(options?: ErrorOptions, message = "It was ended by its signal; nothing was sent.") {
    super(message, options);
  }
}

/** The wallet or the node is on another chain than the one that `connect` found. Nothing was sent. */
export class WrongChain extends CommonwealError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The wallet or node is on another chain than when it was connected (${reason}): switch it back, or connect() again on this one.`,
      options,
    );
  }
}

/** The fee that the transaction offers is too low for the node, or for what it replaces. */
export class GasPriceTooLow extends CommonwealError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The transaction offers too low a fee (${reason}); try again, with higher overrides.maxFeePerGas and maxPriorityFeePerGas if they were given.`,
      options,
    );
  }
}

/**
 * The node did not answer while a transaction was being sent: it may have taken it, or not. It is no `NetworkFailure`:
 * whoever tries again after one of those would pay twice.
 */
export class SendUnanswered extends CommonwealError {
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `The node did not answer while the transaction was being sent (${reason}): it may be mined all the same, so look at what the sender has sent before sending another.`,
      options,
    );
  }
}

/** The node answers no more for now, since it was asked too much. */
export class RateLimited extends CommonwealError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The node limits how often it is asked (${reason}); wait a while, or connect to one that allows more.`,
      options,
    );
  }
}

/** A transaction was mined, and the chain then dropped its block. */
export class TransactionReorged extends CommonwealError {
  constructor(
    readonly hash: string,
    /** The block that was dropped. */
    readonly blockNumber: number,
  ) {
    super(
      `Transaction ${hash} was in block ${blockNumber}, which the chain has dropped: it may be mined anew, so call wait() again; if it is gone, send it again.`,
    );
  }
}

/** The wait for a transaction was ended by its signal. The transaction was sent, and may be mined. */
export class WaitAborted extends Aborted {
  constructor(
    readonly hash: string,
    options?: ErrorOptions,
  ) {
    super(
      options,
      `The wait for transaction ${hash} was ended; it was sent all the same, so look it up before sending another.`,
    );
  }
}

/**
 * The node no longer answered while a transaction was waited for. The transaction was sent, and may be mined. As
 * {@link SendUnanswered}, it is no `NetworkFailure`.
 */
export class WaitUnanswered extends CommonwealError {
  constructor(
    readonly hash: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `The node no longer answers (${reason}), but transaction ${hash} was sent: do not send it again, look it up once the node answers, or at another node.`,
      options,
    );
  }
}
