/**
 * An oracle for the royalties of one currency, written from the design's text alone: slow, and right at first sight.
 *
 * A model has 1,000,000 shares, so a unit split among its holders is a whole number of millionths for each of them.
 * Everything that somebody earns is written into a book the moment it is earned, in millionths of a unit.
 */

export const SHARES_PER_MODEL = 1_000_000n;
export const RECEIVED_CAP = 2n ** 112n - 1n;
const MILLIONTHS = 1_000_000n;
const BPS = 10_000n;

/** Names a parent and what it gets, until somebody retires the edge after `until` (seconds; none: for ever). */
export interface OracleEdge {
  parent: string;
  rateBps: bigint;
  until?: bigint;
}

/** Describes a model at its registration. `shares` and `allocations` are 1,000,000 together and share no key. */
export interface OracleModel {
  id: string;
  feeBps: bigint;
  edges: OracleEdge[];
  shares: Map<string, bigint>;
  allocations?: Map<string, bigint>;
}

/** Holds what one account or allocation has in one model; `owed` is in millionths, what was claimed is taken off. */
interface Position {
  shares: bigint;
  owed: bigint;
  /** What the model had distributed when this allocation was made; accounts have none. */
  allocatedAt?: bigint;
}

/** Holds a model. `received` and `cascaded` count the current epoch, `earlier` all of those before it. */
interface Book {
  feeBps: bigint;
  edges: OracleEdge[];
  received: bigint;
  cascaded: bigint;
  earlier: { received: bigint; distributed: bigint };
  positions: Map<string, Position>;
}

/** Lists where all that was ever paid is now, in millionths of a unit. */
export interface OracleTotals {
  paid: bigint;
  owed: bigint;
  claimed: bigint;
  waiting: bigint;
  fees: bigint;
  dust: bigint;
  spilled: bigint;
}

export type Oracle = ReturnType<typeof createOracle>;

/* FORMULAS */

function rateOf(edges: OracleEdge[]): bigint {
  return sumOf(edges.map((edge) => edge.rateBps));
}

/** Calculates U(R): what all parents get together, rounded down. */
function upstreamDown(book: Book, received: bigint): bigint {
  return (received * rateOf(book.edges)) / BPS;
}

/** Calculates u_i(R): what the parent of `edge` gets, rounded down. */
function parentDown(book: Book, edge: OracleEdge, received: bigint): bigint {
  const rate = rateOf(book.edges);
  return rate === 0n ? 0n : (upstreamDown(book, received) * edge.rateBps) / rate;
}

/** Calculates F(R): the protocol's fee on what stays in the model, rounded down. */
function feeDown(book: Book, received: bigint): bigint {
  return ((received - upstreamDown(book, received)) * book.feeBps) / BPS;
}

/** Calculates D(R): what holders of shares get, which is all that is left. */
function distributed(book: Book, received: bigint): bigint {
  return received - upstreamDown(book, received) - feeDown(book, received);
}

/** Calculates what was cascaded but fell between the parents by rounding: U − Σ u_i, in the current epoch. */
function dust(book: Book): bigint {
  const handedUp = sumOf(book.edges.map((edge) => parentDown(book, edge, book.cascaded)));
  return upstreamDown(book, book.cascaded) - handedUp;
}

/** Calculates what was received for parents and as a fee, but not cascaded. */
function waiting(book: Book): bigint {
  const upstream = upstreamDown(book, book.received) - upstreamDown(book, book.cascaded);
  return upstream + feeDown(book, book.received) - feeDown(book, book.cascaded);
}

/* BOOKS */

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`oracle: ${message}`);
}

function sumOf(values: Iterable<bigint>): bigint {
  return [...values].reduce((sum, value) => sum + value, 0n);
}

/** Gives `units` to those who hold the shares now. */
function distribute(book: Book, units: bigint): void {
  for (const position of book.positions.values()) position.owed += units * position.shares;
}

/** Adds `units` to what the model has received; what this is worth to holders is theirs at once. */
function credit(book: Book, units: bigint): void {
  const before = distributed(book, book.received);
  book.received += units;
  distribute(book, distributed(book, book.received) - before);
}

/** Reads what the model has given to its holders in all epochs, in units. */
function distributedInAll(book: Book): bigint {
  return book.earlier.distributed + distributed(book, book.received);
}

/** Reads how much the model may still receive. */
function roomIn(book: Book): bigint {
  return RECEIVED_CAP - book.earlier.received - book.received;
}

/** Finds the position of an account, or opens an empty one. */
function account(book: Book, holder: string): Position {
  const position = book.positions.get(holder) ?? { shares: 0n, owed: 0n };
  demand(position.allocatedAt === undefined, `${holder} is an allocation; name an account`);
  book.positions.set(holder, position);
  return position;
}

function moveShares(from: Position, to: Position, units: bigint): void {
  demand(units >= 0n && units <= from.shares, `cannot move ${units} of ${from.shares} shares; move fewer`);
  from.shares -= units;
  to.shares += units;
}

function bookOf(model: OracleModel): Book {
  const allocations = model.allocations ?? new Map<string, bigint>();
  const given = sumOf(model.shares.values()) + sumOf(allocations.values());
  demand(given === SHARES_PER_MODEL, `${model.id} gives ${given} shares; give 1,000,000`);
  demand(rateOf(model.edges) <= 5_000n, `the edges of ${model.id} pass 5,000 bps; lower them`);
  demand(model.feeBps <= 250n, `the fee of ${model.id} passes 250 bps; lower it`);

  const positions = new Map<string, Position>();
  for (const [holder, shares] of model.shares) positions.set(holder, { shares, owed: 0n });
  for (const [key, shares] of allocations) {
    demand(!positions.has(key), `${key} is an account of ${model.id}; give the allocation a key of its own`);
    positions.set(key, { shares, owed: 0n, allocatedAt: 0n });
  }
  const earlier = { received: 0n, distributed: 0n };
  return { feeBps: model.feeBps, edges: [...model.edges], received: 0n, cascaded: 0n, earlier, positions };
}

/* ORACLE */

/** Creates an oracle for `models`, parents before their children. A wrong call throws and changes no money. */
export function createOracle(models: OracleModel[]) {
  const books = new Map<string, Book>();
  let paid = 0n;
  let claimed = 0n;
  let fees = 0n;
  let spilled = 0n;

  function find(id: string): Book {
    const book = books.get(id);
    demand(book !== undefined, `no model ${id}; open it first`);
    return book;
  }

  /** Registers a model whose parents are open. */
  function open(model: OracleModel): void {
    demand(!books.has(model.id), `${model.id} is open; take another id`);
    for (const edge of model.edges) find(edge.parent);
    books.set(model.id, bookOf(model));
  }

  /** Pays `amount` units to a model; returns false, and changes nothing, if that would pass its cap. */
  function pay(id: string, amount: bigint): boolean {
    const book = find(id);
    demand(amount >= 0n, "cannot pay less than nothing; pay 0 or more");
    if (amount > roomIn(book)) return false;
    credit(book, amount);
    paid += amount;
    return true;
  }

  /** Hands to each parent what is new for it, as far as it has room, and settles the fee. */
  function cascade(id: string): void {
    const book = find(id);
    for (const edge of book.edges) {
      const due = parentDown(book, edge, book.received) - parentDown(book, edge, book.cascaded);
      const parent = find(edge.parent);
      const room = roomIn(parent);
      const rest = due > room ? due - room : 0n;
      credit(parent, due - rest);
      spilled += rest;
    }
    fees += feeDown(book, book.received) - feeDown(book, book.cascaded);
    book.cascaded = book.received;
  }

  /** Moves shares; what they earned until now stays with `from`. */
  function transfer(id: string, from: string, to: string, units: bigint): void {
    moveShares(account(find(id), from), account(find(id), to), units);
  }

  /** Moves all shares of `from`, and all that it is owed, to `to`. */
  function handOver(id: string, from: string, to: string): void {
    if (from === to) return;
    const giver = account(find(id), from);
    const taker = account(find(id), to);
    moveShares(giver, taker, giver.shares);
    taker.owed += giver.owed;
    giver.owed = 0n;
  }

  /** Puts shares of `from` into a new allocation; what they earned until now stays with `from`. */
  function allocate(id: string, from: string, allocationKey: string, units: bigint): void {
    const book = find(id);
    demand(!book.positions.has(allocationKey), `${allocationKey} is taken in ${id}; choose a new key`);
    const allocation = { shares: 0n, owed: 0n, allocatedAt: distributedInAll(book) };
    moveShares(account(book, from), allocation, units);
    book.positions.set(allocationKey, allocation);
  }

  /** Moves shares out of an allocation, with what each of them earned since the allocation was made. */
  function claimShares(id: string, allocationKey: string, holder: string, units: bigint): void {
    const book = find(id);
    const allocation = book.positions.get(allocationKey);
    demand(allocation?.allocatedAt !== undefined, `no allocation ${allocationKey} in ${id}; make it first`);
    const taker = account(book, holder);
    const earned = units * (distributedInAll(book) - allocation.allocatedAt);
    moveShares(allocation, taker, units);
    allocation.owed -= earned;
    taker.owed += earned;
  }

  /** Moves what is left in an allocation to `to`, with all that it earned. Expiry is for the caller to know. */
  function takeBack(id: string, allocationKey: string, to: string): bigint {
    const left = find(id).positions.get(allocationKey)?.shares ?? 0n;
    claimShares(id, allocationKey, to, left);
    return left;
  }

  /** Ends the edges whose `until` lies before `now` (seconds), after cascading; returns how many. 0: nothing changed. */
  function retire(id: string, now: bigint): number {
    const book = find(id);
    const staying = book.edges.filter((edge) => edge.until === undefined || edge.until >= now);
    const ended = book.edges.length - staying.length;
    if (ended === 0) return 0;

    cascade(id);
    const remainder = dust(book);
    distribute(book, remainder);
    book.earlier.distributed += distributed(book, book.received) + remainder;
    book.earlier.received += book.received;
    book.received = 0n;
    book.cascaded = 0n;
    book.edges = staying;
    return ended;
  }

  /** Pays out the whole units that `holder` is owed in each model; returns their sum. Fractions stay owed. */
  function claim(ids: string[], holder: string): bigint {
    let units = 0n;
    for (const position of ids.map((id) => account(find(id), holder))) {
      units += position.owed / MILLIONTHS;
      position.owed %= MILLIONTHS;
    }
    claimed += units;
    return units;
  }

  /** Reads what is owed to a holder (or earned by an allocation), in millionths of a unit. */
  function owedOf(id: string, holder: string): bigint {
    return find(id).positions.get(holder)?.owed ?? 0n;
  }

  /** Reads where all money is now. */
  function totals(): OracleTotals {
    const all = [...books.values()];
    return {
      paid: paid * MILLIONTHS,
      owed: sumOf(all.flatMap((book) => [...book.positions.values()].map((position) => position.owed))),
      claimed: claimed * MILLIONTHS,
      waiting: sumOf(all.map(waiting)) * MILLIONTHS,
      fees: fees * MILLIONTHS,
      dust: sumOf(all.map(dust)) * MILLIONTHS,
      spilled: spilled * MILLIONTHS,
    };
  }

  for (const model of models) open(model);
  return {
    open,
    pay,
    cascade,
    transfer,
    handOver,
    allocate,
    claimShares,
    takeBack,
    retire,
    claim,
    owedOf,
    totals,
    /** Reads the whole units that a holder can claim. */
    claimable: (id: string, holder: string): bigint => owedOf(id, holder) / MILLIONTHS,
    /** Reads what a model received in all epochs. */
    receivedOf: (id: string): bigint => find(id).earlier.received + find(id).received,
    /** Reads how much of it has been cascaded, in all epochs. */
    cascadedOf: (id: string): bigint => find(id).earlier.received + find(id).cascaded,
    /** Reads what a model gave to its holders in all epochs. */
    distributedOf: (id: string): bigint => distributedInAll(find(id)),
    /** Reads the shares of a holder, or those left in an allocation. */
    sharesOf: (id: string, holder: string): bigint => find(id).positions.get(holder)?.shares ?? 0n,
    /** Lists the accounts and allocations that a model has ever known. */
    holdersOf: (id: string): string[] => [...find(id).positions.keys()],
    /** Reads what rounding keeps from the parents, of what was cascaded in the current epoch. */
    dustOf: (id: string): bigint => dust(find(id)),
    /** Reads what waits to be cascaded: fee and U, whose rounding may turn to dust. */
    waitingOf: (id: string): bigint => waiting(find(id)),
    /** Reads the fees settled so far, of all models. */
    fees: (): bigint => fees,
    /** Reads what found no room in parents so far. */
    spilled: (): bigint => spilled,
  };
}

/** Tells whether all that was paid is accounted for, to the millionth of a unit, and nothing is below zero. */
export function conserved(oracle: Oracle): boolean {
  const { paid, ...places } = oracle.totals();
  const parts = Object.values(places);
  return parts.every((part) => part >= 0n) && sumOf(parts) === paid;
}

/* EXACT RATIONALS */

/** Is a rational number in lowest terms; `den` is positive. */
export interface Fraction {
  num: bigint;
  den: bigint;
}

/** Makes `num / den`, for a positive `den`. */
export function fraction(num: bigint, den = 1n): Fraction {
  let [divisor, rest] = [num < 0n ? -num : num, den];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return { num: num / divisor, den: den / divisor };
}

function plus(a: Fraction, b: Fraction): Fraction {
  return fraction(a.num * b.den + b.num * a.den, a.den * b.den);
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return plus(a, { num: -b.num, den: b.den });
}

function times(a: Fraction, b: Fraction): Fraction {
  return fraction(a.num * b.num, a.den * b.den);
}

/**
 * Calculates what everybody would get of the totals `paid` if nothing were ever rounded, no edge ended and no share
 * moved. Takes parents before their children; allocations stand among the holders.
 */
export function distributeExactly(models: OracleModel[], paid: Map<string, bigint>) {
  const received = new Map<string, Fraction>(models.map(({ id }) => [id, fraction(paid.get(id) ?? 0n)]));
  const earned = new Map<string, Map<string, Fraction>>();
  let fees = fraction(0n);

  // Children come after their parents, so from the end every model is complete when its turn comes.
  for (const { id, feeBps, edges, shares, allocations } of [...models].reverse()) {
    const all = received.get(id) as Fraction;
    for (const { parent, rateBps } of edges) {
      received.set(parent, plus(received.get(parent) as Fraction, times(all, fraction(rateBps, BPS))));
    }
    const staying = times(all, fraction(BPS - rateOf(edges), BPS));
    const fee = times(staying, fraction(feeBps, BPS));
    const forHolders = minus(staying, fee);
    const holders = [...shares, ...(allocations ?? [])];
    earned.set(id, new Map(holders.map(([key, units]) => [key, times(forHolders, fraction(units, SHARES_PER_MODEL))])));
    fees = plus(fees, fee);
  }
  return { received, earned, fees };
}
