import type { Address } from "./brands.js";
import { Contract, isError, Signature, TypedDataEncoder, ZeroAddress } from "ethers";
import type { Context } from "./context.js";
import { type Currency, currencyAddress } from "./currencies.js";
import { InvalidArgument, SignatureUnsupported } from "./errors.js";
import { isRevert } from "./failures.js";
import * as typedData from "./generated/typedData.js";

/** A transfer of an ERC-20 that its receiver alone can send (ERC-3009). */
export interface TokenTransfer {
  token: Address;
  from: Address;
  to: Address;
  value: bigint | string;
  validAfter: number;
  validBefore: number;
  nonce: string;
}

/** What signing needs of a token; every one of these is optional in ERC-20. */
const SIGNING_ABI = [
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function nonces(address) view returns (uint256)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
  "function authorizationState(address, bytes32) view returns (bool)",
];

const PERMIT_TIME = 1_800;
const AUTHORIZATION_TIME = 3_600;

/** Returns an ERC-20's address: these signatures are not for ETH. */
export function tokenOf(currency: Currency): string {
  const token = currencyAddress(currency);
  if (token === ZeroAddress) throw new InvalidArgument("currency", currency, "the address of an ERC-20");

  return token;
}

/** Has the signer sign what ERC-20s take instead of an approval. */
export function tokenSignaturesOf({ chainId, reads, provider, signer }: Context) {
  const now = async () => (await provider.getBlock("latest"))?.timestamp ?? Math.floor(Date.now() / 1_000);

  /** Returns the domain that the token checks signatures with: what it says of itself, compared with what it uses. */
  async function domainOf(address: string, kind: "permit" | "authorization") {
    const token = new Contract(address, SIGNING_ABI, reads);
    const [name, version, separator] = await Promise.all([
      supported(token.name(), address, kind),
      supported(token.version(), address, kind).catch((error: unknown) => {
        if (error instanceof SignatureUnsupported) return "1";
        throw error;
      }),
      supported(token.DOMAIN_SEPARATOR(), address, kind),
    ]);
    const domain = { name, version, chainId, verifyingContract: address };
    if (TypedDataEncoder.hashDomain(domain) !== separator) throw new SignatureUnsupported(address, kind);

    return { token, domain };
  }

  return {
    /** Returns when an authorization ends that is signed now and says nothing of it. */
    authorizationEnd: async () => (await now()) + AUTHORIZATION_TIME,

    /** Signs a permit (ERC-2612); its deadline is in 30 minutes by default. */
    async signPermit(token: string, spender: string, value: bigint, deadline?: number) {
      const owner = await signer().getAddress();
      const until = deadline ?? (await now()) + PERMIT_TIME;
      const { token: contract, domain } = await domainOf(token, "permit");
      const nonce = await supported(contract.nonces(owner), token, "permit");
      const permit = { owner, spender, value, nonce, deadline: until };
      const { v, r, s } = Signature.from(await signer().signTypedData(domain, typedData.permit.types, permit));

      return { deadline: until, v, r, s };
    },

    /** Signs a transfer that its receiver alone can send (ERC-3009). */
    async signTransfer({ token, ...transfer }: TokenTransfer): Promise<string> {
      const { token: contract, domain } = await domainOf(token, "authorization");
      // A token without ERC-3009 has no such function.
      await supported(contract.authorizationState(transfer.from, transfer.nonce), token, "authorization");

      return signer().signTypedData(domain, typedData.receiveWithAuthorization.types, transfer);
    },
  };
}

/** Waits for what not every token has: it reverts, or answers something else. What the node says is nothing of the token. */
async function supported<T>(view: Promise<T>, token: string, kind: "permit" | "authorization"): Promise<T> {
  try {
    return await view;
  } catch (error) {
    const isUnsupported = isError(error, "BAD_DATA") || (await isRevert(error));
    throw isUnsupported ? new SignatureUnsupported(token, kind, { cause: error }) : error;
  }
}
