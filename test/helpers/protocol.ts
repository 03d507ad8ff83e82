import { id, Wallet } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import type { Parameters } from "../../scripts/plan.js";
import { deployProtocol } from "../../scripts/protocol.js";
import type {
  ModelRegistry,
  RoyaltyLedger,
  RoyaltyLens,
  SourceRegistry,
  TestToken,
  TimelockController,
  WealGovernor,
  WealToken,
} from "../../types/ethers-contracts/index.js";

export const DAY = 86_400;

/** Who attests whose source is whose in tests, ascending by address; they sign and send nothing. */
export const VERIFIERS = ["first", "second", "third"]
  .map((name) => new Wallet(id(`verifier ${name}`)))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));

/** The protocol as the tests know it: short times, a fee of 1 %, all WEAL with the deployer and the treasury. */
export function testParameters(deployer: string, currencies: string[] = []): Parameters {
  return {
    protocolFeeBps: 100,
    currencies,
    timelockDelay: 2 * DAY,
    guardian: "0x0000000000000000000000000000000000000000",
    governor: {
      votingDelay: DAY,
      votingPeriod: 7 * DAY,
      lateQuorumExtension: 2 * DAY,
      proposalThreshold: "100000",
      quorumPercent: 4,
    },
    sources: { threshold: 2, verifiers: VERIFIERS.map(({ address }) => address) },
    genesis: [
      { account: "timelock", weal: "400000000" },
      { account: deployer, weal: "600000000" },
    ],
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
  const { plan, contracts } = await deployProtocol(connection, hre.artifacts, parameters);

  return {
    signers,
    parameters,
    plan,
    usdc: usdc as unknown as TestToken,
    ledger: contracts.ledger as unknown as RoyaltyLedger,
    lens: contracts.lens as unknown as RoyaltyLens,
    registry: contracts.registry as unknown as ModelRegistry,
    sources: contracts.sources as unknown as SourceRegistry,
    weal: contracts.wealToken as unknown as WealToken,
    timelock: contracts.timelock as unknown as TimelockController,
    governor: contracts.governor as unknown as WealGovernor,
  };
}

export type TestProtocol = Awaited<ReturnType<typeof deployTestProtocol>>;
