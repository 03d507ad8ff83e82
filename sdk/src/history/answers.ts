import { addressOf, numberOf } from "../arguments.js";
import { manifestUri } from "../cid.js";
import { currencyAddress } from "../currencies.js";
import { ContractError } from "../errors.js";
import { Kind } from "../generated/enums.js";
import { instructions } from "../instructions.js";
import type { DirectoryEntry } from "./directory.js";
import { pageOf } from "./pages.js";
import type { HistoryEvent, HistoryReader, LineageGraph, ListedModel, Page, ShareHolding } from "./reader.js";
import { isAllocation, type ReplayedModel } from "./replay.js";
import { compare, type HistoryState } from "./state.js";
import type { Times } from "./times.js";

type Options<Name extends keyof HistoryReader> = NonNullable<Parameters<HistoryReader[Name]>[0]>;

/** See {@link HistoryReader.listModels}. */
export async function listModels(state: HistoryState, times: Times, options: Options<"listModels">) {
  const owner = options.owner === undefined ? undefined : addressOf(options.owner, "owner");
  if (options.kind !== undefined) numberOf(Kind, options.kind, "kind");
  const entries = [...state.directory.entries.values()].filter(
    (entry) => entry.kind === (options.kind ?? entry.kind) && entry.owner === (owner ?? entry.owner),
  );
  const { items, ...rest } = pageOf(entries, options, ({ number }) => BigInt(number), state.asOf);
  const timeOf = await times.of(
    items.map(({ registered }) => registered),
    options.signal,
  );

  return { items: items.map((entry) => listedModel(state, entry, timeOf(entry.registered))), ...rest };
}

function listedModel({ replay }: HistoryState, entry: DirectoryEntry, time: number): ListedModel {
  const { model, number, kind, owner, publisher, derivatives, relations, versions, registered } = entry;
  const { agreed, edges } = replay.models.get(model) as ReplayedModel;
  const { manifestDigest, withdrawn } = versions[versions.length - 1];

  return {
    ...{ model, number, kind, owner, publisher },
    newest: { version: versions.length, manifestDigest, uri: manifestUri(manifestDigest), withdrawn },
    derivatives: { ...derivatives },
    parents: agreed.map(({ parent, until }, i) => ({
      model: parent,
      rateBps: Number(edges[i].rateBps),
      until,
      relation: relations[i],
    })),
    registered: { block: registered.block, time, transaction: registered.transaction },
  };
}

/** See {@link HistoryReader.historyOf}. */
export async function historyOf(
  state: HistoryState,
  times: Times,
  options: Options<"historyOf">,
): Promise<Page<HistoryEvent>> {
  const { model } = modelIn(state, options.model);
  const events = state.events.filter(
    (event) => ("model" in event && event.model === model) || ("parent" in event && event.parent === model),
  );
  await compareModel(state, model);
  const { items, ...rest } = pageOf(
    events,
    options,
    ({ block, logIndex }) => BigInt(block) * 2n ** 32n + BigInt(logIndex),
    state.asOf,
  );
  const timeOf = await times.of(items, options.signal);

  return { items: items.map((event) => ({ ...event, time: timeOf(event) })), ...rest };
}

/** What the views tell of a model is what its last events did. */
async function compareModel(state: HistoryState, model: string): Promise<void> {
  const { source, asOf, replay, directory } = state;
  const at = { blockTag: asOf.block };
  const { books, totalRateBps } = replay.models.get(model) as ReplayedModel;
  const currencies = state.verifies ? await source.ledger.currencies(at) : [];
  await compare(state, () => [
    ...currencies.map((address) => {
      const found = [...books].find(([currency]) => currencyAddress(currency) === address)?.[1];
      const view = source.ledger.booksOf(model, address, at);

      return {
        what: `what model ${model} received of ${address}, and cascaded,`,
        rebuilt: `${found?.received ?? 0n}, ${found?.cascaded ?? 0n}`,
        view: view.then(({ received, cascaded }) => `${received}, ${cascaded}`),
      };
    }),
    {
      what: `the rates of model ${model}`,
      rebuilt: totalRateBps,
      view: source.ledger.modelTermsOf(model, at).then((terms) => terms.totalRateBps),
    },
  ]);
  const entry = directory.entries.get(model);
  if (entry === undefined) return;
  await compare(state, () => [
    {
      what: `owner and versions of model ${model}`,
      rebuilt: `${entry.owner}, ${entry.versions.length}`,
      view: source.registry.modelOf(model, at).then(({ owner, versionCount }) => `${owner}, ${versionCount}`),
    },
  ]);
}

/** See {@link HistoryReader.sharesOf}. */
export async function sharesOf(state: HistoryState, options: Options<"sharesOf">): Promise<Page<ShareHolding>> {
  const { source, asOf } = state;
  const ofModel = "model" in options;
  const holdings = ofModel ? holdingsIn(state, modelIn(state, options.model)) : holdingsBy(state, options.holder);
  const placeOf = ({ model, holder }: ShareHolding) => BigInt(ofModel ? holder : model);
  const sorted = holdings.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const page = pageOf(sorted, options, placeOf, asOf);
  await compare(state, () =>
    page.items.map(({ model, holder, units }) => ({
      what: `what ${holder} has of model ${model}`,
      rebuilt: units,
      view: source.ledger.balanceOf(holder, model, { blockTag: asOf.block }),
    })),
  );

  return page;
}

function holdingsBy(state: HistoryState, account: string): ShareHolding[] {
  const holder = addressOf(account, "holder");

  return [...state.replay.models.values()].flatMap((model) => holdingsIn(state, model, [holder]));
}

function holdingsIn(
  { replay }: HistoryState,
  { model, positions }: ReplayedModel,
  holders: Iterable<string> = positions.keys(),
): ShareHolding[] {
  return [...holders].flatMap((holder) => {
    const units = Number(positions.get(holder)?.units ?? 0n);
    if (units === 0) return [];
    const allocated = isAllocation(holder) ? replay.allocations.get(BigInt(holder)) : undefined;
    if (allocated === undefined) return [{ model, holder, units }];
    const { allocation, root, uri, steward, reclaimableFrom } = allocated;
    const taker = steward === undefined ? {} : { steward, reclaimableFrom };

    return [{ model, holder, units, allocation, ...(root === undefined ? {} : { root }), uri, ...taker }];
  });
}

/** See {@link HistoryReader.lineageOf}. */
export async function lineageOf(state: HistoryState, options: Options<"lineageOf">): Promise<LineageGraph> {
  const { source, asOf, replay, directory } = state;
  const { model } = modelIn(state, options.model);
  const inOrder = [...replay.models.values()];

  const above = new Set([model]);
  // A parent's number is lower than its child's, so one way through is enough.
  for (const found of inOrder.toReversed()) {
    if (above.has(found.model)) for (const { parent } of found.agreed) above.add(parent);
  }
  const below = new Set([model]);
  for (const found of inOrder) {
    if (found.agreed.some(({ parent }) => below.has(parent))) below.add(found.model);
  }
  const edges = inOrder.flatMap((child) =>
    child.agreed.flatMap(({ parent, rateBps, until }, i) => {
      const within = (set: ReadonlySet<string>) => set.has(child.model) && set.has(parent);
      if (!within(above) && !within(below)) return [];
      const retired = rateBps > 0 && child.edges[i].rateBps === 0n;
      const relation = directory.entries.get(child.model)?.relations[i];

      return [{ child: child.model, parent, rateBps, until, retired, ...(relation === undefined ? {} : { relation }) }];
    }),
  );
  await compare(state, () => [
    {
      what: `the rates of model ${model}`,
      rebuilt: (replay.models.get(model) as ReplayedModel).totalRateBps,
      view: source.ledger.modelTermsOf(model, { blockTag: asOf.block }).then(({ totalRateBps }) => totalRateBps),
    },
  ]);
  const others = (set: ReadonlySet<string>, order: readonly ReplayedModel[]) =>
    order.map((found) => found.model).filter((id) => id !== model && set.has(id));

  return { model, ancestors: others(above, inOrder.toReversed()), descendants: others(below, inOrder), edges, asOf };
}

/** @throws {ContractError} `ModelNotOpened`, as the contracts say it. */
function modelIn({ replay }: HistoryState, value: string): ReplayedModel {
  const model = addressOf(value, "model");
  const found = replay.models.get(model);
  if (found !== undefined) return found;

  throw new ContractError("ModelNotOpened", { model }, undefined, instructions.ModelNotOpened({ model }));
}
