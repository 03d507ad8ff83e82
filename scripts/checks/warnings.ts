// The compiler warns about nothing in our contracts and tests. Warnings in dependencies are theirs to mend.
import { type CompilerMessage, compilerOutputs, PROJECT } from "./compilation.js";
import { fail } from "./fail.js";

/** A test contract may be of any size: it is never deployed. Those that are have a check of their own. */
const SIZE_WARNINGS = ["3860", "5574"];

const outputs = await compilerOutputs();
const messages = outputs.flatMap(({ errors = [] }) => errors as CompilerMessage[]);
const ours = messages.filter(({ sourceLocation, errorCode }) => {
  const file = sourceLocation?.file ?? PROJECT;

  return file.startsWith(`${PROJECT}test/`) ? !SIZE_WARNINGS.includes(errorCode ?? "") : file.startsWith(PROJECT);
});
// A file can be part of several compilations, each of which repeats its warnings.
const warnings = new Set(ours.map(({ formattedMessage, message }) => formattedMessage ?? message));

for (const warning of warnings) fail(warning.trimEnd());

if (outputs.length === 0) fail("No compilation was found.");
else if (warnings.size > 0) fail("The compiler warns about our files. Mend what it points at.");
else console.log("The compiler warns about nothing of ours.");
