import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

export const run = promisify(execFile);

const ROOT = path.resolve(import.meta.dirname, "..");

/** A package as `npm pack` makes it for the registry. */
export interface Tarball {
  file: string;
  /** In bytes. */
  size: number;
  /** Paths within the package. */
  files: string[];
}

/** What of a package's manifest says how it is imported. */
export interface PackageManifest {
  name: string;
  exports: Record<string, ExportTarget>;
  dependencies?: Record<string, string>;
}

export type ExportTarget = string | { [condition: string]: ExportTarget };

/** Packs a package of the workspace, which is built already, into a directory. */
export async function pack(packageName: string, destination: string): Promise<Tarball> {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", destination], {
    cwd: path.join(ROOT, packageName),
  });
  const [{ filename, size, files }] = JSON.parse(stdout) as [
    { filename: string; size: number; files: { path: string }[] },
  ];

  return { file: path.join(destination, filename), size, files: files.map((file) => file.path) };
}

/** Unpacks a tarball, and returns the directory of the package. */
export async function unpack({ file }: Tarball): Promise<string> {
  const directory = path.dirname(file);
  await run("tar", ["-xzf", file, "-C", directory]);

  return path.join(directory, "package");
}

export async function readManifest(directory: string): Promise<PackageManifest> {
  return JSON.parse(await readFile(path.join(directory, "package.json"), "utf8"));
}

/** Returns the file that an entry point stands for under conditions, or undefined where it has none. */
export function targetOf(target: ExportTarget | undefined, conditions: readonly string[]): string | undefined {
  if (target === undefined || typeof target === "string") return target;

  const [, chosen] = Object.entries(target).find(([name]) => name === "default" || conditions.includes(name)) ?? [];
  return targetOf(chosen, conditions);
}
