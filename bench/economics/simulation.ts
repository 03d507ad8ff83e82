import {
  type ScenarioName,
  GENESIS_PERCENT,
  MONTHS,
  PROTOCOL_FEE_BPS,
  QUORUM_PERCENT,
  SCENARIOS,
  SUPPLY,
} from "./assumptions.js";
import { createMarket, randomOf, revenueIn, shuffled } from "./market.js";
import { type Books, budgetOf, cascade, payEpoch, smaller, sum, type Terms } from "./stakeholding.js";

/** Somebody who pays their own model until they have a quorum: it costs the fee, the rest comes back. */
export interface Attack {
  /** The first month of it. */
  from: number;
  /** Anyone may call Stakeholding, so that who pays most attention is served first, or everybody else is. */
  served: "first" | "last";
}

/** Where things stand at the end of a month; WEAL and dollars in whole ones. */
export interface Month {
  /** WEAL that contributors have earned. */
  contributors: number;
  /** WEAL that their fees have earned, and that waits for a budget. */
  waiting: number;
  /** WEAL that the attacker has, and what it cost in dollars. */
  bought: number;
  cost: number;
  /** Part of this month's budget that fees of others than the attacker used. */
  used: number;
}

export interface Run {
  months: Month[];
  /** WEAL by contributor, in the end. */
  balances: number[];
}

const SEED = 20_260_101;
const UNIT = 10n ** 18n;
/** Units of WEAL for a unit of fees, where a dollar has a million of them, for each WEAL for a dollar. */
const UNIT_RATE = 10n ** 12n;
const BPS = 10_000n;

/** WEAL that a quorum takes. */
export const QUORUM = (SUPPLY * QUORUM_PERCENT) / 100;

/** Simulates all months under the terms of a scenario: the same models and payments each time. */
export function simulate(name: ScenarioName, attack?: Attack): Run {
  const random = randomOf(SEED);
  const market = createMarket(random);
  const terms: Terms = { rate: BigInt(SCENARIOS[name].rate) * UNIT_RATE, cap: BigInt(SCENARIOS[name].cap) * UNIT };

  let books: Books = { reserve: BigInt((SUPPLY * GENESIS_PERCENT.reserve) / 100) * UNIT, waiting: [] };
  let boughtGross = 0n;
  const balances: number[] = [];
  const months: Month[] = [];
  for (let month = 0; month < MONTHS; month++) {
    const { fees } = cascade(revenueIn(month, market), market.edges, PROTOCOL_FEE_BPS);
    const budget = budgetOf(books, terms);
    const wanted = attack !== undefined && month >= attack.from ? grossOf(QUORUM) - boughtGross : 0n;

    const first = attack?.served === "first" ? smaller(wanted, budget) : 0n;
    const rest = { reserve: books.reserve - first, waiting: books.waiting };
    const epoch = payEpoch(rest, { ...terms, cap: budget - first }, fees, shuffled(fees.length, random));
    const paid = sum(epoch.paid);
    const last = attack?.served === "last" ? smaller(wanted, budget - paid) : 0n;

    books = { reserve: epoch.reserve - last, waiting: epoch.waiting };
    boughtGross += first + last;
    // WEAL is income like any other: it moves up through lineage, and pays the protocol fee.
    const { holders } = cascade(epoch.paid, market.edges, PROTOCOL_FEE_BPS);
    for (const [model, amount] of holders.entries()) {
      for (const { contributor, part } of market.holdings[model]) {
        balances[contributor] = (balances[contributor] ?? 0) + whole(amount) * part;
      }
    }
    months.push({
      contributors: (months.at(-1)?.contributors ?? 0) + whole(sum(holders)),
      waiting: whole(sum(books.waiting)),
      bought: whole(netOf(boughtGross)),
      cost: whole(boughtGross) / SCENARIOS[name].rate,
      used: budget === 0n ? 0 : Number(paid) / Number(budget),
    });
  }
  return { months, balances: Array.from(balances, (balance) => balance ?? 0) };
}

/** Returns how many months of an attack it takes until the attacker has a quorum, if it ever does. */
export function monthsToQuorum({ months }: Run, { from }: Attack): number | undefined {
  const last = months.findIndex(({ bought }) => bought >= QUORUM);

  return last < 0 ? undefined : last + 1 - from;
}

/** What arrives of WEAL that is paid to a model without parents. */
function netOf(gross: bigint): bigint {
  return gross - (gross * BigInt(PROTOCOL_FEE_BPS)) / BPS;
}

/** What must be paid so that so many WEAL arrive. */
function grossOf(net: number): bigint {
  const kept = BPS - BigInt(PROTOCOL_FEE_BPS);

  return (BigInt(net) * UNIT * BPS + kept - 1n) / kept;
}

function whole(units: bigint): number {
  return Number(units) / Number(UNIT);
}
