import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { PACKAGES, ROOT } from "../../scripts/pack.js";

const run = promisify(execFile);
const CHANGESETS = path.join(ROOT, "node_modules/@changesets/cli/bin.js");
const MANIFESTS = ["package.json", "pnpm-workspace.yaml", ...PACKAGES.map((folder) => `${folder}/package.json`)];

interface Release {
  name: string;
  oldVersion: string;
  newVersion: string;
}

/** The version after the next minor one. */
function nextMinor(version: string): string {
  const [major, minor] = version.split(".").map(Number);

  return `${major}.${minor + 1}.0`;
}

describe("Versions of the packages", () => {
  let repository: string;

  before(async () => {
    repository = await realpath(await mkdtemp(path.join(tmpdir(), "commonweal-versions-")));
    for (const file of [...MANIFESTS, ".changeset/config.json"]) {
      await cp(path.join(ROOT, file), path.join(repository, file));
    }
    const git = (...args: string[]) => run("git", args, { cwd: repository });
    await git("init", "--quiet", "--initial-branch", "main");
    await git("add", ".");
    await git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "start");
  });

  after(() => rm(repository, { recursive: true, force: true }));

  for (const folder of PACKAGES) {
    it(`move together when only ${folder} changes`, async () => {
      await writeFile(
        path.join(repository, ".changeset/change.md"),
        `---\n"@commonweal/${folder}": minor\n---\n\nSomething new.\n`,
      );

      await run(process.execPath, [CHANGESETS, "status", "--output", "status.json"], { cwd: repository });
      const { releases } = JSON.parse(await readFile(path.join(repository, "status.json"), "utf8")) as {
        releases: Release[];
      };

      expect(releases.map(({ name }) => name)).to.have.members(PACKAGES.map((name) => `@commonweal/${name}`));
      for (const { oldVersion, newVersion } of releases) expect(newVersion).to.equal(nextMinor(oldVersion));
    });
  }
});
