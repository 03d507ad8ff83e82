import { id, Wallet } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import type { Parameters } from "../../scripts/parameters.js";
import { deployProtocol } from "../../scripts/protocol.js";
import type {
  BallotRelay,
  GenesisClaim,
  LicenseStore,
  ModelRegistry,
  RoyaltyLedger,
  RoyaltyLens,
  SafetyBoard,
  SafetyLens,
  SourceRegistry,
  Stakeholding,
  TestToken,
  TimelockController,
  TrainingRounds,
  UsageChannels,
  UsePolicy,
  WealGovernor,
  WealToken,
} from "../../types/ethers-contracts/index.js";

export const DAY = 86_400;

/** Who attests whose source is whose in tests, ascending by address; they sign and send nothing. */
export const VERIFIERS = ["first", "second", "third"]
  .map((name) => new Wallet(id(`verifier ${name}`)))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));

/** A member of the SafetyBoard, and a founder, of the tests; each signs nothing unless a test impersonates it. */
export const BOARD_MEMBER = new Wallet(id("board member")).address;
export const FOUNDER = new Wallet(id("founder")).address;

/**
 * The protocol as the tests know it: short times, a fee of 1 %. Most WEAL is the deployer's.
 */
export function testParameters(deployer: string, currencies: string[] = []): Parameters {
  return {
    protocolFeeBps: 100,
    // What they say of themselves is read by nobody here.
    currencies: currencies.map((address) => ({ symbol: "USDC", address, decimals: 6 })),
    governor: {
      votingDelay: DAY,
      votingPeriod: 7 * DAY,
      lateQuorumExtension: 2 * DAY,
      proposalThreshold: "100000",
      quorumPercent: 4,
      timelockDelay: 2 * DAY,
      // Nobody to begin with; tests name one by vote.
      guardian: { account: "0x0000000000000000000000000000000000000000", until: "2100-01-01T00:00:00Z" },
    },
    safetyGovernor: {
      votingDelay: DAY / 4,
      votingPeriod: 3 * DAY,
      lateQuorumExtension: DAY,
      proposalThreshold: "100000",
      quorumPercent: 4,
      timelockDelay: DAY,
    },
    safetyBoard: [BOARD_MEMBER],
    usePolicy: { digest: id("the use policy"), clauseCount: 8, uri: "ipfs://policy" },
    stakeholdingEpochCap: "1000000",
    sources: { threshold: 2, verifiers: VERIFIERS.map(({ address }) => address) },
    genesis: {
      treasury: "200000000",
      stakeholding: "100000000",
      community: { until: "2040-01-01T00:00:00Z", claims: [{ account: deployer, weal: "50000000" }] },
      founders: [{ account: FOUNDER, weal: "50000000", start: "2030-01-01T00:00:00Z", end: "2040-01-01T00:00:00Z" }],
      holders: [{ account: deployer, weal: "600000000" }],
    },
  };
}

/**
 * Deploys the protocol with the production modules, and a test dollar that is listed from the start.
 *
 * @param tokens ERC-20s to list too.
 */
export async function deployTestProtocol(connection: NetworkConnection, tokens: string[] = []) {
  const { ethers } = connection;
  const signers = await ethers.getSigners();
  // From the last account: the deployer's nonces stay as they are in production.
  const usdc = await ethers.deployContract("TestToken", ["Test USD Coin", "USDC", 6], signers[signers.length - 1]);
  const usdcAddress = await usdc.getAddress();

  const parameters = testParameters(signers[0].address, [usdcAddress, ...tokens]);
  const { plan, claims, contracts } = await deployProtocol(connection, hre.artifacts, parameters);

  return {
    signers,
    parameters,
    plan,
    claims,
    usdc: usdc as unknown as TestToken,
    ledger: contracts.ledger as unknown as RoyaltyLedger,
    lens: contracts.lens as unknown as RoyaltyLens,
    registry: contracts.registry as unknown as ModelRegistry,
    sources: contracts.sources as unknown as SourceRegistry,
    weal: contracts.wealToken as unknown as WealToken,
    timelock: contracts.timelock as unknown as TimelockController,
    governor: contracts.governor as unknown as WealGovernor,
    safetyTimelock: contracts.safetyTimelock as unknown as TimelockController,
    safetyGovernor: contracts.safetyGovernor as unknown as WealGovernor,
    usePolicy: contracts.usePolicy as unknown as UsePolicy,
    safetyBoard: contracts.safetyBoard as unknown as SafetyBoard,
    safetyLens: contracts.safetyLens as unknown as SafetyLens,
    stakeholding: contracts.stakeholding as unknown as Stakeholding,
    licenseStore: contracts.licenseStore as unknown as LicenseStore,
    usageChannels: contracts.usageChannels as unknown as UsageChannels,
    trainingRounds: contracts.trainingRounds as unknown as TrainingRounds,
    ballotRelay: contracts.ballotRelay as unknown as BallotRelay,
    genesisClaim: contracts.genesisClaim as unknown as GenesisClaim,
  };
}

export type TestProtocol = Awaited<ReturnType<typeof deployTestProtocol>>;
