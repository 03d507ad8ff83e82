import { allocationsOf } from "./allocations.js";
import { addressIn, type Context, contractAt, type Deployment, firstBlockOf, type Runner } from "./context.js";
import { contractsOf, requireComplete } from "./contracts.js";
import { depositsOf } from "./deposits.js";
import { DeploymentNotFound, InvalidArgument, SignerRequired } from "./errors.js";
import { withTypedError } from "./failures.js";
import { deployments } from "./generated/deployments.js";
import { genesisOf } from "./genesis.js";
import { governanceOf } from "./governance.js";
import { historyOf } from "./history/domain.js";
import type { HistoryReader } from "./history/reader.js";
import { licensingOf } from "./licensing.js";
import { batchingRunner } from "./reads.js";
import { registryOf } from "./registry.js";
import { roundsOf } from "./rounds.js";
import { royaltiesOf } from "./royalties.js";
import { safetyOf } from "./safety.js";
import { sourcesOf } from "./sources.js";
import { stakeholdingOf } from "./stakeholding.js";
import { usageOf } from "./usage.js";

/** Binds the functions of a domain to what {@link connect} found. */
export type Domain<Functions> = (context: Context) => Functions;

/** Domains that are bound, by the names that were given to them. */
export type Connected<Domains extends Record<string, Domain<unknown>>> = { readonly chainId: bigint } & {
  readonly [Name in keyof Domains]: ReturnType<Domains[Name]>;
};

/** What {@link connect} takes besides the runner. */
export interface ConnectOptions {
  /** Where the contracts are, for a chain that this SDK does not know. */
  deployment?: Deployment;
  /** What answers for `history`, such as an indexer's client; a reader of the chain's logs by default. */
  history?: HistoryReader;
}

/** All domains, as {@link connect} binds them. */
const DOMAINS = {
  /** The contracts with all that they can do, typed, for what this SDK has no function for. */
  contracts: ({ deployment, runner }: Context) => contractsOf(deployment, runner),
  registry: registryOf,
  sources: sourcesOf,
  royalties: royaltiesOf,
  allocations: allocationsOf,
  deposits: depositsOf,
  licensing: licensingOf,
  usage: usageOf,
  rounds: roundsOf,
  /** The main governor; `safety` is the one that decides about safety alone, sooner. */
  governance: governanceOf,
  safety: safetyOf,
  stakeholding: stakeholdingOf,
  genesis: genesisOf,
  /** What happened: from the chain's logs, unless another reader was given. */
  history: historyOf,
};

/**
 * The protocol on one chain, as one runner sees it.
 *
 * What sends a transaction waits until it is mined. Besides what its own docs name, it throws `SignerRequired` when the
 * runner is a provider, `UserRejected`, `InsufficientFunds`, `GasPriceTooLow`, `TransactionConflict`, `TransactionFailed`,
 * `TransactionReplaced` and `WrongChain`; and whatever asks the node may throw `NetworkFailure` and `RateLimited`.
 */
export interface Commonweal extends Connected<typeof DOMAINS> {}

/**
 * Finds the protocol on the chain that `runner` is connected to, and binds its functions to the runner.
 *
 * Ethers' providers remember answers for 250 ms. On a chain that mines faster, such as a local one, turn that off:
 * `new JsonRpcProvider(url, undefined, { cacheTimeout: -1 })`.
 *
 * @param runner A signer with a provider to write, a provider to read.
 * @throws {DeploymentNotFound} when the chain is not known and no deployment was given, or no contract is there.
 * @throws {InvalidArgument} when the signer has no provider, or an address is not one.
 * @throws {NetworkFailure} when the node does not answer.
 * @example
 * const commonweal = await connect(new Wallet(key, new JsonRpcProvider("http://127.0.0.1:8545")));
 * await commonweal.royalties.pay({ model, currency: "ETH", amount: "0.5" });
 */
export async function connect(runner: Runner, options: ConnectOptions = {}): Promise<Commonweal> {
  if (options.deployment !== undefined) requireComplete(options.deployment);

  const { history } = options;

  return connectDomains(runner, history === undefined ? DOMAINS : { ...DOMAINS, history: () => history }, options);
}

/**
 * As {@link connect}, for some domains alone: a bundle has the code of no others.
 *
 * @param domains The functions that bind them, under names of your choice.
 * @example
 * const { royalties } = await connectDomains(runner, { royalties: royaltiesOf });
 */
export async function connectDomains<const Domains extends Record<string, Domain<unknown>>>(
  runner: Runner,
  domains: Domains,
  { deployment }: ConnectOptions = {},
): Promise<Connected<Domains>> {
  const context = await withTypedError(contextOf(runner, deployment));
  const connected = { chainId: context.chainId };
  for (const [name, bind] of Object.entries(domains)) {
    // Bound when they are used: to read the ABIs of all contracts takes a while.
    const bound = once(() => bind(context));
    Object.defineProperty(connected, name, { get: bound, enumerable: true });
  }

  return connected as Connected<Domains>;
}

async function contextOf(runner: Runner, given?: Deployment): Promise<Context> {
  const { provider } = runner;
  if (provider === null) throw new InvalidArgument("runner", "a signer without a provider", "one that has a provider");

  const { chainId } = await provider.getNetwork();
  const deployment = given ?? knownDeployment(chainId);

  // A chain id says little on a local chain: the protocol may not be deployed there yet.
  const { address } = deployment.ModelRegistry;
  if ((await provider.getCode(address)) === "0x") throw new DeploymentNotFound(chainId, address);

  const reads = batchingRunner(provider);
  const contracts = new Map<string, unknown>();

  return {
    chainId,
    runner,
    provider,
    deployment,
    reads,
    firstBlock: firstBlockOf({ deployment }, "RoyaltyLedger"),
    at(descriptor, name = descriptor.name) {
      const contract = contracts.get(name) ?? contractAt(descriptor, addressIn(deployment, name), reads);
      contracts.set(name, contract);

      return contract as never;
    },
    signer() {
      if (!("signTypedData" in runner)) throw new SignerRequired();

      return runner;
    },
  };
}

function knownDeployment(chainId: bigint): Deployment {
  const known: Readonly<Record<string, Deployment>> = deployments;
  const deployment = known[String(chainId)];
  if (deployment === undefined) throw new DeploymentNotFound(chainId);

  return deployment;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;

  return () => {
    made ??= { value: make() };

    return made.value;
  };
}
