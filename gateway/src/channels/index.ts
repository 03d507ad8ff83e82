import { setTimeout } from "node:timers/promises";
import { type Commonweal, type Currency, InvalidArgument, type ListedCurrency } from "@commonweal/sdk";
import type { SchemeNetworkFacilitator, SchemeNetworkServer } from "@x402/core/types";
import { getAddress, type Signer } from "ethers";
import { serially } from "../sender.js";
import { openBook } from "./book.js";
import type { ChannelsStatus, Observer } from "./observer.js";
import { recoverByLibrary } from "./recover.js";
import { redeemerOf } from "./redeemer.js";
import type { ChannelRefusal } from "./refusals.js";
import { schemeOf } from "./scheme.js";
import { serviceOf } from "./service.js";
import { voucherCheckOf } from "./signatures.js";
import type { ChannelStore } from "./store.js";
import { memoryStore } from "./stores/memory.js";
import { postgresStore } from "./stores/postgres.js";
import { sqliteStore } from "./stores/sqlite.js";
import { currencyOf, refusal } from "./verify.js";
import { watchChannels } from "./watcher.js";

/** When vouchers are redeemed. */
export interface RedeemOptions {
  /** As soon as this much is unredeemed, in units; by default only the other occasions count. */
  threshold?: bigint;
  /** Every so many seconds; 3,600 by default, and half of the shortest notice at most. */
  seconds?: number;
  /** Takes no vouchers while more than this is unredeemed, in units; no limit by default. */
  maxUnredeemed?: bigint;
  /** Also sends the host its parts, to this address; by default they wait in the contract. */
  payHostTo?: string;
  /** How often the chain is read for notices and deposits, in seconds; 5 by default. */
  pollSeconds?: number;
}

export interface ChannelsOptions {
  /** Connected as the account that sends transactions; usually the host. */
  commonweal: Commonweal;
  /** Whose use is paid for. */
  model: string;
  host: string;
  /** The host's part, in basis points: a channel must give at least this. */
  hostBps: number;
  currency: Currency;
  /** A channel's notice in seconds, at least: 1 day to 30; 1 day by default. */
  minNotice?: number;
  /** The smallest signed deposit that the gateway sends and pays the gas of, in units; 1 by default. */
  minDeposit?: bigint;
  /**
   * Takes vouchers that smart wallets sign (ERC-1271); not by default. Warning: a wallet can say yes to a question and no to
   * a redemption, and is then served for nothing until that comes. A wallet can always pay by a channel whose signer is a key.
   */
  walletSigners?: boolean;
  store: ChannelStore;
  redeem?: RedeemOptions;
  observer?: Observer;
}

/** Prepaid channels as a scheme of x402, for `x402ResourceServer` and `x402Facilitator`. */
export interface Channels {
  /** In CAIP-2, such as `eip155:8453`; both are registered for it. */
  readonly network: `eip155:${string}`;
  readonly server: SchemeNetworkServer;
  readonly facilitator: SchemeNetworkFacilitator;
  status(): ChannelsStatus;
  /** Redeems what is owed now. */
  redeem(): Promise<void>;
  /** Takes no more vouchers, waits for calls that are served, redeems, and closes the store. */
  stop(): Promise<void>;
}

export { ChannelRefusal, type ChannelRefusalCode } from "./refusals.js";
export { type ChannelRecord, type ChannelStore, StoreFailed, StoreInUse } from "./store.js";
export {
  CHANNEL_SCHEME,
  type ChannelPayload,
  type ChannelRequirementsExtra,
  type ChannelResponseExtra,
} from "./wire.js";
export type { ChannelsStatus, Observer };

const DAY = 86_400;
const HOUR = 3_600;
const POLL_SECONDS = 5;
const STOP_SECONDS = 30;

/**
 * Opens the store, reads where its channels stand on chain, and begins to watch and redeem.
 *
 * @throws {StoreInUse} when another gateway has the store open.
 * @throws {InvalidArgument} when the ledger does not list the currency.
 * @example
 * const channels = await createChannels({ commonweal, model, host, hostBps: 2_000, currency: usdc, store });
 * server.register(channels.network, channels.server);
 * facilitator.register(channels.network, channels.facilitator);
 */
export async function createChannels(options: ChannelsOptions): Promise<Channels> {
  const { commonweal, store, observer = {}, redeem = {}, hostBps, minNotice = DAY, minDeposit = 1n } = options;
  const { walletSigners = false } = options;
  const { usage, chainId, contracts } = commonweal;
  const [model, host] = [getAddress(options.model), getAddress(options.host)];
  const currency = await listedCurrency(commonweal, options.currency);
  const contract = await contracts.UsageChannels.getAddress();
  const place = { chainId, contract };
  const check = voucherCheckOf(place, recoverByLibrary);

  await store.open();
  const book = openBook(store, (channel) => usage.stateOf({ channel }));
  const sender = await senderOf(commonweal, host);
  // The same account settles payments by `exact`, and perhaps other models' channels.
  const inTurn = <T>(send: () => Promise<T>) => serially(sender, send);
  const { watcher, redeemer } = await begin().catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  let isStopping = false;

  async function begin() {
    // Also when a notice was missed.
    const longest = Math.max(minNotice, DAY) / 2;
    const redeemer = redeemerOf({
      ...{ usage, book, observer, inTurn, currency: currency.currency, host },
      ...{
        threshold: redeem.threshold,
        seconds: Math.min(redeem.seconds ?? HOUR, longest),
        payHostTo: redeem.payHostTo,
      },
    });
    try {
      // First, so that nothing is missed between reading the channels and watching them.
      const watcher = await watchChannels({
        ...{ channels: contracts.UsageChannels, book, observer, seconds: redeem.pollSeconds ?? POLL_SECONDS },
        onNotice: () => redeemer.soon(),
      });
      await book.restore(place);
      // Who gave notice while the gateway was away may be able to withdraw soon.
      if (book.all().some(({ withdrawableFrom }) => withdrawableFrom !== undefined)) redeemer.soon();

      return { watcher, redeemer };
    } catch (error) {
      redeemer.stop();
      throw error;
    }
  }

  /** A chain that cannot be read hides notices: vouchers stay good for half of the shortest one. */
  function closedFor(): ChannelRefusal | undefined {
    if (isStopping) return refusal("stopping", "the gateway is stopping; try again when it is back");
    if (watcher.age() > minNotice / 2) {
      return refusal("node_unavailable", "the gateway cannot reach its chain; try again in a while");
    }
    // What a wallet does not stand by is lost: it must not keep others out.
    const behind = book.unredeemed() - redeemer.passedOver();
    if (redeem.maxUnredeemed !== undefined && behind > redeem.maxUnredeemed) {
      return refusal("redemption_behind", "the gateway has to redeem first what it is owed; try again in a while");
    }

    return undefined;
  }

  const service = serviceOf({
    ...{ usage, place, minDeposit, walletSigners, book, inTurn, closedFor, check },
    hasPassedOver: redeemer.hasPassedOver,
    terms: { model, host, hostBps, currency: currency.currency, minNotice },
    observer: {
      ...observer,
      charged(call) {
        observer.charged?.(call);
        redeemer.charged();
      },
    },
  });
  const network = `eip155:${chainId}` as const;

  return {
    network,
    ...schemeOf({
      ...{ network, service, observer, currency, known: book.known },
      extra: { usageChannels: contract, model, hostBps, minNotice, minDeposit: String(minDeposit) },
      sender,
    }),
    status: () => ({
      channels: book.size(),
      taken: book.taken(),
      unredeemed: book.unredeemed(),
      chainAge: watcher.age(),
      taking: closedFor() === undefined,
    }),
    redeem: () => redeemer.now(),

    async stop() {
      if (isStopping) return;
      isStopping = true;
      watcher.stop();
      redeemer.stop();
      for (let waited = 0; book.taken() > 0 && waited < STOP_SECONDS * 20; waited++) await setTimeout(50);
      try {
        await redeemer.now();
      } catch (error) {
        // The vouchers are stored: the next start redeems them.
        observer.failed?.("redeem", error);
      } finally {
        await store.close();
      }
    },
  };
}

/** Opens a store by what names it: a file's path for SQLite, `postgres://…`, or `memory:`. */
export function storeAt(place: string): ChannelStore {
  if (place === "memory:") return memoryStore();

  return /^postgres(ql)?:\/\//.test(place) ? postgresStore(place) : sqliteStore(place);
}

async function listedCurrency({ royalties }: Commonweal, asked: Currency): Promise<ListedCurrency> {
  const currencies = await royalties.currencies();
  const listed = currencies.find(({ currency }) => currency === currencyOf(asked));
  if (listed !== undefined) return listed;

  throw new InvalidArgument(
    "currency",
    asked,
    `one that the ledger lists: ${currencies.map(({ currency }) => currency)}`,
  );
}

/** Who sends transactions; a provider that cannot is found out when it has to. */
async function senderOf({ contracts }: Commonweal, host: string): Promise<string> {
  const { runner } = contracts.UsageChannels;

  return runner !== null && "getAddress" in runner ? (runner as Signer).getAddress() : host;
}
