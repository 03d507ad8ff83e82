import { homedir } from "node:os";
import path from "node:path";
import { type Packed, ROOT } from "../pack.js";

export interface Manifest {
  name: string;
  version: string;
  description?: string;
  license?: string;
  homepage?: string;
  bugs?: string;
  keywords?: string[];
  repository?: { type?: string; url?: string; directory?: string };
  engines?: { node?: string };
  publishConfig?: { access?: string; provenance?: boolean };
  exports?: unknown;
  bin?: unknown;
  main?: string;
  types?: string;
  [dependencies: `${string}ependencies`]: Record<string, string> | undefined;
}

/** Where the repository is: npm's provenance refuses a package that names another. */
const REPOSITORY = "https://github.com/commonweal/commonweal";
/** What every package has at its top. */
const TOP = ["LICENSE", "README.md", "package.json"];
/** A range of versions or one; not a path, a link or a protocol of the workspace. */
const VERSION = /^(?:[\^~]|>=)?\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;
const ABSOLUTE = [ROOT, `${homedir()}/`, "file:///", "/home/", "/Users/", "C:\\Users"];

export function manifestOf(files: Packed): Manifest {
  return JSON.parse(files.get("package.json") ?? "{}") as Manifest;
}

/**
 * Returns what is wrong with a packed package, a sentence each.
 *
 * @param folder Where the package is in the repository.
 * @param shipped The files that it has to have besides the three at its top; without them, what its entry points reach.
 * @param license The text of the licence.
 */
export function packageProblems(folder: string, files: Packed, license: string, shipped?: Set<string>): string[] {
  const manifest = manifestOf(files);

  return [
    ...manifestProblems(folder, manifest),
    ...fileProblems(files, shipped ?? reachable(files, manifest)),
    ...contentProblems(files),
    ...(files.get("LICENSE") === license ? [] : ["copy the repository's LICENSE"]),
  ].map((problem) => `@commonweal/${folder}: ${problem}.`);
}

function manifestProblems(folder: string, manifest: Manifest): string[] {
  const expected: [string, unknown, unknown][] = [
    ["name", manifest.name, `@commonweal/${folder}`],
    ["license", manifest.license, "MIT"],
    ["homepage", manifest.homepage, `${REPOSITORY}/tree/main/${folder}#readme`],
    ["bugs", manifest.bugs, `${REPOSITORY}/issues`],
    ["repository.type", manifest.repository?.type, "git"],
    ["repository.url", manifest.repository?.url, `git+${REPOSITORY}.git`],
    ["repository.directory", manifest.repository?.directory, folder],
    ["publishConfig.access", manifest.publishConfig?.access, "public"],
    ["publishConfig.provenance", manifest.publishConfig?.provenance, true],
  ];
  const dependencies = (["dependencies", "peerDependencies", "devDependencies"] as const).flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}),
  );

  return [
    ...expected.flatMap(([field, has, wants]) => (has === wants ? [] : [`set ${field} to ${String(wants)}`])),
    ...(manifest.description ? [] : ["describe it by `description`"]),
    ...(manifest.keywords?.length ? [] : ["give it `keywords`"]),
    ...(manifest.engines?.node ? [] : ["say by `engines.node` what it runs on"]),
    ...dependencies.flatMap(([name, version]) =>
      VERSION.test(version) ? [] : [`give ${name} a version that npm knows, not ${version}`],
    ),
    ...dependencies.flatMap(([name, version]) =>
      !name.startsWith("@commonweal/") || version === manifest.version
        ? []
        : [`depend on ${name} ${manifest.version}, not ${version}: versions move together`],
    ),
  ];
}

function fileProblems(files: Packed, shipped: Set<string>): string[] {
  const expected = new Set([...TOP, ...shipped]);

  return [
    ...[...expected].filter((file) => !files.has(file)).map((file) => `ship ${file}`),
    ...[...files.keys()].filter((file) => !expected.has(file)).map((file) => `do not ship ${file}`),
  ];
}

function contentProblems(files: Packed): string[] {
  return [...files].flatMap(([file, text]) => [
    ...ABSOLUTE.filter((start) => text.includes(start)).map((start) => `take the path at ${start} out of ${file}`),
    ...(text.includes("sourceMappingURL=") ? [`take the reference to a source map out of ${file}`] : []),
  ]);
}

/** Every file that the package's entry points name, or import from each other, types as well as code. */
function reachable(files: Packed, { exports, bin, main, types }: Manifest): Set<string> {
  const found = new Set<string>();
  const waiting = [...leavesOf([exports, bin, main, types])].map((file) => path.posix.normalize(file));

  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file) || TOP.includes(file)) continue;
    found.add(file);

    for (const [, specifier] of (files.get(file) ?? "").matchAll(IMPORT)) {
      const target = path.posix.join(path.posix.dirname(file), specifier);
      // Beside code, types say `.js` for what is `.d.ts`.
      waiting.push(/\.d\.c?ts$/.test(file) ? target.replace(/\.(c?)js$/, ".d.$1ts") : target);
    }
  }

  return found;
}

function* leavesOf(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) yield* leavesOf(inner);
}
