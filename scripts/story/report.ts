import { formatUnits } from "ethers";
import { PEOPLE, type Role } from "./cast.js";
import type { Outcome, CurrencySymbol } from "./tell.js";

const SYMBOLS: CurrencySymbol[] = ["USDC", "ETH"];
const RELATIONS = {
  trainedOn: "trained on it",
  quantization: "quantized from it",
  fineTune: "derived from it",
  adapter: "adapter for it",
};

/** Draws who was built from whom, and what each model received and each of its holders earned there. */
export function lineageTree(roles: Role[], { earnings, models }: Outcome): string[] {
  const lines: string[] = [];
  const childrenOf = (key: string) => roles.filter(({ parents }) => parents.some((parent) => parent.key === key));
  const sums = (of: (symbol: CurrencySymbol) => bigint) =>
    SYMBOLS.map((symbol) => `${formatUnits(of(symbol), earnings[symbol].decimals)} ${symbol}`).join(", ");

  function draw(role: Role, indent: string, branch: string, edge: string): void {
    const { key, holdings, notSold, sealed } = role;
    const received = (symbol: CurrencySymbol) => earnings[symbol].expected.received.get(key) as bigint;
    lines.push(`${indent}${branch}${key}${edge}  ${models.get(key)}`);

    const below = branch === "" ? indent : `${indent}${branch === "└─ " ? "   " : "│  "}`;
    const children = childrenOf(key);
    const rail = `${below}${children.length > 0 ? "│  " : "   "}`;
    if (notSold) lines.push(`${rail}not sold: ${sealed.manifest.license} forbids it`);
    else lines.push(`${rail}received ${sums(received)}`);
    for (const { holder, units } of notSold ? [] : holdings) {
      const earned = (symbol: CurrencySymbol) => earnings[symbol].expected.earnedIn.get(`${key}/${holder}`) as bigint;
      lines.push(`${rail}${holder.padEnd(6)} ${percent(units)}  ${sums(earned)}`);
    }
    for (const [i, child] of children.entries()) {
      const { rateBps, relation } = child.parents.find((parent) => parent.key === key) as Role["parents"][number];
      draw(
        child,
        below,
        i === children.length - 1 ? "└─ " : "├─ ",
        `  (${RELATIONS[relation]}, passes on ${rateBps / 100} %)`,
      );
    }
  }

  for (const root of roles.filter(({ parents }) => parents.length === 0)) {
    draw(root, "  ", "", "");
    lines.push("");
  }
  return lines;
}

/** Compares what was calculated with what the wallets show: a line for everybody who got something, and whether all are equal. */
export function comparison({ earnings }: Outcome): { lines: string[]; equal: boolean } {
  const rows = SYMBOLS.flatMap((symbol) => {
    const { decimals, expected, actual, left } = earnings[symbol];
    const people = PEOPLE.map(
      (person) => [person, expected.earned.get(person) ?? 0n, actual.get(person) ?? 0n] as const,
    );
    const others = [
      ["treasury", expected.fees, actual.get("treasury") ?? 0n],
      ["left in the ledger", expected.dust, left],
    ] as const;

    return [...people.filter(([person]) => person !== "Buyer" && person !== "Relayer"), ...others].map(
      ([name, calculated, measured]) => ({ symbol, decimals, name, calculated, measured }),
    );
  });
  const lines = rows
    .filter(({ calculated, measured }) => calculated !== 0n || measured !== 0n)
    .map(({ symbol, decimals, name, calculated, measured }) => {
      const amount = `${formatUnits(measured, decimals)} ${symbol}`;
      const verdict = calculated === measured ? "=" : `but ${formatUnits(calculated, decimals)} was due`;

      return `  ${name.padEnd(20)}${amount.padStart(24)}  ${verdict}`;
    });
  return { lines, equal: rows.every(({ calculated, measured }) => calculated === measured) };
}

function percent(units: bigint): string {
  return `${formatUnits(units, 4)} %`.padStart(9);
}
