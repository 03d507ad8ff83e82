import type { Action } from "./actions.js";
import { addressOf } from "./arguments.js";
import type { Context } from "./context.js";
import { InvalidArgument } from "./errors.js";

/** Actions to be proposed. */
export interface Proposals {
  /**
   * Sets the protocol fee of future models, in basis points, 0 to 250.
   *
   * @throws {InvalidArgument} when the fee is not that.
   */
  setProtocolFee(feeBps: number): Action;

  /** Lists an ERC-20, for ever. */
  addCurrency(address: string): Action;
}

const MAX_PROTOCOL_FEE_BPS = 250;

/** Makes actions for the contracts of a deployment. */
export function proposalsOf({ contracts }: Context): Proposals {
  const { RoyaltyLedger: ledger } = contracts;
  const ledgerAddress = String(ledger.target);

  return {
    setProtocolFee(feeBps) {
      // The contract checks it at the very end: after the vote and the delay.
      if (!Number.isInteger(feeBps) || feeBps < 0 || feeBps > MAX_PROTOCOL_FEE_BPS) {
        throw new InvalidArgument("feeBps", feeBps, `whole basis points, 0 to ${MAX_PROTOCOL_FEE_BPS}`);
      }
      return { target: ledgerAddress, data: ledger.interface.encodeFunctionData("setProtocolFee", [feeBps]) };
    },

    addCurrency(address) {
      const currency = addressOf(address, "address");
      return { target: ledgerAddress, data: ledger.interface.encodeFunctionData("addCurrency", [currency]) };
    },
  };
}
