import { rmSync } from "node:fs";
import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import root from "../../package.json" with { type: "json" };
import { type PackageManifest, readManifest } from "../../scripts/entryPoints.js";
import { pack, run } from "../../scripts/pack.js";

const require = createRequire(import.meta.url);

/** What an app brings besides the SDK. */
const PEERS = ["ethers", "viem", "@wagmi/core"] as const;

/** The executables of both versions of Node, whichever runs this test. */
export const NODES = {
  "Node 20": path.join(path.dirname(require.resolve("node20/package.json")), "bin/node"),
  "Node 24": path.join(path.dirname(require.resolve("node/package.json")), "bin/node"),
};

/** A project with nothing in it but the SDK, installed from its tarball. */
export interface Project {
  directory: string;
  tarball: string;
  /** Of the installed SDK. */
  manifest: PackageManifest;
  /** Where the SDK is installed. */
  sdk: string;
}

let installed: Promise<Project> | undefined;

/** Builds and packs the SDK and installs it into an empty project, once for all tests of a run. */
export function installedSdk(): Promise<Project> {
  installed ??= install();

  return installed;
}

async function install(): Promise<Project> {
  const directory = await mkdtemp(path.join(tmpdir(), "commonweal-package-"));
  // Tests share it, so that it goes with the process.
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));

  await run(process.execPath, [require.resolve("tsup/dist/cli-default.js")], { cwd: "sdk" });
  const tarball = await pack("sdk", directory);
  const peers = PEERS.map((name) => `${name}@${root.devDependencies[name]}`);
  await writeFile(path.join(directory, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball, ...peers], {
    cwd: directory,
  });
  await cp("sdk/consumer", directory, { recursive: true });

  const sdk = path.join(directory, "node_modules/@commonweal/sdk");
  return { directory, tarball, sdk, manifest: await readManifest(sdk) };
}
