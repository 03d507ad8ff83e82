import { readFile } from "node:fs/promises";
import path from "node:path";

/** What of a package's manifest says how it is imported. */
export interface PackageManifest {
  name: string;
  exports: Record<string, ExportTarget>;
  sideEffects: false | string[];
  unpkg?: string;
  jsdelivr?: string;
  dependencies?: Record<string, string>;
}

export type ExportTarget = string | { [condition: string]: ExportTarget };

/** Reads the manifest of an installed package. */
export async function readManifest(directory: string): Promise<PackageManifest> {
  return JSON.parse(await readFile(path.join(directory, "package.json"), "utf8"));
}

/** Returns the file that an entry point stands for under conditions, or undefined where it has none. */
export function targetOf(target: ExportTarget | undefined, conditions: readonly string[]): string | undefined {
  if (target === undefined || typeof target === "string") return target;

  const [, chosen] = Object.entries(target).find(([name]) => name === "default" || conditions.includes(name)) ?? [];
  return targetOf(chosen, conditions);
}
