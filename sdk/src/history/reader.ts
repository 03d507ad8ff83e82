import type { Kind, Relation } from "../generated/enums.js";
import type { DerivativeTerms, Parent, Version } from "../registry.js";
import type { ProtocolEvent } from "./events.js";
import type { Statement } from "./statements.js";

/** The block that an answer is true for. */
export interface AsOf {
  block: number;
  hash: string;
  /** In Unix time. */
  time: number;
}

/** How far a scan has come. */
export interface ScanProgress {
  /** The piece that was just read. */
  fromBlock: number;
  toBlock: number;
  /** The block up to which the scan goes. */
  head: number;
  /** Logs in the piece. */
  logs: number;
}

/** What every function takes. */
export interface ReadOptions {
  /** Ends the reading; what was read is kept for the next one. */
  signal?: AbortSignal;
  /** Called after each piece of a scan; an indexer has no need to. */
  onProgress?(progress: ScanProgress): void;
}

/** Which part of a list is wanted. */
export interface PageOptions extends ReadOptions {
  /** The `next` of the page before; none for the first. */
  after?: string;
  /** How many at most, 1 to 1,000; 100 by default. */
  limit?: number;
}

/** A part of a list. */
export interface Page<Item> {
  items: Item[];
  /** What to pass as `after` for the page that follows; none if this is the last. */
  next?: string;
  asOf: AsOf;
}

/** When and where something happened. */
export interface Moment {
  block: number;
  /** In Unix time. */
  time: number;
  /** The transaction's hash. */
  transaction: string;
}

/** A model, as it is now. */
export interface ListedModel {
  model: string;
  /** Its registration number: a parent's is lower than its child's. */
  number: number;
  kind: Kind;
  owner: string;
  /** Who registered it. */
  publisher: string;
  newest: Version;
  derivatives: Required<DerivativeTerms>;
  /** With the rates that were agreed; 0 once one has been retired. */
  parents: Required<Parent>[];
  registered: Moment;
}

/** Something that happened to a model, with the time of its block in Unix time. */
export type HistoryEvent = ProtocolEvent & { time: number };

/** Shares that somebody has of a model. */
export interface ShareHolding {
  model: string;
  /** The account; of an allocation its number as an address. */
  holder: string;
  /** How many of the model's 1,000,000. */
  units: number;
  /** The allocation's number, if the shares are set aside and not yet anybody's. Only then is what follows given. */
  allocation?: bigint;
  /** The Merkle root of who gets them; none if only the steward takes them. */
  root?: string;
  /** Where the tree can be fetched. */
  uri?: string;
  steward?: string;
  /** From when the steward may take what is left, in Unix time. */
  reclaimableFrom?: number;
}

/** What one model was built from. */
export interface LineageEdge {
  child: string;
  parent: string;
  /** As agreed, in basis points. */
  rateBps: number;
  /** The last second for which it was agreed, in Unix time; 0 is for ever. */
  until: number;
  /** Whether it was retired, and earns nothing any more. */
  retired: boolean;
  /** None for a model that is in the ledger and not in the registry. */
  relation?: Relation;
}

/** All that a model was built from, and all that was built from it. */
export interface LineageGraph {
  model: string;
  /** Children before parents. */
  ancestors: string[];
  /** Parents before children. */
  descendants: string[];
  /** Between all of these, the model among them: in the order of the children's registration numbers. */
  edges: LineageEdge[];
  asOf: AsOf;
}

/** Which income somebody wants to see. */
export interface StatementOptions extends ReadOptions {
  account: string;
  /** From this second on: a date, or Unix time. From the beginning by default. */
  from?: Date | number;
  /** Up to this second, which is not part of it. Up to now by default. */
  to?: Date | number;
}

/**
 * What happened, from a chain's logs or from an indexer: the same answers from both. All of them are plain data, which
 * `historyJson` writes and reads.
 *
 * Reading logs throws `LogsIncomplete` when what the node gave does not add up, and `NetworkFailure` when it does not answer.
 */
export interface HistoryReader {
  /**
   * Returns the models of the registry, the oldest first.
   *
   * @param options.kind Only models of this kind.
   * @param options.owner Only models that this account owns now.
   * @throws {InvalidArgument} when an address, a cursor or a limit is not one.
   * @example
   * const { items, next } = await history.listModels({ kind: "dataset", limit: 20 });
   */
  listModels(options?: PageOptions & { kind?: Kind; owner?: string }): Promise<Page<ListedModel>>;

  /**
   * Returns what happened to a model, in order: registry, money, shares, licences, channels and safety.
   *
   * @throws {ContractError} `ModelNotOpened`.
   * @example
   * const { items } = await history.historyOf({ model });
   * for (const { event, time } of items) console.log(event, new Date(time * 1_000));
   */
  historyOf(options: PageOptions & { model: string }): Promise<Page<HistoryEvent>>;

  /**
   * Returns who holds shares of a model, or which shares somebody holds; ascending by address.
   *
   * @throws {ContractError} `ModelNotOpened`.
   * @example
   * const { items } = await history.sharesOf({ model });
   * const { items: mine } = await history.sharesOf({ holder });
   */
  sharesOf(options: PageOptions & ({ model: string } | { holder: string })): Promise<Page<ShareHolding>>;

  /**
   * Returns all that a model was built from, and all that was built from it.
   *
   * @throws {ContractError} `ModelNotOpened`.
   * @example
   * const { ancestors, descendants, edges } = await history.lineageOf({ model });
   */
  lineageOf(options: ReadOptions & { model: string }): Promise<LineageGraph>;

  /**
   * Returns what an account earned by shares and as a host, what it claimed, and the fees that its shares bore.
   *
   * @throws {InvalidArgument} when a time is not one, or `to` lies before `from`.
   * @example
   * const statement = await history.statementOf({ account, from: new Date("2026-01-01"), to: new Date("2027-01-01") });
   * console.log(statementCsv(statement));
   */
  statementOf(options: StatementOptions): Promise<Statement>;
}
