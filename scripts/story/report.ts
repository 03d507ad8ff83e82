import { formatUnits } from "ethers";
import { holdersOf, PEOPLE, type Role, unitsLeft } from "./cast.js";
import type { RoundOutcome } from "./round.js";
import { SERVED } from "./serving.js";
import { type CurrencySymbol, OTHERS, type Outcome } from "./tell.js";

const SYMBOLS: CurrencySymbol[] = ["USDC", "ETH"];
const RELATIONS = {
  trainedOn: "trained on it",
  quantization: "quantized from it",
  fineTune: "derived from it",
  adapter: "adapter for it",
  uses: "uses it",
};

/** Draws who was built from whom, and what each model received and each of its holders claimed there. */
export function lineageTree(roles: Role[], { earnings, models, served }: Outcome): string[] {
  const lines: string[] = [];
  const drawn = new Set<string>();
  const sums = (of: (symbol: CurrencySymbol) => bigint) =>
    SYMBOLS.map((symbol) => `${formatUnits(of(symbol), earnings[symbol].decimals)} ${symbol}`).join(", ");

  function draw(role: Role, indent: string, branch: string, edge: string): void {
    const { key, crowd, notSold, sealed, source } = role;
    if (drawn.has(key)) {
      lines.push(`${indent}${branch}${key}${edge}: see above`);
      return;
    }
    drawn.add(key);
    lines.push(`${indent}${branch}${key}${edge}  ${models.get(key)}`);

    const below = branch === "" ? indent : `${indent}${branch === "└─ " ? "   " : "│  "}`;
    const children = roles.filter(({ parents }) => parents.some((parent) => parent.key === key));
    const rail = `${below}${children.length > 0 ? "│  " : "   "}`;
    if (source) lines.push(`${rail}a source, ${source}, claimed by its author`);
    if (notSold) lines.push(`${rail}not sold: ${sealed?.manifest.license} forbids it`);
    else lines.push(`${rail}received ${sums((symbol) => earnings[symbol].received.get(key) ?? 0n)}`);
    if (key === SERVED.model) {
      const { actual, decimals } = earnings[SERVED.currency];
      const dollars = (units: bigint | undefined) => `${formatUnits(units ?? 0n, decimals)} ${SERVED.currency}`;
      lines.push(
        `${rail}a host was paid ${dollars(served.actual)} for ${served.calls} calls, and has ${dollars(actual.get("Host"))} of it`,
      );
    }
    const holders: { holder: string; units: bigint }[] = notSold ? [] : holdersOf(role);
    if (crowd) holders.push({ holder: OTHERS, units: unitsLeft(role) });
    for (const { holder, units } of holders) {
      const claimed = sums((symbol) => earnings[symbol].claimed.get(`${key}/${holder}`) ?? 0n);
      const waits =
        holder === OTHERS ? ` wait for ${(crowd?.leaves ?? 0) - (crowd?.claimants.length ?? 0)} of them` : "";
      lines.push(`${rail}${holder.padEnd(6)} ${`${formatUnits(units, 4)} %`.padStart(9)}  ${claimed}${waits}`);
    }
    for (const [i, child] of children.entries()) {
      const { rateBps, relation } = child.parents.find((parent) => parent.key === key) as Role["parents"][number];
      const terms = `  (${RELATIONS[relation]}, passes on ${rateBps / 100} %)`;
      draw(child, below, i === children.length - 1 ? "└─ " : "├─ ", terms);
    }
  }

  for (const root of roles.filter(({ parents }) => parents.length === 0)) {
    draw(root, "  ", "", "");
    lines.push("");
  }
  return lines;
}

/**
 * Compares what was calculated with what happened: wallets, claims and books of models, fees before and after the vote.
 *
 * @returns A line for every wallet that got something, a line for every other figure that is off, the same of the round, and
 * whether all are equal.
 */
export function comparison({ earnings, fees, round, served }: Outcome) {
  const wallets = SYMBOLS.flatMap((symbol) => {
    const { expected, actual, left } = earnings[symbol];
    const people = PEOPLE.filter((person) => person !== "Buyer" && person !== "Relayer");

    return [
      ...people.map((name) => ({ symbol, name, due: expected.earned.get(name) ?? 0n, got: actual.get(name) ?? 0n })),
      { symbol, name: "treasury", due: expected.fees, got: actual.get("treasury") ?? 0n },
      // For those who have not come, and what is left of units.
      { symbol, name: "left in the ledger", due: expected.dust + (expected.earned.get(OTHERS) ?? 0n), got: left },
    ];
  });
  wallets.push({ symbol: SERVED.currency, name: "paid by an agent", due: served.expected, got: served.actual });
  const inModels = SYMBOLS.flatMap((symbol) => {
    const { expected, received, claimed } = earnings[symbol];
    const rows = (due: Map<string, bigint>, got: Map<string, bigint>) =>
      [...due.keys()].map((name) => ({ symbol, name, due: due.get(name) ?? 0n, got: got.get(name) ?? 0n }));

    return [...rows(expected.received, received), ...rows(expected.earnedIn, claimed)];
  });
  const ofRound = roundTable(round);
  const wrongFees = (["before", "after"] as const).filter((when) => fees.actual[when] !== fees.expected[when]);
  const lineOf = ({ symbol, name, due, got }: (typeof wallets)[number]) => {
    const { decimals } = earnings[symbol];
    const amount = `${formatUnits(got, decimals)} ${symbol}`;

    return `  ${name.padEnd(20)}${amount.padStart(28)}  ${due === got ? "=" : `but ${formatUnits(due, decimals)} was due`}`;
  };

  return {
    lines: [
      ...wallets.filter(({ due, got }) => due !== 0n || got !== 0n).map(lineOf),
      ...inModels.filter(({ due, got }) => due !== got).map(lineOf),
      ...wrongFees.map((when) => `  fee ${when} the vote: ${fees.actual[when]}, but ${fees.expected[when]} was due`),
    ],
    ofRound: ofRound.lines,
    equal: [...wallets, ...inModels].every(({ due, got }) => due === got) && ofRound.equal && wrongFees.length === 0,
  };
}

/** Shows what everybody's wallet gained in a round, and the shares of its model, beside what was calculated. */
function roundTable({ decimals, gains, symbol }: RoundOutcome): { lines: string[]; equal: boolean } {
  const dollars = (amount: bigint) => `${formatUnits(amount, decimals)} ${symbol}`;
  const sharesOf = (shares: bigint) => (shares === 0n ? "" : `${shares.toLocaleString("en")} shares`);
  const isRight = ({ due, got, shares }: (typeof gains)[number]) => due === got && shares.due === shares.got;
  const lineOf = (gain: (typeof gains)[number]) => {
    const { name, part, shares, due, got } = gain;
    const verdict = isRight(gain) ? "=" : `but ${dollars(due)} and ${shares.due} shares were due`;

    return `  ${name.padEnd(19)}${part.padEnd(17)}${sharesOf(shares.got).padStart(14)}${dollars(got).padStart(17)}  ${verdict}`;
  };
  const shown = gains.filter(({ due, got, shares }) => [due, got, shares.due, shares.got].some((each) => each !== 0n));

  return { lines: shown.map(lineOf), equal: gains.every(isRight) };
}
