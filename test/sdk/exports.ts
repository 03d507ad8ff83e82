import { expect } from "chai";
import manifest from "../../sdk/package.json" with { type: "json" };
import * as contracts from "../../sdk/src/contracts.js";
import * as sdk from "../../sdk/src/index.js";
import * as manifests from "../../sdk/src/manifest/index.js";
import * as manifestsInNode from "../../sdk/src/manifest/node.js";

describe("SDK exports", () => {
  it("has these entry points", () => {
    expect(Object.keys(manifest.exports)).to.deep.equal([
      ".",
      "./contracts",
      "./manifest",
      "./manifest/node",
      "./manifest/worker",
      "./manifest.schema.json",
      "./package.json",
    ]);
  });

  it("exports these values from @commonweal/sdk", () => {
    expect(Object.keys(sdk)).to.have.members([
      "aggregateScores",
      "buildAllocation",
      "channelIdOf",
      "checkFunding",
      "completeScores",
      "connect",
      "fetchReadme",
      "formatAmount",
      "formatFunding",
      "isContractError",
      "leavesOf",
      "manifestUri",
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

  it("exports these values from @commonweal/sdk/manifest", () => {
    expect(Object.keys(manifests)).to.have.members([
      "blobSource",
      "hashBlob",
      "hashInWorker",
      "hashStream",
      "headerFacts",
      "licenseConflicts",
      "manifest",
      "parseLicense",
      "proveRange",
      "readGguf",
      "readHeader",
      "readOnnx",
      "readSafetensors",
      "urlSource",
      "verifyRange",
      "DigestMismatch",
      "FileChanged",
      "FilePathInvalid",
      "FileUnreadable",
      "LICENSE_RULES",
      "LicenseInvalid",
      "ManifestInvalid",
      "ModelHeaderInvalid",
      "RangeRefused",
      "RangeUnproved",
      "WorkerFailed",
    ]);
    expect(Object.keys(manifests.manifest)).to.have.members(["canonicalise", "create", "digestOf", "verify"]);
  });

  it("exports these values from @commonweal/sdk/manifest/node", () => {
    expect(Object.keys(manifestsInNode)).to.have.members([
      "hashDirectory",
      "hashFile",
      "hashStream",
      "openFile",
      "verifyDirectory",
    ]);
  });
});
