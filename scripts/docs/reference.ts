// Writes the API reference of the packages, from their types and comments, into docs/reference/.
import { readFileSync } from "node:fs";
import path from "node:path";
import { Application, IntrinsicType, type Reflection, type TypeDocOptions } from "typedoc";

const ROOT = path.resolve(import.meta.dirname, "../..");
const PACKAGES = ["sdk", "gateway"];

interface Manifest {
  name: string;
  exports: Record<string, string | { import?: { types: string } }>;
}

/** The modules that people import, by the file that each is made of. */
function entryPoints(): Map<string, string> {
  const modules = PACKAGES.flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(path.join(ROOT, folder, "package.json"), "utf8")) as Manifest;

    return Object.entries(exports).flatMap(([entry, target]) => {
      // The builds for pages have the same in other files.
      if (typeof target === "string" || target.import === undefined) return [];
      const source = target.import.types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts");

      return [[path.join(ROOT, folder, source), path.posix.join(name, entry)] as const];
    });
  });

  return new Map(modules);
}

const modules = entryPoints();
const options = {
  name: "API reference",
  entryPoints: [...modules.keys()],
  tsconfig: path.join(ROOT, "scripts/docs/tsconfig.reference.json"),
  plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"],
  out: path.join(ROOT, "docs/reference"),
  docsRoot: path.join(ROOT, "docs"),
  readme: "none",
  disableSources: true,
  excludeExternals: true,
  excludePrivate: true,
  preservedTypeAnnotationTags: ["@throws"],
  // What it warns of is a comment that says something that is not so: a parameter, or a link, that is not there.
  treatWarningsAsErrors: true,
  validation: { notExported: false, notDocumented: false, invalidLink: true, invalidPath: true, rewrittenLink: true },
  logLevel: "Warn",
};
const app = await Application.bootstrapWithPlugins(options as Partial<TypeDocOptions>);

const project = await app.convert();
if (project !== undefined) {
  const names = new Map([...modules].map(([file, name]) => [nameOf(file), name]));
  for (const child of project.children ?? []) child.name = names.get(child.name) ?? child.name;
  for (const reflection of Object.values(project.reflections)) {
    showThrown(reflection);
    // The type of an ABI is the whole of it.
    if (reflection.isDeclaration() && /^[a-z]\w*Abi$/.test(reflection.name))
      reflection.type = new IntrinsicType("the contract's ABI, as const");
  }
  app.validate(project);
  await app.generateOutputs(project);
}
if (project === undefined || app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;

/** What TypeDoc calls the module of a file. */
function nameOf(file: string): string {
  return path.relative(ROOT, file).replace(/(\/index)?\.ts$/, "");
}

/** Says which class is thrown: TypeDoc reads it, and leaves it out. */
function showThrown({ comment }: Reflection): void {
  for (const { tag, typeAnnotation, content } of comment?.blockTags ?? []) {
    if (tag === "@throws" && typeAnnotation !== undefined)
      content.unshift(
        { kind: "code", text: `\`${typeAnnotation.replaceAll(/[{}]/g, "")}\`` },
        { kind: "text", text: " " },
      );
  }
}
