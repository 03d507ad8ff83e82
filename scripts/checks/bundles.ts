/** How much of the packed SDK a page loads, as two bundlers take it; ethers, which a page has anyway, is not counted. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin as EsbuildPlugin, transform } from "esbuild";
import { type OutputChunk, type Plugin as RollupPlugin, rollup } from "rollup";
import { readManifest, targetOf } from "../entryPoints.js";
import { pack, unpack } from "../pack.js";
import { fail } from "./fail.js";

const SDK = "@commonweal/sdk";
const ENTRY = "entry.js";
const CONDITIONS = ["import", "browser"];

/** In kB of 1,000 bytes, minified and compressed by gzip. */
interface Case {
  title: string;
  code: string;
  /** The most that is loaded at first. */
  bound: number;
}

/** Whatever binds a domain. */
const DOMAINS = [
  ...["registryOf", "sourcesOf", "royaltiesOf", "allocationsOf", "depositsOf", "licensingOf", "usageOf"],
  ...["roundsOf", "governanceOf", "safetyOf", "stakeholdingOf", "genesisOf"],
];

const CASES: readonly Case[] = [
  { title: "one constant", code: `export { MAX_TRANSACTION_GAS } from "${SDK}";`, bound: 1 },
  { title: "one function", code: `export { formatAmount } from "${SDK}";`, bound: 1 },
  ...DOMAINS.map((binder) => ({
    title: `connectDomains with ${binder}`,
    code: `export { connectDomains, ${binder} } from "${SDK}";`,
    bound: 15,
  })),
  { title: "connect", code: `export { connect } from "${SDK}";`, bound: 45 },
  { title: "everything", code: `export * from "${SDK}";`, bound: 45 },
];

const directory = await mkdtemp(path.join(tmpdir(), "commonweal-bundles-"));
try {
  const root = await unpack(await pack("sdk", directory));
  const resolve = await resolver(root);

  console.log("| import | at first | when needed | bound |\n| --- | ---: | ---: | ---: |");
  const tooLarge: string[] = [];
  for (const { title, code, bound } of CASES) {
    const { first, later } = await sizesByRollup(code, resolve);
    console.log(`| ${title} | ${kB(first)} | ${kB(later)} | ${bound} kB |`);
    if (first > bound * 1_000) tooLarge.push(`${title} loads ${kB(first)}, more than ${bound} kB`);
  }

  // Without splitting everything is in one file: what is not used has to go.
  const [constant] = CASES;
  const single = await sizeByEsbuild(constant.code, resolve);
  console.log(`\n${constant.title}, by esbuild: ${kB(single)}`);
  if (single > constant.bound * 1_000) tooLarge.push(`${constant.title} takes ${kB(single)} by esbuild`);

  if (tooLarge.length > 0) fail(`The SDK is too large for a page:\n${tooLarge.join("\n")}`);
} finally {
  await rm(directory, { recursive: true });
}

function kB(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}

/* RESOLUTION */

/** Returns the file of an import, or undefined for what stays outside. */
type Resolve = (id: string, importer: string) => string | undefined;

/** Finds the packed SDK, and what it depends on where this repository has it, by their manifests, as bundlers do. */
async function resolver(root: string): Promise<Resolve> {
  const { resolve } = createRequire(path.resolve("sdk/package.json"));
  const manifests = new Map([[root, await readManifest(root)]]);
  for (const name of Object.keys(manifests.get(root)?.dependencies ?? {})) {
    const directory = path.dirname(resolve(`${name}/package.json`));
    manifests.set(directory, await readManifest(directory));
  }

  return (id, importer) => {
    if (id.startsWith(".")) return path.resolve(path.dirname(importer), id);
    for (const [directory, { name, exports }] of manifests) {
      if (id !== name && !id.startsWith(`${name}/`)) continue;
      const target = targetOf(exports[`.${id.slice(name.length)}`], CONDITIONS);

      return target && path.join(directory, target);
    }
    return undefined;
  };
}

/* BUNDLERS */

async function sizesByRollup(code: string, resolve: Resolve): Promise<{ first: number; later: number }> {
  const plugin: RollupPlugin = {
    name: "packed-sdk",
    resolveId(id, importer) {
      if (id === ENTRY) return id;
      const file = resolve(id, importer ?? ENTRY);

      // As the manifest says: `"sideEffects": false`.
      return file === undefined ? { id, external: true } : { id: file, moduleSideEffects: false };
    },
    load: (id) => (id === ENTRY ? code : readFile(id, "utf8")),
  };
  const bundle = await rollup({ input: ENTRY, plugins: [plugin] });
  const { output } = await bundle.generate({ format: "es" });
  const chunks = new Map(output.filter((file) => file.type === "chunk").map((chunk) => [chunk.fileName, chunk]));

  const first = loadedWith(output[0], chunks);
  const sizes = { first: 0, later: 0 };
  for (const chunk of chunks.values()) {
    sizes[first.has(chunk.fileName) ? "first" : "later"] += await compressed(chunk.code);
  }

  return sizes;
}

/** Returns the names of a chunk and of all that it imports. */
function loadedWith(
  chunk: OutputChunk,
  chunks: ReadonlyMap<string, OutputChunk>,
  loaded: Set<string> = new Set(),
): Set<string> {
  loaded.add(chunk.fileName);
  for (const name of chunk.imports) {
    const imported = chunks.get(name);
    if (imported !== undefined && !loaded.has(name)) loadedWith(imported, chunks, loaded);
  }

  return loaded;
}

async function compressed(code: string): Promise<number> {
  const minified = await transform(code, { minify: true, format: "esm", target: "es2022" });

  return gzipSync(minified.code).length;
}

async function sizeByEsbuild(code: string, resolve: Resolve): Promise<number> {
  const plugin: EsbuildPlugin = {
    name: "packed-sdk",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path: id, importer }) => {
        const file = resolve(id, importer);

        return file === undefined ? { path: id, external: true } : { path: file, sideEffects: false };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: path.resolve(".") },
    ...{ bundle: true, minify: true, write: false, format: "esm", target: "es2022", plugins: [plugin] },
    logLevel: "error",
  });

  return gzipSync(outputFiles[0].contents).length;
}
