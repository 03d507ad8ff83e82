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
  let seen: number | undefined;
  while (true) {
    const block = await provider.getBlockNumber();
    const [pending, latest] = [await countAt("pending"), await countAt("latest")];
    const deep = await countAt(Math.max(0, block - patience.confirmations + 1));
    if (pending === latest && deep === latest) return;

    if (latest !== seen) {
      if (seen === undefined) say("Waiting until what the deployer sent before is confirmed");
      [seen, waitingSince] = [latest, Date.now()];
    }
    if (pending > latest && Date.now() - waitingSince > patience.beforeRaising)
      await replaceStuck(signer, patience, say);
    else await sleep(patience.polling);
  }
}

/**
 * Replaces the first transaction of an account that nobody includes by one that does nothing, at fees that are raised
 * until it is included. Some nodes do not count such a transaction as pending, and say so only when it is in the way.
 *
 * @throws {CannotDeploy} when no fee helps.
 */
export async function replaceStuck(signer: Signer, patience: Patience, say: (line: string) => void): Promise<void> {
  const account = await signer.getAddress();
  const nonce = await signer.getNonce("latest");
  for (let raises = 1; raises <= MAX_RAISES; ++raises) {
    const factor = 2n ** BigInt(raises);
    say(`Transaction ${nonce} of the deployer is stuck: replacing it by an empty one at ${factor} times today's fee`);
    const fees = await signer.provider?.getFeeData();
    const maxFeePerGas = (fees?.maxFeePerGas ?? fees?.gasPrice ?? 0n) * factor;
    const maxPriorityFeePerGas = (fees?.maxPriorityFeePerGas ?? 0n) * factor;
    // A node refuses it while its fee is not well above the first one's: the next is twice as high.
    await signer.sendTransaction({ to: account, nonce, maxFeePerGas, maxPriorityFeePerGas }).catch(() => {});

    for (const since = Date.now(); Date.now() - since <= patience.beforeRaising; await sleep(patience.polling)) {
      if ((await signer.getNonce("latest")) > nonce) return;
    }
  }

  throw new CannotDeploy(
    `Transaction ${nonce} of ${account} is included by nobody, at whatever fee. Look whether the chain goes on, then run ` +
      "the same command again.",
  );
}
