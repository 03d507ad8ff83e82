import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { expect } from "chai";
import { run } from "../../scripts/pack.js";
import { installedSdk, type Project } from "./install.js";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

/** As apps have them that look at everything: no declarations are skipped, and there is no DOM. */
const STRICT = {
  ...{ target: "es2022", lib: ["es2023"], types: [], strict: true, exactOptionalPropertyTypes: true },
  ...{ noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true },
};

describe("SDK's types as installed", function () {
  this.timeout(300_000);

  let project: Project;

  before(async () => {
    project = await installedSdk();
  });

  /** Compiles files of the project, and returns what the compiler says. */
  async function compile(name: string, compilerOptions: object, files: Record<string, string>): Promise<string> {
    const directory = path.join(project.directory, name);
    await mkdir(directory, { recursive: true });
    for (const [file, code] of Object.entries(files)) await writeFile(path.join(directory, file), code);
    const include = [...Object.keys(files), "../types/app.ts"];
    await writeFile(path.join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include }));

    return outputOf(run(process.execPath, [tsc, "-p", directory]));
  }

  /** A file that imports every entry point that there is for a module system. */
  function importing(system: "import" | "require"): string {
    const { name, exports } = project.manifest;
    const lines = Object.entries(exports).flatMap(([entryPoint, target], i) =>
      typeof target === "string" || !(system in target || (system === "import" && "default" in target))
        ? []
        : [
            `import * as entry${i} from "${name}${entryPoint.slice(1)}";\nexport const keys${i} = Object.keys(entry${i});`,
          ],
    );

    return lines.join("\n");
  }

  for (const module of ["node16", "nodenext"]) {
    it(`resolve by ${module}, in modules and in CommonJS`, async () => {
      const options = { ...STRICT, module, moduleResolution: module };
      const files = { "entries.mts": importing("import"), "entries.cts": importing("require") };

      expect(await compile(module, options, files)).to.equal("");
    });
  }

  it("resolve by bundler", async () => {
    const options = { ...STRICT, module: "esnext", moduleResolution: "bundler" };

    expect(await compile("bundler", options, { "entries.ts": importing("import") })).to.equal("");
  });

  it("are those of viem and wagmi", async () => {
    const options = {
      // The declarations of viem and wagmi need a DOM and more.
      ...{ ...STRICT, skipLibCheck: true, lib: ["es2023", "dom"] },
      ...{ module: "nodenext", moduleResolution: "nodenext" },
    };
    const directory = path.join(project.directory, "types");
    await writeFile(
      path.join(directory, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, include: ["viem.ts"] }),
    );

    expect(await outputOf(run(process.execPath, [tsc, "-p", directory]))).to.equal("");
  });
});

/** Returns what a process says, whether it ends well or not. */
async function outputOf(process: Promise<{ stdout: string }>): Promise<string> {
  const { stdout } = await process.catch((failure: { stdout: string }) => failure);

  return stdout;
}
