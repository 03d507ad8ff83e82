/** How unevenly something is held. Holders without any do not count. */
export interface Concentration {
  holders: number;
  /** Part that the ten largest hold, of all that is held. */
  topTen: number;
  /** 0 if all hold as much, near 1 if one holds everything. */
  gini: number;
  /** The smallest number of holders who have `target` together, if any have. */
  enough: number | undefined;
}

export function concentrationOf(balances: number[], target: number): Concentration {
  const sorted = balances.filter((balance) => balance > 0).sort((a, b) => b - a);
  const holders = sorted.length;
  const total = sorted.reduce((sum, balance) => sum + balance, 0);
  const held = sorted.slice(0, 10).reduce((sum, balance) => sum + balance, 0);

  let together = 0;
  const last = sorted.findIndex((balance) => {
    together += balance;
    return together >= target;
  });
  // The mean difference of two holders, in parts of twice the mean: the i-th largest is above holders − 1 − i others.
  const differences = sorted.reduce((sum, balance, i) => sum + balance * (holders - 1 - 2 * i), 0);

  return {
    holders,
    topTen: total === 0 ? 0 : held / total,
    gini: total === 0 ? 0 : differences / (holders * total),
    enough: last < 0 ? undefined : last + 1,
  };
}
