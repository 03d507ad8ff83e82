import type { Address, ModelId, TransactionHash } from "./brands.js";
import type { TransactionReceipt } from "ethers";
import { orAborted } from "./aborts.js";
import { addressOf, ascending } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currencyAddress } from "./currencies.js";
import { InvalidArgument, isContractError, TransactionsPending } from "./errors.js";
import { withTypedError, withTypedErrors } from "./failures.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { lineageReaderOf } from "./lineage.js";
import type { ClaimPlan, PlanOptions, PlanStep } from "./plans.js";
import { sendCall, throwIfAborted, type Transaction, type Write, writeOf } from "./writes.js";

/** What happened to one transaction of a plan. */
export interface ClaimProgress {
  step: PlanStep;
  /** From 1 to `count`. */
  number: number;
  count: number;
  /** "sent" when the node has taken it, "mined" when it is done, "needless" when others had done it meanwhile. */
  state: "sent" | "mined" | "needless";
  hash?: TransactionHash;
  /** What has arrived by it, in the currency's smallest units, once it is mined. */
  amount?: bigint;
}

/** What came of {@link Claims.claimAll}. */
export interface ClaimAllResult {
  plan: ClaimPlan;
  transactions: Transaction[];
  /** What arrived in each currency, in its smallest units. */
  totals: { currency: Currency; amount: bigint }[];
}

/** What shares earned, and how it is paid out. */
export interface Claims {
  /**
   * Sends what the signer's shares in the models have earned to `to`, the signer by default.
   *
   * What waits in descendants counts once it was cascaded.
   *
   * @throws {ContractError} such as `NothingToClaim`, `ModelNotOpened`.
   * @example
   * const { amount } = await royalties.claim({ models: [model, parent], currency: "ETH" });
   */
  readonly claim: Write<
    {
      models: readonly ModelId[];
      currency: Currency;
      to?: Address;
    },
    { amount: bigint }
  >;

  /**
   * Sends what a holder's shares in the models have earned to that holder. Anyone may call it, and pays the gas.
   *
   * @throws {ContractError} such as `NothingToClaim`.
   * @example
   * await royalties.claimFor({ holder, models: [model], currency: "ETH" });
   */
  readonly claimFor: Write<
    {
      holder: Address;
      models: readonly ModelId[];
      currency: Currency;
    },
    { amount: bigint }
  >;

  /**
   * Returns what {@link claim} would send, for each model and in total.
   *
   * @example
   * const { total } = await royalties.claimable({ holder, models: [model], currency: "ETH" });
   */
  claimable(options: {
    holder: Address;
    models: readonly ModelId[];
    currency: Currency;
  }): Promise<{ total: bigint; models: { model: ModelId; amount: bigint }[] }>;

  /**
   * Returns the transactions that bring a holder everything that is theirs, in every model that they have shares of: what
   * waits in descendants is cascaded, children first, then all is claimed. Nothing is sent.
   *
   * Reads the ledger's logs since its deployment, so a node that has them is needed; amounts are exact for the plan's block.
   *
   * @throws {InvalidArgument} when an address is not one.
   * @throws {SignerRequired} when no holder is named and the runner is a provider.
   * @example
   * const { steps, totals, skipped, gas } = await royalties.plan({ holder, prices: { [usdc]: 300_000_000_000_000n } });
   */
  plan(options?: PlanOptions): Promise<ClaimPlan>;

  /**
   * Makes a plan and carries it out, one transaction after the other. It can be stopped at any moment and called again: it
   * finds out from the chain what is left, so nothing is sent twice. The holder's own money may go to another address; for
   * another holder, it goes to that holder.
   *
   * @param options.onProgress Called for each transaction when it is sent, and when it is mined.
   * @param options.signal Ends it, also the wait for a transaction; once one was sent by {@link WaitAborted}, with the last hash.
   * @param options.pendingTimeoutMs How long to wait for what the signer has sent before; two minutes by default.
   * @throws {TransactionsPending} when the signer has transactions that are not mined in time.
   * @throws {ContractError} when the ledger refuses a transaction.
   * @example
   * const { totals } = await royalties.claimAll({ onProgress: ({ number, count, state }) => console.log(number, count, state) });
   */
  claimAll(
    options?: PlanOptions & {
      to?: Address;
      onProgress?: (progress: ClaimProgress) => void;
      pendingTimeoutMs?: number;
    },
  ): Promise<ClaimAllResult>;
}

/** How long to wait for transactions that an earlier run has sent, and how often to look. */
const PENDING_TIMEOUT_MS = 120_000;
const PENDING_INTERVAL_MS = 500;

/** Binds claims to a runner. */
export function claimsOf(context: Context): Claims {
  const ledger = context.at(RoyaltyLedger);
  const { booksOf } = lineageReaderOf(context);

  /** Reads the sum that a claim has sent. */
  function outcome(receipt: TransactionReceipt) {
    const events = eventsOf(receipt, ledger, ledger.getEvent("Claimed"));

    return { amount: events.reduce((sum, { amount }) => sum + amount, 0n) };
  }

  async function callOfStep({ kind, models, currency }: PlanStep, holder: string, to: string, isOwn: boolean) {
    const token = currencyAddress(currency);
    if (kind === "cascade") return callOf(ledger.cascade, [models, token]);

    return isOwn ? callOf(ledger.claim, [models, token, to]) : callOf(ledger.claimFor, [holder, models, token]);
  }

  async function plan(options: PlanOptions = {}): Promise<ClaimPlan> {
    const { planClaims } = await import("./plans.js");

    return planClaims(context, options);
  }

  /** Tells whether somebody else has cascaded all of it since the plan was made. */
  async function isCascaded({ models, currency }: PlanStep): Promise<boolean> {
    const books = await booksOf(models, currencyAddress(currency), "latest");

    return [...books.values()].every(({ received, cascaded }) => received === cascaded);
  }

  return withTypedErrors<Claims>({
    claim: writeOf(context, async ({ models, currency, to }) => {
      const recipient = addressOf(to ?? (await context.signer().getAddress()), "to");
      const call = await callOf(ledger.claim, [ascending(models), currencyAddress(currency), recipient]);

      return { call, outcome, preview: (amount: bigint) => ({ amount }) };
    }),

    claimFor: writeOf(context, async ({ holder, models, currency }) => {
      const account = addressOf(holder, "holder");
      const call = await callOf(ledger.claimFor, [account, ascending(models), currencyAddress(currency)]);

      return { call, outcome, preview: (amount: bigint) => ({ amount }) };
    }),

    async claimable({ holder, models, currency }) {
      const [account, token] = [addressOf(holder, "holder"), currencyAddress(currency)];
      const amounts = await Promise.all(
        ascending(models).map(async (model) => ({
          model,
          amount: await ledger.claimable(account, model, token),
        })),
      );

      return { total: amounts.reduce((sum, { amount }) => sum + amount, 0n), models: amounts };
    },

    plan,

    async claimAll({ to, onProgress = () => {}, pendingTimeoutMs = PENDING_TIMEOUT_MS, ...options } = {}) {
      const signer = await context.signer().getAddress();
      const holder = addressOf(options.holder ?? signer, "holder");
      const recipient = addressOf(to ?? holder, "to");
      if (holder !== signer && recipient !== holder) {
        throw new InvalidArgument("to", recipient, `${holder}: money of others can only go to themselves`);
      }
      // What an earlier run has sent is not in the state that a plan is made from.
      await waitForPending(context, signer, pendingTimeoutMs, options.signal);

      const found = await plan({ ...options, holder });
      const transactions: Transaction[] = [];
      const totals = new Map<Currency, bigint>();
      for (const [index, step] of found.steps.entries()) {
        const earlier = transactions.at(-1)?.hash;
        throwIfAborted(options.signal, earlier);
        const progress = { step, number: index + 1, count: found.steps.length };
        if (step.kind === "cascade" && (await isCascaded(step))) {
          onProgress({ ...progress, state: "needless" });
          continue;
        }

        const call = await callOfStep(step, holder, recipient, holder === signer);
        const onSent = (hash: string) => onProgress({ ...progress, state: "sent", hash });
        const sending = sendCall(context, call, { signal: options.signal, onSent }, earlier);
        const transaction = await unlessNeedless(withTypedError(sending));
        if (transaction === undefined) {
          onProgress({ ...progress, state: "needless" });
          continue;
        }

        const { hash, receipt } = transaction;
        const { amount } = outcome(receipt);
        transactions.push(transaction);
        if (step.kind === "claim") totals.set(step.currency, (totals.get(step.currency) ?? 0n) + amount);
        onProgress({ ...progress, state: "mined", hash, amount });
      }

      return { plan: found, transactions, totals: [...totals].map(([currency, amount]) => ({ currency, amount })) };
    },
  });
}

/** Returns undefined for a claim of what somebody else has sent to the holder since the plan was made. */
async function unlessNeedless(work: Promise<Transaction>): Promise<Transaction | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isContractError(error, "NothingToClaim")) return undefined;
    throw error;
  }
}

async function waitForPending(
  { provider }: Context,
  signer: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const isPending = async () => {
    const [mined, sent] = await Promise.all([
      provider.getTransactionCount(signer, "latest"),
      provider.getTransactionCount(signer, "pending"),
    ]);

    return sent > mined;
  };
  for (let waitedMs = 0; await isPending(); waitedMs += PENDING_INTERVAL_MS) {
    if (waitedMs >= timeoutMs) throw new TransactionsPending(signer);
    throwIfAborted(signal);
    await orAborted(new Promise((resolve) => setTimeout(resolve, PENDING_INTERVAL_MS)), signal);
  }
}
