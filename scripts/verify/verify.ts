import { checkCode } from "./code.js";
import { checkCreation } from "./creation.js";
import { checkDeployer } from "./deployer.js";
import type { Fact, Report } from "./report.js";
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
  for (const area of [checkCreation, checkCode, checkWiring, checkRoles, checkDeployer, checkSettings, checkSupply]) {
    findings.push(await area(subject));
  }
  const checks = findings.flatMap((each) => each.checks);

  return {
    chainId: subject.chainId.toString(),
    block: subject.block,
    deployer: subject.deployer,
    ok: checks.every(({ ok }) => ok),
    checks,
    facts: [...digestFacts(options), ...findings.flatMap(({ facts = [] }) => facts)],
  };
}

/** Another file may say the same: the checks compare what it says. */
function digestFacts({ parametersDigest }: SubjectOptions): Fact[] {
  if (parametersDigest === undefined) return [];
  const { given, deployed } = parametersDigest;
  const word = deployed === undefined ? "" : given === deployed ? ", as deployed with" : `, deployed with ${deployed}`;

  return [{ area: "parameters", subject: "sha-256 of the file", value: `${given}${word}` }];
}
