import type { Currency, Usage, Voucher } from "@commonweal/sdk";
import { type Book, redeemableOf, unredeemedOf } from "./book.js";
import type { Observer } from "./observer.js";
import { shared } from "./turns.js";

export interface RedeemerOptions {
  usage: Pick<Usage, "redeem" | "payHost" | "owedToHost">;
  book: Book;
  observer: Observer;
  inTurn: <T>(send: () => Promise<T>) => Promise<T>;
  currency: Currency;
  host: string;
  threshold: bigint | undefined;
  seconds: number;
  payHostTo: string | undefined;
}

/** After a failure: 1 s, 2 s, 4 s and so on, up to 5 minutes. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 300_000;

export type Redeemer = ReturnType<typeof redeemerOf>;

/** Redeems the newest vouchers: in time, when enough is owed, and when somebody asks for it. */
export function redeemerOf(options: RedeemerOptions) {
  const { usage, book, observer, inTurn, currency, host, threshold, seconds, payHostTo } = options;
  const running = new Map<string, Promise<void>>();
  let isStopped = false;
  let wait = 0;
  /** What the last redemption left of the vouchers that it had, and whose they were: wallets may not stand by theirs. */
  let passedOver = { total: 0n, vouchers: new Map<string, Voucher>() };
  let retry: NodeJS.Timeout | undefined;
  const timer = setInterval(() => void attempt(), seconds * 1_000);
  timer.unref();

  /** Redeems what is owed, and reads what became of it. */
  async function redeem(): Promise<void> {
    const entries = book.all().filter((entry) => unredeemedOf(entry) > 0n);
    const vouchers = entries.map(redeemableOf).filter((voucher): voucher is Voucher => voucher !== undefined);
    if (vouchers.length > 0) {
      try {
        const { redeemed } = await inTurn(() => usage.redeem({ vouchers }));
        observer.redeemed?.({
          vouchers: redeemed.length,
          amount: redeemed.reduce((sum, { amount }) => sum + amount, 0n),
          hostPart: redeemed.reduce((sum, { hostPart }) => sum + hostPart, 0n),
        });
      } finally {
        // Also after a failure: some batches may have gone through.
        await Promise.all(entries.map((entry) => book.refresh(entry)));
      }
    }
    const left = vouchers.filter((voucher) => leftOf(voucher) > 0n);
    passedOver = {
      total: left.reduce((sum, voucher) => sum + leftOf(voucher), 0n),
      vouchers: new Map(left.map((voucher) => [voucher.channelId, voucher])),
    };
    if (payHostTo !== undefined) await payHost(payHostTo);
  }

  function leftOf({ channelId, amount }: Voucher): bigint {
    const entry = book.known(channelId);

    return entry === undefined ? 0n : unredeemedOf({ ...entry, voucher: { amount: BigInt(amount) } });
  }

  async function payHost(to: string): Promise<void> {
    try {
      if ((await usage.owedToHost({ host, currency })) === 0n) return;
      observer.hostPaid?.({ amount: (await inTurn(() => usage.payHost({ currency, host, to }))).amount });
    } catch (error) {
      // The host's part waits in the contract: the next redemption tries again.
      observer.failed?.("payHost", error);
    }
  }

  /** One redemption at a time; whoever asks while one runs gets another one after it. */
  function now(): Promise<void> {
    const current = running.get("now");
    if (current === undefined) return shared(running, "now", redeem);

    return shared(running, "next", async () => {
      await current.catch(() => {});
      // Who asks from here on is too late for this one.
      running.delete("next");
      return now();
    });
  }

  /** Redeems, and tries again later if that fails. */
  async function attempt(): Promise<void> {
    clearTimeout(retry);
    retry = undefined;
    try {
      await now();
      wait = 0;
      // Calls that were paid meanwhile did not start another.
      redeemIfDue();
    } catch (error) {
      observer.failed?.("redeem", error);
      if (isStopped) return;
      wait = Math.min(Math.max(wait * 2, FIRST_WAIT), LONGEST_WAIT);
      retry = setTimeout(() => void attempt(), wait);
      retry.unref();
    }
  }

  /** What cannot be redeemed starts nothing: it would do so at each call, and cost gas each time. */
  function redeemIfDue(): void {
    const isDue = threshold !== undefined && book.unredeemed() - passedOver.total >= threshold;
    // While one runs, or one failed, the next is on its way.
    if (isDue && !isStopped && !running.has("now") && retry === undefined) void attempt();
  }

  return {
    /** Redeems what is owed now; throws what the chain says. */
    now,

    /** Redeems soon, since something happened. */
    soon(): void {
      void attempt();
    },

    /** To be told of each call that was paid. */
    charged: redeemIfDue,

    /** What was passed over, in units. */
    passedOver: () => passedOver.total,

    /** Whether the last redemption could not have a channel's voucher, and it is not redeemed since. */
    hasPassedOver(channelId: string): boolean {
      const voucher = passedOver.vouchers.get(channelId);

      return voucher !== undefined && leftOf(voucher) > 0n;
    },

    stop(): void {
      isStopped = true;
      clearInterval(timer);
      clearTimeout(retry);
    },
  };
}
