import { type ChannelPlace, voucherTypedData } from "@commonweal/sdk";
import { concat, getBytes, hexlify, id, keccak256, SigningKey, TypedDataEncoder, ZeroHash } from "ethers";

/**
 * Returns the public key that signed a digest, uncompressed, or null if none did. The signature is r and s; `recovery` is
 * whether R's y is odd. This is the form of `recover` in `tiny-secp256k1`.
 */
export type RecoverKey = (
  digest: Uint8Array,
  signature: Uint8Array,
  recovery: 0 | 1,
  compressed: false,
) => Uint8Array | null;

/** Half of the group's order: signatures with a larger s are malleable, and none to the contract. */
const HALF_ORDER = BigInt("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/** By ethers: right everywhere, and by far the dearest part of a call. */
export const recoverByEthers: RecoverKey = (digest, signature, recovery) => {
  try {
    const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map((part) => hexlify(part));

    return getBytes(SigningKey.recoverPublicKey(digest, { r, s, v: 27 + recovery }));
  } catch {
    return null;
  }
};

/** What a signer signs of a voucher. */
export interface SignedFields {
  channelId: string;
  amount: bigint;
  calls: number;
  signature: string;
}

/**
 * Returns a check of vouchers of one `UsageChannels`: whether a key signed one, as the contract takes it. The SDK's
 * `usage.verifyVoucher` says the same, also of wallets, but hashes the domain and the types each time.
 */
export function voucherCheckOf(place: ChannelPlace, recover: RecoverKey = recoverByEthers) {
  const { domain, types, primaryType } = voucherTypedData({ channelId: ZeroHash, amount: 0n, calls: 0 }, place);
  const prefix = concat(["0x1901", TypedDataEncoder.hashDomain(domain)]);
  const typeHash = id(TypedDataEncoder.from(types).encodeType(primaryType));

  const digestOf = ({ channelId, amount, calls }: Omit<SignedFields, "signature">) => {
    // As texts, which are read once: this is done for each call.
    const struct = keccak256(`${typeHash}${channelId.slice(2)}${word(amount)}${word(calls)}`);

    return getBytes(keccak256(`${prefix}${struct.slice(2)}`));
  };

  return {
    isSignedByKey(voucher: SignedFields, signer: string): boolean {
      const { signature } = voucher;
      // Short signatures (EIP-2098) and malleable ones are none to the contract.
      if (!/^0x[0-9a-fA-F]{128}1[bcBC]$/.test(signature)) return false;
      if (BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER) return false;

      const recovery = /b$/i.test(signature) ? 0 : 1;
      const key = recover(digestOf(voucher), getBytes(signature.slice(0, 130)), recovery, false);

      return key !== null && `0x${keccak256(key.subarray(1)).slice(26)}` === signer.toLowerCase();
    },
  };
}

export type VoucherCheck = ReturnType<typeof voucherCheckOf>;

function word(value: bigint | number): string {
  return value.toString(16).padStart(64, "0");
}
