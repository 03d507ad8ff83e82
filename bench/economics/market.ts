import {
  FIRST_REVENUE,
  GROWTH_PERCENT,
  MAX_CONTRIBUTORS,
  MAX_PARENTS,
  MAX_RATE_BPS,
  MIN_RATE_BPS,
  MODELS_AT_START,
  MONTHS,
  NEW_CONTRIBUTOR_PERCENT,
  NEW_MODELS_PER_MONTH,
  PARETO_SHAPE,
} from "./assumptions.js";
import type { Edge } from "./stakeholding.js";

export type Random = () => number;

/** A part of a model's shares; the parts of a model sum to one. */
export interface Holding {
  contributor: number;
  part: number;
}

/** Models in the order of their registration, parents before children. */
export interface Market {
  edges: Edge[][];
  holdings: Holding[][];
  /** By model: how much it sells, compared with others. */
  weights: number[];
}

/** Returns numbers from 0 up to 1, the same ones for the same seed (Mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed;

  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;

    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns all models that will ever be registered. Those with many children get more, and so do contributors. */
export function createMarket(random: Random): Market {
  const upTo = (max: number) => Math.floor(random() * (max + 1));
  const anyOf = <T>(list: T[]) => list[Math.floor(random() * list.length)];
  const market: Market = { edges: [], holdings: [], weights: [] };
  // A model stands here once and once more for each child, a contributor once for each model.
  const candidates: number[] = [];
  const contributions: number[] = [];
  let contributors = 0;

  for (let model = 0; model < modelsIn(MONTHS - 1); model++) {
    const parents = new Set(Array.from({ length: model === 0 ? 0 : upTo(MAX_PARENTS) }, () => anyOf(candidates)));
    const authors = new Set(
      Array.from({ length: 1 + upTo(MAX_CONTRIBUTORS - 1) }, () =>
        contributions.length === 0 || random() * 100 < NEW_CONTRIBUTOR_PERCENT ? contributors++ : anyOf(contributions),
      ),
    );
    const efforts = Array.from(authors, (contributor) => ({ contributor, effort: -Math.log(1 - random()) }));
    const total = efforts.reduce((sum, { effort }) => sum + effort, 0);

    market.edges.push(
      Array.from(parents, (parent) => ({ parent, rateBps: MIN_RATE_BPS + upTo(MAX_RATE_BPS - MIN_RATE_BPS) })),
    );
    market.holdings.push(efforts.map(({ contributor, effort }) => ({ contributor, part: effort / total })));
    market.weights.push((1 - random()) ** (-1 / PARETO_SHAPE));
    candidates.push(model, ...parents);
    contributions.push(...authors);
  }
  return market;
}

/** Returns how many models there are in a month, the first being 0. */
export function modelsIn(month: number): number {
  return MODELS_AT_START + NEW_MODELS_PER_MONTH * month;
}

/** Returns what each model that there is sells in a month, in units, of which a dollar has a million. */
export function revenueIn(month: number, { weights }: Market): bigint[] {
  const present = weights.slice(0, modelsIn(month));
  const total = present.reduce((sum, weight) => sum + weight, 0);
  const revenue = FIRST_REVENUE * 1e6 * (1 + GROWTH_PERCENT / 100) ** month;

  return present.map((weight) => BigInt(Math.round((revenue * weight) / total)));
}

/** Returns the numbers below `count` in an order of chance. */
export function shuffled(count: number, random: Random): number[] {
  return Array.from({ length: count }, (_, i) => ({ i, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ i }) => i);
}
