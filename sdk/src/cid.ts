import { getBytes } from "ethers";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Version 1, raw bytes, sha-256, 32 bytes long. */
const PREFIX = [0x01, 0x55, 0x12, 0x20];

/**
 * Returns a manifest's address on IPFS, `ipfs://` and the CIDv1 of its sha-256: the registry's `tokenURI`.
 *
 * @example
 * manifestUri(digest); // "ipfs://bafkrei…"
 */
export function manifestUri(manifestDigest: string): string {
  const bits = [...PREFIX, ...getBytes(manifestDigest)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const quintets = bits.match(/.{1,5}/g) ?? [];

  // "b" says base32, which fills the last character up with zeros.
  return `ipfs://b${quintets.map((quintet) => ALPHABET[Number.parseInt(quintet.padEnd(5, "0"), 2)]).join("")}`;
}
