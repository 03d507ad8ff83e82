/**
 * What everybody should earn, by a calculation of its own: written from the rules in `docs/architecture.md` in bigints,
 * without a line of the contracts or the SDK, so that the two can disagree.
 */

const BPS = 10_000n;
const TOTAL_SHARES = 1_000_000n;

export interface ExpectedModel {
  key: string;
  feeBps: bigint;
  parents: { key: string; rateBps: bigint }[];
  holdings: { holder: string; units: bigint }[];
}

export interface Expectation {
  /** Units received by each model in total, from buyers and from children. */
  received: Map<string, bigint>;
  /** Units earned by each holder, over all models. */
  earned: Map<string, bigint>;
  /** Units of each holder in each model: `model/holder`. */
  earnedIn: Map<string, bigint>;
  /** Units of protocol fee. */
  fees: bigint;
  /** Units that no one can be paid, since shares of them are fractions. */
  dust: bigint;
}

/**
 * Returns a host's part, in units, of all that ever came through one channel, or to one address that it shares with a model;
 * the model has the rest.
 */
export function hostPartOf(paid: bigint, hostBps: bigint): bigint {
  return (paid * hostBps) / BPS;
}

/**
 * Returns what is earned in one currency once everything has been cascaded and claimed.
 *
 * @param models Parents before children.
 * @param payments Units paid to each model by buyers.
 */
export function expect(models: ExpectedModel[], payments: Map<string, bigint>): Expectation {
  const received = new Map(models.map(({ key }) => [key, payments.get(key) ?? 0n]));
  const earned = new Map<string, bigint>();
  const earnedIn = new Map<string, bigint>();
  let fees = 0n;
  let dust = 0n;

  // Children first: a model's income is complete when all of its children have passed on theirs.
  for (const { key, feeBps, parents, holdings } of [...models].reverse()) {
    const income = received.get(key) as bigint;
    const totalRateBps = parents.reduce((sum, { rateBps }) => sum + rateBps, 0n);
    const upstream = (income * totalRateBps) / BPS;
    const kept = income - upstream;
    const fee = (kept * feeBps) / BPS;
    const distributed = kept - fee;
    let left = income - fee;

    for (const parent of parents) {
      const part = totalRateBps === 0n ? 0n : (upstream * parent.rateBps) / totalRateBps;
      received.set(parent.key, (received.get(parent.key) as bigint) + part);
      left -= part;
    }
    for (const { holder, units } of holdings) {
      const part = (distributed * units) / TOTAL_SHARES;
      earned.set(holder, (earned.get(holder) ?? 0n) + part);
      earnedIn.set(`${key}/${holder}`, part);
      left -= part;
    }
    fees += fee;
    dust += left;
  }
  return { received, earned, earnedIn, fees, dust };
}
