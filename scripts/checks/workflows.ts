// The workflows of GitHub Actions are well formed, pinned, and have the permissions that they need and no others.
import { readdir, readFile } from "node:fs/promises";
import { fail } from "./fail.js";
import { workflowProblems } from "./workflow.js";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);
const names = await readdir(FOLDER);

for (const name of names) {
  const content = await readFile(new URL(name, FOLDER), "utf8");
  const problems = await workflowProblems(name, content, name === "release.yml" ? "publish" : undefined);
  for (const problem of problems) fail(problem);
}

if (names.length === 0) fail("No workflow was found.");
console.log(`${names.length} workflows`);
