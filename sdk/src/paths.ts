/** Where one can go from a node. */
export interface Step {
  from: string;
  to: readonly string[];
}

/** Returns for each node that can be reached one of the shortest ways there, both ends included. */
export function shortestPaths(start: string, steps: readonly Step[]): Map<string, string[]> {
  const nextOf = new Map(steps.map(({ from, to }) => [from, to]));
  const paths = new Map([[start, [start]]]);
  // A map hands out what is added to it meanwhile: the nearest first.
  for (const [node, path] of paths) {
    for (const next of nextOf.get(node) ?? []) {
      if (!paths.has(next)) paths.set(next, [...path, next]);
    }
  }

  return paths;
}
