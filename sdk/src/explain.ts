import { AbiCoder, dataSlice, toBigInt, toUtf8String, Utf8ErrorFuncs, ZeroAddress } from "ethers";
import { actionsOf, type Arguments, type ArgumentValue, type ReadyProposal } from "./actions.js";
import { type Context, firstBlockOf } from "./context.js";
import type { Contracts } from "./contracts.js";
import { type DecodedAction, decodeActions, everyCall, isToken } from "./decodedActions.js";
import { type Describer, explanations, quoted } from "./explanations.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import type { GovernorName } from "./governorNames.js";
import { type GovernorPair, governorOf } from "./governors.js";
import { readLogs } from "./logs.js";
import { type Warning, warningsOf } from "./warnings.js";
import { type CommonWords, wordsOf } from "./words.js";

/** A call of a proposal in words and as data. */
export interface ExplainedCall {
  target: string;
  /** Wei that go with it, from the timelock; of a call that a governor relays, from the governor. */
  value: bigint;
  /** The call, in hex. */
  data: string;
  /** The contract's name, as in `commonweal.contracts`; `ERC20` for other tokens, undefined if it is not known. */
  contract?: string;
  /** The function's name; undefined for a plain transfer, and for a function that is not known. */
  function?: string;
  /** By name, as plain data. */
  args: Arguments;
  /**
   * What the call does, in a sentence without a full stop. Texts of whoever proposed are in quotes, with characters that
   * cannot be seen escaped; symbols of tokens that are not listed stand before the address.
   */
  sentence: string;
  /** The calls that this one carries, such as those that a timelock is told to schedule. */
  calls: ExplainedCall[];
}

/** What a proposal would do, and what to look at twice. */
export interface Explanation {
  /** Undefined for actions that are not proposed. */
  proposalId?: bigint;
  /**
   * As it was proposed. Text that nobody has checked: whoever proposed may have written anything, with control characters
   * or markup too. Escape it before you show it, and believe the calls instead.
   */
  description?: string;
  calls: ExplainedCall[];
  warnings: Warning[];
}

/** Explains what a proposal would do. */
export async function explain(context: Context, name: GovernorName, proposal: ReadyProposal): Promise<Explanation> {
  const pair = governorOf(context, name);
  const decoded = await decodeActions(context, pair, await actionsOf(pair, proposal));
  const isMade = typeof proposal !== "object";
  const announcement = isMade ? await announcementOf(context, pair, BigInt(proposal)) : undefined;
  const currencies = new Set(await context.at(RoyaltyLedger).currencies());
  const words = await wordsOf(context, currencies, tokensIn(decoded));

  return {
    ...(isMade ? { proposalId: BigInt(proposal) } : {}),
    description: isMade ? announcement?.description : proposal.description,
    calls: decoded.map((action) => explainedCall(action, words)),
    warnings: await warningsOf(context, decoded, {
      currencies,
      sinceBlock: isMade ? (announcement?.block ?? "unknown") : undefined,
      words,
    }),
  };
}

/** Returns the tokens that are called or named. */
function tokensIn(actions: readonly DecodedAction[]): string[] {
  return everyCall(actions).flatMap(({ action }) => {
    const currency = action.currency ?? action.args.currency;

    return [...(isToken(action) ? [action.target] : []), ...(typeof currency === "string" ? [currency] : [])];
  });
}

/* THE PROPOSAL */

/** Finds the log of a proposal, for what the governor does not store; undefined if the node has no such log. */
async function announcementOf(
  context: Context,
  { governor }: GovernorPair,
  id: bigint,
): Promise<{ description: string; block: number } | undefined> {
  const event = governor.interface.getEvent("ProposalCreated");
  const logs = await readLogs(context.provider, {
    address: String(governor.target),
    topics: [event.topicHash],
    fromBlock: firstBlockOf(context, "WealGovernor"),
    toBlock: await context.provider.getBlockNumber(),
  });
  // The id comes first. Of the others nothing is decoded: any of them may be no text.
  const log = logs.find(({ data }) => toBigInt(dataSlice(data, 0, 32)) === id);
  if (log === undefined) return undefined;

  // The description is the last; bytes lie as a string does.
  const types = event.inputs.map(({ type }) => type.replace("string", "bytes"));
  const description = AbiCoder.defaultAbiCoder().decode(types, log.data)[types.length - 1];
  return { description: toUtf8String(description, Utf8ErrorFuncs.replace), block: log.blockNumber };
}

/* WORDS */

function explainedCall(action: DecodedAction, words: CommonWords): ExplainedCall {
  const { target, value, data, contract, function: name, args } = action;
  const calls = action.calls.map((call) => explainedCall(call, words));

  return { target, value, data, contract, function: name, args, sentence: sentenceOf(action, calls, words), calls };
}

function sentenceOf(action: DecodedAction, calls: readonly ExplainedCall[], words: CommonWords): string {
  const { target, value, data, contract, function: name, args } = action;
  if (data === "0x") return `Send ${words.amount(ZeroAddress, value)} to ${words.account(target)}`;

  const paid = value === 0n ? "" : `, with ${words.amount(ZeroAddress, value)}`;
  if (contract === undefined || name === undefined) {
    return `Make a call that is not known here to ${words.account(target)} (${data.slice(0, 10)})${paid}`;
  }
  const describers: Readonly<Record<string, Describer>> = explanations[contract as keyof Contracts | "ERC20"] ?? {};
  const describe = Object.hasOwn(describers, name) ? describers[name] : undefined;
  const caller = words.account(action.caller);
  const surroundings = { target, contract, caller, paidIn: action.currency, carried: carriedIn(action, calls) };
  const sentence = describe?.(args, { ...words, ...surroundings });

  return `${sentence ?? `${contract}.${name}(${listed(args)})`}${paid}`;
}

function carriedIn({ hidesCalls, args }: DecodedAction, calls: readonly ExplainedCall[]): string {
  if (!hidesCalls) return calls.map(({ sentence }) => `[${sentence}]`).join(", ") || "nothing";

  return args.proposalId === undefined ? "calls that are not shown here" : `the proposal ${args.proposalId}`;
}

function listed(args: Arguments): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${literal(value)}`)
    .join(", ");
}

/** Texts are quoted: they come from whoever proposed, and may look like something else. */
function literal(value: ArgumentValue): string {
  if (typeof value === "string") return /^0x[\da-f]*$/i.test(value) ? value : quoted(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;

  return typeof value === "object" ? `{ ${listed(value)} }` : String(value);
}
