// Every contract that can be deployed keeps within the size limits of Ethereum.
import hre from "hardhat";
import { fail } from "./fail.js";

/** EIP-170: bytes of a deployed contract. */
const MAX_DEPLOYED = 24_576;
/** EIP-3860: bytes of the code that deploys it; constructor arguments, some hundred bytes at most, come on top. */
const MAX_INIT = 49_152;

const bytes = (hex: string) => (hex.length - 2) / 2;
const rows: Record<string, { deployed: number; free: number; init: number }> = {};

for (const name of await hre.artifacts.getAllFullyQualifiedNames()) {
  if (name.startsWith("contracts/mocks/") || name.startsWith("test/")) continue;

  const { abi, bytecode, deployedBytecode } = await hre.artifacts.readArtifact(name);
  // Interfaces have no code. A library of internal functions has a few bytes that nobody calls or deploys.
  if (bytecode === "0x" || !abi.some(({ type }) => type === "function")) continue;

  const deployed = bytes(deployedBytecode);
  rows[name] = { deployed, free: MAX_DEPLOYED - deployed, init: bytes(bytecode) };
}

console.table(rows);

if (Object.keys(rows).length === 0) fail("No compiled contract was found.");
for (const [name, { deployed, init }] of Object.entries(rows)) {
  if (deployed > MAX_DEPLOYED) fail(`${name} has ${deployed} bytes, and a contract can have ${MAX_DEPLOYED}.`);
  if (init > MAX_INIT) fail(`${name} is deployed with ${init} bytes, and init code can have ${MAX_INIT}.`);
}
