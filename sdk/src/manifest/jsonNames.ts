/**
 * Returns a name that an object in a JSON text has twice, of which `JSON.parse` would keep the last one only. The text
 * may be no JSON; that is for `JSON.parse` to say.
 *
 * @param limits.maxDepth How deep objects and lists may be nested before `limits.fail` is called.
 * @param limits.count Called with 1 for each name and each item of a list.
 */
export function duplicateName(
  json: string,
  limits: { maxDepth: number; count: (items: number) => void; fail: (problem: string) => never },
): string | undefined {
  // The names of each object around the place; undefined for a list.
  const around: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{},]/gs;
  for (const [text, colon] of json.matchAll(token)) {
    if (text === "{" || text === "[") {
      if (around.length === limits.maxDepth) limits.fail(`it is nested more than ${limits.maxDepth} deep`);
      around.push(text === "{" ? new Set() : undefined);
    } else if (text === "}" || text === "]") {
      around.pop();
    } else if (text === ",") {
      limits.count(1);
    } else if (colon !== undefined) {
      const name = nameOf(text.slice(0, text.lastIndexOf('"') + 1));
      if (around.at(-1)?.has(name)) return name;
      around.at(-1)?.add(name);
    }
  }

  return undefined;
}

function nameOf(quoted: string): string {
  try {
    // The same name can be written with escapes.
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}
