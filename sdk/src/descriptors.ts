import type { BaseContract } from "ethers";

/** A contract of the protocol as plain data: what ethers needs of it, and which type it has then. */
export interface ContractDescriptor<Name extends string = string, Type extends BaseContract = BaseContract> {
  readonly name: Name;
  /** Its functions and events, as ethers reads them. */
  readonly fragments: readonly string[];
  /** Of no contract there is one: it stands for the type alone. */
  readonly type?: Type;
}
