// What npm would get of each package is what is meant to be published, and nothing else. Build the packages before.
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { PACKAGES, packed, ROOT } from "../pack.js";
import { fail } from "./fail.js";
import { manifestOf, packageProblems } from "./package.js";

const DECLARATION = /^(?:abstract )?(?:contract|interface) (\w+)/gm;

/** Every source but the mocks, and an ABI for each contract and interface. */
async function solidityFiles(): Promise<Set<string>> {
  const folder = path.join(ROOT, "contracts");
  const files = new Set<string>();

  for await (const file of glob("*/**/*.sol", { cwd: folder, exclude: ["mocks", "node_modules"] })) {
    files.add(file.split(path.sep).join("/"));
    const source = await readFile(path.join(folder, file), "utf8");
    for (const [, name] of source.matchAll(DECLARATION)) files.add(`abi/${name}.json`);
  }

  return files;
}

const license = await readFile(path.join(ROOT, "LICENSE"), "utf8");
const versions = new Set<string>();

for (const folder of PACKAGES) {
  const files = await packed(folder);
  const shipped = folder === "contracts" ? await solidityFiles() : undefined;
  for (const problem of packageProblems(folder, files, license, shipped)) fail(problem);

  const { name, version } = manifestOf(files);
  versions.add(version);
  console.log(`${name}@${version}`.padEnd(30), `${files.size} files`);
}

if (versions.size > 1) fail(`The packages have versions ${[...versions].join(", ")}, and all must have the same.`);
