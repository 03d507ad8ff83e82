import { ContractFactory, Signature, solidityPacked, type TypedDataDomain } from "ethers";
import hre from "hardhat";
import { gasOf } from "../test/helpers/models.js";
import type { TimelockController, WealGovernor, WealToken } from "../types/ethers-contracts/index.js";
import type { Measure } from "./measures.js";
import { compilePeers, type Deployable } from "./peers/deployables.js";
import { ODD_AMOUNT, type Scenario } from "./scenario.js";

/** An operation of ours beside the same operation of OpenZeppelin's contracts. */
export interface Comparison {
  operation: string;
  ours: bigint;
  openZeppelin: bigint;
}

/** A token, the governor that counts its votes, and the timelock that carries out what was decided. */
interface Parliament {
  token: WealToken;
  governor: WealGovernor;
  timelock: TimelockController;
}

type Voter = Scenario["alice"];

/** How much dearer ours may be, in percent. */
const TOLERANCE_PERCENT = 5n;

const FOR = 1;
const FRACTIONAL = 255;
const WEAL = 10n ** 18n;
const NEVER = 2n ** 48n - 1n;

const DELEGATION = {
  Delegation: [
    { name: "delegatee", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "expiry", type: "uint256" },
  ],
};
const BALLOT = {
  Ballot: [
    { name: "proposalId", type: "uint256" },
    { name: "support", type: "uint8" },
    { name: "voter", type: "address" },
    { name: "nonce", type: "uint256" },
  ],
};

/**
 * Delegation, and a proposal's way through the governor, with the protocol's contracts and then with the extensions of
 * OpenZeppelin that they are made of, unmodified, with the same settings. The proposals, and so all calldata but
 * signatures, are the same bytes in both.
 */
export async function measureGovernance(scenario: Scenario): Promise<Comparison[]> {
  const ours = await measureParliament(scenario, {
    token: scenario.weal,
    governor: scenario.governor,
    timelock: scenario.timelock,
  });
  const peers = await measureParliament(scenario, await deployPeer(scenario));

  return ours.map(({ operation, gas }, i) => ({ operation, ours: gas, openZeppelin: peers[i].gas }));
}

/** Returns a sentence for each operation of ours that is more than 5 % dearer than its peer. */
export function dearerThanPeers(comparisons: Comparison[]): string[] {
  return comparisons
    .filter(({ ours, openZeppelin }) => ours * 100n > openZeppelin * (100n + TOLERANCE_PERCENT))
    .map(
      ({ operation, ours, openZeppelin }) =>
        `${operation}: ${ours} gas, more than ${TOLERANCE_PERCENT} % above the ${openZeppelin} of OpenZeppelin's`,
    );
}

async function measureParliament(scenario: Scenario, parliament: Parliament): Promise<Measure[]> {
  const { token } = parliament;
  const [deployer, ...voters] = scenario.signers.slice(0, 4);
  for (const voter of voters) await token.connect(deployer).transfer(voter.address, 1_000_000n * WEAL);

  return [...(await measureDelegations(scenario, parliament)), ...(await measureProposal(scenario, parliament))];
}

/** "First" by who never delegated, "later" by who did. In the end everybody's votes are their own. */
async function measureDelegations({ signers, payer }: Scenario, { token }: Parliament): Promise<Measure[]> {
  const [whale, second, third, fourth] = signers;
  const delegate = (from: Voter, to: Voter) => gasOf(token.connect(from).delegate(to.address));
  const delegateBySig = async (voter: Voter) => {
    const delegation = { delegatee: voter.address, nonce: 0n, expiry: NEVER };
    const { v, r, s } = Signature.from(await voter.signTypedData(await domainOf(token), DELEGATION, delegation));
    const send = token.connect(payer).getFunction("delegateBySig(address,uint256,uint256,uint8,bytes32,bytes32)").send;

    return gasOf(send(voter.address, delegation.nonce, delegation.expiry, v, r, s));
  };

  await delegate(whale, whale);
  await delegate(third, third);
  const first = await delegate(second, second);
  const later = await delegate(second, third);
  await delegate(second, second);

  return [
    { operation: "delegate, first", gas: first },
    { operation: "delegate, later", gas: later },
    { operation: "delegateBySig, first", gas: await delegateBySig(fourth) },
  ];
}

/** A grant in a token, to somebody who has some. The first vote reaches the quorum. */
async function measureProposal(scenario: Scenario, { governor, timelock }: Parliament): Promise<Measure[]> {
  const { connection, signers, payer, plain, alice } = scenario;
  const [whale, second, third] = signers;
  const { time } = connection.networkHelpers;
  const domain = await domainOf(governor);
  // More than is paid, since an emptied balance would earn a refund.
  await plain.mint(timelock.target, 2n * ODD_AMOUNT);
  const grant = plain.interface.encodeFunctionData("transfer", [alice.address, ODD_AMOUNT]);
  const propose = async (description: string) => {
    const gas = await gasOf(governor.connect(whale).propose([plain.target], [0n], [grant], description));
    const [proposalId] = await governor.proposalDetailsAt((await governor.proposalCount()) - 1n);

    return { gas, proposalId };
  };
  const castVoteBySig = async (proposalId: bigint, voter: Voter) => {
    // A voter has nonces of its own for each proposal: the low bits of the id, and a count below them.
    const ballot = { proposalId, support: FOR, voter: voter.address, nonce: BigInt.asUintN(192, proposalId) << 64n };
    const signature = await voter.signTypedData(domain, BALLOT, ballot);

    return gasOf(governor.connect(payer).castVoteBySig(proposalId, FOR, voter.address, signature));
  };
  const castFractions = (proposalId: bigint, voter: Voter) => {
    const params = solidityPacked(["uint128", "uint128", "uint128"], [200_000n * WEAL, 300_000n * WEAL, 7n * WEAL]);

    return gasOf(
      governor.connect(voter).castVoteWithReasonAndParams(proposalId, FRACTIONAL, "On behalf of three", params),
    );
  };

  const { proposalId: other } = await propose("Pay a grant, voted by signature");
  const { proposalId, gas: proposed } = await propose("Pay a grant");
  await time.increase((await governor.votingDelay()) + 1n);
  const votes = [
    { operation: "castVote, first", gas: await gasOf(governor.connect(whale).castVote(proposalId, FOR)) },
    { operation: "castVote, later", gas: await gasOf(governor.connect(second).castVote(proposalId, FOR)) },
    { operation: "castVote in fractions, later", gas: await castFractions(proposalId, third) },
    { operation: "castVoteBySig, first", gas: await castVoteBySig(other, whale) },
    { operation: "castVoteBySig, later", gas: await castVoteBySig(other, second) },
  ];
  await time.increase((await governor.votingPeriod()) + 1n);
  const queued = await gasOf(governor["queue(uint256)"](proposalId));
  await time.increase((await timelock.getMinDelay()) + 1n);

  return [
    { operation: "propose", gas: proposed },
    ...votes,
    { operation: "queue", gas: queued },
    { operation: "execute", gas: await gasOf(governor["execute(uint256)"](proposalId)) },
  ];
}

/** Deploys the peer: a token with the same supply, held alike, and the settings of the protocol's governor. */
async function deployPeer({ weal, governor, timelock, signers: [deployer] }: Scenario): Promise<Parliament> {
  const [tokenCode, governorCode] = compilePeers("OpenZeppelinToken", "OpenZeppelinGovernor");
  const deploy = async <T>({ abi, bytecode }: Deployable, ...args: unknown[]) => {
    const contract = await new ContractFactory(abi, bytecode, deployer).deploy(...args);

    return (await contract.waitForDeployment()) as unknown as T;
  };

  const token = await deploy<WealToken>(tokenCode, await weal.totalSupply());
  const peerTimelock = await deploy<TimelockController>(
    await hre.artifacts.readArtifact("TimelockController"),
    await timelock.getMinDelay(),
    [],
    [],
    deployer.address,
  );
  const peerGovernor = await deploy<WealGovernor>(
    governorCode,
    await governor.name(),
    token.target,
    peerTimelock.target,
    await governor.proposalGuardian(),
    {
      votingDelay: await governor.votingDelay(),
      votingPeriod: await governor.votingPeriod(),
      lateQuorumExtension: await governor.lateQuorumVoteExtension(),
      proposalThreshold: await governor.proposalThreshold(),
      quorumPercent: await governor["quorumNumerator()"](),
    },
  );
  for (const role of await Promise.all([peerTimelock.PROPOSER_ROLE(), peerTimelock.EXECUTOR_ROLE()])) {
    await peerTimelock.grantRole(role, peerGovernor.target);
  }
  await peerTimelock.renounceRole(await peerTimelock.DEFAULT_ADMIN_ROLE(), deployer.address);

  return { token, governor: peerGovernor, timelock: peerTimelock };
}

async function domainOf(contract: WealToken | WealGovernor): Promise<TypedDataDomain> {
  const { name, version, chainId, verifyingContract } = await contract.eip712Domain();

  return { name, version, chainId, verifyingContract };
}
