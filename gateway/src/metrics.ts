import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ChannelsStatus, Observer } from "./channels/index.js";

/** How a call ended. `failed`: served in part, or not at all, and not charged for what was not served. */
export type CallResult = "paid" | "free" | "refused" | "failed";

/** What a gateway counts. */
export interface Metrics {
  registry: Registry;
  call(scheme: string, result: CallResult): void;
  refused(code: string): void;
  /** In the currency's smallest units. */
  earned(scheme: string, amount: bigint): void;
  units(count: number): void;
  /** Seconds. */
  upstream(seconds: number): void;
  overhead(seconds: number): void;
  observer: Observer;
}

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Returns counters of their own registry, so that several paywalls in a process do not meet.
 *
 * @param token In whose whole units sums are told: JavaScript's numbers have 15 digits, which do for a chart.
 * @param status Asked when the metrics are.
 */
export function metricsOf(
  token: { symbol: string; decimals: number },
  status: { channels(): ChannelsStatus | undefined; factsAge(): number },
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const whole = (amount: bigint) => Number(amount) / 10 ** token.decimals;
  const currency = token.symbol;

  const calls = new Counter({
    ...{ name: "commonweal_calls_total", help: "Calls, by payment scheme and by how they ended.", registers },
    labelNames: ["scheme", "result"],
  });
  const refusals = new Counter({
    ...{ name: "commonweal_refusals_total", help: "Calls that were not served, by the reason's code.", registers },
    labelNames: ["code"],
  });
  const earned = new Counter({
    ...{ name: "commonweal_earned_total", help: "What calls were charged, in whole units of the currency.", registers },
    labelNames: ["scheme", "currency"],
  });
  const units = new Counter({ name: "commonweal_units_total", help: "Units that were charged.", registers });
  const redeemed = new Counter({
    ...{ name: "commonweal_redeemed_total", help: "What vouchers were redeemed for, in whole units.", registers },
    labelNames: ["currency"],
  });
  const vouchers = new Counter({ name: "commonweal_vouchers_redeemed_total", help: "Vouchers redeemed.", registers });
  const failures = new Counter({
    ...{ name: "commonweal_failures_total", help: "What failed and is tried again, by what it was.", registers },
    labelNames: ["what"],
  });
  const upstream = new Histogram({
    ...{ name: "commonweal_upstream_seconds", help: "Until the upstream began to answer.", registers },
    buckets: SECONDS,
  });
  const overhead = new Histogram({
    ...{ name: "commonweal_overhead_seconds", help: "What the paywall added before an answer began.", registers },
    buckets: SECONDS,
  });
  const ofChannels = (name: string, help: string, value: (status: ChannelsStatus) => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        const current = status.channels();
        if (current === undefined) this.reset();
        else this.set(value(current));
      },
    });
  ofChannels("commonweal_unredeemed", "Stored in vouchers and not yet redeemed, in whole units.", (now) =>
    whole(now.unredeemed),
  );
  ofChannels("commonweal_channels", "Channels with a stored voucher.", (now) => now.channels);
  ofChannels("commonweal_channel_calls", "Calls by channel that are being served.", (now) => now.taken);
  new Gauge({
    ...{ name: "commonweal_facts_age_seconds", help: "Since the chain was last read for the model.", registers },
    collect() {
      this.set(status.factsAge());
    },
  });

  return {
    registry,
    call: (scheme, result) => calls.inc({ scheme, result }),
    // What a facilitator elsewhere says may be anything, and each label is kept.
    refused: (code) => refusals.inc({ code: /^[a-z0-9_]{1,80}$/.test(code) ? code : "other" }),
    earned: (scheme, amount) => earned.inc({ scheme, currency }, whole(amount)),
    units: (count) => units.inc(count),
    upstream: (seconds) => upstream.observe(seconds),
    overhead: (seconds) => overhead.observe(seconds),
    observer: {
      redeemed(redemption) {
        redeemed.inc({ currency }, whole(redemption.amount));
        vouchers.inc(redemption.vouchers);
      },
      failed: (what) => failures.inc({ what }),
    },
  };
}
