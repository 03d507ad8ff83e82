import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { type Manifest, packageProblems } from "../../scripts/checks/package.js";
import { ROOT } from "../../scripts/pack.js";

const license = await readFile(path.join(ROOT, "LICENSE"), "utf8");
const manifest = JSON.parse(await readFile(path.join(ROOT, "relayer/package.json"), "utf8")) as Manifest;

/** The relayer as it would be packed, with code that imports code of its own. */
function goodPack() {
  return new Map([
    ["LICENSE", license],
    ["README.md", "# Relayer"],
    ["package.json", packedManifest({})],
    ["dist/cli.js", `import { serve } from "./chunk.js";`],
    ...["index", "service"].flatMap((name): [string, string][] => [
      [`dist/${name}.js`, `export * from "./chunk.js";`],
      [`dist/${name}.cjs`, ""],
      [`dist/${name}.d.ts`, `import { Options } from './options.js';`],
      [`dist/${name}.d.cts`, `import { Options } from './options.cjs';`],
    ]),
    ["dist/chunk.js", `const later = () => import("./later.js");`],
    ["dist/later.js", ""],
    ["dist/options.d.ts", ""],
    ["dist/options.d.cts", ""],
  ]);
}

function packedManifest(changes: Partial<Manifest>): string {
  const dependencies = { "@commonweal/sdk": manifest.version, hono: "4.13.19" };

  return JSON.stringify({ ...manifest, dependencies, ...changes });
}

describe("Package check", () => {
  it("has nothing against what is meant to be published", () => {
    expect(packageProblems("relayer", goodPack(), license)).to.deep.equal([]);
  });

  const files: [string, string, string | undefined, string][] = [
    ["a source", "src/index.ts", "", "do not ship src/index.ts"],
    ["a test", "dist/index.test.js", "", "do not ship dist/index.test.js"],
    ["secrets", ".env", "KEY=1", "do not ship .env"],
    ["a source map", "dist/index.js.map", "{}", "do not ship dist/index.js.map"],
    ["a reference to one", "dist/later.js", "//# sourceMappingURL=x.map", "take the reference to a source map out"],
    ["a path of this machine", "dist/later.js", `"${ROOT}sdk"`, `take the path at ${ROOT} out of dist/later.js`],
    ["another licence", "LICENSE", "All rights reserved", "copy the repository's LICENSE"],
    ["no readme", "README.md", undefined, "ship README.md"],
    ["no types of an entry point", "dist/service.d.ts", undefined, "ship dist/service.d.ts"],
    ["no types that types import", "dist/options.d.cts", undefined, "ship dist/options.d.cts"],
    ["no code that is loaded later", "dist/later.js", undefined, "ship dist/later.js"],
  ];

  for (const [what, file, text, problem] of files) {
    it(`finds ${what}`, () => {
      const pack = goodPack();
      if (text === undefined) pack.delete(file);
      else pack.set(file, text);

      expect(packageProblems("relayer", pack, license).join("\n")).to.include(`@commonweal/relayer: ${problem}`);
    });
  }

  const manifests: [string, Partial<Manifest>, string][] = [
    ["another licence in the manifest", { license: "ISC" }, "set license to MIT"],
    ["another repository", { repository: { url: "git+https://example.com/x.git" } }, "set repository.url to"],
    ["no provenance", { publishConfig: { access: "public" } }, "set publishConfig.provenance to true"],
    ["no keywords", { keywords: [] }, "give it `keywords`"],
    ["no engine", { engines: undefined }, "say by `engines.node`"],
    ["the workspace", { dependencies: { "@commonweal/sdk": "workspace:*" } }, "give @commonweal/sdk a version"],
    ["a path as a dependency", { dependencies: { hono: "file:../hono" } }, "give hono a version that npm knows"],
    ["another version of ours", { dependencies: { "@commonweal/sdk": "9.9.9" } }, "depend on @commonweal/sdk"],
  ];

  for (const [what, changes, problem] of manifests) {
    it(`finds ${what}`, () => {
      const pack = goodPack().set("package.json", packedManifest(changes));

      expect(packageProblems("relayer", pack, license).join("\n")).to.include(`@commonweal/relayer: ${problem}`);
    });
  }
});
