/**
 * The ledger's arithmetic, off the chain: what happens to a lineage's books when it is cascaded. The formulas are those of
 * `RoyaltyMath.sol`, in bigints; amounts are in a currency's smallest units, rates in basis points. And how whole units are
 * divided.
 */

const BPS = 10_000n;
const TOTAL_SHARES = 1_000_000n;

/** The most that a model can receive in one currency: 2¹¹² − 1 units. */
export const MAX_RECEIVED = (1n << 112n) - 1n;

/** A model of a lineage, with what its formulas need. */
export interface LineageNode {
  model: string;
  /** Its registration number: a parent's is lower than its child's. */
  number: number;
  feeBps: bigint;
  /** The sum of the edges' rates. */
  totalRateBps: bigint;
  /** Also edges that were retired; their rate is 0. */
  edges: readonly { parent: string; rateBps: bigint; until: number }[];
}

/** The part of a model's books that a cascade reads. */
export interface CascadeBooks {
  received: bigint;
  cascaded: bigint;
  /** `received` when an edge was last retired. */
  closed: bigint;
}

/** What a cascade of a lineage does to one of its models. */
export interface Flow {
  /** What it had received before. */
  before: bigint;
  /** What it has received after. */
  received: bigint;
  /** What its own cascade credits each parent, in the order of its edges. */
  due: bigint[];
}

/** The part of a position that earnings follow from. */
export interface HeldPosition {
  shares: bigint;
  seen: bigint;
  owed: bigint;
  remainder: bigint;
}

/**
 * Divides a whole in proportion to weights, by largest remainder: everybody gets their part rounded down, and what is left
 * goes one by one to whom rounding took most from, the earlier first. The parts sum to the whole, and no weight of 0 gets any.
 *
 * @param weights None is negative, and one is positive at least.
 */
export function largestRemainder(weights: readonly bigint[], whole: bigint): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const parts = weights.map((weight) => (weight * whole) / total);
  const remainders = weights.map((weight) => (weight * whole) % total);
  const rest = Number(whole - parts.reduce((sum, part) => sum + part, 0n));
  const byRemainder = [...weights.keys()].sort((a, b) =>
    remainders[a] === remainders[b] ? a - b : remainders[a] > remainders[b] ? -1 : 1,
  );
  for (const index of byRemainder.slice(0, rest)) parts[index] += 1n;

  return parts;
}

/** Returns D(R) and F(R) of what a model received since its books were last closed. */
export function splitKept(
  { totalRateBps, feeBps }: Pick<LineageNode, "totalRateBps" | "feeBps">,
  received: bigint,
): { holders: bigint; fee: bigint } {
  const kept = received - (received * totalRateBps) / BPS;
  const fee = (kept * feeBps) / BPS;

  return { holders: kept - fee, fee };
}

/**
 * Returns what a cascade of all these models does, children first.
 *
 * @param nodes Children before parents.
 * @param booksOf Their books now.
 * @param paid What is credited to one of them before.
 * @param cascades Whether a model is cascaded at all, given what it would pass on; all are by default.
 */
export function flow(
  nodes: readonly LineageNode[],
  booksOf: ReadonlyMap<string, CascadeBooks>,
  paid: { model: string; amount: bigint } | undefined = undefined,
  cascades: (node: LineageNode, due: readonly bigint[]) => boolean = () => true,
): Map<string, Flow> {
  const gains = new Map<string, bigint>(paid === undefined ? [] : [[paid.model, paid.amount]]);
  const flows = new Map<string, Flow>();
  for (const node of nodes) {
    const books = booksOf.get(node.model) as CascadeBooks;
    // A parent whose books are full takes what fits.
    const received = min(books.received + (gains.get(node.model) ?? 0n), MAX_RECEIVED);
    const due = dueOf(node, received - books.closed, books.cascaded - books.closed);
    const isCascaded = due.some((units) => units > 0n) && cascades(node, due);

    flows.set(node.model, { before: books.received, received, due: isCascaded ? due : due.map(() => 0n) });
    if (!isCascaded) continue;
    for (const [i, { parent }] of node.edges.entries()) gains.set(parent, (gains.get(parent) ?? 0n) + due[i]);
  }

  return flows;
}

/**
 * Returns what a holder can claim once a model has distributed `distributed` units, in whole units.
 *
 * @param distributed Cumulative amount that belongs to the holders of the model's shares.
 */
export function claimableOf({ shares, seen, owed, remainder }: HeldPosition, distributed: bigint): bigint {
  return owed + (remainder + (distributed - seen) * shares) / TOTAL_SHARES;
}

/** Returns u_i(R) − u_i(cascaded) for each parent. */
export function dueOf(
  { edges, totalRateBps }: Pick<LineageNode, "totalRateBps"> & { edges: readonly { rateBps: bigint }[] },
  received: bigint,
  cascaded: bigint,
): bigint[] {
  const upstream = (received * totalRateBps) / BPS;
  const passed = (cascaded * totalRateBps) / BPS;

  return edges.map(({ rateBps }) =>
    rateBps === 0n ? 0n : (upstream * rateBps) / totalRateBps - (passed * rateBps) / totalRateBps,
  );
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
