import { expect } from "chai";
import type { NetworkConnection } from "hardhat/types/network";
import { ETH } from "../helpers/models.js";
import { deployLedger, MAX_RECEIVED } from "./support.js";

/** The ledger with a lens on it, a payer who has as much as there can be, and quotes that are put to the proof. */
export async function deployLens(connection: NetworkConnection) {
  const { networkHelpers } = connection;
  const context = await deployLedger(connection);
  const { ledger, lens, usdc, payer, ledgerAddress, pay } = context;
  await usdc.mint(payer.address, 64n * MAX_RECEIVED);
  await networkHelpers.setBalance(payer.address, 64n * MAX_RECEIVED);

  /** Returns a model and its ancestors, each once, children before parents. */
  async function ancestryOf(model: string): Promise<string[]> {
    const numbers = new Map<string, bigint>();
    const waiting = [model];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (numbers.has(next)) continue;
      numbers.set(next, (await ledger.modelTermsOf(next)).number);
      for (const { parent } of await ledger.edgesOf(next)) waiting.push(parent);
    }

    return [...numbers].sort(([, a], [, b]) => Number(b - a)).map(([id]) => id);
  }

  /** Cascades models in their order and returns, for each, what it received, D, and the fee that came due. */
  async function settle(models: string[], currency: string) {
    const feesBefore = await ledger.collectableFees(currency);
    const receipt = await (await ledger.cascade(models, currency)).wait();
    const events = (receipt?.logs ?? [])
      .filter(({ address }) => address === ledgerAddress)
      .map((log) => ledger.interface.parseLog(log));
    const states = [];
    for (const model of models) {
      const { received, distributed } = await ledger.booksOf(model, currency);
      const fee = events
        .filter((event) => event?.name === "Cascaded" && event.args.model === model)
        .reduce((sum, event) => sum + event?.args.fee, 0n);
      states.push({ model, received, holders: distributed, fee });
    }
    const spilled = events.some((event) => event?.name === "RoyaltySpilled");

    return { states, spilled, fees: (await ledger.collectableFees(currency)) - feesBefore };
  }

  /**
   * Requires of a quote that it is the difference of two courses of events, with the payment and without it; leaves the
   * chain as it was. Returns the quote, and whether anything spilled with the payment.
   */
  async function expectQuoted(model: string, currency: string, amount: bigint) {
    const quoted = (await lens.quote(model, currency, amount)).map(({ model, received, holders, fee }) => ({
      model,
      received,
      holders,
      fee,
    }));
    const models = await ancestryOf(model);

    const before = await networkHelpers.takeSnapshot();
    const without = await settle(models, currency);
    await before.restore();
    const again = await networkHelpers.takeSnapshot();
    // Nobody can pay nothing.
    if (amount > 0n) await pay(model, currency, amount);
    const withPayment = await settle(models, currency);
    await again.restore();

    expect(quoted).to.deep.equal(
      withPayment.states.map((state, i) => ({
        model: state.model,
        received: state.received - without.states[i].received,
        holders: state.holders - without.states[i].holders,
        fee: state.fee - without.states[i].fee,
      })),
    );
    expect(quoted.reduce((sum, { fee }) => sum + fee, 0n)).to.equal(withPayment.fees - without.fees);

    return { quoted, spilled: withPayment.spilled };
  }

  /** Pays a model until its books have room for so much more. */
  async function fill(model: string, currency: string, room: bigint): Promise<void> {
    const { received } = await ledger.booksOf(model, currency);
    if (MAX_RECEIVED - received > room) await pay(model, currency, MAX_RECEIVED - received - room);
  }

  return { ...context, currencies: [ETH, context.usdcAddress], ancestryOf, expectQuoted, fill };
}
