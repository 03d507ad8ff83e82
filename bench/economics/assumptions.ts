/** What the simulation assumes. Amounts are in whole WEAL and dollars; a dollar is a unit of a listed stablecoin. */

/** WEAL that there is, ever. */
export const SUPPLY = 1_000_000_000;
/** Part of the supply that must vote for or abstain. */
export const QUORUM_PERCENT = 4;
/** Who has the supply at genesis, in percent. Treasury and reserve do not vote. */
export const GENESIS_PERCENT = { treasury: 35, reserve: 25, community: 20, founders: 10, holders: 10 };
/** Founders' part vests evenly over so long, in months. */
export const VESTING_MONTHS = 48;
/** Part of the community's WEAL that is ever claimed, in percent, and in how many months. */
export const CLAIMED_PERCENT = 50;
export const CLAIMING_MONTHS = 12;

/** Of what a model keeps, in basis points; on WEAL too. */
export const PROTOCOL_FEE_BPS = 100;

/** An epoch of 30 days is a month here. */
export const MONTHS = 60;
export const MODELS_AT_START = 100;
export const NEW_MODELS_PER_MONTH = 10;
/** Paid to all models together in the first month, in dollars, and by how much it grows each month. */
export const FIRST_REVENUE = 200_000;
export const GROWTH_PERCENT = 7;
/** Shape of the Pareto distribution of what models sell; 1.16 would be four fifths by one fifth of the models. */
export const PARETO_SHAPE = 1.16;
/** A model has up to so many parents, which many have already, each at a rate between these, in basis points. */
export const MAX_PARENTS = 3;
export const MIN_RATE_BPS = 300;
export const MAX_RATE_BPS = 1_500;
/** A model has up to so many contributors with uneven shares. Of each, so many percent are new to the protocol. */
export const MAX_CONTRIBUTORS = 12;
export const NEW_CONTRIBUTOR_PERCENT = 60;

/** After how many months somebody starts to pay their own model for its WEAL: early, or late, when others earn more. */
export const EARLY_ATTACK = 12;
export const LATE_ATTACK = 36;

/** What governance may choose: WEAL for a dollar of fees, and WEAL that an epoch may pay. */
export const SCENARIOS = {
  "low rate": { rate: 10, cap: 1_000_000 },
  "middle rate": { rate: 40, cap: 2_000_000 },
  "high rate": { rate: 150, cap: 5_000_000 },
} as const;

export type ScenarioName = keyof typeof SCENARIOS;
