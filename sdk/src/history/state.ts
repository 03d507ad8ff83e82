import { LogsIncomplete } from "../errors.js";
import { Contradiction, withoutContradiction } from "./contradiction.js";
import { createDirectory, type Directory } from "./directory.js";
import type { EventOf, ProtocolEvent } from "./events.js";
import type { AsOf } from "./reader.js";
import { createReplay, type Replay } from "./replay.js";
import type { Scanned } from "./scan.js";
import type { HistorySource } from "./source.js";

/** What the events of a chain come to. */
export interface HistoryState {
  source: HistorySource;
  asOf: AsOf;
  events: readonly ProtocolEvent[];
  replay: Replay;
  directory: Directory;
  /** Whether to hold answers against what the contracts themselves say. */
  verifies: boolean;
}

/**
 * Rebuilds everything from events.
 *
 * @throws {LogsIncomplete} when they contradict each other.
 */
export function stateOf(source: HistorySource, { asOf, events }: Scanned, verifies: boolean): HistoryState {
  const replay = createReplay();
  const directory = createDirectory();
  /** What was redeemed of each channel. */
  const channels = new Map<string, bigint>();
  withoutContradiction(source.addresses.RoyaltyLedger, source.firstBlock, () => {
    for (const event of events) {
      replay.apply(event);
      directory.apply(event);
      if (event.event === "channelOpened") channels.set(event.channelId, channels.get(event.channelId) ?? 0n);
      if (event.event === "voucherRedeemed") redeem(event);
      if (event.event === "sharesClaimed") event.model = replay.allocations.get(event.allocation)?.model ?? event.model;
    }
    replay.finish();
    directory.finish();
    for (const { model, registrar, number } of replay.models.values()) {
      if (registrar !== source.addresses.ModelRegistry) continue;
      const entry = directory.entries.get(model);
      if (entry?.number !== number || entry.versions.length === 0) {
        throw new Contradiction(
          `model ${model} was opened, and nothing tells of its registration or its first version`,
        );
      }
    }
  });

  return { source, asOf, events, replay, directory, verifies };

  function redeem({ channelId, amount, redeemed }: EventOf<"voucherRedeemed">): void {
    const before = channels.get(channelId);
    if (before === undefined) throw new Contradiction(`nothing tells of the opening of channel ${channelId}`);
    if (before + amount !== redeemed) throw new Contradiction(`${redeemed} were redeemed of channel ${channelId}`);
    channels.set(channelId, redeemed);
  }
}

/** Something that was rebuilt, and what the contracts say it is. */
export interface Claimed {
  what: string;
  rebuilt: bigint | number | string;
  view: Promise<bigint | string>;
}

/**
 * Holds what was rebuilt against what the contracts say at the same block.
 *
 * @throws {LogsIncomplete} when they differ: whatever happened last was not among the logs.
 */
export async function compare({ source, verifies }: HistoryState, claims: () => Claimed[]): Promise<void> {
  if (!verifies) return;
  await Promise.all(
    claims().map(async ({ what, rebuilt, view }) => {
      const said = await view;
      if (said === (typeof rebuilt === "number" ? BigInt(rebuilt) : rebuilt)) return;

      const { addresses, firstBlock } = source;
      throw new LogsIncomplete(
        addresses.RoyaltyLedger,
        firstBlock,
        `${what} is ${said}, and the logs tell of ${rebuilt}`,
      );
    }),
  );
}
