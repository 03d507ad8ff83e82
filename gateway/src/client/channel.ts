import {
  type Channel,
  type ChannelPlace,
  channelIdOf,
  type Commonweal,
  SignatureUnsupported,
  voucherTypedData,
} from "@commonweal/sdk";
import type { PaymentRequirements, SettleResponse } from "@x402/core/types";
import type { Signer } from "ethers";
import { recoverByEthers, voucherCheckOf } from "../channels/signatures.js";
import {
  type ChannelPayload,
  type DepositFields,
  readChannelState,
  readVoucherState,
  type VoucherFields,
} from "../channels/wire.js";
import { LimitReached, StateUnproven } from "./errors.js";
import type { ChannelStorage } from "./storage.js";
import { type Allowed, type Asked, saltOf } from "./terms.js";

/** What a client remembers of a channel. Sums are in units; as JSON they are texts. */
interface Memory {
  /** Which of the client's channels with these terms: one more after each notice. */
  index: number;
  /** The newest voucher that the gateway is known or believed to have. */
  amount: bigint;
  calls: number;
  /** What the gateway is known to have charged. */
  charged: bigint;
  /** A voucher that was sent, and of which it is not known whether it was stored. */
  sent: { calls: number; price: bigint } | undefined;
  /** What calls that were answered without a receipt may have cost besides. */
  unknown: bigint;
  deposited: bigint;
  /** A deposit that was signed and is not known to have arrived; it can be sent until its time is over. */
  signed: DepositFields | undefined;
}

export interface ChannelOptions {
  commonweal: Commonweal;
  /** Who signs vouchers. */
  signer: Signer;
  payer: string;
  name: string;
  allowed: Allowed;
  storage: ChannelStorage;
}

export type ClientChannel = Awaited<ReturnType<typeof openClientChannel>>;

/** One channel of a client: signs what a call costs, and believes of the other side what is proven. */
export async function openClientChannel(options: ChannelOptions, asked: Asked) {
  const { commonweal, signer, payer, name, allowed, storage } = options;
  const { usage, chainId } = commonweal;
  const place: ChannelPlace = { chainId, contract: allowed.contract };
  const check = voucherCheckOf(place, recoverByEthers);
  const parties = { payer, signer: await signer.getAddress() };
  const { model, host, hostBps, currency, notice } = asked.terms;
  const scope = [chainId, allowed.contract, ...Object.values(parties), currency].join(":");
  const key = `commonweal:channel:${scope}:${model}:${host}:${hostBps}:${notice}:${name}`;
  const depositedKey = `commonweal:deposited:${scope}`;

  const total = async () => BigInt((await storage.getItem(depositedKey)) ?? 0);
  const count = async (more: bigint) => {
    if (more !== 0n) await storage.setItem(depositedKey, String((await total()) + more));
  };

  let memory = await recall();

  const channel = (): Channel => ({ ...parties, ...asked.terms, salt: saltOf(name, memory.index) });
  const channelId = () => channelIdOf(channel(), place);

  async function recall(): Promise<Memory> {
    const text = await storage.getItem(key);
    return text === null ? find(0) : revive(text);
  }

  /** Finds a channel with these terms that takes calls: one that is there, or a new one. */
  async function find(first: number): Promise<Memory> {
    for (let index = first; ; index++) {
      const salt = saltOf(name, index);
      const { deposited, redeemed, calls, withdrawableFrom } = await usage.stateOf({
        channel: { ...parties, ...asked.terms, salt },
      });
      if (withdrawableFrom !== undefined) continue;
      // What is on the chain already counts as deposited by this client.
      await count(deposited);

      return {
        index,
        amount: redeemed,
        calls,
        charged: redeemed,
        sent: undefined,
        unknown: 0n,
        deposited,
        signed: undefined,
      };
    }
  }

  const save = () =>
    storage.setItem(
      key,
      JSON.stringify(memory, (_, value) => (typeof value === "bigint" ? `${value}n` : value)),
    );

  /** Returns how much to deposit so that an amount is covered; within the user's limit. */
  async function neededFor(amount: bigint, minDeposit: bigint): Promise<bigint> {
    const missing = max(amount - memory.deposited, minDeposit);
    const left = allowed.limit - (await total());
    if (missing > left) throw new LimitReached(allowed.limit, await total(), missing);

    return min(max(missing, allowed.deposit), left);
  }

  /** Signs a deposit or, in what takes no signed ones, makes it. */
  async function deposit(amount: bigint): Promise<DepositFields | undefined> {
    await count(amount);
    try {
      if (currency !== "ETH") {
        const { channel: _, amount: units, ...authorization } = await usage.signDeposit({ channel: channel(), amount });
        memory.signed = { amount: units, authorization };
        await save();

        return memory.signed;
      }
    } catch (error) {
      if (!(error instanceof SignatureUnsupported)) throw error;
    }
    await usage.topUp({ channel: channel(), amount });
    memory.deposited += amount;

    return undefined;
  }

  /** A signed deposit that did not arrive in its time never will. */
  async function forgetExpired(): Promise<void> {
    const { signed } = memory;
    if (signed === undefined || signed.authorization.validBefore > Date.now() / 1_000) return;
    memory.signed = undefined;
    await count(-BigInt(signed.amount));
  }

  async function signVoucher(amount: bigint, calls: number): Promise<VoucherFields> {
    const { domain, types, message } = voucherTypedData({ channelId: channelId(), amount, calls }, place);
    const signature = await signer.signTypedData(domain, types, message);

    return { channelId: channelId(), maxClaimableAmount: String(amount), calls, signature };
  }

  async function readChain() {
    const state = await usage.stateOf({ channel: channel() });
    if (state.deposited > memory.deposited) memory.signed = undefined;
    memory.deposited = state.deposited;

    return state;
  }

  /** Takes over what a gateway tells, as far as it is proven. */
  async function resume({ extra }: PaymentRequirements): Promise<void> {
    const state = readChannelState(extra.channelState);
    const voucher = readVoucherState(extra.voucherState);
    const unproven = (claim: string) => new StateUnproven(channelId(), claim);
    if (voucher === undefined) {
      const { calls, redeemed } = await readChain();
      if (state !== undefined && state.calls !== calls) throw unproven(`it took ${state.calls} calls`);
      Object.assign(memory, { calls, charged: redeemed, amount: max(memory.amount, redeemed) });
      forgetDoubts();
      return;
    }

    const { calls, signature } = voucher;
    const amount = BigInt(voucher.signedMaxClaimable);
    const charged = BigInt(state?.chargedCumulativeAmount ?? -1);
    if (!check.isSignedByKey({ channelId: channelId(), amount, calls, signature }, parties.signer)) {
      throw unproven(`a voucher of ${amount} units for call ${calls} was signed`);
    }
    // A client that lost its memory has its signature alone; one that has it knows what its calls cost at most.
    const isKnown = calls === memory.calls || calls === memory.sent?.calls;
    const most = isKnown ? min(amount, mostCharged(calls)) : amount;
    if (charged < 0n || charged > most) throw unproven(`${charged} units were charged, of ${most} at most`);

    Object.assign(memory, { calls, amount, charged });
    forgetDoubts();
  }

  function mostCharged(calls: number): bigint {
    const { charged, unknown, sent } = memory;

    return charged + unknown + (calls === sent?.calls ? sent.price : 0n);
  }

  function forgetDoubts(): void {
    Object.assign(memory, { sent: undefined, unknown: 0n });
  }

  return {
    key,

    /**
     * Signs a payment of a call.
     *
     * @throws {LimitReached} before anything is signed.
     */
    async pay({ price, minDeposit }: Asked): Promise<ChannelPayload> {
      const amount = max(memory.amount, memory.charged + price);
      let signed: DepositFields | undefined;
      if (amount > memory.deposited) await readChain();
      if (amount > memory.deposited) {
        await forgetExpired();
        const isEnough = memory.deposited + BigInt(memory.signed?.amount ?? 0) >= amount;
        signed = isEnough ? memory.signed : await deposit(await neededFor(amount, minDeposit));
      }
      const voucher = await signVoucher(amount, memory.calls + 1);
      // The same call may have been sent before, at another price.
      const isAgain = memory.sent?.calls === voucher.calls;
      memory.sent = { calls: voucher.calls, price: isAgain ? max(memory.sent?.price ?? 0n, price) : price };
      const paid = { channelConfig: channel(), voucher };

      return signed === undefined ? { type: "voucher", ...paid } : { type: "deposit", ...paid, deposit: signed };
    },

    /** The call was answered; `response` is the gateway's receipt, undefined when it gave none. */
    async answered(payload: ChannelPayload, response: SettleResponse | undefined, isOk: boolean): Promise<void> {
      if (payload.type === "deposit") await readChain();
      const { calls, maxClaimableAmount } = payload.voucher;
      const amount = BigInt(maxClaimableAmount);
      if (response?.success === true) {
        const state = readChannelState(response.extra?.channelState);
        const charged = BigInt(state?.chargedCumulativeAmount ?? amount);
        const most = min(amount, mostCharged(calls));
        if (charged > most) throw new StateUnproven(channelId(), `${charged} units were charged, of ${most} at most`);
        Object.assign(memory, { calls, amount, charged });
        forgetDoubts();
      } else if (isOk) {
        // A stream is settled at its end, for what it was. The next voucher may say too little; then it is told.
        const unknown = memory.unknown + (memory.sent?.price ?? 0n);
        Object.assign(memory, { calls, amount, unknown, sent: undefined });
      }
      await save();
    },

    /** Takes over what a 402 tells, and returns whether to pay again. */
    async corrected(code: string, requirements: PaymentRequirements): Promise<boolean> {
      switch (code) {
        case "usage_channel_calls_mismatch":
        case "usage_channel_amount_lowered":
        case "usage_channel_amount_too_low":
          await resume(requirements);
          break;
        case "usage_channel_not_opened":
        case "usage_channel_deposit_exceeded":
        case "usage_channel_deposit_failed": {
          const before = memory.deposited;
          const { deposited } = await readChain();
          // The chain says what the client believed: it is the gateway that is behind, or wrong.
          if (deposited === before) return false;
          break;
        }
        case "usage_channel_notice_given":
          if ((await readChain()).withdrawableFrom === undefined) {
            throw new StateUnproven(channelId(), "the payer gave notice");
          }
          memory = await find(memory.index + 1);
          break;
        default:
          return false;
      }
      await save();

      return true;
    },
  };
}

function revive(text: string): Memory {
  return JSON.parse(text, (_, value) =>
    typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  );
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
