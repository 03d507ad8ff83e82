import { expect } from "chai";
import manifest from "../../sdk/package.json" with { type: "json" };
import * as abi from "../../sdk/src/abi.js";
import { errorIndex } from "../../sdk/src/errorIndex.js";
import * as errors from "../../sdk/src/errorClasses.js";
import * as histories from "../../sdk/src/history/index.js";
import * as events from "../../sdk/src/eventDecoders.js";
import * as funding from "../../sdk/src/fundingEntries.js";
import * as sdk from "../../sdk/src/index.js";
import * as manifests from "../../sdk/src/manifest/index.js";
import * as manifestsInNode from "../../sdk/src/manifest/node.js";
import * as rounds from "../../sdk/src/roundScoring.js";
import * as typedData from "../../sdk/src/typedDataBuilders.js";

describe("SDK exports", () => {
  it("has these entry points", () => {
    expect(Object.keys(manifest.exports)).to.deep.equal([
      ".",
      "./abi",
      "./errors",
      "./events",
      "./funding",
      "./history",
      "./rounds",
      "./typed-data",
      "./manifest",
      "./manifest/node",
      "./manifest/worker",
      "./manifest.schema.json",
      "./standalone",
      "./standalone/abi",
      "./standalone/errors",
      "./standalone/events",
      "./standalone/history",
      "./standalone/manifest",
      "./standalone/rounds",
      "./standalone/typed-data",
      "./package.json",
    ]);
  });

  it("exports these values from @commonweal/sdk", () => {
    expect(Object.keys(sdk)).to.have.members([
      "buildAllocation",
      "channelIdOf",
      "connect",
      "connectDomains",
      "formatAmount",
      "isContractError",
      "manifestUri",
      "parseAmount",
      "parseSource",
      "proofsOf",
      "readAllocation",
      "roundIdOf",
      "sharesFromWeights",
      "sourceName",
      "typedError",
      "voucherTypedData",
      "allocationsOf",
      "depositsOf",
      "genesisOf",
      "governanceOf",
      "licensingOf",
      "registryOf",
      "roundsOf",
      "royaltiesOf",
      "safetyOf",
      "sourcesOf",
      "stakeholdingOf",
      "usageOf",
      "Aborted",
      "AllocationSumMismatch",
      "CallFailed",
      "CommonwealError",
      "ContractError",
      "DeploymentNotFound",
      "FundingEntryInvalid",
      "FundingEntryMissing",
      "FundingRecipientMismatch",
      "GasPriceTooLow",
      "InsufficientFunds",
      "InvalidAmount",
      "InvalidArgument",
      "LogsIncomplete",
      "MAX_TRANSACTION_GAS",
      "NetworkFailure",
      "NotDelegated",
      "NoVotes",
      "RateLimited",
      "SendUnanswered",
      "ReadmeUnavailable",
      "SignatureUnsupported",
      "SignerRequired",
      "StateOverridesUnsupported",
      "TooManyDecimals",
      "TransactionConflict",
      "TransactionFailed",
      "TransactionReorged",
      "TransactionReplaced",
      "TransactionsPending",
      "UserRejected",
      "WaitAborted",
      "WaitUnanswered",
      "WrongChain",
    ]);
  });

  it("exports these values from @commonweal/sdk/abi", () => {
    expect(Object.keys(abi)).to.have.members([
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

  it("exports these values from @commonweal/sdk/rounds", () => {
    expect(Object.keys(rounds)).to.have.members([
      "aggregateScores",
      "completeScores",
      "leavesOf",
      "readBudget",
      "readResult",
      "roundIdOf",
      "scoresOf",
      "scoresTypedData",
      "signScores",
      "verifyResult",
      "verifyScores",
      "writeBudget",
      "writeResult",
    ]);
  });

  it("exports these values from @commonweal/sdk/funding", () => {
    expect(Object.keys(funding)).to.have.members([
      "checkFunding",
      "fetchReadme",
      "formatFunding",
      "readFunding",
      "readmeUrl",
    ]);
  });

  it("exports these values from @commonweal/sdk/history", () => {
    expect(Object.keys(histories)).to.have.members([
      "everyItem",
      "historyJson",
      "logHistory",
      "memoryCache",
      "statementCsv",
    ]);
  });

  it("exports every error from @commonweal/sdk/errors", () => {
    const ofContracts = [...errorIndex().values()].flatMap(({ name, errorClass }) => (errorClass ? [name] : []));
    const own = Object.entries(sdk).flatMap(([name, value]) =>
      typeof value === "function" && value.prototype instanceof Error ? [name] : [],
    );

    expect(Object.keys(errors)).to.have.members([...ofContracts, ...own, "describe", "isContractError"]);
  });

  it("exports these values from @commonweal/sdk/events", () => {
    const { decodeEvents, ...descriptors } = events;

    expect(decodeEvents).to.be.a("function");
    for (const [name, descriptor] of Object.entries(descriptors)) expect(descriptor.name).to.equal(name);
    expect(Object.keys(descriptors)).to.have.lengthOf(19);
  });

  it("exports these values from @commonweal/sdk/typed-data", () => {
    expect(Object.keys(typedData)).to.have.members([
      "ballot",
      "cancelAuthorization",
      "delegation",
      "derivativeGrant",
      "extendedBallot",
      "permit",
      "receiveWithAuthorization",
      "scores",
      "sourceClaim",
      "sourceClaimCancellation",
      "transferWithAuthorization",
      "voucher",
      "walletDelegation",
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
