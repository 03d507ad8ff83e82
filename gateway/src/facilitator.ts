import type { FacilitatorEvmSigner } from "@x402/evm";
import { NetworkFailure } from "@commonweal/sdk";
import { getAddress, Interface, type InterfaceAbi, isError, type Signer, verifyTypedData } from "ethers";
import { serially } from "./sender.js";

type Hex = `0x${string}`;

/** Milliseconds to wait for a payment to be mined. */
const RECEIPT_TIMEOUT = 60_000;

/**
 * Lets the facilitator of `@x402/evm` read, verify and send through an ethers signer.
 *
 * @param token What payments are made in. Its code is read once: the facilitator lets a promise of it go unhandled, which
 * would end the process when the node fails.
 */
export async function facilitatorSigner(signer: Signer, token: string): Promise<FacilitatorEvmSigner> {
  const address = (await signer.getAddress()) as Hex;
  // Whoever calls this has connected the signer.
  const provider = signer.provider as NonNullable<Signer["provider"]>;
  const tokenCode = (await provider.getCode(token)) as Hex;

  return {
    getAddresses: () => [address],

    async readContract({ address: to, abi, functionName, args = [] }) {
      const { contract, fragment } = functionOf(abi, functionName, args);
      const data = contract.encodeFunctionData(fragment, args);
      const result = contract.decodeFunctionResult(fragment, await told(provider.call({ to, data, from: address })));

      return fragment.outputs.length === 1 ? result[0] : result;
    },

    async verifyTypedData({ address: expected, domain, types, message, signature }) {
      const { EIP712Domain: _, ...own } = types as Record<string, { name: string; type: string }[]>;

      return verifyTypedData(domain, own, message, signature) === getAddress(expected);
    },

    async writeContract({ address: to, abi, functionName, args, gas, dataSuffix = "0x" }) {
      const { contract, fragment } = functionOf(abi, functionName, args);
      const data = contract.encodeFunctionData(fragment, args) + dataSuffix.slice(2);
      const { hash } = await told(serially(address, () => signer.sendTransaction({ to, data, gasLimit: gas })));

      return hash as Hex;
    },

    async sendTransaction({ to, data }) {
      return (await told(serially(address, () => signer.sendTransaction({ to, data })))).hash as Hex;
    },

    async waitForTransactionReceipt({ hash, timeout = RECEIPT_TIMEOUT }) {
      const receipt = await told(provider.waitForTransaction(hash, 1, timeout));

      return {
        status: receipt?.status === 1 ? "success" : "reverted",
        // What is read of logs has the same names in viem and in ethers.
        logs: receipt?.logs as unknown as Awaited<
          ReturnType<FacilitatorEvmSigner["waitForTransactionReceipt"]>
        >["logs"],
      };
    },

    async getCode({ address: of }) {
      return of.toLowerCase() === token.toLowerCase() ? tokenCode : ((await told(provider.getCode(of))) as Hex);
    },
  };
}

/** Waits for the node. The facilitator tells the payer what failed: the node's address, with its key, is left out. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isError(error, "SERVER_ERROR")) throw new NetworkFailure(error.shortMessage, { cause: error });
    throw error;
  }
}

/** Returns a function of an ABI, by name and arguments: there may be several of the name. */
function functionOf(abi: readonly unknown[], name: string, args: readonly unknown[]) {
  const contract = new Interface(abi as InterfaceAbi);
  const fragment = contract.getFunction(name, [...args]);
  if (fragment === null) throw new TypeError(`The ABI has no function ${name} with ${args.length} arguments.`);

  return { contract, fragment };
}
