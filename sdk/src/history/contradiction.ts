import { LogsIncomplete } from "../errors.js";

/** Two events that cannot both be true without a third, which is missing. Never leaves this folder. */
export class Contradiction extends Error {
  override readonly name = "Contradiction";
}

/** Does something with events of contracts since a block; what contradicts itself there becomes {@link LogsIncomplete}. */
export function withoutContradiction<T>(address: string, fromBlock: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error;

    throw new LogsIncomplete(address, fromBlock, error.message, { cause: error });
  }
}
