import { dueOf, MAX_RECEIVED, splitKept } from "../arithmetic.js";
import type { Currency } from "../currencies.js";
import type { EventOf, OpenedEdge, ProtocolEvent } from "./events.js";
import { Contradiction } from "./contradiction.js";

const TOTAL_SHARES = 1_000_000n;
/** Allocations hold shares under their numbers as addresses, up to this. */
const LAST_ALLOCATION = 2n ** 64n - 1n;

/** A model's books in one currency, in its smallest units. */
interface ReplayedBooks {
  received: bigint;
  cascaded: bigint;
  /** What had been received when an edge was last retired, and what of it was the holders' and the protocol's. */
  closed: { received: bigint; distributed: bigint; fee: bigint };
}

/** What a holder earned of one model in one currency; the same two numbers as in the ledger, in millionths of a unit. */
interface Earned {
  seen: bigint;
  millionths: bigint;
}

interface ReplayedPosition {
  units: bigint;
  earned: Map<Currency, Earned>;
}

/** A model as the ledger has it. */
export interface ReplayedModel {
  model: string;
  registrar: string;
  number: number;
  feeBps: bigint;
  /** The sum of the rates that hold now. */
  totalRateBps: bigint;
  /** With the rates that hold now: 0 once retired. */
  edges: { parent: string; rateBps: bigint }[];
  /** As they were agreed. */
  agreed: OpenedEdge[];
  books: Map<Currency, ReplayedBooks>;
  positions: Map<string, ReplayedPosition>;
}

export type Allocated = EventOf<"sharesAllocated">;

/**
 * Rebuilds the ledger from its events, in their order, and holds each against the others: numbers follow one another,
 * nobody sends shares that they lack, and what a cascade says follows from what came before.
 */
export function createReplay() {
  const models = new Map<string, ReplayedModel>();
  const allocations = new Map<bigint, Allocated>();
  /** What the last cascade still has to credit. */
  let due: { parent: string; amount: bigint }[] = [];
  /** The holder whose next transfer takes along what it earned. */
  let handingOver: string | undefined;
  /** The allocation out of which shares go next. */
  let leaving: bigint | undefined;

  function modelOf(model: string): ReplayedModel {
    const found = models.get(model);
    if (found === undefined) throw new Contradiction(`nothing tells of the opening of model ${model}`);

    return found;
  }

  /* BOOKS */

  function credit(model: string, currency: Currency, amount: bigint): void {
    const { books } = modelOf(model);
    const closed = { received: 0n, distributed: 0n, fee: 0n };
    const found = books.get(currency) ?? { received: 0n, cascaded: 0n, closed };
    books.set(currency, found);
    const received = found.received + amount;
    found.received = received < MAX_RECEIVED ? received : MAX_RECEIVED;
  }

  function booksOf(model: ReplayedModel, currency: Currency): ReplayedBooks {
    const found = model.books.get(currency);
    if (found === undefined) throw new Contradiction(`model ${model.model} received nothing in ${currency}`);

    return found;
  }

  /** Returns D and F of all that a model ever received. */
  function partsOf(model: ReplayedModel, currency: Currency): { holders: bigint; fee: bigint } {
    const books = model.books.get(currency);
    if (books === undefined) return { holders: 0n, fee: 0n };
    const { holders, fee } = splitKept(model, books.received - books.closed.received);

    return { holders: books.closed.distributed + holders, fee: books.closed.fee + fee };
  }

  function cascade({ model: id, currency, received, fee }: EventOf<"cascaded">): void {
    const model = modelOf(id);
    const books = booksOf(model, currency);
    if (books.received !== received) {
      throw new Contradiction(
        `model ${id} received ${received} in ${currency}, and payments of ${books.received} are told`,
      );
    }
    const { received: closed } = books.closed;
    const settled = splitKept(model, received - closed).fee - splitKept(model, books.cascaded - closed).fee;
    if (settled !== fee) throw new Contradiction(`a fee of ${fee} came due in model ${id}, and not ${settled}`);

    const amounts = dueOf(model, received - closed, books.cascaded - closed);
    due = model.edges.map(({ parent }, i) => ({ parent, amount: amounts[i] })).filter(({ amount }) => amount > 0n);
    books.cascaded = received;
  }

  /** Takes what a parent got, or could not take, off what it has to get. */
  function pass({ model, parent, amount }: EventOf<"royaltyPassed" | "royaltySpilled">): void {
    const [next] = due;
    if (next?.parent !== parent || next.amount < amount) {
      throw new Contradiction(`model ${model} passed ${amount} to ${parent} without a cascade that says so`);
    }
    next.amount -= amount;
    if (next.amount === 0n) due.shift();
  }

  function close({ model: id, currency, received, distributed }: EventOf<"booksClosed">): void {
    const model = modelOf(id);
    const books = booksOf(model, currency);
    if (books.received !== received || books.cascaded !== received) {
      throw new Contradiction(
        `model ${id} had received ${received} in ${currency} when an edge ended, and not ${books.received}`,
      );
    }
    books.closed = { received, distributed, fee: partsOf(model, currency).fee };
  }

  function retire({ model: id, parent, rateBps }: EventOf<"edgeRetired">): void {
    const model = modelOf(id);
    const edge = model.edges.find((candidate) => candidate.parent === parent);
    if (edge?.rateBps !== BigInt(rateBps))
      throw new Contradiction(`model ${id} has no edge to ${parent} of ${rateBps}`);
    for (const [currency, { received, closed }] of model.books) {
      if (closed.received !== received) throw new Contradiction(`books of model ${id} in ${currency} were not closed`);
    }
    edge.rateBps = 0n;
    model.totalRateBps -= BigInt(rateBps);
  }

  /* SHARES */

  function positionOf(model: ReplayedModel, holder: string): ReplayedPosition {
    const position = model.positions.get(holder) ?? { units: 0n, earned: new Map<Currency, Earned>() };
    model.positions.set(holder, position);

    return position;
  }

  function earnedBy({ earned }: ReplayedPosition, currency: Currency): Earned {
    const found = earned.get(currency) ?? { seen: 0n, millionths: 0n };
    earned.set(currency, found);

    return found;
  }

  function accrue(position: ReplayedPosition, currency: Currency, distributed: bigint, units = position.units): Earned {
    const earned = earnedBy(position, currency);
    earned.millionths += (distributed - earned.seen) * units;
    earned.seen = distributed;

    return earned;
  }

  function transfer({ model: id, from, to, units }: EventOf<"sharesTransferred">): void {
    const model = modelOf(id);
    const amount = BigInt(units);
    if (isAllocation(to) && !allocations.has(BigInt(to)))
      throw new Contradiction(`allocation ${BigInt(to)} was not made`);
    if (from !== undefined && isAllocation(from) && leaving !== BigInt(from)) {
      throw new Contradiction(`nobody claimed the ${units} shares that left allocation ${BigInt(from)}`);
    }
    leaving = undefined;
    const receiver = positionOf(model, to);
    if (from !== undefined) {
      const sender = positionOf(model, from);
      if (sender.units < amount)
        throw new Contradiction(`${from} sent ${units} shares of ${id} and had ${sender.units}`);
      for (const currency of model.books.keys()) {
        const { holders } = partsOf(model, currency);
        accrue(receiver, currency, holders);
        const given = earnedBy(sender, currency);
        if (isAllocation(from)) {
          // It does not accrue: what its shares earned since it was made leaves with them.
          earnedBy(receiver, currency).millionths += (holders - given.seen) * amount;
          continue;
        }
        accrue(sender, currency, holders);
        if (from !== handingOver) continue;
        earnedBy(receiver, currency).millionths += given.millionths;
        given.millionths = 0n;
      }
      sender.units -= amount;
    }
    receiver.units += amount;
    handingOver = undefined;
  }

  function claim({ model: id, holder, currency, amount }: EventOf<"claimed">): void {
    const model = modelOf(id);
    const earned = accrue(positionOf(model, holder), currency, partsOf(model, currency).holders);
    if (earned.millionths / TOTAL_SHARES !== amount) {
      throw new Contradiction(`${holder} claimed ${amount} of ${id}, and ${earned.millionths / TOTAL_SHARES} were due`);
    }
    earned.millionths %= TOTAL_SHARES;
  }

  /* MODELS */

  function open({ model, registrar, number, feeBps, edges }: EventOf<"modelOpened">): void {
    if (number !== models.size + 1) throw new Contradiction(`model ${number} follows on model ${models.size}`);
    const rates = edges.map(({ parent, rateBps }) => ({ parent: modelOf(parent).model, rateBps: BigInt(rateBps) }));
    models.set(model, {
      model,
      registrar,
      number,
      feeBps: BigInt(feeBps),
      totalRateBps: rates.reduce((sum, { rateBps }) => sum + rateBps, 0n),
      edges: rates,
      agreed: edges,
      books: new Map(),
      positions: new Map(),
    });
  }

  function allocate(event: Allocated): void {
    if (event.allocation !== BigInt(allocations.size + 1)) {
      throw new Contradiction(`allocation ${event.allocation} follows on allocation ${allocations.size}`);
    }
    allocations.set(event.allocation, event);
  }

  return {
    models: models as ReadonlyMap<string, ReplayedModel>,
    allocations: allocations as ReadonlyMap<bigint, Allocated>,

    /** @throws {Contradiction} when it cannot have happened after what was told before. */
    apply(event: ProtocolEvent): void {
      const name = event.event;
      if (due.length > 0 && name !== "royaltyPassed" && name !== "royaltySpilled") {
        throw new Contradiction(`${due[0].parent} was not credited the ${due[0].amount} that a cascade passed to it`);
      }
      if (name === "modelOpened") open(event);
      else if (name === "paid") credit(event.model, event.currency, event.amount);
      else if (name === "swept") {
        if (event.amount > event.hostPart) credit(event.model, event.currency, event.amount - event.hostPart);
      } else if (name === "cascaded") cascade(event);
      else if (name === "royaltyPassed") {
        pass(event);
        credit(event.parent, event.currency, event.amount);
      } else if (name === "royaltySpilled") pass(event);
      else if (name === "booksClosed") close(event);
      else if (name === "edgeRetired") retire(event);
      else if (name === "sharesAllocated") allocate(event);
      else if (name === "positionHandedOver") handingOver = event.from;
      else if (name === "sharesClaimed" || name === "sharesReclaimed") leaving = event.allocation;
      else if (name === "sharesTransferred") transfer(event);
      else if (name === "claimed") claim(event);
    },

    /** @throws {Contradiction} when something that was begun is not finished. */
    finish(): void {
      if (due.length > 0) throw new Contradiction(`${due[0].parent} was not credited what a cascade passed to it`);
      for (const { model, positions } of models.values()) {
        const sum = [...positions.values()].reduce((total, { units }) => total + units, 0n);
        if (sum !== TOTAL_SHARES) throw new Contradiction(`the shares of model ${model} sum to ${sum}`);
      }
    },

    /** Returns what a holder could claim at this point, in whole units, as the ledger's `claimable` does. */
    claimable(holder: string, model: string, currency: Currency): bigint {
      const found = models.get(model);
      const position = found?.positions.get(holder);
      if (found === undefined || position === undefined) return 0n;
      const { seen, millionths } = position.earned.get(currency) ?? { seen: 0n, millionths: 0n };

      return (millionths + (partsOf(found, currency).holders - seen) * position.units) / TOTAL_SHARES;
    },

    /** Returns the protocol fee on all that a model ever received, in whole units. */
    feeOf(model: string, currency: Currency): bigint {
      const found = models.get(model);

      return found === undefined ? 0n : partsOf(found, currency).fee;
    },
  };
}

export type Replay = ReturnType<typeof createReplay>;

/** Tells whether a holder of shares is an allocation, by its address. */
export function isAllocation(holder: string): boolean {
  return BigInt(holder) <= LAST_ALLOCATION;
}
