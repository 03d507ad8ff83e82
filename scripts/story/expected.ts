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

export interface ExpectedRound {
  coordinator: { name: string; cash: bigint; shares: bigint };
  /** In the order in which they came. */
  fundings: readonly { funder: string; amount: bigint }[];
  funderShares: bigint;
  contributorShares: bigint;
  /** What contributors get in money. */
  maxCash: bigint;
  /** Bonds that were lost. */
  forfeits: bigint;
  /** Parts of money and shares by kind; with `perUnit`, a score counts as often as there are units. */
  kinds: Record<string, { cash: number; shares: number; perUnit?: boolean }>;
  /** With an odd number of scores, so that there is one median. */
  contributions: readonly { contributor: string; kind: string; units: bigint; scores: readonly number[] }[];
}

/** Returns what a round that is finalised gives to everybody who takes part once, from the rules in `docs/rounds.md` alone. */
export function expectRound(round: ExpectedRound): Map<string, { cash: bigint; shares: bigint }> {
  const { coordinator, fundings, funderShares, contributorShares, maxCash, forfeits, kinds, contributions } = round;
  const parts = new Map([[coordinator.name, { cash: coordinator.cash, shares: coordinator.shares }]]);

  const raised = fundings.reduce((sum, { amount }) => sum + amount, 0n);
  const unspent = raised - coordinator.cash - maxCash + forfeits;
  let before = 0n;
  for (const { funder, amount } of fundings) {
    const after = before + amount;
    const of = (whole: bigint) => (whole * after) / raised - (whole * before) / raised;
    parts.set(funder, { cash: of(unspent), shares: of(funderShares) });
    before = after;
  }

  const names = Object.keys(kinds);
  const cash = divide(
    maxCash,
    names.map((kind) => kinds[kind].cash),
  );
  const shares = divide(
    contributorShares,
    names.map((kind) => kinds[kind].shares),
  );
  for (const [k, kind] of names.entries()) {
    const members = contributions.filter((each) => each.kind === kind);
    const points = members.map(({ units, scores }) => median(scores) * (kinds[kind].perUnit ? Number(units) : 1));
    const [cashes, shareses] = [divide(cash[k], points), divide(shares[k], points)];
    for (const [m, { contributor }] of members.entries()) {
      parts.set(contributor, { cash: cashes[m], shares: shareses[m] });
    }
  }
  return parts;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) / 2];
}

/** By largest remainder. Of equal remainders the earlier would be first, by an order that the story has no need of. */
function divide(whole: bigint, weights: readonly number[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  const parts = weights.map((weight) => (whole * BigInt(weight)) / total);
  const left = whole - parts.reduce((sum, part) => sum + part, 0n);
  const remainders = weights.map((weight, i) => ({ i, rest: Number((whole * BigInt(weight)) % total) }));
  for (const { i } of remainders.sort((a, b) => b.rest - a.rest).slice(0, Number(left))) parts[i] += 1n;

  return parts;
}
