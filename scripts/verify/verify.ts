import { checkCode } from "./code.js";
import { checkDeployer } from "./deployer.js";
import type { Report } from "./report.js";
import { checkRoles } from "./roles.js";
import { checkSettings } from "./settings.js";
import { subjectOf, type SubjectOptions } from "./subject.js";
import { checkSupply } from "./supply.js";
import { checkWiring } from "./wiring.js";

/**
 * Proves from a node alone that a deployment is what its parameters say, built from these sources.
 *
 * @throws {VerificationImpossible} when file or node do not have what it takes to tell.
 */
export async function verifyDeployment(options: SubjectOptions): Promise<Report> {
  const subject = await subjectOf(options);
  const findings = [];
  // One area after the other: public nodes limit how much is asked at once.
  for (const area of [checkCode, checkWiring, checkRoles, checkDeployer, checkSettings, checkSupply]) {
    findings.push(await area(subject));
  }
  const checks = findings.flatMap((each) => each.checks);

  return {
    chainId: subject.chainId.toString(),
    block: subject.block,
    deployer: subject.deployer,
    ok: checks.every(({ ok }) => ok),
    checks,
    facts: findings.flatMap(({ facts = [] }) => facts),
  };
}
