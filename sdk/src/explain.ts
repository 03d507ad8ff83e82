import { MaxUint256, ZeroAddress } from "ethers";
import {
  actionsOf,
  type Arguments,
  type ArgumentValue,
  type DecodedAction,
  decodeAction,
  isToken,
  type ProposalLike,
} from "./actions.js";
import { formatAmount } from "./amounts.js";
import { type Context, type Contracts, firstBlockOf } from "./context.js";
import { currenciesOf } from "./currencies.js";
import { type Describer, explanations, type Words } from "./explanations.js";
import type { GovernorPair } from "./governors.js";
import { readLogs } from "./logs.js";
import { type Warning, warningsOf } from "./warnings.js";

/** A call of a proposal in words and as data. */
export interface ExplainedCall {
  target: string;
  /** Wei that go with it, from the treasury. */
  value: bigint;
  /** The call, in hex. */
  data: string;
  /** The contract's name, as in `commonweal.contracts`; `ERC20` for other tokens, undefined if it is not known. */
  contract?: string;
  /** The function's name; undefined for a plain transfer, and for a function that is not known. */
  function?: string;
  /** By name, as plain data. */
  args: Arguments;
  /** What the call does, in a sentence without a full stop. */
  sentence: string;
}

/** What a proposal would do, and what to look at twice. */
export interface Explanation {
  /** Undefined for actions that are not proposed. */
  proposalId?: bigint;
  description?: string;
  calls: ExplainedCall[];
  warnings: Warning[];
}

interface TokenInfo {
  symbol: string;
  decimals: number;
  isListed: boolean;
}

const MAX_SYMBOL = 32;

/** Explains what a proposal would do. */
export async function explain(context: Context, pair: GovernorPair, proposal: ProposalLike): Promise<Explanation> {
  const decoded = (await actionsOf(pair, proposal)).map((action) => decodeAction(context, action));
  const isMade = typeof proposal !== "object";
  const announcement = isMade ? await announcementOf(context, pair, BigInt(proposal)) : undefined;
  const treasury = String(pair.timelock.target);
  const currencies = new Set(await context.contracts.RoyaltyLedger.currencies());
  const tokens = await tokensOf(context, decoded, currencies);
  const words = wordsOf(context, tokens);

  return {
    ...(isMade ? { proposalId: BigInt(proposal) } : {}),
    description: isMade ? announcement?.description : proposal.description,
    calls: decoded.map((action) => explainedCall(action, words)),
    warnings: await warningsOf(context, decoded, {
      treasury,
      currencies,
      sinceBlock: isMade ? (announcement?.block ?? "unknown") : undefined,
      amount: words.amount,
    }),
  };
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
  for (const { data, topics, blockNumber } of logs) {
    const { proposalId, description } = governor.interface.decodeEventLog(event, data, topics);
    if (proposalId === id) return { description, block: blockNumber };
  }

  return undefined;
}

/* WORDS */

function explainedCall(action: DecodedAction, words: Omit<Words, "target" | "contract">): ExplainedCall {
  const { target, value, data, contract, function: name, args } = action;
  const sentence = sentenceOf(action, { ...words, target, contract: contract ?? "" });

  return { target, value, data, contract, function: name, args, sentence };
}

function sentenceOf({ target, value, data, contract, function: name, args }: DecodedAction, words: Words): string {
  if (data === "0x") return `Send ${words.amount(ZeroAddress, value)} to ${words.account(target)}`;

  const paid = value === 0n ? "" : `, with ${words.amount(ZeroAddress, value)}`;
  if (contract === undefined || name === undefined) {
    return `Make a call that is not known here to ${words.account(target)} (${data.slice(0, 10)})${paid}`;
  }
  const describers: Readonly<Record<string, Describer>> = explanations[contract as keyof Contracts | "ERC20"] ?? {};
  const describe = Object.hasOwn(describers, name) ? describers[name] : undefined;

  return `${describe?.(args, words) ?? `${contract}.${name}(${listed(args)})`}${paid}`;
}

function listed(args: Arguments): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${literal(value)}`)
    .join(", ");
}

/** Texts are quoted: they come from whoever proposed, and may look like something else. */
function literal(value: ArgumentValue): string {
  if (typeof value === "string") return /^0x[\da-f]*$/i.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;

  return typeof value === "object" ? `{ ${listed(value)} }` : String(value);
}

function wordsOf({ contracts }: Context, tokens: ReadonlyMap<string, TokenInfo>): Omit<Words, "target" | "contract"> {
  const names = new Map<string, string>(Object.entries(contracts).map(([name, { target }]) => [String(target), name]));
  names.set(String(contracts.TimelockController.target), "the treasury");
  const currency = (address: ArgumentValue) => {
    const token = tokens.get(String(address));
    if (token === undefined) return String(address);

    return token.isListed ? token.symbol : `${token.symbol} (${address})`;
  };

  return {
    account: (address) => names.get(String(address)) ?? String(address),
    currency,
    decimals: (address) => tokens.get(String(address))?.decimals,
    amount(address, units) {
      const token = tokens.get(String(address));
      if (units === MaxUint256) return `any amount of ${currency(address)}`;
      if (token === undefined) return `${units} units of ${address}`;

      return `${formatAmount(BigInt(String(units)), token.decimals)} ${currency(address)}`;
    },
  };
}

/** What the listed currencies, WEAL, and the tokens that are called or named say of themselves. */
async function tokensOf(
  context: Context,
  actions: readonly DecodedAction[],
  currencies: ReadonlySet<string>,
): Promise<Map<string, TokenInfo>> {
  const { describeCurrency } = currenciesOf(context);
  const known = new Set([ZeroAddress, String(context.contracts.WealToken.target), ...currencies]);
  const called = actions.filter(isToken).map(({ target }) => target);
  const named = actions.flatMap(({ args: { currency } }) => (typeof currency === "string" ? [currency] : []));
  const entries = await Promise.all(
    [...new Set([...known, ...called, ...named])].map(async (address) => {
      // Any contract may be called like a token, and need not answer like one.
      const info = await describeCurrency(address).catch(() => undefined);
      if (info === undefined) return [];

      // A name that anyone may have chosen should not look like something else.
      const symbol = info.symbol.replace(/[^ -~]/g, "?").slice(0, MAX_SYMBOL);
      return [[address, { symbol, decimals: info.decimals, isListed: known.has(address) }] as const];
    }),
  );

  return new Map(entries.flat());
}
