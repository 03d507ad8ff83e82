import { concat, dataSlice, getCreate2Address, getCreateAddress, Interface, id, keccak256, zeroPadValue } from "ethers";

/** CreateX v0.1.0, at the same address on every chain that has it: https://github.com/pcaversaccio/createx */
export const CREATEX = "0xba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed";

/** keccak256 of its runtime code there. */
export const CREATEX_CODE_HASH = "0xbd8a7ea8cfca7b4e5f5041d7d4b17bc317c5ce42cfbc42066a00cf26b43eb53f";

/** Who signed the transaction that puts CreateX on a chain: anybody may send it, once this account can pay for it. */
export const CREATEX_SIGNER = "0xeD456e05CaAb11d66C4c797dD6c1D6f9A7F352b5";

/** What we use of CreateX. */
export const createXAbi = [
  {
    type: "function",
    name: "deployCreate3",
    stateMutability: "payable",
    inputs: [
      { name: "salt", type: "bytes32" },
      { name: "initCode", type: "bytes" },
    ],
    outputs: [{ name: "newContract", type: "address" }],
  },
  {
    type: "event",
    name: "ContractCreation",
    anonymous: false,
    inputs: [{ name: "newContract", type: "address", indexed: true }],
  },
  {
    type: "error",
    name: "FailedContractCreation",
    inputs: [{ name: "emitter", type: "address" }],
  },
] as const;

/** What filters logs for the event by which CreateX reports the contract at an address. */
export function creationFilter(address: string, createX = CREATEX) {
  return { address: createX, topics: new Interface(createXAbi).encodeFilterTopics("ContractCreation", [address]) };
}

/** keccak256 of the init code of CreateX's CREATE3 proxy. */
const PROXY_INIT_CODE_HASH = "0x21c35dbe1b344a2488cf3321d6ce542f8e9f305544ff09e4993a62319a497c1f";

/**
 * Returns the salt under which `deployer` deploys the contract `name`.
 *
 * CreateX reads it in three parts: 20 bytes that only the deployer itself may use, so that nobody else can take the
 * address on any chain; a zero byte, so that the address does not depend on the chain; and 11 bytes of our choice.
 */
export function saltOf(deployer: string, name: string): string {
  return concat([deployer, "0x00", dataSlice(id(`commonweal:${name}`), 0, 11)]);
}

/** Returns the address at which `deployer` deploys the contract `name` through CreateX, or through a copy of it. */
export function create3Address(deployer: string, name: string, createX = CREATEX): string {
  // CreateX mixes a guarded salt with its sender before it uses it.
  const guardedSalt = keccak256(concat([zeroPadValue(deployer, 32), saltOf(deployer, name)]));
  const proxy = getCreate2Address(createX, guardedSalt, PROXY_INIT_CODE_HASH);

  return getCreateAddress({ from: proxy, nonce: 1 });
}
