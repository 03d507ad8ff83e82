const BPS = 10_000n;

/** What governance sets. */
export interface Terms {
  /** Units of WEAL for each unit of fees. */
  rate: bigint;
  /** Units of WEAL that one epoch may pay. */
  cap: bigint;
}

/** Stakeholding between two epochs. */
export interface Books {
  /** Units of WEAL that are left to be paid. */
  reserve: bigint;
  /** By model: units of WEAL that its fees have earned, and that no epoch had the budget for yet. */
  waiting: bigint[];
}

/** A link from a model to one of its parents, which stand before it in the list of models. */
export interface Edge {
  parent: number;
  rateBps: number;
}

/** Returns what an epoch can pay. */
export function budgetOf({ reserve }: Books, { cap }: Terms): bigint {
  return smaller(reserve, cap);
}

/**
 * Pays one epoch. First come, first served: what finds the budget spent waits for the next epoch.
 *
 * @param fees By model: units of fees that it brought in this epoch.
 * @param order Models in the order in which they are called for.
 * @returns The books after it, and what each model was paid.
 */
export function payEpoch(books: Books, terms: Terms, fees: bigint[], order: number[]): Books & { paid: bigint[] } {
  const waiting = fees.map((fee, model) => (books.waiting[model] ?? 0n) + fee * terms.rate);
  const paid = fees.map(() => 0n);

  let budget = budgetOf(books, terms);
  for (const model of order) {
    const payment = smaller(waiting[model], budget);
    waiting[model] -= payment;
    paid[model] += payment;
    budget -= payment;
  }
  return { reserve: books.reserve - sum(paid), waiting, paid };
}

/**
 * Moves income up through lineage, as the ledger does: a model passes on its parents' part and pays the protocol fee on
 * what it keeps.
 *
 * @param income By model: units that were paid to it.
 * @param edges By model: its parents.
 * @returns By model: the protocol fee, and what is left for those who hold its shares.
 */
export function cascade(income: bigint[], edges: Edge[][], feeBps: number): { fees: bigint[]; holders: bigint[] } {
  const received = [...income];
  const fees = income.map(() => 0n);
  const holders = income.map(() => 0n);
  for (let model = income.length - 1; model >= 0; model--) {
    let kept = received[model];
    for (const { parent, rateBps } of edges[model]) {
      const part = (received[model] * BigInt(rateBps)) / BPS;
      received[parent] += part;
      kept -= part;
    }
    fees[model] = (kept * BigInt(feeBps)) / BPS;
    holders[model] = kept - fees[model];
  }
  return { fees, holders };
}

export function sum(amounts: bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
