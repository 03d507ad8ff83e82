import { type Fragment, Interface, type JsonFragment } from "ethers";
import { comment, type ContractDocs } from "./natspec.js";
import { ERC20 } from "./contracts.js";

/** A contract of the SDK: its name there, its ABI and its docs. */
export interface Described {
  name: string;
  abi: JsonFragment[];
  docs: ContractDocs;
}

/** Returns what the SDK asks of any ERC-20: a part of one that was compiled. */
export function erc20(described: readonly Described[]): Described {
  const { abi, docs } = described.find(({ name }) => name === ERC20.from) as Described;
  const members = abi.filter(
    ({ type, name = "" }) => ERC20.members.includes(name) || (type === "error" && ERC20.errors.test(name)),
  );

  return { name: "ERC20", abi: members, docs: { ...docs, text: ERC20.docs } };
}

/** The ABI for viem and wagmi, and for any library that reads JSON. */
export function abiSource({ name, abi, docs }: Described): string {
  // `internalType` is solc's own addition to the ABI; it would be a third of the weight.
  const json = JSON.stringify(abi, (key, value: unknown) => (key === "internalType" ? undefined : value));

  return `${comment(docs)}export const ${abiConstant(name)} = ${json} as const;\n`;
}

function abiConstant(name: string): string {
  return `${name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (start) => start.toLowerCase())}Abi`;
}

/** What ethers needs to call a contract and to read its events, in half of the ABI's weight. Errors have a table of their own. */
export function fragmentsSource({ name, abi, docs }: Described): string {
  return `
import type { ContractDescriptor } from "../../descriptors.js";
import type { ${name} as ${name}Type } from "../types/${name}.js";

${comment(docs)}export const ${name}: ContractDescriptor<"${name}", ${name}Type> = {
  name: "${name}",
  fragments: ${JSON.stringify(fragmentsOf(abi))},
};
`;
}

/** Returns the functions and events of an ABI, one a line, as ethers writes and reads them. */
export function fragmentsOf(abi: readonly JsonFragment[]): string[] {
  const isCalled = ({ type }: Fragment) => type === "function" || type === "event";

  return new Interface(abi).fragments.filter(isCalled).map((fragment) => fragment.format("full"));
}
