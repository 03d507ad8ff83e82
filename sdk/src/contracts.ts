/** The contracts' ABIs and addresses as plain data: for indexers and other libraries. Needs no ethers. */
export { erc20Abi } from "./generated/abis/ERC20.js";
export { modelRegistryAbi } from "./generated/abis/ModelRegistry.js";
export { royaltyLedgerAbi } from "./generated/abis/RoyaltyLedger.js";
export { royaltyLensAbi } from "./generated/abis/RoyaltyLens.js";
export { sourceRegistryAbi } from "./generated/abis/SourceRegistry.js";
export { timelockControllerAbi } from "./generated/abis/TimelockController.js";
export { wealGovernorAbi } from "./generated/abis/WealGovernor.js";
export { wealTokenAbi } from "./generated/abis/WealToken.js";
export { deployments } from "./generated/deployments.js";
