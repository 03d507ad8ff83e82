// What of the contracts goes into the SDK.

/** The contracts that the SDK talks to, with the source of each. */
export const CONTRACTS: Readonly<Record<string, string>> = {
  ModelRegistry: "contracts/registry/ModelRegistry.sol",
  SourceRegistry: "contracts/registry/SourceRegistry.sol",
  RoyaltyLedger: "contracts/royalties/RoyaltyLedger.sol",
  RoyaltyLens: "contracts/royalties/RoyaltyLens.sol",
  WealToken: "contracts/governance/WealToken.sol",
  TimelockController: "@openzeppelin/contracts/governance/TimelockController.sol",
  WealGovernor: "contracts/governance/WealGovernor.sol",
  UsePolicy: "contracts/governance/UsePolicy.sol",
  SafetyBoard: "contracts/governance/SafetyBoard.sol",
  SafetyLens: "contracts/governance/SafetyLens.sol",
  Stakeholding: "contracts/governance/Stakeholding.sol",
  GenesisClaim: "contracts/governance/GenesisClaim.sol",
  BallotRelay: "contracts/governance/BallotRelay.sol",
  LicenseStore: "contracts/licensing/LicenseStore.sol",
  UsageChannels: "contracts/licensing/UsageChannels.sol",
  TrainingRounds: "contracts/rounds/TrainingRounds.sol",
  RoundTerms: "contracts/rounds/RoundTerms.sol",
  FunderPool: "contracts/rounds/FunderPool.sol",
};

/** Contracts that share their artifact with one above. */
export const TWINS = ["SafetyTimelock", "SafetyGovernor"];

/** Contracts that another one deploys, and tells where. */
export const PARTS = ["RoundTerms", "FunderPool"];

/** What the SDK asks of any ERC-20; cut out of WEAL, which is one. */
export const ERC20 = {
  from: "WealToken",
  docs: "Any ERC-20: what the SDK asks of the currencies that it is given.",
  members: [
    "allowance",
    "approve",
    "balanceOf",
    "decimals",
    "symbol",
    "transfer",
    "transferFrom",
    "Approval",
    "Transfer",
  ],
  errors: /^ERC20I/,
};

/** The enums that the SDK writes as words, with their source and a contract that was compiled with it. */
export const ENUMS = [
  { name: "Kind", contract: "ModelRegistry", source: "contracts/interfaces/IModelRegistry.sol" },
  { name: "Relation", contract: "ModelRegistry", source: "contracts/interfaces/IModelRegistry.sol" },
  { name: "DerivativeMode", contract: "ModelRegistry", source: "contracts/interfaces/IModelRegistry.sol" },
  { name: "Level", contract: "SafetyBoard", source: "contracts/interfaces/ISafetyBoard.sol" },
  { name: "Ground", contract: "SafetyBoard", source: "contracts/interfaces/ISafetyBoard.sol" },
  { name: "RoundState", contract: "TrainingRounds", source: "contracts/interfaces/IRoundRecords.sol" },
  { name: "ContributionKind", contract: "TrainingRounds", source: "contracts/interfaces/IRoundContributions.sol" },
  { name: "SubmissionStatus", contract: "TrainingRounds", source: "contracts/interfaces/IRoundContributions.sol" },
  { name: "ProposalState", contract: "WealGovernor", source: "@openzeppelin/contracts/governance/IGovernor.sol" },
];

/** The contract whose code runs a proposal within a call: see `sdk/src/simulation.ts`. */
export const SIMULATOR = { name: "CallSimulator", source: "contracts/simulation/CallSimulator.sol" };

/** Variables that a simulation overrides. */
export const OVERRIDDEN: Readonly<Record<string, readonly string[]>> = {
  TimelockController: ["_roles", "_timestamps"],
  WealGovernor: ["_governanceCall"],
};

/**
 * What holders sign for a token of any issuer, whose EIP-712 domain only the token knows: the contracts that declare it,
 * and a contract that was compiled with them.
 */
export const TOKEN_STANDARDS = {
  compiledWith: { name: "TestToken", source: "contracts/mocks/TestToken.sol" },
  contracts: ["ERC20Permit", "ERC3009"],
};
