import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { targetOf } from "../../scripts/entryPoints.js";
import { run } from "../../scripts/pack.js";
import { installedSdk, NODES, type Project } from "./install.js";

/** In bytes: what everybody who installs it downloads. */
const MAX_TARBALL = 1_500_000;

describe("SDK package", function () {
  this.timeout(300_000);

  let project: Project;
  /** As they are imported. */
  let entryPoints: string[];
  /** All that it has, as paths within it. */
  let files: string[];

  before(async () => {
    project = await installedSdk();
    const { name, exports, sideEffects } = project.manifest;
    // What has side effects is a program of its own, such as a worker: it is not for here.
    entryPoints = Object.entries(exports)
      .filter(([, target]) => !(sideEffects || []).includes(targetOf(target, ["import"]) ?? ""))
      .map(([entryPoint]) => name + entryPoint.slice(1));
    const entries = await readdir(project.sdk, { recursive: true, withFileTypes: true });
    files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(project.sdk, path.join(entry.parentPath, entry.name)));
  });

  /** Imports modules in a process of their own, and returns what each exports. */
  async function load(node: string, script: string, names: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await run(node, [script, ...names], { cwd: project.directory });

    return JSON.parse(stdout);
  }

  for (const [version, node] of Object.entries(NODES)) {
    it(`has the same at each entry point for both module systems in ${version}`, async () => {
      const imported = await load(node, "load.mjs", entryPoints);
      const required = await load(node, "load.cjs", entryPoints);

      for (const name of entryPoints.filter((name) => !name.endsWith(".json"))) {
        expect(imported[name], name).to.be.an("array").that.is.not.empty;
        expect(required[name], name).to.have.members(imported[name] as string[]);
      }
      for (const name of entryPoints.filter((name) => name.endsWith(".json"))) {
        expect(imported[name], name).to.be.an("array");
        expect(required[name], name).to.be.an("array");
      }
    });
  }

  it("has nothing else that can be imported", async () => {
    const code = files.filter((file) => /\.(js|cjs)$/.test(file));
    const inside = ["index", "dist", "src/index.ts", ...code].map((file) => `${project.manifest.name}/${file}`);

    for (const script of ["load.mjs", "load.cjs"]) {
      for (const [name, exports] of Object.entries(await load(NODES["Node 24"], script, inside))) {
        expect(exports, name).to.equal("ERR_PACKAGE_PATH_NOT_EXPORTED");
      }
    }
  });

  it("has every file that its manifest names", () => {
    const { exports, unpkg, jsdelivr } = project.manifest;
    const named = Object.values(exports).flatMap((target) =>
      [["import", "types"], ["import"], ["require", "types"], ["require"]].map((wanted) => targetOf(target, wanted)),
    );

    for (const file of [...named, unpkg, jsdelivr]) {
      expect(files).to.include(path.posix.normalize(file ?? "undefined"));
    }
    expect(targetOf(exports["./standalone"], [])).to.equal(unpkg).and.to.equal(jsdelivr);
  });

  it("has what it needs and nothing from this machine", async () => {
    const { size } = await stat(project.tarball);
    console.log(`      ${files.length} files, ${Math.round(size / 1_000)} kB to download`);

    expect(size).to.be.at.most(MAX_TARBALL);
    for (const file of files) {
      expect(file).to.match(
        /^(dist\/.+\.(js|cjs|d\.ts|d\.cts)|LICENSE|README\.md|package\.json|[\w.]+\.schema\.json)$/,
      );
      const content = await readFile(path.join(project.sdk, file), "utf8");
      expect(content.includes(process.cwd()), `${file} names a folder of this machine`).to.equal(false);
      expect(content, file).not.to.match(/sourceMappingURL|workspace:/);
    }
  });

  it("has ethers inside for pages, and nowhere else", async () => {
    const standalone = path.join(project.sdk, "dist/standalone");
    for (const file of await readdir(standalone)) {
      const content = await readFile(path.join(standalone, file), "utf8");
      for (const [, id] of content.matchAll(/(?:from|import\(?)"([^",]+)"/g)) expect(id, file).to.match(/^\.\//);
    }
    expect(await readFile(path.join(project.sdk, "dist/index.js"), "utf8")).to.include('from "ethers"');
  });
});
