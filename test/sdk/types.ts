// Checked by the compiler alone: `tsc -p .` fails when a line below an expectation of an error has none.
import type { Hex } from "viem";
import { hashTypedData } from "viem";
import type { ContractDescriptor } from "../../sdk/src/descriptors.js";
import { type DecodedEvent, decodeEvents, type EncodedLog, type EventName } from "../../sdk/src/events.js";
import { NothingToClaim } from "../../sdk/src/generated/errors/classes.js";
import { RoyaltyLedger } from "../../sdk/src/generated/fragments/RoyaltyLedger.js";
import * as typedData from "../../sdk/src/generated/typedData.js";
import type {
  IRoyaltyLedger,
  RoyaltyLedger as RoyaltyLedgerType,
} from "../../sdk/src/generated/types/RoyaltyLedger.js";
import {
  type Address,
  type Commonweal,
  type ContractError,
  type Digest,
  isContractError,
  type ModelId,
  type TransactionHash,
} from "../../sdk/src/index.js";

/** Whether two types are the same, to the letter. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>() => {};

/* DESCRIPTORS */

export function descriptors(): void {
  const at = <Type extends object>(_: ContractDescriptor<string, Type & RoyaltyLedgerType>): Type => ({}) as Type;
  holds<Same<ReturnType<typeof at<RoyaltyLedgerType>>, RoyaltyLedgerType>>();
  holds<Same<typeof RoyaltyLedger.name, "RoyaltyLedger">>();
  // @ts-expect-error: a descriptor is not to be changed.
  RoyaltyLedger.fragments.push("function steal()");
}

/* ERRORS */

export function errors(error: unknown, any: ContractError): void {
  if (error instanceof NothingToClaim) {
    holds<Same<typeof error.errorName, "NothingToClaim">>();
    const names: { readonly holder: string; readonly currency: string } = error.args;
    // @ts-expect-error: the error has no such argument.
    void [names, error.args.model];
    // @ts-expect-error: arguments are not to be changed.
    error.args.holder = "0x";
  }
  if (isContractError(error, "RateTooLow")) {
    holds<Same<typeof error.args.minRateBps, bigint>>();
    // @ts-expect-error: it is known which error it is.
    if (error.errorName === "NothingToClaim") return;
  }
  // @ts-expect-error: no contract has such an error.
  if (isContractError(error, "NothingToDo")) return;
  holds<Same<typeof any.errorName, string>>();
  holds<Same<typeof any.args.anything, unknown>>();
  const general: ContractError = error as NothingToClaim;
  void general;
}

/* EVENTS */

export function events(logs: EncodedLog[]): void {
  holds<Same<Extract<EventName<RoyaltyLedgerType>, "Paid" | "Claimed" | "Burned">, "Paid" | "Claimed">>();
  // @ts-expect-error: signatures are no names.
  holds<Same<Extract<EventName<RoyaltyLedgerType>, `${string}(${string}`>, "Paid()">>();

  for (const event of decodeEvents(RoyaltyLedger, "0x", logs)) {
    // @ts-expect-error: which arguments there are depends on the event.
    void event.args.payer;
    if (event.name === "Paid") {
      holds<Same<typeof event.args.payer, string>>();
      holds<Same<typeof event.args.amount, bigint>>();
      // @ts-expect-error: the event has no such argument.
      void event.args.holder;
      // @ts-expect-error: arguments are not to be changed.
      event.args.amount = 5n;
    }
    if (event.name === "ModelOpened") {
      holds<Same<typeof event.args.edges, IRoyaltyLedger.EdgeStructOutput[]>>();
    }
    // @ts-expect-error: the contract has no such event.
    if (event.name === "Burned") return;
  }
  holds<Same<DecodedEvent<RoyaltyLedgerType, { address: Hex; topics: Hex[]; data: Hex; n: 1 }>["log"]["n"], 1>>();
}

/* TYPED DATA */

export function typed(verifyingContract: Hex, channel: Hex): void {
  const voucher = typedData.voucher({ chainId: 1, verifyingContract, message: { channel, amount: 5n, calls: 1 } });
  holds<Same<typeof voucher.primaryType, "Voucher">>();
  holds<Same<typeof voucher.domain.verifyingContract, Hex>>();
  // viem takes it as it is.
  hashTypedData(voucher);

  // @ts-expect-error: a field is missing.
  typedData.voucher({ chainId: 1, verifyingContract, message: { channel, amount: 5n } });
  // @ts-expect-error: bytes are given in hex.
  typedData.voucher({ chainId: 1, verifyingContract, message: { channel: 5n, amount: 5n, calls: 1 } });
  // @ts-expect-error: only the governor knows its name.
  typedData.ballot({ chainId: 1, verifyingContract, message: { proposalId: 1n, support: 1, voter: "0x", nonce: 0n } });
  // @ts-expect-error: only the token knows its version.
  typedData.cancelAuthorization({
    name: "USDC",
    chainId: 1,
    verifyingContract,
    message: { authorizer: "0x", nonce: "0x" },
  });
  typedData.scores({
    ...{ chainId: 1n, verifyingContract },
    // @ts-expect-error: a score has a digest.
    message: { round: "0x", manifestDigest: "0x", scores: [{ contributor: "0x", score: 5 }] },
  });
}

/* BRANDS */

export async function brands({ registry, royalties }: Commonweal, digest: Digest, account: Address): Promise<void> {
  const { model, hash, shares, wait } = await registry.register({
    ...{ kind: "model", manifestDigest: digest, derivatives: { mode: "open" } },
    holdings: [{ holder: account, units: 1_000_000 }],
  });
  holds<Same<typeof model, ModelId>>();
  holds<Same<typeof hash, TransactionHash>>();
  holds<Same<(typeof shares)[number]["holder"], Address>>();
  holds<Same<Awaited<ReturnType<typeof wait>>["model"], ModelId>>();

  // A model is an address, and a string from elsewhere is looked at when it is used.
  await royalties.transferShares({ model, to: model, units: 1 });
  await registry.get({ model: "0x" });
  // @ts-expect-error: a digest is no model.
  await registry.get({ model: digest });
  // @ts-expect-error: nor is a transaction.
  await registry.get({ model: hash });
  // @ts-expect-error: not every account is a model.
  await registry.get({ model: account });
  // @ts-expect-error: a model is no digest.
  await registry.publish({ model, manifestDigest: model });
}

/* WRITES */

export async function writes({ royalties, governance }: Commonweal, model: ModelId): Promise<void> {
  const payment = { model, currency: "ETH", amount: "0.5" };
  holds<Same<Awaited<ReturnType<typeof royalties.pay.simulate>>, { amount: bigint }>>();
  holds<Same<Awaited<ReturnType<typeof royalties.pay.estimate>>, bigint>>();
  await royalties.pay({ ...payment, signal: AbortSignal.abort(), onSent: (hash: string) => void hash });
  await governance.delegate();
  await governance.delegate({ signal: AbortSignal.abort() });

  // @ts-expect-error: a JavaScript number loses digits.
  await royalties.pay({ ...payment, amount: 0.5 });
  // @ts-expect-error: nothing is sent that could be ended.
  await royalties.pay.populate({ ...payment, signal: AbortSignal.abort() });
  // @ts-expect-error: it does not say what to pay.
  await royalties.pay.simulate();
}
