// What an app in TypeScript sees: compiled against the installed package, with the declarations of all dependencies.
import {
  type Commonweal,
  connectDomains,
  isContractError,
  royaltiesOf,
  type Runner,
  type TransactionHash,
} from "@commonweal/sdk";
import { deployments } from "@commonweal/sdk/abi";
import { NothingToClaim } from "@commonweal/sdk/errors";
import { decodeEvents, RoyaltyLedger } from "@commonweal/sdk/events";
import { readBudget } from "@commonweal/sdk/rounds";
import { voucher } from "@commonweal/sdk/typed-data";
import type { TransactionReceipt } from "ethers";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>() => {};

export async function app(runner: Runner, { registry }: Commonweal, receipt: TransactionReceipt): Promise<void> {
  const { royalties } = await connectDomains(runner, { royalties: royaltiesOf });
  const { model } = await registry.register.simulate({
    kind: "model",
    manifestDigest: "0x",
    derivatives: { mode: "open" },
  });
  const { amount, hash, wait } = await royalties.claim({ models: [model], currency: "ETH" });
  holds<Same<typeof amount, bigint>>();
  holds<Same<typeof hash, TransactionHash>>();
  holds<Same<Awaited<ReturnType<typeof wait>>["amount"], bigint>>();
  // @ts-expect-error: an amount is never a number.
  await royalties.pay({ model, currency: "ETH", amount: 0.5 });
  // @ts-expect-error: no model has such a kind.
  await registry.register({ kind: "painting", manifestDigest: "0x", derivatives: { mode: "open" } });

  for (const event of decodeEvents(RoyaltyLedger, deployments[31337].RoyaltyLedger.address, receipt.logs)) {
    if (event.name === "Claimed") holds<Same<typeof event.args.amount, bigint>>();
  }
  const signed = voucher({
    chainId: 31337,
    verifyingContract: deployments[31337].UsageChannels.address,
    message: { channel: "0x", amount: 1n, calls: 1 },
  });
  holds<Same<typeof signed.primaryType, "Voucher">>();
  void readBudget;
}

export function failure(error: unknown): string | undefined {
  if (isContractError(error, "NothingToClaim")) return error.args.holder;
  // @ts-expect-error: the error has no such argument.
  return error instanceof NothingToClaim ? error.args.model : undefined;
}
