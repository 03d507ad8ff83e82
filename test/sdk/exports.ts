import { expect } from "chai";
import manifest from "../../sdk/package.json" with { type: "json" };
import * as contracts from "../../sdk/src/contracts.js";
import * as sdk from "../../sdk/src/index.js";

describe("SDK exports", () => {
  it("has these entry points", () => {
    expect(Object.keys(manifest.exports)).to.deep.equal([".", "./contracts", "./package.json"]);
  });

  it("exports these values from @commonweal/sdk", () => {
    expect(Object.keys(sdk)).to.have.members([
      "aggregateScores",
      "buildAllocation",
      "channelIdOf",
      "checkFunding",
      "completeScores",
      "connect",
      "everyItem",
      "fetchReadme",
      "formatAmount",
      "formatFunding",
      "historyJson",
      "isContractError",
      "leavesOf",
      "logHistory",
      "manifestUri",
      "memoryCache",
      "parseAmount",
      "parseSource",
      "proofsOf",
      "readAllocation",
      "readBudget",
      "readFunding",
      "readmeUrl",
      "readResult",
      "roundIdOf",
      "scoresOf",
      "scoresTypedData",
      "sharesFromWeights",
      "signScores",
      "sourceName",
      "statementCsv",
      "verifyResult",
      "verifyScores",
      "voucherTypedData",
      "writeBudget",
      "writeResult",
      "AllocationSumMismatch",
      "CallFailed",
      "CommonwealError",
      "ContractError",
      "DeploymentNotFound",
      "FundingEntryInvalid",
      "FundingEntryMissing",
      "FundingRecipientMismatch",
      "InsufficientFunds",
      "InvalidAmount",
      "InvalidArgument",
      "LogsIncomplete",
      "MAX_TRANSACTION_GAS",
      "NetworkFailure",
      "NotDelegated",
      "NoVotes",
      "ReadmeUnavailable",
      "SignatureUnsupported",
      "SignerRequired",
      "StateOverridesUnsupported",
      "TooManyDecimals",
      "TransactionConflict",
      "TransactionFailed",
      "TransactionReplaced",
      "TransactionsPending",
      "UserRejected",
    ]);
  });

  it("exports these values from @commonweal/sdk/contracts", () => {
    expect(Object.keys(contracts)).to.have.members([
      "ballotRelayAbi",
      "deployments",
      "erc20Abi",
      "funderPoolAbi",
      "genesisClaimAbi",
      "licenseStoreAbi",
      "modelRegistryAbi",
      "roundTermsAbi",
      "royaltyLedgerAbi",
      "royaltyLensAbi",
      "safetyBoardAbi",
      "safetyLensAbi",
      "sourceRegistryAbi",
      "stakeholdingAbi",
      "timelockControllerAbi",
      "trainingRoundsAbi",
      "usageChannelsAbi",
      "usePolicyAbi",
      "wealGovernorAbi",
      "wealTokenAbi",
    ]);
  });
});
