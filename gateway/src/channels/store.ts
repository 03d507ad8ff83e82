import { CommonwealError, type Voucher } from "@commonweal/sdk";

/** What must survive a crash: the newest voucher of a channel, and what its calls have really cost. Plain JSON. */
export interface ChannelRecord extends Voucher {
  /** In the currency's smallest units, since the channel began; at most `amount`. */
  charged: string;
}

/** Where vouchers are kept. One gateway uses a store at a time. */
export interface ChannelStore {
  /**
   * Opens it and locks it.
   *
   * @throws {StoreInUse} when another process has it open.
   */
  open(): Promise<void>;
  get(channelId: string): Promise<ChannelRecord | undefined>;
  all(): Promise<ChannelRecord[]>;
  /** Resolves when the record would survive a power cut. A record with more calls takes the place of the one before. */
  put(record: ChannelRecord): Promise<void>;
  /** Lets go of the lock. What was put before is stored first. */
  close(): Promise<void>;
}

/** Another gateway has the store open. */
export class StoreInUse extends CommonwealError {
  constructor(
    readonly store: string,
    options?: ErrorOptions,
  ) {
    super(`${store} is in use: stop the other gateway, or give this one a store of its own.`, options);
  }
}

/** The store did not do what it was asked for. */
export class StoreFailed extends CommonwealError {
  constructor(
    readonly store: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `${store} failed (${reason}): see that it can be reached and has room, and start the gateway again.`,
      options,
    );
  }
}
