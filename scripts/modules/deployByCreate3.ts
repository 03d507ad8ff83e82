import type { Future, IgnitionModule, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { CREATEX, createXAbi } from "../create3.js";

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

/**
 * Deploys a contract of ours through CreateX, so that its address depends only on the deployer and the contract's name.
 *
 * Salt and init code come as the module's parameters `<name>Salt` and `<name>InitCode`, which `scripts/plan.ts`
 * computes: constructor arguments name contracts that are deployed later, and Ignition cannot know their addresses.
 */
export function deployByCreate3<Name extends string>(
  m: IgnitionModuleBuilder,
  name: Name,
  { artifact = name, after = [] }: { artifact?: string; after?: (Future | IgnitionModule)[] } = {},
) {
  const createX = m.contractAt("CreateX", createXArtifact, CREATEX, { id: `${name}_CreateX` });
  const call = m.call(
    createX,
    "deployCreate3",
    [m.getParameter<string>(`${name}Salt`), m.getParameter<string>(`${name}InitCode`)],
    { id: `${name}_deployCreate3`, after },
  );
  const address = m.readEventArgument(call, "ContractCreation", "newContract", { id: `${name}_address` });

  return m.contractAt(artifact, address, { id: name });
}
