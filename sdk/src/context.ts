import type { Provider, Signer } from "ethers";
import type { BallotRelay } from "./generated/types/BallotRelay.js";
import type { GenesisClaim } from "./generated/types/GenesisClaim.js";
import type { LicenseStore } from "./generated/types/LicenseStore.js";
import type { ModelRegistry } from "./generated/types/ModelRegistry.js";
import type { RoyaltyLedger } from "./generated/types/RoyaltyLedger.js";
import type { RoyaltyLens } from "./generated/types/RoyaltyLens.js";
import type { SafetyBoard } from "./generated/types/SafetyBoard.js";
import type { SafetyLens } from "./generated/types/SafetyLens.js";
import type { SourceRegistry } from "./generated/types/SourceRegistry.js";
import type { Stakeholding } from "./generated/types/Stakeholding.js";
import type { TimelockController } from "./generated/types/TimelockController.js";
import type { TrainingRounds } from "./generated/types/TrainingRounds.js";
import type { UsageChannels } from "./generated/types/UsageChannels.js";
import type { UsePolicy } from "./generated/types/UsePolicy.js";
import type { WealGovernor } from "./generated/types/WealGovernor.js";
import type { WealToken } from "./generated/types/WealToken.js";

/** Signs and sends, or only reads. */
export type Runner = Signer | Provider;

/** Where the contracts of the protocol are, as in `deployments/<chainId>.json`. */
export type Deployment = Readonly<
  Record<
    keyof Contracts,
    { readonly address: string; /** In which it was deployed: logs begin there. */ readonly block?: number }
  >
>;

/** The protocol's contracts with all that they can do, typed, for what this SDK has no function for. */
export interface Contracts {
  ModelRegistry: ModelRegistry;
  SourceRegistry: SourceRegistry;
  RoyaltyLedger: RoyaltyLedger;
  RoyaltyLens: RoyaltyLens;
  WealToken: WealToken;
  TimelockController: TimelockController;
  WealGovernor: WealGovernor;
  SafetyTimelock: TimelockController;
  SafetyGovernor: WealGovernor;
  UsePolicy: UsePolicy;
  SafetyBoard: SafetyBoard;
  SafetyLens: SafetyLens;
  Stakeholding: Stakeholding;
  GenesisClaim: GenesisClaim;
  BallotRelay: BallotRelay;
  LicenseStore: LicenseStore;
  UsageChannels: UsageChannels;
  TrainingRounds: TrainingRounds;
}

/** What the functions of all domains share. */
export interface Context {
  readonly chainId: bigint;
  readonly runner: Runner;
  readonly provider: Provider;
  /** The block in which the ledger was deployed, or 0: logs begin there. */
  readonly firstBlock: number;
  readonly contracts: Contracts;
  readonly deployment: Deployment;
  /** Returns the runner as a signer, or throws {@link SignerRequired}. */
  signer(): Signer;
}

/** Returns the block in which a contract was deployed, or 0: its logs begin there. */
export function firstBlockOf({ deployment }: Pick<Context, "deployment">, contract: keyof Contracts): number {
  return deployment[contract].block ?? 0;
}
