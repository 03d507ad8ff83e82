// What users of viem and wagmi get from the ABIs and addresses: compiled against the installed package, and never run.
import { deployments, modelRegistryAbi, royaltyLedgerAbi } from "@commonweal/sdk/abi";
import {
  type Config,
  type CreateConfigParameters,
  getContractEvents,
  readContract as readByWagmi,
  readContracts,
  simulateContract as simulateByWagmi,
  writeContract as writeByWagmi,
} from "@wagmi/core";
import {
  type Address,
  decodeEventLog,
  decodeFunctionData,
  getContract,
  type Hex,
  type Log,
  type PublicClient,
  zeroHash,
} from "viem";
import { readContract, simulateContract } from "viem/actions";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>() => {};

/* ADDRESSES */

const { RoyaltyLedger, ModelRegistry } = deployments[31337];

export function addresses(chainId: keyof typeof deployments): Address {
  holds<Same<typeof chainId, 31337>>();
  const block: bigint = BigInt(deployments[chainId].RoyaltyLedger.block);
  // @ts-expect-error: it is deployed on no such chain.
  void [block, deployments[1]];
  // @ts-expect-error: a deployment has no such contract.
  void deployments[chainId].RoyaltyLedge;

  return deployments[chainId].RoyaltyLedger.address;
}

/* VIEM */

const ledger = { address: RoyaltyLedger.address, abi: royaltyLedgerAbi } as const;
const registry = { address: ModelRegistry.address, abi: modelRegistryAbi } as const;

interface Books {
  received: bigint;
  cascaded: bigint;
  distributed: bigint;
  closed: bigint;
}

export async function reads(client: PublicClient, model: Address, currency: Address): Promise<void> {
  const books = await readContract(client, { ...ledger, functionName: "booksOf", args: [model, currency] });
  const { received }: Books = books;
  holds<Same<typeof received, bigint>>();
  const { owner, derivatives } = await readContract(client, { ...registry, functionName: "modelOf", args: [model] });
  holds<Same<typeof owner, Address>>();
  holds<Same<typeof derivatives.rateBps, number>>();
  // @ts-expect-error: a currency is missing.
  await readContract(client, { ...ledger, functionName: "booksOf", args: [model] });
  // @ts-expect-error: a model is an address.
  await readContract(client, { ...ledger, functionName: "booksOf", args: [1n, currency] });
  // @ts-expect-error: what changes something is not read.
  await readContract(client, { ...ledger, functionName: "cascade", args: [[model], currency] });
}

export async function simulations(client: PublicClient, account: Address, models: Address[], currency: Address) {
  const { result, request } = await simulateContract(client, {
    ...{ ...ledger, account, functionName: "claim", args: [models, currency, account] },
  });
  holds<Same<typeof result, bigint>>();
  holds<Same<typeof request.functionName, "claim">>();
  // @ts-expect-error: a view is not simulated.
  await simulateContract(client, { ...ledger, account, functionName: "isListed", args: [currency] });
}

export async function contracts(client: PublicClient, model: Address, currency: Address): Promise<void> {
  const contract = getContract({ ...ledger, client });
  holds<Same<Awaited<ReturnType<typeof contract.read.protocolFeeBps>>, number>>();
  const gas: bigint = await contract.estimateGas.pay([model, currency, 1n, zeroHash], { account: model, value: 1n });
  // @ts-expect-error: the contract has no such function.
  void [gas, contract.read.owner];
}

export function decoding({ data, topics }: Log, input: Hex): void {
  const event = decodeEventLog({ abi: royaltyLedgerAbi, data, topics });
  if (event.eventName === "Claimed") {
    holds<Same<typeof event.args.amount, bigint>>();
    holds<Same<typeof event.args.holder, Address>>();
    // @ts-expect-error: the event has no such argument.
    void event.args.payer;
  }
  const call = decodeFunctionData({ abi: royaltyLedgerAbi, data: input });
  if (call.functionName === "claimFor") {
    holds<Same<typeof call.args, readonly [Address, readonly Address[], Address]>>();
  }
}

/* WAGMI */

type Chains = CreateConfigParameters["chains"];

export async function wagmi(config: Config<Chains>, model: Address, currency: Address): Promise<void> {
  const books = await readByWagmi(config, { ...ledger, functionName: "booksOf", args: [model, currency] });
  const { distributed }: Books = books;
  holds<Same<typeof distributed, bigint>>();
  const [fee, listed] = await readContracts(config, {
    allowFailure: false,
    contracts: [
      { ...ledger, functionName: "protocolFeeBps" },
      { ...ledger, functionName: "isListed", args: [currency] },
    ],
  });
  holds<Same<typeof fee, number>>();
  holds<Same<typeof listed, boolean>>();
  const { result } = await simulateByWagmi(config, {
    ...{ ...ledger, functionName: "claim", args: [[model], currency, model] },
  });
  holds<Same<typeof result, bigint>>();
  const [paid] = await getContractEvents(config, { ...ledger, eventName: "Paid", args: { model } });
  holds<Same<NonNullable<typeof paid>["args"]["payer"], Address | undefined>>();
  // @ts-expect-error: an amount is a bigint.
  await writeByWagmi(config, { ...ledger, functionName: "pay", args: [model, currency, 0.5, zeroHash] });
  // @ts-expect-error: a view is not sent.
  await writeByWagmi(config, { ...ledger, functionName: "isListed", args: [currency] });
}
