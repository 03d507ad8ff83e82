import ts from "typescript";
import { type Block, BlockMalformed, isCode } from "./blocks.js";

/** What a line of code is said to show: `royalties.pay(…); // → value`. */
const EXPECTATION = /\/\/ → (.*)$/;

interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * Makes one module of a page's blocks, to be run in order: each sees what those before it have declared, and may declare
 * the same name anew. Every line of code has the number that it has in the page, so compiler and stack traces point there.
 *
 * @param page The page's name, for messages.
 * @param support Where `page.ts` is, as the module imports it.
 * @throws {BlockMalformed} when an expectation does not stand behind a statement.
 */
export function moduleOf(page: string, blocks: readonly Block[], support: string): string {
  const imports = new Imports(support);
  const lines: string[] = [];
  const put = (line: number, text: string) => {
    lines[line - 1] = (lines[line - 1] ?? "") + text;
  };

  let open = 0;
  let printer: Block | undefined;
  for (const block of blocks) {
    if (block.skip !== undefined) continue;
    const { language, code, line } = block;
    if (isCode(language)) {
      put(line - 1, "{ __page.begins();");
      open++;
      instrument(page, block, imports)
        .split("\n")
        .forEach((text, i) => {
          put(line + i, text);
        });
      printer = block;
    } else if (language === "sh") {
      const shown = blocks[blocks.indexOf(block) + 1]?.language === "text";
      put(line, `await __page.shell(${line}, ${JSON.stringify(code)}, ${shown});`);
      printer = block;
    } else if (language === "text" && printer !== undefined && prints(printer)) {
      put(line, `__page.printed(${line}, ${JSON.stringify(code)}, ${isCode(printer.language)});`);
      printer = undefined;
    } else printer = undefined;
  }
  lines[0] = `${imports.text()} ${lines[0] ?? ""}`;

  return `${Array.from(lines, (line) => line ?? "").join("\n")}\n${"}".repeat(open)}\nawait __page.end();\n`;
}

/** Whether what stands in the block below, as text, is what it prints. */
function prints({ language, code }: Block): boolean {
  return language === "sh" || code.split("\n").some((line) => line.includes("console.log(") && !EXPECTATION.test(line));
}

/** The imports of all blocks, which must stand outside of them. */
class Imports {
  readonly #statements: string[];
  /** By local name: the module it is imported from. */
  readonly #origins = new Map<string, string>();

  constructor(support: string) {
    this.#statements = [`import * as __page from ${JSON.stringify(support)};`];
  }

  text(): string {
    return this.#statements.join(" ");
  }

  /** Takes an import; returns what is to stand in its place, for names that mean something else in an earlier block. */
  take(declaration: ts.ImportDeclaration): string {
    const origin = declaration.moduleSpecifier.getText();
    const bindings = declaration.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings)) {
      const text = declaration.getText();
      if (!this.#statements.includes(text)) this.#statements.push(text);

      return "";
    }

    const renamed: string[] = [];
    for (const { name, propertyName, isTypeOnly } of bindings.elements) {
      const [local, imported] = [name.text, (propertyName ?? name).text];
      const key = `${imported} of ${origin}`;
      const known = this.#origins.get(local);
      if (known === key) continue;

      const alias = known === undefined ? local : `${local}__${this.#statements.length}`;
      if (known === undefined) this.#origins.set(local, key);
      else renamed.push(`const ${local} = ${alias};`);
      const type = isTypeOnly || declaration.importClause?.isTypeOnly ? "type " : "";
      this.#statements.push(`import { ${type}${imported} as ${alias} } from ${origin};`);
    }

    return renamed.join(" ");
  }
}

/** Takes the imports out, and has each value that is said to come compared with the one that comes. */
function instrument(page: string, { code, line }: Block, imports: Imports): string {
  const source = ts.createSourceFile(page, code, ts.ScriptTarget.Latest, true);
  const lineAt = (position: number) => line + source.getLineAndCharacterOfPosition(position).line;
  const edits: Edit[] = [];
  const met = new Set<number>();

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const lines = node.getText(source).replaceAll(/[^\n]/g, "");
      edits.push({ start: node.getStart(source), end: node.end, text: `${imports.take(node)}${lines}` });
    } else if (ts.isExpressionStatement(node)) {
      const rest = code.slice(node.end).split("\n", 1)[0];
      const expected = EXPECTATION.exec(rest)?.[1];
      if (expected !== undefined) {
        met.add(lineAt(node.end));
        const shows = `__page.shows(${lineAt(node.end)}, ${JSON.stringify(expected)})`;
        const { expression } = node;
        const logs = ts.isCallExpression(expression) && expression.expression.getText(source) === "console.log";
        const wrapped = logs ? expression.expression : expression;
        edits.push({
          start: wrapped.getStart(source),
          end: wrapped.getStart(source),
          text: logs ? shows : `${shows}(`,
        });
        edits.push({ start: logs ? wrapped.getStart(source) : wrapped.end, end: wrapped.end, text: logs ? "" : ")" });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);

  code.split("\n").forEach((text, i) => {
    if (EXPECTATION.test(text) && !met.has(line + i))
      throw new BlockMalformed(`${page}:${line + i}: put "// →" behind a statement that is nothing but a value.`);
  });
  // From the end, so that positions stay what they were.
  edits.reverse();
  edits.sort((a, b) => b.start - a.start || b.end - a.end);
  let edited = code;
  for (const { start, end, text } of edits) edited = edited.slice(0, start) + text + edited.slice(end);

  return edited;
}
