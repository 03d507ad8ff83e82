import type { Future, IgnitionModule, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { createXAbi } from "../create3.js";

const createXArtifact = {
  _format: "hh3-artifact-1",
  contractName: "CreateX",
  sourceName: "",
  abi: [...createXAbi],
  bytecode: "0x",
  linkReferences: {},
  deployedBytecode: "0x",
  deployedLinkReferences: {},
};

/** The names of contracts that are on the chain already. */
export type Deployed = ReadonlySet<string>;

/**
 * Deploys a contract of ours through CreateX, so that its address depends only on the deployer and the contract's name.
 * One that is deployed already is taken as it is.
 *
 * CreateX, address, salt and init code come as the module's parameters `createX`, `<name>Address`, `<name>Salt` and
 * `<name>InitCode`, which `scripts/plan.ts` computes: constructor arguments name contracts that are deployed later, and
 * Ignition cannot know their addresses.
 */
export function deployByCreate3<Name extends string>(
  m: IgnitionModuleBuilder,
  name: Name,
  deployed: Deployed,
  { artifact = name, after = [] }: { artifact?: string; after?: (Future | IgnitionModule)[] } = {},
) {
  if (deployed.has(name)) return m.contractAt(artifact, m.getParameter<string>(`${name}Address`), { id: name });

  const createX = m.contractAt("CreateX", createXArtifact, m.getParameter<string>("createX"), {
    id: `${name}_CreateX`,
  });
  const call = m.call(
    createX,
    "deployCreate3",
    [m.getParameter<string>(`${name}Salt`), m.getParameter<string>(`${name}InitCode`)],
    { id: `${name}_deployCreate3`, after },
  );
  const address = m.readEventArgument(call, "ContractCreation", "newContract", { id: `${name}_address` });

  return m.contractAt(artifact, address, { id: name });
}
