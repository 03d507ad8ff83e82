import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { parse } from "yaml";

interface Step {
  uses?: string;
}

interface Job extends Step {
  permissions?: Record<string, string>;
  steps?: Step[];
  "timeout-minutes"?: number;
}

interface Workflow {
  permissions?: Record<string, string>;
  concurrency?: unknown;
  jobs?: Record<string, Job>;
}

/** An action at a full commit, with the version that the commit had in a comment. */
const PINNED = /^\s*(?:- )?uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
/** A workflow or an action of this repository, at the commit that runs. */
const LOCAL = /^\s*(?:- )?uses: \.\/[\w./-]+$/;

/**
 * Returns what is wrong with a workflow of GitHub Actions, a sentence each. GitHub's own parser judges the syntax; the rest is
 * ours: actions are pinned by commit, permissions are given to jobs one by one, and jobs end.
 *
 * @param publishes The job that may have an OIDC token, if one may.
 */
export async function workflowProblems(name: string, content: string, publishes?: string): Promise<string[]> {
  const parsed = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  if (parsed.value) await convertWorkflowTemplate(parsed.context, parsed.value);
  const syntax = parsed.context.errors.getErrors().map(({ message }) => message);
  if (syntax.length > 0) return syntax;

  const problems: string[] = [];
  const workflow = parse(content) as Workflow;

  for (const line of content.split("\n")) {
    if (/\buses:/.test(line) && !PINNED.test(line) && !LOCAL.test(line)) {
      problems.push(`${name}: pin by a full commit, with the version in a comment: ${line.trim()}`);
    }
  }
  if (Object.keys(workflow.permissions ?? { all: "" }).length > 0) {
    problems.push(`${name}: take all permissions away at the top by \`permissions: {}\`, and give them to jobs.`);
  }
  if (!workflow.concurrency) problems.push(`${name}: say by \`concurrency\` what happens to a second run.`);

  for (const [id, job] of Object.entries(workflow.jobs ?? {})) {
    if (!job.permissions) problems.push(`${name}: give job ${id} its permissions.`);
    if (job.permissions?.["id-token"] && id !== publishes) {
      problems.push(`${name}: job ${id} publishes nothing, so take its id-token away.`);
    }
    // A job that calls another workflow has the limits of that one's jobs.
    if (!job.uses && !job["timeout-minutes"]) problems.push(`${name}: give job ${id} a limit by \`timeout-minutes\`.`);
  }

  return problems;
}
