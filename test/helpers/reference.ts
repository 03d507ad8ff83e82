/** Royalties in bigints: the formulas of the design, calculated from totals and by plain loops, to compare with. */

const BPS = 10_000n;
const TOTAL_SHARES = 1_000_000n;

/** What a model's figures follow from. */
export interface ReferenceTerms {
  feeBps: bigint;
  edges: { parent: string; rateBps: bigint }[];
}

export interface ReferenceModel extends ReferenceTerms {
  id: string;
  /** Units by holder; they sum to 1,000,000. */
  shares: Map<string, bigint>;
}

/** Who gets what of everything that a model ever received: u_i(R), F(R) and D(R). */
export function split(received: bigint, { feeBps, edges }: ReferenceTerms) {
  const totalRateBps = edges.reduce((sum, { rateBps }) => sum + rateBps, 0n);
  const upstream = (received * totalRateBps) / BPS;
  const kept = received - upstream;
  const fee = (kept * feeBps) / BPS;

  return {
    parents: edges.map(({ rateBps }) => (rateBps === 0n ? 0n : (upstream * rateBps) / totalRateBps)),
    fee,
    holders: kept - fee,
  };
}

/**
 * Returns where payments end once everything is cascaded, when no shares move. It knows neither order nor time: one
 * look at each model, children before parents.
 *
 * @param models In the order of their registration.
 * @param paid What was paid to each model.
 */
export function distribute(models: ReferenceModel[], paid: Map<string, bigint>) {
  const received = new Map(paid);
  const earned = new Map<string, bigint>();
  let fees = 0n;
  for (const model of models.toReversed()) {
    const { parents, fee, holders } = split(received.get(model.id) ?? 0n, model);
    fees += fee;
    for (const [i, { parent }] of model.edges.entries()) add(received, parent, parents[i]);
    for (const [holder, units] of model.shares) add(earned, holder, (holders * units) / TOTAL_SHARES);
  }

  return { received, earned, fees };
}

/**
 * Follows one currency through payments, cascades, share transfers and claims in their order. Where the ledger notes
 * what a holder has seen, this gives every holder its part of every credit at once, in millionths of a unit.
 */
export function createReference(models: ReferenceModel[]) {
  const books = new Map(
    models.map((model) => [
      model.id,
      { ...model, shares: new Map(model.shares), received: 0n, cascaded: 0n, millionths: new Map<string, bigint>() },
    ]),
  );
  const claimed = new Map<string, bigint>();
  let fees = 0n;

  function booksOf(id: string) {
    const found = books.get(id);
    if (found === undefined) throw new Error(`There is no model ${id}`);

    return found;
  }

  function pay(id: string, amount: bigint): void {
    const model = booksOf(id);
    const gained = split(model.received + amount, model).holders - split(model.received, model).holders;
    model.received += amount;
    for (const [holder, units] of model.shares) add(model.millionths, holder, gained * units);
  }

  function cascade(id: string): void {
    const model = booksOf(id);
    const before = split(model.cascaded, model);
    const now = split(model.received, model);
    model.cascaded = model.received;
    fees += now.fee - before.fee;
    for (const [i, { parent }] of model.edges.entries()) pay(parent, now.parents[i] - before.parents[i]);
  }

  function transfer(id: string, from: string, to: string, units: bigint): void {
    const { shares } = booksOf(id);
    add(shares, from, -units);
    add(shares, to, units);
  }

  function claimable(id: string, holder: string): bigint {
    return (booksOf(id).millionths.get(holder) ?? 0n) / TOTAL_SHARES - (claimed.get(`${id} ${holder}`) ?? 0n);
  }

  function claim(ids: string[], holder: string): bigint {
    return ids.reduce((sum, id) => {
      const amount = claimable(id, holder);
      add(claimed, `${id} ${holder}`, amount);

      return sum + amount;
    }, 0n);
  }

  return {
    pay,
    cascade,
    transfer,
    claim,
    claimable,
    sharesOf: (id: string, holder: string) => booksOf(id).shares.get(holder) ?? 0n,
    receivedBy: (id: string) => booksOf(id).received,
    fees: () => fees,
  };
}

function add(map: Map<string, bigint>, key: string, amount: bigint): void {
  map.set(key, (map.get(key) ?? 0n) + amount);
}
