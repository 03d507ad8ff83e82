import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Runs a program to its end. */
export const run = promisify(execFile);

export const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The folders of what is published, in the order in which one needs the other. */
export const PACKAGES = ["contracts", "sdk", "gateway", "relayer"];

/** A tarball, unpacked in memory: each file's path in the package, with its text. */
export type Packed = Map<string, string>;

/** Packs the package in a folder of the repository, as a release does, into `destination`; returns the tarball's path. */
export async function pack(folder: string, destination: string): Promise<string> {
  // pnpm, since npm would leave `workspace:` in the manifest.
  const args = ["--yes", "pnpm@12", "pack", "--json", "--pack-destination", destination];
  const { stdout } = await run("npx", args, { cwd: path.join(ROOT, folder) });

  return path.resolve(destination, (JSON.parse(stdout) as { filename: string }).filename);
}

/** Unpacks a tarball beside itself, and returns the folder of the package. */
export async function unpack(tarball: string): Promise<string> {
  const destination = path.dirname(tarball);
  await run("tar", ["-xzf", tarball, "-C", destination]);

  return path.join(destination, "package");
}

/** Packs the package in a folder of the repository and returns what is in the tarball. */
export async function packed(folder: string): Promise<Packed> {
  const temporary = await mkdtemp(path.join(tmpdir(), "commonweal-pack-"));

  try {
    const top = await unpack(await pack(folder, temporary));
    const files: Packed = new Map();
    for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const file = path.join(entry.parentPath, entry.name);
      files.set(path.relative(top, file).split(path.sep).join("/"), await readFile(file, "utf8"));
    }

    return files;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
