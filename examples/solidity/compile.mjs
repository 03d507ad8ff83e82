// Compiles contracts/AnswerDesk.sol with solc-js and writes dist/AnswerDesk.json. Imports come from node_modules.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const source = "contracts/AnswerDesk.sol";
const input = {
  language: "Solidity",
  sources: { [source]: { content: readFileSync(source, "utf8") } },
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};

function resolve(file) {
  try {
    return { contents: readFileSync(`node_modules/${file}`, "utf8") };
  } catch {
    return { error: `Not in node_modules: install the package of ${file}` };
  }
}

const { contracts, errors = [] } = JSON.parse(solc.compile(JSON.stringify(input), { import: resolve }));
for (const { formattedMessage } of errors) console.error(formattedMessage);
if (errors.some(({ severity }) => severity === "error")) process.exit(1);

const { abi, evm } = contracts[source].AnswerDesk;
mkdirSync("dist", { recursive: true });
writeFileSync("dist/AnswerDesk.json", JSON.stringify({ abi, bytecode: `0x${evm.bytecode.object}` }));
