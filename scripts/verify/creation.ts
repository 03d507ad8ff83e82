import { getBytes, Interface, keccak256 } from "ethers";
import { CREATEX, CREATEX_CODE_HASH, createXAbi } from "../create3.js";
import { type PlannedContract, planProtocol } from "../plan.js";
import { check, type Check, type Findings } from "./report.js";
import type { Creation, Subject } from "./subject.js";

/**
 * Compares how each contract came to be with what these sources and parameters would send: by whom, through CreateX, under
 * which salt, with which init code. Code that is right may have been put there by a constructor that is not ours, which has
 * written into storage what no log and no view tells of: a balance, a role.
 */
export async function checkCreation(subject: Subject): Promise<Findings> {
  const { artifacts, chainId, createX, deployer, parameters, provider, saidDeployer } = subject;
  const plan = await planProtocol(artifacts, deployer, parameters, chainId, createX);
  // CreateX has its own address in its code; a copy of it has another.
  const code = (await provider.getCode(createX)).replaceAll(
    createX.slice(2).toLowerCase(),
    CREATEX.slice(2).toLowerCase(),
  );

  return {
    checks: [
      check("creation", "CreateX.code", CREATEX_CODE_HASH, keccak256(code)),
      ...(saidDeployer === undefined ? [] : [check("creation", "meta.deployer", saidDeployer, deployer)]),
      ...(await Promise.all(plan.contracts.map((planned) => checksOf(subject, planned)))).flat(),
    ],
  };
}

const PLANNED = "the build, with the parameters' arguments";
const NO_CREATION = "none: another call";

async function checksOf(subject: Subject, { name, address, salt, initCode }: PlannedContract): Promise<Check[]> {
  const { deployer, createX, at } = subject;
  const { from, to, data } = subject.creations.get(name) as Creation;
  const sent = argumentsOf(data);

  return [
    check("creation", `${name}.address`, address, at(name)),
    check("creation", `${name}.sender`, `${deployer}, to ${createX}`, `${from}, to ${to}`),
    check("creation", `${name}.salt`, salt, sent?.salt ?? NO_CREATION),
    check("creation", `${name}.initCode`, PLANNED, differenceOf(initCode, sent?.initCode)),
  ];
}

/** What CreateX was asked to create; nothing where it, or another, was asked for something else. */
function argumentsOf(data: string): { salt: string; initCode: string } | undefined {
  try {
    const { salt, initCode } = new Interface(createXAbi).decodeFunctionData("deployCreate3", data);

    return { salt, initCode };
  } catch {
    return undefined;
  }
}

/** Says in words how init code differs from the plan's. */
function differenceOf(planned: string, sent: string | undefined): string {
  if (sent === undefined) return NO_CREATION;
  if (sent === planned) return PLANNED;
  const [expected, actual] = [getBytes(planned), getBytes(sent)];
  const first = expected.findIndex((byte, i) => byte !== actual[i]);

  return `other init code, from byte ${first === -1 ? expected.length : first} on: ${sent.slice(0, 10)}…, ${actual.length} bytes`;
}
