// Every custom error and event of ours is asserted by a test: by name, and with its arguments if it has any.
import { glob, readFile } from "node:fs/promises";
import { Fragment, type JsonFragment } from "ethers";
import { type Assertion, assertionsIn } from "./assertions.js";
import { compilerOutputs, PROJECT } from "./compilation.js";
import { fail } from "./fail.js";

const fragments = (await compilerOutputs()).flatMap(({ contracts = {} }) =>
  Object.entries(contracts).flatMap(([source, byName]) =>
    Object.values(byName).flatMap(({ abi }) => (abi as JsonFragment[]).map((fragment) => ({ source, fragment }))),
  ),
);
const signaturesIn = (isWanted: (source: string) => boolean) =>
  new Set(
    fragments
      .filter(({ source, fragment }) => isWanted(source) && (fragment.type === "error" || fragment.type === "event"))
      .map(({ fragment }) => `${fragment.type} ${Fragment.from(fragment).format("sighash")}`),
  );

// An ABI has inherited members too: what a dependency declares is not ours to test.
const foreign = signaturesIn((source) => !source.startsWith(PROJECT));
const ours = [...signaturesIn((source) => source.startsWith(`${PROJECT}contracts/`) && !source.includes("/mocks/"))]
  .filter((signature) => !foreign.has(signature))
  .sort();

const assertions: (Assertion & { file: string })[] = [];
for await (const file of glob("test/**/*.ts")) {
  for (const assertion of assertionsIn(await readFile(file, "utf8"))) assertions.push({ ...assertion, file });
}

const seen = new Set<string>();
for (const signature of ours) {
  const [kind, name] = signature.split(/[ (]/);
  const hasParameters = !signature.endsWith("()");
  const files = assertions
    .filter((assertion) => assertion.kind === kind && assertion.name === name)
    .filter(({ withArguments }) => withArguments || !hasParameters)
    .map(({ file }) => file);

  console.log(`${kind} ${name}`.padEnd(33), [...new Set(files)].sort().join(" ") || "–");

  if (files.length === 0) fail(`No test asserts the ${signature}${hasParameters ? " with its arguments" : ""}.`);
  if (seen.has(name)) fail(`The name ${name} is declared twice: neither tests nor readers can tell the two apart.`);
  seen.add(name);
}

if (ours.length === 0) fail("No error and no event was found.");
