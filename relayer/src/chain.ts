import { CommonwealError, type Contracts } from "@commonweal/sdk";
import { ballotRelayAbi, wealGovernorAbi } from "@commonweal/sdk/abi";
import { Contract, dataLength, dataSlice, FetchRequest, Interface, isError, JsonRpcProvider, Wallet } from "ethers";
import { isPlain, type Posted } from "./ballots.js";
import type { Config } from "./config.js";
import { Refusal, SEND_IT_YOURSELF } from "./refusals.js";

export type Governor = Contracts["WealGovernor"];

/** Of the contract that casts the batches. */
export const relayInterface = new Interface(ballotRelayAbi);

/** The chain as the relayer sees it. */
export interface Chain {
  readonly chainId: bigint;
  readonly provider: JsonRpcProvider;
  readonly wallet: Wallet;
  readonly relay: string;
  governorAt(address: string): Governor;
}

/** A vote's place in time; times in seconds, by the chain. */
export interface Voting {
  state: "pending" | "active" | "closed";
  now: number;
  deadline: number;
  block: number;
}

/** The relayer cannot begin with what it was given. */
export class ChainUnsuitable extends CommonwealError {}

/** Milliseconds after which a node that has not answered is taken to be gone. */
const NODE_TIMEOUT = 10_000;

const TOO_MANY_REQUESTS = 429;

/** As OpenZeppelin's Governor numbers its states. */
const PENDING = 0n;
const ACTIVE = 1n;

/** Where the weight stands in the data of a vote's event: after the proposal and the support. */
const WEIGHT_SLOT = [64, 96] as const;

/**
 * Connects to the node, and looks whether the contracts are there.
 *
 * @throws {ChainUnsuitable} when the node does not answer, or one of the contracts is not there.
 */
export async function openChain({ rpc, key, relay, governors }: Config): Promise<Chain> {
  const provider = providerAt(rpc, await chainIdAt(rpc));
  for (const address of [relay, ...governors]) {
    if ((await provider.getCode(address)) === "0x") {
      provider.destroy();
      throw new ChainUnsuitable(`There is no contract at ${address}: check the address, and which chain ${rpc} is of.`);
    }
  }
  const contracts = new Map(
    governors.map((address) => [address, new Contract(address, wealGovernorAbi, provider) as unknown as Governor]),
  );

  return {
    chainId: (await provider.getNetwork()).chainId,
    provider,
    wallet: new Wallet(key, provider),
    relay,
    // Ballots for others are refused when they are read.
    governorAt: (address) => contracts.get(address) as Governor,
  };
}

/** A provider that waits for a node that is gone would keep clients waiting too: the chain's id is asked for once. */
function providerAt(rpc: string, chainId: bigint | undefined): JsonRpcProvider {
  const request = new FetchRequest(rpc);
  request.timeout = NODE_TIMEOUT;

  return new JsonRpcProvider(request, chainId, { cacheTimeout: -1, staticNetwork: chainId !== undefined });
}

async function chainIdAt(rpc: string): Promise<bigint> {
  const request = new FetchRequest(rpc);
  request.timeout = NODE_TIMEOUT;
  request.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
  try {
    return BigInt((await request.send()).bodyJson.result);
  } catch (error) {
    throw new ChainUnsuitable(`The node at ${rpc} does not answer; check --rpc.`, { cause: error });
  }
}

/* VOTES */

/**
 * Returns where a proposal's vote stands.
 *
 * @throws {Refusal} when there is no such proposal.
 */
export async function votingOf(chain: Chain, governorAddress: string, proposalId: string): Promise<Voting> {
  const governor = chain.governorAt(governorAddress);
  try {
    const [state, deadline, block] = await Promise.all([
      governor.state(proposalId),
      governor.proposalDeadline(proposalId),
      chain.provider.getBlock("latest"),
    ]);

    return {
      state: state === PENDING ? "pending" : state === ACTIVE ? "active" : "closed",
      now: Number(block?.timestamp),
      deadline: Number(deadline),
      block: Number(block?.number),
    };
  } catch (error) {
    throw refusalOf(chain, governorAddress, error);
  }
}

/**
 * Casts a ballot in a call that changes nothing, with the gas that it may take, and returns the votes that it casts.
 *
 * @throws {Refusal} with what the governor says against it, unless that is only that the vote has not begun.
 */
export async function simulate(chain: Chain, posted: Posted, ballotGas: bigint): Promise<bigint | "pending"> {
  try {
    return BigInt(await chain.provider.call(callOf(chain, posted, ballotGas)));
  } catch (error) {
    const reason = errorOf(chain, posted.governor, error);
    // It looks at the signature first.
    if (reason?.name === "GovernorUnexpectedProposalState" && reason.args[1] === PENDING) return "pending";

    throw refusalOf(chain, posted.governor, error);
  }
}

/**
 * Returns the gas that a ballot takes in a transaction of its own.
 *
 * @throws {Refusal} when it is more than it may take.
 */
export async function gasOf(chain: Chain, posted: Posted, ballotGas: bigint): Promise<bigint> {
  try {
    return await chain.provider.estimateGas(callOf(chain, posted, ballotGas));
  } catch (error) {
    throw refusalOf(chain, posted.governor, error);
  }
}

/** Returns the votes that a voter has now, before a vote has begun. */
export async function votesOf(chain: Chain, { governor, ballot }: Posted, now: number): Promise<bigint> {
  try {
    return await chain.governorAt(governor).getVotes(ballot.voter, now - 1);
  } catch (error) {
    throw refusalOf(chain, governor, error);
  }
}

/**
 * Returns the transaction in which somebody has cast a ballot, in or after a block; undefined also when the node does
 * not look so far back.
 */
export async function castOf(chain: Chain, posted: Posted, fromBlock: number): Promise<string | undefined> {
  const { governor, ballot } = posted;
  const { proposalId, support, voter, reason, params } = ballot;
  const { interface: coder } = chain.governorAt(governor);
  const withParams = params !== "0x";
  const event = coder.getEvent(withParams ? "VoteCastWithParams" : "VoteCast");
  const topics = coder.encodeFilterTopics(event, [voter]);
  const logs = await chain.provider.getLogs({ address: governor, topics, fromBlock }).catch((error: unknown) => {
    if (isNo(error)) return [];
    throw error;
  });

  return logs.find(({ data }) => {
    const values = [voter, proposalId, support, dataSlice(data, ...WEIGHT_SLOT), reason];
    // Nothing is decoded: a voter can give a reason that is no text.
    return coder.encodeEventLog(event, withParams ? [...values, params] : values).data === data;
  })?.transactionHash;
}

function callOf({ governorAt, wallet }: Chain, { governor, ballot }: Posted, gasLimit: bigint) {
  const { interface: coder } = governorAt(governor);
  const { proposalId, support, voter, reason, params, signature } = ballot;
  const data = isPlain(ballot)
    ? coder.encodeFunctionData("castVoteBySig", [proposalId, support, voter, signature])
    : coder.encodeFunctionData("castVoteWithReasonAndParamsBySig", [
        ...([proposalId, support, voter, reason, params, signature] as const),
      ]);

  return { from: wallet.address, to: governor, data, gasLimit };
}

/* FAILURES */

/** Whether a node has said that it does not do this, rather than nothing or that it is busy. */
function isNo(error: unknown): boolean {
  if (isError(error, "UNKNOWN_ERROR") || isError(error, "UNSUPPORTED_OPERATION")) return true;
  const statusCode = isError(error, "SERVER_ERROR") ? Number(error.response?.statusCode) : Number.NaN;

  return statusCode >= 400 && statusCode < 500 && statusCode !== TOO_MANY_REQUESTS;
}

/** Returns the custom error that a governor's call failed with. */
function errorOf({ governorAt }: Chain, governor: string, error: unknown) {
  if (!isError(error, "CALL_EXCEPTION") || error.data === null) return undefined;

  return governorAt(governor).interface.parseError(error.data) ?? undefined;
}

/** Returns why a call to a governor failed. */
function refusalOf(chain: Chain, governor: string, error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const options = { cause: error };
  const reason = errorOf(chain, governor, error);
  if (reason !== undefined) return refusalFor(reason.name, reason.args.toArray(), options);

  const said = JSON.stringify(isError(error, "CALL_EXCEPTION") ? error.info?.error : undefined) ?? "";
  if (isError(error, "CALL_EXCEPTION") && (error.data !== null || /gas|revert/i.test(said))) {
    return new Refusal(
      "too_much_gas",
      `The ballot takes more gas than this relayer gives, or the voter's wallet fails: ${SEND_IT_YOURSELF}.`,
      undefined,
      options,
    );
  }

  return new Refusal(
    "node_unavailable",
    `The relayer's node does not answer; try again, or ${SEND_IT_YOURSELF}.`,
    10,
    options,
  );
}

/** Returns what an error of a governor means for whoever sent a ballot. */
export function refusalFor(name: string, args: readonly unknown[], options?: ErrorOptions): Refusal {
  const messages: Record<string, string> = {
    GovernorInvalidSignature:
      "The signature is not the voter's for this ballot, or served before: sign the vote again by governance.signVote.",
    GovernorAlreadyCastVote:
      "The voter has no votes left for this proposal: it has voted, or no WEAL was delegated to it when the vote began.",
    GovernorExceedRemainingWeight: `The parts are more than the voter's votes, of which ${args[2]} units are left: sign for less.`,
    GovernorNonexistentProposal: "There is no such proposal: check proposalId and governor.",
    GovernorUnexpectedProposalState: "The proposal is not open for votes: look at governance.state({ proposalId }).",
  };

  return new Refusal(
    name === "GovernorUnexpectedProposalState" ? "vote_closed" : "refused_by_governor",
    `${name}: ${messages[name] ?? `The governor refuses the ballot (${args.join(", ")}); check what it says.`}`,
    undefined,
    options,
  );
}

/** Returns what a batch's event says against a ballot. */
export function refusalIn(chain: Chain, governor: string, reason: string): Refusal {
  // Whose gas runs out has no reason, and ethers parses none that is shorter than a selector.
  const error = dataLength(reason) < 4 ? null : chain.governorAt(governor).interface.parseError(reason);
  if (error !== null) return refusalFor(error.name, error.args.toArray());

  return new Refusal("too_much_gas", `The ballot took more gas than this relayer gives: ${SEND_IT_YOURSELF}.`);
}
