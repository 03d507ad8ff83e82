// Writes contracts/abi/: the ABI of every contract, interface and library that @commonweal/contracts ships, as JSON.
import { mkdir, rm, writeFile } from "node:fs/promises";
import hre from "hardhat";

const FOLDER = new URL("../contracts/abi/", import.meta.url);

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER);

for (const name of await hre.artifacts.getAllFullyQualifiedNames()) {
  if (!name.startsWith("contracts/") || name.startsWith("contracts/mocks/")) continue;

  const { abi, contractName } = await hre.artifacts.readArtifact(name);
  // A library of internal functions has nothing to call and nothing to decode.
  if (abi.length > 0) await writeFile(new URL(`${contractName}.json`, FOLDER), `${JSON.stringify(abi)}\n`);
}
