import { type CompilerOutput, pathOf, readCompiled } from "./compilation.js";
import { ENUMS } from "./contracts.js";
import { GenerationFailed } from "./failure.js";
import { comment, parse } from "./natspec.js";

/** Solidity's enums as words, each at the place of its number. */
export async function enumsSource(): Promise<string> {
  const sources = await Promise.all(
    ENUMS.map(async ({ name, contract, source }) => {
      const { output } = await readCompiled(contract);
      const definition = findEnum(output, source, name);
      const words = (definition.members ?? []).map(({ name: word = "" }) => word[0].toLowerCase() + word.slice(1));
      const docs = comment({ ...parse(definition), params: new Map() });

      return `${docs}export const ${name} = ${JSON.stringify(words)} as const;\n${docs}export type ${name} = (typeof ${name})[number];\n`;
    }),
  );

  return `// Solidity's enums as words, each at the place of its number.\n\n${sources.join("\n")}`;
}

function findEnum({ sources }: CompilerOutput, source: string, name: string) {
  const { nodes = [] } = sources[pathOf(source, sources)].ast;
  const found = nodes
    .flatMap((node) => [node, ...(node.nodes ?? [])])
    .find((node) => node.nodeType === "EnumDefinition" && node.name === name);
  if (found === undefined) throw new GenerationFailed(`There is no enum ${name} in ${source}: mend ENUMS.`);

  return found;
}
