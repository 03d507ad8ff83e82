import { Contract, type InterfaceAbi, type Signer } from "ethers";
import { type Allocations, allocationsOf } from "./allocations.js";
import { addressOf } from "./arguments.js";
import type { Context, Contracts, Deployment, Runner } from "./context.js";
import { type Deposits, depositsOf } from "./deposits.js";
import { DeploymentNotFound, InvalidArgument, SignerRequired } from "./errors.js";
import { ballotRelayAbi } from "./generated/abis/BallotRelay.js";
import { genesisClaimAbi } from "./generated/abis/GenesisClaim.js";
import { licenseStoreAbi } from "./generated/abis/LicenseStore.js";
import { modelRegistryAbi } from "./generated/abis/ModelRegistry.js";
import { royaltyLedgerAbi } from "./generated/abis/RoyaltyLedger.js";
import { royaltyLensAbi } from "./generated/abis/RoyaltyLens.js";
import { safetyBoardAbi } from "./generated/abis/SafetyBoard.js";
import { safetyLensAbi } from "./generated/abis/SafetyLens.js";
import { sourceRegistryAbi } from "./generated/abis/SourceRegistry.js";
import { stakeholdingAbi } from "./generated/abis/Stakeholding.js";
import { timelockControllerAbi } from "./generated/abis/TimelockController.js";
import { trainingRoundsAbi } from "./generated/abis/TrainingRounds.js";
import { usageChannelsAbi } from "./generated/abis/UsageChannels.js";
import { usePolicyAbi } from "./generated/abis/UsePolicy.js";
import { wealGovernorAbi } from "./generated/abis/WealGovernor.js";
import { wealTokenAbi } from "./generated/abis/WealToken.js";
import { deployments } from "./generated/deployments.js";
import { withTypedError } from "./failures.js";
import { type Genesis, genesisOf } from "./genesis.js";
import { type Governance, governanceOf } from "./governance.js";
import { logHistory } from "./history/logHistory.js";
import type { HistoryReader } from "./history/reader.js";
import { type Licensing, licensingOf } from "./licensing.js";
import { proposalsOf, type SafetyProposals, safetyProposalsOf } from "./proposals.js";
import { type Registry, registryOf } from "./registry.js";
import { type Rounds, roundsOf } from "./rounds.js";
import { type Royalties, royaltiesOf } from "./royalties.js";
import { type Safety, safetyOf } from "./safety.js";
import { type Sources, sourcesOf } from "./sources.js";
import { type Stakeholding, stakeholdingOf } from "./stakeholding.js";
import { type Usage, usageOf } from "./usage.js";

/**
 * The protocol on one chain, as one runner sees it.
 *
 * What sends a transaction waits until it is mined. Besides what its own docs name, it throws `SignerRequired` when the
 * runner is a provider, `UserRejected`, `InsufficientFunds`, `TransactionConflict`, `TransactionFailed` and
 * `TransactionReplaced`; and whatever asks the node may throw `NetworkFailure`.
 */
export interface Commonweal {
  readonly chainId: bigint;
  readonly contracts: Contracts;
  readonly registry: Registry;
  readonly sources: Sources;
  readonly royalties: Royalties;
  readonly allocations: Allocations;
  readonly deposits: Deposits;
  readonly licensing: Licensing;
  readonly usage: Usage;
  readonly rounds: Rounds;
  /** The main governor; `safety` is the one that decides about safety alone, sooner. */
  readonly governance: Governance & { readonly safety: Governance<SafetyProposals> };
  readonly safety: Safety;
  readonly stakeholding: Stakeholding;
  readonly genesis: Genesis;
  /** What happened: from the chain's logs, unless another reader was given. */
  readonly history: HistoryReader;
}

/**
 * Finds the protocol on the chain that `runner` is connected to, and binds its functions to the runner.
 *
 * Ethers' providers remember answers for 250 ms. On a chain that mines faster, such as a local one, turn that off:
 * `new JsonRpcProvider(url, undefined, { cacheTimeout: -1 })`.
 *
 * @param runner A signer with a provider to write, a provider to read.
 * @param options.deployment Where the contracts are, for a chain that this SDK does not know.
 * @param options.history What answers for `history`, such as an indexer's client; a reader of the chain's logs by default.
 * @throws {DeploymentNotFound} when the chain is not known and no deployment was given, or no contract is there.
 * @throws {InvalidArgument} when the signer has no provider, or an address is not one.
 * @throws {NetworkFailure} when the node does not answer.
 * @example
 * const commonweal = await connect(new Wallet(key, new JsonRpcProvider("http://127.0.0.1:8545")));
 * await commonweal.royalties.pay({ model, currency: "ETH", amount: "0.5" });
 */
export async function connect(
  runner: Runner,
  options: { deployment?: Deployment; history?: HistoryReader } = {},
): Promise<Commonweal> {
  const context = await withTypedError(contextOf(runner, options.deployment));

  return {
    chainId: context.chainId,
    contracts: context.contracts,
    registry: registryOf(context),
    sources: sourcesOf(context),
    royalties: royaltiesOf(context),
    allocations: allocationsOf(context),
    deposits: depositsOf(context),
    licensing: licensingOf(context),
    usage: usageOf(context),
    rounds: roundsOf(context),
    governance: {
      ...governanceOf(context, "main", proposalsOf(context)),
      safety: governanceOf(context, "safety", safetyProposalsOf(context)),
    },
    safety: safetyOf(context),
    stakeholding: stakeholdingOf(context),
    genesis: genesisOf(context),
    history: options.history ?? logHistory(context),
  };
}

async function contextOf(runner: Runner, given?: Deployment): Promise<Context> {
  const { provider } = runner;
  if (provider === null) throw new InvalidArgument("runner", "a signer without a provider", "one that has a provider");

  const { chainId } = await provider.getNetwork();
  const deployment = given ?? knownDeployment(chainId);
  const contracts = contractsOf(deployment, runner);

  // A chain id says little on a local chain: the protocol may not be deployed there yet.
  const registry = String(contracts.ModelRegistry.target);
  if ((await provider.getCode(registry)) === "0x") throw new DeploymentNotFound(chainId, registry);

  return {
    chainId,
    runner,
    provider,
    contracts,
    deployment,
    firstBlock: deployment.RoyaltyLedger.block ?? 0,
    signer: () => signerOf(runner),
  };
}

function knownDeployment(chainId: bigint): Deployment {
  const known: Readonly<Record<string, Deployment>> = deployments;
  const deployment = known[String(chainId)];
  if (deployment === undefined) throw new DeploymentNotFound(chainId);

  return deployment;
}

function contractsOf(deployment: Deployment, runner: Runner): Contracts {
  const at = (name: keyof Contracts, abi: InterfaceAbi) =>
    new Contract(addressOf(deployment[name]?.address, `deployment.${name}`), abi, runner);
  const contracts: { [Name in keyof Contracts]: Contract } = {
    ModelRegistry: at("ModelRegistry", modelRegistryAbi),
    SourceRegistry: at("SourceRegistry", sourceRegistryAbi),
    RoyaltyLedger: at("RoyaltyLedger", royaltyLedgerAbi),
    RoyaltyLens: at("RoyaltyLens", royaltyLensAbi),
    WealToken: at("WealToken", wealTokenAbi),
    TimelockController: at("TimelockController", timelockControllerAbi),
    WealGovernor: at("WealGovernor", wealGovernorAbi),
    SafetyTimelock: at("SafetyTimelock", timelockControllerAbi),
    SafetyGovernor: at("SafetyGovernor", wealGovernorAbi),
    UsePolicy: at("UsePolicy", usePolicyAbi),
    SafetyBoard: at("SafetyBoard", safetyBoardAbi),
    SafetyLens: at("SafetyLens", safetyLensAbi),
    Stakeholding: at("Stakeholding", stakeholdingAbi),
    GenesisClaim: at("GenesisClaim", genesisClaimAbi),
    BallotRelay: at("BallotRelay", ballotRelayAbi),
    LicenseStore: at("LicenseStore", licenseStoreAbi),
    UsageChannels: at("UsageChannels", usageChannelsAbi),
    TrainingRounds: at("TrainingRounds", trainingRoundsAbi),
  };

  // The types are generated from the same ABIs.
  return contracts as unknown as Contracts;
}

function signerOf(runner: Runner): Signer {
  if (!("signTypedData" in runner)) throw new SignerRequired();

  return runner;
}
