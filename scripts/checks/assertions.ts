import ts from "typescript";

/** A test's assertion that an event is emitted or that a call fails with a custom error. */
export interface Assertion {
  kind: "error" | "event";
  name: string;
  /** Whether `withArgs` follows and pins at least one argument. */
  withArguments: boolean;
}

const MATCHERS: Record<string, Assertion["kind"]> = { emit: "event", revertedWithCustomError: "error" };

/**
 * Returns the assertions in a test's source that name an event or error of a contract:
 * `.to.emit(contract, "Name")` and `.to.be.revertedWithCustomError(contract, "Name")`, each with what `.withArgs`
 * follows at once. Negated ones prove nothing about the name and do not count.
 */
export function assertionsIn(source: string): Assertion[] {
  const assertions: Assertion[] = [];
  const visit = (node: ts.Node): void => {
    const assertion = ts.isCallExpression(node) && assertionOf(node);
    if (assertion) assertions.push(assertion);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("test.ts", source, ts.ScriptTarget.Latest, true));

  return assertions;
}

function assertionOf(call: ts.CallExpression): Assertion | undefined {
  if (!ts.isPropertyAccessExpression(call.expression) || isNegated(call.expression)) return undefined;

  const kind = MATCHERS[call.expression.name.text];
  const name = call.arguments[1];
  if (kind === undefined || name === undefined || !ts.isStringLiteralLike(name)) return undefined;

  return { kind, name: name.text, withArguments: argumentsAfter(call).some((argument) => !isWildcard(argument)) };
}

/** Returns the arguments of the `.withArgs(…)` that is called on the matcher's result. */
function argumentsAfter(matcher: ts.CallExpression): readonly ts.Expression[] {
  const access = matcher.parent;
  if (!ts.isPropertyAccessExpression(access) || access.name.text !== "withArgs") return [];

  return ts.isCallExpression(access.parent) ? access.parent.arguments : [];
}

/** Returns whether `.not` stands between `expect(…)`, or an assertion before this one, and the matcher. */
function isNegated(matcher: ts.PropertyAccessExpression): boolean {
  let chain = matcher.expression;
  while (ts.isPropertyAccessExpression(chain)) {
    if (chain.name.text === "not") return true;
    chain = chain.expression;
  }

  return false;
}

/** Returns whether an argument accepts whatever comes. */
function isWildcard(argument: ts.Expression): boolean {
  return ts.isIdentifier(argument) && argument.text === "anyValue";
}
