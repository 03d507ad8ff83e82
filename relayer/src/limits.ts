import { type Journal, noJournal } from "./journal.js";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** How many clients are remembered. Who is forgotten starts anew. */
const MAX_CLIENTS = 10_000;

/** Milliseconds since 1970, as `Date.now`. */
export type Now = () => number;

/** Requests that each client may make: so many a minute, and as many at once. */
export interface RateLimit {
  /** Counts a request. Returns 0 if it may go on, and otherwise the seconds after which one may. */
  take(client: string): number;
}

/** Returns a token bucket a client. */
export function rateLimitOf(perMinute: number, now: Now = Date.now): RateLimit {
  const clients = new Map<string, { tokens: number; at: number }>();

  return {
    take(client) {
      const at = now();
      const known = clients.get(client) ?? { tokens: perMinute, at };
      const tokens = Math.min(perMinute, known.tokens + ((at - known.at) * perMinute) / MINUTE);
      const allowed = tokens >= 1;
      // In the order of their last requests, so that the first one is who has been quiet for longest.
      clients.delete(client);
      clients.set(client, { tokens: allowed ? tokens - 1 : tokens, at });
      if (clients.size > MAX_CLIENTS) clients.delete(clients.keys().next().value as string);

      return allowed ? 0 : Math.ceil(((1 - tokens) * MINUTE) / perMinute / 1_000);
    },
  };
}

/** Something that may be used up to a limit on each day, by UTC. */
export interface DailyLimit {
  /** What is left today. */
  left(key?: string): bigint;
  /** Less than nothing gives back what was used, as far as it was today. */
  use(amount: bigint, key?: string): void;
}

/** What was used of a daily limit. */
export interface Use {
  /** Since 1970, by UTC. */
  day: number;
  key: string;
  /** In decimal digits. */
  amount: string;
}

/**
 * Returns a limit for each key by itself.
 *
 * @param journal What it knows was used already, and learns what is.
 */
export function dailyLimitOf(
  limit: bigint,
  now: Now = Date.now,
  journal: Pick<Journal, "used" | "use"> = noJournal,
): DailyLimit {
  let day = journal.used[0]?.day ?? -1;
  const used = new Map(journal.used.map(({ key, amount }) => [key, BigInt(amount)]));

  const usedToday = (key: string) => {
    const today = Math.floor(now() / DAY);
    if (today !== day) used.clear();
    day = today;

    return used.get(key) ?? 0n;
  };

  return {
    left: (key = "") => (usedToday(key) >= limit ? 0n : limit - usedToday(key)),
    use(amount, key = "") {
      const before = usedToday(key);
      const after = before + amount > 0n ? before + amount : 0n;
      journal.use({ day, key, amount: String(after - before) });
      used.set(key, after);
    },
  };
}

/** Returns the seconds until the next day begins, by UTC. */
export function secondsToTomorrow(now: Now = Date.now): number {
  return Math.ceil((DAY - (now() % DAY)) / 1_000);
}

/** Returns who a client is: an IPv4 address, or the /64 of an IPv6 address, all of which one customer has. */
export function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1];
  if (!address.includes(":")) return address;

  const [head, tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  if (tail !== undefined) while (groups.length + after.length < 8) groups.push("0");

  return [...groups, ...after].slice(0, 4).join(":");
}
