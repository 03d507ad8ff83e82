import { createRequire } from "node:module";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";
import type { HttpNetworkUserConfig } from "hardhat/types/config";
import { DEPLOYER_KEY, rpcUrlVariable, TEST_NETWORKS } from "./scripts/networks.js";

const require = createRequire(import.meta.url);

// The compiler is the npm package `solc`: locked with everything else, and nothing is downloaded.
const compiler = {
  version: "0.8.34",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "cancun",
    viaIR: true,
    optimizer: { enabled: true, runs: 3_000 },
    // Where the SDK's simulation of proposals finds what it overrides.
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
};

// Variables are looked up when a network is used, in Hardhat's keystore or the environment: nothing else needs them.
const testNetworks = Object.fromEntries(
  Object.entries(TEST_NETWORKS).map(([name, { chainId, chainType }]): [string, HttpNetworkUserConfig] => [
    name,
    {
      type: "http",
      chainId,
      chainType,
      url: configVariable(rpcUrlVariable(name)),
      accounts: [configVariable(DEPLOYER_KEY)],
    },
  ]),
);

const isCi = process.env.CI === "true";

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  networks: {
    // Compiled for cancun; CI runs the tests of the contracts on what came after it too.
    default: { type: "edr-simulated", hardfork: process.env.HARDFORK ?? "cancun" },
    ...testNetworks,
  },
  solidity: {
    profiles: { default: compiler, production: compiler },
    npmFilesToBuild: [
      "@openzeppelin/contracts/finance/VestingWallet.sol",
      "@openzeppelin/contracts/governance/TimelockController.sol",
    ],
  },
  // Hardhat knows the explorers of the common chains; Blockscout and Sourcify need no key.
  verify: { etherscan: { apiKey: configVariable("ETHERSCAN_API_KEY") } },
  test: {
    // At home a test may be skipped, when the browser or server that it needs is missing. In CI a skip is a failure.
    mocha: { forbidOnly: isCi, forbidPending: isCi },
    solidity: {
      fuzz: { runs: 1_000 },
      invariant: { runs: 12, depth: 500, failOnRevert: true },
      fsPermissions: { writeFile: ["cache/ledger-invariants.txt"] },
    },
  },
});
