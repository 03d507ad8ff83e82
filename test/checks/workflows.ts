import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { workflowProblems } from "../../scripts/checks/workflow.js";

const release = await readFile(new URL("../../.github/workflows/release.yml", import.meta.url), "utf8");
const problemsOf = (content: string) => workflowProblems("release.yml", content, "publish");

describe("Workflow check", () => {
  it("has nothing against the release workflow", async () => {
    expect(await problemsOf(release)).to.deep.equal([]);
  });

  const cases: [string, string | RegExp, string, RegExp][] = [
    ["an action by its tag", /checkout@[0-9a-f]{40}/, "checkout@v7", /pin by a full commit.*checkout@v7 # v7/],
    ["an action by a short commit", /(checkout@[0-9a-f]{12})[0-9a-f]{28}/, "$1", /pin by a full commit/],
    ["a commit without its version", / # v7\.0\.1/, "", /pin by a full commit/],
    ["permissions for all jobs", "permissions: {}", "permissions:\n  contents: write", /take all permissions away/],
    ["permissions that nobody took away", "permissions: {}\n", "", /take all permissions away/],
    ["no concurrency", /concurrency:\n.*\n.*\n/, "", /second run/],
    ["a job without a limit", / {4}timeout-minutes: 45\n/, "", /give job pack a limit/],
    [
      "a job with the permissions that a workflow has",
      /permissions:\n {6}contents: read # to check the repository out\n {4}outputs:\n {6}packed/,
      "outputs:\n      packed",
      /give job pack its permissions/,
    ],
    ["an OIDC token elsewhere", "pull-requests: write", "id-token: write", /job version publishes nothing/],
    ["an unknown key", "runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04", /runs_on/],
    ["an unknown permission", "pull-requests: write", "pull-request: write", /pull-request/],
    ["a job that is not there", "needs: pack", "needs: pact", /pact/],
    [
      "an expression that is not one",
      "needs.select.outputs.mode == 'publish'",
      "needs.select.outputs.mode ==",
      /==|expression/i,
    ],
  ];

  for (const [what, from, to, sentence] of cases) {
    it(`finds ${what}`, async () => {
      const changed = release.replace(from, to);

      expect(changed).to.not.equal(release);
      expect((await problemsOf(changed)).join("\n")).to.match(sentence);
    });
  }
});
