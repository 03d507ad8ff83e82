/** The value that this part of all values does not pass. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);

  return sorted[Math.ceil(part * sorted.length) - 1];
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
