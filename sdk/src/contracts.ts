/** The contracts' ABIs and addresses as plain data: for indexers and other libraries. Needs no ethers. */
export { ballotRelayAbi } from "./generated/abis/BallotRelay.js";
export { erc20Abi } from "./generated/abis/ERC20.js";
export { genesisClaimAbi } from "./generated/abis/GenesisClaim.js";
export { licenseStoreAbi } from "./generated/abis/LicenseStore.js";
export { modelRegistryAbi } from "./generated/abis/ModelRegistry.js";
export { royaltyLedgerAbi } from "./generated/abis/RoyaltyLedger.js";
export { royaltyLensAbi } from "./generated/abis/RoyaltyLens.js";
export { safetyBoardAbi } from "./generated/abis/SafetyBoard.js";
export { safetyLensAbi } from "./generated/abis/SafetyLens.js";
export { sourceRegistryAbi } from "./generated/abis/SourceRegistry.js";
export { stakeholdingAbi } from "./generated/abis/Stakeholding.js";
export { timelockControllerAbi } from "./generated/abis/TimelockController.js";
export { usageChannelsAbi } from "./generated/abis/UsageChannels.js";
export { usePolicyAbi } from "./generated/abis/UsePolicy.js";
export { wealGovernorAbi } from "./generated/abis/WealGovernor.js";
export { wealTokenAbi } from "./generated/abis/WealToken.js";
export { deployments } from "./generated/deployments.js";
