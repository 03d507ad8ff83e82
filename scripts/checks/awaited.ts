// No promise is dropped. A test whose `expect(…).to.be.revertedWith…` is not awaited passes whatever happens.
import { dirname, relative } from "node:path";
import ts from "typescript";
import { fail } from "./fail.js";

const PACKAGES = ["sdk", "relayer", "gateway"];

let statements = 0;
let dropped = 0;

for (const configPath of ["tsconfig.json", ...PACKAGES.map((name) => `${name}/tsconfig.json`)]) {
  const program = createProgram(configPath);
  const checker = program.getTypeChecker();
  const files = program
    .getSourceFiles()
    .filter(({ fileName }) => !/\/node_modules\/|\/types\/|\.d\.ts$/.test(fileName));

  for (const file of files) {
    const visit = (node: ts.Node): void => {
      if (ts.isExpressionStatement(node)) {
        statements += 1;
        if (!isAssignment(node.expression) && isThenable(checker.getTypeAtLocation(node.expression)))
          report(file, node);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
}

console.log(`Of ${statements} statements, ${dropped} drop a promise.`);

function createProgram(configPath: string): ts.Program {
  const { config, error } = ts.readConfigFile(configPath, ts.sys.readFile);
  if (error !== undefined) fail(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configPath));

  return ts.createProgram(fileNames, options);
}

/** What is assigned is kept, for others to await. */
function isAssignment(node: ts.Expression): boolean {
  if (!ts.isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;

  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** Returns whether something of this type, or of a part of this union, can be awaited. */
function isThenable(type: ts.Type): boolean {
  return type.isUnion() ? type.types.some(isThenable) : type.getProperty("then") !== undefined;
}

function report(file: ts.SourceFile, node: ts.Node): void {
  dropped += 1;
  const { line, character } = file.getLineAndCharacterOfPosition(node.getStart());
  const place = `${relative(".", file.fileName)}:${line + 1}:${character + 1}`;
  fail(`${place} drops a promise. Await it, or write \`void\` before it if nobody needs to know how it ends.`);
}
