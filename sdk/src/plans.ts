import type { Address, ModelId } from "./brands.js";
import { type BlockTag, ZeroAddress } from "ethers";
import { addressOf, byAddress } from "./arguments.js";
import {
  type CascadeBooks,
  claimableOf,
  flow,
  type Flow,
  type HeldPosition,
  type LineageNode,
  splitKept,
} from "./arithmetic.js";
import { type Context, contractAt } from "./context.js";
import { type Currency, currencyAddress, currencyOf } from "./currencies.js";
import { MAX_TRANSACTION_GAS } from "./limits.js";
import { InvalidArgument } from "./errors.js";
import { ERC20 } from "./generated/fragments/ERC20.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { childrenFirst, lineageReaderOf } from "./lineage.js";
import { readLogs } from "./logs.js";

/** What a plan of claims is asked. */
export interface PlanOptions {
  /** Whose earnings; the signer's by default. */
  holder?: Address;
  /** In which currencies; all that are listed by default. */
  currencies?: readonly Currency[];
  /**
   * What one whole coin of a currency is worth in wei: what brings less than its gas costs is left for later. ETH needs
   * none; of a currency without a price everything is claimed.
   */
  prices?: Readonly<Record<string, bigint>>;
  /** Wei for a unit of gas; what the node says by default. */
  gasPrice?: bigint;
  /** The most gas for one transaction; 16,777,216 by default. */
  maxGas?: bigint;
  signal?: AbortSignal;
}

/** One transaction of a plan. */
export interface PlanStep {
  kind: "cascade" | "claim";
  currency: Currency;
  /** In the order in which the ledger gets them. */
  models: string[];
  /** What arrives at the holder, in the currency's smallest units; 0 for a cascade. */
  amount: bigint;
  /** An estimate from above. */
  gas: bigint;
}

/** What is left for later, since it brings less than its gas costs. */
export interface SkippedStep {
  kind: "cascade" | "claim";
  currency: Currency;
  model: ModelId;
  /** What it would bring the holder, in the currency's smallest units; of a cascade, about. */
  amount: bigint;
  gas: bigint;
}

/** How to bring a holder everything that is theirs. */
export interface ClaimPlan {
  holder: Address;
  /** Transactions, in order. None: there is nothing to do. */
  steps: PlanStep[];
  skipped: SkippedStep[];
  /** What arrives in each currency, in its smallest units. */
  totals: { currency: Currency; amount: bigint }[];
  /** Of all transactions, an estimate from above. */
  gas: bigint;
  /** The block whose state the plan is made from. */
  block: number;
}

/** Gas, from above: what `bench/` measures, with room for a parent's or a wallet's first units of a currency. */
const GAS = {
  cascade: { transaction: 40_000n, model: 16_000n, edge: 3_000n, parent: 16_000n, newParent: 62_000n },
  claim: { transaction: 110_000n, model: 20_000n, newModel: 38_000n },
};

/** One in fixed point, for what a unit at some model is worth to the holder. */
const ONE = 10n ** 18n;

/** Reads what a plan needs from the chain, and makes it. */
export async function planClaims(context: Context, options: PlanOptions): Promise<ClaimPlan> {
  const { provider } = context;
  const ledger = context.at(RoyaltyLedger);
  const holder = addressOf(options.holder ?? (await context.signer().getAddress()), "holder");
  const block = await provider.getBlockNumber();
  const { signal, maxGas = MAX_TRANSACTION_GAS } = options;

  const held = await modelsOfHolder(context, holder, block, signal);
  const nodes = await descendantsOf(context, held, block, signal);
  const listed = await ledger.currencies({ blockTag: block });
  const wanted = new Set(options.currencies?.map(currencyAddress) ?? listed);
  for (const currency of wanted) {
    if (!listed.includes(currency)) throw new InvalidArgument("currencies", currency, "one of royalties.currencies()");
  }
  const gasPrice = options.gasPrice ?? (await provider.getFeeData()).gasPrice ?? 0n;

  const steps: PlanStep[] = [];
  const skipped: SkippedStep[] = [];
  const totals: ClaimPlan["totals"] = [];
  for (const currency of wanted) {
    signal?.throwIfAborted();
    const bit = 1n << BigInt(listed.indexOf(currency));
    const weiOf = await valuation(context, currency, options.prices);
    const found = await planCurrency(context, {
      holder,
      held,
      nodes,
      currency,
      block,
      hasReceived: (node) => (node.currencies & bit) !== 0n,
      isWorth: (amount, gas) => weiOf === undefined || weiOf(amount) >= gas * gasPrice,
      maxGas,
    });
    steps.push(...found.steps);
    skipped.push(...found.skipped);
    const amount = sum(found.steps.map((step) => step.amount));
    if (amount > 0n) totals.push({ currency: currencyOf(currency), amount });
  }

  return { holder, steps, skipped, totals, gas: sum(steps.map(({ gas }) => gas)), block };
}

/* WHAT THERE IS */

type Node = LineageNode & { currencies: bigint };

/** Returns every model of which the holder ever got shares: it may be owed something still. */
async function modelsOfHolder(
  { at, provider, firstBlock }: Context,
  holder: string,
  block: number,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const ledger = at(RoyaltyLedger);
  const topics = ledger.interface.encodeFilterTopics("Transfer", [null, null, holder, null]);
  const logs = await readLogs(
    provider,
    { address: String(ledger.target), topics, fromBlock: firstBlock, toBlock: block },
    signal,
  );

  return new Set(logs.map(({ topics: [, , , id] }) => addressOf(`0x${id.slice(-40)}`, "id")));
}

/** Returns models and all that was built on them, children before parents. */
async function descendantsOf(
  context: Context,
  models: ReadonlySet<string>,
  block: number,
  signal?: AbortSignal,
): Promise<Node[]> {
  const ledger = context.at(RoyaltyLedger);
  const { nodeOf } = lineageReaderOf(context);
  const topics = ledger.interface.encodeFilterTopics("ModelOpened", []);
  const logs = await readLogs(
    context.provider,
    { address: String(ledger.target), topics, fromBlock: context.firstBlock, toBlock: block },
    signal,
  );

  // In the order of the log parents come before their children, so that one look at each is enough.
  const found = new Set(models);
  for (const log of logs) {
    const { model, edges } = ledger.interface.decodeEventLog("ModelOpened", log.data, log.topics);
    if (edges.some((edge: { parent: ModelId }) => found.has(edge.parent))) found.add(model);
  }

  return childrenFirst(await Promise.all([...found].map((model) => nodeOf(model, block))));
}

/** Returns what units of a currency are worth in wei; undefined if nobody says. */
async function valuation(
  { reads }: Context,
  currency: string,
  prices: PlanOptions["prices"] = {},
): Promise<((amount: bigint) => bigint) | undefined> {
  if (currency === ZeroAddress) return (amount) => amount;

  const price = Object.entries(prices).find(([key]) => currencyAddress(key) === currency)?.[1];
  if (price === undefined) return undefined;
  const coin = 10n ** (await contractAt(ERC20, currency, reads).decimals());

  return (amount) => (amount * price) / coin;
}

/* ONE CURRENCY */

interface CurrencyQuestion {
  holder: Address;
  held: ReadonlySet<string>;
  nodes: readonly Node[];
  currency: string;
  block: BlockTag;
  hasReceived(node: Node): boolean;
  isWorth(amount: bigint, gas: bigint): boolean;
  maxGas: bigint;
}

/** What was read of one currency. */
interface CurrencyState {
  nodes: readonly Node[];
  books: ReadonlyMap<string, CascadeBooks & { distributed: bigint }>;
  positions: ReadonlyMap<string, HeldPosition>;
}

type Arrangement = Pick<ClaimPlan, "steps" | "skipped">;

async function planCurrency(context: Context, question: CurrencyQuestion): Promise<Arrangement> {
  const { held, currency, block, isWorth } = question;
  const nodes = relevantNodes(question);
  const models = nodes.map(({ model }) => model);
  const [books, positions] = await Promise.all([
    lineageReaderOf(context).booksOf(models, currency, block),
    positionsOf(
      context,
      models.filter((model) => held.has(model)),
      question,
    ),
  ]);
  const state = { nodes, books, positions };

  // Each by itself may be worth its gas, and the transactions around them not.
  const claims = arrange(question, state, ["claim"]);
  const all = arrange(question, state, ["cascade", "claim"]);
  const best = isWorth(amountOf(all) - amountOf(claims), gasOf(all) - gasOf(claims)) ? all : claims;

  return isWorth(amountOf(best), gasOf(best)) ? best : arrange(question, state, []);
}

/** Returns the transactions of the given kinds, and what is not done. */
function arrange(
  question: CurrencyQuestion,
  { nodes, books, positions }: CurrencyState,
  kinds: readonly PlanStep["kind"][],
): Arrangement {
  const { isWorth, maxGas } = question;
  const currency = currencyOf(question.currency);
  const skipped: SkippedStep[] = [];
  /** Tells whether to do something for a model, and notes it if not. */
  const isWanted = (kind: PlanStep["kind"], model: string, amount: bigint, gas: bigint) => {
    if (kinds.includes(kind) && isWorth(amount, gas)) return true;
    skipped.push({ kind, currency, model, amount, gas });
    return false;
  };

  const worth = worthOf(nodes, positions);
  const cascades: { model: ModelId; amount: bigint; gas: bigint }[] = [];
  const flows = flow(nodes, books, undefined, (node, due) => {
    // What reaches none of the holder's models is not theirs to pay for.
    if (!node.edges.some(({ parent }, i) => due[i] > 0n && (worth.get(parent) ?? 0n) > 0n)) return false;
    const isNew = ({ parent }: { parent: ModelId }) => (books.get(parent)?.received ?? 0n) === 0n;
    const gasOfEdges = node.edges.map((edge, i) => {
      if (due[i] === 0n) return GAS.cascade.edge;
      return isNew(edge) ? GAS.cascade.newParent : GAS.cascade.parent;
    });
    const gas = GAS.cascade.model + sum(gasOfEdges);
    const amount = sum(node.edges.map(({ parent }, i) => (due[i] * (worth.get(parent) ?? 0n)) / ONE));
    const wanted = isWanted("cascade", node.model, amount, gas);
    if (wanted) cascades.push({ model: node.model, amount: 0n, gas });
    return wanted;
  });

  const claims: { model: ModelId; amount: bigint; gas: bigint }[] = [];
  for (const { model, ...node } of nodes) {
    const position = positions.get(model);
    const amount =
      position === undefined ? 0n : claimableOf(position, distributedAfter({ model, ...node }, books, flows));
    if (position === undefined || amount === 0n) continue;

    const gas = position.seen === 0n ? GAS.claim.newModel : GAS.claim.model;
    if (isWanted("claim", model, amount, gas)) claims.push({ model, amount, gas });
  }
  claims.sort((a, b) => byAddress(a.model, b.model));
  const steps = [
    ...batches(cascades, GAS.cascade.transaction, maxGas).map((batch) => ({ kind: "cascade" as const, ...batch })),
    ...batches(claims, GAS.claim.transaction, maxGas).map((batch) => ({ kind: "claim" as const, ...batch })),
  ].map((step) => ({ ...step, currency }));

  return { steps, skipped };
}

function amountOf({ steps }: Arrangement): bigint {
  return sum(steps.map(({ amount }) => amount));
}

function gasOf({ steps }: Arrangement): bigint {
  return sum(steps.map(({ gas }) => gas));
}

/** Leaves out what never had this currency and has no descendant that had. */
function relevantNodes({ nodes, hasReceived }: CurrencyQuestion): Node[] {
  const relevant = new Set<string>();
  for (const node of nodes) {
    if (!relevant.has(node.model) && !hasReceived(node)) continue;
    relevant.add(node.model);
    for (const { parent } of node.edges) relevant.add(parent);
  }

  return nodes.filter(({ model }) => relevant.has(model));
}

async function positionsOf(
  { at }: Context,
  models: readonly string[],
  { holder, currency, block }: CurrencyQuestion,
): Promise<Map<string, HeldPosition>> {
  const ledger = at(RoyaltyLedger);
  const entries = models.map(async (model) => {
    const [shares, { seen, owed, remainder }] = await Promise.all([
      ledger.balanceOf(holder, model, { blockTag: block }),
      ledger.positionOf(holder, model, currency, { blockTag: block }),
    ]);

    return [model, { shares, seen, owed, remainder }] as const;
  });

  return new Map(await Promise.all(entries));
}

/** Returns what a unit that arrives at each model brings the holder in the end, in fixed point, floors aside. */
function worthOf(nodes: readonly Node[], positions: ReadonlyMap<string, HeldPosition>): Map<string, bigint> {
  const worth = new Map<string, bigint>();
  for (const node of nodes.toReversed()) {
    const { holders } = splitKept(node, ONE);
    const own = (holders * (positions.get(node.model)?.shares ?? 0n)) / 1_000_000n;
    const upstream = sum(node.edges.map(({ parent, rateBps }) => ((worth.get(parent) ?? 0n) * rateBps) / 10_000n));
    worth.set(node.model, own + upstream);
  }

  return worth;
}

function distributedAfter(
  node: Node,
  booksOf: ReadonlyMap<string, { closed: bigint; distributed: bigint }>,
  flows: ReadonlyMap<string, Flow>,
): bigint {
  const { closed, distributed } = booksOf.get(node.model) as { closed: bigint; distributed: bigint };
  const { before, received } = flows.get(node.model) as Flow;

  return distributed + splitKept(node, received - closed).holders - splitKept(node, before - closed).holders;
}

/** Puts models into as few transactions as the gas allows, in their order. */
function batches(items: readonly { model: ModelId; amount: bigint; gas: bigint }[], base: bigint, max: bigint) {
  const found: { models: string[]; amount: bigint; gas: bigint }[] = [];
  for (const { model, amount, gas } of items) {
    const last = found.at(-1);
    if (last !== undefined && last.gas + gas <= max) {
      last.models.push(model);
      last.amount += amount;
      last.gas += gas;
    } else {
      found.push({ models: [model], amount, gas: base + gas });
    }
  }

  return found;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}
