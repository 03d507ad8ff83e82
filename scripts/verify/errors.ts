/** Why a deployment cannot be verified at all; the message says what to do. */
export abstract class VerificationImpossible extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The deployment file has no entry for a contract that the parameters ask for. */
export class DeploymentIncomplete extends VerificationImpossible {
  constructor(readonly missing: readonly string[]) {
    super(
      `The deployment file has no ${missing.join(", ")}: finish the deployment (\`deploy\` resumes it), or give the ` +
        "file and the parameters of the same deployment.",
    );
  }
}

/** The node does not have the logs that prove who got what. */
export class LogsMissing extends VerificationImpossible {
  constructor(
    readonly block: number,
    what: string,
    options?: ErrorOptions,
  ) {
    super(
      `The node has no logs from block ${block} on: ${what} is missing. It has been pruned, or refuses eth_getLogs: give ` +
        "the RPC of a node that keeps logs since the deployment. If it is such a node, the deployment file names wrong " +
        "blocks or another chain.",
      options,
    );
  }
}

/** The contracts were not built as the deployment's were. */
export class BuildMissing extends VerificationImpossible {
  constructor(contract: string) {
    super(`There is no build of ${contract} to compare with: run \`npx pnpm@12 run verify-deployment\`, which builds.`);
  }
}

/** The command line asks for something that cannot be. */
export class WrongUse extends VerificationImpossible {}
