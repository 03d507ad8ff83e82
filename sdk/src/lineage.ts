import type { ModelId } from "./brands.js";
import type { BlockTag } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, ascending } from "./arguments.js";
import { type CascadeBooks, flow, type LineageNode, MAX_RECEIVED, splitKept } from "./arithmetic.js";
import type { Context } from "./context.js";
import { type Currency, currenciesOf, currencyAddress } from "./currencies.js";
import { type ContractError, isContractError } from "./errors.js";
import { typedError, withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { RoyaltyLens } from "./generated/fragments/RoyaltyLens.js";
import type { ContractErrors } from "./generated/errors.js";
import type { RoyaltyLedger as RoyaltyLedgerContract } from "./generated/types/RoyaltyLedger.js";

/** What a payment brings to one model of a lineage, in the currency's smallest units. */
export interface Payee {
  model: ModelId;
  /** What its books get. */
  received: bigint;
  /** The part of it that belongs to the holders of its shares. */
  holders: bigint;
  /** The part of it that is protocol fee. What is left goes to its parents, but for fractions of units. */
  fee: bigint;
}

/** A model with its parents. */
export interface Ancestor {
  model: ModelId;
  /** Its registration number: a parent's is lower than its child's. */
  number: number;
  /** The protocol fee on what stays with it, in basis points. */
  feeBps: number;
  /** Rates in basis points, 0 for an edge that was retired; `until` in Unix time, 0 for ever. */
  parents: { model: ModelId; rateBps: number; until: number }[];
}

/** What the lens computes, and goes on off the chain where it stops. */
export interface Lineage {
  /**
   * Returns what a payment brings to the model and to each of its ancestors, children before parents: to the unit what
   * happens when it is paid and all of them are cascaded, less what happens without the payment.
   *
   * A lineage beyond the lens' bound, or the node's, is calculated here, from one block's state, with the same result.
   *
   * @throws {ContractError} such as `ModelNotOpened`, `CurrencyNotListed`, `BooksFull`.
   * @example
   * const payees = await royalties.quote({ model, currency: usdc, amount: "100" });
   */
  quote(options: { model: ModelId; currency: Currency; amount: Amount }): Promise<Payee[]>;

  /**
   * Returns a model and all of its ancestors, each once, children before parents.
   *
   * @throws {ContractError} `ModelNotOpened`.
   * @example
   * const [self, ...ancestors] = await royalties.lineageOf({ model });
   */
  lineageOf(options: { model: ModelId }): Promise<Ancestor[]>;
}

/** Reads lineages and books from the ledger, at one block. */
export function lineageReaderOf({ at }: Pick<Context, "at">) {
  const ledger = at(RoyaltyLedger);

  async function nodeOf(model: string, blockTag: BlockTag): Promise<LineageNode & { currencies: bigint }> {
    const [terms, edges] = await Promise.all([
      ledger.modelTermsOf(model, { blockTag }),
      ledger.edgesOf(model, { blockTag }),
    ]);

    return {
      model,
      number: Number(terms.number),
      feeBps: terms.feeBps,
      totalRateBps: terms.totalRateBps,
      currencies: terms.currencies,
      edges: edges.map(({ parent, rateBps, until }) => ({ parent, rateBps, until: Number(until) })),
    };
  }

  return {
    nodeOf,

    /** Returns models and all of their ancestors, each once, children before parents. */
    async ancestorsOf(model: string, blockTag: BlockTag): Promise<LineageNode[]> {
      const nodes = new Map<string, LineageNode>();
      for (let next = [model]; next.length > 0;) {
        const found = await Promise.all(next.map((id) => nodeOf(id, blockTag)));
        for (const node of found) nodes.set(node.model, node);
        const parents = found.flatMap(({ edges }) => edges.map(({ parent }) => parent));
        next = [...new Set(parents)].filter((parent) => !nodes.has(parent));
      }

      return childrenFirst(nodes.values());
    },

    /** Returns models' books in a currency. */
    async booksOf(
      models: readonly string[],
      currency: string,
      blockTag: BlockTag,
    ): Promise<Map<string, CascadeBooks & { distributed: bigint }>> {
      const books = await Promise.all(
        models.map(async (model) => {
          const { received, cascaded, distributed, closed } = await ledger.booksOf(model, currency, { blockTag });

          return [model, { received, cascaded, distributed, closed }] as const;
        }),
      );

      return new Map(books);
    },
  };
}

/** Returns models in the order in which a cascade moves money furthest: children first, by their registration numbers. */
export async function newestFirst(
  ledger: Pick<RoyaltyLedgerContract, "modelTermsOf">,
  models: readonly string[],
): Promise<string[]> {
  const numbered = await Promise.all(
    ascending(models).map(async (model) => ({ model, number: (await ledger.modelTermsOf(model)).number })),
  );

  return numbered.sort((a, b) => Number(b.number - a.number)).map(({ model }) => model);
}

/** Binds the lens' views to a runner. */
export function lineageOf(context: Context): Lineage {
  const lens = context.at(RoyaltyLens);
  const { unitsOf } = currenciesOf(context);
  const { ancestorsOf, booksOf } = lineageReaderOf(context);

  async function quoteHere(model: string, currency: string, amount: bigint): Promise<Payee[]> {
    const block = await context.provider.getBlockNumber();
    const nodes = await ancestorsOf(model, block);
    const books = await booksOf(
      nodes.map((node) => node.model),
      currency,
      block,
    );
    const room = MAX_RECEIVED - (books.get(model) as CascadeBooks).received;
    if (amount > room) throw await booksFull({ model, currency, received: MAX_RECEIVED - room, amount });
    const withIt = flow(nodes, books, { model, amount });
    const without = flow(nodes, books);

    return nodes.map((node) => {
      const { closed } = books.get(node.model) as CascadeBooks;
      const received = [withIt, without].map((flows) => flows.get(node.model)?.received as bigint);
      const [paid, unpaid] = received.map((units) => splitKept(node, units - closed));

      return {
        model: node.model,
        received: received[0] - received[1],
        holders: paid.holders - unpaid.holders,
        fee: paid.fee - unpaid.fee,
      };
    });
  }

  return withTypedErrors<Lineage>({
    async quote({ model, currency, amount }) {
      const [id, token] = [addressOf(model, "model"), currencyAddress(currency)];
      const units = await unitsOf(token, amount);
      try {
        const payees = await lens.quote(id, token, units);

        return payees.map(({ model: payee, received, holders, fee }) => ({ model: payee, received, holders, fee }));
      } catch (error) {
        if (!(await isTooMuch(error))) throw error;

        return quoteHere(id, token, units);
      }
    },

    async lineageOf({ model }) {
      const id = addressOf(model, "model");
      const nodes = await ancestorsOf(id, await context.provider.getBlockNumber());
      // A model that was never opened has no number, and the ledger says so.
      if (nodes[0].number === 0) await lens.lineageOf(id);

      return nodes.map(({ model: ancestor, number, feeBps, edges }) => ({
        model: ancestor,
        number,
        feeBps: Number(feeBps),
        parents: edges.map(({ parent, rateBps, until }) => ({ model: parent, rateBps: Number(rateBps), until })),
      }));
    },
  });
}

/** Orders nodes by their registration numbers, the newest first. */
export function childrenFirst<Node extends { number: number }>(nodes: Iterable<Node>): Node[] {
  return [...nodes].sort((a, b) => b.number - a.number);
}

/** Returns what the lens throws. */
async function booksFull(args: ContractErrors["BooksFull"]): Promise<ContractError> {
  const { knownContractError } = await import("./contractErrors.js");

  return knownContractError("BooksFull", args);
}

/** Tells whether a view was more than it, or the node, will do. */
export async function isTooMuch(error: unknown): Promise<boolean> {
  const typed = await typedError(error);

  return isContractError(typed, "LineageTooLarge") || /out ?of ?gas|gas limit|timeout/i.test(typed.message);
}
