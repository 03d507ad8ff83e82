import type { Address } from "./brands.js";
import { hexlify, randomBytes } from "ethers";
import type { Amount } from "./amounts.js";
import { addressOf, bytes32Of } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import {
  type Channel,
  channelIdOf,
  channelOf,
  type ChannelOptions,
  type ChannelState,
  depositNonceOf,
  isSignedByKey,
  type OpenChannel,
  type SignedDeposit,
  solidityChannel,
  type Voucher,
  voucherTypedData,
  wholeUnits,
} from "./channels.js";
import { type Context, firstBlockOf } from "./context.js";
import { type Currency, currenciesOf, currencyAddress, currencyOf } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { isRevert, withTypedErrors } from "./failures.js";
import { UsageChannels } from "./generated/fragments/UsageChannels.js";
import { readLogs } from "./logs.js";
import { MAX_TRANSACTION_GAS } from "./limits.js";
import { batchesOf, gasOf, type RedeemedVoucher, type Redemption, redemptionOf, WALLET_GAS } from "./redemptions.js";
import { tokenOf, tokenSignaturesOf } from "./tokenSignatures.js";
import { known, sendCall, type Transaction, type Write, writeOf } from "./writes.js";

/** Prepaid balances for many small calls of a model. */
export interface Usage {
  /**
   * Opens a channel with a deposit. An ERC-20 is approved first if its allowance is too small.
   *
   * @param options.approve False: do not approve an ERC-20 first, it was done elsewhere.
   * @throws {ContractError} such as `ChannelHostPartTooHigh`, `ChannelNoticeInvalid`, `ChannelModelNotOpened`.
   * @example
   * const { channel } = await usage.open({ model, host, hostBps: 2_000, currency: usdc, amount: "10", notice: 86_400 });
   */
  readonly open: Write<ChannelOptions & { approve?: boolean }, OpenChannel & { amount: bigint }>;

  /**
   * As {@link open}, in an ERC-20 with one transaction: the signer signs a permit (ERC-2612) instead of an approval.
   *
   * @param options.deadline The last second at which the permit serves, in Unix time; in 30 minutes by default.
   * @throws {SignatureUnsupported} when the token takes no permits.
   * @example
   * await usage.openWithPermit({ model, host, hostBps: 2_000, currency: usdc, amount: "10", notice: 86_400 });
   */
  readonly openWithPermit: Write<ChannelOptions & { deadline?: number }, OpenChannel & { amount: bigint }>;

  /**
   * Deposits more, for any payer. Warning: vouchers above what was redeemed count, also those from before a withdrawal.
   *
   * @example
   * await usage.topUp({ channel, amount: "10" });
   */
  readonly topUp: Write<{ channel: Channel; amount: Amount; approve?: boolean }, { amount: bigint }>;

  /**
   * Signs a deposit in an ERC-20 (ERC-3009) that anyone can send by {@link depositSigned}; no transaction.
   *
   * @param options.channel The terms: of a channel that is open, or of a new one.
   * @param options.validBefore It serves before this time, in Unix time; for an hour by default.
   * @throws {SignatureUnsupported} when the token takes no authorizations.
   * @example
   * const signed = await usage.signDeposit({ channel, amount: "10" });
   */
  signDeposit(options: {
    channel: Channel;
    amount: Amount;
    validAfter?: number;
    validBefore?: number;
    salt?: string;
  }): Promise<SignedDeposit>;

  /**
   * Sends a deposit that somebody signed, and pays the gas.
   *
   * @throws {ContractError} as {@link open}, and what the token says of the signature.
   * @example
   * await usage.depositSigned(signed);
   */
  readonly depositSigned: Write<SignedDeposit, { channelId: string; amount: bigint }>;

  /**
   * Signs what is owed since the channel began, as its signer; no transaction. Only the newest counts.
   *
   * @param options.amount Of all calls together. A bigint asks nothing of the chain.
   * @param options.calls All calls together.
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const voucher = await usage.signVoucher({ channel, amount: 1_500n, calls: 3 });
   */
  signVoucher(options: { channel: Channel; amount: Amount; calls: number }): Promise<Voucher>;

  /**
   * Returns whether the channel's signer signed a voucher: by its key without asking the chain, or else by asking its wallet
   * (ERC-1271). Whether the deposit covers it is in {@link stateOf}.
   *
   * @throws {InvalidArgument} when a field cannot be one of a voucher, such as an amount with a fraction.
   * @example
   * if (!(await usage.verifyVoucher(voucher))) refuse();
   */
  verifyVoucher(voucher: Voucher): Promise<boolean>;

  /**
   * Redeems vouchers, the newest of each channel, in as few transactions as gas allows, each in one currency. Those that are
   * worth nothing are passed over.
   *
   * @param options.maxGas The most gas for a transaction; 2²⁴ by default.
   * @throws {InvalidArgument} when a voucher says something else than it signs.
   * @example
   * const { redeemed } = await usage.redeem({ vouchers });
   */
  redeem(options: {
    vouchers: readonly Voucher[];
    maxGas?: bigint;
  }): Promise<{ transactions: Transaction[]; redeemed: RedeemedVoucher[] }>;

  /**
   * Gives notice, as the payer.
   *
   * @returns `withdrawableFrom`, from when {@link withdraw} can be called, in Unix time.
   * @throws {ContractError} such as `NoticeAlreadyGiven`, `NotChannelPayer`.
   * @example
   * const { withdrawableFrom } = await usage.giveNotice({ channel });
   */
  readonly giveNotice: Write<{ channel: Channel }, { withdrawableFrom: number }, object>;

  /**
   * Takes a notice back, as the payer, whether it has passed or not: hosts can take vouchers again.
   *
   * @throws {ContractError} such as `NoticeMissing`, `NotChannelPayer`.
   * @example
   * await usage.cancelNotice({ channel });
   */
  readonly cancelNotice: Write<{ channel: Channel }, object>;

  /**
   * Takes out what is left after the notice, as the payer; to itself by default.
   *
   * @throws {ContractError} such as `NoticeNotOver`, `NoticeMissing`, `NothingToWithdraw`.
   * @example
   * const { amount } = await usage.withdraw({ channel });
   */
  readonly withdraw: Write<{ channel: Channel; to?: Address }, { amount: bigint }>;

  /**
   * Sends a host its parts of all channels: one's own to anywhere, or another host's to that host.
   *
   * @param options.host The signer by default.
   * @param options.to The host by default.
   * @throws {ContractError} such as `NothingForHost`, `NotChannelHost`.
   * @example
   * const { amount } = await usage.payHost({ currency: usdc });
   */
  readonly payHost: Write<{ currency: Currency; host?: Address; to?: Address }, { amount: bigint }>;

  /**
   * Returns what {@link payHost} would send.
   *
   * @example
   * const owed = await usage.owedToHost({ host, currency: usdc });
   */
  owedToHost(options: { host: Address; currency: Currency }): Promise<bigint>;

  /**
   * Returns what has become of a channel.
   *
   * @example
   * const { left, withdrawableFrom } = await usage.stateOf({ channel });
   */
  stateOf(options: { channel: Channel }): Promise<ChannelState>;

  /**
   * Returns the channels of a host, a payer, or both, oldest first. Warning: anyone can open a channel that names a
   * payer, with a signer and a host of its own; look at both before you top one up.
   *
   * @throws {InvalidArgument} when neither is given.
   * @example
   * const channels = await usage.channelsOf({ host });
   */
  channelsOf(options: { host?: Address; payer?: Address; signal?: AbortSignal }): Promise<OpenChannel[]>;
}

/** Binds channels to a runner. */
export function usageOf(context: Context): Usage {
  const { chainId, provider, signer } = context;
  const channels = context.at(UsageChannels);
  const { unitsOf, provide } = currenciesOf(context);
  const { authorizationEnd, signPermit, signTransfer } = tokenSignaturesOf(context);
  const place = { chainId, contract: String(channels.target) };

  async function termsOf({ amount, ...options }: ChannelOptions) {
    const payer = options.payer ?? (await signer().getAddress());
    const { model, host, hostBps, currency, notice, signer: key = payer, salt = randomSalt() } = options;
    const terms = solidityChannel({ payer, signer: key, model, host, hostBps, currency, notice, salt });
    const channel = { ...terms, currency: currencyOf(terms.currency) };

    return { terms, channel, channelId: channelIdOf(channel, place), amount: await unitsOf(terms.currency, amount) };
  }

  async function deposit(terms: Channel, amount: bigint, approve?: boolean) {
    const { value, approvals } = await provide(terms.currency, amount, approve, channels);

    return { approvals, call: await callOf(channels.deposit, [terms, amount], { value }) };
  }

  async function isSigned(voucher: Voucher): Promise<boolean> {
    if (isSignedByKey(voucher, place)) return true;

    const { channel, channelId, amount, calls, signature } = voucher;
    const hash = await channels.voucherHashOf(channelId, wholeUnits(amount), calls);
    try {
      // What every transaction takes comes on top: a wallet that needs more than a redemption gives it has not signed.
      return await channels.isSignedByWallet(channel.signer, hash, signature, { gasLimit: WALLET_GAS + 21_000n });
    } catch (error) {
      // A wallet that burns its gas has not signed.
      if (await isRevert(error)) return false;
      throw error;
    }
  }

  async function redeemBatch(batch: readonly Redemption[]) {
    const { currency } = batch[0].call.channel;
    // An estimate would leave too little for wallets: without it their vouchers are passed over, which is no failure.
    const gasLimit = batch.some(({ isWallet }) => isWallet) ? gasOf(batch) : undefined;
    const redemptions = batch.map(({ call }) => call);
    const transaction = await sendCall(context, await callOf(channels.redeem, [currency, redemptions], { gasLimit }));
    const redeemed = eventsOf(transaction.receipt, channels, channels.getEvent("VoucherRedeemed")).map(
      ({ channelId, amount, hostPart }) => ({ channelId, currency: currencyOf(currency), amount, hostPart }),
    );

    return { transaction, redeemed };
  }

  return withTypedErrors<Usage>({
    open: writeOf(context, async ({ approve, ...options }) => {
      const { terms, channel, channelId, amount } = await termsOf(options);

      return { ...(await deposit(terms, amount, approve)), ...known({ channelId, channel, amount }) };
    }),

    openWithPermit: writeOf(context, async ({ deadline, ...options }) => {
      const token = tokenOf(options.currency);
      const { terms, channel, channelId, amount } = await termsOf(options);
      const permit = await signPermit(token, place.contract, amount, deadline);
      const args = [terms, amount, permit.deadline, permit.v, permit.r, permit.s] as const;

      return { call: await callOf(channels.depositWithPermit, [...args]), ...known({ channelId, channel, amount }) };
    }),

    topUp: writeOf(context, async ({ channel, amount, approve }) => {
      const terms = solidityChannel(channel);
      const units = await unitsOf(terms.currency, amount);

      return { ...(await deposit(terms, units, approve)), ...known({ amount: units }) };
    }),

    async signDeposit({ channel, amount, validAfter = 0, validBefore, salt = randomSalt() }) {
      const token = tokenOf(channel.currency);
      const unsigned = {
        channel: { ...solidityChannel(channel), currency: token },
        amount: String(await unitsOf(token, amount)),
        from: await signer().getAddress(),
        validAfter,
        validBefore: validBefore ?? (await authorizationEnd()),
        salt: bytes32Of(salt, "salt"),
      };
      const signature = await signTransfer({
        ...{ token, from: unsigned.from, to: place.contract, value: unsigned.amount },
        ...{ validAfter, validBefore: unsigned.validBefore, nonce: depositNonceOf(unsigned, place) },
      });

      return { ...unsigned, signature };
    },

    depositSigned: writeOf(context, async ({ channel, amount, ...authorization }) => {
      const units = wholeUnits(amount);
      const call = await callOf(channels.depositWithAuthorization, [solidityChannel(channel), units, authorization]);

      return { call, ...known({ channelId: channelIdOf(channel, place), amount: units }) };
    }),

    async signVoucher({ channel, amount, calls }) {
      const terms = solidityChannel(channel);
      const units = await unitsOf(terms.currency, amount);
      const channelId = channelIdOf(channel, place);
      const { domain, types, message } = voucherTypedData({ channelId, amount: units, calls }, place);
      const signature = await signer().signTypedData(domain, types, message);

      return {
        ...{ channel: { ...terms, currency: currencyOf(terms.currency) }, channelId },
        ...{ amount: String(units), calls, signature },
      };
    },

    async verifyVoucher(voucher) {
      return channelIdOf(voucher.channel, place) === voucher.channelId && isSigned(voucher);
    },

    async redeem({ vouchers, maxGas = MAX_TRANSACTION_GAS }) {
      const newest = new Map<string, Redemption>();
      for (const voucher of vouchers) {
        const redemption = redemptionOf(voucher, place);
        const { channelId } = voucher;
        const older = (newest.get(channelId)?.call.amount ?? 0n) < redemption.call.amount;
        // A forged one for more must not stand in for what was signed.
        if (older && (!redemption.isWallet || (await isSigned(voucher)))) newest.set(channelId, redemption);
        // To check a key takes a millisecond or two: of a thousand vouchers others need not wait for the end.
        await new Promise((resolve) => setTimeout(resolve));
      }

      const transactions: Transaction[] = [];
      const redeemed: RedeemedVoucher[] = [];
      for (const batch of batchesOf([...newest.values()], maxGas)) {
        const result = await redeemBatch(batch);
        transactions.push(result.transaction);
        redeemed.push(...result.redeemed);
      }

      return { transactions, redeemed };
    },

    giveNotice: writeOf(context, async ({ channel }) => ({
      call: await callOf(channels.giveNotice, [solidityChannel(channel)]),
      outcome(receipt) {
        const [{ withdrawableFrom }] = eventsOf(receipt, channels, channels.getEvent("NoticeGiven"));

        return { withdrawableFrom: Number(withdrawableFrom) };
      },
      preview: () => ({}),
    })),

    cancelNotice: writeOf(context, async ({ channel }) => ({
      call: await callOf(channels.cancelNotice, [solidityChannel(channel)]),
      ...known({}),
    })),

    withdraw: writeOf(context, async ({ channel, to }) => {
      const recipient = addressOf(to ?? (await signer().getAddress()), "to");

      return {
        call: await callOf(channels.withdraw, [solidityChannel(channel), recipient]),
        outcome: (receipt) => amountIn(eventsOf(receipt, channels, channels.getEvent("ChannelWithdrawn"))),
        preview: (amount: bigint) => ({ amount }),
      };
    }),

    payHost: writeOf(context, async ({ currency, host, to }) => {
      const account = addressOf(host ?? (await signer().getAddress()), "host");
      const args = [account, currencyAddress(currency), addressOf(to ?? account, "to")] as const;

      return {
        call: await callOf(channels.payHost, [...args]),
        outcome: (receipt) => amountIn(eventsOf(receipt, channels, channels.getEvent("HostPaid"))),
        preview: (amount: bigint) => ({ amount }),
      };
    }),

    async owedToHost({ host, currency }) {
      return channels.owedToHost(addressOf(host, "host"), currencyAddress(currency));
    },

    async stateOf({ channel }) {
      const state = await channels.channelStateOf(channelIdOf(channel, place));
      const { deposited, redeemed } = state;
      const withdrawableFrom = state.withdrawableFrom === 0n ? undefined : Number(state.withdrawableFrom);

      return { deposited, redeemed, left: deposited - redeemed, calls: Number(state.calls), withdrawableFrom };
    },

    async channelsOf({ host, payer, signal }) {
      if (host === undefined && payer === undefined) throw new InvalidArgument("host", host, "a host, or a payer");
      const [payerOrAny, hostOrAny] = [
        payer === undefined ? undefined : addressOf(payer, "payer"),
        host === undefined ? undefined : addressOf(host, "host"),
      ];
      const filter = channels.filters.ChannelOpened(undefined, payerOrAny, hostOrAny);
      const query = {
        address: place.contract,
        topics: await filter.getTopicFilter(),
        fromBlock: firstBlockOf(context, "UsageChannels"),
        toBlock: await provider.getBlockNumber(),
      };
      const found = new Map<string, OpenChannel>();
      for (const { data, topics } of await readLogs(provider, query, signal)) {
        const { fragment } = channels.getEvent("ChannelOpened");
        const { channelId, channel } = channels.interface.decodeEventLog(fragment, data, topics);
        found.set(channelId, { channelId, channel: channelOf(channel) });
      }

      return [...found.values()];
    },
  });
}

function amountIn([{ amount }]: readonly { amount: bigint }[]): { amount: bigint } {
  return { amount };
}

function randomSalt(): string {
  return hexlify(randomBytes(32));
}
