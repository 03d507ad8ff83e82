import { setTimeout as sleep } from "node:timers/promises";
import type { Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { CannotDeploy } from "./problems.js";

/** How long to wait for the chain. */
export interface Patience {
  /** Blocks that a transaction must be deep to count. */
  confirmations: number;
  /** Milliseconds that a transaction may wait before its fee is raised. */
  beforeRaising: number;
  /** Milliseconds between two looks at the chain. */
  polling: number;
}

/** How often the fee of a transaction is raised. */
export const MAX_RAISES = 4;

/** A node of Hardhat that makes a block for each transaction makes none on top of the last: there one is deep enough. */
export async function patienceFor({ provider }: NetworkConnection, asked: Patience): Promise<Patience> {
  const automines = await provider.request({ method: "hardhat_getAutomine" }).catch(() => false);

  return automines === true ? { ...asked, confirmations: 1 } : asked;
}

/**
 * Waits until all that an account sent is that deep in the chain. What an earlier run left behind is so told from what
 * is missing. A transaction that nobody includes is replaced by one that does nothing, at a higher fee.
 *
 * @throws {CannotDeploy} when that does not help.
 */
export async function settle(signer: Signer, patience: Patience, say: (line: string) => void): Promise<void> {
  const { provider } = signer;
  if (provider === null) return;
  const account = await signer.getAddress();
  const countAt = (block: number | "latest" | "pending") => provider.getTransactionCount(account, block);

  let waitingSince = Date.now();
  let seen = -1;
  let raises = 0;
  while (true) {
    const block = await provider.getBlockNumber();
    const [pending, latest] = [await countAt("pending"), await countAt("latest")];
    const deep = await countAt(Math.max(0, block - patience.confirmations + 1));
    if (pending === latest && deep === latest) return;

    if (latest !== seen) {
      if (seen === -1) say(`Waiting for ${Math.max(pending - deep, 1)} transactions of the deployer to be confirmed`);
      [seen, waitingSince, raises] = [latest, Date.now(), 0];
    }
    if (pending > latest && Date.now() - waitingSince > patience.beforeRaising) {
      if (++raises > MAX_RAISES) {
        throw new CannotDeploy(
          `The transaction ${latest} of ${account} waits for long, at whatever fee. Look whether the chain goes on, ` +
            "then run this again.",
        );
      }
      say(
        `Transaction ${latest} of the deployer is stuck: replacing it by an empty one at ${2 ** raises} times the fee`,
      );
      await replaceByNothing(signer, latest, BigInt(2 ** raises));
      waitingSince = Date.now();
    }
    await sleep(patience.polling);
  }
}

async function replaceByNothing(signer: Signer, nonce: number, factor: bigint): Promise<void> {
  const fees = await signer.provider?.getFeeData();
  const price = (fees?.maxFeePerGas ?? fees?.gasPrice ?? 0n) * factor;
  const tip = (fees?.maxPriorityFeePerGas ?? 0n) * factor;
  // A node refuses it while the fee is less than a tenth above the first one's; the next is twice as high.
  await signer
    .sendTransaction({ to: signer.getAddress(), nonce, maxFeePerGas: price, maxPriorityFeePerGas: tip })
    .catch(() => {});
}
